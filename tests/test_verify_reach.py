"""Whatever migrations reach by name, by a program, a view or a string: building them again touches none of it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small_project
from command_line import Run
from learnhub_db.database import Target, connect, rows

FIRST = "CREATE TABLE t (id INT);\nCREATE TABLE log (id INT);\n"
OF_A_PROCEDURE = "CREATE PROCEDURE clean() BEGIN DELETE FROM {o}.o; DELETE FROM {d}.t; END"
IN_ANSI = "SET sql_mode = 'ANSI_QUOTES'"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with two tables."""
    return small_project.write(tmp_path, {"sql/migrations/0001-first.sql": FIRST})


@pytest.fixture
def other(server: Target) -> Iterator[str]:
    """Another database on the server, with a table and a function that writes to it."""
    name = f"test_{secrets.token_hex(6)}"
    with connect(server) as connection:
        for sql in (
            f"CREATE DATABASE {name}",
            f"CREATE TABLE {name}.o (id INT)",
            f"CREATE FUNCTION {name}.wipe() RETURNS INT MODIFIES SQL DATA BEGIN DELETE FROM {name}.o; RETURN 1; END",
        ):
            rows(connection, sql)
        yield name
        rows(connection, f"DROP DATABASE {name}")


def write(shop: Path, statements: list[str], database: str, other: str = "") -> None:
    text = "DELIMITER $$\n" + "".join(f"{one.format(d=database, o=other)} $$\n" for one in statements)
    small_project.write(shop, {"sql/migrations/0002-reach.sql": text})


@pytest.mark.parametrize(
    "statements",
    [
        [OF_A_PROCEDURE, "CALL clean()"],
        [OF_A_PROCEDURE, "CREATE PROCEDURE outer_one() CALL clean()", "CALL outer_one()"],
        [IN_ANSI, 'CREATE PROCEDURE "clean"() DELETE FROM "{o}"."o"', 'CALL "clean"()'],
        [IN_ANSI, 'DROP TABLE IF EXISTS "{d}"."t"', 'CREATE TABLE "{d}"."t" (id INT)'],
        [IN_ANSI, 'INSERT INTO "{d}"."t" VALUES (9)', 'DELETE FROM "{d}"."t"'],
        [IN_ANSI, 'DELETE FROM "{o}"."o"'],
        ["CREATE VIEW seen AS SELECT id FROM {d}.t", "UPDATE seen SET id = 8", "DELETE FROM seen"],
        ["CREATE VIEW seen AS SELECT id FROM {o}.o", "DELETE FROM seen"],
        ["CREATE TRIGGER noted AFTER INSERT ON t FOR EACH ROW DELETE FROM {o}.o", "INSERT INTO t VALUES (1)"],
        ["CREATE TRIGGER noted AFTER INSERT ON {d}.t FOR EACH ROW DELETE FROM {d}.log", "INSERT INTO t VALUES (1)"],
        ["SELECT {o}.wipe()"],
        ['INSERT INTO log VALUES (CHAR_LENGTH("a\\"b") + {o}.wipe() + CHAR_LENGTH("c"))'],
        ["SET @n = {o}.wipe()"],
        ["CREATE FUNCTION wipe_too() RETURNS INT READS SQL DATA RETURN {o}.wipe()", "SET @n = wipe_too()"],
        ["CREATE FUNCTION wipe_2() RETURNS INT READS SQL DATA RETURN {o}.wipe()", "INSERT INTO log SELECT wipe_2()"],
        ["SET @s = 'DELETE FROM {d}.t'", "PREPARE s FROM @s", "EXECUTE s"],
        ["SET @s = CONCAT('DELETE FROM ', '{o}', '.o')", "PREPARE s FROM @s", "EXECUTE s", "DEALLOCATE PREPARE s"],
        [
            "CREATE PROCEDURE run_it(IN p TEXT) BEGIN SET @s = p; PREPARE s FROM @s; EXECUTE s; END",
            "CALL run_it('DELETE FROM {o}.o')",
        ],
        [
            "CREATE PROCEDURE run_it() BEGIN SET @s = 'DELETE FROM {d}/* here */.t'; PREPARE s FROM @s; EXECUTE s; END",
            "CALL run_it()",
        ],
        [
            "CREATE PROCEDURE run_it() BEGIN DECLARE CONTINUE HANDLER FOR SQLEXCEPTION BEGIN END;"
            " SET @s = CONCAT('DELETE FROM ', '{o}', '/* there */ . o'); PREPARE s FROM @s; EXECUTE s; END",
            "CALL run_it()",
        ],
        ["CREATE PROCEDURE prepare_it() PREPARE s FROM 'DELETE FROM {o}.o'", "CALL prepare_it()", "EXECUTE s"],
        [
            "CREATE PROCEDURE clean() DELETE FROM {o}.o",
            "CREATE PROCEDURE run_it() BEGIN SET @s = 'CALL clean()'; PREPARE s FROM @s; EXECUTE s; END",
            "CALL run_it()",
        ],
        ["SET @s = UNHEX(HEX('DELETE FROM {o}.o'))", "PREPARE s FROM @s", "EXECUTE s"],
        [
            "CREATE TABLE texts (s TEXT)",
            "INSERT INTO texts VALUES ('DELETE FROM {o}.o')",
            "SELECT s INTO @s FROM texts",
            "PREPARE s FROM @s",
            "EXECUTE s",
        ],
        [
            "CREATE VIEW seen AS SELECT id FROM t",
            "CREATE TRIGGER noted AFTER INSERT ON t FOR EACH ROW INSERT INTO log VALUES (1)",
            "CREATE TRIGGER wiped AFTER INSERT ON log FOR EACH ROW DELETE FROM {o}.o",
            "INSERT INTO seen VALUES (3)",
        ],
        ["UPDATE t, {o}.o AS z SET z.id = 9", "DELETE b FROM t AS a JOIN {o}.o AS b", "REPLACE {o}.o VALUES (7)"],
        ["CREATE TABLE {d} (t INT)", "UPDATE {d}.t, {d} SET {d}.t = 5", "DELETE {d}.t FROM {d}.t", "DROP TABLE {d}.{d}"],
        ["DELETE FROM {o}.o", "TRUNCATE {o}.o", "CREATE TABLE {o}.more (id INT)", "DROP TABLE {o}.more"],
    ],
)
@pytest.mark.parametrize("verb", ["verify", "dump"])
def test_nothing_is_written_outside(shop, run, empty_database: Target, other, sql, statements, verb):
    write(shop, statements, empty_database.database, other)
    assert run("apply").code == 0
    sql("INSERT INTO t VALUES (1), (2)")
    sql("INSERT INTO log VALUES (3)")
    sql(f"INSERT INTO {other}.o VALUES (4), (5)")
    everything = f"SELECT 't', id FROM t UNION ALL SELECT 'log', id FROM log UNION ALL SELECT 'o', id FROM {other}.o"
    before = sql(everything)
    assert run(verb).code == 0
    assert sql(everything) == before


@pytest.mark.parametrize(
    "statements",
    [
        ["ALTER TABLE {d}.t ADD COLUMN x INT"],
        ["CREATE TABLE x (a INT)", "DROP TABLE `{d}` . x"],
        ["CREATE TABLE x (a INT)", "RENAME TABLE x TO {d}.y"],
        ["CREATE INDEX i ON {d}.t (id)"],
        ["DROP VIEW IF EXISTS nothing, {d} . nix"],
        ["CREATE TABLE {d}.x (a INT PRIMARY KEY)", "CREATE TABLE y (a INT, FOREIGN KEY (a) REFERENCES {d}.x (a))"],
        ["CREATE TABLE x LIKE {d}.t"],
        ["CREATE TRIGGER {d} . x BEFORE INSERT ON {d}.t FOR EACH ROW SET @a = 1"],
        ["CREATE VIEW {d}.x AS SELECT id FROM {d}.t"],
        [IN_ANSI, 'CREATE TABLE "{d}"."x" (a INT)', 'CREATE VIEW "y" AS SELECT a FROM "{d}"."x"'],
        ["CREATE PROCEDURE {d}.x() DO 1"],
    ],
)
def test_what_names_its_own_database_is_built_all_the_same(
    shop, run, empty_database: Target, statements: list[str]
):
    write(shop, statements, empty_database.database)
    assert run("apply").code == 0
    assert run("verify").out == "no difference\n"


def test_a_definer_who_may_not_use_the_scratch_schema_is_no_hindrance(shop, run, empty_database: Target, modest):
    statements = [
        f"CREATE DEFINER={modest.user}@'%' VIEW x AS SELECT id FROM t",
        f"CREATE OR REPLACE ALGORITHM=MERGE DEFINER = `{modest.user}`@`%` SQL SECURITY DEFINER VIEW y AS SELECT 1 AS n",
        f"/*!50003 CREATE*/ /*!50017 DEFINER='{modest.user}'@'%'*/ /*!50003 TRIGGER z BEFORE INSERT ON log "
        "FOR EACH ROW SET @a = 1 */",
        "INSERT INTO log VALUES (1)",
    ]
    write(shop, statements, empty_database.database)
    assert run("apply").code == 0
    assert run("verify").out == "no difference\n"


def test_plan_runs_nothing_whose_names_it_cannot_read(shop: Path, run: Run, empty_database: Target, sql: Callable):
    assert run("apply").code == 0
    sql("INSERT INTO t VALUES (1), (2)")
    unread = ['TRUNCATE TABLE "{d}"."t"', 'DROP TABLE IF EXISTS "nix"', 'DROP TABLE "{d}"."t"', 'DELETE FROM "t"']
    write(shop, [IN_ANSI, *unread], empty_database.database)
    found = run("--json", "plan")
    assert found.code == 1
    notes = [one["note"] for one in found.document["statements"]]
    assert notes == [None, *["what it does is not foreseen"] * len(unread)]
    assert sql("SELECT id FROM t") == [(1,), (2,)]
