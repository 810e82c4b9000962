"""What goes wrong is told in two lines: what happened, where, and below it a hint; never with a password."""

from __future__ import annotations

import secrets
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import interruptions
import small_project
from learnhub_db import database
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import CannotConnect, NoServer
from learnhub_db.server import start, stop

VERBS = ["apply", "status", "verify", "dump"]


def told(target: Target, root: Path, *words: str) -> tuple[int, list[str]]:
    """Exit code and stderr of the command line in a process of its own."""
    command = [sys.executable, "-m", "learnhub_db", "--url", target.url, "--project", str(root), *words]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    everything = answer.stdout + answer.stderr
    assert "Traceback" not in everything
    assert not target.password or target.password not in everything
    return answer.returncode, answer.stderr.splitlines()


@pytest.mark.parametrize("verb", VERBS)
def test_a_url_that_does_not_answer(shop, server, verb):
    target = replace(server, port=1, password="s3cr3t-w0rd")
    line = f"error: no MySQL answers ({target})\nhint: start it, or correct the URL's host and port"
    assert told(target, shop, verb) == (4, line.splitlines())


def test_a_host_that_says_nothing(server, monkeypatch):
    monkeypatch.setattr(database, "CONNECT_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        target = replace(server, host="127.0.0.1", port=silent.getsockname()[1], unix_socket=None)
        with pytest.raises(CannotConnect) as caught:
            connect(target)
    assert str(caught.value) == f"no MySQL answers ({target})\nhint: start it, or correct the URL's host and port"


def test_a_statement_may_take_longer_than_the_greeting(server, monkeypatch):
    monkeypatch.setattr(database, "CONNECT_TIMEOUT_SECONDS", 1)
    with connect(server) as connection:
        assert rows(connection, "SELECT SLEEP(1.5)") == [(0,)]


@pytest.mark.parametrize("verb", VERBS)
def test_a_wrong_password(shop, server, verb):
    target = replace(server, password="s3cr3t-w0rd")
    mend = "correct user and password, or give what the account REQUIREs: ssl-mode, ssl-cert"
    line = f"error: the server refuses the login ({target})\nhint: {mend}"
    assert told(target, shop, verb) == (4, line.splitlines())


@pytest.mark.parametrize("verb", VERBS)
def test_a_missing_database(shop, server, verb):
    target = server.named("no_such_database")
    line = f"error: there is no such database ({target})\nhint: CREATE DATABASE `no_such_database`"
    assert told(target, shop, verb) == (4, line.splitlines())


@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("ANALYZE TABLE a UPDATE HISTOGRAM ON nme", "The column 'nme' does not exist."),
        ("OPTIMIZE TABLE a, gone", "Table '{}.gone' doesn't exist"),
    ],
)
def test_what_the_server_refuses_in_rows_is_refused_too(tmp_path, empty_database, statement, words):
    text = f"CREATE TABLE a (id INT);\n{statement};\n"
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": text})
    code, lines = told(empty_database, root, "apply")
    assert code == 3
    assert lines[0] == f"error: 1105: {words.format(empty_database.database)} (sql/migrations/0001-a.sql:2)"
    assert lines[1].startswith("hint: the 1 statement before it is done and stays: ")
    small_project.write(root, {"sql/migrations/0001-a.sql": "CREATE TABLE a (id INT);\nANALYZE TABLE a;\n"})
    assert told(empty_database, root, "apply") == (0, [])


def test_a_broken_statement_is_shown_in_its_lines(tmp_path, empty_database):
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": "-- one\nCREATE TABLE a (\n    id INTEGR\n);\n"})
    code, lines = told(empty_database, root, "apply")
    assert code == 3
    assert lines[0].startswith("error: 1064: You have an error in your SQL syntax;")
    assert lines[0].endswith(" (sql/migrations/0001-a.sql:3)")
    assert lines[1:] == ["     2 | CREATE TABLE a (", "     3 |     id INTEGR", "       |        ^", "     4 | )"]


@pytest.mark.parametrize(
    ("path", "text", "line"),
    [
        (
            "views/v.sql",
            "CREATE VIEW v AS SELECT * FROM nothing;\n",
            "error: 1146: Table '{database}.nothing' doesn't exist (views/v.sql:1)",
        ),
        (
            "triggers/t.sql",
            "-- head\nCREATE TRIGGER t AFTER INSERT ON nothing FOR EACH ROW SET @a = 1;\n",
            "error: 1146: Table '{database}.nothing' doesn't exist (triggers/t.sql:2)",
        ),
        (
            "sql/grants/g.sql",
            "GRANT EXECUTE ON PROCEDURE nothing TO CURRENT_USER();\n",
            "error: 1305: PROCEDURE nothing does not exist (sql/grants/g.sql:1)",
        ),
    ],
)
def test_a_file_that_needs_what_is_not_there(tmp_path, empty_database, path, text, line):
    code, lines = told(empty_database, small_project.write(tmp_path, {path: text}), "apply")
    assert (code, lines[0]) == (3, line.format(database=empty_database.database))


def test_a_reserved_name_is_pointed_at(tmp_path, empty_database):
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": "CREATE TABLE a (\n    rank INT\n);\n"})
    code, lines = told(empty_database, root, "apply")
    assert code == 3
    assert lines[0].startswith("error: 1064: You have an error in your SQL syntax;")
    assert lines[0].endswith(" (sql/migrations/0001-a.sql:2)")
    assert lines[1:] == ["     1 | CREATE TABLE a (", "     2 |     rank INT", "       |     ^", "     3 | )"]


def test_a_migration_of_comments(tmp_path, empty_database):
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": "-- later\n/* or never */\n"})
    line = "error: the migration holds no statement (sql/migrations/0001-a.sql)\nhint: write one or remove the file"
    assert told(empty_database, root, "apply") == (2, line.splitlines())


def test_a_database_that_vanishes_in_the_middle(tmp_path, server):
    target = server.named(f"test_{secrets.token_hex(6)}")
    text = "CREATE TABLE a (id INT);\nDO SLEEP(3);\nCREATE TABLE b (id INT);\n"
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": text})
    with connect(server) as connection, ThreadPoolExecutor() as pool:
        rows(connection, f"CREATE DATABASE {target.database}")
        answer = pool.submit(told, target, root, "apply")
        interruptions.until(lambda: rows(connection, f"SHOW TABLES FROM {target.database} LIKE 'a'") != [])
        rows(connection, f"DROP DATABASE {target.database}")
    code, lines = answer.result()
    assert (code, len(lines)) == (3, 2)
    assert lines[0].startswith(f"error: 1049: Unknown database '{target.database}'")
    assert lines[1] == "hint: somebody has dropped the database: create it, then repeat"


def test_a_full_disk(tmp_path, empty_database):
    """A table in memory meets its limit with the error that one on a disk meets."""
    text = (
        "SET max_heap_table_size = 16384;\nCREATE TABLE a (filler CHAR(200)) ENGINE = MEMORY CHARACTER SET latin1;\n"
        "INSERT INTO a WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 999) SELECT i FROM n;\n"
    )
    code, lines = told(empty_database, small_project.write(tmp_path, {"sql/migrations/0001-a.sql": text}), "apply")
    assert code == 3
    assert lines[0] == "error: 1114: The table 'a' is full (sql/migrations/0001-a.sql:3)"
    assert lines[1].startswith("hint: make room on the server, then repeat; ")


def test_a_password_in_a_file_is_not_shown(tmp_path, empty_database):
    text = "CREATE USER nobody_here IDENTIFIED BY 's3cr3t-w0rd' PASSWORT EXPIRE;\n"
    code, lines = told(empty_database, small_project.write(tmp_path, {"sql/grants/g.sql": text}), "apply")
    assert (code, len(lines)) == (3, 1)
    assert lines[0].startswith("error: 1064: You have an error in your SQL syntax;")
    assert lines[0].endswith("for the right syntax to use (sql/grants/g.sql:1)")


def test_a_file_that_breaks_the_rules_needs_no_server(tmp_path, server):
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": "  \n"})
    line = "error: the file is empty (sql/migrations/0001-a.sql)\nhint: write its statements or remove it"
    assert told(replace(server, port=1), root, "apply") == (2, line.splitlines())


def test_an_account_without_the_right(shop, server, empty_database):
    with connect(server) as connection:
        rows(connection, f"CREATE USER {empty_database.database} IDENTIFIED BY 's3cr3t-w0rd'")
        rows(connection, f"GRANT SELECT ON {empty_database.database}.* TO {empty_database.database}")
        try:
            target = replace(empty_database, user=empty_database.database, password="s3cr3t-w0rd")
            code, lines = told(target, shop, "apply", "--adopt")
            assert (code, len(lines)) == (3, 2)
            assert lines[0].startswith(f"error: 1142: CREATE command denied to user '{target.user}'@")
            assert lines[1] == "hint: GRANT CREATE ON the database to the account that applies"
            assert told(target, shop, "status")[0] == 0
        finally:
            rows(connection, f"DROP USER {empty_database.database}")


@pytest.fixture(scope="module")
def own_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server of these tests' own, whose global settings they may change."""
    home = tmp_path_factory.mktemp("own") / "server"
    try:
        yield start(home, "shop")
    except NoServer as error:
        pytest.skip(str(error))
    finally:
        stop(home)


def test_a_read_only_server(own_server, shop):
    with connect(own_server) as connection:
        rows(connection, "SET GLOBAL super_read_only = 1")
        try:
            code, lines = told(own_server, shop, "apply")
        finally:
            rows(connection, "SET GLOBAL super_read_only = 0, read_only = 0")
    assert (code, len(lines)) == (3, 2)
    assert lines[0].startswith("error: 1290: The MySQL server is running with the --super-read-only option")
    assert lines[0].endswith(f" ({own_server})")
    assert lines[1] == "hint: the server is read-only: use the writable one"


def test_a_binary_log_that_trusts_no_function(own_server, shop):
    with connect(own_server) as connection:
        rows(connection, "SET GLOBAL log_bin_trust_function_creators = 0")
        rows(connection, "CREATE USER plain@'%' IDENTIFIED BY 's3cr3t-w0rd'")
        rows(connection, "GRANT ALL ON shop.* TO plain@'%'")
        target = replace(own_server, user="plain", password="s3cr3t-w0rd")
        try:
            code, lines = told(target, shop, "apply")
            created = rows(connection, "SHOW PROCEDURE STATUS WHERE Db = 'shop'")
        finally:
            rows(connection, "SET GLOBAL log_bin_trust_function_creators = 1")
    assert (code, lines) == (
        3,
        [
            "error: the server lets no account without SUPER create a function (procedures/sales/with_tax.sql)",
            "hint: an administrator runs SET PERSIST log_bin_trust_function_creators = 1",
        ],
    )
    assert created == []
    assert told(target, shop, "apply") == (0, [])
