"""Status tells what somebody has changed on the server since the last apply, and what it did not compare."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pymysql
import pytest

import small_project
from learnhub_db import application, deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.inspection import digests
from learnhub_db.project import Project

HELPER = {
    "sql/migrations/0003-helper.sql": "CREATE PROCEDURE helper() DO 1;\nCREATE VIEW helped AS SELECT id FROM products;\n"
    "CREATE TABLE unused (id INT);\n"
}


@pytest.fixture
def role(server: Target) -> Iterator[str]:
    name = f"role_{secrets.token_hex(4)}"
    yield name
    with connect(server) as connection:
        rows(connection, f"DROP ROLE IF EXISTS {name}")


@pytest.fixture
def applied(run, shop, role) -> None:
    grants = f"CREATE ROLE IF NOT EXISTS {role};\nGRANT SELECT (id, name), INSERT ON products TO {role};\n"
    small_project.write(shop, HELPER | {"sql/grants/reader.sql": grants})
    assert run("apply").code == 0


def told(run) -> list[str]:
    """The lines of status, without the numbers."""
    shown = run("status")
    assert shown.code == 0
    return shown.out.splitlines()[:-2]


def test_nothing_is_told_after_an_apply_and_rows_are_said_not_to_be_compared(applied, run):
    assert run("status").out == "10 applied\nnot compared: rows\n"
    assert run("--json", "status").document["not_compared"] == ["rows"]


DRIFTS = {
    "a changed body": (
        "ALTER VIEW prices AS SELECT 1 AS name, 2 AS price",
        "drifted  view prices  views/prices.sql",
    ),
    "a changed comment": ("ALTER PROCEDURE sell COMMENT 'x'", "drifted  procedure sell  procedures/sales/sell.sql"),
    "an index": ("CREATE INDEX by_name ON products (name)", "drifted  table products  verify shows how"),
    "a column": ("ALTER TABLE sales ADD COLUMN x INT", "drifted  table sales  verify shows how"),
    "a check": ("ALTER TABLE sales ADD CHECK (sold > 0)", "drifted  table sales  verify shows how"),
    "a foreign key": (
        "ALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id)",
        "drifted  table sales  verify shows how",
    ),
    "a default": ("ALTER TABLE sales ALTER sold SET DEFAULT 1", "drifted  table sales  verify shows how"),
    "a comment": ("ALTER TABLE sales COMMENT 'x'", "drifted  table sales  verify shows how"),
    "partitions": (
        "ALTER TABLE audit PARTITION BY HASH (id) PARTITIONS 2",
        "drifted  table audit  verify shows how",
    ),
    "a table": ("CREATE TABLE more (id INT)", "extra    table more  verify shows how"),
    "a procedure": ("CREATE PROCEDURE more() DO 1", "extra    procedure more  verify shows how"),
    "a dropped table": ("DROP TABLE unused", "missing  table unused  verify shows how"),
    "a procedure of a migration": (
        "ALTER PROCEDURE helper COMMENT 'x'",
        "drifted  procedure helper  verify shows how",
    ),
    "a dropped view of a migration": ("DROP VIEW helped", "missing  view helped  verify shows how"),
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_what_somebody_changed_is_told(applied, run, sql, drift):
    statement, line = DRIFTS[drift]
    sql(statement)
    assert told(run) == [line]


def test_a_revoked_right_and_one_that_somebody_gave_are_told(applied, run, sql, role):
    sql(f"REVOKE INSERT ON products FROM {role}")
    assert told(run) == [f"drifted  rights of {role}@%  verify shows how"]
    run("apply")
    assert told(run) == []
    sql(f"GRANT DELETE ON products TO {role}")
    assert told(run) == [f"drifted  rights of {role}@%  verify shows how"]


def test_what_only_use_changes_is_not_told(applied, run, sql):
    sql("INSERT INTO products (name, price) VALUES ('x', 1)")
    sql("ANALYZE TABLE products")
    sql("ALTER TABLE products AUTO_INCREMENT = 900")
    sql("OPTIMIZE TABLE sales")
    assert told(run) == []


def test_the_next_migration_makes_no_drift_and_hides_none(applied, run, shop, sql):
    sql("CREATE INDEX by_name ON products (name)")
    sql("CREATE TABLE more (id INT)")
    sql("DROP VIEW helped")
    drifted = told(run)
    assert len(drifted) == 3
    migration = "ALTER TABLE products ADD COLUMN stock INT;\nCREATE TABLE stocks (id INT);\nDROP TABLE unused;\n"
    small_project.write(shop, {"sql/migrations/0004-stock.sql": migration})
    assert run("apply").code == 0
    assert told(run) == drifted
    sql("ALTER TABLE stocks ADD COLUMN x INT")
    assert told(run) == [*drifted[:1], *drifted[1:2], "drifted  table stocks  verify shows how", *drifted[2:]]


def test_a_rollback_makes_no_drift(applied, run, shop):
    files = {
        "sql/migrations/0004-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\nCREATE TABLE stocks (id INT);\n",
        "sql/migrations/0004-stock.rollback.sql": "DROP TABLE stocks;\nALTER TABLE products DROP COLUMN stock;\n",
    }
    small_project.write(shop, files)
    assert run("apply").code == 0
    assert run("rollback").code == 0
    assert told(run) == ["pending  migration 0004-stock  sql/migrations/0004-stock.sql"]


def test_a_killed_run_makes_nobody_look_like_somebody_else(applied, run, shop, empty_database, monkeypatch):
    migration = "ALTER TABLE products ADD COLUMN stock INT;\nCREATE TABLE stocks (id INT);\n"
    small_project.write(shop, {"sql/migrations/0004-stock.sql": migration})

    def killed(*_: object) -> None:
        raise SystemExit(9)

    with monkeypatch.context() as patched:
        patched.setattr(digests, "keep", killed)
        with pytest.raises(SystemExit):
            deployment.apply(Project(shop), empty_database)
    assert run("status").out.splitlines() == [
        "11 applied",
        "not compared: rows, tables (the last run has stopped: the next apply that runs a migration notes them)",
    ]
    small_project.write(shop, {"sql/migrations/0005-x.sql": "CREATE TABLE x (id INT);\n"})
    assert run("apply").code == 0
    assert told(run) == []


def test_a_migration_that_fails_makes_no_drift(applied, run, shop, sql):
    text = "ALTER TABLE products ADD COLUMN stock INT;\nCREATE TABLE stocks (id INT);\nALTER TABLE nothing ADD x INT;\n"
    small_project.write(shop, {"sql/migrations/0004-stock.sql": text})
    assert run("apply").code == 3
    assert [line.split()[0] for line in told(run)] == ["stopped"]
    small_project.change(shop, "sql/migrations/0004-stock.sql", "nothing ADD x", "stocks ADD x")
    assert run("apply").code == 0
    assert told(run) == []


def test_a_baseline_notes_what_it_compared(run, shop, sql):
    run("apply")
    small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
    sql("ALTER TABLE products ADD COLUMN stock INT")
    assert len(told(run)) == 2
    assert run("baseline", "0003").code == 0
    assert told(run) == []


def test_a_database_of_an_older_version_says_that_its_tables_are_not_compared(applied, run, shop, sql):
    sql("DROP TABLE _learnhub_schema")
    last = run("status").out.splitlines()[-1]
    assert last == "not compared: rows, tables (not noted yet: the next apply that runs a migration notes them)"
    small_project.write(shop, {"sql/migrations/0004-x.sql": "CREATE TABLE x (id INT);\n"})
    assert run("apply").code == 0
    assert run("status").out.splitlines()[-1] == "not compared: rows"


def test_rights_that_the_account_may_not_see_are_said_not_to_be_compared(applied, modest, shop, capsys):
    from command_line import runner

    last = runner(modest, capsys, "--project", str(shop))("status").out.splitlines()[-1]
    assert last.startswith("not compared: rows, rights (the account may not see the rights of role_")


def test_partitions_that_a_job_keeps_are_not_told(run, shop, sql):
    small_project.write(
        shop,
        {
            "learnhub-db.toml": 'partitions_kept_by_jobs = ["hist"]\n',
            "sql/migrations/0003-hist.sql": "CREATE TABLE hist (id INT PRIMARY KEY) PARTITION BY RANGE (id) "
            "(PARTITION p0 VALUES LESS THAN (10));\n",
        },
    )
    run("apply")
    sql("ALTER TABLE hist ADD PARTITION (PARTITION p1 VALUES LESS THAN (20))")
    assert told(run) == []
    sql("ALTER TABLE hist REMOVE PARTITIONING")
    assert told(run) == ["drifted  table hist  verify shows how"]
