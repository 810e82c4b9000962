"""Plan says what apply would do to tables and how the server would do it, and touches nothing."""

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
from learnhub_db import planning, scratch_schema
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import UsageError
from learnhub_db.outlook import Effect
from learnhub_db.project import Project

VOLATILE = """
    TABLE_ROWS AVG_ROW_LENGTH DATA_LENGTH INDEX_LENGTH DATA_FREE CARDINALITY UPDATE_TIME CHECK_TIME MAX_DATA_LENGTH
""".split()


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path)


@pytest.fixture
def run(shop: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(empty_database, capsys, "--project", str(shop))


@pytest.fixture
def filled(run: Run, sql) -> None:
    """The shop is deployed and has sold something."""
    assert run("apply").code == 0
    sql("SET cte_max_recursion_depth = 5000")
    sql(
        """INSERT INTO products (name, price)
           WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 998)
           SELECT CONCAT('tea ', i), i FROM n"""
    )
    sql("INSERT INTO sales (product_id, sold) SELECT id, 1 FROM products WHERE id <= 100")
    sql("ANALYZE TABLE products, sales, audit")


def effects(shop: Path, target: Target, migration: str) -> list[Effect]:
    small_project.write(shop, {"sql/migrations/0003-more.sql": migration})
    return planning.read(Project(shop), target).statements


def effect(shop: Path, target: Target, statement: str) -> Effect:
    (found,) = effects(shop, target, statement)
    assert found.refused is None
    return found


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


def test_nothing_to_do_is_said_and_asks_for_no_scratch_schema(run):
    run("apply")
    shown = run("plan")
    assert (shown.code, shown.out) == (0, "nothing to do\n")
    assert run("--json", "plan").document == {"finishes": [], "statements": [], "programs": [], "grants": []}


def test_something_to_do_ends_with_exit_code_1(run):
    shown = run("plan")
    assert shown.code == 1
    assert shown.out.splitlines()[-1] == "10 to do"
    assert "create view a_summary  views/a_summary.sql" in shown.out.splitlines()
    assert run("--json", "plan").code == 1


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    ("statement", "algorithm", "waiting", "rebuilds"),
    [
        ("ALTER TABLE products ADD COLUMN stock INT", "INSTANT", "nobody", False),
        ("ALTER TABLE products RENAME COLUMN price TO cost", "INSTANT", "nobody", False),
        ("ALTER TABLE products ADD INDEX by_name (name)", "INPLACE", "nobody", False),
        ("CREATE UNIQUE INDEX by_name ON products (name) COMMENT 'a, b'", "INPLACE", "nobody", False),
        ("CREATE FULLTEXT INDEX words ON products (name)", "INPLACE", "writes", True),
        ("ALTER TABLE products FORCE", "INPLACE", "nobody", True),
        ("ALTER TABLE products MODIFY price DECIMAL(12, 2) NOT NULL", "COPY", "writes", True),
        ("ALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id)", "COPY", "writes", True),
        ("ALTER TABLE sales PARTITION BY HASH (id) PARTITIONS 4", "COPY", "writes", True),
        ("ALTER TABLE products ADD COLUMN stock INT, ALGORITHM=COPY", "COPY", "writes", True),
        ("ALTER TABLE products ADD COLUMN stock INT, LOCK=SHARED", "INSTANT", "nobody", False),
        ("ALTER TABLE products ADD COLUMN stock INT, ALGORITHM=INPLACE", "INPLACE", "nobody", True),
        ("ALTER TABLE products ALGORITHM INPLACE, ADD INDEX (name), LOCK = SHARED", "INPLACE", "writes", False),
        ("ALTER TABLE products ADD INDEX (name), LOCK=EXCLUSIVE", "INPLACE", "reads and writes", False),
        ("ALTER TABLE products ADD COLUMN stock INT /* ALGORITHM=COPY */", "INSTANT", "nobody", False),
    ],
)
def test_the_server_is_asked_how_it_will_alter_the_table(shop, empty_database, statement, algorithm, waiting, rebuilds):
    found = effect(shop, empty_database, statement)
    assert (found.algorithm, found.waiting, found.rebuilds) == (algorithm, waiting, rebuilds)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE products ADD COLUMN stock INT",
        "ALTER TABLE products ADD INDEX by_name (name)",
        "ALTER TABLE products FORCE",
        "ALTER TABLE products MODIFY price DECIMAL(12, 2) NOT NULL",
        "ALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id)",
        "ALTER TABLE products ADD COLUMN stock INT, LOCK=SHARED",
        "ALTER TABLE products ADD COLUMN stock INT, ALGORITHM=INPLACE",
    ],
)
def test_what_is_foreseen_is_what_happens(shop, empty_database, run, sql, statement):
    found = effect(shop, empty_database, statement)
    before = inside(sql, found.table)
    assert run("apply", "--allow-rebuild").code == 0
    after = inside(sql, found.table)
    assert (before[0] != after[0]) is found.rebuilds
    assert found.instant_changes_left == 255 - after[1]


def inside(sql, table: str) -> tuple:
    return sql(
        f"""SELECT table_id, total_row_versions FROM information_schema.innodb_tables
            WHERE name = CONCAT(DATABASE(), '/{table}')"""
    )[0]


@pytest.mark.usefixtures("filled")
def test_rows_and_bytes_are_those_of_the_table(shop, empty_database):
    found = effect(shop, empty_database, "ALTER TABLE products ADD COLUMN stock INT")
    assert found.rows == pytest.approx(1000, rel=0.1)
    assert found.bytes >= 16384


@pytest.mark.usefixtures("filled")
def test_a_full_budget_of_instant_changes_means_a_rebuild(shop, empty_database, run, sql):
    sql("ALTER TABLE products ADD COLUMN c0 INT, ALGORITHM=INSTANT")
    for number in range(253):
        sql(f"ALTER TABLE products ADD COLUMN c{number + 1} INT, DROP COLUMN c{number}, ALGORITHM=INSTANT")
    assert inside(sql, "products")[1] == 254
    last, too_many = effects(
        shop, empty_database, "ALTER TABLE products ADD COLUMN d INT;\nALTER TABLE products ADD COLUMN e INT;\n"
    )
    assert (last.algorithm, last.instant_changes_left) == ("INSTANT", 0)
    assert (too_many.algorithm, too_many.rebuilds, too_many.instant_changes_left) == ("INPLACE", True, 255)
    assert run("apply").code == 0
    assert inside(sql, "products")[1] == 0


@pytest.mark.usefixtures("filled")
def test_later_statements_see_what_earlier_ones_leave(shop, empty_database):
    made, altered, renamed, again, twice = effects(
        shop,
        empty_database,
        """\
        CREATE TABLE stock (product_id INT PRIMARY KEY, amount INT);
        ALTER TABLE stock ADD FOREIGN KEY (product_id) REFERENCES products (id);
        RENAME TABLE products TO goods;
        ALTER TABLE goods ADD COLUMN weight INT;
        ALTER TABLE goods ADD COLUMN weight INT;
        """,
    )
    assert (made.act, made.table) == ("create table", "stock")
    assert (altered.algorithm, altered.rows) == ("COPY", 0)
    assert renamed.act == "rename table"
    assert (again.algorithm, again.rows) == ("INSTANT", pytest.approx(1000, rel=0.1))
    assert twice.refused == "1060: Duplicate column name 'weight'"


@pytest.mark.usefixtures("filled")
def test_what_the_session_sets_counts_for_the_rest_of_its_file(shop, empty_database):
    _, added = effects(
        shop,
        empty_database,
        "SET foreign_key_checks = 0;\nALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id);\n",
    )
    assert (added.algorithm, added.waiting) == ("INPLACE", "nobody")


@pytest.mark.usefixtures("filled")
def test_a_parent_keeps_its_children_in_the_copy(shop, empty_database, sql):
    sql("ALTER TABLE sales ADD CONSTRAINT of_a_product FOREIGN KEY (product_id) REFERENCES products (id)")
    dropped, modified = effects(
        shop, empty_database, "DROP TABLE products;\nALTER TABLE products MODIFY id BIGINT AUTO_INCREMENT;\n"
    )
    assert dropped.refused.startswith("3730: Cannot drop table 'products' referenced by a foreign key")
    assert modified.refused.startswith("3780: ")


@pytest.mark.usefixtures("filled")
def test_what_destroys_data_says_so(shop, empty_database):
    truncated, column, dropped = effects(
        shop,
        empty_database,
        "TRUNCATE TABLE sales;\nALTER TABLE products DROP COLUMN name;\nDROP TABLE audit, sales;\n",
    )
    assert truncated.destroys.startswith("sales with about 100 rows")
    assert column.destroys == "column name"
    assert dropped.destroys.startswith("audit with about 100 rows") and ", sales with about 0 rows" in dropped.destroys


@pytest.mark.usefixtures("filled")
def test_of_rows_the_server_estimates_how_many(shop, empty_database):
    changed, copied, called = effects(
        shop,
        empty_database,
        """\
        UPDATE products SET price = price + 1;
        INSERT INTO audit (sale_id) SELECT id FROM sales;
        UPDATE products SET price = with_tax(price);
        """,
    )
    assert changed.estimates == {"products": pytest.approx(1000, rel=0.1)}
    assert copied.estimates == {"audit": None, "sales": 100}
    assert (called.estimates, called.note) == (None, "calls a stored function: not estimated")


@pytest.mark.usefixtures("filled")
def test_the_name_of_the_own_database_changes_nothing_and_another_one_is_left_alone(shop, empty_database):
    own, other = effects(
        shop,
        empty_database,
        f"ALTER TABLE {empty_database.database}.products ADD COLUMN stock INT;\nDROP TABLE mysql.user;\n",
    )
    assert (own.algorithm, own.table) == ("INSTANT", "products")
    assert (other.refused, other.note) == (None, "names the database mysql: not asked")


@pytest.mark.usefixtures("filled")
def test_a_password_is_not_shown(shop, run):
    small_project.write(shop, {"sql/migrations/0003-more.sql": "CREATE USER nobody_x IDENTIFIED BY 'hunter2';\n"})
    assert "hunter2" not in run("plan").out + run("--json", "plan").out


def test_a_changed_migration_and_an_empty_one_are_refused_as_apply_refuses_them(shop, empty_database, run):
    small_project.write(shop, {"sql/migrations/0003-more.sql": "-- nothing yet\n"})
    with pytest.raises(UsageError, match="the migration holds no statement, sql/migrations/0003-more.sql"):
        planning.read(Project(shop), empty_database)
    (shop / "sql/migrations/0003-more.sql").unlink()
    run("apply")
    small_project.change(shop, "sql/migrations/0001-products.sql", "4.50", "4.55")
    assert (run("plan").code, run("apply").code) == (2, 2)


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


def change_everything(shop: Path) -> None:
    small_project.write(shop, {"sql/migrations/0003-more.sql": CHANGES})
    small_project.change(shop, "procedures/sales/sell.sql", "one row", "a row")
    small_project.change(shop, "procedures/sales/with_tax.sql", "1.2", "1.3")
    small_project.change(shop, "views/prices.sql", "SELECT name", "SELECT UPPER(name) AS name")
    small_project.change(shop, "triggers/audit_sale.sql", "(NEW.id)", "(-NEW.id)")
    small_project.change(shop, "sql/events/forget.sql", "1 DAY DISABLE", "1 SECOND ENABLE")


@pytest.mark.usefixtures("filled")
def test_plan_leaves_the_database_as_it_is_and_no_scratch_schema(shop, run, server, empty_database):
    change_everything(shop)
    before, schemas = everything(empty_database), scratch_schemas(server)
    assert run("plan").code == 1
    assert everything(empty_database) == before
    assert scratch_schemas(server) == schemas


@pytest.mark.usefixtures("filled")
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
