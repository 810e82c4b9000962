"""A first apply on a database that is not empty is refused; so is a plan told; a refusal leaves no table behind."""

from __future__ import annotations

import pytest

import small_project
from command_line import Run
from learnhub_db import deployment, history
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project

HINT = (
    "baseline NNNN, where it is what the files up to NNNN build; "
    "else apply --adopt, which leaves in place what is there"
)


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("CREATE TABLE old (id INT)", "table"),
        ("CREATE VIEW old AS SELECT 1", "view"),
        ("CREATE PROCEDURE old() DO 0", "procedure"),
        ("CREATE FUNCTION old() RETURNS INT DETERMINISTIC RETURN 1", "function"),
        ("CREATE EVENT old ON SCHEDULE EVERY 1 DAY DISABLE DO DO 0", "event"),
    ],
)
def test_what_is_there_is_named_and_nothing_runs(run: Run, empty_database: Target, sql, statement, kind):
    sql(statement)
    before = sql("SHOW TABLES")
    refused = run("apply")
    assert (refused.code, refused.out) == (2, "")
    assert refused.err == (
        f"error: the database has no history and is not empty: {kind} old ({empty_database.database})\nhint: {HINT}\n"
    )
    assert sql("SHOW TABLES") == before


def test_a_few_are_named_and_the_others_counted(run: Run, empty_database: Target, sql):
    for number in range(7):
        sql(f"CREATE TABLE t{number} (id INT)")
    sql("CREATE TRIGGER g BEFORE INSERT ON t0 FOR EACH ROW SET NEW.id = 1")
    named = "table t0, table t1, table t2, table t3, table t4 and 3 more"
    assert f"is not empty: {named} (" in run("apply").err


def test_with_adopt_apply_goes_on_with_what_is_there(run: Run, shop, sql):
    sql("CREATE TABLE old (id INT)")
    assert run("apply", "--adopt").code == 0
    assert run("apply").out == "nothing to do\n"
    assert sql("SHOW TABLES LIKE 'old'") == [("old",)]


def test_plan_says_what_apply_asks_for(run: Run, sql):
    sql("CREATE TABLE old (id INT)")
    planned = run("plan")
    assert planned.code == 1
    assert "the database has no history and is not empty: table old" in planned.out
    assert planned.out.splitlines()[-1] == "apply with: learnhub-db apply --adopt"


def test_what_a_first_apply_has_begun_is_a_history(run: Run, shop, sql):
    small_project.change(shop, "sql/migrations/0001-products.sql", "INSERT INTO products", "INSERT INTO nowhere")
    assert run("apply").code == 3
    small_project.change(shop, "sql/migrations/0001-products.sql", "INSERT INTO nowhere", "INSERT INTO products")
    assert run("apply").code == 0


def test_what_yoyo_has_migrated_has_a_history(run: Run, shop, empty_database: Target, sql):
    assert run("apply").code == 0
    for (table,) in sql("SHOW TABLES LIKE '\\_learnhub%'"):
        sql(f"DROP TABLE {table}")
    assert run("apply").code == 0


def test_tables_that_a_killed_run_left_empty_are_no_history(run: Run, empty_database: Target, sql):
    with connect(empty_database) as connection:
        history.prepare(connection, history.read(connection))
    assert run("apply").code == 0


def test_and_beside_others_they_are_none_either(run: Run, empty_database: Target, sql):
    with connect(empty_database) as connection:
        history.prepare(connection, history.read(connection))
    sql("CREATE TABLE old (id INT)")
    assert "is not empty: table old (" in run("apply").err


def test_what_the_account_may_not_see_is_not_taken_for_nothing(server, shop, modest: Target, sql):
    with connect(server) as connection:
        rows(connection, f"REVOKE SELECT ON {modest.database}.* FROM {modest.user}@'%'")
    with pytest.raises(DatabaseRefused) as refused:
        deployment.apply(Project(shop), modest)
    assert refused.value.what == "the account may not see every table"
    assert refused.value.hint.startswith("GRANT SELECT ON ") and refused.value.hint.endswith("; or apply --adopt")


REFUSED = [
    ({"sql/migrations/0001-products.sql": "CREATE TABLE"}, ["apply"]),
    ({"sql/migrations/0001-products.sql": "-- nothing\n"}, ["apply"]),
    ({"sql/migrations/0001-products.sql": "-- depends: 0009-none\nDO 0;\n"}, ["apply"]),
    ({"sql/migrations/0004-gap.sql": "DO 0;\n"}, ["apply"]),
    ({"sql/migrations/0002-sales.sql": "-- nothing\n"}, ["apply"]),
    ({"learnhub-db.toml": "owner = 'nobody_at_all@localhost'\n"}, ["apply"]),
    ({"procedures/sales/sell.sql": "CREATE VIEW sell AS SELECT 1;\n"}, ["apply"]),
    ({}, ["apply", "--resume", "again"]),
    ({}, ["baseline", "0002"]),
    ({}, ["baseline", "0009"]),
    ({}, ["baseline", "0002", "--squash"]),
    ({}, ["rollback"]),
    ({}, ["rollback", "--resume", "again"]),
]


@pytest.mark.parametrize(("files", "words"), REFUSED)
def test_a_refusal_leaves_no_table_behind(run: Run, shop, sql, files, words):
    small_project.write(shop, files)
    assert run(*words).code != 0
    assert sql("SHOW TABLES") == []


def test_a_program_that_does_not_compile_leaves_no_table_behind(run: Run, shop, sql):
    for path in (shop / "sql/migrations").iterdir():
        path.unlink()
    for folder in ("views", "triggers", "sql/events"):
        for path in (shop / folder).iterdir():
            path.unlink()
    (shop / "procedures/sales/with_tax.sql").unlink()
    small_project.write(shop, {"procedures/sales/sell.sql": "CREATE PROCEDURE sell() SELECT FROM;\n"})
    assert run("apply").code == 3
    assert sql("SHOW TABLES") == []


def test_a_lock_that_is_not_got_leaves_no_table_behind(run: Run, empty_database: Target, sql):
    with connect(empty_database) as other:
        rows(other, "SELECT GET_LOCK(%s, 0)", (f"learnhub_db {empty_database.database}",))
        assert run("apply", "--lock-timeout", "0.2").code == 3
    assert sql("SHOW TABLES") == []
