"""Applying a project brings the database to what its files say, once."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from queue import Queue

import pymysql
import pytest

import small_project
from learnhub_db import deployment
from learnhub_db.acts import Act
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.project import Project
from learnhub_db.runner import lock

EVERYTHING = [
    "applied sql/migrations/0001-products.sql",
    "applied sql/migrations/0002-sales.sql",
    "created function with_tax",
    "created procedure sell",
    "created view prices",
    "created view a_summary",
    "created trigger audit_sale",
    "created event forget",
]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path)


@pytest.fixture
def account(server: Target, empty_database: Target) -> Iterator[Target]:
    """An account of the test's own, so that what it did can be counted."""
    name = f"test_{secrets.token_hex(6)}"
    with connect(server) as connection:
        rows(connection, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
        rows(connection, f"GRANT ALL ON {empty_database.database}.* TO {name}@'%'")
        rows(connection, f"GRANT SYSTEM_USER ON *.* TO {name}@'%'")
        yield Target(server.host, server.port, name, "secret", empty_database.database)
        rows(connection, f"DROP USER {name}@'%'")


def apply(root: Path, target: Target) -> list[str]:
    """What was done, without the numbers that differ from run to run."""
    return [f"{act.verb} {act.what}" for act in deployment.apply(Project(root), target)]


def ask(target: Target, sql: str) -> list[tuple]:
    with connect(target) as connection:
        return rows(connection, sql)


def test_everything_is_applied_in_an_order_that_works(shop, empty_database):
    assert apply(shop, empty_database) == EVERYTHING
    assert ask(empty_database, "SELECT name, price FROM prices ORDER BY name") == [
        ("it's coffee", Decimal("7.20")),
        ("tea; green", Decimal("5.40")),
    ]
    ask(empty_database, "CALL sell(1, 3)")
    assert ask(empty_database, "SELECT product_id, sold FROM sales") == [(1, 3)]
    assert ask(empty_database, "SELECT sale_id FROM audit") == [(1,)]


def test_applying_again_runs_no_ddl_and_few_queries(shop, server, account):
    apply(shop, account)
    before = statements_of(server, account)
    assert apply(shop, account) == []
    after = statements_of(server, account)
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
        "an applied migration has changed, sql/migrations/0001-products.sql, "
        "restore it and write the change as a new migration"
    )
    assert ask(empty_database, "SELECT COUNT(*) FROM _yoyo_migration") == [(2,)]


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
    assert error.mend == "the 2 statements before it are done and stay: mend the rest of the file, then apply again"
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
        ("-- a comment\n", "the migration holds no statement, sql/migrations/0002-b.sql, write one or remove the file"),
        ("DO 1;\nUSE mysql;\n", "the migration holds a USE, sql/migrations/0002-b.sql:2, the database is the URL's"),
        ("SELECT 'a;\n", "a quote is not closed, sql/migrations/0002-b.sql:1, close the '"),
    ],
)
def test_no_migration_runs_where_one_of_them_cannot_be_read(tmp_path, empty_database, text, message):
    files = {"sql/migrations/0001-a.sql": "CREATE TABLE a (id INT);\n", "sql/migrations/0002-b.sql": text}
    with pytest.raises(UsageError) as refusal:
        apply(small_project.write(tmp_path, files), empty_database)
    assert str(refusal.value) == message
    assert ask(empty_database, "SHOW TABLES LIKE 'a'") == []


@pytest.mark.parametrize(
    ("path", "old", "new", "act"),
    [
        ("procedures/sales/sell.sql", "'Sells some of", "'Sells a few of", "altered procedure sell"),
        ("procedures/sales/sell.sql", "one row", "a row", "replaced procedure sell"),
        ("procedures/sales/with_tax.sql", "1.2", "1.3", "replaced function with_tax"),
        ("views/prices.sql", "SELECT name", "SELECT UPPER(name) AS name", "replaced view prices"),
        ("triggers/audit_sale.sql", "(NEW.id)", "(-NEW.id)", "replaced trigger audit_sale"),
        ("sql/events/forget.sql", "1 DAY", "2 DAY", "replaced event forget"),
    ],
)
def test_only_a_changed_program_is_replaced(shop, empty_database, path, old, new, act):
    apply(shop, empty_database)
    small_project.change(shop, path, old, new)
    assert apply(shop, empty_database) == [act]
    assert apply(shop, empty_database) == []


def test_comments_above_a_create_are_no_change(shop, empty_database):
    apply(shop, empty_database)
    small_project.change(shop, "procedures/sales/sell.sql", "-- Sells some", "-- Really sells some")
    assert apply(shop, empty_database) == []


def test_a_program_that_somebody_dropped_is_created_again(shop, empty_database):
    apply(shop, empty_database)
    ask(empty_database, "DROP PROCEDURE sell")
    ask(empty_database, "DROP TRIGGER audit_sale")
    assert apply(shop, empty_database) == ["created procedure sell", "created trigger audit_sale"]


def test_a_program_that_was_there_before_is_replaced(shop, empty_database):
    ask(empty_database, "CREATE PROCEDURE SELL() SELECT 'of somebody'")
    assert "replaced procedure sell" in apply(shop, empty_database)
    ask(empty_database, "CALL sell(1, 3)")


def test_a_trigger_that_follows_another_is_created_after_it(shop, empty_database):
    create = "CREATE TRIGGER {} BEFORE INSERT ON sales FOR EACH ROW {};\n"
    files = {
        "triggers/a_second.sql": create.format("a_second", "FOLLOWS z_first SET @b = 1"),
        "triggers/z_first.sql": create.format("z_first", "SET @a = 1"),
    }
    acts = apply(small_project.write(shop, files), empty_database)
    assert acts.index("created trigger z_first") < acts.index("created trigger a_second")


def test_a_trigger_moves_to_another_table(shop, empty_database):
    apply(shop, empty_database)
    small_project.change(shop, "triggers/audit_sale.sql", "ON sales", "ON products")
    assert apply(shop, empty_database) == ["replaced trigger audit_sale"]
    table = "SELECT event_object_table FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    assert ask(empty_database, table) == [("products",)]


def test_no_insert_misses_a_trigger_that_is_replaced(shop, empty_database):
    apply(shop, empty_database)
    done = threading.Event()

    def write() -> None:
        with connect(empty_database) as connection:
            while not done.is_set():
                rows(connection, "INSERT INTO sales (product_id, sold) VALUES (1, 1)")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            small_project.change(shop, "triggers/audit_sale.sql", "BEGIN", f"BEGIN /* {number} */")
            assert apply(shop, empty_database) == ["replaced trigger audit_sale"]
    finally:
        done.set()
        writer.join()
    ((sales, audited),) = ask(empty_database, "SELECT (SELECT COUNT(*) FROM sales), (SELECT COUNT(*) FROM audit)")
    assert sales == audited > 0


def test_rights_to_execute_survive_a_replacement(shop, server, account):
    with connect(server) as connection:
        target = server.named(account.database)
        apply(shop, target)
        rows(connection, f"CREATE ROLE {account.user}_seller")
        try:
            routine = f"{account.database}.sell"
            rows(connection, f"GRANT EXECUTE ON PROCEDURE {routine} TO {account.user}_seller")
            rows(connection, f"GRANT ALTER ROUTINE ON PROCEDURE {routine} TO {account.user}@'%' WITH GRANT OPTION")
            before = routine_rights(target)
            assert len(before) >= 2
            small_project.change(shop, "procedures/sales/sell.sql", "one row", "a row")
            assert apply(shop, target) == ["replaced procedure sell"]
            assert routine_rights(target) == before
        finally:
            rows(connection, f"DROP ROLE {account.user}_seller")


def routine_rights(target: Target) -> list[tuple]:
    sql = "SELECT user, host, proc_priv FROM mysql.procs_priv WHERE db = DATABASE() AND routine_name = 'sell'"
    return ask(target, f"{sql} ORDER BY user")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("procedures/sales/sell.sql", "INSERT INTO", "INSERTO"),
        ("triggers/audit_sale.sql", "INSERT INTO", "INSERTO"),
        ("sql/events/forget.sql", "DELETE FROM", "DELETO"),
        ("views/prices.sql", "with_tax(price)", "prize"),
    ],
)
def test_the_old_program_stays_where_the_server_refuses_the_new_one(shop, empty_database, path, old, new):
    apply(shop, empty_database)
    before = routines(empty_database)
    small_project.change(shop, path, old, new)
    with pytest.raises(DatabaseRefused) as refusal:
        apply(shop, empty_database)
    assert refusal.value.where.startswith(f"{path}:")
    assert routines(empty_database) == before
    ask(empty_database, "CALL sell(1, 3)")
    assert ask(empty_database, "SELECT sale_id FROM audit") == [(1,)]
    assert len(ask(empty_database, "SELECT * FROM prices")) == 2
    events = "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()"
    assert ask(empty_database, events) == [("forget",)]
    small_project.change(shop, path, new, old)
    assert apply(shop, empty_database) == []


def routines(target: Target) -> list[tuple]:
    return ask(
        target,
        """SELECT routine_name, routine_definition, sql_mode, routine_comment FROM information_schema.routines
           WHERE routine_schema = DATABASE() ORDER BY routine_name""",
    )


def test_programs_are_stored_under_the_toolkits_sql_mode(shop, empty_database):
    apply(shop, empty_database)
    assert [("STRICT_TRANS_TABLES" in mode) for _, _, mode, _ in routines(empty_database)] == [True, True]


class TestOwner:
    """With an owner in the settings every program is defined by that account."""

    @pytest.fixture
    def owned(self, shop: Path, account: Target) -> Path:
        name = account.user
        files = {
            "learnhub-db.toml": f'owner = "{name}_owner@localhost"\n',
            "sql/grants/10-owner.sql": (
                f"CREATE USER IF NOT EXISTS {name}_owner@localhost ACCOUNT LOCK;\n"
                f"GRANT ALL ON * TO {name}_owner@localhost;\n"
            ),
            "sql/grants/20-rights.sql": f"GRANT EXECUTE ON PROCEDURE sell TO {name}@'%';\n",
        }
        return small_project.write(shop, files)

    @pytest.fixture
    def target(self, server: Target, account: Target) -> Iterator[Target]:
        yield server.named(account.database)
        ask(server, f"DROP USER IF EXISTS {account.user}_owner@localhost")

    def test_it_is_the_definer_of_everything(self, owned, account, target):
        assert apply(owned, target) == [
            *EVERYTHING[:2],
            "granted sql/grants/10-owner.sql",
            *EVERYTHING[2:],
            "granted sql/grants/20-rights.sql",
        ]
        sql = """
            SELECT definer FROM information_schema.routines WHERE routine_schema = DATABASE()
            UNION SELECT definer FROM information_schema.views WHERE table_schema = DATABASE()
            UNION SELECT definer FROM information_schema.triggers WHERE trigger_schema = DATABASE()
            UNION SELECT definer FROM information_schema.events WHERE event_schema = DATABASE()
        """
        assert ask(target, sql) == [(f"{account.user}_owner@localhost",)]
        assert apply(owned, target) == []

    def test_another_owner_replaces_all_programs(self, owned, account, target):
        apply(owned, target)
        small_project.change(owned, "learnhub-db.toml", f"{account.user}_owner@localhost", f"{account.user}@%")
        assert [act.split()[0] for act in apply(owned, target)] == ["replaced"] * 6

    def test_a_procedure_that_was_dropped_gets_its_rights_again(self, owned, target):
        apply(owned, target)
        ask(target, "DROP PROCEDURE sell")
        assert apply(owned, target) == ["created procedure sell", "granted sql/grants/20-rights.sql"]

    def test_rights_that_may_not_be_read_are_not_lost(self, owned, server, account, target):
        (owned / "learnhub-db.toml").unlink()
        apply(owned, target)
        ask(server, f"GRANT ALL ON {account.database}.* TO {account.user}@'%' WITH GRANT OPTION")
        ask(server, f"GRANT SHOW_ROUTINE ON *.* TO {account.user}@'%'")
        small_project.change(owned, "procedures/sales/sell.sql", "one row", "a row")
        with pytest.raises(DatabaseRefused) as refusal:
            apply(owned, account)
        assert str(refusal.value) == (
            "replacing the procedure sell would lose rights that are not seen, procedures/sales/sell.sql, "
            "GRANT SELECT ON mysql.procs_priv to the account that applies"
        )
        assert routine_rights(target) == [(account.user, "%", "Execute")]

    def test_an_owner_that_does_not_exist_is_refused_before_a_program_is_created(self, owned, account, target):
        (owned / "sql/grants/10-owner.sql").unlink()
        with pytest.raises(DatabaseRefused) as refusal:
            apply(owned, target)
        owner = f"{account.user}_owner"
        assert str(refusal.value) == (
            f"the owner {owner}@localhost does not exist, owner in the settings, "
            f"CREATE USER `{owner}`@`localhost` ACCOUNT LOCK, in a file of sql/grants that names no program"
        )
        assert routines(target) == []


class TestOneRunner:
    """One apply at a time works on a database."""

    def test_the_second_waits_and_says_for_whom(self, shop, empty_database):
        told: Queue[str] = Queue()
        with connect(empty_database) as first:
            with lock.held(first, empty_database.database, lambda act: None):
                number = first.thread_id()
                second = threading.Thread(
                    target=deployment.apply,
                    args=(Project(shop), empty_database, lambda act: told.put(str(act))),
                )
                second.start()
                assert told.get(timeout=30).startswith(f"waiting for connection {number} ({empty_database.user}@")
                assert ask(empty_database, "SHOW TABLES") == []
            second.join()
        assert told.get().startswith("applied sql/migrations/0001-products.sql")

    def test_it_gives_up_after_a_while(self, shop, empty_database):
        with connect(empty_database) as first, lock.held(first, empty_database.database, lambda act: None):
            with pytest.raises(DatabaseRefused) as refusal:
                deployment.apply(Project(shop), empty_database, lock_timeout=1)
        assert refusal.value.what == "another run holds the lock"
        assert refusal.value.mend == "wait until it is done, or end it with KILL"

    def test_eight_at_once_apply_everything_once(self, shop, empty_database):
        acts: list[str] = []
        runners = [threading.Thread(target=lambda: acts.extend(apply(shop, empty_database))) for _ in range(8)]
        for runner in runners:
            runner.start()
        for runner in runners:
            runner.join()
        assert sorted(act for act in acts if not act.startswith("waiting")) == sorted(EVERYTHING)

    def test_the_lock_is_free_when_its_runner_is_gone(self, empty_database):
        first = connect(empty_database)
        with pytest.raises(pymysql.Error), lock.held(first, empty_database.database, lambda act: None):
            ask(empty_database, f"KILL {first.thread_id()}")
            rows(first, "SELECT 1")
        with connect(empty_database) as second, lock.held(second, empty_database.database, pytest.fail):
            pass

    def test_a_long_name_of_a_database_fits(self):
        names = {lock.name_for(letter * 64) for letter in "ab"}
        assert len(names) == 2
        assert all(len(name) <= 64 for name in names)
