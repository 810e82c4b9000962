"""The command line as a person types it: options on both sides of the verb, mistakes, errors as text and as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import small_project
from command_line import Ran
from learnhub_db.cli import VERBS, main
from learnhub_db.commands.arguments import global_first
from learnhub_db.database import Target


@pytest.fixture
def typed(capsys: pytest.CaptureFixture[str]):
    """Run the command line with exactly these words."""

    def run(*words: str) -> Ran:
        capsys.readouterr()
        try:
            main([*words])
            code = 0
        except SystemExit as stop:
            code = stop.code
        return Ran(code, *capsys.readouterr())

    return run


def test_global_options_are_taken_behind_the_verb_too(typed, shop, empty_database):
    before = typed("--url", empty_database.url, "--project", str(shop), "--json", "status")
    behind = typed("status", "--json", f"--url={empty_database.url}", "--project", str(shop))
    assert before.code == behind.code == 0
    assert before.document == behind.document
    assert typed("status", "--url", "mysql://nobody@127.0.0.1:1/x", "--project", str(shop)).code == 4


def test_of_two_the_later_one_holds(typed, shop, empty_database):
    words = ("--url", "mysql://nobody@127.0.0.1:1/x", "--project", str(shop), "status", "--url", empty_database.url)
    assert typed(*words).code == 0


def test_what_follows_the_name_of_a_procedure_is_its_value():
    words = ["--debug", "call", "--json", "p", "--json", "--url", "x"]
    assert global_first(words, list(VERBS)) == ["--debug", "--json", "call", "p", "--json", "--url", "x"]
    assert global_first(["seed", "demo", "--", "--json"], list(VERBS)) == ["seed", "demo", "--", "--json"]


def test_the_version_is_told(typed):
    assert typed("--version").out == "learnhub-db 0.1.0\n"


@pytest.mark.parametrize(
    ("words", "err"),
    [
        (("aply",), "error: there is no verb aply\nhint: did you mean apply?\n"),
        (("stauts", "--json"), "error: there is no verb stauts\nhint: did you mean status?\n"),
        (("apply", "--prun"), "error: there is no option --prun\nhint: did you mean --prune?\n"),
        (("jobs", "lst"), "error: no such command 'lst'\nhint: did you mean 'list'?\n"),
        (("baseline",), "error: missing argument 'NNNN'\nhint: learnhub-db baseline --help\n"),
        (("rollback", "--steps", "x"), "error: invalid value for '--steps': 'x' is not a valid integer range\n"
         "hint: learnhub-db rollback --help\n"),
    ],
)
def test_a_mistake_is_told_in_two_lines_with_what_was_meant(typed, words, err):
    shown = typed(*words)
    assert (shown.code, shown.err) == (2, err)


def test_an_unknown_verb_without_a_near_one_lists_them(typed):
    assert typed("xyzzy").err == f"error: there is no verb xyzzy\nhint: known: {', '.join(VERBS)}\n"


@pytest.mark.parametrize(
    ("words", "code", "error"),
    [
        (("aply",), 2, {"code": "usage", "message": "there is no verb aply", "where": "", "hint": "did you mean apply?"}),
        (("baseline", "0009"), 2, {"code": "usage", "message": "there is no migration 0009", "where": "sql/migrations"}),
        (("call", "nothing"), 2, {"code": "usage"}),
        (("apply",), 3, {"code": "1146", "where": "sql/migrations/0003-bad.sql:1"}),
    ],
)
def test_an_error_is_one_json_document(run, shop, words, code, error):
    small_project.write(shop, {"sql/migrations/0003-bad.sql": "INSERT INTO nothing VALUES (1);\n"})
    shown = run("--json", *words)
    assert shown.code == code
    told = shown.document["error"]
    assert set(told) == {"code", "message", "where", "hint", "detail"}
    assert error.items() <= told.items()
    assert shown.err.startswith("error: ")


def test_a_connection_that_cannot_be_had_is_json_too(typed, shop):
    shown = typed("status", "--json", "--url", "mysql://nobody@127.0.0.1:1/x", "--project", str(shop))
    assert (shown.code, shown.document["error"]["code"]) == (4, "2003")


def test_a_verb_that_shows_its_findings_and_fails_prints_one_document(run, shop):
    run("apply")
    small_project.write(shop, {"sql/jobs/bad.sql": "-- Fails.\n-- every: 1 day\nCALL sell(NULL, NULL);\n"})
    shown = run("jobs", "run", "bad", "--json")
    assert shown.code == 3
    assert [one["result"] for one in shown.document["runs"]] == ["failed"]


class TestFromASubfolder:
    def start(self, folder: Path, target: Target, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "learnhub_db", "--url", target.url, *words]
        root = Path(__file__).parent.parent
        environment = os.environ | {"PYTHONPATH": str(root)}
        return subprocess.run(command, cwd=folder, env=environment, text=True, capture_output=True, check=False, timeout=60)

    def test_the_project_is_found_upwards(self, shop, empty_database):
        ran = self.start(shop / "procedures/sales", empty_database, "status", "--json")
        assert json.loads(ran.stdout)["counts"] == {"pending": 8}
        ran = self.start(shop / "procedures/sales", empty_database, "dump")
        assert (ran.returncode, (shop / "sql/schema.sql").is_file()) == (0, True)

    def test_the_nearest_one_counts(self, shop, empty_database):
        inner = small_project.write(shop / "examples/inner", {"sql/migrations/0001-x.sql": "CREATE TABLE x (id INT);\n"})
        ran = self.start(inner / "sql", empty_database, "status", "--json")
        assert json.loads(ran.stdout)["counts"] == {"pending": 1}

    def test_a_folder_of_no_project_is_an_error(self, tmp_path, empty_database):
        ran = self.start(tmp_path, empty_database, "apply")
        assert ran.returncode == 2
        assert ran.stderr == (
            f"error: there is no project here, nor in a folder above ({tmp_path})\n"
            "hint: change to the folder of one, or name it: --project DIR\n"
        )
