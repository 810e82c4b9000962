"""Triggers of one table and moment fire in the order that the files say, by name where they say none."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import small_project
from learnhub_db.database import Target, connect, rows

FILES = {
    "sql/migrations/0001-t.sql": """\
CREATE TABLE orders (id INT PRIMARY KEY, s VARCHAR(50) DEFAULT '');
CREATE TABLE audit (n INT);
CREATE TABLE stock (n INT);
CREATE TABLE returns (id INT PRIMARY KEY);
""",
    "triggers/a_returned.sql": """\
DELIMITER //
CREATE TRIGGER a_returned AFTER INSERT ON returns FOR EACH ROW BEGIN
  INSERT INTO audit VALUES (NEW.id);
  UPDATE stock SET n = n + 1;
END//
DELIMITER ;
""",
}


def trigger(name: str, clause: str = "") -> dict[str, str]:
    words = f"CREATE TRIGGER {name} BEFORE INSERT ON orders FOR EACH ROW {clause}".rstrip()
    return {f"triggers/{name}.sql": f"{words} SET NEW.s = CONCAT(NEW.s, '{name} ');\n"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, FILES | trigger("audit") | trigger("stock"))


def fired(target: Target) -> str:
    with connect(target) as connection:
        rows(connection, "REPLACE INTO orders (id) VALUES (1)")
        ((words,),) = rows(connection, "SELECT s FROM orders")
    return words.strip()


def settled(run, target: Target, words: str) -> None:
    """The triggers fire as `words` say, and nothing is left to do."""
    assert fired(target) == words
    assert (run("verify").out, run("apply").out) == ("no difference\n", "nothing to do\n")


def test_the_same_files_give_the_same_script_whatever_the_hashes_of_the_process(shop):
    texts = set()
    for seed in range(8):
        command = [sys.executable, "-m", "learnhub_db", "--project", str(shop), "script"]
        environment = os.environ | {"PYTHONHASHSEED": str(seed)}
        texts.add(subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60).stdout)
    assert len(texts) == 1
    (text,) = texts
    assert text.index(b"TRIGGER a_returned") < text.index(b"TRIGGER audit") < text.index(b"TRIGGER stock")


def test_they_fire_by_name_where_the_files_say_nothing(run, empty_database):
    assert run("apply").code == 0
    settled(run, empty_database, "audit stock")


def test_a_trigger_that_is_added_later_comes_to_its_place_by_name(run, shop, empty_database):
    run("apply")
    small_project.write(shop, trigger("more") | trigger("zero") | trigger("able"))
    assert run("apply").code == 0
    settled(run, empty_database, "able audit more stock zero")


def test_an_order_that_came_about_by_chance_is_put_right_and_planned(run, empty_database, sql):
    run("apply")
    sql("DROP TRIGGER audit")
    sql("CREATE TRIGGER audit BEFORE INSERT ON orders FOR EACH ROW SET NEW.s = CONCAT(NEW.s, 'audit ')")
    assert fired(empty_database) == "stock audit"
    assert run("verify").code == 1
    plan = run("plan").out
    assert "-BEFORE INSERT on orders: stock, audit" in plan
    assert "+BEFORE INSERT on orders: audit, stock" in plan
    assert "moved trigger" in run("apply").out
    settled(run, empty_database, "audit stock")


@pytest.mark.parametrize(
    ("clauses", "words"),
    [
        ({"audit": "FOLLOWS stock"}, "stock audit"),
        ({"stock": "PRECEDES audit"}, "stock audit"),
        ({"stock": "FOLLOWS audit"}, "audit stock"),
        ({"stock": "PRECEDES `audit`", "third": "FOLLOWS STOCK"}, "stock third audit"),
        ({"audit": "FOLLOWS third", "third": "PRECEDES stock"}, "third audit stock"),
    ],
)
def test_an_order_that_files_change_reaches_a_database_that_has_the_triggers(
    run, shop, empty_database, clauses, words
):
    run("apply")
    for name, clause in clauses.items():
        small_project.write(shop, trigger(name, clause))
    pending = words != "audit stock"
    assert (run("plan").code == 1) >= pending
    assert run("apply").code == 0
    settled(run, empty_database, words)
    for name in clauses:
        small_project.write(shop, trigger(name))
    assert run("apply").code == 0
    settled(run, empty_database, "audit stock third" if "third" in clauses else "audit stock")


def test_a_whole_order_that_is_turned_round_is_put_right(run, shop, empty_database):
    for number in range(6):
        small_project.write(shop, trigger(f"t{number}"))
    run("apply")
    for number in range(5):
        small_project.write(shop, trigger(f"t{number}", f"FOLLOWS t{number + 1}"))
    assert run("apply").code == 0
    settled(run, empty_database, "audit stock t5 t4 t3 t2 t1 t0")


def test_a_trigger_that_no_file_makes_stays_where_it_is(run, shop, empty_database, sql):
    run("apply")
    sql("CREATE TRIGGER own BEFORE INSERT ON orders FOR EACH ROW PRECEDES stock SET NEW.s = CONCAT(NEW.s, 'own ')")
    small_project.change(shop, "triggers/stock.sql", "'stock '", "'stocked '")
    assert run("apply").code == 0
    assert fired(empty_database) == "audit own stocked"
    small_project.write(shop, trigger("zero", "FOLLOWS own"))
    assert run("apply").code == 0
    assert fired(empty_database) == "audit own zero stocked"
    assert run("apply").out == "nothing to do\n"


def test_a_dump_fires_in_the_same_order(run, shop, empty_database):
    small_project.write(shop, trigger("audit", "FOLLOWS stock") | trigger("more"))
    run("dump")
    first = (shop / "sql/schema.sql").read_text(encoding="utf-8")
    assert run("dump").out == "nothing to do\n"
    assert [first.index(f"TRIGGER `{name}`") for name in ("more", "stock", "audit")] == sorted(
        first.index(f"TRIGGER `{name}`") for name in ("more", "stock", "audit")
    )


def test_columns_named_like_views_are_no_use_of_them(run, shop):
    views = {
        "sql/migrations/0002-v.sql": "CREATE TABLE bills (id INT PRIMARY KEY, customer INT, invoice INT, day DATE);\n",
        "views/customer.sql": "CREATE VIEW customer AS SELECT DISTINCT customer, invoice FROM bills;\n",
        "views/invoice.sql": "CREATE VIEW invoice AS SELECT invoice, customer, EXTRACT(DAY FROM day) AS d FROM bills "
        "WHERE invoice IN (SELECT customer.invoice FROM bills AS customer, bills b);\n",
        "views/day.sql": "CREATE VIEW day AS WITH invoice AS (SELECT 1 AS one) "
        "SELECT one FROM (SELECT one FROM invoice) AS customer;\n",
        "views/a_last.sql": "CREATE VIEW a_last AS SELECT b.id FROM (bills AS b, `zz`) JOIN customer ON TRUE;\n",
        "views/zz.sql": "CREATE VIEW zz AS SELECT 1 AS one FROM bills JOIN invoice USING (invoice);\n",
    }
    small_project.write(shop, views)
    assert run("script").code == 0
    assert run("apply").code == 0
    assert (run("verify").out, run("apply").out) == ("no difference\n", "nothing to do\n")
    text = run("script").out
    assert text.index("VIEW invoice") < text.index("VIEW zz") < text.index("VIEW a_last")
