"""A migration that destroys rows is refused unless what it destroys is named; plan prints the line to type."""

from __future__ import annotations

import pytest

import small_project
from command_line import Run
from learnhub_db import deployment
from learnhub_db.database import connect, rows
from learnhub_db.errors import UsageError
from learnhub_db.project import Project

MIGRATION = "sql/migrations/0003-more.sql"
PARTED = """CREATE TABLE parted (n INT, v INT) PARTITION BY RANGE (n) (
    PARTITION low VALUES LESS THAN (10), PARTITION high VALUES LESS THAN (20))"""


@pytest.fixture
def sold(filled, sql) -> None:
    """The shop, with products and sales, a column half full, and a partitioned table with rows in one partition."""
    sql("ALTER TABLE sales ADD COLUMN note VARCHAR(9), ADD COLUMN unused INT, ADD COLUMN twice INT AS (sold * 2)")
    sql("UPDATE sales SET note = 'x' WHERE id = 5")
    sql(PARTED)
    sql("INSERT INTO parted VALUES (3, 3)")


LOSING = [
    ("DROP TABLE sales;", ["sales"]),
    ("drop table if exists `sales`, audit, nowhere;", ["sales", "audit"]),
    ("TRUNCATE sales;", ["sales"]),
    ("TRUNCATE TABLE sales;", ["sales"]),
    ("ALTER TABLE sales DROP COLUMN note;", ["sales.note"]),
    ("ALTER TABLE sales DROP note, DROP sold;", ["sales.note", "sales.sold"]),
    ("ALTER TABLE sales DROP COLUMN note, ADD COLUMN note INT;", ["sales.note"]),
    ("ALTER TABLE parted DROP PARTITION low;", ["parted.low"]),
    ("ALTER TABLE parted TRUNCATE PARTITION low, high;", ["parted.low"]),
    ("ALTER TABLE parted TRUNCATE PARTITION ALL;", ["parted"]),
    ("RENAME TABLE sales TO old_sales;\nDROP TABLE old_sales;", ["sales"]),
    ("ALTER TABLE sales RENAME TO old_sales;\nTRUNCATE old_sales;", ["sales"]),
    ("ALTER TABLE sales RENAME old_sales;\nALTER TABLE old_sales DROP COLUMN note;", ["sales.note"]),
    ("ALTER TABLE sales RENAME COLUMN note TO hint;\nALTER TABLE sales DROP hint;", ["sales.note"]),
    ("ALTER TABLE sales CHANGE note hint VARCHAR(99);\nALTER TABLE sales DROP hint;", ["sales.note"]),
    ("SET @sql = 'DROP TABLE sales';\nPREPARE s FROM @sql;\nEXECUTE s;\nDEALLOCATE PREPARE s;", ["sales"]),
    ("ALTER TABLE sales DISCARD TABLESPACE;", ["sales"]),
    ("/*!50000 DROP TABLE sales */;", ["sales"]),
]


@pytest.mark.parametrize(("migration", "names"), LOSING)
def test_what_holds_rows_is_asked_for_and_nothing_runs(sold, run: Run, shop, sql, migration, names):
    small_project.write(shop, {MIGRATION: f"CREATE TABLE first_of_all (id INT);\n{migration}\n"})
    line = " ".join(f"--allow-destroy {name}" for name in names)
    refused = run("apply")
    assert (refused.code, refused.out) == (2, "")
    first, hint = refused.err.splitlines()
    assert first.startswith(f"error: the migration destroys rows: {', '.join(names)} ({MIGRATION}:")
    assert hint == f"hint: to go on: apply {line}"
    assert sql("SHOW TABLES LIKE 'first%'") == []
    plan = run("plan").out
    also = " --allow-broken" if "needs --allow-broken: breaks " in plan else ""  # what uses it breaks, too
    assert plan.splitlines()[-1] == f"apply with: learnhub-db apply {line}{also}"


@pytest.mark.parametrize(
    "migration",
    [
        "ALTER TABLE sales DROP COLUMN unused;",  # no value in it
        "ALTER TABLE sales DROP COLUMN twice;",  # computed
        "ALTER TABLE parted DROP PARTITION high;",
        "ALTER TABLE sales ADD INDEX by_sold (sold);\nALTER TABLE sales DROP INDEX by_sold;",
        "ALTER TABLE sales ALTER COLUMN unused DROP DEFAULT;",
        "CREATE TABLE fresh (id INT);\nINSERT INTO fresh VALUES (1);\nDROP TABLE fresh;",
        "CREATE TEMPORARY TABLE t AS SELECT 1 AS a;\nDROP TEMPORARY TABLE t;",
        "DELETE FROM audit;",
        "CREATE TABLE other (id INT);\nRENAME TABLE audit TO kept, other TO audit;\nDROP TABLE audit;\n"
        "RENAME TABLE kept TO audit;",
    ],
)
def test_what_loses_no_row_is_applied(sold, run: Run, shop, migration):
    small_project.write(shop, {MIGRATION: f"{migration}\n"})
    assert "apply with" not in run("plan").out
    assert run("apply").code == 0


def test_what_is_named_is_destroyed(sold, run: Run, shop, sql):
    small_project.write(shop, {MIGRATION: "ALTER TABLE sales DROP note;\nTRUNCATE audit;\n"})
    some = run("apply", "--allow-destroy", "sales.note")
    assert some.err.splitlines()[0].startswith("error: the migration destroys rows: audit (")
    assert run("apply", "--allow-destroy", "sales.note", "--allow-destroy", "audit").code == 0
    assert sql("SELECT COUNT(*) FROM audit") == [(0,)]
    assert run("apply").out == "nothing to do\n"


def test_capital_letters_count_as_they_do_on_the_server(sold, run: Run, shop, sql):
    ((tells_apart,),) = sql("SELECT @@lower_case_table_names = 0")
    if not tells_apart:
        pytest.skip("the server takes both for one")
    sql("CREATE TABLE SALES (id INT)")
    small_project.write(shop, {MIGRATION: "DROP TABLE sales;\n"})
    assert run("apply").err.splitlines()[1] == "hint: to go on: apply --allow-destroy sales"
    assert run("apply", "--allow-destroy", "SALES").code == 2
    small_project.write(shop, {MIGRATION: "DROP TABLE SALES;\n"})
    assert run("apply").code == 0


def test_a_name_that_a_shell_would_split_is_quoted(sold, run: Run, shop, sql):
    sql("CREATE TABLE `two words` AS SELECT 1 AS a")
    small_project.write(shop, {MIGRATION: "DROP TABLE `two words`;\n"})
    assert run("apply").err.splitlines()[1] == "hint: to go on: apply --allow-destroy 'two words'"
    assert run("apply", "--allow-destroy", "two words").code == 0


def test_rows_that_the_account_may_not_see_count_as_rows(sold, shop, server, modest, sql):
    with connect(server) as connection:
        rows(connection, f"REVOKE ALL ON {modest.database}.* FROM {modest.user}@'%'")
        most = "CREATE, DROP, ALTER, INSERT, UPDATE, DELETE, INDEX, CREATE VIEW, TRIGGER, EVENT, CREATE ROUTINE"
        rows(connection, f"GRANT {most} ON {modest.database}.* TO {modest.user}@'%'")
        for (table,) in sql("SHOW TABLES LIKE '\\_%'"):
            rows(connection, f"GRANT SELECT ON {modest.database}.{table} TO {modest.user}@'%'")
    small_project.write(shop, {MIGRATION: "TRUNCATE sales;\n"})
    with pytest.raises(UsageError) as refused:
        deployment.apply(Project(shop), modest)
    assert refused.value.what == "the migration destroys rows: sales"


def test_an_empty_table_needs_no_word(run: Run, shop):
    assert run("apply").code == 0
    small_project.write(shop, {MIGRATION: "DROP TABLE sales;\n"})
    (shop / "triggers/audit_sale.sql").unlink()
    (shop / "procedures/sales/sell.sql").unlink()
    assert run("apply").code == 0


def test_a_fresh_database_needs_none(run: Run, shop):
    small_project.write(shop, {MIGRATION: "CREATE TABLE t (id INT);\nINSERT INTO t VALUES (1);\nDROP TABLE t;\n"})
    assert run("apply").code == 0


def test_adopting_a_database_asks_too(run: Run, shop, sql):
    sql("CREATE TABLE products (id INT)")
    sql("INSERT INTO products VALUES (1)")
    small_project.change(shop, "sql/migrations/0001-products.sql", "CREATE", "DROP TABLE IF EXISTS products;\nCREATE")
    assert run("plan").out.splitlines()[-1] == "apply with: learnhub-db apply --adopt --allow-destroy products"
    assert run("apply", "--adopt").code == 2
    assert run("apply", "--adopt", "--allow-destroy", "products").code == 0


def test_what_a_stopped_migration_has_done_is_not_asked_again(sold, run: Run, shop, sql):
    small_project.write(shop, {MIGRATION: "TRUNCATE audit;\nALTER TABLE nowhere ADD COLUMN x INT;\n"})
    assert run("apply", "--allow-destroy", "audit").code == 3
    sql("INSERT INTO audit (sale_id) VALUES (1)")
    small_project.write(shop, {MIGRATION: "TRUNCATE audit;\nALTER TABLE sales ADD COLUMN x INT;\n"})
    assert run("apply").code == 0


def test_dropping_the_database_is_asked_for_by_its_name(sold, run: Run, shop, empty_database):
    small_project.write(shop, {MIGRATION: f"DROP DATABASE {empty_database.database};\n"})
    assert run("apply").err.splitlines()[1] == f"hint: to go on: apply --allow-destroy {empty_database.database}"


def test_a_table_of_another_database_is_named_with_it(sold, run: Run, shop, server, sql, empty_database):
    other = f"{empty_database.database}_other"
    sql(f"CREATE DATABASE {other}")
    try:
        sql(f"CREATE TABLE {other}.t AS SELECT 1 AS a")
        small_project.write(shop, {MIGRATION: f"DROP TABLE {other}.t;\n"})
        assert run("apply").err.splitlines()[1] == f"hint: to go on: apply --allow-destroy {other}.t"
    finally:
        sql(f"DROP DATABASE {other}")


@pytest.mark.parametrize(
    ("statement", "name"),
    [("ALTER TABLE sales DROP COLUMN note", "sales.note"), ("DROP TABLE sales", "sales"), ("TRUNCATE sales", "sales")],
)
def test_what_a_condition_may_execute_is_asked_for(sold, run: Run, shop, statement, name):
    text = f"SET @sql = IF((SELECT COUNT(*) FROM sales) > 1, '{statement}', 'DO 0');\n"
    small_project.write(shop, {MIGRATION: f"{text}PREPARE s FROM @sql;\nEXECUTE s;\n"})
    assert run("apply").err.splitlines()[1] == f"hint: to go on: apply --allow-destroy {name}"


def test_the_library_takes_the_names(sold, shop, empty_database):
    small_project.write(shop, {MIGRATION: "TRUNCATE audit;\n"})
    acts = deployment.apply(Project(shop), empty_database, allow_destroy=["audit"])
    assert [act.verb for act in acts] == ["applied"]
