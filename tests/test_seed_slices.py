"""learnhub-db seed: files applied slice by slice, by the parameters that a seed declares."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path

import pytest

from command_line import Ran, Run, runner
from learnhub_db.database import Target
from seed_projects import Ask, Write, connection_that_runs, start, writer

DECLARED = """
[parameters]
people = 25
until = 2026-01-01

[sizes]
small = {}
large = { people = 70, until = 2027-01-01 }
"""
SLICED = """-- slices of 10: people
INSERT INTO people
WITH RECURSIVE n (id) AS (SELECT {{ first }} UNION ALL SELECT id + 1 FROM n WHERE id < {{ last }})
SELECT id, 'until {{ until }}' FROM n
"""
SLOW = SLICED.replace("'until {{ until }}'", "SLEEP(0.02)")


@pytest.fixture
def ask(sql: Ask) -> Ask:
    """Run one statement on a database that has the table people and return its rows."""
    sql("CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40))")
    return sql


@pytest.fixture
def write(tmp_path: Path) -> Write:
    write = writer(tmp_path)
    write("seed.toml", DECLARED)
    return write


@pytest.fixture
def seed(empty_database: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    run = runner(empty_database, capsys, "--project", str(tmp_path))
    return lambda *words: run("seed", "demo", *words)


def test_a_file_with_slices_is_applied_in_a_transaction_each_and_told_once(ask, write, seed):
    ask("CREATE TABLE seen (id INT PRIMARY KEY AUTO_INCREMENT, transaction_began DATETIME(6))")
    write("10.sql.j2", f"{SLICED};\nINSERT INTO seen (transaction_began) SELECT trx_started FROM"
          " information_schema.innodb_trx WHERE trx_mysql_thread_id = CONNECTION_ID()")  # fmt: skip
    ran = seed()
    assert ran.out.startswith("applied sql/seeds/demo/10.sql.j2\n28 rows in ")
    assert ask("SELECT COUNT(*), MIN(id), MAX(id), MIN(name), MAX(name) FROM people") == [
        (25, 1, 25, "until 2026-01-01", "until 2026-01-01")
    ]
    assert ask("SELECT COUNT(*) FROM seen") == [(3,)]
    assert seed() == Ran(0, "nothing to do: demo is in place\n", "")


def test_the_end_says_how_much_how_fast_and_what_the_binary_log_took(ask, write, seed):
    write("10.sql.j2", SLICED)
    last = seed().out.splitlines()[-1]
    told = r"25 rows in [\d.]+ s, [\d,]+ a second; growth of the binary log: (?P<size>[\d.]+ MB|unknown: .*)"
    log_is_on = ask("SELECT @@log_bin") == [(1,)]
    assert (re.fullmatch(told, last)["size"].endswith("MB")) == log_is_on


def test_a_size_and_single_settings_are_taken_and_the_setting_wins(ask, write, seed):
    write("10.sql.j2", SLICED)
    seed("--size", "large", "--set", "people=31")
    assert ask("SELECT COUNT(*), MAX(name) FROM people") == [(31, "until 2027-01-01")]


def test_json_tells_the_parameters_the_rows_and_the_time(ask, write, empty_database, tmp_path, capsys):
    write("10.sql.j2", SLICED)
    run = runner(empty_database, capsys, "--json", "--project", str(tmp_path))
    document = run("seed", "demo", "--set", "people=12").document
    assert document["parameters"] == {"people": 12, "until": "2026-01-01"}
    assert (document["rows"], document["applied"]) == (12, ["10.sql.j2"])
    assert document["seconds"] > 0
    assert set(document) == {"seed", "parameters", "applied", "skipped", "rows", "seconds", "binlog_bytes"}


@pytest.mark.parametrize(
    "words, error",
    [
        (["--size", "huge"], "there is no size huge (sql/seeds/demo/seed.toml)\nhint: known: small, large"),
        (["--set", "dogs=3"], "there is no parameter dogs (sql/seeds/demo/seed.toml)\nhint: known: people, until"),
        (["--set", "people=many"], "people=many cannot be read (--set)\nhint: a value like people=25"),
        (["--set", "until=tomorrow"], "until=tomorrow cannot be read (--set)\nhint: a value like until=2026-01-01"),
        (["--set", "people"], "people= cannot be read (--set)\nhint: a value like people=25"),
        (["--set", "people=0"], "people = 0 is neither a whole number above 0 nor a date (--set)"),
    ],
)
def test_what_is_not_declared_is_refused(ask, write, seed, words, error):
    write("10.sql.j2", SLICED)
    assert seed(*words) == Ran(2, "", f"error: {error}\n")
    assert ask("SELECT * FROM people") == []


@pytest.mark.parametrize(
    "declared, error",
    [
        (
            "[parameters",
            "the file cannot be read (Expected ']' at the end of a table declaration (at end of document)) ({})",
        ),
        ("[parameter]\na = 1", "parameter means nothing here ({})\nhint: known: parameters, sizes"),
        ("[parameters]\na = 'x'", "a = x is neither a whole number above 0 nor a date ({})"),
        ("[parameters]\na = 1\n[sizes]\ns = { b = 1 }", "a size sets b ({})\nhint: declare it under [parameters]"),
        (
            "[parameters]\na = 1\n[sizes]\ns = { a = 2026-01-01 }",
            "a = 2026-01-01 is of another kind than its default ({})",
        ),
        ("[parameters]\nseed = 1", "seed cannot be a parameter ({})\nhint: templates know seed, database, first, last anyway"),
    ],
)
def test_a_declaration_that_cannot_be_one_is_told(ask, write, seed, declared, error):
    write("seed.toml", declared)
    write("10.sql", "DO 1")
    assert seed() == Ran(2, "", f"error: {error.format('sql/seeds/demo/seed.toml')}\n")


def test_a_seed_without_a_declaration_takes_no_parameters(ask, tmp_path, seed):
    writer(tmp_path)("10.sql", "DO 1")
    assert seed("--size", "s").err == "error: there is no size s (sql/seeds/demo/seed.toml)\nhint: known: none\n"


def test_a_process_killed_between_two_slices_goes_on_with_the_next(ask, write, empty_database, tmp_path, seed):
    write("10.sql.j2", SLOW)
    process = start(empty_database, tmp_path)
    while not ask("SELECT 1 FROM people LIMIT 1"):
        assert process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    first = set(ask("SELECT id FROM people"))
    assert len(first) in (10, 20)
    assert ask("SELECT file, done FROM _learnhub_seed_slices") == [("10.sql.j2", len(first) // 10)]
    assert "applied sql/seeds/demo/10.sql.j2\n" in seed().out
    assert ask("SELECT COUNT(*) FROM people") == [(25,)]
    assert ask("SELECT COUNT(*) FROM _learnhub_seed_slices") == [(0,)]


def test_a_slice_that_fails_leaves_those_before_it_and_names_its_line(ask, write, seed):
    ask("INSERT INTO people VALUES (15, 'in the way')")
    write("10.sql.j2", SLICED)
    ran = seed()
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(
        "error: 1062: Duplicate entry '15' for key 'people.PRIMARY' (sql/seeds/demo/10.sql.j2 (rendered):2)\n"
    )
    assert ask("SELECT COUNT(*) FROM people") == [(11,)]
    ask("DELETE FROM people WHERE id = 15")
    assert seed().code == 0
    assert ask("SELECT COUNT(*) FROM people") == [(25,)]


def test_going_on_with_other_parameters_or_files_is_refused(ask, write, seed):
    ask("INSERT INTO people VALUES (15, 'in the way')")
    write("10.sql.j2", SLICED)
    assert seed("--set", "people=40").code == 3
    ran = seed()
    assert (ran.code, ran.err) == (
        2,
        "error: the seed was begun with other parameters (sql/seeds/demo)\nhint: go on with --set people=40, or begin with a fresh database\n",
    )
    write("10.sql.j2", SLICED + " LIMIT 5")
    assert seed("--set", "people=40").err == (
        "error: the seed file was changed after it had been applied (sql/seeds/demo/10.sql.j2)\nhint: put the change into a new file, or begin with a fresh database\n"
    )
    assert ask("SELECT COUNT(*) FROM people") == [(11,)]


def test_templates_import_what_they_share_and_a_change_of_it_is_noticed(ask, write, seed):
    write("names.j2", "{% macro name(n) %}CONCAT('{{ until }} ', {{ n }}){% endmacro %}")
    import_names = "{% import 'names.j2' as names with context %}"
    write("10.sql.j2", import_names + "INSERT INTO people VALUES (1, {{ names.name(7) }})")
    assert seed().out == "applied sql/seeds/demo/10.sql.j2\n"
    assert ask("SELECT name FROM people") == [("2026-01-01 7",)]
    write("names.j2", "{% macro name(n) %}'Ada'{% endmacro %}")
    assert seed().err.startswith("error: the seed file was changed after it had been applied (sql/seeds/demo/10.sql.j2)")


@pytest.mark.parametrize(
    "shared, error",
    [
        ("\n{{ 1 / 0 }}", "the template fails (division by zero) ({}:2)"),
        ("\n\n{{ refuse('too few people') }}", "the template fails (too few people) ({}:3)"),
        ("\n{% if %}", "the template cannot be read (Expected an expression, got 'end of statement block') ({}:2)"),
    ],
)
def test_what_fails_in_an_imported_template_is_told_there(ask, write, seed, shared, error):
    write("names.j2", shared)
    write("10.sql.j2", "{% import 'names.j2' as names with context %}DO 1")
    assert seed() == Ran(2, "", f"error: {error.format('sql/seeds/demo/names.j2')}\n")


def test_slices_of_nothing_are_one_with_no_number_in_it(ask, write, seed):
    insert = "INSERT INTO people SELECT 1, 'x' FROM DUAL WHERE {{ first }} <= {{ last }}"
    write("10.sql.j2", f"-- slices of 10: people // 100\n{insert}")
    assert seed().code == 0
    assert ask("SELECT * FROM people") == []


@pytest.mark.parametrize(
    "text, error",
    [
        (
            "-- slices of 10: dogs\nDO {{ first }}",
            "the template fails ('dogs' is undefined) ({}:1)\nhint: known: seed, database, people, until",
        ),
        ("DO 1;\n-- slices of 10: people //\nDO {{ first }}", "the template cannot be read (unexpected ')') ({}:2)"),
        ("DO {{ first }}", "the template fails ('first' is undefined) ({}:1)\nhint: known: seed, database, people, until"),
        ("\n{{ refuse('too few people') }}", "the template fails (too few people) ({}:2)"),
    ],
)
def test_slices_and_refusals_of_a_template_are_told_at_their_line(ask, write, seed, text, error):
    write("10.sql.j2", text)
    assert seed() == Ran(2, "", f"error: {error.format('sql/seeds/demo/10.sql.j2')}\n")


def test_a_file_that_commits_as_it_goes_may_call_what_commits(ask, write, seed):
    ask("CREATE PROCEDURE commits() BEGIN START TRANSACTION; INSERT INTO people VALUES (2, 'Bo'); COMMIT; END")
    write("10.sql", "-- commits as it goes\nCALL commits();\nREPLACE INTO people VALUES (3, 'Cy')")
    assert seed() == Ran(0, "applied sql/seeds/demo/10.sql\n", "")
    assert ask("SELECT id FROM people") == [(2,), (3,)]


def test_of_two_seeds_at_once_the_second_waits_and_finds_nothing_to_do(ask, write, empty_database, tmp_path):
    write("10.sql.j2", SLOW)
    write("20.sql", "DO SLEEP(3)")
    first = start(empty_database, tmp_path)
    connection_that_runs(ask, "DO SLEEP")
    second = start(empty_database, tmp_path)
    connection_that_runs(ask, "SELECT GET_LOCK")
    answers = [json.loads(process.communicate(timeout=30)[0]) for process in (first, second)]
    assert [answer["rows"] for answer in answers] == [25, 0]
    assert ask("SELECT COUNT(*) FROM people") == [(25,)]
