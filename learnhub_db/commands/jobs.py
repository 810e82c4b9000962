"""learnhub-db jobs list | run"""

from __future__ import annotations

import json
from dataclasses import asdict

import click
from pymysql.connections import Connection
from tabulate import tabulate

from learnhub_db import jobs as files
from learnhub_db import runs
from learnhub_db.commands.session import Session
from learnhub_db.database import connect
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.jobs import Job
from learnhub_db.runs import Run

COLUMNS = ["job", "schedule", "state", "started_at", "seconds", "out", "error"]


@click.group()
def jobs() -> None:
    """Run what sql/jobs schedules: each file one CALL, its schedule in its comment (all times UTC).

    \b
    -- every: 5 minutes        since its last start
    -- daily at: 02:00         once a day; one that failed is due until it is done
    """


@jobs.command("list")
@click.pass_obj
def list_jobs(session: Session) -> None:
    """Show each job: when it is due, and how its last run went."""
    wanted = files.read(session.files)
    with connect(session.target()) as connection:
        shown = _shown(connection, wanted)
    session.show({"jobs": shown}, _table(shown) if shown else "the project holds no jobs")


@jobs.command()
@click.argument("name", required=False)
@click.option("--due", is_flag=True, help="Run every job that is due.")
@click.pass_obj
def run(session: Session, name: str | None, due: bool) -> None:
    """Run the job NAME now, or with --due all that are due; exit 3 when one failed.

    A job never runs twice at once. One whose event of the same name is enabled is left to the server's scheduler. The
    table _learnhub_jobs says how the last run of each went.
    """
    if bool(name) == due:
        raise UsageError("one job or all that are due", "", "learnhub-db jobs run NAME, or learnhub-db jobs run --due")
    wanted = files.read(session.files) if due else [files.find(session.files, name)]
    with connect(session.target()) as connection:
        done = [_run(session, connection, job, due) for job in (runs.due(connection, wanted) if due else wanted)]
    if session.as_json or not done:
        session.show({"runs": [asdict(one) for one in done]}, "nothing is due")
    failed = [one for one in done if one.result == runs.FAILED]
    if failed:
        raise DatabaseRefused(f"{len(failed)} of {len(done)} jobs failed", ", ".join(one.job for one in failed))


def _run(session: Session, connection: Connection, job: Job, due: bool) -> Run:
    done = runs.run(connection, job, only_if_due=due)
    if not session.as_json:
        words = done.note or json.dumps(done.out, default=str) * bool(done.out)
        click.echo(f"{done.result:<8} {done.job}  {words}".rstrip())
    return done


def _shown(connection: Connection, wanted: list[Job]) -> list[dict[str, object]]:
    past, events = runs.last(connection), runs.as_events(connection)
    due = {job.name for job in runs.due(connection, wanted)}
    shown = []
    for job in wanted:
        state = "event" if job.name in events else "due" if job.name in due else "waiting"
        known = asdict(past[job.name]) if job.name in past else {}
        shown.append({"job": job.name, "schedule": job.schedule.words, "state": state, "purpose": job.purpose} | known)
    return shown


def _table(shown: list[dict[str, object]]) -> str:
    lines = [[_word(one.get(column)) for column in COLUMNS] for one in shown]
    return tabulate(lines, headers=COLUMNS, disable_numparse=True)


def _word(value: object) -> str:
    return json.dumps(value, default=str) if isinstance(value, dict) else str(value or "")
