"""An event whose time has passed is done: it is neither created again nor in the way of anything else."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project

LOG = {
    "sql/migrations/0001-t.sql": "CREATE TABLE log (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20));\n",
}
ENDED = {
    "sql/events/campaign.sql": "CREATE EVENT campaign ON SCHEDULE EVERY 1 HOUR ENDS '2026-01-31 00:00:00' "
    "DO INSERT INTO log (what) VALUES ('c');\n",
    "sql/events/kept.sql": "CREATE EVENT kept ON SCHEDULE EVERY 1 DAY ENDS '2020-02-01' ON COMPLETION PRESERVE "
    "DO INSERT INTO log (what) VALUES ('k');\n",
    "sql/events/nightly.sql": "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2020-01-01 02:00:00' "
    "ENDS '2020-02-01 00:00:00' DO INSERT INTO log (what) VALUES ('n');\n",
    "sql/events/past.sql": "CREATE EVENT past ON SCHEDULE AT '2020-01-01 02:00:00' COMMENT 'once' DO DO 1;\n",
    "sql/events/zz_live.sql": "CREATE EVENT zz_live ON SCHEDULE EVERY 1 DAY DISABLE "
    "DO INSERT INTO log (what) VALUES ('z');\n",
    "sql/grants/r.sql": "GRANT EXECUTE ON PROCEDURE p TO CURRENT_USER();\n",
    "procedures/p.sql": "CREATE PROCEDURE p() DO 1;\n",
}
OVER = ["campaign", "kept", "nightly", "past"]
ONCE = {"sql/events/once.sql": "CREATE EVENT once ON SCHEDULE AT CURRENT_TIMESTAMP + INTERVAL 1 HOUR "
        "DO INSERT INTO log (what) VALUES ('once');\n"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, LOG)


def state_of(run, name: str) -> str:
    return next(one["state"] for one in run("--json", "status").document["files"] if one["name"] == name)


def test_events_that_were_over_before_the_first_apply_stop_nothing(run, shop, sql):
    small_project.write(shop, ENDED)
    plan = run("plan").out
    assert all(f"over event {name}  sql/events/{name}.sql\n" in plan for name in OVER)
    assert "REFUSED" not in plan
    shown = run("apply")
    assert shown.code == 0, shown.err
    lines = [line for line in shown.out.splitlines() if " event " in line]
    assert lines == [f"over event {name} (sql/events/{name}.sql: its time has passed)" for name in OVER] + [
        "created event zz_live"
    ]
    assert "granted sql/grants/r.sql" in shown.out
    assert sql("SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()") == [("zz_live",)]
    assert (run("apply").out, run("plan").code) == ("nothing to do\n", 0)
    assert run("verify").out == "no difference\n"
    assert run("dump").code == 0
    assert [state_of(run, name) for name in (*OVER, "zz_live")] == ["over"] * 4 + ["applied"]
    (shop / "sql/events/campaign.sql").unlink()
    assert run("apply", "--prune").code == 0
    assert (run("apply").out, run("verify").code) == ("nothing to do\n", 0)


def test_one_that_has_run_does_not_run_again(run, shop, sql):
    small_project.write(shop, ONCE)
    assert "created event once" in run("apply").out
    assert run("verify").out == "no difference\n"
    sql("UPDATE _learnhub_history SET definition = REGEXP_REPLACE(definition, \"AT '[^']+'\", \"AT '2026-01-01 00:00:00'\")")
    sql("DROP EVENT once")
    assert (run("plan").code, run("apply").out) == (0, "nothing to do\n")
    assert (state_of(run, "once"), run("verify").out) == ("over", "no difference\n")


def test_one_that_fires_really_runs_once(run, shop, sql):
    small_project.write(shop, {"sql/events/once.sql": ONCE["sql/events/once.sql"].replace("1 HOUR", "1 SECOND")})
    sql("SET GLOBAL event_scheduler = ON")
    try:
        run("apply")
        for _ in range(600):
            if not sql("SELECT 1 FROM information_schema.events WHERE event_schema = DATABASE()"):
                break
            sql("DO SLEEP(0.1)")
        assert run("apply").out == "nothing to do\n"
        assert run("verify").out == "no difference\n"
        sql("DO SLEEP(1.5)")
        assert sql("SELECT what FROM log") == [("once",)]
    finally:
        sql("SET GLOBAL event_scheduler = DEFAULT")


def test_one_that_somebody_dropped_before_its_time_is_missing(run, shop, sql):
    small_project.write(shop, ONCE)
    run("apply")
    sql("DROP EVENT once")
    assert (state_of(run, "once"), run("verify").code) == ("missing", 1)
    assert "created event once" in run("apply").out or "restored event once" in run("apply").out


def test_a_changed_file_is_a_new_event(run, shop, sql):
    small_project.write(shop, ENDED)
    run("apply")
    small_project.change(shop, "sql/events/past.sql", "'2020-01-01 02:00:00'", "CURRENT_TIMESTAMP + INTERVAL 1 HOUR")
    assert "created event past" in run("apply").out
    assert state_of(run, "past") == "applied"
    assert run("verify").out == "no difference\n"


def test_one_whose_file_now_says_a_time_that_has_passed_ends(run, shop, sql):
    small_project.write(shop, ONCE)
    run("apply")
    small_project.change(shop, "sql/events/once.sql", "CURRENT_TIMESTAMP + INTERVAL 1 HOUR", "'2020-01-01 00:00:00'")
    assert "over event once" in run("plan").out
    assert run("apply").out == "over event once (sql/events/once.sql: its time has passed)\n"
    assert sql("SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()") == []
    assert (run("apply").out, run("verify").out) == ("nothing to do\n", "no difference\n")


def test_ends_that_is_no_time_is_refused(run, shop):
    small_project.write(shop, {"sql/events/bad.sql": "CREATE EVENT bad ON SCHEDULE EVERY 1 DAY ENDS 'abc' DO DO 1;\n"})
    shown = run("apply")
    assert (shown.code, shown.err.splitlines()[0].split(" (")[0]) == (
        3,
        "error: 1543: ENDS is either invalid or before STARTS",
    )
