"""What runs for long is told while it runs: since when, and how far the server is, where it says so.

Another connection asks the server, from a thread; it never stands in the statement's way, and what it cannot learn is
left out.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from weakref import WeakKeyDictionary

import pymysql
from pymysql.connections import Connection

from learnhub_db.acts import RUNNING, Act, Report
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import LearnHubError
from learnhub_db.runner import constants
from learnhub_db.statements import masked

FIRST_SECONDS = 2.0
SECONDS_BETWEEN = 1.0
SHOWN_CHARACTERS = 60
_STAGE = """
    SELECT stage.work_completed, stage.work_estimated
    FROM performance_schema.events_stages_current AS stage
    JOIN performance_schema.threads AS thread ON thread.thread_id = stage.thread_id
    WHERE thread.processlist_id = %s AND stage.event_name LIKE 'stage/innodb/alter%%' AND stage.work_estimated > 0
"""
_watched: WeakKeyDictionary[Connection, tuple[Target, Report]] = WeakKeyDictionary()


def begin(connection: Connection, target: Target, report: Report) -> None:
    """From now on have `report` told of what runs for long on the connection."""
    _watched[connection] = target, report


@contextmanager
def told(connection: Connection, sql: str, where: str) -> Iterator[None]:
    """Within, the statement runs; nothing is told where nobody asked for it."""
    if connection not in _watched:
        yield
        return
    target, report = _watched[connection]
    over = Event()
    what = f"{where}  {_shown(sql)}"
    thread = Thread(target=_watch, args=(target, connection.thread_id(), what, report, over), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(SECONDS_BETWEEN)


def _watch(target: Target, number: int, what: str, report: Report, over: Event) -> None:
    started, other = time.monotonic(), None
    wait = FIRST_SECONDS
    while not over.wait(wait):
        wait = SECONDS_BETWEEN
        try:
            other = other or connect(target)
            progress = _progress(other, number)
        except (LearnHubError, pymysql.Error, OSError):
            progress = ""
        if not over.is_set():
            report(Act(RUNNING, what, f"for {time.monotonic() - started:.0f} s{progress}"))
    if other and other.open:
        other.close()


def _progress(connection: Connection, number: int) -> str:
    found = rows(connection, _STAGE, (number,))
    return f", {100 * found[0][0] // found[0][1]} % by the server's estimate" if found else ""


def _shown(sql: str) -> str:
    """On one line, shortened; no string of what sets variables, of what may hold a password only the first words."""
    from learnhub_db.runner.execution import may_hold_a_password

    words = masked(sql).split() if constants.sets_variables(sql) else sql.split()
    line = " ".join(words[:2] if may_hold_a_password(sql) else words)
    return line if len(line) <= SHOWN_CHARACTERS else f"{line[: SHOWN_CHARACTERS - 1]}…"
