"""Apply refuses an ALTER that copies a large table while writers wait, unless it is told to."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
from command_line import runner
from learnhub_db import deployment
from learnhub_db.database import Target
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project

MIGRATION = "sql/migrations/0003-more.sql"
PRICE = "ALTER TABLE products MODIFY price DECIMAL(12, 2)"
COPYING = "ALTER TABLE products MODIFY price DECIMAL(12, 2) NOT NULL COMMENT 'it''s net';\n"


@pytest.fixture
def shop(tmp_path: Path, empty_database: Target, capsys: pytest.CaptureFixture[str], sql) -> Path:
    """The shop, deployed, with products of some megabytes."""
    small_project.write(tmp_path, {**small_project.FILES, "learnhub-db.toml": "rebuild_limit_mb = 1\n"})
    assert runner(empty_database, capsys, "--project", str(tmp_path))("apply").code == 0
    sql("SET cte_max_recursion_depth = 50000")
    sql(
        """INSERT INTO products (name, price)
           WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 40000)
           SELECT RPAD(i, 50, '.'), i FROM n"""
    )
    sql("ANALYZE TABLE products")
    return tmp_path


def test_a_large_table_is_not_copied_and_the_online_tool_is_named(shop, run, empty_database, sql):
    small_project.write(shop, {MIGRATION: f"CREATE TABLE first (id INT);\n{COPYING}"})
    shown = run("apply")
    assert (shown.code, shown.out) == (2, "")
    first, hint, command = shown.err.splitlines()
    assert first.startswith("error: the ALTER copies products (about ")
    assert first.endswith("; writes wait) (sql/migrations/0003-more.sql:2)")
    assert hint == "hint: above 1 MB (rebuild_limit_mb) do it online, or apply --allow-rebuild"
    where = f"--host {empty_database.host} --port {empty_database.port} --user {empty_database.user} --ask-pass"
    assert command == (
        f"gh-ost {where} --database {empty_database.database} --table products "
        """--alter 'MODIFY price DECIMAL(12, 2) NOT NULL COMMENT '"'"'it'"'"''"'"'s net'"'"'' --execute"""
    )
    assert "dev" not in command
    assert sql("SHOW TABLES LIKE 'first'") == []


def test_told_to_apply_copies_it(shop, run, sql):
    small_project.write(shop, {MIGRATION: COPYING})
    assert run("apply", "--allow-rebuild").code == 0
    precision = """
        SELECT numeric_precision FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = 'products' AND column_name = 'price'
    """
    assert sql(precision) == [(12,)]


@pytest.mark.parametrize(
    "migration",
    [
        "ALTER TABLE products ADD COLUMN stock INT;\n",
        "ALTER TABLE products ADD INDEX (name);\n",
        "ALTER TABLE products FORCE;\n",
        "ALTER TABLE sales MODIFY sold BIGINT;\n",
        "UPDATE products SET price = price + 1;\n",
    ],
)
def test_what_makes_nobody_wait_and_what_copies_little_is_applied(shop, run, migration):
    small_project.write(shop, {MIGRATION: migration})
    assert run("apply").code == 0


@pytest.mark.parametrize(
    "migration",
    [
        "RENAME TABLE products TO goods;\nALTER TABLE goods MODIFY price DECIMAL(12, 2);\n",
        "ALTER TABLE products RENAME TO goods;\nALTER TABLE goods MODIFY price DECIMAL(12, 2);\n",
        "CREATE FULLTEXT INDEX words ON products (name);\n",
        "ALTER TABLE products ENGINE=InnoDB, ALGORITHM=COPY;\n",
        f"SET @change = '{PRICE}';\nPREPARE it FROM @change;\nEXECUTE it;\n",
        f"PREPARE it FROM '{PRICE}';\nCREATE TABLE first (id INT);\nEXECUTE it;\n",
        f"SET @many = (SELECT COUNT(*) FROM sales);\nSET @change = IF(@many > 5, '{PRICE}', 'DO 0');\n"
        "PREPARE it FROM @change;\nEXECUTE it;\n",
        f'SELECT IF(COUNT(*) < 5, "{PRICE}", "DO 0") FROM sales INTO @change;\nPREPARE it FROM @change;\nEXECUTE it;\n',
        "SELECT IF(COUNT(*) < 0, 'ALTER TABLE products RENAME TO goods', 'DO 0') FROM sales INTO @change;\n"
        f"PREPARE it FROM @change;\nEXECUTE it;\n{PRICE};\n",
        f"SET @change = '{PRICE}';\n/*!50003 PREPARE it FROM @change */;\nEXECUTE /* now */ it;\n",
        f"SELECT '{PRICE}' INTO @change;\nPREPARE it FROM @change;\nEXECUTE it;\n",
    ],
)
def test_there_is_no_way_around_it(shop, run, migration):
    small_project.write(shop, {MIGRATION: migration})
    shown = run("apply")
    assert (shown.code, shown.out) == (2, "")
    assert "the ALTER copies" in shown.err and "; writes wait)" in shown.err


def test_who_may_have_no_scratch_schema_may_execute_what_alters_nothing(shop, modest, sql):
    text = "UPDATE products SET price = 1 WHERE id = 1;\nPREPARE it FROM 'DO 0';\nEXECUTE it;\n"
    small_project.write(shop, {MIGRATION: text})
    with pytest.raises(DatabaseRefused, match="may not read the function"):  # after the migrations
        deployment.apply(Project(shop), modest)
    assert sql("SELECT price FROM products WHERE id = 1") == [(1,)]


def test_the_name_of_the_own_database_is_no_way_around_it_either(shop, run, empty_database):
    small_project.write(shop, {MIGRATION: COPYING.replace("products", f"{empty_database.database}.products")})
    assert run("apply").code == 2


def test_foreign_keys_and_triggers_ask_for_the_other_tool(shop, run, empty_database, sql):
    sql("ALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id)")
    sql("CREATE TRIGGER priced BEFORE INSERT ON products FOR EACH ROW SET NEW.price = NEW.price")
    small_project.write(shop, {MIGRATION: "ALTER TABLE products MODIFY price DECIMAL(12, 2);\n"})
    place = f"P={empty_database.port},u={empty_database.user},D={empty_database.database},t=products"
    assert run("apply").err.splitlines()[2] == (
        "pt-online-schema-change --ask-pass --alter-foreign-keys-method auto --preserve-triggers "
        f"--alter 'MODIFY price DECIMAL(12, 2)' --execute h={empty_database.host},{place}"
    )


def test_plan_names_the_online_tool_too(shop, run):
    small_project.write(shop, {MIGRATION: COPYING})
    (found,) = run("--json", "plan").document["statements"]
    assert (found["algorithm"], found["waiting"]) == ("COPY", "writes")
    assert found["online"].startswith("gh-ost --host ")


def test_an_account_that_cannot_ask_is_told_both_ways_on(shop, empty_database, modest):
    small_project.write(shop, {MIGRATION: COPYING})
    with pytest.raises(DatabaseRefused) as refusal:
        deployment.apply(Project(shop), modest)
    assert refusal.value.what.startswith("whether an ALTER copies a large table cannot be asked: ")
    assert refusal.value.hint.startswith("GRANT ALL ON ") and refusal.value.hint.endswith(", or apply --allow-rebuild")
