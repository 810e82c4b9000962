"""A range of an invariant's key costs what is in it, however large the tables are."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest
from pymysql.connections import Connection

from conftest import INVARIANTS, ROOT, TABLES, WRITES
from learnhub_db import invariants
from learnhub_db.database import Target, connect, identifier, rows
from learnhub_db.invariants import Invariant
from learnhub_db.statements import split

MANY, A_RANGE = 2000, 20
# What goes along no key is about few rows, or those an index finds; receipts have no number to go along.
FEW = {"categories", "course_prerequisites", "seat_holds", "receipts"}
AT_ONCE = {
    "a_hold_is_of_something_pending",
    "a_receipt_has_its_outcome",
    "categories_are_a_tree",
    "prerequisites_have_no_cycle",
    "what_is_pending_holds_its_seats",
}
READS = WRITES.replace("count_write", "count_read")
VALUES = {
    "date": "'2020-01-01' + INTERVAL n DAY",
    "datetime": "'2025-01-01' + INTERVAL n HOUR",
    "enum": "2",  # nothing is pending
    "json": "'{}'",
    "tinyint": "1",
}
NUMBERS = f"WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {MANY})"


@pytest.fixture(scope="module")
def large(learnhub: Target) -> Iterator[Connection]:
    """The school's tables and indexes without triggers and checks, MANY rows in each, and the views that rules read."""
    name = f"large{secrets.token_hex(4)}"
    with connect(learnhub) as connection:
        tables = [table for (table,) in rows(connection, TABLES)]
        rows(connection, f"CREATE DATABASE {name} COLLATE utf8mb4_0900_ai_ci")
        for table in tables:
            rows(connection, f"CREATE TABLE {name}.{identifier(table)} LIKE {identifier(table)}")
        connection.select_db(name)
        rows(connection, f"SET sql_mode = '', cte_max_recursion_depth = {MANY}, sql_log_bin = 0")
        for table in tables:
            fill(connection, table)
        for view in ("sales_facts", "v_counter_drift"):
            rows(connection, split((ROOT / f"views/reporting/{view}.sql").read_text())[0].text)
        yield connection
        rows(connection, f"DROP DATABASE {name}")


def fill(connection: Connection, table: str) -> None:
    for (check,) in rows(
        connection,
        "SELECT constraint_name FROM information_schema.table_constraints"
        f" WHERE constraint_type = 'CHECK' AND table_schema = DATABASE() AND table_name = '{table}'",
    ):
        rows(connection, f"ALTER TABLE {table} DROP CHECK {check}")
    columns = rows(
        connection,
        "SELECT column_name, data_type FROM information_schema.columns"
        f" WHERE table_schema = DATABASE() AND table_name = '{table}' AND generation_expression = ''",
    )
    names = ", ".join(identifier(column) for column, _ in columns)
    values = ", ".join(VALUES.get(kind, "n") for _, kind in columns)
    some = f" WHERE n <= {A_RANGE}" if table in FEW else ""
    rows(connection, f"INSERT IGNORE INTO {table} ({names}) {NUMBERS} SELECT {values} FROM number{some}")
    rows(connection, f"ANALYZE TABLE {table}")


def test_only_what_is_few_is_asked_at_once() -> None:
    assert {invariant.name for invariant in INVARIANTS if not invariant.along} == AT_ONCE


def test_every_key_is_indexed(large: Connection) -> None:
    invariants.require_keys(large, INVARIANTS)


@pytest.mark.parametrize("invariant", INVARIANTS, ids=lambda invariant: invariant.name)
def test_a_range_reads_only_what_is_in_it(large: Connection, invariant: Invariant) -> None:
    rows(large, f"SET @first = {MANY // 2}, @last = {MANY // 2 + A_RANGE - 1}")
    before = dict(rows(large, READS))
    rows(large, invariant.query.text)
    after = dict(rows(large, READS))

    read = {table: count - before[table] for table, count in after.items() if count > before[table]}
    assert read != {}
    assert {table: count for table, count in read.items() if count > 10 * A_RANGE} == {}
