"""Helpers and prepared strings that name their own database; what may reach another one is not followed, and told."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db.database import Target, connect, rows
from naming_projects import applies_without_difference, database, write


@pytest.fixture
def own(server: Target) -> Iterator[Target]:
    """A database whose name is known beforehand to the files."""
    with database(server, f"h1_{secrets.token_hex(4)}") as target:
        yield target


@pytest.fixture
def other(server: Target) -> Iterator[str]:
    """Another database on the server, with nothing to do with the project."""
    name = f"users_{secrets.token_hex(4)}"
    with database(server, name):
        yield name


@pytest.fixture
def command(own: Target, tmp_path: Path, capsys) -> Run:
    return runner(own, capsys, "--project", str(tmp_path))


HELPER = """\
CREATE TABLE t (id INT PRIMARY KEY);
DELIMITER //
CREATE PROCEDURE add_it({p})
BEGIN
  IF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = {n} AND table_name = 't') THEN
    {no};
  ELSEIF NOT EXISTS (SELECT 1 FROM information_schema.columns WHERE table_schema = {n} AND column_name = 'c') THEN
    {do};
  END IF;
END //
DELIMITER ;
"""


@pytest.mark.parametrize("drop", ["DROP PROCEDURE add_it;\n", ""])
@pytest.mark.parametrize(
    ("parameter", "argument", "act"),
    [
        ("", "", "ALTER TABLE t ADD COLUMN c INT"),
        ("", "", "ALTER TABLE {d}.t ADD COLUMN c INT"),
        ("", "", "ALTER TABLE `{d}`.t ADD COLUMN c INT"),
        ("", "", "SET @s = 'ALTER TABLE {d}.t ADD COLUMN c INT'; PREPARE s FROM @s; EXECUTE s"),
        ("", "", "SET @s = CONCAT('ALTER TABLE `', '{d}', '`.', 't ADD COLUMN c INT'); PREPARE s FROM @s; EXECUTE s"),
        ("IN p TEXT", "'{d}'", "SET @s = CONCAT('ALTER TABLE ', p, '.t ADD c INT'); PREPARE s FROM @s; EXECUTE s"),
        ("IN p TEXT", "DATABASE()", "ALTER TABLE t ADD COLUMN c INT"),
    ],
)
def test_a_helper_may_look_for_its_own_database_by_name(own, command, tmp_path, parameter, argument, act, drop):
    name = "p" if parameter else "'{d}'"
    text = HELPER.replace("{no}", "DROP TABLE t").replace("{do}", act).replace("{p}", parameter).replace("{n}", name)
    write(tmp_path, f"{text}CALL add_it({argument});\n{drop}", d=own.database)
    applies_without_difference(command)


@pytest.mark.parametrize(
    "statements",
    [
        "SET @n = (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = '{d}' AND table_name = 't');"
        "SET @s = IF(@n = 1, 'ALTER TABLE t ADD c INT', 'DROP TABLE t')",
        "SET @db = '{d}'; SET @n = (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = @db);"
        "SET @s = IF(@n > 0, CONCAT('ALTER TABLE ', @db, '.t ADD c INT'), 'DROP TABLE t')",
        "SELECT 'ALTER TABLE {d}.t ADD c INT' INTO @s",
    ],
)
def test_a_prepared_string_may_name_its_own_database(own, command, tmp_path, statements):
    text = f"CREATE TABLE t (id INT);\n{statements};\nPREPARE st FROM @s;\nEXECUTE st;\nDEALLOCATE PREPARE st;\n"
    write(tmp_path, text, d=own.database)
    applies_without_difference(command)
    assert "`c` int" in [row[1] for row in _shown(own)][0]


def _shown(target: Target) -> list[tuple]:
    with connect(target) as connection:
        return rows(connection, "SHOW CREATE TABLE t")


OUTSIDE = """\
CREATE TABLE t (id INT);
CREATE TABLE u (id INT);
RENAME TABLE {o}.x TO x;
DELIMITER //
CREATE PROCEDURE both_of_them() BEGIN DELETE FROM {o}.o; ALTER TABLE t ADD c INT; END //
DELIMITER ;
CALL both_of_them();
INSERT INTO {o}.o VALUES (1);
"""


def test_what_reaches_into_another_database_is_told_as_not_followed(own, other, server, command, tmp_path):
    with connect(server.named(other)) as connection:
        rows(connection, "CREATE TABLE o (id INT)")
        rows(connection, "CREATE TABLE x (id INT)")
        write(tmp_path, OUTSIDE, o=other)
        assert command("apply").err == ""
        rows(connection, "INSERT INTO o VALUES (5)")
        found = command("verify")
        why = f"it names the database {other}"
        assert found.out.splitlines() == [
            f"not followed: sql/migrations/0001-t.sql:3 ({why})",
            f"not followed: sql/migrations/0001-t.sql:7 (it uses both_of_them, which names the database {other})",
            "not compared: table t",
            "not compared: table x",
            "no other difference",
        ]
        assert found.code == 0
        document = command("--json", "verify").document
        assert document["not_compared"] == [{"kind": "table", "name": "t"}, {"kind": "table", "name": "x"}]
        assert document["not_followed"][0] == {"where": "sql/migrations/0001-t.sql:3", "why": why}
        assert document["differences"] == []
        with connect(own) as mine:
            rows(mine, "ALTER TABLE u ADD y INT")
        found = command("verify")
        assert found.code == 1 and "different table u" in found.out and found.out.endswith("\n1 other difference\n")
        assert f"not followed: sql/migrations/0001-t.sql:3 ({why})" in command("dump").out
        assert rows(connection, "SELECT COUNT(*) FROM o") == [(2,)]


def test_baseline_records_what_it_cannot_compare_and_says_so(own, other, server, command, tmp_path):
    with connect(server.named(other)) as connection:
        rows(connection, "CREATE TABLE o (id INT)")
    write(tmp_path, "RENAME TABLE {o}.o TO x;\n", o=other)
    with connect(own) as connection:
        rows(connection, "CREATE TABLE x (id INT)")
    found = command("baseline", "0001")
    assert found.code == 0
    assert found.out.splitlines() == [
        f"not followed sql/migrations/0001-t.sql:1 (it names the database {other})",
        "not compared table x",
        "adopted sql/migrations/0001-t.sql",
    ]


def test_a_text_that_a_helper_puts_together_never_leaves_the_schema(own, other, server, command, tmp_path):
    helper = """\
CREATE TABLE t (id INT);
DELIMITER //
CREATE PROCEDURE run_it(p_table TEXT, p_what TEXT)
BEGIN SET @s = CONCAT('ALTER TABLE ', p_table, p_what); PREPARE s FROM @s; EXECUTE s; DEALLOCATE PREPARE s; END //
DELIMITER ;
CALL run_it('t', ' ADD a INT');
CALL run_it('{d}.t', ' ADD b INT');
CALL run_it('{o}.o', ' ADD c INT');
"""
    with connect(server.named(other)) as connection:
        rows(connection, "CREATE TABLE o (id INT)")
        write(tmp_path, helper, d=own.database, o=other)
        assert command("apply").err == ""
        rows(connection, "ALTER TABLE o DROP c")
        why = "it prepares a statement that may reach another database, or makes an event"
        assert command("verify").out == f"not followed: sql/migrations/0001-t.sql:8 ({why})\nno other difference\n"
        assert len(rows(connection, "SHOW COLUMNS FROM o")) == 1


def test_a_database_that_the_files_create_need_not_be_there(own, server, command, tmp_path):
    name = f"made_{secrets.token_hex(4)}"
    text = "CREATE DATABASE IF NOT EXISTS {m};\nCREATE TABLE {m}.o (id INT);\nINSERT INTO {m}.o VALUES (1);\n"
    write(tmp_path, f"{text}CREATE TABLE t (id INT);\n", m=name)
    found = command("dump")
    assert (found.code, found.out) == (0, "wrote sql/schema.sql\n")
    assert "CREATE TABLE `t`" in (tmp_path / "sql/schema.sql").read_text()
    with connect(server) as connection:
        assert rows(connection, f"SHOW DATABASES LIKE '{name}'") == []


def test_an_event_that_a_helper_prepares_is_not_made_where_it_would_run(command, tmp_path):
    event = "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DO 1"
    text = f"SET @s = '{event}'; PREPARE s FROM @s; EXECUTE s; DEALLOCATE PREPARE s;"
    write(tmp_path, f"DELIMITER //\nCREATE PROCEDURE p() BEGIN {text} END //\nCALL p() //\n")
    assert command("apply").err == ""
    found = command("verify")
    why = "it prepares a statement that may reach another database, or makes an event"
    assert found.out.splitlines() == [
        f"not followed: sql/migrations/0001-t.sql:3 ({why})",
        "not compared: event e",
        "no other difference",
    ]


def test_a_program_that_is_built_on_what_is_not_followed_is_told_too(own, other, server, command, tmp_path):
    with connect(server.named(other)) as connection:
        rows(connection, "CREATE TABLE o (id INT)")
    write(tmp_path, "RENAME TABLE {o}.o TO x;\nALTER TABLE x ADD n INT;\n", o=other)
    small_project.write(tmp_path, {"views/seen.sql": "CREATE VIEW seen AS SELECT n FROM x\n"})
    assert command("apply").err == ""
    found = command("verify")
    assert [line.split(" (")[0] for line in found.out.splitlines()] == [
        "not followed: sql/migrations/0001-t.sql:1",
        "not followed: sql/migrations/0001-t.sql:2",
        "not followed: views/seen.sql:1",
        "not compared: table x",
        "not compared: view seen",
        "no other difference",
    ]
    assert found.code == 0
