"""One LearnHub built a session; every test begins with it as freshly built.

Procedures commit, so a rollback undoes nothing. After each test the tables it wrote to, as the server's own statistics
tell, are emptied and filled again from a copy of what the migrations put there. A TRUNCATE makes new files, which takes
longer than most tests: a few rows are deleted where no trigger minds. So ids go on from test to test.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pymysql.connections import Connection

from grants import revoke_all
from learnhub_db import deployment, invariants
from learnhub_db.database import Target, connect, identifier, rows
from learnhub_db.project import Project
from school import School

ROOT = Path(__file__).parent.parent.parent
INVARIANTS = invariants.read(Project(ROOT))
IDS_GONE_ON = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND auto_increment > 1"
FEW_WRITES = 500
# Without a trigger that minds; with a full-text index a TRUNCATE takes longest of all.
CAN_DELETE = """
    SELECT 1 FROM information_schema.tables t
     WHERE t.table_schema = DATABASE() AND t.table_name = %s
       AND (NOT EXISTS (SELECT 1 FROM information_schema.triggers
                         WHERE trigger_schema = t.table_schema AND event_object_table = t.table_name
                           AND event_manipulation = 'DELETE')
            OR EXISTS (SELECT 1 FROM information_schema.statistics s
                        WHERE s.table_schema = t.table_schema AND s.table_name = t.table_name
                          AND s.index_type = 'FULLTEXT'))
"""
WRITES = """
    SELECT object_name, count_write FROM performance_schema.table_io_waits_summary_by_table
     WHERE object_schema = DATABASE()
"""
TABLES = """
    SELECT table_name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_%'
"""


@pytest.fixture(scope="session")
def learnhub(server: Target) -> Iterator[Target]:
    """The database as `apply` builds it, its events off, beside a copy of the rows it begins with."""
    target = server.named(f"learnhub{secrets.token_hex(4)}")
    with connect(server) as connection, connection.cursor() as cursor:
        for name in (target.database, f"{target.database}origin"):
            cursor.execute(f"CREATE DATABASE {name} COLLATE utf8mb4_0900_ai_ci")
        deployment.apply(Project(ROOT), target)
        connection.select_db(target.database)
        for event, owner in rows(
            connection, "SELECT event_name, definer FROM information_schema.events WHERE event_schema = DATABASE()"
        ):
            cursor.execute(f"ALTER DEFINER = {owner} EVENT {identifier(event)} DISABLE")
        for (table,) in rows(connection, TABLES):
            cursor.execute(f"CREATE TABLE {target.database}origin.{table} LIKE {table}")
            columns = ", ".join(_stored_columns(connection, table))
            cursor.execute(f"INSERT INTO {target.database}origin.{table} ({columns}) SELECT {columns} FROM {table}")
        yield target
        for name in (target.database, f"{target.database}origin"):
            cursor.execute(f"DROP DATABASE {name}")
        revoke_all(cursor, target.database)


@dataclass(frozen=True)
class Table:
    """How a table is emptied, and filled with what it began with."""

    name: str
    can_delete: bool
    fill: list[str]

    def restore(self, connection: Connection, by_delete: bool) -> None:
        for statement in (f"{'DELETE FROM' if by_delete else 'TRUNCATE TABLE'} {self.name}", *self.fill):
            rows(connection, statement)


@dataclass(frozen=True)
class Housekeeping:
    """The connection that empties and fills tables between two tests."""

    connection: Connection
    tables: dict[str, Table]

    def writes(self) -> dict[str, int]:
        """How much was written to each table so far."""
        return {name: writes for name, writes in rows(self.connection, WRITES) if name in self.tables}

    def restore(self, before: dict[str, int]) -> None:
        """Truncates first: then no trigger has anything against a DELETE."""
        written = {name: writes - before.get(name, 0) for name, writes in self.writes().items()}
        by_delete = {
            name: self.tables[name].can_delete and writes <= FEW_WRITES for name, writes in written.items() if writes
        }
        for name in sorted(by_delete, key=by_delete.get):
            self.tables[name].restore(self.connection, by_delete[name])


@pytest.fixture(scope="session")
def housekeeping(learnhub: Target) -> Iterator[Housekeeping]:
    with connect(learnhub) as connection:
        rows(connection, "SET foreign_key_checks = 0, lock_wait_timeout = 30, sql_log_bin = 0")
        rows(connection, "SET information_schema_stats_expiry = 0")
        names = [name for (name,) in rows(connection, TABLES)]
        yield Housekeeping(connection, {name: _table(connection, name, f"{learnhub.database}origin") for name in names})


@pytest.fixture
def ids_from_one(housekeeping: Housekeeping) -> None:
    """For tests whose rows name each other by number: the ids of every table begin at 1."""
    for (name,) in rows(housekeeping.connection, IDS_GONE_ON):
        if name in housekeeping.tables and not housekeeping.tables[name].fill:
            housekeeping.tables[name].restore(housekeeping.connection, by_delete=False)


def _table(connection: Connection, name: str, origin: str) -> Table:
    columns = ", ".join(_stored_columns(connection, name))
    filled = rows(connection, f"SELECT 1 FROM {origin}.{name} LIMIT 1")
    fill = [f"INSERT INTO {name} ({columns}) SELECT {columns} FROM {origin}.{name}"] if filled else []
    return Table(name, bool(rows(connection, CAN_DELETE, (name,))), fill)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "breaks(*names): writes past the procedures what breaks these invariants")


@pytest.fixture
def school(learnhub: Target, housekeeping: Housekeeping, request: pytest.FixtureRequest) -> Iterator[School]:
    """The database, freshly built; afterwards every invariant must hold that the test does not say it breaks."""
    with _opened(learnhub, housekeeping, request) as school:
        yield school


@pytest.fixture(scope="module")
def open_school(
    learnhub: Target, housekeeping: Housekeeping, request: pytest.FixtureRequest
) -> Callable[[], AbstractContextManager[School]]:
    """The same for the length of a block, where several tests look at what one long preparation has measured."""
    return lambda: _opened(learnhub, housekeeping, request)


@contextmanager
def _opened(learnhub: Target, housekeeping: Housekeeping, request: pytest.FixtureRequest) -> Iterator[School]:
    excused = {name for mark in request.node.iter_markers("breaks") for name in mark.args}
    school = School(learnhub)
    before = housekeeping.writes()
    yield school
    school.send_home()
    school.call("fold_counters")
    findings = [finding for finding in invariants.check(school.connection, INVARIANTS) if not finding.holds]
    school.connection.close()
    housekeeping.restore(before)
    assert [finding for finding in findings if finding.name not in excused] == []


def _stored_columns(connection: object, table: str) -> list[str]:
    return [
        name
        for (name,) in rows(
            connection,
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE()"
            f" AND table_name = '{table}' AND generation_expression = '' ORDER BY ordinal_position",
        )
    ]
