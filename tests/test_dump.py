"""Dump writes the schema that the files build: the same text for the same files, and one that builds it again."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
import stocked_shop
from learnhub_db import dump, script
from learnhub_db.contents import Contents
from learnhub_db.database import connect
from learnhub_db.project import Project
from learnhub_db.statements import split

ROOT = Path(__file__).parent.parent
TRIGGERS = {
    "triggers/a_first.sql": "CREATE TRIGGER a_first BEFORE INSERT ON sales FOR EACH ROW PRECEDES z_first SET @c = 1;\n",
    "sql/events/later.sql": "CREATE EVENT later ON SCHEDULE EVERY 1 DAY STARTS '2037-01-01' ENDS '2037-06-01 12:00:00' "
    "ON COMPLETION PRESERVE DISABLE COMMENT 'rests' DO DELETE FROM audit;\n",
    "sql/migrations/0004-old.sql": "SET sql_mode = 'PIPES_AS_CONCAT';\n"
    "CREATE PROCEDURE old() SELECT 'a' || ';' AS b;\n",
}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, stocked_shop.FILES | TRIGGERS)


def test_it_writes_the_file_once(run, shop):
    assert run("--json", "dump").document == {"path": "sql/schema.sql", "changed": True, "not_followed": []}
    text = (shop / "sql/schema.sql").read_text(encoding="utf-8")
    assert run("apply").code == 0
    assert run("dump").out == "nothing to do\n"
    small_project.change(shop, "views/prices.sql", "SELECT name", "SELECT UPPER(name) AS name")
    assert run("dump").out == "wrote sql/schema.sql\n"
    assert (shop / "sql/schema.sql").read_text(encoding="utf-8") != text


def test_it_reads_table_by_table_without_what_use_changes(run, shop):
    run("dump")
    text = (shop / "sql/schema.sql").read_text(encoding="utf-8")
    created = [line.split("`")[1] for line in text.splitlines() if line.startswith("CREATE ")]
    assert created == [
        *("audit", "products", "readings", "sales", "suppliers"),
        *("with_tax", "old", "sell", "prices", "a_summary"),
        *("a_first", "z_first", "a_second", "audit_sale", "forget", "later", "wake"),
    ]
    assert "AUTO_INCREMENT=" not in text
    assert "DEFINER=" not in text
    assert "SQL SECURITY INVOKER VIEW `prices` AS\nselect `products`.`name` AS `name`,\n" in text
    assert "SET sql_mode = 'PIPES_AS_CONCAT';\nCREATE PROCEDURE `old`()\nSELECT 'a' || ';' AS b;\n" in text


def test_it_builds_the_same_schema_again(run, shop, empty_database):
    (shop / "sql/migrations/0004-old.sql").unlink()
    run("dump")
    with connect(empty_database) as connection, connection.cursor() as cursor:
        for statement in split((shop / "sql/schema.sql").read_text(encoding="utf-8")):
            cursor.execute(statement.text)
    shown = run("verify")
    assert (shown.code, shown.out) == (0, "no difference\n")


def test_learnhubs_file_is_what_its_files_build(empty_database):
    project = Project(ROOT)
    built, _ = dump.text(Contents.read(project), project.settings, empty_database)
    assert (ROOT / dump.PATH).read_text(encoding="utf-8") == built, "run make schema"


@pytest.mark.parametrize(
    ("sql", "text"),
    [
        ("SELECT 1", "SELECT 1;\n"),
        ("SELECT ';'", "SELECT ';';\n"),
        ("BEGIN DO 1; END", "DELIMITER $$\nBEGIN DO 1; END$$\nDELIMITER ;\n"),
        ("BEGIN DO 1; SELECT '$$'; END", "DELIMITER //\nBEGIN DO 1; SELECT '$$'; END//\nDELIMITER ;\n"),
        ("SELECT 1 -- it's", "SELECT 1 -- it's\n;\n"),
        ("SELECT 1 /* ; */", "SELECT 1 /* ; */;\n"),
    ],
)
def test_a_statement_keeps_its_end(sql, text):
    assert script.delimited(sql) == text
    assert [statement.text for statement in split(text)] == [sql]
