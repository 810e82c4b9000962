"""One LearnHub built a session; every test begins with it as freshly built.

Procedures commit, so a rollback undoes nothing. After each test the tables it wrote to, as the server's own statistics
tell, are emptied and filled again from a copy of what the migrations put there.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
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


@pytest.fixture(scope="session")
def housekeeping(learnhub: Target) -> Iterator[Connection]:
    """The connection that empties and fills tables between two tests."""
    with connect(learnhub) as connection:
        rows(connection, "SET foreign_key_checks = 0, lock_wait_timeout = 30, sql_log_bin = 0")
        yield connection


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "breaks(*names): writes past the procedures what breaks these invariants")


@pytest.fixture
def school(learnhub: Target, housekeeping: Connection, request: pytest.FixtureRequest) -> Iterator[School]:
    """The database, freshly built; afterwards every invariant must hold that the test does not say it breaks."""
    with _opened(learnhub, housekeeping, request) as school:
        yield school


@pytest.fixture(scope="module")
def open_school(
    learnhub: Target, housekeeping: Connection, request: pytest.FixtureRequest
) -> Callable[[], AbstractContextManager[School]]:
    """The same for the length of a block, where several tests look at what one long preparation has measured."""
    return lambda: _opened(learnhub, housekeeping, request)


@contextmanager
def _opened(learnhub: Target, housekeeping: Connection, request: pytest.FixtureRequest) -> Iterator[School]:
    excused = {name for mark in request.node.iter_markers("breaks") for name in mark.args}
    school = School(learnhub)
    before = dict(school.run(WRITES))
    yield school
    school.send_home()
    school.call("fold_counters")
    findings = [finding for finding in invariants.check(school.connection, INVARIANTS) if not finding.holds]
    school.connection.close()
    for table, writes in rows(housekeeping, WRITES):
        if writes != before.get(table, 0) and not table.startswith("_"):
            columns = ", ".join(_stored_columns(housekeeping, table))
            rows(housekeeping, f"TRUNCATE TABLE {table}")
            rows(
                housekeeping,
                f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {learnhub.database}origin.{table}",
            )
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
