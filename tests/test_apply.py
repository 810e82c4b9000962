"""Applying a project brings the database to what its files say, once."""

from __future__ import annotations

import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import pytest

import small_project
from applying import EVERYTHING, apply, ask
from learnhub_db import deployment
from learnhub_db.acts import Act
from learnhub_db.database import Target
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.project import Project


def test_everything_is_applied_in_an_order_that_works(shop, empty_database):
    assert apply(shop, empty_database) == EVERYTHING
    assert ask(empty_database, "SELECT name, price FROM prices ORDER BY name") == [
        ("it's coffee", Decimal("7.20")),
        ("tea; green", Decimal("5.40")),
    ]
    ask(empty_database, "CALL sell(1, 3)")
    assert ask(empty_database, "SELECT product_id, sold FROM sales") == [(1, 3)]
    assert ask(empty_database, "SELECT sale_id FROM audit") == [(1,)]


def test_applying_again_runs_no_ddl_and_few_queries(shop, server, modest):
    apply(shop, modest)
    before = statements_of(server, modest)
    assert apply(shop, modest) == []
    after = statements_of(server, modest)
    ran = {name: number - before.get(name, 0) for name, number in after.items() if number > before.get(name, 0)}
    assert set(ran) <= {"select", "set_option", "show_tables", "Quit"}
    assert sum(ran.values()) <= 12


def statements_of(server: Target, account: Target) -> dict[str, int]:
    """How many statements of each kind the account has run so far, by the server's own count."""
    sql = f"""
        SELECT SUBSTRING_INDEX(event_name, '/', -1), count_star
        FROM performance_schema.events_statements_summary_by_user_by_event_name
        WHERE user = '{account.user}' AND count_star > 0
    """
    return dict(ask(server.named("performance_schema"), sql))


def test_the_acts_tell_statements_and_seconds(shop, empty_database):
    told: list[Act] = []
    deployment.apply(Project(shop), empty_database, told.append)
    assert str(told[0]).startswith("applied sql/migrations/0001-products.sql (2 statements, 0.")
    assert str(told[2]) == "created function with_tax"


def test_a_new_migration_is_applied_alone(shop, empty_database):
    apply(shop, empty_database)
    small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
    assert apply(shop, empty_database) == ["applied sql/migrations/0003-stock.sql"]


def test_plain_yoyo_reads_what_was_applied(shop, empty_database):
    apply(shop, empty_database)
    small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
    for scheme in ("mysql", "learnhub"):
        assert yoyo_list(shop, empty_database.url.replace("mysql", scheme, 1)) == [
            ["A", "0001-products"],
            ["A", "0002-sales"],
            ["U", "0003-stock"],
        ]
    operations = ask(empty_database, "SELECT migration_id, operation FROM _yoyo_log ORDER BY migration_id")
    assert operations == [("0001-products", "apply"), ("0002-sales", "apply")]


def test_an_account_of_the_machine_without_a_name_is_logged_by_its_number(shop, empty_database, monkeypatch):
    def nameless() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr("getpass.getuser", nameless)
    apply(shop, empty_database)
    assert ask(empty_database, "SELECT DISTINCT username FROM _yoyo_log") == [(str(os.getuid()),)]


def yoyo_list(root: Path, url: str) -> list[list[str]]:
    command = [sys.executable, "-m", "yoyo", "list", "--no-config-file", "--batch", "--database", url]
    answer = subprocess.run(
        [*command, str(root / "sql/migrations")], capture_output=True, text=True, check=True, timeout=60
    )
    return [line.split()[:2] for line in answer.stdout.splitlines()[2:]]


def test_a_changed_applied_migration_is_refused_before_anything_runs(shop, empty_database):
    apply(shop, empty_database)
    small_project.change(shop, "sql/migrations/0001-products.sql", "4.50", "4.55")
    small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
    with pytest.raises(UsageError) as refusal:
        apply(shop, empty_database)
    assert str(refusal.value) == (
        "an applied migration has changed (sql/migrations/0001-products.sql)\nhint: "
        "restore it and write the change as a new migration"
    )
    assert ask(empty_database, "SELECT COUNT(*) FROM _yoyo_migration") == [(2,)]


def test_a_renamed_applied_migration_does_not_run_again(shop, empty_database):
    apply(shop, empty_database)
    path = shop / "sql/migrations/0002-sales.sql"
    path.rename(path.with_name("0002-orders.sql"))
    assert apply(shop, empty_database) == ["renamed 0002-sales to 0002-orders"]
    assert apply(shop, empty_database) == []


def test_the_servers_own_database_is_no_place_for_a_project(shop, server):
    with pytest.raises(UsageError) as refusal:
        apply(shop, server.named("mysql"))
    assert refusal.value.what == "mysql is the server's own database"


def test_line_ends_and_a_byte_order_mark_are_no_change(shop, empty_database):
    apply(shop, empty_database)
    for path in shop.rglob("*.sql"):
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert apply(shop, empty_database) == []


def test_what_a_migration_sets_ends_with_it(tmp_path, empty_database):
    files = {
        "sql/migrations/0001-a.sql": """\
            SET autocommit = 0, foreign_key_checks = 0, sql_mode = 'ANSI_QUOTES';
            CREATE TABLE a (id INT PRIMARY KEY);
            INSERT INTO a VALUES (1);
        """,
        "sql/migrations/0002-b.sql": """\
            CREATE TABLE b (ac INT, fk INT, mode TEXT);
            INSERT INTO b VALUES (@@autocommit, @@foreign_key_checks, @@sql_mode);
        """,
    }
    apply(small_project.write(tmp_path, files), empty_database)
    assert ask(empty_database, "SELECT id FROM a") == [(1,)]
    ((autocommit, keys, mode),) = ask(empty_database, "SELECT ac, fk, mode FROM b")
    assert (autocommit, keys) == (1, 1)
    assert "ANSI_QUOTES" not in mode


def test_rows_of_a_migration_stay_and_its_failure_is_told_with_the_place(tmp_path, empty_database):
    files = {
        "sql/migrations/0001-a.sql": """\
-- three statements
CREATE TABLE a (id INT PRIMARY KEY);
INSERT INTO a VALUES (1);
INSERT INTO a
    (id) VALUEZ (2);
"""
    }
    with pytest.raises(DatabaseRefused) as refusal:
        apply(small_project.write(tmp_path, files), empty_database)
    error = refusal.value
    assert error.what.startswith("1064: You have an error in your SQL syntax")
    assert error.where == "sql/migrations/0001-a.sql:5"
    assert error.hint == "the 2 statements before it are done and stay: fix the rest of the file, then apply again"
    assert error.detail.splitlines() == [
        "     4 | INSERT INTO a",
        "     5 |     (id) VALUEZ (2)",
        "       |          ^",
    ]
    assert ask(empty_database, "SELECT id FROM a") == [(1,)]
    assert ask(empty_database, "SELECT COUNT(*) FROM _yoyo_migration") == [(0,)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-- a comment\n", "the migration holds no statement (sql/migrations/0002-b.sql)\nhint: write one or remove the file"),
        ("DO 1;\nUSE mysql;\n", "the migration holds a USE (sql/migrations/0002-b.sql:2)\nhint: the database is the URL's"),
        ("SELECT 'a;\n", "a quote is not closed (sql/migrations/0002-b.sql:1)\nhint: close the '"),
    ],
)
def test_no_migration_runs_where_one_of_them_cannot_be_read(tmp_path, empty_database, text, message):
    files = {"sql/migrations/0001-a.sql": "CREATE TABLE a (id INT);\n", "sql/migrations/0002-b.sql": text}
    with pytest.raises(UsageError) as refusal:
        apply(small_project.write(tmp_path, files), empty_database)
    assert str(refusal.value) == message
    assert ask(empty_database, "SHOW TABLES LIKE 'a'") == []
