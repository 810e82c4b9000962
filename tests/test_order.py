"""Every order that the files do not demand is by name; triggers fire in the order of the files, whatever was before."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import small_project
from applying import Sql, ask, reported
from command_line import Run, runner
from learnhub_db.contents import Contents
from learnhub_db.database import Target
from learnhub_db.dump import text as dumped
from learnhub_db.project import Project
from learnhub_db.script import text as scripted
from learnhub_db.stored_programs import programs

TRIGGER = "CREATE TRIGGER {0} BEFORE INSERT ON orders FOR EACH ROW{1} SET NEW.seen = CONCAT(NEW.seen, '{0} ');\n"
ORDERS = {"sql/migrations/0001-t.sql": "CREATE TABLE orders (id INT PRIMARY KEY, seen VARCHAR(200) DEFAULT '');\n"}
SECONDS = 60


def triggers(**orders: str) -> dict[str, str]:
    return {f"triggers/{name}.sql": TRIGGER.format(name, order and f" {order}") for name, order in orders.items()}


@pytest.fixture
def run(tmp_path: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(empty_database, capsys, "--project", str(tmp_path))


@pytest.fixture
def fires(sql: Sql) -> Callable[[], str]:
    """The order in which the triggers of orders fire."""

    def fires() -> str:
        sql("TRUNCATE TABLE orders")
        sql("INSERT INTO orders (id) VALUES (1)")
        return sql("SELECT TRIM(seen) FROM orders")[0][0]

    return fires


def test_script_is_the_same_under_any_hash_seed(tmp_path):
    small_project.write(tmp_path)
    small_project.write(tmp_path, triggers(a="", b="", c="", d="PRECEDES b", e="FOLLOWS a", f=""))
    texts = set()
    for seed in range(8):
        command = [sys.executable, "-m", "learnhub_db", "--project", str(tmp_path), "script"]
        environment = {**os.environ, "PYTHONHASHSEED": str(seed)}
        texts.add(subprocess.run(command, env=environment, capture_output=True, check=True, timeout=SECONDS).stdout)
    assert len(texts) == 1


def test_triggers_fire_by_name_though_their_bodies_name_others(tmp_path, run, empty_database, fires):
    small_project.write(tmp_path, ORDERS | triggers(stock="", audit="", last=""))
    body = "CREATE TRIGGER a_zoo BEFORE DELETE ON orders FOR EACH ROW SET @stock = 1, @audit = (SELECT 1 stock);\n"
    small_project.write(tmp_path, {"triggers/a_zoo.sql": body})
    reported(tmp_path, empty_database)
    assert fires() == "audit last stock"
    assert run("verify").out == "no difference\n"
    contents = Contents.read(Project(tmp_path))
    for made in (scripted(contents), dumped(contents, Project(tmp_path).settings, empty_database)[0]):
        assert re.findall(r"TRIGGER `?(\w+)`? BEFORE INSERT", made) == ["audit", "last", "stock"]


@pytest.mark.parametrize(
    ("before", "after", "acts", "order"),
    [
        ({"a": "", "c": ""}, {"b": ""}, ["created trigger b"], "a b c"),
        ({"b": "", "c": ""}, {"a": ""}, ["created trigger a"], "a b c"),
        ({"a": "", "b": ""}, {"c": "PRECEDES b"}, ["created trigger c"], "a c b"),
        ({"a": "", "b": "", "c": ""}, {"a": "FOLLOWS c"}, ["replaced trigger a"], "b c a"),
        ({"a": "FOLLOWS c", "b": "", "c": ""}, {"a": ""}, ["replaced trigger a"], "a b c"),
        ({"a": "", "b": "", "c": "PRECEDES a"}, {"c": "FOLLOWS b"}, ["replaced trigger c"], "a b c"),
        ({"a": "", "b": ""}, {"b": "FOLLOWS a"}, [], "a b"),
    ],
)
def test_a_trigger_added_or_moved_in_the_files_reaches_those_that_are_there(
    tmp_path, run, empty_database, fires, before, after, acts, order
):
    reported(small_project.write(tmp_path, ORDERS | triggers(**before)), empty_database)
    small_project.write(tmp_path, triggers(**after))
    planned = run("plan")
    for act in acts:
        verb, _, name = act.split()
        assert f"{'create' if verb == 'created' else 'move'} trigger {name}" in planned.out
    assert reported(tmp_path, empty_database) == acts
    assert fires() == order
    assert run("verify").out == "no difference\n"
    assert run("plan").out == "nothing to do\n"
    assert reported(tmp_path, empty_database) == []


def test_an_order_that_came_by_chance_or_by_hand_is_put_right(tmp_path, run, empty_database, fires):
    reported(small_project.write(tmp_path, ORDERS | triggers(a="", b="", c="", d="")), empty_database)
    for name in ("c", "a"):
        ask(empty_database, f"DROP TRIGGER {name}")
        ask(empty_database, TRIGGER.format(name, ""))
    assert fires() == "b d c a"
    assert [one.split(maxsplit=1)[0] for one in run("status").out.splitlines() if "trigger" in one].count("drifted") == 2
    planned = run("plan").out
    assert "move trigger a  triggers/a.sql" in planned and "move trigger c  triggers/c.sql" in planned
    assert "    -BEFORE INSERT on orders: b, d, c, a\n    +BEFORE INSERT on orders: a, b, c, d" in planned
    assert reported(tmp_path, empty_database) == ["moved trigger a", "moved trigger c"]
    assert fires() == "a b c d"
    assert run("verify").code == 0
    assert reported(tmp_path, empty_database) == []


def test_a_trigger_of_no_file_stays_where_it_is(tmp_path, empty_database, fires):
    reported(small_project.write(tmp_path, ORDERS | triggers(b="", d="")), empty_database)
    ask(empty_database, TRIGGER.format("z", "").replace("ROW", "ROW PRECEDES d"))
    small_project.write(tmp_path, triggers(a="", c="", d="FOLLOWS z"))
    assert reported(tmp_path, empty_database) == ["created trigger a", "created trigger c", "replaced trigger d"]
    assert fires() == "a b c z d"
    assert reported(tmp_path, empty_database) == []


class TestViews:
    """Only what stands where a table stands is a view that another one reads; the server has the last word."""

    def test_columns_named_like_views_are_no_circle(self, tmp_path, run, empty_database, sql):
        small_project.write(
            tmp_path,
            {
                "sql/migrations/0001-t.sql": "CREATE TABLE orders (id INT PRIMARY KEY, customer INT, invoice INT);\n",
                "views/customer.sql": "CREATE VIEW customer AS SELECT DISTINCT customer, invoice FROM orders;\n",
                "views/invoice.sql": "CREATE VIEW invoice AS SELECT invoice, customer FROM orders;\n",
                "views/a.sql": "CREATE VIEW a AS SELECT invoice.invoice FROM (invoice, customer AS b);\n",
            },
        )
        assert reported(tmp_path, empty_database)[1:] == [
            "created view customer",
            "created view invoice",
            "created view a",
        ]
        assert run("verify").out == "no difference\n"
        assert run("script").code == 0

    def test_a_view_that_the_server_wants_later_is_created_later(self, tmp_path, run, empty_database, monkeypatch):
        """As where words of a text mislead: here none of them is read."""
        monkeypatch.setattr(programs, "tables_of", lambda sql: set())
        small_project.write(
            tmp_path,
            {
                "views/a.sql": "CREATE VIEW a AS SELECT n FROM b;\n",
                "views/b.sql": "CREATE VIEW b AS SELECT n FROM c;\n",
                "views/c.sql": "CREATE VIEW c AS SELECT 1 AS n;\n",
            },
        )
        assert reported(tmp_path, empty_database) == ["created view c", "created view b", "created view a"]
        assert run("verify").out == "no difference\n"

    def test_a_circle_that_is_one_is_the_servers_to_refuse(self, tmp_path, run):
        files = {f"views/{name}.sql": f"CREATE VIEW {name} AS SELECT * FROM {other};\n" for name, other in ("ab", "ba")}
        small_project.write(tmp_path, files)
        ran = run("apply")
        assert (ran.code, ran.out) == (3, "")
        assert "error: 1146: Table '" in ran.err and ".a' doesn't exist (views/b.sql:1)" in ran.err

    def test_a_dump_has_each_view_behind_those_that_it_reads(self, tmp_path, empty_database):
        """Also those that migrations make."""
        migration = "CREATE VIEW z AS SELECT 1 AS n;\nCREATE VIEW b AS SELECT n FROM z;\n"
        files = {"sql/migrations/0001-v.sql": migration, "views/a.sql": "CREATE VIEW a AS SELECT n FROM b;\n"}
        project = Project(small_project.write(tmp_path, files))
        made, _ = dumped(Contents.read(project), project.settings, empty_database)
        assert made.index("VIEW `z`") < made.index("VIEW `b`") < made.index("VIEW `a`")
