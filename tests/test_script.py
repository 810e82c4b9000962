"""Script makes one file from which the stock client builds what apply builds."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small_project
import stocked_shop
from command_line import runner
from learnhub_db import deployment
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect, rows
from learnhub_db.inspection import schema
from learnhub_db.project import Project
from learnhub_db.server import client_command

ROOT = Path(__file__).parent.parent


@pytest.fixture
def account(server: Target) -> Iterator[str]:
    with stocked_shop.account(server) as name:
        yield name


@pytest.fixture
def shop(tmp_path: Path, account: str) -> Path:
    return stocked_shop.write(tmp_path, account)


@pytest.fixture
def feed(empty_database: Target) -> Callable[[str], None]:
    """Give a script to the stock client, which builds in the empty database."""
    target = empty_database

    def feed(text: str) -> None:
        options = [f"--host={target.host}", f"--port={target.port}", f"--user={target.user}", "--comments"]
        command = [*client_command(), "--protocol=tcp", *options, target.database]
        environment = {"MYSQL_PWD": target.password}
        subprocess.run(command, input=text.encode(), env=environment, check=True, timeout=120)

    return feed


@pytest.fixture
def other_database(server: Target) -> Iterator[Target]:
    target = server.named(f"test_{secrets.token_hex(6)}")
    with connect(server) as connection:
        rows(connection, f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")
        yield target
        rows(connection, f"DROP DATABASE {target.database}")


def test_the_client_builds_what_apply_builds_definers_and_rows_included(
    run, shop, feed, empty_database, other_database
):
    files = {
        "sql/migrations/0004-modes.sql": "SET sql_mode = 'ANSI_QUOTES';\nCREATE PROCEDURE \"old\"() SELECT 1; -- ;\n",
        "sql/migrations/0005-usual.sql": "CREATE TABLE modes AS SELECT @@sql_mode AS mode, @@time_zone AS zone;\n",
        "procedures/talk.sql": "DELIMITER ;;\nCREATE PROCEDURE talk()\nBEGIN\n"
        "  -- it's; $$ here\n  SELECT '$$; é';\nEND -- ;\n;;\n",
    }
    small_project.write(shop, files)
    feed(run("script").out)
    deployment.apply(Project(shop), other_database)
    assert built(empty_database) == built(other_database)
    shown = run("verify")
    assert (shown.code, shown.out) == (0, "no difference\n")
    for table in ("products", "modes"):
        with connect(empty_database) as one, connect(other_database) as other:
            assert rows(one, f"SELECT * FROM {table}") == rows(other, f"SELECT * FROM {table}") != []


def built(target: Target) -> dict:
    """The schema with its definers; when an event starts is a matter of when it was created."""
    with connect(target) as connection:
        found = schema.read(connection, target.database)
    return {key: one.lines(frozenset({"starts"})) for key, one in found.items()}


def test_it_needs_no_server_and_holds_every_file_in_order(shop, capsys):
    run = runner(Target("127.0.0.1", 1, "nobody", "", "nowhere"), capsys, "--project", str(shop))
    text = run("script").out
    headings = [line[3:] for line in text.splitlines() if line.startswith("-- ") and line.endswith(".sql")]
    assert headings == Contents.read(Project(shop)).paths
    assert run("--json", "script").document == {"script": text}


def test_the_client_builds_learnhub(feed, empty_database, capsys):
    run = runner(empty_database, capsys, "--project", str(ROOT))
    try:
        feed(run("script").out)
        shown = run("verify")
        assert (shown.code, shown.out) == (0, "no difference\n")
    finally:
        forget_rights(empty_database)


def test_learnhub_as_applied_does_not_differ(empty_database, capsys):
    run = runner(empty_database, capsys, "--project", str(ROOT))
    try:
        assert run("apply").code == 0
        shown = run("verify")
        assert (shown.code, shown.out) == (0, "no difference\n")
    finally:
        forget_rights(empty_database)


def forget_rights(target: Target) -> None:
    """DROP DATABASE would leave them behind."""
    with connect(target) as connection:
        for table in ("db", "tables_priv", "columns_priv", "procs_priv"):
            rows(connection, f"DELETE FROM mysql.{table} WHERE db = DATABASE()")
        rows(connection, "FLUSH PRIVILEGES")
