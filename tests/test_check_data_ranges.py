"""check-data asks a rule that goes along a key range by range, so that no query takes long."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db import invariants, ranges
from learnhub_db.database import Target, connect
from learnhub_db.project import Project

RULE = """-- A part is good.
-- along: parts.part_id
SELECT part_id FROM parts WHERE part_id BETWEEN @first AND @last AND NOT good;
"""
LAST = 2**64 - 1
PARTS = [1, 2, 3, 700, 2**63, LAST - 1, LAST]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, {"sql/invariants/a_part_is_good.sql": RULE})


@pytest.fixture
def run(
    shop: Path,
    empty_database: Target,
    sql: Callable,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    """check-data in ranges of two rows, of seven parts that are all good."""
    monkeypatch.setattr(ranges, "FIRST_SIZE", 2)
    monkeypatch.setattr(ranges, "MOST", 2)
    monkeypatch.setattr(ranges, "AIM_SECONDS", 3600)
    sql(
        "CREATE TABLE parts"
        " (part_id BIGINT UNSIGNED PRIMARY KEY, good BOOLEAN DEFAULT TRUE, lot INT, size INT, KEY (size))"
    )
    sql(f"INSERT INTO parts (part_id, lot, size) VALUES {', '.join(f'({part}, 1, 1)' for part in PARTS)}")
    return runner(empty_database, capsys, "--project", str(shop))


def test_all_is_well(run: Run) -> None:
    checked = run("check-data")
    assert (checked.code, checked.out, checked.err) == (0, "ok  a_part_is_good\n", "")


@pytest.mark.parametrize("bad", [[1], [700], [LAST], [1, 3, 700, 2**63, LAST]])
def test_what_breaks_a_rule_is_found_in_any_range(run: Run, sql: Callable, bad: list[int]) -> None:
    sql(f"UPDATE parts SET good = FALSE WHERE part_id IN ({', '.join(map(str, bad))})")
    checked = run("--json", "check-data")
    assert checked.code == 1
    assert checked.document["rules"][0]["rows"] == [{"part_id": part} for part in bad]


def test_nothing_breaks_a_rule_about_an_empty_table(run: Run, sql: Callable) -> None:
    sql("DELETE FROM parts")
    assert run("check-data").out == "ok  a_part_is_good\n"


def test_an_index_need_not_be_unique(run: Run, shop: Path, sql: Callable) -> None:
    rule = RULE.replace("parts.part_id", "parts.size").replace("WHERE part_id", "WHERE size")
    small_project.write(shop, {"sql/invariants/a_part_is_good.sql": rule})
    sql("UPDATE parts SET size = part_id % 3, good = part_id <> 700")
    checked = run("--json", "check-data")
    assert (checked.code, checked.document["rules"][0]["rows"]) == (1, [{"part_id": 700}])


def test_rows_are_counted_over_all_ranges(run: Run, sql: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FIRST_SIZE", "MOST"):
        monkeypatch.setattr(ranges, name, 300)
    sql("SET SESSION cte_max_recursion_depth = 2000")
    sql(
        "REPLACE INTO parts (part_id, good)"
        " WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 2000) SELECT n, FALSE FROM n"
    )
    checked = run("check-data")
    assert checked.out.splitlines()[0] == "NO  a_part_is_good: 1000 or more rows. A part is good."


def test_a_range_that_takes_too_long_is_told_and_the_others_are_answered(
    run: Run, shop: Path, sql: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invariants, "SECONDS_EACH", 1)
    slow = RULE.replace("NOT good", "(NOT good OR (part_id = 700 AND SLEEP(30) = 1))")
    small_project.write(shop, {"sql/invariants/a_slow_one.sql": slow.replace("A part is good", "Slow")})
    checked = run("check-data")
    assert checked.code == 3
    assert checked.out.splitlines() == ["ok  a_part_is_good", "--  a_slow_one: no answer in 1 s for 3 to 700"]
    assert checked.err == "error: no answer in 1 s (a_slow_one)\nhint: run it again when the server is less busy\n"

    sql("UPDATE parts SET good = FALSE WHERE part_id IN (2, 3)")
    checked = run("--json", "check-data")
    assert checked.code == 3
    told = checked.document["rules"][1]
    assert (told["rows"], told["answered"], told["unanswered"]) == ([{"part_id": 2}], False, [[3, 700]])
    assert run("check-data").out.splitlines()[5] == "NO  a_slow_one: 1 rows, no answer in 1 s for 3 to 700. Slow."


def test_ranges_that_follow_each_other_are_told_as_one(run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invariants, "SECONDS_EACH", 1)
    slow = RULE.replace("NOT good", "part_id IN (3, 9223372036854775808) AND SLEEP(30) = 1")
    small_project.write(shop, {"sql/invariants/a_part_is_good.sql": slow})
    assert run("check-data").out == f"--  a_part_is_good: no answer in 1 s for 3 to {LAST - 1}\n"


def test_no_transaction_is_open_between_two_ranges(run: Run, shop: Path, empty_database: Target, sql: Callable) -> None:
    """Each range is read as it is when its turn comes, and purge goes on meanwhile."""
    asked = []

    def meanwhile(rule: invariants.Invariant, part: ranges.Range) -> None:
        open_ones = "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = {}"
        asked.append(sql(open_ones.format(connection.thread_id()))[0][0])
        sql(f"UPDATE parts SET good = FALSE WHERE part_id = {part.last}")

    with connect(empty_database) as connection:
        (finding,) = invariants.check(connection, invariants.read(Project(shop)), meanwhile)

    assert asked == [0, 0, 0, 0]
    assert finding.rows == [(2,), (700,), (LAST - 1,), (LAST,)]


def test_a_terminal_shows_how_far_it_is(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    shown = run("check-data").err.split("\r\x1b[K")
    assert shown[1] == "..  a_part_is_good: part_id 2 of 18,446,744,073,709,551,615"
    assert shown[-1] == ""


@pytest.mark.parametrize(
    ("along", "message"),
    [
        ("part.part_id", "there is no part.part_id of whole numbers ({})\nhint: name a column of a table"),
        ("parts.id", "there is no parts.id of whole numbers ({})\nhint: name a column of a table"),
        ("parts.lot", "no index begins with parts.lot ({})\nhint: go along a key that is indexed"),
        ("parts.part_id, parts.lot", "no index begins with parts.lot ({})\nhint: go along a key that is indexed"),
        ("parts", "the key cannot be read ({}:2)\nhint: one line such as -- along: payments.payment_id"),
        ("", "the key cannot be read ({}:2)\nhint: one line such as -- along: payments.payment_id"),
        (
            "parts.part_id\n-- along: parts.size",
            "the key cannot be read ({}:3)\nhint: one line such as -- along: payments.payment_id",
        ),
    ],
)
def test_a_key_that_cannot_be_gone_along_is_told_before_anything_runs(
    run: Run, shop: Path, along: str, message: str
) -> None:
    path = "sql/invariants/b_wrong.sql"
    small_project.write(shop, {path: RULE.replace("parts.part_id\n", f"{along}\n", 1)})
    checked = run("check-data")
    assert (checked.code, checked.out) == (2, "")
    assert checked.err == f"error: {message.format(path)}\n"


@pytest.mark.parametrize(
    "text",
    [
        RULE.replace("-- along: parts.part_id\n", ""),
        RULE.replace("BETWEEN @first AND @last", "> @first"),
        RULE.replace("part_id BETWEEN @first AND @last AND ", "'@first, @last' AND "),
    ],
)
def test_a_key_and_a_query_that_do_not_fit_are_told(run: Run, shop: Path, text: str) -> None:
    small_project.write(shop, {"sql/invariants/a_part_is_good.sql": text})
    checked = run("check-data")
    assert (checked.code, checked.out) == (2, "")
    assert checked.err == (
        "error: the query does not keep to its key (sql/invariants/a_part_is_good.sql)\nhint: have both -- along: table.column and BETWEEN @first AND @last, or neither\n"
    )
