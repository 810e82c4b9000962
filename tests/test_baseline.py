"""Baseline adopts a database that other means built, once it is what the files build."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
from learnhub_db import script
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from learnhub_db.statements import split
from test_apply import yoyo_list


@pytest.fixture
def built(shop: Path, empty_database: Target) -> Target:
    """The shop, built without the toolkit."""
    with connect(empty_database) as connection:
        for statement in split(script.text(Contents.read(Project(shop)))):
            rows(connection, statement.text)
    return empty_database


def test_a_database_that_matches_is_adopted_and_nothing_runs(run, shop, built, sql):
    shown = run("baseline", "0002")
    assert shown.code == 0
    assert shown.out.splitlines() == [f"adopted {path}" for path in Contents.read(Project(shop)).paths]
    assert run("status").out == "8 applied\nnot compared: rows\n"
    assert run("apply").out == "nothing to do\n"
    assert sql("SELECT COUNT(*) FROM products") == [(2,)]
    assert yoyo_list(shop, built.url) == [["A", "0001-products"], ["A", "0002-sales"]]
    assert sql("SELECT DISTINCT operation FROM _yoyo_log") == [("mark",)]
    assert run("verify").out == "no difference\n"


def test_what_comes_after_is_applied(run, shop, built):
    small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
    assert run("baseline", "0002").code == 0
    assert run("apply").out.startswith("applied sql/migrations/0003-stock.sql (1 statement, ")
    assert run("verify").out == "no difference\n"


def test_no_rollback_goes_behind_what_was_adopted(run, shop, built, sql):
    back = {f"sql/migrations/{name}.rollback.sql": "DO 0;\n" for name in ("0001-products", "0002-sales", "0003-stock")}
    stock = {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"}
    assert run("baseline", "0002").code == 0
    small_project.write(shop, stock | back)
    assert run("apply").code == 0
    before = sql("SHOW TABLES")
    for words in (("--steps", "2"), ("--to", "0000")):
        refused = run("rollback", *words)
        assert refused.code == 2
        assert refused.err == (
            "error: the programs were adopted with the migration (sql/migrations/0002-sales.sql)\nhint: "
            "restore a backup of before it, or undo it by a new migration\n"
        )
    assert sql("SHOW TABLES") == before
    assert run("rollback").out.startswith("undone sql/migrations/0003-stock.sql")


def test_a_database_that_differs_is_refused_with_the_diff_and_nothing_recorded(run, shop, built, sql):
    sql("ALTER TABLE products MODIFY name VARCHAR(60) NOT NULL")
    before = sql("SHOW TABLES")
    shown = run("baseline", "0002")
    assert shown.code == 1
    assert "different table products" in shown.out.splitlines()
    assert "+  `name` varchar(60) NOT NULL," in shown.out.splitlines()
    assert shown.out.splitlines()[-1] == "1 difference"
    document = run("--json", "baseline", "0002").document
    assert [one["name"] for one in document["differences"]] == ["products"]
    assert sql("SHOW TABLES") == before


def test_migrations_after_the_number_are_no_part_of_the_comparison(run, shop, built):
    shown = run("baseline", "0001")
    assert shown.code == 3  # the programs need a table of 0002
    assert "1146: Table " in shown.err and "triggers/audit_sale.sql:2" in shown.err


STOCK = {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"}


def test_a_migration_that_another_tool_has_done_is_recorded(run, shop, empty_database, sql):
    assert run("apply").code == 0
    small_project.write(shop, STOCK | {"views/cheap.sql": "CREATE VIEW cheap AS SELECT stock FROM products;\n"})
    sql("ALTER TABLE products ADD COLUMN stock INT")
    assert run("baseline", "0003").out == "adopted sql/migrations/0003-stock.sql\n"
    assert run("apply").out == "created view cheap\n"
    assert run("verify").out == "no difference\n"


def test_one_before_others_that_are_applied_is_recorded(run, shop, empty_database, sql):
    later = "ALTER TABLE products ADD COLUMN colour INT;\n"
    small_project.write(shop, {"sql/migrations/0003-colour.sql": later})
    assert run("apply").code == 0
    (shop / "sql/migrations/0003-colour.sql").unlink()
    small_project.write(shop, STOCK | {"sql/migrations/0004-colour.sql": later})
    sql("ALTER TABLE products ADD COLUMN stock INT AFTER price")
    shown = run("baseline", "0003")
    assert (shown.code, shown.out.splitlines()[0]) == (1, "different table products")  # colour is of 0004
    assert run("status").out.splitlines()[1] == (
        "renamed  migration 0004-colour  sql/migrations/0004-colour.sql was 0003-colour: apply records the name"
    )


def test_one_that_depends_on_an_applied_one_is_recorded(run, shop, empty_database, sql):
    assert run("apply").code == 0
    small_project.write(shop, {path: f"-- depends: 0002-sales\n{text}" for path, text in STOCK.items()})
    sql("ALTER TABLE products ADD COLUMN stock INT")
    assert run("baseline", "0003").out == "adopted sql/migrations/0003-stock.sql\n"


def test_one_that_it_has_not_done_is_refused_with_the_diff(run, shop, empty_database, sql):
    assert run("apply").code == 0
    small_project.write(shop, STOCK)
    shown = run("baseline", "0003")
    assert (shown.code, shown.out.splitlines()[0]) == (1, "different table products")
    assert "-  `stock` int DEFAULT NULL," in shown.out.splitlines()
    assert run("status").out.split()[:3] == ["pending", "migration", "0003-stock"]


def test_one_that_is_applied_is_refused(run, shop, empty_database):
    assert run("apply").code == 0
    shown = run("baseline", "0002")
    line = "error: the migration is applied (sql/migrations/0002-sales.sql)\nhint: use verify to compare\n"
    assert (shown.code, shown.err) == (2, line)


def test_one_that_was_begun_is_refused(run, shop, empty_database, sql):
    assert run("apply").code == 0
    small_project.write(shop, {path: text + "DROP TABLE none;\n" for path, text in STOCK.items()})
    assert run("apply").code == 3
    shown = run("baseline", "0003")
    line = "error: the migration was begun (sql/migrations/0003-stock.sql)\nhint: finish it: apply, or apply --resume\n"
    assert (shown.code, shown.err) == (2, line)


@pytest.mark.parametrize("number", ["0003", "2", "0002-sales", "x"])
def test_an_unknown_number_is_refused(run, built, number, sql):
    shown = run("baseline", number)
    assert (shown.code, shown.err) == (
        2,
        f"error: there is no migration {number} (sql/migrations)\nhint: known: 0001 to 0002\n",
    )
    assert sql("SHOW TABLES LIKE '\\_%'") == []
