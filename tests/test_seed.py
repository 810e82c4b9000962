"""learnhub-db seed: each file once, as a whole, whatever happens in the middle."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from command_line import Ran, Run, runner
from learnhub_db.database import Target
from seed_projects import connection_that_runs, start, writer

Ask = Callable[[str], list[tuple]]


@pytest.fixture
def ask(sql: Ask) -> Ask:
    """Run one statement on a database that has the table people and return its rows."""
    sql("CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40))")
    return sql


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], None]:
    """Write a file of the seed `demo`."""
    return writer(tmp_path)


@pytest.fixture
def seed(empty_database: Target, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    run = runner(empty_database, capsys, "--project", str(tmp_path))
    return lambda *words: run("seed", *(words or ("demo",)))


def test_files_are_applied_in_order_once_and_a_repeat_changes_nothing(ask, write, seed):
    write("0020-names.sql", "UPDATE people SET name = CONCAT(name, '!');")
    write("0010-people.sql", "INSERT INTO people VALUES (1, 'Ada');\r\nINSERT INTO people VALUES (2, '50% 😀')")
    write("notes.txt", "not SQL")
    assert seed().out == "applied sql/seeds/demo/0010-people.sql\napplied sql/seeds/demo/0020-names.sql\n"
    rows = ask("SELECT * FROM people ORDER BY id")
    assert rows == [(1, "Ada!"), (2, "50% 😀!")]
    assert seed() == Ran(0, "nothing to do: demo is in place\n", "")
    assert ask("SELECT * FROM people ORDER BY id") == rows


def test_the_bookkeeping_says_what_is_in_place_since_when(ask, write, seed):
    write("0010.sql", "SET time_zone = '+12:00'; DO 1")
    seed()
    assert ask(
        "SELECT seed, file, digest = SHA2('SET time_zone = ''+12:00''; DO 1', 256),"
        " applied_at BETWEEN UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE AND UTC_TIMESTAMP(6) FROM _learnhub_seeds"
    ) == [("demo", "0010.sql", 1, 1)]


def test_what_a_file_sets_does_not_reach_the_next_file(ask, write, seed):
    write("0010.sql", "SET time_zone = '+12:00', sql_mode = ''")
    write("0020.sql", "INSERT INTO people VALUES (1, CONCAT(@@time_zone, @@sql_mode LIKE '%STRICT_TRANS_TABLES%'))")
    seed()
    assert ask("SELECT name FROM people") == [("+00:001",)]


def test_json_tells_applied_and_skipped_files(write, ask, empty_database, tmp_path, capsys):
    run = runner(empty_database, capsys, "--json", "--project", str(tmp_path))
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada')")
    first = run("seed", "demo").document
    assert (first["seed"], first["parameters"], first["applied"], first["skipped"]) == ("demo", {}, ["0010.sql"], [])
    write("0020.sql", "INSERT INTO people VALUES (2, 'Bo')")
    second = run("seed", "demo").document
    assert (second["applied"], second["skipped"], second["rows"]) == (["0020.sql"], ["0010.sql"], 1)


def test_a_file_changed_after_it_was_applied_is_refused_and_nothing_runs(ask, write, seed):
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada')")
    seed()
    write("0010.sql", "INSERT INTO people VALUES (1, 'Eve')")
    write("0005.sql", "INSERT INTO people VALUES (5, 'Eli')")
    ran = seed()
    assert (ran.code, ran.out, ran.err) == (
        2,
        "",
        "error: the seed file was changed after it had been applied (sql/seeds/demo/0010.sql)\nhint: put the change into a new file, or begin with a fresh database\n",
    )
    assert ask("SELECT * FROM people") == [(1, "Ada")]


@pytest.mark.parametrize(
    "statement, verb",
    [
        ("CREATE TABLE more (id INT)", "CREATE"),
        ("/*!40000 alter table people add x int */", "ALTER"),
        ("-- comment; INSERT\n/* INSERT */ TRUNCATE people", "TRUNCATE"),
        ("DROP TABLE people", "DROP"),
        ("GRANT SELECT ON *.* TO x", "GRANT"),
        ("START TRANSACTION", "START"),
        ("BEGIN", "BEGIN"),
        ("COMMIT", "COMMIT"),
        ("ROLLBACK", "ROLLBACK"),
        ("LOCK TABLES people WRITE", "LOCK"),
        ("USE mysql", "USE"),
        ("...", "..."),
    ],
)
def test_what_would_commit_is_refused_with_its_line_before_anything_runs(ask, write, seed, statement, verb):
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada')")
    write("0020.sql", f"INSERT INTO people VALUES (2, 'Bo');\n\n{statement}")
    line = 3 + statement.count("\n")
    ran = seed()
    assert (ran.code, ran.err) == (
        2,
        f"error: {verb} has no place in a seed (sql/seeds/demo/0020.sql:{line})\nhint: a seed holds rows only and is committed file by file: schema belongs to sql/migrations\n",
    )
    assert ask("SELECT * FROM people") == []


@pytest.mark.parametrize(
    "statement",
    [
        "(SELECT 1) UNION (SELECT 2)",
        "WITH two AS (SELECT 2 AS id) SELECT id FROM two",
        "SET @name = 'CREATE; DROP'",
        "DO SLEEP(0)",
        "REPLACE people VALUES (9, 'Zoë')",
        "TABLE people",
    ],
)
def test_statements_about_rows_run(write, ask, seed, statement):
    write("0010.sql", f"{statement};\nINSERT INTO people VALUES (1, 'after it')")
    assert seed().err == ""
    assert ask("SELECT name FROM people WHERE id = 1") == [("after it",)]


def test_the_results_of_procedures_are_read_and_dropped(write, ask, seed):
    ask("CREATE PROCEDURE add_person(p_id INT) BEGIN SELECT 1; INSERT INTO people VALUES (p_id, 'Ada'); SELECT 2; END")
    write("0010.sql", "CALL add_person(1);\nCALL add_person(2);\nSELECT * FROM people;")
    assert seed().out == "applied sql/seeds/demo/0010.sql\n"
    assert ask("SELECT id FROM people") == [(1,), (2,)]


def test_a_failing_statement_is_told_with_its_line_and_takes_its_whole_file_back(ask, write, seed):
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada')")
    write("0020.sql", "INSERT INTO people VALUES (2, 'Bo');\n\nINSERT INTO people\nVALUES (1, 'Eve');")
    ran = seed()
    assert (ran.code, ran.out) == (3, "applied sql/seeds/demo/0010.sql\n")
    assert ran.err == (
        "error: 1062: Duplicate entry '1' for key 'people.PRIMARY' (sql/seeds/demo/0020.sql:3)\n"
        "     3 | INSERT INTO people\n"
        "       | ^\n"
        "     4 | VALUES (1, 'Eve')\n"
    )
    assert ask("SELECT * FROM people") == [(1, "Ada")]
    write("0020.sql", "INSERT INTO people VALUES (2, 'Bo');")
    assert seed().out == "applied sql/seeds/demo/0020.sql\n"


def test_an_error_in_a_procedures_later_result_is_told_too(ask, write, seed):
    ask(
        "CREATE PROCEDURE refuse() BEGIN SELECT 1;"
        " SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50000, MESSAGE_TEXT = 'no'; END"
    )
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada'); CALL refuse();")
    assert seed().err.startswith("error: 50000: no (sql/seeds/demo/0010.sql:1)\n")
    assert ask("SELECT * FROM people") == []


def test_a_procedure_that_commits_is_told(ask, write, seed):
    ask("CREATE PROCEDURE commits() COMMIT")
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada');\nCALL commits();\nINSERT INTO people VALUES (2, 'Bo');")
    ran = seed()
    assert (ran.code, ran.err) == (
        3,
        "error: the statement ended the seed's transaction (sql/seeds/demo/0010.sql:2)\nhint: what the file did up to here stays: take out what commits, and begin with a fresh database\n",
    )
    assert ask("SELECT id FROM people") == [(1,)]


def test_a_template_knows_the_seed_and_the_database(ask, write, seed, empty_database):
    insert = "INSERT INTO people VALUES ({{ id }}, '{{ seed }} {{ database }}');"
    write("0010.sql.j2", f"{{% for id in [1, 2] %}}\n{insert}\n{{% endfor %}}")
    assert seed().out == "applied sql/seeds/demo/0010.sql.j2\n"
    name = f"demo {empty_database.database}"
    assert ask("SELECT * FROM people") == [(1, name), (2, name)]


@pytest.mark.parametrize(
    "template, error",
    [
        ("DO 1;\nDO {{ students }};", "the template fails ('students' is undefined) ({}:2)\nhint: known: seed, database"),
        ("DO 1;\n{% if %}", "the template cannot be read (Expected an expression, got 'end of statement block') ({}:2)"),
        ("\n\nDO {{ 1 / 0 }};", "the template fails (division by zero) ({}:3)"),
        ("{% include 'other' %}", "the template fails (there is no other beside it) ({}:1)"),
        ("{{ seed }}\nDO 'open", "a quote is not closed ({} (rendered):2)\nhint: close the '"),
        ("{{ '\n' }}DROP TABLE people",
         "DROP has no place in a seed ({} (rendered):2)\nhint: a seed holds rows only and is committed file by file: schema belongs to sql/migrations"),
    ],
)  # fmt: skip
def test_a_template_that_fails_is_told_in_one_line(ask, write, seed, template, error):
    write("0010.sql.j2", template)
    ran = seed()
    assert (ran.code, ran.err) == (2, f"error: {error.format('sql/seeds/demo/0010.sql.j2')}\n")


def test_an_unknown_seed_is_told_with_those_there_are(seed, tmp_path):
    assert seed("demo").err == "error: there is no seed demo (sql/seeds)\nhint: known: none\n"
    (tmp_path / "sql" / "seeds" / "demo").mkdir(parents=True)
    (tmp_path / "sql" / "seeds" / "bulk").mkdir()
    assert seed("../seeds/demo").err == "error: there is no seed ../seeds/demo (sql/seeds)\nhint: known: bulk, demo\n"
    ran = seed("bulk")
    assert (ran.code, ran.err) == (2, "error: the seed bulk is empty (sql/seeds/bulk)\nhint: put .sql files into it\n")


def test_a_file_that_is_not_utf8_is_told(tmp_path, write, seed):
    (tmp_path / "sql/seeds/demo/0010.sql").write_bytes(b"DO 'caf\xe9'")
    assert seed().err == "error: the file is not UTF-8 (sql/seeds/demo/0010.sql:1)\nhint: save it as UTF-8\n"


def test_a_connection_killed_in_the_middle_leaves_nothing_and_the_next_run_starts_the_file_again(
    ask, write, seed, empty_database, tmp_path
):
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada')")
    write("0020.sql", "INSERT INTO people VALUES (2, 'Bo');\nDO SLEEP(30)")
    process = start(empty_database, tmp_path)
    ask(f"KILL {connection_that_runs(ask, 'DO SLEEP')}")
    out, err = process.communicate(timeout=20)
    assert process.returncode == 3
    assert json.loads(out)["error"]["where"] == "sql/seeds/demo/0020.sql:2"
    assert err.startswith("error: 2013: Lost connection") or err.startswith("error: 1317: ")
    assert " (sql/seeds/demo/0020.sql:2)\n" in err
    assert ask("SELECT * FROM people") == [(1, "Ada")]
    write("0020.sql", "INSERT INTO people VALUES (2, 'Bo')")
    assert seed().out == "applied sql/seeds/demo/0020.sql\n"
    assert ask("SELECT * FROM people") == [(1, "Ada"), (2, "Bo")]


def test_a_process_killed_in_the_middle_leaves_nothing_and_the_next_run_starts_the_file_again(
    ask, write, seed, empty_database, tmp_path
):
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada');\nDO SLEEP(1.5);\nINSERT INTO people VALUES (2, 'Bo')")
    process = start(empty_database, tmp_path)
    connection_that_runs(ask, "DO SLEEP")
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=20)
    assert ask("SELECT * FROM people") == []
    assert seed().out.endswith("\napplied sql/seeds/demo/0010.sql\n")
    assert ask("SELECT * FROM people") == [(1, "Ada"), (2, "Bo")]


def test_of_two_seeds_at_once_the_second_waits_and_finds_nothing_to_do(ask, write, empty_database, tmp_path):
    write("0010.sql", "INSERT INTO people VALUES (1, 'Ada');\nDO GET_LOCK('until the second waits', 60)")
    write("0020.sql", "INSERT INTO people VALUES (2, 'Bo')")
    ask("DO GET_LOCK('until the second waits', 0)")
    first = start(empty_database, tmp_path)
    connection_that_runs(ask, "DO GET_LOCK")
    second = start(empty_database, tmp_path)
    connection_that_runs(ask, "SELECT GET_LOCK")
    ask("DO RELEASE_LOCK('until the second waits')")
    answers = [json.loads(process.communicate(timeout=60)[0]) for process in (first, second)]
    assert [answer["applied"] for answer in answers] == [["0010.sql", "0020.sql"], []]
    assert ask("SELECT * FROM people") == [(1, "Ada"), (2, "Bo")]
