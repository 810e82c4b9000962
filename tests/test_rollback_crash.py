"""Whatever of a rollback dies at whatever query: the next rollback ends where an undisturbed one would have."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest

import interruptions
import small_project
from grants import revoke_all
from learnhub_db import deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from test_resume import AT_ONCE, hasty, renew

BEFORE = {
    "sql/migrations/0001-sales.sql": "CREATE TABLE sales (id INT PRIMARY KEY AUTO_INCREMENT, n INT);\n",
    "procedures/sell.sql": "DELIMITER $$\nCREATE PROCEDURE sell() BEGIN INSERT INTO sales (n) VALUES (1); END$$\n",
    "triggers/first.sql": "CREATE TRIGGER first BEFORE INSERT ON sales FOR EACH ROW SET NEW.n = NEW.n + 1;\n",
}
AFTER = {
    "sql/migrations/0002-note.sql": "ALTER TABLE sales ADD COLUMN note INT;\nINSERT INTO sales (note) VALUES (7);\n",
    "sql/migrations/0002-note.rollback.sql": (
        "SET @note = 7;\nDELETE FROM sales WHERE note = @note;\nINSERT INTO sales (n) VALUES (@note);\n"
        "ALTER TABLE sales DROP COLUMN note;\n"
    ),
    "sql/migrations/0003-log.sql": "CREATE TABLE log (n INT);\nINSERT INTO log VALUES (1), (2);\n",
    "sql/migrations/0003-log.rollback.sql": (
        "START TRANSACTION;\nINSERT INTO sales (n) SELECT n FROM log;\nDELETE FROM log;\nCOMMIT;\nDROP TABLE log;\n"
    ),
    "procedures/sell.sql": BEFORE["procedures/sell.sql"].replace("(1)", "(2)"),
    "procedures/lend.sql": "CREATE PROCEDURE lend() SELECT note FROM sales;\n",
    "triggers/first.sql": BEFORE["triggers/first.sql"].replace("+ 1", "+ 2"),
    "views/notes.sql": "CREATE VIEW notes AS SELECT note FROM sales;\n",
}
SEEN = (
    "SELECT id, n FROM sales ORDER BY id",
    "SELECT routine_name, routine_definition FROM information_schema.routines WHERE routine_schema = DATABASE()",
    "SELECT trigger_name, action_statement FROM information_schema.triggers WHERE trigger_schema = DATABASE()",
    "SELECT user, routine_name, proc_priv FROM mysql.procs_priv WHERE db = DATABASE() ORDER BY routine_name",
    "SELECT migration_id FROM _yoyo_migration",
    "SELECT migration_id, operation FROM _yoyo_log WHERE operation = 'rollback' ORDER BY migration_id",
    "SELECT id, digest FROM _learnhub_migrations",
    "SELECT kind, name, path, digest FROM _learnhub_objects ORDER BY name",
    "SELECT * FROM _learnhub_journal",
    "SELECT * FROM _learnhub_replacements",
    "SHOW TABLES",
)


@pytest.fixture
def roots(tmp_path: Path) -> tuple[Path, Path]:
    """The project before, and with two more migrations and what came with them."""
    return small_project.write(tmp_path / "before", BEFORE), small_project.write(tmp_path / "after", BEFORE | AFTER)


@pytest.fixture
def role(server: Target) -> Iterator[str]:
    name = f"t_{secrets.token_hex(5)}"
    with connect(server) as connection:
        rows(connection, f"CREATE ROLE {name}")
        yield name
        rows(connection, f"DROP ROLE {name}")


@pytest.fixture
def databases(server: Target, empty_database: Target) -> Iterator[Queue[Target]]:
    free: Queue[Target] = Queue()
    for number in range(AT_ONCE):
        free.put(server.named(f"{empty_database.database}_{number}"))
    with hasty(server):
        yield free
    with connect(server) as connection:
        while not free.empty():
            name = free.get().database
            rows(connection, f"DROP DATABASE IF EXISTS {name}")
            revoke_all(connection.cursor(), name)


def build(target: Target, roots: tuple[Path, Path], role: str) -> None:
    before, after = roots
    renew(target)
    deployment.apply(Project(before), target)
    with connect(target) as connection:
        rows(connection, f"GRANT EXECUTE ON PROCEDURE sell TO {role}")
    deployment.apply(Project(after), target)


def state(target: Target) -> list[list[tuple]]:
    with connect(target) as connection:
        return [rows(connection, sql) for sql in (*SEEN, "SHOW CREATE TABLE sales")]


def test_nothing_differs_after_a_death_at_any_query(server, empty_database, roots, role, databases):
    build(empty_database, roots, role)
    queries = interruptions.boundaries(empty_database, interruptions.rollback, roots[1], "0001")
    expected = state(empty_database)

    def differs_after(query: int) -> str | None:
        target = databases.get()
        try:
            build(target, roots, role)
            with interruptions.at(target, query, interruptions.rollback, roots[1], "0001") as (proxy, client):
                interruptions.kill_the_client(proxy, client)
            interruptions.rollback(target, roots[1], "0001")
            return None if state(target) == expected else proxy.queries[-1]
        finally:
            databases.put(target)

    assert len(queries) > 50
    with ThreadPoolExecutor(AT_ONCE) as at_once:
        assert [text for text in at_once.map(differs_after, queries) if text] == []
