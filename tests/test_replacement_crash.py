"""A kill -9 of apply between any two of its steps loses neither a program nor a right."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from learnhub_db import deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from learnhub_db.server import start, stop
from learnhub_db.server.home import Home
from wire import Wire

RIGHTS = """
    SELECT user, host, proc_priv FROM mysql.procs_priv WHERE db = DATABASE() ORDER BY routine_name DESC, user
"""
PROCEDURES = "SELECT routine_definition FROM information_schema.routines WHERE routine_schema = DATABASE()"
TRIGGERS = """
    SELECT trigger_name, action_order, action_statement FROM information_schema.triggers
    WHERE trigger_schema = DATABASE() ORDER BY trigger_name
"""
FILES = {
    "sql/migrations/0001-sales.sql": "CREATE TABLE sales (id INT PRIMARY KEY AUTO_INCREMENT, note INT);\n",
    "procedures/sell.sql": (
        "DELIMITER $$\nCREATE PROCEDURE sell()\nBEGIN\n    INSERT INTO sales (note) VALUES (0);\nEND$$\n"
    ),
    "procedures/buy.sql": "CREATE PROCEDURE buy() INSERT INTO sales (note) VALUES (0);\n",
    "triggers/first.sql": "CREATE TRIGGER first BEFORE INSERT ON sales FOR EACH ROW SET NEW.note = 0;\n",
    "triggers/second.sql": "CREATE TRIGGER second BEFORE INSERT ON sales FOR EACH ROW SET NEW.note = NEW.note + 1;\n",
}
CHANGING = ("procedures/sell.sql", "procedures/buy.sql", "triggers/first.sql")


@pytest.fixture
def shop(tmp_path: Path, server: Target, empty_database: Target) -> Iterator[Path]:
    small_project.write(tmp_path, FILES)
    deployment.apply(Project(tmp_path), empty_database)
    name = empty_database.database
    with connect(server) as connection:
        rows(connection, f"CREATE ROLE {name}_reader, {name}_writer")
        rows(connection, f"GRANT EXECUTE ON PROCEDURE {name}.sell TO {name}_reader")
        rows(connection, f"GRANT ALTER ROUTINE ON PROCEDURE {name}.sell TO {name}_writer WITH GRANT OPTION")
        rows(connection, f"GRANT EXECUTE ON PROCEDURE {name}.buy TO {name}_reader")
        yield tmp_path
        rows(connection, f"DROP ROLE {name}_reader, {name}_writer")


def state(target: Target) -> tuple[list, list, list]:
    with connect(target) as connection:
        return rows(connection, RIGHTS), rows(connection, PROCEDURES), rows(connection, TRIGGERS)


def test_a_kill_at_any_step_is_mended_by_the_next_apply(shop, empty_database):
    rights, _, _ = state(empty_database)
    assert [right[1:] for right in rights] == [("%", "Execute"), ("%", "Alter Routine,Grant"), ("%", "Execute")]
    missing, step, ended = {"procedure": 0, "right": 0, "trigger": 0}, 0, False
    while not ended:
        for path in CHANGING:
            small_project.change(shop, path, str(step), str(step + 1))
        ended = Wire(empty_database, step).apply(shop)
        left = state(empty_database)
        missing["procedure"] += len(left[1]) < 2
        missing["right"] += len(left[1]) == 2 and left[0] != rights
        missing["trigger"] += len(left[2]) < 2
        deployment.apply(Project(shop), empty_database)
        step += 1
        whole = state(empty_database)
        assert whole[0] == rights, step
        assert sorted(text for (text,) in whole[1]) == [
            f"BEGIN\n    INSERT INTO sales (note) VALUES ({step});\nEND",
            f"INSERT INTO sales (note) VALUES ({step})",
        ]
        assert whole[2] == [
            ("first", 1, f"SET NEW.note = {step}"),
            ("second", 2, "SET NEW.note = NEW.note + 1"),
        ]
        assert deployment.apply(Project(shop), empty_database) == []
    assert missing == {"procedure": 2, "right": 3, "trigger": 1}
    assert step > 50


def test_a_kill_of_the_server_inside_a_packet_is_mended_too(tmp_path):
    server = start(tmp_path / "server", "shop")
    try:
        root = small_project.write(tmp_path / "project", FILES)
        deployment.apply(Project(root), server)
        with connect(server) as connection:
            rows(connection, "CREATE ROLE reader")
            rows(connection, "GRANT EXECUTE ON PROCEDURE sell TO reader")
        for step, procedures in enumerate([2, 1, 2]):
            small_project.change(root, "procedures/sell.sql", str(step), str(step + 1))
            assert not Wire(server, step, b"DROP PROCEDURE `sell`").apply(root)
            kill_server(tmp_path / "server")
            server = start(tmp_path / "server", "shop")
            assert len(state(server)[1]) == procedures
            deployment.apply(Project(root), server)
            whole = state(server)
            assert [right[1:] for right in whole[0]] == [("%", "Execute")]
            assert f"BEGIN\n    INSERT INTO sales (note) VALUES ({step + 1});\nEND" in [text for (text,) in whole[1]]
            assert deployment.apply(Project(root), server) == []
    finally:
        stop(tmp_path / "server")


def kill_server(directory: Path) -> None:
    home = Home(directory)
    os.kill(int(home.pid_file.read_text()), signal.SIGKILL)
    while home.in_use():
        time.sleep(0.05)
