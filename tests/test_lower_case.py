"""With lower_case_table_names=1 the server keeps names in small letters: the files' spelling is no difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from command_line import Run, runner
from learnhub_db.database import Target, connect, rows
from servers import own_server

FILES = {
    "sql/migrations/0001-t.sql": """\
CREATE TABLE OrderLines (Id INT PRIMARY KEY, Qty INT);
CREATE TABLE Audit (Id INT AUTO_INCREMENT PRIMARY KEY, What VARCHAR(20));
INSERT INTO orderlines VALUES (1, 2);
ALTER TABLE ORDERLINES ADD COLUMN Extra INT;
CREATE TABLE Named AS SELECT SHOPDB.OrderLines.Id FROM ShopDb.Orderlines;
SET @n = (SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'ShopDb' AND table_name = 'orderlines');
SET @s = IF(@n = 1, 'ALTER TABLE ShopDB.Named ADD COLUMN Found INT', 'DO 0');
PREPARE s FROM @s;
EXECUTE s;
CREATE PROCEDURE Kept() SELECT COUNT(*) FROM ShopDb.Named WHERE 'ShopDb' = DATABASE();
""",
    "sql/events/Nightly.sql": "CREATE EVENT Nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM Audit;\n",
    "sql/grants/r.sql": """\
CREATE ROLE IF NOT EXISTS h1_t1;
GRANT SELECT ON BigOrders TO h1_t1;
GRANT SELECT (Id, Qty), UPDATE (QTY) ON OrderLines TO h1_t1;
GRANT INSERT ON ShopDb.Audit TO h1_t1;
GRANT EXECUTE ON PROCEDURE AddLine TO h1_t1;
GRANT EXECUTE ON FUNCTION SHOPDB.Twice TO h1_t1;
GRANT SELECT ON Elsewhere.Things TO h1_t1;
GRANT SHOW VIEW ON ShopDb.* TO h1_t1;
REVOKE INSERT ON audit FROM h1_t1;
""",
    "views/BigOrders.sql": "CREATE VIEW BigOrders AS SELECT OrderLines.Id FROM OrderLines WHERE OrderLines.Qty > 2;\n",
    "views/Bigger.sql": "CREATE VIEW Bigger AS SELECT bigorders.Id, Twice(2) AS n FROM BIGORDERS, Elsewhere.Things;\n",
    "procedures/AddLine.sql": "CREATE PROCEDURE AddLine(IN q INT) INSERT INTO OrderLines(Id, Qty) VALUES (q, q);\n",
    "procedures/Twice.sql": "CREATE FUNCTION Twice(q INT) RETURNS INT DETERMINISTIC RETURN q * 2;\n",
    "triggers/OrderLines_AI.sql": """\
CREATE TRIGGER OrderLines_AI AFTER INSERT ON OrderLines FOR EACH ROW INSERT INTO Audit(What) VALUES ('ins');
""",
}


@pytest.fixture(scope="module")
def folding() -> Iterator[Target]:
    with own_server("--lower-case-table-names=1", database="shopdb") as target:
        with connect(target) as connection:
            rows(connection, "CREATE DATABASE Elsewhere")
            rows(connection, "CREATE TABLE Elsewhere.Things (Id INT)")
        yield target


@pytest.fixture(params=["ShopDb", "shopdb"])
def command(request, folding: Target, tmp_path: Path, capsys) -> Iterator[Run]:
    with connect(folding) as connection:
        rows(connection, "DROP DATABASE IF EXISTS shopdb")
        rows(connection, "DROP ROLE IF EXISTS h1_t1")
        rows(connection, "CREATE DATABASE shopdb")
    small_project.write(tmp_path, FILES)
    return runner(folding.named(request.param), capsys, "--project", str(tmp_path))


def test_the_spelling_of_tables_views_and_of_the_database_is_no_difference(command):
    assert command("apply").err == ""
    found = command("verify")
    assert (found.out, found.code) == ("no difference\n", 0)
    assert command("apply").out == "nothing to do\n"
    planned = command("plan")
    assert (planned.out, planned.code) == ("nothing to do\n", 0)
    stands = command("status")
    assert stands.code == 0 and "changed" not in stands.out and "pending" not in stands.out


def test_what_really_differs_is_told(command, folding):
    assert command("apply").code == 0
    with connect(folding) as connection:
        rows(connection, "USE shopdb")
        rows(connection, "REVOKE SELECT (Qty) ON OrderLines FROM h1_t1")
        rows(connection, "ALTER TABLE AUDIT ADD COLUMN More INT")
    found = command("--json", "verify").document["differences"]
    assert [(one["state"], one["kind"], one["name"]) for one in found] == [
        ("different", "table", "audit"),
        ("different", "rights of", "h1_t1@%"),
    ]


def test_what_no_file_makes_any_more_is_pruned_and_a_migration_goes_back(command, tmp_path):
    assert command("apply").code == 0
    (tmp_path / "triggers/OrderLines_AI.sql").unlink()
    (tmp_path / "views/Bigger.sql").unlink()
    assert sorted(command("apply", "--prune").out.splitlines()) == [
        "pruned trigger OrderLines_AI",
        "pruned view bigger",
    ]
    small_project.write(
        tmp_path,
        {
            "sql/migrations/0002-more.sql": "ALTER TABLE ORDERLINES ADD COLUMN Last INT;\n",
            "sql/migrations/0002-more.rollback.sql": "ALTER TABLE ShopDb.OrderLines DROP COLUMN Last;\n",
        },
    )
    assert command("apply").code == 0
    assert command("rollback").code == 0
    (tmp_path / "sql/migrations/0002-more.sql").unlink()
    (tmp_path / "sql/migrations/0002-more.rollback.sql").unlink()
    assert command("verify").out == "no difference\n"


def test_the_dump_builds_the_same(command, folding, tmp_path):
    assert command("apply").code == 0
    assert command("dump").code == 0
    assert "CREATE TABLE `orderlines`" in (tmp_path / "sql/schema.sql").read_text()
