"""Verify tells every difference between files and database, and none where there is none."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db import scratch_schema
from learnhub_db.database import Target, connect, rows

SQL = Callable[[str], list[tuple]]

NO_DIFFERENCE = (0, "no difference\n", "")

# A shop with one of everything that a schema can hold.
FILES = small_project.FILES | {
    "sql/migrations/0003-everything.sql": """\
CREATE TABLE suppliers (
    code     CHAR(4) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Short word',
    name     VARCHAR(50) NULL DEFAULT 'nobody',
    shouted  VARCHAR(50) GENERATED ALWAYS AS (UPPER(name)) STORED,
    stars    INT NOT NULL DEFAULT 3,
    product  INT NULL,
    PRIMARY KEY (code),
    UNIQUE KEY one_name (name),
    KEY by_stars (stars),
    CONSTRAINT known_product FOREIGN KEY (product) REFERENCES products (id),
    CONSTRAINT at_most_five CHECK (stars <= 5)
) COMMENT 'Who delivers';
CREATE TABLE readings (id INT NOT NULL, day DATE NOT NULL, PRIMARY KEY (id, day))
    PARTITION BY RANGE (YEAR(day)) (PARTITION old VALUES LESS THAN (2020), PARTITION new VALUES LESS THAN MAXVALUE);
ALTER TABLE suppliers ADD COLUMN since DATE NULL AFTER name, ALGORITHM = INSTANT;
""",
    "triggers/a_second.sql": "CREATE TRIGGER a_second BEFORE INSERT ON sales FOR EACH ROW FOLLOWS z_first SET @b = 1;\n",
    "triggers/z_first.sql": "CREATE TRIGGER z_first BEFORE INSERT ON sales FOR EACH ROW SET @a = 1;\n",
    "sql/events/wake.sql": "CREATE EVENT wake ON SCHEDULE EVERY 1 SECOND COMMENT 'often' DO INSERT INTO audit (sale_id) VALUES (0);\n",
}


@pytest.fixture
def account(server: Target) -> Iterator[str]:
    """A name for the owner and, with _reader behind it, for a role; both are gone afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    yield name
    with connect(server) as connection:
        rows(connection, f"DROP USER IF EXISTS {name}@localhost, {name}_other@localhost")
        rows(connection, f"DROP ROLE IF EXISTS {name}_reader")


@pytest.fixture
def shop(tmp_path: Path, account: str) -> Path:
    files = {
        "learnhub-db.toml": f'owner = "{account}@localhost"\n',
        "sql/grants/10-accounts.sql": f"""\
CREATE USER IF NOT EXISTS {account}@localhost ACCOUNT LOCK;
GRANT ALL ON * TO '{account}'@localhost;
CREATE ROLE IF NOT EXISTS {account}_reader;
""",
        "sql/grants/20-rights.sql": f"""\
-- what the role may do; GRANT SELECT ON audit TO nobody
GRANT SELECT (id, name), UPDATE (name) ON products TO {account}_reader;
GRANT SELECT ON TABLE prices TO `{account}_reader`;
GRANT EXECUTE ON PROCEDURE sell TO {account}_reader WITH GRANT OPTION;
GRANT PROCESS, SHOW_ROUTINE ON *.* TO {account}_reader;
""",
    }
    return small_project.write(tmp_path, FILES | files)


@pytest.fixture
def run(shop: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(empty_database, capsys, "--project", str(shop))


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
    assert applied("--json", "verify").document == {"differences": []}


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


UNUSUAL = {
    "sql/migrations/0004-unusual.sql": """\
CREATE TABLE `Odd ``name``` (
    `a;b` INT AUTO_INCREMENT PRIMARY KEY COMMENT 'AUTO_INCREMENT=5 ) ENGINE=InnoDB AUTO_INCREMENT=7',
    words TEXT CHARACTER SET latin1,
    place POINT NOT NULL SRID 4326,
    more JSON DEFAULT (JSON_OBJECT('it''s', 1)),
    hidden INT INVISIBLE DEFAULT 1,
    half INT AS (hidden DIV 2) VIRTUAL,
    kind ENUM('a', 'b`c') NOT NULL DEFAULT 'a',
    changed TIMESTAMP(3) NULL DEFAULT CURRENT_TIMESTAMP(3) ON UPDATE CURRENT_TIMESTAMP(3),
    FULLTEXT KEY (words), SPATIAL KEY (place), KEY f ((hidden + 1), kind DESC),
    CHECK (hidden > 0)
) AUTO_INCREMENT = 100 ROW_FORMAT = DYNAMIC STATS_PERSISTENT = 1 COMMENT 'it''s; odd';
INSERT INTO `Odd ``name``` (place) VALUES (ST_SRID(POINT(1, 1), 4326));
CREATE TABLE child (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES `Odd ``name``` (`a;b`) ON DELETE CASCADE);
ALTER TABLE child ADD COLUMN name VARCHAR(5), ADD INDEX (name);
RENAME TABLE child TO `Kind`;
CREATE TABLE parts (id INT, day DATE) PARTITION BY RANGE COLUMNS (day) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
    (PARTITION p0 VALUES LESS THAN ('2030-01-01') COMMENT 'old', PARTITION p1 VALUES LESS THAN (MAXVALUE));
CREATE ALGORITHM = MERGE VIEW narrow AS SELECT id AS `a,b from c` FROM parts WHERE id > 1 WITH CASCADED CHECK OPTION;
SET sql_mode = 'ANSI_QUOTES';
CREATE TRIGGER "Loud" BEFORE INSERT ON parts FOR EACH ROW SET NEW.id = NEW.id + 1;
CREATE EVENT "Rests" ON SCHEDULE AT '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO SELECT 'a' AS "b";
CREATE FUNCTION "Twice"(n INT) RETURNS INT NO SQL RETURN 2 * n;
""",
    "views/wide.sql": "CREATE VIEW wide AS WITH c AS (SELECT id, Twice(id) AS t FROM parts UNION ALL SELECT 1, 2) "
    "SELECT c.*, (SELECT GROUP_CONCAT(id ORDER BY id SEPARATOR ', from ') FROM narrow_of) AS g FROM c "
    "WHERE t > 0 GROUP BY id, t HAVING t > 1 ORDER BY t LIMIT 5;\n",
    "views/narrow_of.sql": "CREATE VIEW narrow_of AS SELECT `a,b from c` AS id FROM narrow;\n",
    "sql/events/once.sql": "CREATE EVENT once ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 9 DAY DO DO 1;\n",
    "sql/events/soon.sql": "CREATE EVENT soon ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS NOW() + INTERVAL 1 DAY "
    "ENDS '2037-01-01' ON COMPLETION PRESERVE DO DO 1;\n",
}


def test_what_is_unusual_is_no_difference(applied, shop, sql):
    small_project.write(shop, UNUSUAL)
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


def test_an_account_of_another_name_that_applied_is_no_difference(shop, run, server, empty_database, account, capsys):
    (shop / "learnhub-db.toml").unlink()
    with connect(server) as connection:
        rows(connection, f"CREATE USER {account}_other@localhost IDENTIFIED BY 'x'")
    assert run("apply").code == 0
    with connect(empty_database) as connection:
        rows(connection, f"CREATE OR REPLACE DEFINER={account}_other@localhost SQL SECURITY INVOKER "
                         "VIEW prices AS SELECT name, with_tax(price) AS price FROM products")
    assert verified(run) == NO_DIFFERENCE


DRIFT = {
    # a word for what drifted: what somebody ran, what stands above the diff, lines that stand in it
    "a table": ("CREATE TABLE stray (a INT)", "extra table stray", ["+CREATE TABLE `stray` ("]),
    "no table": ("DROP TABLE readings", "missing table readings", ["-CREATE TABLE `readings` ("]),
    "a column": (
        "ALTER TABLE suppliers ADD COLUMN fax INT",
        "different table suppliers",
        ["+  `fax` int DEFAULT NULL,"],
    ),
    "no column": ("ALTER TABLE suppliers DROP since", "different table suppliers", ["-  `since` date DEFAULT NULL,"]),
    "the order of columns": (
        "ALTER TABLE suppliers MODIFY since DATE NULL FIRST",
        "different table suppliers",
        ["+  `since` date DEFAULT NULL,", "-  `since` date DEFAULT NULL,"],
    ),
    "a type": (
        "ALTER TABLE suppliers MODIFY stars BIGINT NOT NULL DEFAULT 3",
        "different table suppliers",
        ["-  `stars` int NOT NULL DEFAULT '3',", "+  `stars` bigint NOT NULL DEFAULT '3',"],
    ),
    "null": (
        "ALTER TABLE suppliers MODIFY stars INT NULL DEFAULT 3",
        "different table suppliers",
        ["+  `stars` int DEFAULT '3',"],
    ),
    "a default": (
        "ALTER TABLE suppliers ALTER stars SET DEFAULT 4",
        "different table suppliers",
        ["+  `stars` int NOT NULL DEFAULT '4',"],
    ),
    "a column's comment": (
        "ALTER TABLE suppliers MODIFY code CHAR(4) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Long word'",
        "different table suppliers",
        ["+  `code` char(4) CHARACTER SET ascii COLLATE ascii_bin NOT NULL COMMENT 'Long word',"],
    ),
    "a column's collation": (
        "ALTER TABLE suppliers MODIFY code CHAR(4) CHARACTER SET ascii NOT NULL COMMENT 'Short word'",
        "different table suppliers",
        ["+  `code` char(4) CHARACTER SET ascii COLLATE ascii_general_ci NOT NULL COMMENT 'Short word',"],
    ),
    "a generated column": (
        "ALTER TABLE suppliers MODIFY shouted VARCHAR(50) GENERATED ALWAYS AS (LOWER(name)) STORED",
        "different table suppliers",
        ["+  `shouted` varchar(50) GENERATED ALWAYS AS (lower(`name`)) STORED,"],
    ),
    "a table's comment": (
        "ALTER TABLE suppliers COMMENT 'Who delivered'",
        "different table suppliers",
        ["+) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci COMMENT='Who delivered'"],
    ),
    "a table's collation": (
        "ALTER TABLE audit COLLATE utf8mb4_bin",
        "different table audit",
        ["+) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin"],
    ),
    "an index": ("CREATE INDEX by_day ON suppliers (since)", "different table suppliers", ["+  KEY `by_day` (`since`),"]),
    "no index": ("DROP INDEX by_stars ON suppliers", "different table suppliers", ["-  KEY `by_stars` (`stars`),"]),
    "an index that is not seen": (
        "ALTER TABLE suppliers ALTER INDEX by_stars INVISIBLE",
        "different table suppliers",
        ["+  KEY `by_stars` (`stars`) /*!80000 INVISIBLE */,"],
    ),
    "uniqueness": ("DROP INDEX one_name ON suppliers", "different table suppliers", ["-  UNIQUE KEY `one_name` (`name`),"]),
    "a foreign key": (
        "ALTER TABLE suppliers DROP FOREIGN KEY known_product",
        "different table suppliers",
        ["-  CONSTRAINT `known_product` FOREIGN KEY (`product`) REFERENCES `products` (`id`),"],
    ),
    "a check": (
        "ALTER TABLE suppliers ALTER CHECK at_most_five NOT ENFORCED",
        "different table suppliers",
        ["+  CONSTRAINT `at_most_five` CHECK ((`stars` <= 5)) /*!80016 NOT ENFORCED */"],
    ),
    "a partition": (
        "ALTER TABLE readings REORGANIZE PARTITION new INTO "
        "(PARTITION mid VALUES LESS THAN (2030), PARTITION new VALUES LESS THAN MAXVALUE)",
        "different table readings",
        ["+ PARTITION mid VALUES LESS THAN (2030) ENGINE = InnoDB,"],
    ),
    "a routine's comment": (
        "ALTER PROCEDURE sell COMMENT 'Buys'",
        "different procedure sell",
        ["-    COMMENT 'Sells some of a product'", "+    COMMENT 'Buys'"],
    ),
    "a routine's security": (
        "ALTER FUNCTION with_tax SQL SECURITY INVOKER",
        "different function with_tax",
        ["+    SQL SECURITY INVOKER"],
    ),
    "a routine's parameters": (
        "DROP PROCEDURE sell; CREATE DEFINER={a}@localhost PROCEDURE sell(p_product INT) COMMENT 'Sells some of a product' MODIFIES SQL DATA DO 1",
        "different procedure sell",
        ["+CREATE PROCEDURE `sell`(p_product INT)"],
    ),
    "a routine's body": (
        "DROP FUNCTION with_tax; CREATE DEFINER={a}@localhost FUNCTION with_tax(p_price DECIMAL(10, 2)) RETURNS DECIMAL(10, 2) DETERMINISTIC RETURN p_price * 1.3",
        "different function with_tax",
        ["-RETURN p_price * 1.2", "+RETURN p_price * 1.3"],
    ),
    "a routine's sql_mode": (
        "SET sql_mode = 'ANSI_QUOTES'; DROP PROCEDURE sell; CREATE PROCEDURE sell() DO 1",
        "different procedure sell",
        ["+-- sql_mode: ANSI_QUOTES"],
    ),
    "a routine's character set": (
        "SET NAMES latin1; DROP PROCEDURE sell; CREATE PROCEDURE sell() DO 1",
        "different procedure sell",
        ["+-- character set: latin1", "+-- collation: latin1_swedish_ci"],
    ),
    "a definer": (
        "DROP FUNCTION with_tax; CREATE DEFINER=root@localhost FUNCTION with_tax(p INT) RETURNS INT DETERMINISTIC RETURN p",
        "different function with_tax",
        ["+-- definer: root@localhost"],
    ),
    "a routine": ("CREATE PROCEDURE stray() DO 1", "extra procedure stray", ["+CREATE PROCEDURE `stray`()"]),
    "no routine": ("DROP FUNCTION with_tax", "missing function with_tax", ["-RETURN p_price * 1.2"]),
    "a trigger": (
        "CREATE TRIGGER stray AFTER DELETE ON sales FOR EACH ROW SET @c = 1",
        "extra trigger stray",
        ["+CREATE TRIGGER `stray` AFTER DELETE ON `sales` FOR EACH ROW SET @c = 1"],
    ),
    "no trigger": ("DROP TRIGGER audit_sale", "missing trigger audit_sale", ["-END"]),
    "the order of triggers": (
        "DROP TRIGGER a_second; CREATE TRIGGER a_second BEFORE INSERT ON sales FOR EACH ROW PRECEDES z_first SET @b = 1",
        "different trigger z_first",
        ["+-- runs after: a_second"],
    ),
    "a view": ("CREATE VIEW stray AS SELECT 1", "extra view stray", ["+select 1 AS `1`"]),
    "a view's query": (
        "ALTER VIEW a_summary AS SELECT COUNT(*) + 1 AS products FROM prices",
        "different view a_summary",
        ["-select count(0) AS `products`", "+select (count(0) + 1) AS `products`"],
    ),
    "no view": ("DROP VIEW a_summary", "missing view a_summary", ["-from `prices`"]),
    "an event": ("CREATE EVENT stray ON SCHEDULE EVERY 1 DAY DO DO 1", "extra event stray", ["+-- status: ENABLE"]),
    "an event that is off": ("ALTER EVENT wake DISABLE", "different event wake", ["--- status: ENABLE", "+-- status: DISABLE"]),
    "an event's schedule": (
        "ALTER EVENT forget ON SCHEDULE EVERY 2 DAY",
        "different event forget",
        ["+CREATE EVENT `forget` ON SCHEDULE EVERY 2 DAY ON COMPLETION NOT PRESERVE DO DELETE FROM audit"],
    ),
    "no event": ("DROP EVENT forget", "missing event forget", ["--- status: DISABLE"]),
    "a right more": ("GRANT DELETE ON products TO {a}_reader", "different rights of {a}_reader@%", ["+GRANT DELETE ON products"]),
    "a right on a column less": (
        "REVOKE UPDATE (name) ON products FROM {a}_reader",
        "different rights of {a}_reader@%",
        ["-GRANT UPDATE (name) ON products"],
    ),
    "a right to execute less": (
        "REVOKE EXECUTE ON PROCEDURE sell FROM {a}_reader",
        "different rights of {a}_reader@%",
        ["-GRANT EXECUTE ON PROCEDURE sell"],
    ),
    "a right on the database less": (
        "REVOKE TRIGGER ON * FROM {a}@localhost",
        "different rights of {a}@localhost",
        ["-GRANT TRIGGER ON *"],
    ),
    "a right on the server more": (
        "GRANT SELECT ON *.* TO {a}_reader",
        "different rights of {a}_reader@%",
        ["+GRANT SELECT ON *.*"],
    ),
    "a right on the server less": (
        "REVOKE SHOW_ROUTINE ON *.* FROM {a}_reader",
        "different rights of {a}_reader@%",
        ["-GRANT SHOW_ROUTINE ON *.*"],
    ),
    "a role more": (
        "GRANT {a}_reader TO {a}@localhost",
        "different rights of {a}@localhost",
        ["+GRANT {a}_reader@%"],
    ),
    "no role": ("DROP ROLE {a}_reader", "missing rights of {a}_reader@%", ["-{a}_reader@%"]),
}


@pytest.mark.parametrize("drift", DRIFT)
def test_each_kind_of_drift_is_shown(applied, empty_database, account, drift):
    ran, header, lines = DRIFT[drift]
    with connect(empty_database) as connection:
        for statement in ran.format(a=account).split("; "):
            rows(connection, statement)
    shown = applied("verify")
    assert shown.code == 1
    told = shown.out.splitlines()
    assert header.format(a=account) in told
    assert {line.format(a=account) for line in lines} <= set(told), shown.out


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
            f"/*!50106 CREATE*/ /*!50117 DEFINER=CURRENT_USER*/ /*!50106 EVENT dumped ON SCHEDULE EVERY 1 SECOND ENABLE "
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
/*!50003 CREATE PROCEDURE by_rows() IF (SELECT COUNT(*) FROM products) = 2 THEN CREATE TABLE of_two (a INT); END IF */ //
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

    @pytest.mark.parametrize(
        "statement",
        [
            "ALTER TABLE {d}.products ADD COLUMN x INT",
            "DROP TABLE `{d}` . products",
            "CREATE TABLE x (a INT); RENAME TABLE x TO {d}.x",
            "CREATE INDEX i ON {d}.products (name)",
            "DROP VIEW IF EXISTS {d}.prices",
            "DROP VIEW IF EXISTS nothing, {d} . prices",
            "ALTER EVENT forget RENAME TO {d}.forgotten",
            "CREATE TABLE x (a INT, FOREIGN KEY (a) REFERENCES {d}.products (id))",
            "CREATE TABLE x LIKE {d}.products",
            "CREATE DEFINER = CURRENT_USER TRIGGER {d} . x BEFORE INSERT ON sales FOR EACH ROW SET @a = 1",
            'ALTER TABLE "{d}".products ADD COLUMN x INT',
            "CREATE PROCEDURE {d}.x() DO 1",
        ],
    )
    def test_a_migration_that_reaches_into_a_database_by_name_is_refused(self, applied, shop, sql, statement):
        ((database,),) = sql("SELECT DATABASE()")
        text = f"-- says where\n{statement.format(d=database)};\n"
        small_project.write(shop, {"sql/migrations/0004-reach.sql": text})
        refusal = applied("verify")
        assert refusal.code == 2
        assert refusal.err == (
            f"error: the migration names the database {database}, sql/migrations/0004-reach.sql:2, "
            "the database is the URL's: leave the name out\n"
        )
        assert sql("SELECT COUNT(*) FROM sales") == [(0,)]
        assert ("name",) in sql("SELECT column_name FROM information_schema.columns WHERE table_name = 'prices'")

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


class TestAnAccountWithFewRights:
    """What is missing is told with the GRANT that mends it."""

    @pytest.fixture
    def few(self, applied, shop, server, empty_database, account, capsys) -> Iterator[tuple[Run, SQL]]:
        user = f"{account}_few"
        with connect(server) as connection:
            rows(connection, f"CREATE USER {user}@'%' IDENTIFIED BY 'secret'")
            rows(connection, f"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON {empty_database.database}.* TO {user}@'%'")
            target = Target(server.host, server.port, user, "secret", empty_database.database)
            run = runner(target, capsys, "--project", str(shop))
            yield run, lambda statement: rows(connection, statement)
            rows(connection, f"DROP USER {user}@'%'")

    def test_each_grant_that_is_asked_for_brings_it_further(self, few, account, empty_database):
        run, administrator = few
        database, user = empty_database.database, f"`{account}_few`@`%`"
        refusal = run("verify")
        assert refusal.code == 3
        mend = f"GRANT ALL ON `{scratch_schema.PATTERN}`.* TO {user}"
        assert refusal.err.startswith("error: the account may not create a scratch schema, ")
        assert refusal.err.endswith(f", {mend}\n")
        administrator(mend)
        for what, mend in [
            (f"see every function, {database}", f"SHOW_ROUTINE ON *.* TO {user}"),
            (f"see the rights of {account}@localhost, mysql", f"SELECT ON mysql.* TO {user}"),
        ]:
            refusal = run("verify")
            assert (refusal.code, refusal.err) == (3, f"error: the account may not {what}, GRANT {mend}\n")
            administrator(f"GRANT {mend}")
        assert verified(run) == NO_DIFFERENCE

    @pytest.mark.parametrize(
        ("kind", "right", "others"),
        [
            ("trigger", "TRIGGER", ["SELECT", "SHOW VIEW", "EVENT"]),
            ("event", "EVENT", ["SELECT", "SHOW VIEW", "TRIGGER"]),
            ("table", "SELECT", ["EVENT"]),
        ],
    )
    def test_what_it_cannot_see_is_not_taken_for_missing(self, few, account, empty_database, kind, right, others):
        run, administrator = few
        database, user = empty_database.database, f"`{account}_few`@`%`"
        administrator(f"GRANT ALL ON `{scratch_schema.PATTERN}`.* TO {user}")
        administrator(f"GRANT SHOW_ROUTINE ON *.* TO {user}")
        administrator(f"REVOKE ALL ON {database}.* FROM {user}")
        administrator(f"GRANT SELECT, SHOW VIEW ON {database}.products TO {user}")
        administrator(f"GRANT {', '.join(others)} ON {database}.* TO {user}")
        refusal = run("verify")
        assert (refusal.code, refusal.err) == (
            3,
            f"error: the account may not see every {kind}, {database}, GRANT {right} ON `{database}`.* TO {user}\n",
        )

    def test_a_view_that_it_may_not_read_is_told_with_the_grant(self, few, account, empty_database):
        run, administrator = few
        database, user = empty_database.database, f"`{account}_few`@`%`"
        administrator(f"GRANT ALL ON `{scratch_schema.PATTERN}`.* TO {user}")
        administrator(f"GRANT SHOW_ROUTINE ON *.* TO {user}")
        administrator(f"REVOKE SHOW VIEW ON {database}.* FROM {user}")
        refusal = run("verify")
        assert refusal.code == 3
        assert refusal.err.startswith(f"error: 1142: SHOW VIEW command denied to user '{account}_few'@")
        assert refusal.err.endswith(f"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `{database}`.* TO {user}\n")


@pytest.mark.parametrize("statement", ["GRANT", "CREATE USER"])
def test_a_grant_that_breaks_off_is_told_with_its_place(applied, shop, statement):
    small_project.write(shop, {"sql/grants/30-cut.sql": f"-- cut\n{statement};\n"})
    refusal = applied("verify")
    assert (refusal.code, refusal.err) == (
        2,
        "error: the statement cannot be read, sql/grants/30-cut.sql:2, complete it\n",
    )


def test_whoever_applied_is_not_an_account_of_the_files(shop, run):
    small_project.write(shop, {"sql/grants/30-me.sql": "GRANT SELECT ON products TO CURRENT_USER;\n"})
    assert run("apply").code == 0
    assert verified(run) == NO_DIFFERENCE


def test_an_administrator_of_the_files_has_every_right(shop, run, account):
    rights = f"GRANT ALL ON *.* TO {account}_reader WITH GRANT OPTION;\nREVOKE FILE ON *.* FROM {account}_reader;\n"
    small_project.write(shop, {"sql/grants/30-all.sql": rights})
    assert run("apply").code == 0
    assert verified(run) == NO_DIFFERENCE
