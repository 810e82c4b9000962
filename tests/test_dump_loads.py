"""A dump builds in any empty database what the files build, whatever that database and its server have for defaults."""

from __future__ import annotations

import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small_project
import stocked_shop
from command_line import Ran, runner
from learnhub_db.database import Target, connect, rows
from learnhub_db.server import client_command

COLLATIONS = ["utf8mb4_0900_ai_ci", "utf8mb4_general_ci", "utf8mb4_bin", "latin1_swedish_ci"]
OLD = {
    "sql/migrations/0005-dates.sql": """\
SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION';
CREATE TABLE z (
    id INT PRIMARY KEY,
    d  DATE NOT NULL DEFAULT '0000-00-00',
    at TIMESTAMP NOT NULL DEFAULT '0000-00-00 00:00:00',
    u  VARCHAR(20) CHARACTER SET utf8mb4,
    l  VARCHAR(20) CHARACTER SET latin1
);
SET SESSION sql_mode = 'ALLOW_INVALID_DATES';
ALTER TABLE z ADD COLUMN day DATE DEFAULT '2026-02-31';
CREATE TABLE w (s VARCHAR(20)) CHARSET utf8mb4;
SET SESSION sql_mode = 'PIPES_AS_CONCAT,ANSI_QUOTES', time_zone = '+02:00';
CREATE PROCEDURE joined(x VARCHAR(10)) SELECT "s" || ';' FROM w WHERE s = x;
""",
    "triggers/on_dates.sql": "CREATE TRIGGER on_dates BEFORE INSERT ON z FOR EACH ROW SET NEW.id = NEW.id + 1;\n",
    "procedures/found.sql": "CREATE PROCEDURE found(x VARCHAR(10)) SELECT s FROM w WHERE s = x;\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, stocked_shop.FILES | stocked_shop.UNUSUAL | OLD)


@pytest.fixture
def database(server: Target) -> Iterator[Callable[[str], Target]]:
    """Make an empty database with a default collation."""
    made: list[str] = []

    def make(collation: str) -> Target:
        made.append(f"test_{secrets.token_hex(6)}")
        rows(connection, f"CREATE DATABASE {made[-1]} COLLATE {collation}")
        return server.named(made[-1])

    with connect(server) as connection:
        yield make
        for name in made:
            rows(connection, f"DROP DATABASE {name}")


@pytest.fixture
def typed(shop: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    return lambda target, *words: runner(target, capsys, "--project", str(shop))(*words)


def load(target: Target, path: Path) -> None:
    login = [f"--host={target.host}", f"--port={target.port}", f"--user={target.user}", "--protocol=tcp"]
    command = [*client_command(), "--comments", *login, target.database]
    subprocess.run(command, input=path.read_bytes(), env={"MYSQL_PWD": target.password}, check=True, timeout=120)


@pytest.mark.parametrize("collation", COLLATIONS)
def test_a_dump_loads_into_a_database_of_any_collation(shop, database, typed, collation):
    assert typed(database("utf8mb4_0900_ai_ci"), "dump").code == 0
    target = database(collation)
    load(target, shop / "sql/schema.sql")
    shown = typed(target, "verify")
    assert (shown.code, shown.out) == (0, "no difference\n")


def test_the_text_depends_neither_on_the_database_nor_on_the_server(shop, server, database, typed):
    texts = set()
    with connect(server) as connection:
        for collation in COLLATIONS:
            typed(database(collation), "dump")
            texts.add((shop / "sql/schema.sql").read_text(encoding="utf-8"))
        rows(connection, "SET GLOBAL default_collation_for_utf8mb4 = utf8mb4_general_ci")
        try:
            typed(database("utf8mb4_general_ci"), "dump")
        finally:
            rows(connection, "SET GLOBAL default_collation_for_utf8mb4 = DEFAULT")
        texts.add((shop / "sql/schema.sql").read_text(encoding="utf-8"))
    assert len(texts) == 1


def test_the_project_names_another_collation(shop, database, typed):
    small_project.write(shop, {"learnhub-db.toml": 'collation = "latin1_swedish_ci"\n'})
    typed(database("utf8mb4_0900_ai_ci"), "dump")
    text = (shop / "sql/schema.sql").read_text(encoding="utf-8")
    assert "ALTER DATABASE COLLATE latin1_swedish_ci;\n" in text
    assert ") ENGINE=InnoDB DEFAULT CHARSET=latin1" in text


@pytest.mark.parametrize("collation", COLLATIONS)
def test_what_apply_builds_is_what_verify_expects_on_any_server(shop, server, database, typed, collation):
    target = database(collation)
    with connect(server) as connection:
        rows(connection, "SET GLOBAL default_collation_for_utf8mb4 = utf8mb4_general_ci")
        try:
            assert typed(target, "apply").code == 0
        finally:
            rows(connection, "SET GLOBAL default_collation_for_utf8mb4 = DEFAULT")
    shown = typed(target, "verify")
    assert (shown.code, shown.out) == (0, "no difference\n")


def test_a_trigger_of_a_table_with_old_dates_is_replaced(shop, database, typed):
    target = database("utf8mb4_0900_ai_ci")
    assert typed(target, "apply").code == 0
    small_project.change(shop, "triggers/on_dates.sql", "+ 1", "+ 2")
    small_project.write(shop, {"sql/migrations/0006-more.sql": "SET SESSION sql_mode = '';\nALTER TABLE w ADD COLUMN more INT;\n"})
    assert "REFUSED" not in typed(target, "plan").out
    shown = typed(target, "apply")
    assert shown.code == 0, shown.err
    assert "replaced trigger on_dates" in shown.out
