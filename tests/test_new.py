"""New writes the files of the next migration."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db.database import Target
from learnhub_db.project import Project


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(Target("127.0.0.1", 1, "nobody", "", "nowhere"), capsys, "--project", str(tmp_path))


def test_the_first_of_a_project(run, tmp_path):
    shown = run("new", "begin")
    assert (shown.code, shown.out) == (0, "sql/migrations/0001-begin.sql\nsql/migrations/0001-begin.rollback.sql\n")
    for path in shown.out.split():
        assert all(line.startswith("-- ") for line in (tmp_path / path).read_text(encoding="utf-8").splitlines())
    assert [file.stem for file in Project(tmp_path).migrations()] == ["0001-begin"]


def test_the_next_number_is_taken(run, tmp_path):
    small_project.write(tmp_path)
    assert run("--json", "new", "add-stock").document == {
        "paths": ["sql/migrations/0003-add-stock.sql", "sql/migrations/0003-add-stock.rollback.sql"]
    }
    assert run("new", "add-more").out.splitlines()[0] == "sql/migrations/0004-add-more.sql"


@pytest.mark.parametrize("name", ["Add", "add_stock", "add stock", "-a", "a--b", "../a", "a.sql", ""])
def test_a_bad_name_is_refused_and_nothing_written(run, tmp_path, name):
    shown = run("new", "--", name)
    assert shown.code == 2
    assert "the name cannot be used" in shown.err
    assert shown.err.endswith("write it in small letters, digits and single dashes\n")
    assert list(tmp_path.iterdir()) == []


def test_an_unwritten_migration_is_refused_by_apply(run, empty_database, tmp_path, capsys):
    run("new", "begin")
    shown = runner(empty_database, capsys, "--project", str(tmp_path))("apply")
    assert (shown.code, shown.err) == (
        2,
        "error: the migration holds no statement (sql/migrations/0001-begin.sql)\nhint: write one or remove the file\n",
    )
