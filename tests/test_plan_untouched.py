"""Plan leaves the database as it is, also when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db import scratch_schema
from learnhub_db.database import Target, connect, rows

VOLATILE = """
    TABLE_ROWS AVG_ROW_LENGTH DATA_LENGTH INDEX_LENGTH DATA_FREE CARDINALITY UPDATE_TIME CHECK_TIME MAX_DATA_LENGTH
""".split()
CHANGES = """\
ALTER TABLE products ADD COLUMN stock INT, ADD INDEX (name);
ALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id);
CREATE TABLE fresh LIKE sales;
RENAME TABLE audit TO trail;
TRUNCATE trail;
UPDATE products SET price = 1;
DELETE FROM sales;
SET sql_mode = '';
CALL sell(1, 1);
ALTER TABLE products DROP COLUMN price;
DROP TABLE trail;
"""


@pytest.fixture
def run(shop: Path, empty_database: Target, capsys: pytest.CaptureFixture[str], sql) -> Run:
    """Over the shop, which is deployed and has sold something."""
    run = runner(empty_database, capsys, "--project", str(shop))
    assert run("apply").code == 0
    small_project.fill(sql)
    return run


def change_everything(shop: Path) -> None:
    small_project.write(shop, {"sql/migrations/0003-more.sql": CHANGES})
    small_project.change(shop, "procedures/sales/sell.sql", "one row", "a row")
    small_project.change(shop, "procedures/sales/with_tax.sql", "1.2", "1.3")
    small_project.change(shop, "views/prices.sql", "SELECT name", "SELECT UPPER(name) AS name")
    small_project.change(shop, "triggers/audit_sale.sql", "(NEW.id)", "(-NEW.id)")
    small_project.change(shop, "sql/events/forget.sql", "1 DAY DISABLE", "1 SECOND ENABLE")


def everything(target: Target) -> dict[str, list[tuple]]:
    """All that the server's catalogue tells of a database, its rows, and the rights on it."""
    columns = """
        SELECT table_name, column_name FROM information_schema.columns
        WHERE table_schema = 'information_schema'
            AND column_name REGEXP '^(TABLE|ROUTINE|TRIGGER|EVENT|CONSTRAINT|SPECIFIC)_SCHEMA$'
    """
    listed = """
        SELECT column_name FROM information_schema.columns
        WHERE table_schema = 'information_schema' AND table_name = %s ORDER BY ordinal_position
    """
    told = {}
    with connect(target) as connection:
        for table, schema in rows(connection, columns):
            names = ", ".join(f"`{name}`" for (name,) in rows(connection, listed, (table,)) if name not in VOLATILE)
            found = rows(connection, f"SELECT {names} FROM information_schema.{table} WHERE {schema} = DATABASE()")
            told[f"{table}.{schema}"] = sorted(map(repr, found))
        told["inside"] = rows(
            connection,
            """SELECT name, table_id, n_cols, total_row_versions FROM information_schema.innodb_tables
               WHERE name LIKE CONCAT(DATABASE(), '/%%') ORDER BY name""",
        )
        tables = [name for name, kind in rows(connection, "SHOW FULL TABLES") if kind == "BASE TABLE"]
        told["rows"] = [rows(connection, f"CHECKSUM TABLE `{name}`") for name in tables]
        told["rights"] = rows(connection, "SELECT * FROM mysql.db") + rows(connection, "SELECT * FROM mysql.procs_priv")
    return told


def scratch_schemas(target: Target) -> set[str]:
    with connect(target) as connection:
        return {name for (name,) in rows(connection, "SHOW DATABASES LIKE %s", (scratch_schema.PATTERN,))}


def test_plan_leaves_the_database_as_it_is_and_no_scratch_schema(shop, run, server, empty_database):
    change_everything(shop)
    before, schemas = everything(empty_database), scratch_schemas(server)
    assert run("plan").code == 1
    assert everything(empty_database) == before
    assert scratch_schemas(server) == schemas


def test_a_killed_plan_leaves_the_database_as_it_is_and_the_next_one_clears_up(shop, run, server, empty_database):
    change_everything(shop)
    change = "ALTER TABLE products ADD INDEX i{} (price), DROP INDEX i{};\n"
    many = "".join(change.format(number, number - 1) for number in range(1, 300))
    small_project.write(shop, {"sql/migrations/0004-many.sql": f"ALTER TABLE products ADD INDEX i0 (price);\n{many}"})
    before, schemas = everything(empty_database), scratch_schemas(server)
    killed = subprocess.Popen(
        [sys.executable, "-m", "learnhub_db", "--url", empty_database.url, "--project", str(shop), "plan"],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent.parent)},
    )
    left = wait_for(lambda: scratch_schemas(server) - schemas)
    time.sleep(0.3)
    killed.send_signal(signal.SIGKILL)
    assert killed.wait() == -signal.SIGKILL
    assert everything(empty_database) == before
    assert scratch_schemas(server) - schemas == left
    (name,) = left
    with connect(server) as connection:
        wait_for(lambda: rows(connection, "SELECT IS_FREE_LOCK(%s)", (name,)) == [(1,)])
    (shop / "sql/migrations/0004-many.sql").unlink()
    assert run("plan").code == 1
    assert everything(empty_database) == before
    assert scratch_schemas(server) == schemas


def wait_for(condition, seconds: float = 20):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found
