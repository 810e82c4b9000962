"""How the server would change a table is asked of the server, on an empty copy."""

from __future__ import annotations

import pytest

from planned import effect, effects


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
def test_a_parent_keeps_its_children_in_the_copy(shop, empty_database, sql):
    sql("ALTER TABLE sales ADD CONSTRAINT of_a_product FOREIGN KEY (product_id) REFERENCES products (id)")
    dropped, modified = effects(
        shop, empty_database, "DROP TABLE products;\nALTER TABLE products MODIFY id BIGINT AUTO_INCREMENT;\n"
    )
    assert dropped.refused.startswith("3730: Cannot drop table 'products' referenced by a foreign key")
    assert modified.refused.startswith("3780: ")


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
