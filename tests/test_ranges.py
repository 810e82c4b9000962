"""A key is gone along in ranges of as many rows as there is time for, whatever gaps it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pymysql.connections import Connection

from learnhub_db import ranges as module
from learnhub_db.database import Target, connect
from learnhub_db.ranges import Key, Range, ranges

LAST = 2**64 - 1
NUMBERS = Key("numbers", "number")


@pytest.fixture
def connection(empty_database: Target, sql: Callable) -> Iterator[Connection]:
    sql("CREATE TABLE numbers (number BIGINT UNSIGNED PRIMARY KEY)")
    with connect(empty_database) as connection:
        yield connection


@pytest.fixture
def size(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Set how many rows every range has."""

    def set_size(rows: int) -> None:
        monkeypatch.setattr(module, "FIRST_SIZE", rows)
        monkeypatch.setattr(module, "MOST", rows)
        monkeypatch.setattr(module, "AIM_SECONDS", 3600)

    return set_size


def walked(connection: Connection, *keys: Key) -> list[tuple[int, int]]:
    return [(part.first, part.last) for part in ranges(connection, keys)]


def test_gaps_cost_nothing_and_every_unsigned_number_is_in_a_range(
    connection: Connection, sql: Callable, size: Callable
) -> None:
    size(2)
    sql(f"INSERT INTO numbers VALUES (0), (7), (700), ({2**63}), ({LAST - 1}), ({LAST})")
    assert walked(connection, NUMBERS) == [(0, 7), (8, 2**63), (2**63 + 1, LAST)]


def test_an_empty_table_has_no_range(connection: Connection) -> None:
    assert walked(connection, NUMBERS) == []


def test_all_rows_of_a_value_are_in_one_range(connection: Connection, sql: Callable, size: Callable) -> None:
    size(3)
    sql("CREATE TABLE signed (n INT, KEY (n))")
    sql("INSERT INTO signed VALUES (-9), (-4), (-4), (-4), (-4), (5), (50), (60), (NULL)")
    assert walked(connection, Key("signed", "n")) == [(-9, -4), (-3, 60)]


def test_several_keys_are_gone_along_together(connection: Connection, sql: Callable, size: Callable) -> None:
    size(2)
    sql("INSERT INTO numbers VALUES (5), (6), (100)")
    sql("CREATE TABLE others (n INT PRIMARY KEY)")
    sql("INSERT INTO others VALUES (1), (8), (9), (200)")
    sql("CREATE TABLE nothing (n INT PRIMARY KEY)")
    keys = (NUMBERS, Key("others", "n"), Key("nothing", "n"))
    assert walked(connection, *keys) == [(1, 6), (7, 9), (10, 200)]


def test_what_comes_later_is_not_waited_for(connection: Connection, sql: Callable, size: Callable) -> None:
    size(1)
    sql("INSERT INTO numbers VALUES (1), (20)")
    parts = ranges(connection, [NUMBERS])
    first = next(parts)
    sql("INSERT INTO numbers VALUES (10), (21)")
    assert [first, *parts] == [Range(1, 1, 20), Range(2, 10, 20), Range(11, 20, 20)]


def test_a_range_has_as_many_rows_as_there_is_time_for(
    connection: Connection, sql: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    sql("SET SESSION cte_max_recursion_depth = 9000")
    sql(
        "INSERT INTO numbers"
        " WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 9000) SELECT n FROM n"
    )
    work = iter([0.1, 0.5, 2, 600, 0])  # seconds spent on each range
    now = 0.0

    def clock() -> float:
        return now

    monkeypatch.setattr(module, "monotonic", clock)
    monkeypatch.setattr(module, "FIRST_SIZE", 1000)
    monkeypatch.setattr(module, "AIM_SECONDS", 0.5)
    parts = []
    for part in ranges(connection, [NUMBERS]):
        parts.append(part.last - part.first + 1)
        now += next(work, 0)
    assert parts == [1000, 2000, 2000, 500, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1453]
