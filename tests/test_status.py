"""Status says how files and database stand to each other, and only reads."""

from __future__ import annotations

import pytest

import small_project
from command_line import Run, runner
from learnhub_db import deployment
from learnhub_db.database import connect, rows
from learnhub_db.project import Project


@pytest.fixture
def run(shop, empty_database, capsys) -> Run:
    return runner(empty_database, capsys, "--project", str(shop))


def test_all_is_pending_in_an_empty_database_and_stays_so(run, empty_database):
    shown = run("status")
    assert shown.code == 0
    assert shown.out.splitlines()[0] == "pending  migration 0001-products  sql/migrations/0001-products.sql"
    assert shown.out.splitlines()[-2:] == ["8 pending", "not compared: rows"]
    with connect(empty_database) as connection:
        assert rows(connection, "SHOW TABLES") == []


def test_all_is_applied_after_an_apply(run):
    assert run("apply").code == 0
    shown = run("status")
    assert (shown.code, shown.out) == (0, "8 applied\nnot compared: rows\n")


def test_what_the_account_may_not_see_is_not_called_pending(run, shop, modest, capsys, server, empty_database):
    assert run("apply").code == 0
    with connect(server) as connection:
        rows(connection, f"REVOKE ALL ON {empty_database.database}.* FROM {modest.user}@'%'")
        rows(connection, f"GRANT CREATE ROUTINE ON {empty_database.database}.* TO {modest.user}@'%'")
    shown = runner(modest, capsys, "--project", str(shop))("status")
    name = empty_database.database
    mend = f"GRANT SELECT ON `{name}`.* TO `{modest.user}`@`%`"
    assert (shown.code, shown.err) == (3, f"error: the account may not see every table ({name})\nhint: {mend}\n")


def test_each_state_is_told_with_its_file(run, shop, empty_database):
    run("apply")
    small_project.change(shop, "sql/migrations/0001-products.sql", "4.50", "4.55")
    small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
    small_project.change(shop, "procedures/sales/sell.sql", "one row", "a row")
    (shop / "sql/events/forget.sql").unlink()
    with connect(empty_database) as connection:
        rows(connection, "DROP VIEW a_summary")
    assert run("status").out.splitlines() == [
        "changed  migration 0001-products  sql/migrations/0001-products.sql",
        "pending  migration 0003-stock  sql/migrations/0003-stock.sql",
        "changed  procedure sell  procedures/sales/sell.sql",
        "missing  view a_summary  views/a_summary.sql",
        "orphaned event forget  sql/events/forget.sql",
        "2 changed, 4 applied, 1 pending, 1 missing, 1 orphaned",
        "not compared: rows",
    ]


def test_json_holds_counts_and_files(run):
    run("apply")
    document = run("--json", "status").document
    assert document["counts"] == {"applied": 8}
    assert document["files"][3] == {
        "state": "applied",
        "kind": "procedure",
        "name": "sell",
        "path": "procedures/sales/sell.sql",
        "note": "",
    }


def test_a_migration_that_stopped_is_told_with_its_place(run, shop):
    text = "CREATE TABLE a (id INT);\nINSERT INTO a VALUES (1);\n\nINSERT INTO b VALUES (1);\nDO 1;\n"
    small_project.write(shop, {"sql/migrations/0003-a.sql": text})
    assert run("apply").code == 3
    assert run("status").out.splitlines()[0] == (
        "stopped  migration 0003-a  sql/migrations/0003-a.sql at statement 3 of 4 (line 4)"
    )
    stopped = run("--json", "status").document["files"][2]
    assert (stopped["state"], stopped["note"]) == ("stopped", "at statement 3 of 4 (line 4)")


def test_apply_tells_its_acts_and_then_nothing_to_do(run):
    first = run("apply")
    assert first.code == 0
    assert first.out.splitlines()[-1] == "created event forget"
    assert run("apply").out == "nothing to do\n"
    assert run("--json", "apply").document == {"acts": []}


def test_apply_tells_its_acts_as_json(run, shop):
    run("apply")
    small_project.change(shop, "procedures/sales/sell.sql", "one row", "a row")
    assert run("--json", "apply").document == {"acts": [{"verb": "replaced", "what": "procedure sell", "note": ""}]}


def test_what_another_yoyo_applied_counts_as_applied(run, shop, empty_database):
    deployment.apply(Project(shop), empty_database)
    with connect(empty_database) as connection:
        rows(connection, "DELETE FROM _learnhub_migrations")
    assert run("status").out == "8 applied\nnot compared: rows\n"
    assert run("apply").out == "nothing to do\n"
