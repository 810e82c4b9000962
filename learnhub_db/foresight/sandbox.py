"""Copies of a database's tables, without a row, on which the server is asked what an ALTER would do."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import SQL_MODE_OF_COPIES, identifier, refused, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.foresight import sizes
from learnhub_db.foresight.alters import Alter, Attempt
from learnhub_db.inspection import reach
from learnhub_db.inspection.naming import folding

NOT_SO = (1221, 1845, 1846, 4092)  # a way in which this ALTER cannot be done; the driver names none of them
NEARLY_FULL = 16  # so few instant changes left that the copy has to carry as many as the table
NOBODY = "nobody"
WAITING = {"": NOBODY, "NONE": NOBODY, "SHARED": "writes", "EXCLUSIVE": "reads and writes"}
_TABLES = "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = %s"
_RELATED = """
    SELECT table_name, referenced_table_name FROM information_schema.referential_constraints
    WHERE constraint_schema = %s AND unique_constraint_schema = %s
"""
_ELSEWHERE = re.compile(r"(?<= REFERENCES )`(?:[^`]|``)+`\.(?=`)")


@dataclass(frozen=True)
class Verdict:
    """How the server will do it; `rebuilds` and `instant_changes_left` are None where the account may not know."""

    attempt: Attempt
    rebuilds: bool | None
    instant_changes_left: int | None

    @property
    def waiting(self) -> str:
        return WAITING[self.attempt.lock]


class Sandbox:
    """The scratch schema that `connection` uses; a table of `database` is copied when a statement first names it."""

    def __init__(self, connection: Connection, database: str) -> None:
        self.connection, self.database = connection, folding(connection)(database)
        ((self.schema,),) = rows(connection, "SELECT DATABASE()")
        self.missing: dict[str, list[tuple[str, str]]] = defaultdict(list)  # names and types, by name in small letters
        for name, sort in rows(connection, _TABLES, (database,)):
            self.missing[name.lower()].append((name, sort))
        self.related = [
            (child.lower(), parent.lower()) for child, parent in rows(connection, _RELATED, (database, database))
        ]
        self.originals = sizes.inside(connection, database)
        self.limit = _limit(connection)
        self.carried: dict[str, int | None] = {}  # instant changes of the table that its copy does not carry

    @property
    def names_are_in_double_quotes(self) -> bool:
        ((mode,),) = rows(self.connection, "SELECT @@sql_mode")
        return "ANSI_QUOTES" in mode

    def run(self, sql: str, code: str) -> None:
        """Run a statement on the copies; pymysql.Error where the server refuses it."""
        self.copy(code)
        with self.connection.cursor() as cursor:
            cursor.execute(sql)

    def ask(self, alter: Alter) -> Verdict:
        """Alter the copy in the first way that the server takes; pymysql.Error where it takes none."""
        self.copy(f"{identifier(alter.table)} {alter.clauses}")
        before = sizes.inside(self.connection, self.schema)
        attempt = self._alter(alter)
        after = sizes.inside(self.connection, self.schema)
        rebuilds = None
        if before is not None:
            rebuilds = attempt.algorithm == "COPY" or _rebuilt(before, after, alter.table)
        carried = 0 if rebuilds else self.carried.get(alter.table.lower(), 0)
        self.carried[alter.table.lower()] = carried
        now = sizes.versions(after, alter.new_name or alter.table)
        left = None if now is None or carried is None else self.limit - now - carried
        return Verdict(attempt, rebuilds, left)

    def copy(self, code: str) -> None:
        """Copy what `code` names, with the tables that it refers to and those that refer to it."""
        words = reach.words(code)
        related = {name for pair in self.related if not words.isdisjoint(pair) for name in pair}
        for word in sorted(words | related):
            for name, sort in self.missing.pop(word, ()):
                self._copy(name) if sort == "BASE TABLE" else self._stand_in(name)

    def columns(self, table: str) -> set[str]:
        sql = "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s"
        return {name for (name,) in rows(self.connection, sql, (self.schema, table))}

    def told(self, error: pymysql.Error | DatabaseRefused) -> str:
        """The server's words, with the name of the target for that of the scratch schema."""
        refusal = error if isinstance(error, DatabaseRefused) else refused(error)
        return refusal.what.replace(self.schema, self.database)

    def _alter(self, alter: Alter) -> Attempt:
        *possible, last = alter.attempts
        for attempt in possible:
            try:
                rows(self.connection, alter.trying(attempt))
                return attempt
            except pymysql.Error as error:
                if error.args[0] not in NOT_SO:
                    raise
        rows(self.connection, alter.trying(last))
        return last

    def _copy(self, name: str) -> None:
        with self._lenient():
            table = f"{identifier(self.database)}.{identifier(name)}"
            ((_, sql, *_),) = rows(self.connection, f"SHOW CREATE TABLE {table}")
            rows(self.connection, _ELSEWHERE.sub("", sql))
        carried = sizes.versions(self.originals, name) if self.originals is not None else None
        if carried and carried > self.limit - NEARLY_FULL:
            self._change_instantly(identifier(name), carried)
            carried = 0
        self.carried[name.lower()] = carried

    def _stand_in(self, view: str) -> None:
        """A view of no rows, for statements that read it; one that is broken stays missing."""
        name = identifier(view)
        with suppress(pymysql.Error):
            rows(self.connection, f"CREATE VIEW {name} AS SELECT * FROM {identifier(self.database)}.{name} WHERE FALSE")

    def _change_instantly(self, table: str, times: int) -> None:
        """Have the copy carry as many instant changes as the table; its columns stay."""
        last = times - 2
        rows(self.connection, f"ALTER TABLE {table} ADD COLUMN _learnhub_0 INT, ALGORITHM=INSTANT")
        for number in range(last):
            change = f"ADD COLUMN _learnhub_{number + 1} INT, DROP COLUMN _learnhub_{number}"
            rows(self.connection, f"ALTER TABLE {table} {change}, ALGORITHM=INSTANT")
        rows(self.connection, f"ALTER TABLE {table} DROP COLUMN _learnhub_{last}, ALGORITHM=INSTANT")

    @contextmanager
    def _lenient(self) -> Iterator[None]:
        """What the table was created with counts, not what the session would take today."""
        ((mode, checks),) = rows(self.connection, "SELECT @@sql_mode, @@foreign_key_checks")
        rows(self.connection, "SET sql_mode = %s, foreign_key_checks = 0", (SQL_MODE_OF_COPIES,))
        try:
            yield
        finally:
            rows(self.connection, "SET sql_mode = %s, foreign_key_checks = %s", (mode, checks))


def _rebuilt(before: dict[str, sizes.Inside], after: dict[str, sizes.Inside], table: str) -> bool:
    path = sizes.file_name(table)
    kept = [name for name in before.keys() & after.keys() if name.split("#p#")[0] == path]
    return any(before[name].number != after[name].number for name in kept)


def _limit(connection: Connection) -> int:
    """How many instant changes a table's rows may carry."""
    version = tuple(int(part) for part in re.findall(r"\d+", connection.get_server_info())[:2])
    return 255 if version >= (9, 1) else 64
