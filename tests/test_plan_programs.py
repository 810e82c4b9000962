"""Plan shows programs as they are deployed and as they would be, whether callers break, and which rights are given."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from command_line import runner
from grants import revoke_all
from learnhub_db import planning, scratch_schema
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.foresight.proposals import Proposal
from learnhub_db.project import Project

SELL = "procedures/sales/sell.sql"
WITH_TAX = "procedures/sales/with_tax.sql"


@pytest.fixture
def shop(tmp_path: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Path:
    """The shop, deployed."""
    small_project.write(tmp_path)
    assert runner(empty_database, capsys, "--project", str(tmp_path))("apply").code == 0
    return tmp_path


@pytest.fixture
def programs(shop: Path, empty_database: Target):
    return lambda: planning.read(Project(shop), empty_database).programs


def changed(proposal: Proposal) -> list[str]:
    """The lines that go and come."""
    return [line for line in proposal.diff.splitlines()[2:] if line[0] in "+-"]


def test_a_program_is_shown_against_what_is_deployed(shop, programs, run):
    small_project.change(shop, SELL, "one row", "a row")
    small_project.change(shop, WITH_TAX, "DETERMINISTIC", "DETERMINISTIC COMMENT 'with 20 %'")
    small_project.change(shop, "views/prices.sql", "SELECT name", "SELECT UPPER(name) AS name")
    small_project.change(shop, "triggers/audit_sale.sql", "(NEW.id)", "(-NEW.id)")
    small_project.change(shop, "sql/events/forget.sql", "1 DAY", "2 DAY")
    found = programs()
    assert [(one.act, one.kind, one.name) for one in found] == [
        ("alter", "function", "with_tax"),
        ("replace", "procedure", "sell"),
        ("replace", "view", "prices"),
        ("replace", "trigger", "audit_sale"),
        ("alter", "event", "forget"),
    ]
    assert [changed(one) for one in found] == [
        ["+    COMMENT 'with 20 %'"],
        ["-    -- one row; one sale", "+    -- a row; one sale"],
        ["-select `products`.`name` AS `name`,", "+select upper(`products`.`name`) AS `name`,"],
        ["-    INSERT INTO audit (sale_id) VALUES (NEW.id);", "+    INSERT INTO audit (sale_id) VALUES (-NEW.id);"],
        [
            "-CREATE EVENT `forget` ON SCHEDULE EVERY 1 DAY ON COMPLETION NOT PRESERVE DO DELETE FROM audit",
            "+CREATE EVENT `forget` ON SCHEDULE EVERY 2 DAY ON COMPLETION NOT PRESERVE DO DELETE FROM audit",
        ],
    ]
    assert run("apply").out.splitlines() == [
        "altered function with_tax",
        "replaced procedure sell",
        "replaced view prices",
        "replaced trigger audit_sale",
        "replaced event forget",
    ]
    assert programs() == []


def test_what_only_looks_different_is_nothing_to_do(shop, run):
    small_project.change(shop, SELL, "IN p_product INT,", "IN  p_product  INT,")
    small_project.change(shop, SELL, "CREATE PROCEDURE", "-- spaced\nCREATE PROCEDURE")
    shown = run("plan")
    assert (shown.code, shown.out) == (1, shown.out) and "IN  p_product" in shown.out
    small_project.change(shop, SELL, "IN  p_product  INT,", "IN p_product INT,")
    small_project.change(shop, SELL, "    MODIFIES SQL DATA\n", "")
    small_project.change(shop, SELL, "    COMMENT", "    MODIFIES SQL DATA\n    COMMENT")
    assert (run("plan").code, run("plan").out) == (0, "nothing to do\n")


def test_what_somebody_has_changed_on_the_server_is_restored(programs, sql):
    sql("ALTER PROCEDURE sell COMMENT 'by hand'")
    (found,) = programs()
    assert found.act == "restore"
    assert changed(found) == ["-    COMMENT 'by hand'", "+    COMMENT 'Sells some of a product'"]


def test_programs_see_the_tables_that_pending_migrations_leave(shop, programs):
    small_project.write(
        shop,
        {
            "sql/migrations/0003-stock.sql": "CREATE TABLE stock (id INT PRIMARY KEY);\n"
            "ALTER TABLE products ADD COLUMN weight INT;\n",
            "triggers/stocked.sql": "CREATE TRIGGER stocked AFTER INSERT ON stock FOR EACH ROW DO 0;\n",
            "views/heavy.sql": "CREATE VIEW heavy AS SELECT weight FROM products;\n",
            "views/lost.sql": "CREATE VIEW lost AS SELECT colour FROM products;\n",
        },
    )
    found = {one.name: (one.act, one.refused) for one in programs()}
    assert found == {
        "heavy": ("create", None),
        "lost": ("create", "1054: Unknown column 'colour' in 'field list'"),
        "stocked": ("create", None),
    }


@pytest.mark.parametrize(
    ("parameters", "breaks"),
    [
        ("IN p_product INT, IN p_sold INT, IN p_who INT", ["added: p_who"]),
        ("IN p_product INT", ["removed: p_sold"]),
        ("IN p_sold INT, IN p_product INT", ["moved: p_sold, p_product"]),
        ("IN p_product INT, INOUT p_sold INT", ["p_sold is INOUT and was IN"]),
        ("IN p_product INT, IN p_sold SMALLINT", ["narrowed: p_sold smallint, was int"]),
        ("IN p_product INT UNSIGNED, IN p_sold INT", ["narrowed: p_product int unsigned, was int"]),
        ("IN p_product INT, IN p_sold BIGINT", []),
        ("IN p_product INT, IN p_amount INT", []),
    ],
)
def test_it_is_said_whether_callers_break(shop, programs, parameters, breaks):
    small_project.change(shop, SELL, "IN p_product INT, IN p_sold INT", parameters)
    text = (shop / SELL).read_text().replace("VALUES (p_product, p_sold)", "VALUES (1, 1)")
    (shop / SELL).write_text(text)
    (found,) = programs()
    assert found.breaks == breaks


@pytest.mark.parametrize(
    ("old", "new", "holds"),
    [
        ("VARCHAR(20)", "VARCHAR(40)", True),
        ("VARCHAR(20)", "TEXT", True),
        ("VARCHAR(20)", "VARCHAR(10)", False),
        ("TEXT", "MEDIUMTEXT", True),
        ("MEDIUMTEXT", "TEXT", False),
        ("VARCHAR(20) CHARACTER SET latin1", "VARCHAR(20) CHARACTER SET utf8mb4", True),
        ("VARCHAR(20) CHARACTER SET utf8mb4", "VARCHAR(20) CHARACTER SET latin1", False),
        ("ENUM('a', 'b')", "ENUM('a', 'b', 'c')", True),
        ("ENUM('a', 'b')", "ENUM('a', 'c')", False),
        ("DECIMAL(10, 2)", "DECIMAL(12, 2)", True),
        ("DECIMAL(10, 2)", "DECIMAL(10, 4)", False),
        ("INT", "DECIMAL(12, 2)", True),
        ("DATE", "DATETIME", True),
        ("DATETIME", "DATE", False),
        ("DATETIME(3)", "DATETIME(6)", True),
        ("INT UNSIGNED", "BIGINT", True),
        ("FLOAT", "DOUBLE", True),
    ],
)
def test_the_server_says_whether_a_type_takes_all_that_another_took(shop, programs, run, old, new, holds):
    small_project.write(shop, {"procedures/p.sql": f"CREATE PROCEDURE p(IN p_value {old}) DO 0;\n"})
    assert run("apply").code == 0
    small_project.change(shop, "procedures/p.sql", old, new)
    (found,) = programs()
    assert (found.breaks == []) is holds


def test_a_narrower_result_of_a_function_is_told(shop, programs):
    small_project.change(shop, WITH_TAX, "RETURNS DECIMAL(10, 2)", "RETURNS DECIMAL(8, 2)")
    assert programs()[0].breaks == ["narrowed: the result decimal(8,2), was decimal(10,2)"]


@pytest.fixture
def clerk(server: Target, empty_database: Target) -> Iterator[str]:
    name = f"t_{secrets.token_hex(5)}"
    yield name
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute(f"DROP USER IF EXISTS {name}@localhost")
        revoke_all(cursor, empty_database.database)


def test_a_grant_file_that_would_run_shows_the_rights_that_are_missing(shop, run, empty_database, clerk):
    account = f"{clerk}@localhost"
    text = f"CREATE USER IF NOT EXISTS {account};\nGRANT SELECT ON products TO {account};\n"
    small_project.write(shop, {"sql/grants/clerk.sql": text})
    (first,) = planning.read(Project(shop), empty_database).grants
    assert [line for line in first.diff.splitlines() if line.startswith("+")][1:] == [
        f"+{account}",
        "+GRANT SELECT ON products",
    ]
    run("apply")
    assert run("plan").code == 0
    small_project.change(shop, "sql/grants/clerk.sql", "GRANT SELECT", "GRANT SELECT, INSERT")
    (again,) = planning.read(Project(shop), empty_database).grants
    assert again.path == "sql/grants/clerk.sql"
    assert again.diff.splitlines()[3:] == ["+GRANT INSERT ON products"]


def test_grants_run_again_when_their_program_is_new(shop, run, empty_database, clerk):
    account = f"{clerk}@localhost"
    text = f"CREATE USER IF NOT EXISTS {account};\nGRANT EXECUTE ON PROCEDURE sell TO {account};\n"
    small_project.write(shop, {"sql/grants/clerk.sql": text})
    run("apply")
    with connect(empty_database) as connection:
        rows(connection, "DROP PROCEDURE sell")
    plan = planning.read(Project(shop), empty_database)
    assert [one.path for one in plan.grants] == ["sql/grants/clerk.sql"]
    assert [(one.act, one.name) for one in plan.programs] == [("create", "sell")]


def test_an_account_that_may_not_create_a_scratch_schema_is_told_the_grant(shop, modest, server):
    for folder in ("procedures", "triggers", "views", "sql/events"):  # it may not read what others own
        shutil.rmtree(shop / folder)
    assert planning.read(Project(shop), modest).number == 0
    small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
    with pytest.raises(DatabaseRefused) as refusal:
        planning.read(Project(shop), modest)
    assert (refusal.value.exit_code, refusal.value.what) == (3, "the account may not create a scratch schema")
    assert refusal.value.hint == f"GRANT ALL ON `{scratch_schema.PATTERN}`.* TO `{modest.user}`@`%`"
    with connect(server) as connection:
        rows(connection, refusal.value.hint)
    (found,) = planning.read(Project(shop), modest).statements
    assert (found.algorithm, found.waiting) == ("INSTANT", "nobody")
    assert (found.rebuilds, found.instant_changes_left) == (None, None)  # for those who have PROCESS
