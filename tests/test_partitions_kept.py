"""Partitions by range that a job of the project adds and drops are no difference; another scheme is."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project

FILES = {
    "learnhub-db.toml": 'partitions_kept_by_jobs = ["hist", "parts"]\n',
    "sql/migrations/0001-t.sql": """\
CREATE TABLE hist (id INT NOT NULL, d DATE NOT NULL, PRIMARY KEY (id, d)) COMMENT 'PARTITION BY RANGE ('
    PARTITION BY RANGE COLUMNS (d) (
        PARTITION p2024 VALUES LESS THAN ('2025-01-01'), PARTITION pmax VALUES LESS THAN (MAXVALUE));
CREATE TABLE parts (id INT, day DATE) PARTITION BY RANGE (YEAR(day)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2
    (PARTITION p0 VALUES LESS THAN (2030) COMMENT 'old', PARTITION p1 VALUES LESS THAN MAXVALUE);
CREATE TABLE other (id INT NOT NULL PRIMARY KEY) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10));
""",
    "procedures/next_year.sql": "CREATE PROCEDURE next_year() ALTER TABLE hist REORGANIZE PARTITION pmax INTO ("
    "PARTITION p2025 VALUES LESS THAN ('2026-01-01'), PARTITION pmax VALUES LESS THAN (MAXVALUE));\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, FILES)


@pytest.fixture(autouse=True)
def _applied(run) -> None:
    assert run("apply").code == 0


def test_what_the_job_adds_and_drops_is_no_difference(run, sql):
    assert run("call", "next_year").code == 0
    sql("ALTER TABLE hist DROP PARTITION p2024")
    sql("ALTER TABLE parts REORGANIZE PARTITION p1 INTO "
        "(PARTITION p31 VALUES LESS THAN (2031), PARTITION p1 VALUES LESS THAN MAXVALUE)")
    assert run("verify").out == "no difference\n"


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE hist REMOVE PARTITIONING",
        "ALTER TABLE hist PARTITION BY RANGE COLUMNS (id) (PARTITION p0 VALUES LESS THAN (MAXVALUE))",
        "ALTER TABLE hist PARTITION BY HASH (id) PARTITIONS 2",
        "ALTER TABLE hist PARTITION BY LIST (id) (PARTITION p0 VALUES IN (1, 2))",
        "ALTER TABLE hist COMMENT 'other'",
        "ALTER TABLE hist ADD KEY (d)",
        "ALTER TABLE parts PARTITION BY RANGE (YEAR(day)) (PARTITION p0 VALUES LESS THAN MAXVALUE)",
        "ALTER TABLE parts PARTITION BY RANGE (YEAR(day)) SUBPARTITION BY HASH (id) SUBPARTITIONS 3 "
        "(PARTITION p0 VALUES LESS THAN MAXVALUE)",
        "ALTER TABLE other ADD PARTITION (PARTITION p1 VALUES LESS THAN (20))",
    ],
)
def test_another_scheme_is_told(run, sql, change):
    table = change.split()[2]
    sql(change)
    shown = run("verify")
    assert (shown.code, shown.out.splitlines()[0]) == (1, f"different table {table}")


def test_a_migration_is_adopted_over_partitions_that_a_job_has_added(run, shop, sql):
    run("call", "next_year")
    small_project.write(shop, {"sql/migrations/0002-x.sql": "ALTER TABLE hist ADD COLUMN x INT;\n"})
    sql("ALTER TABLE hist ADD COLUMN x INT")
    assert run("baseline", "0002").code == 0


@pytest.mark.parametrize("value", ["'hist'", "[1]", "true"])
def test_a_setting_that_is_no_list_of_names_is_refused(run, shop, value):
    small_project.write(shop, {"learnhub-db.toml": f"partitions_kept_by_jobs = {value}\n"})
    shown = run("verify")
    assert shown.code == 2
    assert "hint: give a list of names" in shown.err
