"""What must hold of a database's rows: each rule one query, which returns the rows that break it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.database import refused, rows, settle
from learnhub_db.errors import UsageError
from learnhub_db.project import Project, SqlFile
from learnhub_db.statements import Statement, code_only, split

FOLDER = "sql/invariants"
SECONDS_EACH = 60
MOST_ROWS = 1000
QUERIES = ("SELECT", "WITH", "TABLE")


@dataclass(frozen=True)
class Invariant:
    name: str
    rule: str
    path: str
    query: Statement


@dataclass(frozen=True)
class Finding:
    """What one query found: its first MOST_ROWS rows; `answered` is False where its time ran out."""

    name: str
    rule: str
    path: str
    columns: list[str]
    rows: list[tuple]
    answered: bool = True

    @property
    def holds(self) -> bool:
        return self.answered and not self.rows


def read(project: Project) -> list[Invariant]:
    """The project's invariants in the order of their names; UsageError for a file that is not one query with a rule."""
    return [_invariant(file) for file in project.files(FOLDER)]


def _invariant(file: SqlFile) -> Invariant:
    statements = split(file.text, file.path)
    words = code_only(statements[0].text).split() if len(statements) == 1 else [""]
    if words[0].upper() not in QUERIES:
        mend = "one SELECT that returns the rows that break the rule"
        raise UsageError("the file is not one query", file.path, mend)
    return Invariant(file.stem, _rule(file), file.path, statements[0])


def _rule(file: SqlFile) -> str:
    """The first paragraph of the comment that the file begins with."""
    lines = []
    for line in file.text.splitlines():
        if not line.startswith("-- "):
            break
        lines.append(line.removeprefix("-- ").strip())
    if not lines:
        raise UsageError("the file does not say its rule", file.path, "begin it with a -- comment")
    return " ".join(lines)


def check(connection: Connection, invariants: Iterable[Invariant]) -> Iterator[Finding]:
    """Run each query in a read-only transaction of its own, for SECONDS_EACH at most; locks no row.

    The session stays read-only. DatabaseRefused naming the file for a query that the server refuses.
    """
    settle(connection)
    rows(connection, "SET SESSION TRANSACTION READ ONLY")
    rows(connection, f"SET max_execution_time = {SECONDS_EACH * 1000}, sql_select_limit = {MOST_ROWS}")
    for invariant in invariants:
        yield _find(connection, invariant)


def _find(connection: Connection, invariant: Invariant) -> Finding:
    about = (invariant.name, invariant.rule, invariant.path)
    with connection.cursor() as cursor:
        try:
            cursor.execute(invariant.query.text)
            found = list(cursor.fetchall())
        except pymysql.Error as error:
            if error.args[0] == ER.QUERY_TIMEOUT:
                return Finding(*about, [], [], answered=False)
            raise refused(error, f"{invariant.path}:{invariant.query.line}") from error
        return Finding(*about, [column[0] for column in cursor.description], found)
