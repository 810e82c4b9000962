"""Procedures, functions, views, triggers and events are replaced where their files differ, and only there."""

from __future__ import annotations

import threading

import pytest

import small_project
from applying import apply, ask, routine_rights, routines
from learnhub_db.database import connect, rows
from learnhub_db.errors import DatabaseRefused


@pytest.mark.parametrize(
    ("path", "old", "new", "act"),
    [
        ("procedures/sales/sell.sql", "'Sells some of", "'Sells a few of", "altered procedure sell"),
        ("procedures/sales/sell.sql", "one row", "a row", "replaced procedure sell"),
        ("procedures/sales/with_tax.sql", "1.2", "1.3", "replaced function with_tax"),
        ("views/prices.sql", "SELECT name", "SELECT UPPER(name) AS name", "replaced view prices"),
        ("triggers/audit_sale.sql", "(NEW.id)", "(-NEW.id)", "replaced trigger audit_sale"),
        ("sql/events/forget.sql", "1 DAY", "2 DAY", "replaced event forget"),
    ],
)
def test_only_a_changed_program_is_replaced(shop, empty_database, path, old, new, act):
    apply(shop, empty_database)
    small_project.change(shop, path, old, new)
    assert apply(shop, empty_database) == [act]
    assert apply(shop, empty_database) == []


def test_comments_above_a_create_are_no_change(shop, empty_database):
    apply(shop, empty_database)
    small_project.change(shop, "procedures/sales/sell.sql", "-- Sells some", "-- Really sells some")
    assert apply(shop, empty_database) == []


def test_a_program_that_somebody_dropped_is_created_again(shop, empty_database):
    apply(shop, empty_database)
    ask(empty_database, "DROP PROCEDURE sell")
    ask(empty_database, "DROP TRIGGER audit_sale")
    assert apply(shop, empty_database) == ["created procedure sell", "created trigger audit_sale"]


def test_a_program_that_was_there_before_is_replaced(shop, empty_database):
    ask(empty_database, "CREATE PROCEDURE SELL() SELECT 'of somebody'")
    assert "replaced procedure sell" in apply(shop, empty_database, adopt=True)
    ask(empty_database, "CALL sell(1, 3)")


def test_a_trigger_that_follows_another_is_created_after_it(shop, empty_database):
    create = "CREATE TRIGGER {} BEFORE INSERT ON sales FOR EACH ROW {};\n"
    files = {
        "triggers/a_second.sql": create.format("a_second", "FOLLOWS z_first SET @b = 1"),
        "triggers/z_first.sql": create.format("z_first", "SET @a = 1"),
    }
    acts = apply(small_project.write(shop, files), empty_database)
    assert acts.index("created trigger z_first") < acts.index("created trigger a_second")


def test_a_trigger_moves_to_another_table(shop, empty_database):
    apply(shop, empty_database)
    small_project.change(shop, "triggers/audit_sale.sql", "ON sales", "ON products")
    assert apply(shop, empty_database) == ["replaced trigger audit_sale"]
    table = "SELECT event_object_table FROM information_schema.triggers WHERE trigger_schema = DATABASE()"
    assert ask(empty_database, table) == [("products",)]


def test_no_insert_misses_a_trigger_that_is_replaced(shop, empty_database):
    apply(shop, empty_database)
    done = threading.Event()

    def write() -> None:
        with connect(empty_database) as connection:
            while not done.is_set():
                rows(connection, "INSERT INTO sales (product_id, sold) VALUES (1, 1)")

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(10):
            small_project.change(shop, "triggers/audit_sale.sql", "BEGIN", f"BEGIN /* {number} */")
            assert apply(shop, empty_database) == ["replaced trigger audit_sale"]
    finally:
        done.set()
        writer.join()
    ((sales, audited),) = ask(empty_database, "SELECT (SELECT COUNT(*) FROM sales), (SELECT COUNT(*) FROM audit)")
    assert sales == audited > 0


def test_rights_to_execute_survive_a_replacement(shop, server, modest):
    with connect(server) as connection:
        target = server.named(modest.database)
        apply(shop, target)
        rows(connection, f"CREATE ROLE {modest.user}_seller")
        try:
            routine = f"{modest.database}.sell"
            rows(connection, f"GRANT EXECUTE ON PROCEDURE {routine} TO {modest.user}_seller")
            rows(connection, f"GRANT ALTER ROUTINE ON PROCEDURE {routine} TO {modest.user}@'%' WITH GRANT OPTION")
            before = routine_rights(target)
            assert len(before) >= 2
            small_project.change(shop, "procedures/sales/sell.sql", "one row", "a row")
            assert apply(shop, target) == ["replaced procedure sell"]
            assert routine_rights(target) == before
        finally:
            rows(connection, f"DROP ROLE {modest.user}_seller")


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("procedures/sales/sell.sql", "INSERT INTO", "INSERTO"),
        ("triggers/audit_sale.sql", "INSERT INTO", "INSERTO"),
        ("sql/events/forget.sql", "DELETE FROM", "DELETO"),
        ("views/prices.sql", "with_tax(price)", "prize"),
    ],
)
def test_the_old_program_stays_where_the_server_refuses_the_new_one(shop, empty_database, path, old, new):
    apply(shop, empty_database)
    before = routines(empty_database)
    small_project.change(shop, path, old, new)
    with pytest.raises(DatabaseRefused) as refusal:
        apply(shop, empty_database)
    assert refusal.value.where.startswith(f"{path}:")
    assert routines(empty_database) == before
    ask(empty_database, "CALL sell(1, 3)")
    assert ask(empty_database, "SELECT sale_id FROM audit") == [(1,)]
    assert len(ask(empty_database, "SELECT * FROM prices")) == 2
    events = "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()"
    assert ask(empty_database, events) == [("forget",)]
    small_project.change(shop, path, new, old)
    assert apply(shop, empty_database) == []


def test_programs_are_stored_under_the_toolkits_sql_mode(shop, empty_database):
    apply(shop, empty_database)
    assert [("STRICT_TRANS_TABLES" in mode) for _, _, mode, _ in routines(empty_database)] == [True, True]
