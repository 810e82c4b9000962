"""What a name before a dot means is what the server says: a database, or a table, an alias, a row."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db.database import Target, connect, identifier, rows
from naming_projects import applies_without_difference, database, write

SHOP = """\
CREATE TABLE {d} (id INT PRIMARY KEY, name VARCHAR(20), owner_id INT);
CREATE TABLE owner (id INT PRIMARY KEY, name VARCHAR(20));
CREATE TABLE flat (shop INT, who VARCHAR(20));
"""


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
        "CREATE TABLE copy AS SELECT `{d}`.`id`, o.name FROM `{d}`.`owner` o, {d} WHERE EXTRACT(DAY FROM {d}.name) > 1",
        "ALTER TABLE {d} ADD CHECK ({d}.id > 0)",
        "ALTER TABLE {d}.{d} ADD COLUMN twice INT AS ({d}.id * 2)",
        "CREATE TRIGGER tr BEFORE INSERT ON {d} FOR EACH ROW SET NEW.name = (SELECT {d}.name FROM {d} LIMIT 1)",
        "CREATE PROCEDURE p() SELECT {d}.id FROM {d} WHERE {d}.id > 1",
        "CREATE TABLE {d}_2 (a INT, {d} INT)",
        "UPDATE owner AS {d} SET {d}.name = 'x' WHERE {d}.id = 1",
        "DELETE {d} FROM owner {d} WHERE {d}.id = 1",
        "INSERT INTO owner VALUES (1, 'x') AS {d} ON DUPLICATE KEY UPDATE owner.name = {d}.name",
        "CREATE VIEW v AS SELECT {d}.n FROM owner, LATERAL (SELECT owner.id AS n) AS {d}",
        "CREATE VIEW v AS SELECT {d}.n FROM JSON_TABLE('[1]', '$[*]' COLUMNS (n INT PATH '$')) AS {d}",
        "CREATE VIEW v AS SELECT {d}.{d}.id AS a, o.id AS b FROM {d}.{d} JOIN {d}.owner AS o ON o.id = {d}.owner_id",
        "CREATE VIEW v AS SELECT id, '`{d}`.`x`' AS told FROM {d} UNION SELECT {d}.id, '{d}' FROM owner AS {d}",
        "CREATE FUNCTION {d}(x INT) RETURNS INT READS SQL DATA RETURN (SELECT MAX({d}.id) FROM {d}) + x",
        "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM {d} WHERE {d}.id = 1",
        "CREATE INDEX i ON {d}.owner (name)",
        "ALTER DATABASE {d} COLLATE utf8mb4_bin;\nCREATE TABLE binary_one (name VARCHAR(9));\n"
        "ALTER DATABASE {d} COLLATE utf8mb4_0900_ai_ci",
        "RENAME TABLE {d}.{d} TO {d}.moved, {d}.owner TO {d}",
        "DROP TABLE {d}.{d}, {d}.owner",
        "TRUNCATE {d}.{d}",
        "CREATE TABLE child (id INT PRIMARY KEY, CONSTRAINT c FOREIGN KEY (id) REFERENCES {d}.owner (id))",
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
        "CREATE PROCEDURE each_one() BEGIN DECLARE c CURSOR FOR"
        " SELECT {o}.id, x.id FROM {o}, t AS x WHERE x.id = {o}.id; OPEN c; CLOSE c; ALTER TABLE t ADD c INT; END $$ CALL each_one()",
        "CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW BEGIN DECLARE n INT;"
        " SELECT {o}.age INTO n FROM {o} JOIN t AS x ON x.id = {o}.id LIMIT 1; END $$ INSERT INTO t VALUES (1)",
        "SET @n = (SELECT MAX({o}.age) FROM {o}) $$ SET @s = IF(@n IS NULL, 'ALTER TABLE t ADD c INT', 'DO 0')"
        " $$ PREPARE s FROM @s $$ EXECUTE s",
        "SET @s = 'INSERT INTO {o} (id, age) VALUES (?, ?)' $$ PREPARE s FROM @s $$ SET @a = 1, @b = 19"
        " $$ EXECUTE s USING @a, @b $$ CREATE TABLE adults AS SELECT {o}.id FROM {o}",
        "CREATE VIEW v AS SELECT {o}.id FROM {o} $$ INSERT INTO t SELECT v.id FROM v $$ ALTER TABLE t ADD c INT",
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


@pytest.mark.parametrize("table", ["mysql", "sys", "performance_schema"])
def test_a_table_may_be_named_like_a_database_of_the_server(command, tmp_path, table):
    text = "CREATE TABLE {n} (id INT, name VARCHAR(9));\nINSERT INTO {n} SELECT {n}.id, {n}.name FROM {n};\n"
    text += "CREATE VIEW v AS SELECT {n}.id FROM {n};\nALTER TABLE {n} ADD CHECK ({n}.id > 0);\n"
    write(tmp_path, text, n=table)
    applies_without_difference(command)


def test_databases_named_as_the_rows_of_a_trigger_have_nothing_to_do_with_them(server, command, tmp_path):
    tables = "CREATE TABLE t (id INT);\nCREATE TABLE log (id INT);\n"
    trigger = "CREATE TRIGGER tr AFTER UPDATE ON t FOR EACH ROW INSERT INTO log VALUES (NEW.id), (OLD.id);\n"
    write(tmp_path, f"{tables}{trigger}UPDATE t SET id = 1;\nCREATE TABLE made AS SELECT id FROM log;\n")
    with database(server, "new"), database(server, "old"):
        applies_without_difference(command)


def test_a_database_with_the_same_tables_is_another_one(server, own, command, tmp_path, other):
    with connect(server.named(other)) as connection:
        rows(connection, "CREATE TABLE t (id INT PRIMARY KEY)")
        rows(connection, "CREATE TABLE u (id INT)")
        rows(connection, "INSERT INTO t VALUES (5)")
        text = "CREATE TABLE t (id INT PRIMARY KEY);\nCREATE TABLE u LIKE {o}.u;\n"
        text += "CREATE TABLE c (id INT, CONSTRAINT c FOREIGN KEY (id) REFERENCES {o}.t (id));\n"
        text += "INSERT INTO t SELECT id + 1 FROM {o}.t;\nCREATE TABLE x AS SELECT t.id FROM t JOIN {o}.t AS o;\n"
        write(tmp_path, text, o=other)
        view = f"CREATE VIEW seen AS SELECT {other}.t.id, x.id AS n FROM {other}.t, t AS x\n"
        small_project.write(tmp_path, {"views/seen.sql": view})
        assert command("apply").err == ""
        assert command("verify").out == "no difference\n"
        assert command("dump").code == 0
        assert f"from (`{other}`.`t` join `t` `x`)" in (tmp_path / "sql/schema.sql").read_text()
        assert rows(connection, "SELECT id FROM t") == [(5,)]
        rows(connection, f"DROP TABLE {own.database}.c")


def test_names_that_differ_by_capital_letters_are_two_where_the_server_takes_them_for_two(server, tmp_path, capsys):
    token = secrets.token_hex(3)
    with database(server, f"shop_{token}") as target, database(server, f"Shop_{token}") as upper:
        with connect(upper) as connection:
            rows(connection, "CREATE TABLE t (id INT)")
            rows(connection, "INSERT INTO t VALUES (1)")
            text = "CREATE TABLE t (id INT);\nDELETE FROM Shop_{k}.t WHERE id = 7;\n"
            text += "INSERT INTO shop_{k}.t VALUES (2);\n"
            text += "CREATE TABLE x AS SELECT t.id FROM shop_{k}.t;\nALTER TABLE Shop_{k}.t ADD y INT;\n"
            write(tmp_path, text, k=token)
            command = runner(target, capsys, "--project", str(tmp_path))
            assert command("apply").err == ""
            rows(connection, "INSERT INTO t VALUES (7, 7)")
            assert command("verify").out == "no difference\n"
            assert rows(connection, "SELECT id, y FROM t") == [(1, None), (7, 7)]
