"""The school's own jobs, run by an account that has nothing but the role for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts import Account, account
from conftest import ROOT
from learnhub_db import jobs, runs
from learnhub_db.database import connect
from learnhub_db.project import Project
from school import School

JOBS = jobs.read(Project(ROOT))


@pytest.fixture
def runner(school: School) -> Iterator[Account]:
    with account(school, "learnhub_jobs") as session:
        yield session
    school.run("DROP TABLE IF EXISTS _learnhub_jobs")


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_job_runs_in_its_role_and_twice(runner: Account, job: jobs.Job) -> None:
    with connect(runner.target) as connection:
        assert [runs.run(connection, job).result for _ in range(2)] == ["done", "done"]
        assert runs.last(connection)[job.name].done


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_a_job_has_an_event_that_does_the_same_under_the_same_lock(school: School, job: jobs.Job) -> None:
    body = school.value(
        "SELECT event_definition FROM information_schema.events"
        " WHERE event_schema = DATABASE() AND event_name = %s",
        job.name,
    )
    assert job.call.text.rstrip(";") in body
    assert f"GET_LOCK(SHA2(CONCAT('{job.name}.', DATABASE()), 256), 0)" in body


def test_no_two_ways_of_running_a_job_are_on_when_it_is_built(school: School) -> None:
    """The fold alone is on as an event, and jobs leave it to it."""
    texts = {path.stem: path.read_text() for path in (ROOT / "sql/events").glob("*.sql")}
    assert {name for name, text in texts.items() if "\n  DISABLE\n" not in text} == {"fold_counters"}
