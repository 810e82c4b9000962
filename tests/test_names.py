"""What a name before a dot means is what the server says: a database, or a table, an alias, a row."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db.database import Target, connect, identifier, rows

Named = Callable[[str], Run]
SHOP = """\
CREATE TABLE {d} (id INT PRIMARY KEY, name VARCHAR(20), owner_id INT);
CREATE TABLE owner (id INT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE flat (shop INT, who VARCHAR(20));
"""


@contextmanager
def database(server: Target, name: str) -> Iterator[Target]:
    """A database of that name, dropped afterwards."""
    with connect(server) as connection:
        rows(connection, f"CREATE DATABASE {identifier(name)}")
        try:
            yield server.named(name)
        finally:
            rows(connection, f"DROP DATABASE {identifier(name)}")


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


def write(root: Path, migration: str, **names: str) -> None:
    for place, text in {"0001-t.sql": migration}.items():
        for key, name in names.items():
            text = text.replace("{" + key + "}", name)
        small_project.write(root, {f"sql/migrations/{place}": text})


def applies_without_difference(command: Run) -> None:
    assert command("apply").err == ""
    found = command("verify")
    assert (found.out, found.code, found.err) == ("no difference\n", 0, "")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO flat SELECT {d}.id, owner.name FROM {d} JOIN owner ON owner.id = {d}.owner_id",
        "INSERT INTO flat SELECT {d}.id, owner.name FROM {d}.{d} JOIN {d}.owner ON owner.id = {d}.owner_id",
        "INSERT INTO flat SELECT {d}.{d}.id, owner.name FROM {d}, {d}.owner WHERE owner.id = {d}.owner_id",
        "INSERT INTO {d} SELECT 2, owner.name, 1 FROM owner ON DUPLICATE KEY UPDATE {d}.name = owner.name",
        "UPDATE {d} JOIN owner ON owner.id = {d}.owner_id SET {d}.name = owner.name, owner.name = 'x'",
        "UPDATE {d}.{d} SET {d}.name = 'x' WHERE {d}.id = 1",
        "DELETE {d} FROM {d} JOIN owner WHERE owner.id = {d}.owner_id",
        "DELETE {d}.* FROM {d} JOIN owner WHERE owner.id = {d}.owner_id",
        "CREATE TABLE copy AS SELECT {d}.id, owner.name FROM {d} JOIN owner ON owner.id = {d}.owner_id",
        "CREATE TABLE {d}.copy AS SELECT {d}.id AS a, owner.id AS b FROM {d}.{d} JOIN {d}.owner",
        "CREATE VIEW v AS SELECT {d}.id, {d}.name, owner.name AS who FROM {d} JOIN owner ON owner.id = {d}.owner_id",
        "CREATE VIEW {d}.v AS SELECT {d}.id, owner.name FROM {d}.{d} JOIN {d}.owner ON owner.id = {d}.owner_id",
        "CREATE TABLE copy AS WITH {d} AS (SELECT 1 AS id) SELECT {d}.id FROM {d}",
        "CREATE TABLE copy AS SELECT {d}.id, {d}.name FROM owner AS {d}",
        "CREATE TABLE copy AS SELECT `{d}`.`id`, o.name FROM `{d}`.`owner` o, {d} WHERE EXTRACT(YEAR FROM {d}.name) > 1",
        "ALTER TABLE {d} ADD CHECK ({d}.id > 0)",
        "ALTER TABLE {d}.{d} ADD COLUMN twice INT AS ({d}.id * 2)",
        "CREATE TRIGGER tr BEFORE INSERT ON {d} FOR EACH ROW SET NEW.name = (SELECT {d}.name FROM {d} LIMIT 1)",
        "CREATE PROCEDURE p() SELECT {d}.id FROM {d} WHERE {d}.id > 1",
        "CREATE TABLE {d}_2 (a INT, {d} INT)",
    ],
)
def test_a_database_may_be_named_like_a_table_an_alias_or_a_column(own, command, tmp_path, statement):
    write(tmp_path, f"{SHOP}{statement};\n", d=own.database)
    applies_without_difference(command)


def test_views_of_a_database_named_like_a_table_are_dumped_with_the_tables_of_their_columns(own, command, tmp_path):
    write(tmp_path, SHOP, d=own.database)
    view = f"CREATE VIEW shop_list AS SELECT {own.database}.id, owner.name AS who FROM {own.database} JOIN owner\n"
    small_project.write(tmp_path, {"views/shop_list.sql": view})
    applies_without_difference(command)
    assert command("dump").code == 0
    dumped = (tmp_path / "sql/schema.sql").read_text()
    assert f"select `{own.database}`.`id` AS `id`,\n    `owner`.`name` AS `who`\nfrom (`{own.database}` join" in dumped


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE adults AS SELECT {o}.id, {o}.email FROM {o} WHERE {o}.age >= 18",
        "CREATE TABLE adults AS SELECT {o}.id FROM t AS {o}",
        "CREATE TABLE adults AS SELECT {o}.* FROM t, {o}",
        "CREATE TABLE adults AS WITH {o} AS (SELECT 1 AS id) SELECT {o}.id FROM {o}",
        "ALTER TABLE {o} ADD CHECK ({o}.age > 0)",
        "CREATE TABLE adults (id INT, {o} INT, CHECK ({o} > 0))",
        "CREATE PROCEDURE fill_it() BEGIN INSERT INTO {o} VALUES (7, 7, 'x');"
        " DELETE FROM {o} WHERE {o}.id = 7; ALTER TABLE t ADD c INT; END $$ CALL fill_it()",
        "CREATE PROCEDURE {o}(p TEXT) BEGIN SET @s = CONCAT('ALTER TABLE ', p, ' ADD c INT'); PREPARE s FROM @s;"
        " EXECUTE s; END $$ CALL {o}('{o}')",
        "SET @s = 'ALTER TABLE {o} ADD CHECK ({o}.age > 0)' $$ PREPARE s FROM @s $$ EXECUTE s",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW.id = (SELECT MAX({o}.id) FROM {o})"
        " $$ INSERT INTO t VALUES (1)",
        "CREATE VIEW v AS SELECT {o}.id FROM {o} $$ CREATE TABLE adults AS SELECT v.id FROM v",
    ],
)
def test_a_database_named_like_something_of_the_files_has_nothing_to_do_with_them(
    server, command, tmp_path, statement
):
    name = f"users_{secrets.token_hex(4)}"
    tables = "CREATE TABLE {o} (id INT PRIMARY KEY, age INT, email VARCHAR(50)) $$ CREATE TABLE t (id INT) $$"
    write(tmp_path, f"DELIMITER $$\n{tables}{statement} $$\n", o=name)
    with database(server, name):
        applies_without_difference(command)
        planned = command("plan")
        assert planned.err == "" and "not asked" not in planned.out
    assert command("verify").out == "no difference\n"


@pytest.mark.parametrize("name", ["a.b", "my-shop", "sho`p", "select", "Shop Ünits", "mysql_2", "1e5"])
def test_a_database_may_have_any_name(server, tmp_path, capsys, name):
    name = f"{name}{secrets.token_hex(3)}"
    quoted = identifier(name)
    text = f"{SHOP}INSERT INTO flat SELECT {{d}}.id, {{d}}.{{d}}.name FROM {{d}}.{{d}};\n"
    text += "CREATE VIEW {d}.v AS SELECT {d}.id FROM {d}.{d}, {d}.flat;\nALTER TABLE {d}.owner ADD x INT;\n"
    write(tmp_path, text, d=quoted)
    with database(server, name) as target:
        applies_without_difference(runner(target, capsys, "--project", str(tmp_path)))


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
        ("IN p TEXT", "'{d}'", "SET @s = CONCAT('ALTER TABLE ', p, '.t ADD COLUMN c INT'); PREPARE s FROM @s; EXECUTE s"),
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
