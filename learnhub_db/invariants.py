"""What must hold of a database's rows: each rule one query, which returns the rows that break it.

A rule that says `-- along: payments.payment_id` is asked range by range of that key, which its query keeps to by
BETWEEN @first AND @last. It may name several keys, of tables whose rows it compares.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.database import refused, rows, settle
from learnhub_db.errors import UsageError
from learnhub_db.project import Project, SqlFile
from learnhub_db.ranges import Key, Range, ranges
from learnhub_db.statements import Statement, code_only, split

FOLDER = "sql/invariants"
SECONDS_EACH = 60
MOST_ROWS = 1000
QUERIES = ("SELECT", "WITH", "TABLE")
ALONG = "-- along:"
_KEYS = re.compile(r" \w+\.\w+(, \w+\.\w+)*")
_BOUNDS = re.compile(r"@(first|last)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Invariant:
    name: str
    rule: str
    path: str
    query: Statement
    along: tuple[Key, ...] = ()  # none: one query for all


@dataclass(frozen=True)
class Finding:
    """What a rule's queries found: the first MOST_ROWS rows; `answered` is False where the time of one ran out.

    `unanswered` are the ranges of the key that this was in, of a rule that goes along one.
    """

    name: str
    rule: str
    path: str
    columns: list[str] = field(default_factory=list)
    rows: list[tuple] = field(default_factory=list)
    answered: bool = True
    unanswered: list[tuple[int, int]] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.answered and not self.rows


def read(project: Project) -> list[Invariant]:
    """The project's invariants in the order of their names; UsageError for a file that is not one query with a rule."""
    return [_invariant(file) for file in project.files(FOLDER)]


def _invariant(file: SqlFile) -> Invariant:
    statements = split(file.text, file.path)
    code = code_only(statements[0].text) if len(statements) == 1 else ""
    if (code.split() or [""])[0].upper() not in QUERIES:
        hint = "one SELECT that returns the rows that break the rule"
        raise UsageError("the file is not one query", file.path, hint)
    along = _along(file)
    bounds = {bound.lower() for bound in _BOUNDS.findall(code)}
    if bounds != ({"first", "last"} if along else set()):
        hint = f"have both {ALONG} table.column and BETWEEN @first AND @last, or neither"
        raise UsageError("the query does not keep to its key", file.path, hint)
    return Invariant(file.stem, _rule(file), file.path, statements[0], along)


def _rule(file: SqlFile) -> str:
    """The first paragraph of the comment that the file begins with."""
    lines = []
    for line in file.text.splitlines():
        if not line.startswith("-- ") or line.startswith(ALONG):
            break
        lines.append(line.removeprefix("-- ").strip())
    if not lines:
        raise UsageError("the file does not say its rule", file.path, "begin it with a -- comment")
    return " ".join(lines)


def _along(file: SqlFile) -> tuple[Key, ...]:
    keys: list[Key] = []
    for number, line in enumerate(file.text.splitlines(), start=1):
        if line.startswith(ALONG):
            words = line.removeprefix(ALONG)
            if keys or not _KEYS.fullmatch(words):
                hint = f"one line such as {ALONG} payments.payment_id"
                raise UsageError("the key cannot be read", f"{file.path}:{number}", hint)
            keys = [Key(*name.strip().split(".")) for name in words.split(",")]
    return tuple(keys)


def require_keys(connection: Connection, invariants: Iterable[Invariant]) -> None:
    """UsageError for the first rule whose key this database does not have, or no index of it begins with."""
    whole = set(rows(connection, _COLUMNS))
    leading = set(rows(connection, _LEADING))
    for invariant in invariants:
        for key in invariant.along:
            place = (key.table, key.column)
            if place not in whole:
                raise UsageError(f"there is no {key} of whole numbers", invariant.path, "name a column of a table")
            if place not in leading:
                raise UsageError(f"no index begins with {key}", invariant.path, "go along a key that is indexed")


_COLUMNS = """
    SELECT table_name, column_name FROM information_schema.columns
     WHERE table_schema = DATABASE() AND data_type IN ('tinyint', 'smallint', 'mediumint', 'int', 'bigint')
"""
_LEADING = """
    SELECT table_name, column_name FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND seq_in_index = 1 AND index_type = 'BTREE' AND is_visible = 'YES'
"""

Watch = Callable[[Invariant, Range], None]


def check(
    connection: Connection, invariants: Iterable[Invariant], watch: Watch = lambda invariant, part: None
) -> Iterator[Finding]:
    """Ask each rule, read-only, range by range; each query locks no row, and none has more than SECONDS_EACH.

    The session stays read-only. `watch` is told of a range before it is asked. DatabaseRefused naming the file for a
    query that the server refuses.
    """
    settle(connection)
    rows(connection, "SET SESSION TRANSACTION READ ONLY")
    rows(connection, f"SET max_execution_time = {SECONDS_EACH * 1000}, sql_select_limit = {MOST_ROWS}")
    for invariant in invariants:
        try:
            finding = _by_ranges(connection, invariant, watch) if invariant.along else _at_once(connection, invariant)
        except pymysql.Error as error:
            raise refused(error, f"{invariant.path}:{invariant.query.line}") from error
        yield finding


def _at_once(connection: Connection, invariant: Invariant) -> Finding:
    answer = _answer(connection, invariant)
    return Finding(invariant.name, invariant.rule, invariant.path, *answer or ([], []), answered=answer is not None)


def _by_ranges(connection: Connection, invariant: Invariant, watch: Watch) -> Finding:
    columns: list[str] = []
    found: list[tuple] = []
    unanswered: list[tuple[int, int]] = []
    for part in ranges(connection, invariant.along):
        watch(invariant, part)
        rows(connection, f"SET @first = {part.first}, @last = {part.last}")
        answer = _answer(connection, invariant)
        if answer is None:
            unanswered = _joined(unanswered, part)
            continue
        columns, more = answer
        found = (found + more)[:MOST_ROWS]
        if len(found) == MOST_ROWS:
            break
    return Finding(
        invariant.name, invariant.rule, invariant.path, columns, found, answered=not unanswered, unanswered=unanswered
    )


def _joined(unanswered: list[tuple[int, int]], part: Range) -> list[tuple[int, int]]:
    """With one more, as part of the last where it goes on from there."""
    if unanswered and unanswered[-1][1] + 1 == part.first:
        return [*unanswered[:-1], (unanswered[-1][0], part.last)]
    return [*unanswered, (part.first, part.last)]


def _answer(connection: Connection, invariant: Invariant) -> tuple[list[str], list[tuple]] | None:
    """The query's columns and rows; None where its time ran out."""
    with connection.cursor() as cursor:
        try:
            cursor.execute(invariant.query.text)
            return [column[0] for column in cursor.description], list(cursor.fetchall())
        except pymysql.Error as error:
            if error.args[0] != ER.QUERY_TIMEOUT:
                raise
            return None
