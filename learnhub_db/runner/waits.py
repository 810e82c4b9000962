"""Waiting for others' locks on tables and routines: a few seconds at a time, and saying for whom."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.acts import Act, Report
from learnhub_db.database import NOT_ALLOWED, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.runner.execution import may_hold_a_password
from learnhub_db.statements import code_only

LOCK_SECONDS = 5
TRIES = 10
LONGEST_PAUSE_SECONDS = 10
SHOWN_CHARACTERS = 60

_HOLDERS = """
    SELECT DISTINCT thread.processlist_id, thread.processlist_user, thread.processlist_host,
        thread.processlist_command, thread.processlist_time,
        COALESCE(thread.processlist_info, (
            SELECT sql_text FROM performance_schema.events_statements_current AS statement
            WHERE statement.thread_id = thread.thread_id AND NOT statement.nesting_event_type <=> 'STATEMENT' LIMIT 1
        ))
    FROM performance_schema.metadata_locks AS held
    JOIN performance_schema.threads AS thread ON thread.thread_id = held.owner_thread_id
    WHERE held.object_type IN ('TABLE', 'PROCEDURE', 'FUNCTION') AND held.lock_status = 'GRANTED'
        AND held.object_schema = DATABASE() AND LOWER(held.object_name) IN %s
        AND thread.processlist_id <> CONNECTION_ID()
    ORDER BY thread.processlist_time DESC
"""


def limit(connection: Connection, limited: bool = True) -> None:
    """Have the connection wait for a lock no longer than LOCK_SECONDS at a time, or again as the server has it."""
    rows(connection, f"SET lock_wait_timeout = {LOCK_SECONDS if limited else 'DEFAULT'}")


def patiently(connection: Connection, sql: str, attempt: Callable[[], None], report: Report) -> None:
    """Run `attempt`, which sends `sql`, again and again where a lock is in its way, telling each time whose.

    After TRIES the server's refusal is raised, with the connection to end as its hint.
    """
    for number in range(1, TRIES + 1):
        try:
            return attempt()
        except DatabaseRefused as error:
            if not _waited_in_vain(error):
                raise
            holders = _holders(connection, sql)
            if number == TRIES:
                raise _given_up(error, holders) from error
        report(Act("waiting", f"for {_told(holders)}", f"try {number} of {TRIES}"))
        time.sleep(min(number, LONGEST_PAUSE_SECONDS))
    return None


def _waited_in_vain(error: DatabaseRefused) -> bool:
    cause = error.__cause__
    return isinstance(cause, pymysql.Error) and cause.args[0] == ER.LOCK_WAIT_TIMEOUT


def _holders(connection: Connection, sql: str) -> list[tuple] | None:
    """Who has a lock on what `sql` may name, the oldest first; None where the account may not know."""
    words = sorted({word.lower() for word in re.findall(r"[\w$]+", code_only(sql))})
    try:
        return rows(connection, _HOLDERS, (words,))
    except pymysql.Error as error:
        if error.args[0] in NOT_ALLOWED:
            return None
        raise


def _told(holders: list[tuple] | None) -> str:
    if holders is None:
        return "a lock; GRANT SELECT ON performance_schema.* to the account and this line says whose"
    if not holders:
        return "a lock that is gone by now"
    number, user, host, command, seconds, statement = holders[0]
    more = f", and {len(holders) - 1} more" if len(holders) > 1 else ""
    doing = "idle" if command == "Sleep" else "busy"
    return f"connection {number} ({user}@{host}, {doing} for {seconds} s: {_shortened(statement)}){more}"


def _shortened(statement: str | None) -> str:
    text = " ".join((statement or "no statement").split())
    if may_hold_a_password(text):
        return text.split()[0]
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _given_up(error: DatabaseRefused, holders: list[tuple] | None) -> DatabaseRefused:
    hint = f"KILL {holders[0][0]}, or wait until it is done, then run it again" if holders else "run it again later"
    refusal = DatabaseRefused(f"{_told(holders)} holds a lock" if holders else error.what, error.where, hint)
    refusal.detail = error.detail
    return refusal
