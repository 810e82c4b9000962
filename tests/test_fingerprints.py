"""A fingerprint is another one once the statement has done its work, and the same where others only wrote rows."""

from __future__ import annotations

import pytest

from learnhub_db.database import connect, rows
from learnhub_db.runner import fingerprints

BEFORE = """
CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, v INT);
CREATE TABLE b LIKE a;
CREATE TABLE q (id INT PRIMARY KEY);
CREATE TABLE p LIKE q;
ALTER TABLE p PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
CREATE INDEX there ON a (v);
CREATE VIEW seen AS SELECT 1 AS x;
CREATE PROCEDURE work() SELECT 1;
CREATE TRIGGER before_a BEFORE INSERT ON a FOR EACH ROW SET @a = 1
"""


@pytest.mark.parametrize(
    "sql",
    [
        "CREATE TABLE new (id INT)",
        "CREATE TABLE new SELECT * FROM a",
        "ALTER TABLE a ADD COLUMN z INT, COMMENT = 'drop table b'",
        "ALTER TABLE a RENAME TO new",
        "ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q",
        "RENAME TABLE a TO x, b TO a, x TO b",
        "RENAME TABLE `a` TO `new`",
        "TRUNCATE a",
        "TRUNCATE TABLE `a`",
        "DROP TABLE a, b",
        "CREATE UNIQUE INDEX new ON b (v)",
        "DROP INDEX there ON a",
        "CREATE OR REPLACE VIEW seen AS SELECT 2 AS x",
        "DROP VIEW seen",
        "CREATE DEFINER = `view`@`table` PROCEDURE new() SELECT 1",
        "ALTER PROCEDURE work COMMENT 'works'",
        "DROP PROCEDURE IF EXISTS work",
        "CREATE TRIGGER after_a AFTER INSERT ON a FOR EACH ROW SET @a = 1",
        "DROP TRIGGER before_a",
        "CREATE EVENT new ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM a",
        "/*!50001 DROP VIEW seen */",
    ],
)
def test_it_tells_that_the_statement_has_run(empty_database, sql):
    with connect(empty_database) as connection:
        for statement in BEFORE.split(";"):
            rows(connection, statement)
        before = fingerprints.of(connection, sql)
        rows(connection, "INSERT INTO a (v) VALUES (1)")
        assert before == fingerprints.of(connection, sql) is not None
        rows(connection, sql)
        assert fingerprints.of(connection, sql) not in (before, None)


@pytest.mark.parametrize("sql", ["INSERT INTO a VALUES (1)", "ALTER TABLE a DISCARD TABLESPACE", "FLUSH TABLES"])
def test_where_nothing_is_shown_there_is_none(empty_database, sql):
    with connect(empty_database) as connection:
        assert fingerprints.of(connection, sql) is None


@pytest.mark.parametrize(
    ("sql", "harmless"),
    [
        ("ANALYZE TABLE a", True),
        ("GRANT SELECT ON a TO b", True),
        ("DROP TABLE IF EXISTS a", True),
        ("CREATE OR REPLACE VIEW a AS SELECT 1", True),
        ("CREATE TABLE a (b TEXT DEFAULT ('IF NOT EXISTS'))", False),
        ("INSERT INTO a VALUES (1)", False),
        ("INSTALL PLUGIN a SONAME 'b'", False),
    ],
)
def test_what_may_run_twice(sql, harmless):
    assert fingerprints.harmless_twice(sql) is harmless
