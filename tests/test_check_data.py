"""check-data finds rows that break a rule of the project, and only reads."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db import invariants

RULES = {
    "sql/invariants/a_price_is_not_negative.sql": "-- Nothing costs less than nothing.\n--\n-- Kept by nobody.\n"
    "SELECT id, price FROM products WHERE price < 0;\n",
    "sql/invariants/a_sale_has_a_product.sql": "-- What was sold\n-- is known.\n"
    "WITH known AS (SELECT id FROM products) SELECT id FROM sales WHERE product_id NOT IN (SELECT id FROM known);\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, small_project.FILES | RULES)


@pytest.fixture
def run(shop: Path, empty_database: object, capsys: pytest.CaptureFixture[str]) -> Run:
    run = runner(empty_database, capsys, "--project", str(shop))
    assert run("apply").code == 0
    return run


def test_all_is_well(run: Run) -> None:
    checked = run("check-data")
    assert (checked.code, checked.err) == (0, "")
    assert checked.out == "ok  a_price_is_not_negative\nok  a_sale_has_a_product\n"


def test_rows_that_break_a_rule_are_shown_with_it(run: Run, sql: Callable) -> None:
    sql("UPDATE products SET price = -price")
    checked = run("check-data")
    assert checked.code == 1
    assert checked.out.splitlines() == [
        "NO  a_price_is_not_negative: 2 rows. Nothing costs less than nothing.",
        "  id    price",
        "  ----  -------",
        "  1     -4.50",
        "  2     -6.00",
        "ok  a_sale_has_a_product",
    ]


def test_json_tells_every_rule_and_its_rows(run: Run, sql: Callable) -> None:
    sql("INSERT INTO sales (product_id, sold) VALUES (9, 1)")
    checked = run("--json", "check-data")
    assert checked.code == 1
    assert checked.document["rules"] == [
        {
            "name": "a_price_is_not_negative",
            "rule": "Nothing costs less than nothing.",
            "path": "sql/invariants/a_price_is_not_negative.sql",
            "columns": ["id", "price"],
            "rows": [],
            "answered": True,
            "unanswered": [],
            "holds": True,
        },
        {
            "name": "a_sale_has_a_product",
            "rule": "What was sold is known.",
            "path": "sql/invariants/a_sale_has_a_product.sql",
            "columns": ["id"],
            "rows": [{"id": 1}],
            "answered": True,
            "unanswered": [],
            "holds": False,
        },
    ]


def test_many_rows_are_cut_short(run: Run, sql: Callable) -> None:
    sql("SET SESSION cte_max_recursion_depth = 5000")
    sql(
        "INSERT INTO sales (product_id, sold)"
        " WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 5000) SELECT 9, n FROM n"
    )
    lines = run("check-data").out.splitlines()
    assert lines[1] == "NO  a_sale_has_a_product: 1000 or more rows. What was sold is known."
    assert lines[-1] == "  ..."
    assert len(lines) == 10


def test_a_query_that_takes_too_long_is_told_and_the_others_are_answered(
    run: Run, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invariants, "SECONDS_EACH", 1)
    small_project.write(
        shop,
        {"sql/invariants/a_slow_one.sql": "-- Slow.\nSELECT a.id FROM products a, products b WHERE SLEEP(5) = 1 + a.id;\n"},
    )
    checked = run("check-data")
    assert checked.code == 3
    assert checked.out.splitlines()[-1] == "--  a_slow_one: no answer in 1 s"
    assert checked.err == "error: no answer in 1 s (a_slow_one)\nhint: run it again when the server is less busy\n"


def test_a_query_that_writes_is_refused_by_the_server(run: Run, shop: Path, sql: Callable) -> None:
    sql("CREATE FUNCTION change_prices() RETURNS INT MODIFIES SQL DATA BEGIN UPDATE products SET price = 1; RETURN 1; END")
    small_project.write(shop, {"sql/invariants/writes.sql": "-- Writes.\n\nSELECT change_prices();\n"})
    checked = run("check-data")
    assert checked.code == 3
    assert checked.err == (
        "error: 1792: Cannot execute statement in a READ ONLY transaction. (sql/invariants/writes.sql:3)\n"
    )
    assert sql("SELECT COUNT(*) FROM products WHERE price = 1") == [(0,)]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("SELECT 1;\n", "the file does not say its rule"),
        ("-- Two.\nSELECT 1; SELECT 2;\n", "the file is not one query"),
        ("-- None.\n", "the file is not one query"),
        ("-- Writes.\nDELETE FROM products;\n", "the file is not one query"),
    ],
)
def test_a_file_that_is_no_rule_is_told_before_anything_runs(run: Run, shop: Path, text: str, what: str) -> None:
    small_project.write(shop, {"sql/invariants/wrong.sql": text})
    checked = run("check-data")
    assert (checked.code, checked.out) == (2, "")
    assert checked.err.startswith(f"error: {what} (sql/invariants/wrong.sql)\nhint: ")


def test_a_project_without_invariants_says_so(run: Run, shop: Path) -> None:
    for path in (shop / "sql/invariants").iterdir():
        path.unlink()
    checked = run("check-data")
    assert (checked.code, checked.out) == (0, "the project holds no invariants\n")
