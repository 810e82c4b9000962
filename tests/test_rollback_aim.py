"""How far a rollback goes, and what it refuses before anything is touched."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db import deployment
from learnhub_db.database import Target
from learnhub_db.project import Project

BACK = "sql/migrations/0002-t2.rollback.sql"
NUMBERED = {
    f"sql/migrations/000{number}-t{number}{ending}.sql": f"{verb} TABLE t{number}{columns};\n"
    for number in (1, 2, 3)
    for ending, verb, columns in (("", "CREATE", " (n INT)"), (".rollback", "DROP", ""))
}


@pytest.fixture
def run(tmp_path: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(empty_database, capsys, "--project", str(tmp_path))


class TestHowFar:
    @pytest.fixture(autouse=True)
    def applied(self, tmp_path: Path, empty_database: Target) -> None:
        """Three migrations, each with its own version of a procedure."""
        for number in (1, 2, 3):
            named = {path: text for path, text in NUMBERED.items() if f"t{number}" in path}
            text = f"CREATE PROCEDURE which() SELECT {number};\n"
            small_project.write(tmp_path, named | {"procedures/which.sql": text})
            deployment.apply(Project(tmp_path), empty_database)

    @pytest.mark.parametrize(
        ("words", "left"),
        [
            ((), 2),
            (("--steps", "2"), 1),
            (("--to", "0001"), 1),
            (("--to", "0003"), 3),
            (("--to", "0000"), 0),
            (("--steps", "3"), 0),
        ],
    )
    def test_the_programs_are_those_of_the_migration_that_is_left(self, run, sql, words, left):
        ran = run("rollback", *words)
        assert ran.code == 0
        assert [line.split()[1] for line in ran.out.splitlines() if line.startswith("undone")] == [
            f"sql/migrations/000{number}-t{number}.sql" for number in range(3, left, -1)
        ]
        assert sql("SHOW TABLES LIKE 't_'") == [(f"t{number}",) for number in range(1, left + 1)]
        found = sql("SELECT routine_definition FROM information_schema.routines WHERE routine_schema = DATABASE()")
        assert found == ([(f"SELECT {left}",)] if left else [])
        if left == 3:
            assert ran.out == "nothing to do\n"

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (("--to", "0007"), "error: migration 0007 is not applied (--to)\nhint: applied: 0001, 0002, 0003\n"),
            (("--steps", "4"), "error: only 3 migrations are applied (--steps)\nhint: applied: 0001, 0002, 0003\n"),
            (("--resume", "done"), "error: no rollback has stopped half-way (--resume)\nhint: rollback without it\n"),
        ],
    )
    def test_what_cannot_be_is_refused_with_what_can(self, run, words, message):
        ran = run("rollback", *words)
        assert (ran.code, ran.err) == (2, message)

    def test_two_ways_of_saying_it_are_one_too_many(self, run):
        assert run("rollback", "--to", "0001", "--steps", "1").code == 2

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (None, f"the migration has no rollback (sql/migrations/0002-t2.sql)\nhint: write {BACK}"),
            ("-- nothing yet\n", f"the rollback holds no statement ({BACK})\nhint: "),
            ("LOCK TABLES t2 WRITE;\n", f"the migration holds a LOCK ({BACK}:1)\nhint: "),
        ],
    )
    def test_one_without_a_way_back_is_refused_before_anything_is_touched(self, run, sql, tmp_path, text, message):
        path = tmp_path / BACK
        path.write_text(text) if text else path.unlink()
        ran = run("rollback", "--to", "0001")
        assert ran.code == 2
        assert ran.err.startswith(f"error: {message}")
        assert sql("SHOW TABLES LIKE 't_'") == [("t1",), ("t2",), ("t3",)]
        assert sql("SELECT * FROM _learnhub_journal") == []

    def test_a_migration_whose_file_is_gone_is_named(self, run, tmp_path):
        for path in (tmp_path / "sql/migrations").glob("0003*"):
            path.unlink()
        ran = run("rollback")
        assert (ran.code, ran.err) == (
            2,
            "error: an applied migration has no file (sql/migrations/0003-t3.sql)\nhint: restore it\n",
        )


def test_nothing_is_applied_means_nothing_to_go_back_from(run, tmp_path):
    small_project.write(tmp_path)
    ran = run("rollback")
    assert (ran.code, ran.err) == (2, "error: no migration is applied (--steps)\nhint: apply first\n")
