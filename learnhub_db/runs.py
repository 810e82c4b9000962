"""Runs of jobs: what is due, run once at a time, and what the last run of each came to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CR, ER

from learnhub_db.database import identifier, in_transaction, refused, rows, settle
from learnhub_db.errors import DatabaseRefused
from learnhub_db.jobs import Job
from learnhub_db.runner import execution

BOOKKEEPING = """
    CREATE TABLE IF NOT EXISTS _learnhub_jobs (
        job        VARCHAR(64)   NOT NULL COMMENT 'file under sql/jobs',
        started_at DATETIME(6)   NOT NULL COMMENT 'UTC, of the last run',
        seconds    DECIMAL(12,3) NULL     COMMENT 'how long it took; NULL: it runs, or its runner was killed',
        out_values JSON          NULL     COMMENT 'what its OUT parameters said',
        error      VARCHAR(512)  NULL     COMMENT 'the server''s words; NULL: none',
        PRIMARY KEY (job)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the last run of each job'
"""
START = """
    INSERT INTO _learnhub_jobs (job, started_at) VALUES (%s, UTC_TIMESTAMP(6)) AS fresh
        ON DUPLICATE KEY UPDATE started_at = fresh.started_at, seconds = NULL, out_values = NULL, error = NULL
"""
END = """
    UPDATE _learnhub_jobs
       SET seconds = TIMESTAMPDIFF(MICROSECOND, started_at, UTC_TIMESTAMP(6)) / 1000000, out_values = %s, error = %s
     WHERE job = %s
"""
LAST = "SELECT job, started_at, seconds, out_values, error FROM _learnhub_jobs"
EVENTS = """
    SELECT event_name FROM information_schema.events
     WHERE event_schema = DATABASE() AND status = 'ENABLED' AND @@event_scheduler = 'ON'
"""
LONGEST_ERROR = 512
TRIES = 10

DONE = "done"
FAILED = "failed"
SKIPPED = "skipped"


@dataclass(frozen=True)
class Last:
    """The last run of a job."""

    started_at: datetime
    seconds: Decimal | None
    out: dict[str, object] | None
    error: str | None

    @property
    def done(self) -> bool:
        return self.seconds is not None and self.error is None


@dataclass(frozen=True)
class Run:
    """What came of one attempt: `note` says why it was skipped or how it failed."""

    job: str
    result: str
    out: dict[str, object]
    note: str = ""


def last(connection: Connection) -> dict[str, Last]:
    """The last run of each job that ever ran, by name; reads only."""
    try:
        found = rows(connection, LAST)
    except pymysql.Error as error:
        if error.args[0] != ER.NO_SUCH_TABLE:
            raise refused(error, "_learnhub_jobs") from error
        return {}
    return {job: Last(started, seconds, json.loads(out or "{}"), error) for job, started, seconds, out, error in found}


def due(connection: Connection, jobs: list[Job]) -> list[Job]:
    """Those of `jobs` that are due by the server's clock."""
    ((now,),) = rows(connection, "SELECT UTC_TIMESTAMP(6)")
    past = last(connection)
    return [job for job in jobs if _due(job, past.get(job.name), now)]


def _due(job: Job, past: Last | None, now: datetime) -> bool:
    return job.schedule.due(now, past and past.started_at, bool(past and past.done))


def as_events(connection: Connection) -> set[str]:
    """The names of the events that the server's scheduler runs itself, as far as the account may see them."""
    return {name for (name,) in rows(connection, EVENTS)}


def run(connection: Connection, job: Job, only_if_due: bool = False) -> Run:
    """Run the job and record it; skipped where the scheduler does it or another runner is at it.

    A refusal of the server is recorded and returned; a lost connection is raised, its run stands without an end.
    """
    if job.name in as_events(connection):
        return Run(job.name, SKIPPED, {}, f"the event {job.name} does it: the server's scheduler is on")
    with _alone(connection, job) as alone:
        if not alone:
            return Run(job.name, SKIPPED, {}, "another runner is at it")
        if only_if_due and not due(connection, [job]):
            return Run(job.name, SKIPPED, {}, "another runner has just done it")
        return _recorded(connection, job)


@contextmanager
def _alone(connection: Connection, job: Job) -> Iterator[bool]:
    """Hold the job's lock if it is free. An event takes the same: SHA2(CONCAT('<name>.', DATABASE()), 256)."""
    name = sha256(f"{job.name}.{connection.db.decode()}".encode()).hexdigest()
    taken = rows(connection, "SELECT GET_LOCK(%s, 0)", (name,)) == [(1,)]
    try:
        yield taken
    finally:
        if taken and connection.open:
            rows(connection, "SELECT RELEASE_LOCK(%s)", (name,))


def _recorded(connection: Connection, job: Job) -> Run:
    _begin(connection, job)
    try:
        out = _called(connection, job)
        error = ""
    except DatabaseRefused as refusal:
        if refusal.__cause__.args[0] in (CR.CR_SERVER_LOST, CR.CR_SERVER_GONE_ERROR):
            raise
        out, error = {}, str(refusal)
        connection.rollback()
    if in_transaction(connection):
        connection.rollback()
        out, error = {}, f"it leaves its transaction open: undone, {job.path}"
    settle(connection)
    _written(connection, END, (json.dumps(out, default=str), error[:LONGEST_ERROR] or None, job.name))
    return Run(job.name, FAILED if error else DONE, out, error)


def _begin(connection: Connection, job: Job) -> None:
    """Record the start, in a table that is made where it is missing; DatabaseRefused on a read-only server."""
    try:
        if not rows(connection, "SHOW TABLES LIKE '\\_learnhub\\_jobs'"):
            _written(connection, BOOKKEEPING)
        _written(connection, START, (job.name,))
    except pymysql.Error as error:
        raise refused(error, job.path) from error


def _written(connection: Connection, sql: str, arguments: tuple = ()) -> None:
    """Run a statement on the record, which stands alone; a deadlock with another runner's undoes it: then again."""
    for left in reversed(range(TRIES)):
        try:
            rows(connection, sql, arguments)
            return
        except pymysql.Error as error:
            if error.args[0] != ER.LOCK_DEADLOCK or not left:
                raise


def _called(connection: Connection, job: Job) -> dict[str, object]:
    if not job.variables:
        execution.run(connection, job.call, job.path)
        return {}
    names = ", ".join(f"@{identifier(name)}" for name in job.variables)
    rows(connection, "SET " + ", ".join(f"@{identifier(name)} = NULL" for name in job.variables))
    execution.run(connection, job.call, job.path)
    return dict(zip(job.variables, rows(connection, f"SELECT {names}")[0]))
