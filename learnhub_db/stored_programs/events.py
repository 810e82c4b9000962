"""An event in the place of another: ALTER EVENT changes all of it at once, so none is dropped but one that is over.

One is over when its AT or ENDS has passed: the server drops it then, and creates none of which it has.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import identifier, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.history import History
from learnhub_db.runner import execution
from learnhub_db.statements import Statement, code_only
from learnhub_db.stored_programs import definitions, schedule
from learnhub_db.stored_programs.catalogue import Found
from learnhub_db.stored_programs.programs import Program
from learnhub_db.stored_programs.stored import Stored

ENDS_IN_THE_PAST = 1543  # or is no time at all
UNKNOWN = 1539
NOT_CHANGED = 1589  # because its time has passed

# What the file leaves out would stay as it was: each clause has to be said, in the order that the server wants. ENABLE
# and DISABLE are left to who operates the server, unless the file says one.
_CLAUSES = (
    (r"\bON\s+COMPLETION\b", "ON COMPLETION NOT PRESERVE", r"\b(?:ENABLE|DISABLE|COMMENT|DO)\b"),
    (r"\bCOMMENT\b", "COMMENT ''", r"\bDO\b"),
)
_ENABLED = ((r"\b(?:ENABLE|DISABLE)\b", "ENABLE", r"\b(?:COMMENT|DO)\b"),)
_STATUS = re.compile(r"(?<=\bPRESERVE )(?:ENABLE|DISABLE(?: ON (?:SLAVE|REPLICA))?)\b")
_DO = re.compile(r"\bDO\b", re.IGNORECASE)


def put(connection: Connection, program: Program, old: Stored | None) -> None:
    """Create the event, or change the one that there is; where its time has just passed none is there afterwards."""
    sql = altering(program.sql, enable=passed(connection, old.sql)) if old else program.sql
    try:
        execution.run(connection, Statement(sql, program.line, 0), program.path)
    except DatabaseRefused as error:
        number = error.__cause__.args[0] if error.__cause__ else 0
        if number not in (ENDS_IN_THE_PAST, NOT_CHANGED) or not passed(connection, program.sql):
            raise
        rows(connection, f"DROP EVENT IF EXISTS {identifier(program.name)}")


def passed(connection: Connection, create: str, *, deployed: bool = False) -> bool:
    """Whether the time of the event has passed, by the server's clock; False where that is no time. Reads only.

    One that is `deployed` has run in the second that it names, another one would still be run in it.
    """
    times = schedule.times(create)
    end = times.get("at") or times.get("ends")
    if not end:
        return False
    starts = f"CAST({times['starts']} AS DATETIME)" if "starts" in times else "NULL"
    when = f"CAST({end} AS DATETIME)"
    try:
        compared = "<=" if deployed else "<"
        sql = f"SELECT {when} {compared} NOW() AND NOT COALESCE({starts} >= {when}, FALSE)"
        return rows(connection, sql) == [(1,)]
    except pymysql.Error:
        return False


def passed_as_written(create: str) -> bool:
    """As `passed`, without a server: only a time that is written out is known, and taken for UTC."""
    times = schedule.times(create)
    end = times.get("at") or times.get("ends", "")
    try:
        return datetime.fromisoformat(end.strip("'")) < datetime.now(UTC).replace(tzinfo=None)
    except ValueError:
        return False


def is_over(connection: Connection, past: History, program: Program) -> bool:
    """Whether it is an event whose time has passed: of one that was deployed the time that it got then. Reads only."""
    if program.kind != "event":
        return False
    if not past.has(program.key, program.digest):
        return passed(connection, program.sql)
    act, last = definitions.last_act(connection, program.key)
    if act == definitions.OVER or past.objects[program.key].fingerprint is None:
        return True
    return passed(connection, last.sql, deployed=True)


def is_known_to_be_over(past: History, program: Program, found: Found | None) -> bool:
    """Whether an event that is over is recorded as that, and nobody has made another of it."""
    known = past.has(program.key, program.digest)
    return known and (not found or found.fingerprint == past.objects[program.key].fingerprint)


def altering(create: str, *, enable: bool = False) -> str:
    """The ALTER EVENT that makes of an existing event what `create` would have made.

    With `enable` it is on too, unless the file says that it is not: the server disables one that has ended.
    """
    sql = re.sub(r"\ACREATE\b", "ALTER", create, flags=re.IGNORECASE)
    for clause, default, before in (*_CLAUSES, *(_ENABLED if enable else ())):
        code = code_only(sql)
        head = code[: _DO.search(code).start()]
        if not re.search(clause, head, re.IGNORECASE):
            place = re.search(before, code, re.IGNORECASE).start()
            sql = f"{sql[:place]}{default} {sql[place:]}"
    return sql


def enabled_as(create: str, now: str) -> str:
    """`create` with the ENABLE or DISABLE of `now`; both as SHOW CREATE EVENT tells them."""
    status = _STATUS.search(code_only(now))
    return _STATUS.sub(status[0], create, count=1) if status else create
