"""Each kind of drift is shown by its words in a diff."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import stocked_shop
from command_line import Run
from learnhub_db.database import Target, connect, identifier, rows

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
        ["+  `code` char(4) COLLATE ascii_bin NOT NULL COMMENT 'Long word',"],
    ),
    "a column's collation": (
        "ALTER TABLE suppliers MODIFY code CHAR(4) CHARACTER SET ascii NOT NULL COMMENT 'Short word'",
        "different table suppliers",
        ["+  `code` char(4) COLLATE ascii_general_ci NOT NULL COMMENT 'Short word',"],
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
    "an index": (
        "CREATE INDEX by_day ON suppliers (since)",
        "different table suppliers",
        ["+  KEY `by_day` (`since`),"],
    ),
    "no index": ("DROP INDEX by_stars ON suppliers", "different table suppliers", ["-  KEY `by_stars` (`stars`),"]),
    "an index that is not seen": (
        "ALTER TABLE suppliers ALTER INDEX by_stars INVISIBLE",
        "different table suppliers",
        ["+  KEY `by_stars` (`stars`) /*!80000 INVISIBLE */,"],
    ),
    "uniqueness": (
        "DROP INDEX one_name ON suppliers",
        "different table suppliers",
        ["-  UNIQUE KEY `one_name` (`name`),"],
    ),
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
        "DROP PROCEDURE sell; CREATE DEFINER={a}@localhost PROCEDURE sell(p_product INT) "
        "COMMENT 'Sells some of a product' MODIFIES SQL DATA DO 1",
        "different procedure sell",
        ["+CREATE PROCEDURE `sell`(p_product INT)"],
    ),
    "a routine's body": (
        "DROP FUNCTION with_tax; CREATE DEFINER={a}@localhost FUNCTION with_tax(p_price DECIMAL(10, 2)) "
        "RETURNS DECIMAL(10, 2) DETERMINISTIC RETURN p_price * 1.3",
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
        "DROP FUNCTION with_tax; CREATE DEFINER=root@localhost FUNCTION with_tax(p INT) "
        "RETURNS INT DETERMINISTIC RETURN p",
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
        "DROP TRIGGER a_second; "
        "CREATE TRIGGER a_second BEFORE INSERT ON sales FOR EACH ROW PRECEDES z_first SET @b = 1",
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
    "an event that is off": (
        "ALTER EVENT wake DISABLE",
        "different event wake",
        ["--- status: ENABLE", "+-- status: DISABLE"],
    ),
    "an event's schedule": (
        "ALTER EVENT forget ON SCHEDULE EVERY 2 DAY",
        "different event forget",
        ["+CREATE EVENT `forget` ON SCHEDULE EVERY 2 DAY ON COMPLETION NOT PRESERVE DO DELETE FROM audit"],
    ),
    "no event": ("DROP EVENT forget", "missing event forget", ["--- status: DISABLE"]),
    "a right more": (
        "GRANT DELETE ON products TO {a}_reader",
        "different rights of {a}_reader@%",
        ["+GRANT DELETE ON products"],
    ),
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
        "REVOKE TRIGGER ON {literal}.* FROM {a}@localhost",
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
    "an account that is open": (
        "ALTER USER {a}@localhost ACCOUNT UNLOCK",
        "different rights of {a}@localhost",
        ["-ACCOUNT LOCK", "+ACCOUNT UNLOCK"],
    ),
    "no role": ("DROP ROLE {a}_reader", "missing rights of {a}_reader@%", ["-{a}_reader@%"]),
}


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


@pytest.mark.parametrize("drift", DRIFT)
def test_each_kind_of_drift_is_shown(applied, empty_database, account, drift):
    ran, header, lines = DRIFT[drift]
    literal = identifier(empty_database.database.replace("_", "\\_"))
    with connect(empty_database) as connection:
        for statement in ran.format(a=account, literal=literal).split("; "):
            rows(connection, statement)
    shown = applied("verify")
    assert shown.code == 1
    told = shown.out.splitlines()
    assert header.format(a=account) in told
    assert {line.format(a=account) for line in lines} <= set(told), shown.out
