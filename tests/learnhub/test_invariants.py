"""Every invariant finds the rows that break it, also those that keys, checks and triggers would not let in."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from pymysql.connections import Connection

from accounts import account
from conftest import INVARIANTS
from learnhub_db import invariants
from learnhub_db.database import Target, connect, identifier, rows
from school import School
from violations import VIOLATIONS, Rows

CASES = [(name, case) for name, cases in VIOLATIONS.items() for case in cases]


@pytest.fixture(scope="module")
def bare(learnhub: Target) -> Iterator[Connection]:
    """The school's tables and views as plain tables without keys, checks and triggers, empty."""
    name = f"bare{secrets.token_hex(4)}"
    with connect(learnhub) as connection, connection.cursor() as cursor:
        tables = rows(connection, "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()")
        cursor.execute(f"CREATE DATABASE {name} COLLATE utf8mb4_0900_ai_ci")
        for (table,) in tables:
            cursor.execute(f"CREATE TABLE {name}.{table} SELECT * FROM {identifier(table)} LIMIT 0")
        connection.select_db(name)
        yield connection
        cursor.execute("SET SESSION TRANSACTION READ WRITE")
        cursor.execute(f"DROP DATABASE {name}")


def broken(connection: Connection, case: Rows) -> set[str]:
    """The invariants that do not hold of the rows."""
    rows(connection, "SET SESSION TRANSACTION READ WRITE")
    connection.begin()
    rows(connection, "SET sql_mode = ''")
    for table, columns in case:
        marks = ", ".join(["%s"] * len(columns))
        rows(connection, f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", tuple(columns.values()))
    found = {finding.name for finding in invariants.check(connection, INVARIANTS) if not finding.holds}
    connection.rollback()
    return found


def test_every_invariant_has_an_example_of_what_breaks_it() -> None:
    assert {invariant.name for invariant in INVARIANTS} == set(VIOLATIONS)


def test_nothing_is_found_in_an_empty_database(bare: Connection) -> None:
    assert broken(bare, []) == set()


@pytest.mark.parametrize(("name", "case"), CASES, ids=[name for name, _ in CASES])
def test_an_invariant_finds_what_breaks_it(bare: Connection, name: str, case: Rows) -> None:
    assert name in broken(bare, case)


def test_a_reader_may_look_for_all_of_it(school: School) -> None:
    with account(school, "learnhub_readonly") as reader:
        invariants.require_keys(reader.connection, INVARIANTS)
        findings = list(invariants.check(reader.connection, INVARIANTS))

    assert len(findings) == len(INVARIANTS)
    assert [finding for finding in findings if not finding.holds] == []


def test_a_limit_lowered_below_what_is_taken_is_no_violation_and_one_seat_more_is(school: School) -> None:
    course = school.course(max_students=3)
    for student in school.users(3):
        assert school.enroll(student, course)[1] == "SUCCESS"
    school.run("UPDATE courses SET max_students = 1 WHERE course_id = %s", course)
    assert school.row("SELECT seats, seats_granted, seats_taken FROM course_seats") == {
        "seats": 1,
        "seats_granted": 3,
        "seats_taken": 3,
    }
    assert school.enroll(school.user(), course)[1] == "COURSE_FULL"
