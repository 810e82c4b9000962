"""The way back: migrations by their own files, programs to what they were with the migration that is the last then."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db import deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from test_apply import yoyo_list

SELL = "procedures/sales/sell.sql"
AHEAD = "the files are ahead of the database now: apply brings it forward to them again"
NOTE, BACK = "sql/migrations/0003-note.sql", "sql/migrations/0003-note.rollback.sql"
LATER = {
    NOTE: "ALTER TABLE sales ADD COLUMN note INT;\nINSERT INTO sales (product_id, sold, note) VALUES (1, 2, 3);\n",
    BACK: "DELETE FROM sales WHERE note = 3;\nALTER TABLE sales DROP COLUMN note;\n",
    "views/notes.sql": "CREATE VIEW notes AS SELECT note FROM sales;\n",
    "views/Upper.sql": "CREATE VIEW Upper AS SELECT note FROM sales;\n",
    "procedures/add_note.sql": "CREATE PROCEDURE add_note(IN p INT) UPDATE sales SET note = p;\n",
}
CHANGES = {
    SELL: ("one row", "a row"),
    "procedures/sales/with_tax.sql": ("1.2", "1.3"),
    "views/prices.sql": ("SELECT name", "SELECT UPPER(name) AS name"),
    "triggers/audit_sale.sql": ("(NEW.id)", "(-NEW.note)"),
    "sql/events/forget.sql": ("1 DAY", "2 DAY"),
}
PROGRAMS = """
    SELECT routine_name, routine_definition, definer FROM information_schema.routines
        WHERE routine_schema = DATABASE()
    UNION SELECT trigger_name, action_statement, action_order FROM information_schema.triggers
        WHERE trigger_schema = DATABASE()
    UNION SELECT table_name, view_definition, definer FROM information_schema.views WHERE table_schema = DATABASE()
    UNION SELECT event_name, CONCAT(event_definition, interval_value), status FROM information_schema.events
        WHERE event_schema = DATABASE() ORDER BY 1
"""
Sql = Callable[[str], list[tuple]]


@pytest.fixture
def run(tmp_path: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(empty_database, capsys, "--project", str(tmp_path))


@pytest.fixture
def later(tmp_path: Path, empty_database: Target, sql: Sql) -> list[tuple]:
    """A shop whose third migration came with changes of all its programs and with new ones; what they were before."""
    small_project.write(tmp_path)
    deployment.apply(Project(tmp_path), empty_database)
    before = sql(PROGRAMS)
    small_project.write(tmp_path, LATER)
    for path, change in CHANGES.items():
        small_project.change(tmp_path, path, *change)
    deployment.apply(Project(tmp_path), empty_database)
    return before


def acts(ran) -> list[str]:
    assert ran.code == 0, ran.err
    return [line.split(" (")[0] for line in ran.out.splitlines()]


class TestOneStep:
    def test_the_schema_and_every_program_are_what_they_were(self, later, run, sql):
        assert acts(run("rollback")) == [
            f"undone {NOTE}",
            "replaced function with_tax",
            "replaced procedure sell",
            "replaced view prices",
            "replaced trigger audit_sale",
            "replaced event forget",
            "dropped view notes",
            "dropped view Upper",
            "dropped procedure add_note",
            AHEAD,
        ]
        assert sql(PROGRAMS) == later
        assert sql("SHOW COLUMNS FROM sales LIKE 'note'") == []
        assert sql("SELECT sold FROM sales") == []
        assert sql("SELECT * FROM _learnhub_journal") == []

    def test_the_next_apply_goes_forward_to_the_files_again(self, later, run, sql):
        now = sql(PROGRAMS)
        run("rollback")
        assert run("apply").out.startswith(f"applied {NOTE} (2 statements, ")
        assert sql(PROGRAMS) == now
        assert run("apply").out == "nothing to do\n"
        run("rollback")
        assert sql(PROGRAMS) == later

    def test_yoyo_shows_it_as_not_applied(self, later, run, tmp_path, empty_database, sql):
        run("rollback")
        shown = yoyo_list(tmp_path, empty_database.url)
        assert shown == [["A", "0001-products"], ["A", "0002-sales"], ["U", "0003-note"]]
        operations = sql("SELECT operation FROM _yoyo_log WHERE migration_id = '0003-note' ORDER BY 1")
        assert operations == [("apply",), ("rollback",)]
        assert sql("SELECT id FROM _learnhub_migrations ORDER BY id") == [("0001-products",), ("0002-sales",)]

    def test_json_tells_the_acts_and_what_comes_next(self, later, tmp_path, empty_database, capsys):
        document = runner(empty_database, capsys, "--project", str(tmp_path), "--json")("rollback").document
        assert "undone" in [act["verb"] for act in document["acts"]]
        assert document["note"] == AHEAD

    def test_what_somebody_changed_by_hand_is_kept_and_told(self, later, run, sql):
        sql("DROP FUNCTION with_tax")
        sql("CREATE FUNCTION with_tax(p INT) RETURNS INT DETERMINISTIC RETURN 5")
        told = "replaced function with_tax (what somebody had made of it is kept in _learnhub_history)"
        assert told in run("rollback").out
        assert sql(PROGRAMS) == later

    def test_an_event_stays_as_operations_have_switched_it(self, later, run, sql):
        sql("ALTER EVENT forget ENABLE")
        run("rollback")
        found = sql("SELECT status, interval_value FROM information_schema.events WHERE event_schema = DATABASE()")
        assert found == [("ENABLED", "1")]

    def test_a_pruned_program_is_there_again(self, later, run, sql, tmp_path):
        (tmp_path / SELL).unlink()
        assert run("apply", "--prune").out == "pruned procedure sell\n"
        assert "created procedure sell" in acts(run("rollback"))
        assert sql(PROGRAMS) == later

    def test_rights_stay_and_those_that_go_with_a_program_are_told(self, later, run, sql):
        role = f"t_{secrets.token_hex(5)}"
        sql(f"CREATE ROLE {role}")
        try:
            sql(f"GRANT EXECUTE ON PROCEDURE sell TO {role}")
            sql(f"GRANT EXECUTE ON PROCEDURE add_note TO {role}")
            out = run("rollback").out
            gone = f"with it went: GRANT Execute ON PROCEDURE `add_note` TO `{role}`@`%`"
            assert f"dropped procedure add_note ({gone})\n" in out
            assert sql(f"SELECT routine_name FROM mysql.procs_priv WHERE user = '{role}'") == [("sell",)]
        finally:
            sql(f"DROP ROLE {role}")

    @pytest.mark.parametrize(
        ("mode", "verb", "left"), [("@@sql_mode", "replaced", "'of somebody'"), ("''", "left", "'of ours'")]
    )
    def test_what_was_there_before_the_toolkit_is_there_again(
        self, tmp_path, run, empty_database, sql, mode, verb, left
    ):
        with connect(empty_database) as connection:
            rows(connection, f"SET sql_mode = {mode}")
            rows(connection, "CREATE PROCEDURE sell() SELECT 'of somebody'")
        text = "CREATE PROCEDURE sell() SELECT 'of ours';"
        files = {path.replace("0003", "0001"): "DO 1;\n" for path in (NOTE, BACK)}
        small_project.write(tmp_path, files | {"procedures/sell.sql": text})
        run("apply", "--adopt")
        assert acts(run("rollback")) == ["undone sql/migrations/0001-note.sql", f"{verb} procedure sell", AHEAD]
        found = sql("SELECT routine_definition FROM information_schema.routines WHERE routine_schema = DATABASE()")
        assert found == [(f"SELECT {left}",)]


class TestOneThatFails:
    """It stays as it is until the next rollback: nothing is applied again behind anybody's back."""

    def test_at_its_first_statement_it_has_changed_nothing(self, later, run, sql, tmp_path):
        now = sql(PROGRAMS)
        small_project.write(tmp_path, {BACK: "ALTER TABLE sales DROP COLUMN nix;\n"})
        ran = run("rollback")
        assert ran.code == 3
        assert ran.err.startswith(f"error: 1091: Can't DROP 'nix'; check that column/key exists ({BACK}:1)\n")
        assert sql(PROGRAMS) == now
        assert sql("SELECT * FROM _learnhub_journal") == []
        assert run("apply").out == "nothing to do\n"

    def test_that_holds_for_rows_too(self, later, run, sql, tmp_path):
        small_project.write(tmp_path, {BACK: "INSERT INTO sales (id) VALUES (NULL);\n"})
        ran = run("rollback")
        assert (ran.code, ran.err.splitlines()[0]) == (
            3,
            f"error: 1364: Field 'product_id' doesn't have a default value ({BACK}:1)",
        )
        assert sql("SELECT * FROM _learnhub_journal") == []
        assert run("apply").out == "nothing to do\n"

    def test_later_it_is_finished_by_the_next_rollback_and_until_then_apply_is_refused(
        self, later, run, sql, tmp_path
    ):
        now = sql(PROGRAMS)
        small_project.write(tmp_path, {BACK: LATER[BACK] + "DROP TABLE nix;\n"})
        ran = run("rollback")
        assert ran.code == 3
        assert "the 2 statements before it are done and stay: fix the rest of the file, then rollback again" in ran.err
        assert sql(PROGRAMS) == now
        assert sql("SHOW COLUMNS FROM sales LIKE 'note'") == []
        refused = run("apply")
        what = "error: a rollback of 0003-note has stopped half-way\nhint: finish it: rollback\n"
        assert (refused.code, refused.err) == (3, what)
        assert run("plan").err == what
        stopped = f"stopped  rollback 0003-note  {NOTE} finish it: rollback\n"
        assert run("status").out.startswith(stopped)
        small_project.write(tmp_path, {BACK: LATER[BACK]})
        assert run("rollback", "--to", "0003").err == (
            "error: a rollback of 0003-note has stopped half-way (--to)\nhint: finish it first: rollback\n"
        )
        assert run("rollback").out.startswith(f"undone {NOTE} (from statement 3 of 2 on, ")
        assert sql(PROGRAMS) == later
        assert run("apply").code == 0
        assert sql(PROGRAMS) == now

    def test_a_statement_can_be_passed_over(self, later, run, sql, tmp_path):
        small_project.write(tmp_path, {BACK: LATER[BACK] + "DROP TABLE nix;\n"})
        run("rollback")
        assert run("rollback", "--resume", "skip").code == 0
        assert sql(PROGRAMS) == later

    def test_a_migration_that_stopped_half_way_is_finished_first(self, later, run, tmp_path):
        small_project.write(tmp_path, {"sql/migrations/0004-x.sql": "CREATE TABLE x (n INT);\nDROP TABLE nix;\n"})
        run("apply")
        ran = run("rollback")
        line = "error: the migration has stopped half-way (sql/migrations/0004-x.sql)\nhint: finish it first: apply\n"
        assert (ran.code, ran.err) == (3, line)


def test_a_program_that_another_account_made_again_as_it_was_stops_no_rollback(
    shop, run, server, empty_database, capsys
):
    small_project.write(shop, {name: text for name, text in LATER.items() if name.startswith("sql/")})
    assert run("apply").code == 0
    other = f"t_{secrets.token_hex(5)}"
    with connect(server) as connection:
        rows(connection, f"CREATE USER {other} IDENTIFIED BY 'x'")
        rows(connection, f"GRANT ALL ON *.* TO {other} WITH GRANT OPTION")
        target = replace(empty_database, user=other, password="x")
        with connect(target) as theirs:
            rows(theirs, "DROP FUNCTION with_tax")
            rows(theirs, (shop / "procedures/sales/with_tax.sql").read_text().strip().rstrip(";"))
        assert runner(target, capsys, "--project", str(shop))("apply").code == 0
        undone = run("rollback")
        rows(connection, f"DROP USER {other}")
    assert (undone.code, undone.err) == (0, "")
    assert undone.out.startswith(f"undone {NOTE}")
