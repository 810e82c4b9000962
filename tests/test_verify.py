"""Verify tells no difference where there is none, and touches nothing on the server."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import small_project
import stocked_shop
from command_line import Run, runner
from learnhub_db import scratch_schema
from learnhub_db.database import Target, connect, rows

NO_DIFFERENCE = (0, "no difference\n", "")


@pytest.fixture
def account(server: Target) -> Iterator[str]:
    with stocked_shop.account(server) as name:
        yield name


@pytest.fixture
def shop(tmp_path: Path, account: str) -> Path:
    return stocked_shop.write(tmp_path, account)


@pytest.fixture
def applied(run: Run) -> Run:
    assert run("apply").code == 0
    return run


def verified(run: Run) -> tuple[int, str, str]:
    shown = run("verify")
    print(shown.out)
    return shown.code, shown.out, shown.err


def test_a_fresh_database_does_not_differ(applied):
    assert verified(applied) == NO_DIFFERENCE
    assert applied("--json", "verify").document == {"differences": [], "not_followed": [], "not_compared": []}


def test_an_empty_database_lacks_everything_and_stays_empty(run, empty_database):
    found = run("--json", "verify")
    assert found.code == 1
    assert {one["state"] for one in found.document["differences"]} == {"missing"}
    missing = {f"{one['kind']} {one['name']}" for one in found.document["differences"]}
    assert {"table products", "procedure sell", "view prices", "trigger audit_sale", "event wake"} <= missing
    with connect(empty_database) as connection:
        assert rows(connection, "SHOW TABLES") == []


def test_what_only_use_changes_is_no_difference(applied, sql):
    sql("INSERT INTO products (name, price) VALUES ('milk', 1), ('salt', 1)")
    sql("CALL sell(1, 3)")
    sql("ANALYZE TABLE products UPDATE HISTOGRAM ON price")
    sql("ANALYZE TABLE products")
    sql("ALTER TABLE suppliers ADD COLUMN seen INT, ALGORITHM = INSTANT")
    sql("ALTER TABLE suppliers DROP COLUMN seen, ALGORITHM = INSTANT")
    sql("OPTIMIZE TABLE suppliers")
    sql("CREATE TABLE yoyo_lock (locked INT)")
    assert applied("apply").out == "nothing to do\n"
    assert verified(applied) == NO_DIFFERENCE


def test_what_is_unusual_is_no_difference(applied, shop, sql):
    small_project.write(shop, stocked_shop.UNUSUAL)
    assert applied("apply").code == 0
    assert verified(applied) == NO_DIFFERENCE
    sql("ALTER EVENT Rests ON SCHEDULE AT '2037-02-01 00:00:00'")
    sql("ALTER EVENT soon ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS NOW() + INTERVAL 2 DAY ENDS '2037-02-01'")
    told = applied("verify").out.splitlines()
    assert told[-1] == "2 differences"
    assert {"--- at: '2037-01-01 00:00:00'", "+-- at: '2037-02-01 00:00:00'", "different event rests"} <= set(told)
    assert "different event soon" in told


def test_programs_that_were_replaced_are_no_difference(applied, shop):
    for path, old, new in [
        ("procedures/sales/sell.sql", "one row", "a row"),
        ("triggers/audit_sale.sql", "(NEW.id)", "(-NEW.id)"),
        ("views/prices.sql", "SELECT name", "SELECT UPPER(name) AS name"),
        ("sql/events/wake.sql", "1 SECOND", "2 SECOND"),
    ]:
        small_project.change(shop, path, old, new)
    assert applied("verify").out.splitlines()[-1] == "4 differences"
    assert applied("apply").code == 0
    assert verified(applied) == NO_DIFFERENCE


def test_without_an_owner_the_definer_is_who_applied(shop, run, server, empty_database, account, capsys):
    (shop / "learnhub-db.toml").unlink()
    other = replace(empty_database, user=f"{account}_other", password="x")
    with connect(server) as connection:
        rows(connection, f"CREATE USER {account}_other IDENTIFIED BY 'x'")
        rows(connection, f"GRANT ALL ON *.* TO {account}_other WITH GRANT OPTION")
    assert runner(other, capsys, "--project", str(shop))("apply").code == 0
    small_project.change(shop, "procedures/sales/sell.sql", "one row", "a row")
    assert run("apply").out.splitlines()[-1] == "replaced procedure sell"
    assert verified(run) == NO_DIFFERENCE
    with connect(empty_database) as connection:
        rows(connection, f"CREATE OR REPLACE DEFINER={account}_other@localhost SQL SECURITY INVOKER "
                         "VIEW prices AS SELECT name, with_tax(price) AS price FROM products")
    code, out, _ = verified(run)
    assert code == 1
    assert [line for line in out.splitlines() if line.startswith(("different", "+-- ", "--- "))] == [
        "different view prices", "--- files", f"--- definer: {account}_other@%", f"+-- definer: {account}_other@localhost",
    ]


def test_a_rebuilt_table_is_no_difference(applied, shop, sql):
    small_project.write(shop, stocked_shop.UNUSUAL)
    assert applied("apply").code == 0
    before = sql("SHOW CREATE TABLE coded")
    sql("ALTER TABLE coded ADD COLUMN more INT, ALGORITHM = COPY")
    sql("ALTER TABLE coded DROP COLUMN more, ALGORITHM = COPY")
    assert sql("SHOW CREATE TABLE coded") != before  # the server has rewritten _utf8mb4'…' to _ascii'…'
    assert verified(applied) == NO_DIFFERENCE
    sql("ALTER TABLE coded DROP CHECK coded_chk_1, ADD CHECK (REGEXP_LIKE(code, '^it''s _ascii$', 'c') OR code > 'a')")
    assert "different table coded" in applied("verify").out.splitlines()


def test_views_on_views_of_an_owner_without_rights_in_the_scratch_schema_are_built(applied, account, sql):
    assert sql(f"SELECT DISTINCT definer FROM information_schema.views WHERE table_schema = DATABASE()") == [
        (f"{account}@localhost",)
    ]
    assert verified(applied) == NO_DIFFERENCE


def test_a_pending_migration_and_a_changed_file_are_told(applied, shop):
    small_project.write(shop, {"sql/migrations/0004-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
    small_project.change(shop, "sql/events/forget.sql", "DISABLE", "ENABLE")
    found = applied("--json", "verify")
    assert found.code == 1
    event, table = found.document["differences"]
    assert (event["state"], event["kind"], event["name"]) == ("different", "event", "forget")
    assert event["diff"].splitlines()[-4:-1] != []
    assert "--- status: ENABLE\n+-- status: DISABLE" in event["diff"].replace("\n --", "\n")
    assert (table["state"], table["kind"], table["name"]) == ("different", "table", "products")
    assert "-  `stock` int DEFAULT NULL," in table["diff"].splitlines()


class TestNothingIsTouched:
    """A look at the server changes nothing on it but the scratch schema, which is gone afterwards."""

    @pytest.fixture(autouse=True)
    def schemas(self, server: Target) -> Iterator[None]:
        def left() -> list[tuple]:
            with connect(server) as connection:
                return rows(connection, "SHOW DATABASES LIKE %s", (scratch_schema.PATTERN,))

        yield
        assert left() == []

    def test_no_event_fires_while_the_schema_is_built(self, applied, shop, sql, server):
        sql("ALTER EVENT wake DISABLE")
        sql("CREATE TABLE fired (who VARCHAR(64))")
        ((database,),) = sql("SELECT DATABASE()")
        files = {
            "sql/events/loud.sql": "CREATE EVENT loud ON SCHEDULE EVERY 1 SECOND COMMENT 'ENABLE' DO "
            f"INSERT INTO {database}.fired VALUES (SCHEMA());\n",
            "sql/migrations/0004-slow.sql": "CREATE EVENT early ON SCHEDULE EVERY 1 SECOND ON COMPLETION PRESERVE "
            f"ENABLE DO INSERT INTO {database}.fired VALUES (SCHEMA());\nALTER EVENT early ENABLE;\n"
            f"/*!50106 CREATE*/ /*!50117 DEFINER=CURRENT_USER*/ /*!50106 EVENT dumped "
            "ON SCHEDULE EVERY 1 SECOND ENABLE "
            f"DO INSERT INTO {database}.fired VALUES (SCHEMA()) */;\nDO SLEEP(2.5);\n",
        }
        small_project.write(shop, files)
        with connect(server) as connection:
            ((scheduler,),) = rows(connection, "SELECT @@GLOBAL.event_scheduler")
            rows(connection, "SET GLOBAL event_scheduler = ON")
            try:
                assert applied("verify").code == 1
            finally:
                rows(connection, f"SET GLOBAL event_scheduler = {scheduler}")
        assert sql("SELECT who FROM fired") == []

    def test_what_a_migration_does_to_the_server_to_accounts_and_elsewhere_is_left_out(
        self, applied, shop, sql, account, empty_database
    ):
        database = empty_database.database
        files = {
            "sql/migrations/0004-server.sql": f"""\
SET GLOBAL max_connect_errors = 77;
SET PERSIST max_connect_errors = 77;
SET @@GLOBAL.max_connect_errors = 77;
CREATE USER {account}_other@localhost;
GRANT SELECT ON products TO {account}_other@localhost;
CREATE DATABASE {account}_more;
SELECT 1 INTO OUTFILE '/nowhere/{account}';
SET SESSION sort_buffer_size = 40000, GLOBAL max_connect_errors = 77;
INSERT INTO {database}.sales (product_id, sold) VALUES (1, 1);
DELETE FROM {database}.products;
WITH c AS (SELECT 1) DELETE FROM `{database}`.products;
CALL {database} . sell(1, 1);
FLUSH STATUS;
/*!50000 SET GLOBAL max_connect_errors = 77 */;
CREATE TABLE late (a INT);
"""
        }
        small_project.write(shop, files)
        before = sql("SELECT @@GLOBAL.max_connect_errors")
        told = applied("verify").out.splitlines()
        assert [line for line in told if line.startswith(("missing", "extra", "different"))] == [
            "missing table late",
            f"missing rights of {account}_other@localhost",
        ]
        assert sql("SELECT @@GLOBAL.max_connect_errors") == before
        assert sql(f"SHOW DATABASES LIKE '{account}%'") == []
        assert sql("SELECT (SELECT COUNT(*) FROM sales), (SELECT COUNT(*) FROM products)") == [(0, 2)]

    def test_rows_are_written_for_what_comes_after_them(self, applied, shop, sql):
        files = {
            "sql/migrations/0004-rows.sql": """\
DELIMITER //
/*!50003 CREATE PROCEDURE by_rows()
    IF (SELECT COUNT(*) FROM products) = 2 THEN CREATE TABLE of_two (a INT); END IF */ //
DELIMITER ;
CALL by_rows();
SET @statement = CONCAT('CREATE TABLE of_', (SELECT MIN(id) FROM products), ' (a INT)');
PREPARE made FROM @statement;
EXECUTE made;
CREATE INDEX by_a ON of_1 (a);
"""
        }
        small_project.write(shop, files)
        missing = [line for line in applied("verify").out.splitlines() if line.startswith("missing")]
        assert missing == ["missing procedure by_rows", "missing table of_1", "missing table of_two"]
        assert applied("apply").code == 0
        assert verified(applied) == NO_DIFFERENCE

    def test_a_file_that_the_server_refuses_is_told_with_its_place(self, applied, shop):
        small_project.change(shop, "procedures/sales/sell.sql", "INSERT INTO", "INSERTO")
        refusal = applied("verify")
        assert refusal.code == 3
        assert refusal.err.startswith("error: 1064: You have an error in your SQL syntax")
        assert "procedures/sales/sell.sql:8" in refusal.err
        assert "    INSERTO sales" in refusal.err

    def test_an_interrupt_from_the_keyboard(self, applied, shop, empty_database):
        small_project.write(shop, {"sql/migrations/0004-slow.sql": "DO SLEEP(60);\n"})
        command = [sys.executable, "-m", "learnhub_db", "--url", empty_database.url, "--project", str(shop), "verify"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
            wait_for_sleep(empty_database, 60)
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == 130
            assert process.stderr.read().strip() == b""

    def test_what_a_killed_run_left_is_dropped_by_the_next(self, applied, shop, empty_database, sql):
        small_project.write(shop, {"sql/migrations/0004-slow.sql": "DO SLEEP(61);\n"})
        command = [sys.executable, "-m", "learnhub_db", "--url", empty_database.url, "--project", str(shop), "verify"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
            sleeping = wait_for_sleep(empty_database, 61)
            process.kill()
        sql(f"KILL {sleeping}")
        (shop / "sql/migrations/0004-slow.sql").unlink()
        while sql(f"SELECT id FROM information_schema.processlist WHERE id = {sleeping}"):
            time.sleep(0.05)
        assert sql(f"SHOW DATABASES LIKE '{scratch_schema.PATTERN}'") != []
        assert verified(applied) == NO_DIFFERENCE


def wait_for_sleep(target: Target, seconds: int) -> int:
    """The connection that sleeps in a migration."""
    with connect(target) as connection:
        for _ in range(600):
            sql = "SELECT id FROM information_schema.processlist WHERE info = %s"
            found = rows(connection, sql, (f"DO SLEEP({seconds})",))
            if found:
                return found[0][0]
            time.sleep(0.05)
    raise AssertionError("no migration sleeps")
