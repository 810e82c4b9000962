"""The costliest statements and programs of a database, as the server counts them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from command_line import Run, runner
from learnhub_db.database import Target, connect, rows
from servers import own_server

BY_TEA = "SELECT `id` FROM `products` WHERE `tea` = ?"
BY_ID = "SELECT `tea` FROM `products` WHERE `id` = ?"


@pytest.fixture
def run(empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    """On a database with a hundred products of ten teas, without an index on the tea, and programs to sell them."""
    with connect(empty_database) as connection:
        for statement in (
            "TRUNCATE TABLE performance_schema.events_statements_summary_by_digest",  # other tests have filled it
            "TRUNCATE TABLE performance_schema.events_statements_summary_by_program",
            "CREATE TABLE products (id INT PRIMARY KEY AUTO_INCREMENT, tea INT NOT NULL)",
            "CREATE TABLE sales (id INT PRIMARY KEY AUTO_INCREMENT, tea INT NOT NULL)",
            "CREATE TRIGGER told AFTER INSERT ON sales FOR EACH ROW SET @sold = NEW.tea",
            "CREATE PROCEDURE sell(IN p_tea INT) BEGIN INSERT INTO sales (tea)"
            " SELECT tea FROM products WHERE tea = p_tea; END",
            "INSERT INTO products (tea) WITH RECURSIVE n AS (SELECT 0 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 99)"
            " SELECT i % 10 FROM n",
        ):
            rows(connection, statement)
    return runner(empty_database, capsys)


def ask(target: Target, *statements: str) -> None:
    with connect(target) as connection:
        for statement in statements:
            rows(connection, statement)


def found(run: Run, kind: str = "statements") -> dict[str, dict]:
    return {cost.pop("name"): cost for cost in run("--json", "slow", "--limit", "1000").document[kind]}


def test_a_statement_counts_with_its_rows_whatever_its_values(run: Run, empty_database: Target) -> None:
    ask(empty_database, *(f"SELECT id FROM products WHERE tea = {tea}" for tea in (3, 4, 5)))
    ask(empty_database, *(f"SELECT tea FROM products WHERE id = {product}" for product in (1, 2)))
    costs = found(run)
    counted = ("calls", "examined_per_row", "without_index")
    assert [costs[BY_TEA][name] for name in counted] == [3, 10.0, 3]
    assert [costs[BY_ID][name] for name in counted] == [2, 1.0, 0]
    for cost in (costs[BY_TEA], costs[BY_ID]):
        assert cost["p95_ms"] > 0
        assert cost["total_s"] * 1000 == pytest.approx(cost["mean_ms"] * cost["calls"], rel=0.01)


def test_rows_that_a_statement_did_not_find_count_in_full(run: Run, empty_database: Target) -> None:
    ask(empty_database, *["SELECT id FROM products WHERE tea = 77"] * 2)
    assert found(run)[BY_TEA]["examined_per_row"] == 100.0


def test_a_program_counts_with_the_rows_of_its_body(run: Run, empty_database: Target) -> None:
    ask(empty_database, "CALL sell(3)", "CALL sell(4)")
    programs = found(run, "programs")
    assert programs.keys() == {"procedure sell", "trigger told"}
    assert (programs["procedure sell"]["calls"], programs["procedure sell"]["without_index"]) == (2, 2)
    assert programs["procedure sell"]["examined_per_row"] == 10.0
    assert (programs["trigger told"]["calls"], programs["trigger told"]["p95_ms"]) == (20, None)
    assert found(run)["CALL `sell` (?)"]["calls"] == 2


def test_the_costliest_come_first_and_no_more_than_asked_for(run: Run, empty_database: Target) -> None:
    ask(empty_database, "SELECT id FROM products WHERE tea = 1", "SELECT tea FROM products", "CALL sell(3)")
    document = run("--json", "slow", "--limit", "1000").document
    for kind in ("statements", "programs"):
        totals = [cost["total_s"] for cost in document[kind]]
        assert totals == sorted(totals, reverse=True)
    assert len(document["statements"]) > 2
    assert [len(run("--json", "slow", "--limit", "2").document[kind]) for kind in ("statements", "programs")] == [2, 2]


def test_the_table_shows_a_line_for_each(run: Run, empty_database: Target) -> None:
    ask(empty_database, *["SELECT id FROM products WHERE tea = 3"] * 3, "CALL sell(3)")
    ran = run("slow", "--limit", "1000")
    first, second = ran.out.split("\n\n")
    assert first.splitlines()[0].split() == "calls total s mean ms p95 ms examined/row no index statement".split()
    assert second.splitlines()[0].split() == "calls total s mean ms p95 ms examined/row no index program".split()
    (line,) = [line for line in first.splitlines() if line.endswith(f"  {BY_TEA}")]
    assert line.split()[0] == "3" and line.split()[4:6] == ["10.0", "3"]
    assert all(len(line) < 160 for line in ran.out.splitlines())


def test_other_databases_and_the_looking_itself_are_left_out(run: Run, empty_database: Target) -> None:
    ask(empty_database.named("mysql"), "SELECT 'elsewhere'")
    run("slow")
    names = list(found(run))
    assert BY_TEA not in names and "SELECT ?" not in names
    assert not any("`performance_schema`" in name for name in names)


def test_a_database_without_a_program_says_so(empty_database: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner(empty_database, capsys)("slow").out.endswith("\n\nno program of this database is counted\n")


def test_an_account_that_may_not_look_is_told_the_grant_that_helps(
    modest: Target, sql: Callable, capsys: pytest.CaptureFixture[str]
) -> None:
    run = runner(modest, capsys)
    ran = run("slow")
    assert (ran.code, ran.out) == (3, "")
    grant = f"GRANT SELECT ON performance_schema.* TO `{modest.user}`@`%`"
    assert ran.err == f"error: the account may not read the server's statistics ({modest})\nhint: {grant}\n"
    sql(grant)
    assert run("slow").code == 0


def test_a_limit_below_one_is_a_mistake(run: Run) -> None:
    assert run("slow", "--limit", "0").code == 2


def test_statistics_that_are_switched_off_are_told_with_what_switches_them_on(
    run: Run, empty_database: Target
) -> None:
    switch = "UPDATE performance_schema.setup_consumers SET enabled = '{}' WHERE name IN ('statements_digest')"
    ask(empty_database, switch.format("NO"))
    try:
        ran = run("slow")
    finally:
        ask(empty_database, switch.format("YES"))
    assert (ran.code, ran.out) == (3, "")
    what = "the server's statistics of statements are switched off"
    assert ran.err == f"error: {what} ({empty_database})\nhint: {switch.format('YES')}\n"
    assert run("slow").code == 0


def test_a_server_that_counts_nothing_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with own_server("--performance-schema=OFF") as target:
        ran = runner(target, capsys)("slow")
    mend = "set performance_schema = ON in its option file and restart it"
    assert (ran.code, ran.out, ran.err) == (3, "", f"error: the server keeps no statistics ({target})\nhint: {mend}\n")
