"""An event whose time is over is done: no deployment creates it again, and none stops at it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from applying import Sql, reported
from command_line import Run, runner
from learnhub_db.database import Target, connect, rows

TABLE = {"sql/migrations/0001-t.sql": "CREATE TABLE log (what VARCHAR(20));\n"}
LIVE = "CREATE EVENT zz_live ON SCHEDULE EVERY 1 DAY DISABLE DO INSERT INTO log VALUES ('z');\n"
ENDED = {
    "at": "AT '2020-01-01 00:00:00'",
    "at_kept": "AT '2020-01-01 00:00:00' ON COMPLETION PRESERVE",
    "at_sum": "AT '2020-01-01' + INTERVAL 2 DAY",
    "campaign": "EVERY 1 HOUR ENDS '2026-01-31 00:00:00'",
    "campaign_kept": "EVERY 1 HOUR ENDS '2026-01-31 00:00:00' ON COMPLETION PRESERVE",
    "nightly": "EVERY 1 DAY STARTS '2020-01-01 02:00:00' ENDS '2020-02-01 00:00:00'",
    "nightly_kept": "EVERY 1 DAY STARTS '2020-01-01 02:00:00' ENDS '2020-02-01 00:00:00' ON COMPLETION PRESERVE",
    "off": "EVERY 1 DAY ENDS '2020-02-01' DISABLE COMMENT 'ENDS never'",
}
SOON = "CURRENT_TIMESTAMP + INTERVAL 1 SECOND"


@pytest.fixture
def run(tmp_path: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(empty_database, capsys, "--project", str(tmp_path))


@pytest.fixture
def no_scheduler(server: Target) -> Iterator[None]:
    with connect(server) as connection:
        rows(connection, "SET GLOBAL event_scheduler = OFF")
        yield
        rows(connection, "SET GLOBAL event_scheduler = ON")


def event(root: Path, name: str, schedule: str, what: str = "x") -> Path:
    sql = f"CREATE EVENT {name} ON SCHEDULE {schedule} DO INSERT INTO log VALUES ('{what}');\n"
    return small_project.write(root, TABLE | {f"sql/events/{name}.sql": sql})


def nothing_is_left_to_do(root: Path, run: Run, target: Target, name: str) -> None:
    assert reported(root, target) == []
    assert run("plan").out == "nothing to do\n"
    assert run("verify").out == "no difference\n"
    assert [line.split()[0] for line in run("status").out.splitlines() if f"event {name} " in line] == ["over"]


@pytest.mark.parametrize("name", ENDED)
def test_one_that_is_over_stops_no_deployment(tmp_path, run, empty_database, sql, name):
    event(small_project.write(tmp_path, {"sql/events/zz_live.sql": LIVE}), name, ENDED[name])
    assert f"over event {name}  sql/events/{name}.sql\n" in run("plan").out
    assert reported(tmp_path, empty_database)[1:] == [
        f"over event {name} (sql/events/{name}.sql: its time has passed)",
        "created event zz_live",
    ]
    nothing_is_left_to_do(tmp_path, run, empty_database, name)
    assert run("dump").code == run("script").code == 0
    (tmp_path / f"sql/events/{name}.sql").unlink()
    assert reported(tmp_path, empty_database, prune=True) == [f"forgotten event {name}"]


def test_an_end_before_its_start_is_refused_by_the_server(tmp_path, run):
    event(tmp_path, "never", "EVERY 1 DAY STARTS '2020-03-01' ENDS '2020-02-01'")
    ran = run("apply")
    assert (ran.code, "1543" in ran.err, "sql/events/never.sql:1" in ran.err) == (3, True, True)


def test_a_baseline_and_a_script_of_one_that_is_over(tmp_path, run, empty_database, sql):
    event(tmp_path, "campaign", ENDED["campaign"])
    assert "-- not created: its time has passed" in run("script").out
    sql("CREATE TABLE log (what VARCHAR(20))")
    assert run("baseline", "0001").code == 0
    nothing_is_left_to_do(tmp_path, run, empty_database, "campaign")


@pytest.mark.parametrize("kept", ["", " ON COMPLETION PRESERVE"])
@pytest.mark.parametrize("schedule", [f"AT {SOON}", f"EVERY 1 HOUR ENDS {SOON}"])
def test_what_has_run_is_not_run_again(tmp_path, run, empty_database, sql, schedule, kept):
    event(tmp_path, "once", schedule + kept)
    over = "over event once (sql/events/once.sql: its time has passed)"  # it has run before the apply has looked
    assert reported(tmp_path, empty_database)[1] in ("created event once", over)
    time.sleep(3)
    ran = sql("SELECT COUNT(*) FROM log")
    assert ran == [(1,)]
    nothing_is_left_to_do(tmp_path, run, empty_database, "once")
    time.sleep(2)
    assert sql("SELECT COUNT(*) FROM log") == ran
    event(tmp_path, "once", schedule + kept, "changed")
    assert reported(tmp_path, empty_database) in (["created event once"], ["replaced event once"], [over])
    time.sleep(3)
    assert sql("SELECT what FROM log ORDER BY what") == [("changed",), ("x",)]


def test_one_that_the_scheduler_has_left_is_over_too(tmp_path, run, empty_database, sql, no_scheduler):
    event(tmp_path, "once", f"AT {SOON}")
    reported(tmp_path, empty_database)
    time.sleep(2)
    assert sql("SELECT COUNT(*) FROM information_schema.events WHERE event_schema = DATABASE()") == [(1,)]
    nothing_is_left_to_do(tmp_path, run, empty_database, "once")


def test_one_that_is_dropped_before_its_time_is_created_again(tmp_path, run, empty_database, sql):
    event(tmp_path, "once", "AT CURRENT_TIMESTAMP + INTERVAL 1 HOUR")
    reported(tmp_path, empty_database)
    sql("DROP EVENT once")
    assert "missing  event once" in run("status").out
    assert reported(tmp_path, empty_database) == ["created event once"]


def test_one_that_somebody_gave_more_time_is_seen_and_dropped(tmp_path, run, empty_database, sql):
    event(tmp_path, "campaign", ENDED["campaign"])
    reported(tmp_path, empty_database)
    sql("CREATE EVENT campaign ON SCHEDULE EVERY 1 HOUR DO INSERT INTO log VALUES ('hand')")
    assert "extra event campaign" in run("verify").out
    assert reported(tmp_path, empty_database) == [
        "over event campaign (sql/events/campaign.sql: its time has passed)"
    ]
    nothing_is_left_to_do(tmp_path, run, empty_database, "campaign")


def test_a_file_whose_end_has_come_takes_the_running_one_away(tmp_path, run, empty_database, sql):
    reported(event(tmp_path, "campaign", "EVERY 1 HOUR"), empty_database)
    event(tmp_path, "campaign", ENDED["campaign"])
    assert reported(tmp_path, empty_database) == [
        "over event campaign (sql/events/campaign.sql: its time has passed)"
    ]
    nothing_is_left_to_do(tmp_path, run, empty_database, "campaign")


def test_one_that_runs_at_once_is_done(tmp_path, run, empty_database, sql):
    event(tmp_path, "now", "AT CURRENT_TIMESTAMP")
    assert reported(tmp_path, empty_database)[1] in (
        "created event now",
        "over event now (sql/events/now.sql: its time has passed)",
    )
    time.sleep(2)
    assert sql("SELECT what FROM log") == [("x",)]
    nothing_is_left_to_do(tmp_path, run, empty_database, "now")
