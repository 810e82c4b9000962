"""Plan says what apply would do to tables and how the server would do it, and touches nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db import planning
from learnhub_db.database import Target
from learnhub_db.errors import UsageError
from learnhub_db.foresight.outlook import Effect
from learnhub_db.project import Project


@pytest.fixture
def run(shop: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(empty_database, capsys, "--project", str(shop))


@pytest.fixture
def filled(run: Run, sql) -> None:
    """The shop is deployed and has sold something."""
    assert run("apply").code == 0
    small_project.fill(sql)


def effects(shop: Path, target: Target, migration: str) -> list[Effect]:
    small_project.write(shop, {"sql/migrations/0003-more.sql": migration})
    return planning.read(Project(shop), target).statements


def effect(shop: Path, target: Target, statement: str) -> Effect:
    (found,) = effects(shop, target, statement)
    assert found.refused is None
    return found


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
        ("OPTIMIZE LOCAL TABLE products", "INPLACE", "nobody", True),
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
        "OPTIMIZE TABLE products",
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
@pytest.mark.parametrize(
    ("statement", "words"),
    [
        ("ALTER TABLE products MODIFY price DECIMAL(12, 2), LOCK=NONE", "LOCK=NONE is not supported. "),
        ("ALTER TABLE products MODIFY price DECIMAL(12, 2), ALGORITHM=INPLACE", "ALGORITHM=INPLACE is not supported. "),
        ("ALTER TABLE products ADD INDEX (name), ALGORITHM=INSTANT", "ALGORITHM=INSTANT is not supported "),
        ("ALTER TABLE products ADD COLUMN price INT", "Duplicate column name 'price'"),
    ],
)
def test_what_the_server_will_refuse_is_told_in_its_words(shop, empty_database, run, statement, words):
    (found,) = effects(shop, empty_database, statement)
    assert words in found.refused
    assert words in run("apply").err


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


@pytest.mark.usefixtures("filled")
def test_of_a_migration_that_stopped_only_the_rest_is_planned(shop, run, empty_database):
    broken = "SET foreign_key_checks = 0;\nALTER TABLE products ADD COLUMN stock INT;\nALTER TABLE nothing FORCE;\n"
    small_project.write(shop, {"sql/migrations/0003-more.sql": broken})
    assert run("apply").code == 3
    rest = "ALTER TABLE sales ADD FOREIGN KEY (product_id) REFERENCES products (id);\n"
    (found,) = effects(shop, empty_database, broken.replace("ALTER TABLE nothing FORCE;\n", rest))
    assert (found.line, found.refused) == (3, None)
    assert found.algorithm == "INPLACE"  # the session has its setting again


@pytest.mark.usefixtures("filled")
def test_names_that_are_hard_to_read_are_read(shop, empty_database, sql):
    sql("CREATE TABLE `a b``c` (id INT PRIMARY KEY, `select` INT, CHECK (id > 0), c VARCHAR(9) COMMENT 'x; y')")
    sql("CREATE VIEW seen AS SELECT id FROM `a b``c`")
    found = effects(
        shop,
        empty_database,
        """\
        ALTER TABLE `a b``c` ADD COLUMN `lock` INT COMMENT 'ALGORITHM=COPY', ADD COLUMN lock_ INT -- , ALGORITHM=COPY
        ;
        DROP INDEX `nothing` ON `a b``c`;
        ALTER TABLE `a b``c` RENAME `d`, ADD INDEX (lock_) INVISIBLE, LOCK=NONE, ALGORITHM=INPLACE;
        CREATE TABLE of_a_view AS SELECT * FROM seen;
        ALTER TABLE of_a_view ADD COLUMN more INT;
        ALTER TABLE seen ADD COLUMN more INT;
        SET sql_mode = 'ANSI_QUOTES';
        ALTER TABLE "d" ADD COLUMN "k" INT;
        """,
    )
    schema = empty_database.database
    assert [(one.algorithm, one.refused, one.note) for one in found] == [
        ("INSTANT", None, None),
        (None, "1091: Can't DROP 'nothing'; check that column/key exists", None),
        ("INPLACE", None, None),
        (None, None, None),
        ("INSTANT", None, None),
        (None, f"1347: '{schema}.seen' is not BASE TABLE", None),
        (None, None, None),
        (None, None, "what it does is not foreseen"),
    ]


@pytest.mark.usefixtures("filled")
def test_partitions_are_copied_and_what_empties_them_says_so(shop, empty_database, sql):
    partitions = "PARTITION few VALUES LESS THAN (50), PARTITION many VALUES LESS THAN MAXVALUE"
    sql(f"ALTER TABLE sales PARTITION BY RANGE (id) ({partitions})")
    dropped, split, gone = effects(
        shop,
        empty_database,
        """\
        ALTER TABLE sales DROP PARTITION few;
        ALTER TABLE sales REORGANIZE PARTITION many INTO
            (PARTITION some VALUES LESS THAN (99), PARTITION rest VALUES LESS THAN MAXVALUE);
        ALTER TABLE sales REMOVE PARTITIONING;
        """,
    )
    assert (dropped.algorithm, dropped.waiting, dropped.destroys) == ("INPLACE", "nobody", "partition few")
    assert (split.algorithm, split.waiting, split.refused) == ("INPLACE", "writes", None)
    assert (gone.algorithm, gone.waiting) == ("COPY", "writes")


@pytest.mark.usefixtures("filled")
def test_what_a_killed_run_has_left_to_finish_is_something_to_do(run, sql):
    sql(
        """INSERT INTO _learnhub_replacements (kind, name, path, statement, rights)
           VALUES ('procedure', 'sell', 'procedures/sales/sell.sql', 'CREATE PROCEDURE sell() DO 0', '[]')"""
    )
    shown = run("plan")
    assert (shown.code, shown.out) == (
        1,
        "finish procedure sell, which a killed run had begun to replace\n1 to do\n",
    )
