"""A statement that is larger than the server takes is told before it is sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import small_project
from learnhub_db.database import Target, connect, rows

LIMIT = 1048576
LARGE = "x" * 3_000_000


@pytest.fixture(autouse=True)
def _small_packets(server: Target) -> Iterator[None]:
    with connect(server) as connection:
        ((before,),) = rows(connection, "SELECT @@GLOBAL.max_allowed_packet")
        rows(connection, f"SET GLOBAL max_allowed_packet = {LIMIT}")
        yield
        rows(connection, f"SET GLOBAL max_allowed_packet = {before}")


def told(shown, path: str, line: int) -> None:
    assert shown.code == 3
    first, second, *more = shown.err.splitlines()
    assert first.startswith("error: the statement has 3,0")
    assert first.endswith(f" bytes, the server's max_allowed_packet is 1,048,576 ({path}:{line})")
    assert second == "hint: split the statement, or have max_allowed_packet set higher and connect again"
    assert more == []


def test_in_a_migration_before_anything_runs(run, shop, sql):
    text = f"CREATE TABLE big (x LONGTEXT);\nINSERT INTO big VALUES ('{LARGE}');\n"
    small_project.write(shop, {"sql/migrations/0001-products.sql": text})
    told(run("apply"), "sql/migrations/0001-products.sql", 2)
    assert sql("SHOW TABLES") == []
    plan = run("plan")
    assert "REFUSED: the statement has 3,000,0" in plan.out
    assert len(plan.out) < 5000


def test_in_a_program(run, shop, sql):
    small_project.write(shop, {"procedures/big.sql": f"CREATE PROCEDURE big() SELECT '{LARGE}';\n"})
    told(run("apply"), "procedures/big.sql", 1)
    assert sql("SHOW PROCEDURE STATUS WHERE Db = DATABASE()") == []


def test_in_a_seed_and_a_rollback(run, shop, sql):
    assert run("apply").code == 0
    small_project.write(shop, {"sql/seeds/demo/01.sql": f"DO 1;\nINSERT INTO products (name) VALUES ('{LARGE}');\n"})
    told(run("seed", "demo"), "sql/seeds/demo/01.sql", 2)
    small_project.write(shop, {"sql/migrations/0002-sales.rollback.sql": f"DROP TABLE sales;\nDO '{LARGE}';\n"})
    told(run("rollback"), "sql/migrations/0002-sales.rollback.sql", 2)
    assert sql("SHOW TABLES LIKE 'sales'") == [("sales",)]


def test_a_long_line_is_cut_in_an_error(run, shop):
    text = f"SELECT '{'y' * 5000}' FRM {'z' * 5000};\n"
    small_project.write(shop, {"sql/migrations/0001-products.sql": text})
    err = run("apply").err
    assert max(map(len, err.splitlines())) < 400
