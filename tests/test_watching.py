"""A statement that runs for long is told while it runs, and nothing of it stays behind."""

from __future__ import annotations

import pytest

import small_project
from learnhub_db import deployment
from learnhub_db.acts import RUNNING, Act
from learnhub_db.commands import telling
from learnhub_db.commands.telling import Teller
from learnhub_db.database import connect, rows
from learnhub_db.project import Project
from learnhub_db.runner import watching


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "FIRST_SECONDS", 0.05)
    monkeypatch.setattr(watching, "SECONDS_BETWEEN", 0.05)


def apply(root, target) -> tuple[list[Act], list[Act]]:
    """What was told, and what was returned."""
    told: list[Act] = []
    return told, deployment.apply(Project(root), target, told.append)


def test_a_long_statement_is_told_with_its_place_and_its_time(shop, empty_database, server):
    name = f"long_{empty_database.database}"
    small_project.write(shop, {"sql/migrations/0003-slow.sql": f"DO 1;\nDO GET_LOCK('{name}', 600);\n"})
    told: list[Act] = []
    with connect(server) as other:
        rows(other, "SELECT GET_LOCK(%s, 0)", (name,))

        def tell(act: Act) -> None:
            told.append(act)
            if act.verb == RUNNING and "GET_LOCK" in act.what:
                rows(other, "SELECT RELEASE_ALL_LOCKS()")

        acts = deployment.apply(Project(shop), empty_database, tell)
    (running,) = {act.what for act in told if act.verb == RUNNING and "GET_LOCK" in act.what}
    assert running == f"sql/migrations/0003-slow.sql:2  DO GET_LOCK('{name}', 600)"
    assert all(act.note.startswith("for ") for act in told if act.verb == RUNNING)
    assert not [act for act in acts if act.verb == RUNNING]


def test_the_server_says_how_far_an_alter_is_where_it_counts_that(shop, empty_database, server, sql):
    apply(shop, empty_database)
    sql("INSERT INTO products (name, price) WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 900) "
        "SELECT 'x', 1 FROM n")
    consumer = "UPDATE performance_schema.setup_consumers SET enabled = '{}' WHERE name = 'events_stages_current'"
    with connect(server) as connection:
        rows(connection, consumer.format("YES"))
        try:
            assert any(is_told_how_far(shop, empty_database, sql, number) for number in range(3, 12))
        finally:
            rows(connection, consumer.format("NO"))


def is_told_how_far(shop, empty_database, sql, number: int) -> bool:
    """Alter a table that has four times as many rows each time: however fast the server is, one takes long enough."""
    for _ in range(2):
        sql("INSERT INTO products (name, price) SELECT name, price FROM products")
    alter = f"ALTER TABLE products ADD INDEX a{number} (name), ADD INDEX b{number} (name, price), ALGORITHM=INPLACE;\n"
    small_project.write(shop, {f"sql/migrations/{number:04}-slow.sql": alter})
    told, _ = apply(shop, empty_database)
    return any(act.note.endswith(" % by the server's estimate") for act in told if act.verb == RUNNING)


def test_a_password_is_not_told(shop, empty_database):
    text = "CREATE TABLE w (x VARCHAR(9));\nINSERT INTO w SELECT 'hunter2' /* PASSWORD */ FROM (SELECT SLEEP(0.5)) AS s;\n"
    small_project.write(shop, {"sql/migrations/0003-slow.sql": text})
    told, _ = apply(shop, empty_database)
    assert not [act for act in told if "hunter2" in str(act)]


def test_a_log_gets_a_line_now_and_then(monkeypatch, capsys):
    monkeypatch.setattr(telling, "SECONDS_BETWEEN_LINES", 1000)
    teller = Teller()
    teller(Act(RUNNING, "x"))
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(telling, "SECONDS_BETWEEN_LINES", 0)
    teller(Act(RUNNING, "x", "for 31 s"))
    teller(Act("applied", "y"))
    assert capsys.readouterr().out == "running x (for 31 s)\napplied y\n"


def test_a_terminal_gets_one_line_that_goes_again(monkeypatch, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    teller = Teller()
    teller(Act(RUNNING, "x", "for 2 s"))
    teller(Act(RUNNING, "x", "for 3 s"))
    teller(Act("applied", "y"))
    shown = capsys.readouterr()
    assert shown.err == f"{telling.CLEARED}running x (for 2 s){telling.CLEARED}running x (for 3 s){telling.CLEARED}"
    assert shown.out == "applied y\n"
