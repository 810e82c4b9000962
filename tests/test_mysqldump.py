"""A whole mysqldump as a migration: foreseen, applied, and never one of the toolkit's own tables."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import small_project
import stocked_shop
from command_line import runner
from grants import revoke_all
from learnhub_db.database import Target, connect, rows
from servers import client_programs

ROOT = Path(__file__).parent.parent
RENTAL = ROOT / "tests/real/rental.sql"


@pytest.fixture
def dumped(tmp_path: Path) -> Callable[..., str]:
    """The text of mysqldump for a database."""
    program = client_programs(tmp_path) / "mysqldump"

    def dump(target: Target, *options: str) -> str:
        login = [f"--host={target.host}", f"--port={target.port}", f"--user={target.user}", "--protocol=tcp"]
        what = ["--routines", "--triggers", "--events", "--set-gtid-purged=OFF", "--hex-blob", *options, target.database]
        command = [str(program), *login, *what]
        ran = subprocess.run(command, env={"MYSQL_PWD": target.password}, capture_output=True, check=True, timeout=120)
        return ran.stdout.decode()

    return dump


def unforeseen(document: dict) -> list[str]:
    return [one["statement"] for one in document["statements"] if "not foreseen" in (one["note"] or "")]


def refused(document: dict) -> list[str]:
    return [f"{one['statement']}: {one['refused']}" for one in document["statements"] if one["refused"]]


@pytest.mark.parametrize("project", ["the school", "a rental shop", "a stocked shop"])
def test_nothing_of_a_dump_is_refused_and_all_of_it_is_foreseen(project, tmp_path, server, empty_database, capsys, dumped):
    files = {"sql/migrations/0001-all.sql": RENTAL.read_text(encoding="utf-8")}
    if project == "a stocked shop":
        files = stocked_shop.FILES | stocked_shop.UNUSUAL
    root = ROOT if project == "the school" else small_project.write(tmp_path / "source", files)
    assert runner(empty_database, capsys, "--project", str(root))("apply").code == 0
    own = "_learnhub_journal _learnhub_history _learnhub_migrations _learnhub_objects _learnhub_replacements _learnhub_schema"
    names = [*own.split(), "_yoyo_log", "_yoyo_migration", "_yoyo_version"]
    text = dumped(empty_database, "--skip-add-locks", *(f"--ignore-table={empty_database.database}.{name}" for name in names))
    copy = server.named(f"{empty_database.database}_copy")
    with connect(server) as connection:
        rows(connection, f"CREATE DATABASE {copy.database}")
        if project == "the school":
            rows(connection, f"GRANT ALL ON {copy.database}.* TO learnhub_owner@localhost")
        try:
            small_project.write(tmp_path / "dump", {"sql/migrations/0001-dump.sql": text})
            run = runner(copy, capsys, "--project", str(tmp_path / "dump"))
            document = run("--json", "plan").document
            assert len(document["statements"]) > 50
            assert refused(document) == []
            assert unforeseen(document) == []
            shown = run("apply")
            assert shown.code == 0, shown.err
        finally:
            rows(connection, f"DROP DATABASE {copy.database}")
            revoke_all(connection.cursor(), copy.database)


def test_a_setting_that_is_saved_and_restored_is_foreseen(run, shop):
    text = (
        "SET @old_mode = @@sql_mode;\nSET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';\nCREATE TABLE a (id INT);\n"
        "SET sql_mode = @old_mode;\nSET @o = CONCAT(@@sql_mode, ',ANSI_QUOTES'), sql_mode = '';\nSET sql_mode = @o;\n"
        "SET @t = @@session.time_zone, time_zone = '+01:00';\nSET time_zone = @t;\n"
    )
    small_project.write(shop, {"sql/migrations/0003-a.sql": text})
    document = run("--json", "plan").document
    assert (refused(document), unforeseen(document)) == ([], [])
    assert run("apply").code == 0


def test_a_setting_from_a_query_is_not_foreseen_and_not_called_refused(run, shop):
    text = "SET @m = (SELECT GROUP_CONCAT(name) FROM products);\nSET sql_mode = @m;\nDO 1;\n"
    small_project.write(shop, {"sql/migrations/0003-a.sql": text})
    document = run("--json", "plan").document
    assert (refused(document), unforeseen(document)) == ([], ["SET sql_mode = @m"])


def test_a_setting_that_the_server_does_not_take_is_refused(run, shop):
    small_project.write(shop, {"sql/migrations/0003-a.sql": "SET sql_mode = 'NO_SUCH_MODE';\nSET sql_mode = @never;\n"})
    assert len(refused(run("--json", "plan").document)) == 2


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TABLE IF EXISTS `_learnhub_journal`",
        "DELETE FROM _yoyo_migration",
        "/*!40000 ALTER TABLE `_learnhub_migrations` DISABLE KEYS */",
        "CREATE TABLE yoyo_lock (id INT)",
        "INSERT INTO _learnhub_objects VALUES (1)",
    ],
)
@pytest.mark.parametrize("verb", ["plan", "apply"])
def test_a_migration_that_changes_the_toolkits_own_tables_is_refused(run, shop, sql, statement, verb):
    run("apply")
    small_project.write(shop, {"sql/migrations/0003-a.sql": f"CREATE TABLE first (id INT);\n{statement};\n"})
    shown = run(verb)
    assert shown.code == 2
    assert shown.err.startswith("error: the migration changes the toolkit's own table ")
    assert "(sql/migrations/0003-a.sql:2)\nhint: leave it out: of a dump, mysqldump --ignore-table=" in shown.err
    assert sql("SHOW TABLES LIKE 'first'") == []
    (shop / "sql/migrations/0003-a.sql").unlink()
    assert run("apply").out == "nothing to do\n"


def test_what_only_speaks_of_them_is_applied(run, shop):
    text = "-- _learnhub_journal\nINSERT INTO products (name, price) VALUES ('_learnhub_journal', 1);\nSET @_learnhub_x = 1;\n"
    small_project.write(shop, {"sql/migrations/0003-a.sql": text})
    assert run("apply").code == 0
