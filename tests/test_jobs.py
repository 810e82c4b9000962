"""Jobs run when they are due, once at a time, and leave a record; the server's own scheduler is not doubled."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, time, timedelta
from hashlib import sha256
from pathlib import Path

import pytest

import interruptions
import small_project
from command_line import Run, runner
from learnhub_db import jobs, runs
from learnhub_db.database import Target, connect, rows
from learnhub_db.jobs import Daily, Every
from learnhub_db.project import Project

FILES = {
    "procedures/count_sales.sql": "DELIMITER $$\nCREATE PROCEDURE count_sales(IN p_least INT, OUT p_sales INT, OUT p_most INT)\n"
    "BEGIN INSERT INTO audit (sale_id) VALUES (p_least);"
    " SELECT COUNT(*), MAX(sold) INTO p_sales, p_most FROM sales WHERE sold >= p_least; END$$\n",
    "sql/jobs/count.sql": "-- Counts the sales.\n--\n-- every: 5 minutes\nCALL count_sales(3, @sales, @most);\n",
    "sql/jobs/sell.sql": "-- Sells a cup of tea a day.\n-- daily at: 02:00\nCALL sell(1, 1);\n",
}
NOW = datetime(2025, 3, 1, 12)
WAITS_FOR_A_ROW = "SELECT COUNT(*) FROM performance_schema.data_locks WHERE object_schema = DATABASE() AND lock_status = 'WAITING'"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, small_project.FILES | FILES)


@pytest.fixture
def run(shop: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    run = runner(empty_database, capsys, "--project", str(shop))
    assert run("apply").code == 0
    return run


def broken(sql: Callable) -> None:
    """From now on the job sell fails."""
    sql("ALTER TABLE sales ADD CONSTRAINT nothing_is_sold CHECK (sold > 9)")


@pytest.mark.parametrize(
    ("schedule", "started", "done", "due"),
    [
        (Every(timedelta(minutes=5), ""), None, False, True),
        (Every(timedelta(minutes=5), ""), NOW - timedelta(minutes=5), True, True),
        (Every(timedelta(minutes=5), ""), NOW - timedelta(minutes=4), True, False),
        (Every(timedelta(minutes=5), ""), NOW - timedelta(minutes=4), False, False),
        (Daily(time(2), ""), None, False, True),
        (Daily(time(2), ""), datetime(2025, 3, 1, 1, 59), True, True),
        (Daily(time(2), ""), datetime(2025, 3, 1, 2), True, False),
        (Daily(time(2), ""), datetime(2025, 3, 1, 2), False, True),
        (Daily(time(13), ""), datetime(2025, 2, 28, 13), True, False),
        (Daily(time(13), ""), datetime(2025, 2, 28, 12, 59), True, True),
    ],
)
def test_when_a_job_is_due(schedule: Every | Daily, started: datetime | None, done: bool, due: bool) -> None:
    assert schedule.due(NOW, started, done) is due


def test_a_job_runs_by_name_and_its_run_is_recorded(run: Run, sql: Callable) -> None:
    sql("INSERT INTO sales (product_id, sold) VALUES (1, 2), (1, 3), (2, 7)")
    ran = run("jobs", "run", "count")
    assert (ran.code, ran.out) == (0, 'done     count  {"sales": 2, "most": 7}\n')
    recorded = "SELECT job, seconds < 10, out_values->>'$.most', error, started_at > UTC_TIMESTAMP() - INTERVAL 60 SECOND"
    assert sql(f"{recorded} FROM _learnhub_jobs") == [("count", 1, "7", None, 1)]


def test_what_is_due_runs_and_is_due_no_more(run: Run, sql: Callable) -> None:
    assert run("jobs", "run", "--due").out == 'done     count  {"sales": 0, "most": null}\ndone     sell\n'
    assert run("jobs", "run", "--due").out == "nothing is due\n"
    sql("UPDATE _learnhub_jobs SET started_at = started_at - INTERVAL 6 MINUTE WHERE job = 'count'")
    assert run("jobs", "run", "--due").out == 'done     count  {"sales": 0, "most": null}\n'
    sql("UPDATE _learnhub_jobs SET started_at = started_at - INTERVAL 1 DAY WHERE job = 'sell'")
    assert run("jobs", "run", "--due").out == "done     sell\n"
    assert sql("SELECT SUM(sold) FROM sales") == [(2,)]


def test_a_job_that_fails_is_recorded_stops_no_other_and_ends_with_3(run: Run, sql: Callable) -> None:
    broken(sql)
    ran = run("jobs", "run", "--due")
    assert ran.code == 3
    assert ran.out.startswith("done     count")
    assert "failed   sell  3819: Check constraint 'nothing_is_sold' is violated. (sql/jobs/sell.sql:3)\n" in ran.out
    assert ran.err == "error: 1 of 2 jobs failed (sell)\n"
    assert sql("SELECT job FROM _learnhub_jobs WHERE error LIKE '3819%'") == [("sell",)]
    sql("ALTER TABLE sales DROP CHECK nothing_is_sold")
    assert run("jobs", "run", "--due").out == "done     sell\n"  # what is done daily is due until it is done
    assert sql("SELECT COUNT(*) FROM _learnhub_jobs WHERE error IS NOT NULL") == [(0,)]


def test_a_job_whose_event_is_enabled_is_left_to_the_scheduler(run: Run, sql: Callable) -> None:
    assert sql("SELECT @@event_scheduler") == [("ON",)]
    sql("CREATE EVENT count ON SCHEDULE EVERY 1 DAY STARTS '2099-01-01' DO DO 0")
    sql("CREATE EVENT sell ON SCHEDULE EVERY 1 DAY STARTS '2099-01-01' DISABLE DO DO 0")
    ran = run("jobs", "run", "--due")
    assert ran.code == 0
    assert ran.out == "skipped  count  the event count does it: the server's scheduler is on\ndone     sell\n"
    listed = {one["job"]: one["state"] for one in run("--json", "jobs", "list").document["jobs"]}
    assert listed == {"count": "event", "sell": "waiting"}


def test_a_job_that_runs_already_is_skipped(run: Run, empty_database: Target, sql: Callable) -> None:
    with connect(empty_database) as other:
        lock = sha256(f"sell.{empty_database.database}".encode()).hexdigest()
        assert rows(other, "SELECT GET_LOCK(SHA2(CONCAT('sell.', DATABASE()), 256), 0), IS_USED_LOCK(%s) > 0", (lock,)) == [(1, 1)]
        assert run("jobs", "run", "sell").out == "skipped  sell  another runner is at it\n"
    assert run("jobs", "run", "sell").out == "done     sell\n"
    assert sql("SELECT SUM(sold) FROM sales") == [(1,)]


def test_eight_runners_at_once_do_what_is_due_once(run: Run, shop: Path, empty_database: Target, sql: Callable) -> None:
    wanted, gate = jobs.read(Project(shop)), threading.Barrier(8)

    def work() -> None:
        with connect(empty_database) as connection:
            pending = runs.due(connection, wanted)
            gate.wait(timeout=30)
            results.extend(runs.run(connection, job, only_if_due=True).result for job in pending)

    results: list[str] = []
    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["done"] * 2 + ["skipped"] * 14
    assert sql("SELECT (SELECT SUM(sold) FROM sales), (SELECT COUNT(*) FROM audit WHERE sale_id = 3)") == [(1, 1)]


def test_a_record_that_meets_a_deadlock_is_written_again(run: Run, empty_database: Target, sql: Callable) -> None:
    """The other side of it has written more, so that the server undoes the runner's."""
    sql(runs.BOOKKEEPING)
    sql("CREATE TABLE others (n INT PRIMARY KEY)")
    sql("INSERT INTO others VALUES (1)")
    sql("CREATE TRIGGER meet AFTER INSERT ON _learnhub_jobs FOR EACH ROW UPDATE others SET n = 1 WHERE n = 1")
    with connect(empty_database) as other, ThreadPoolExecutor() as pool:
        rows(other, "START TRANSACTION")
        rows(other, "INSERT INTO others VALUES (2), (3), (4), (5), (6), (7)")
        rows(other, "UPDATE others SET n = 0 WHERE n = 1")
        ran = pool.submit(run, "jobs", "run", "sell")
        interruptions.until(lambda: sql(WAITS_FOR_A_ROW) == [(1,)])
        assert rows(other, "SELECT job FROM _learnhub_jobs WHERE job = 'sell' FOR UPDATE") == []
        rows(other, "COMMIT")
        assert ran.result().out == "done     sell\n"
    assert sql("SELECT job, error FROM _learnhub_jobs") == [("sell", None)]


def test_a_job_that_leaves_its_transaction_open_has_failed(run: Run, sql: Callable) -> None:
    sql("DROP PROCEDURE sell")
    sql("CREATE PROCEDURE sell(IN p INT, IN n INT) BEGIN START TRANSACTION; INSERT INTO sales (product_id, sold) VALUES (p, n); END")
    ran = run("jobs", "run", "sell")
    assert (ran.code, ran.out) == (3, "failed   sell  it leaves its transaction open: undone, sql/jobs/sell.sql\n")
    assert sql("SELECT error LIKE 'it leaves%', (SELECT COUNT(*) FROM sales) FROM _learnhub_jobs") == [(1, 0)]


def test_a_runner_that_was_killed_leaves_a_job_that_is_due(run: Run, sql: Callable) -> None:
    sql(runs.BOOKKEEPING)
    sql("INSERT INTO _learnhub_jobs (job, started_at) VALUES ('sell', UTC_TIMESTAMP(6))")
    assert {one["job"]: one["state"] for one in run("--json", "jobs", "list").document["jobs"]} == {"count": "due", "sell": "due"}


def test_a_list_says_what_there_is(run: Run) -> None:
    run("jobs", "run", "sell")
    first, rule, *lines = run("jobs", "list").out.splitlines()
    assert first.split() == ["job", "schedule", "state", "started_at", "seconds", "out", "error"]
    assert [line.split()[0] for line in lines] == ["count", "sell"]
    assert lines[0].split("  ")[1:3] == ["every: 5 minutes", "due"]
    assert "daily at: 02:00   waiting  20" in lines[1]


def test_a_list_writes_nothing(run: Run, sql: Callable) -> None:
    assert run("jobs", "list").code == 0
    assert sql("SHOW TABLES LIKE '%jobs%'") == []


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("run", "cuont"), "error: there is no job cuont (sql/jobs)\nhint: did you mean count?\n"),
        (("run",), "error: one job or all that are due\nhint: learnhub-db jobs run NAME, or learnhub-db jobs run --due\n"),
        (("run", "sell", "--due"), "error: one job or all that are due\nhint: learnhub-db jobs run NAME, or learnhub-db jobs run --due\n"),
    ],
)
def test_what_names_no_job_is_told(run: Run, words: tuple[str, ...], error: str) -> None:
    ran = run("jobs", *words)
    assert (ran.code, ran.out, ran.err) == (2, "", error)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("-- Sells.\nCALL sell(1, 1);\n", "the file does not say when it runs"),
        ("-- every: 0 minutes\nCALL sell(1, 1);\n", "the file does not say when it runs"),
        ("-- daily at: 24:00\nCALL sell(1, 1);\n", "the file does not say when it runs"),
        ("-- every: 1 day\n-- daily at: 02:00\nCALL sell(1, 1);\n", "the file does not say when it runs"),
        ("-- every: 1 day\nDELETE FROM sales;\n", "the file is not one CALL"),
        ("-- every: 1 day\nCALL sell(1, 1); CALL sell(2, 1);\n", "the file is not one CALL"),
    ],
)
def test_a_file_that_is_no_job_is_told_before_anything_runs(run: Run, shop: Path, text: str, what: str) -> None:
    small_project.write(shop, {"sql/jobs/wrong.sql": text})
    ran = run("jobs", "run", "--due")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {what} (sql/jobs/wrong.sql)\nhint: ")
