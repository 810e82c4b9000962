"""An event in the place of another: ALTER EVENT changes all of it at once, so none is dropped but one that is over.

One is over when its AT or ENDS has passed: the server drops it then, and creates none of which it has.
"""

from __future__ import annotations

import re

from pymysql.connections import Connection

from learnhub_db.database import identifier, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.history import History
from learnhub_db.runner import execution
from learnhub_db.statements import Statement, code_only
from learnhub_db.stored_programs import definitions, schedule
from learnhub_db.stored_programs.programs import Program

ENDS_IN_THE_PAST = 1543  # or is no time at all
NOT_CHANGED = 1589  # because its time has passed

# What the file leaves out would stay as it was: each clause has to be said, in the order that the server wants. ENABLE
# and DISABLE are left to who operates the server, unless the file says one.
_CLAUSES = (
    (r"\bON\s+COMPLETION\b", "ON COMPLETION NOT PRESERVE", r"\b(?:ENABLE|DISABLE|COMMENT|DO)\b"),
    (r"\bCOMMENT\b", "COMMENT ''", r"\bDO\b"),
)
_STATUS = re.compile(r"(?<=\bPRESERVE )(?:ENABLE|DISABLE(?: ON (?:SLAVE|REPLICA))?)\b")
_DO = re.compile(r"\bDO\b", re.IGNORECASE)
_END = re.compile(r"\b(?:AT|ENDS) '(?P<time>[^']+)' ON COMPLETION NOT PRESERVE\b")  # as SHOW CREATE EVENT tells it


def put(connection: Connection, program: Program, *, exists: bool) -> None:
    """Create the event, or change the one that there is; where its time has passed none is there afterwards."""
    sql = altering(program.sql) if exists else program.sql
    try:
        execution.run(connection, Statement(sql, program.line, 0), program.path)
    except DatabaseRefused as error:
        if not has_passed(connection, program, error):
            raise
        rows(connection, f"DROP EVENT IF EXISTS {identifier(program.name)}")


def has_passed(connection: Connection, program: Program, error: DatabaseRefused) -> bool:
    """Whether the server refused the event because its time has passed; reads only."""
    number = error.__cause__.args[0] if error.__cause__ else 0
    ends = schedule.times(program.sql).get("ends")
    if number != ENDS_IN_THE_PAST or not ends:
        return number == NOT_CHANGED
    return rows(connection, f"SELECT CAST({ends} AS DATETIME) <= UTC_TIMESTAMP()") == [(1,)]


def is_over(connection: Connection, past: History, program: Program) -> bool:
    """Whether the event was deployed from this file and its time has passed since; reads only."""
    if program.kind != "event" or not past.has(program.key, program.digest):
        return False
    act, last = definitions.last_act(connection, program.key)
    end = _END.search(last.sql) if last else None
    if act == definitions.OVER or not end:
        return act == definitions.OVER
    return rows(connection, "SELECT %s <= UTC_TIMESTAMP()", (end["time"],)) == [(1,)]


def altering(create: str) -> str:
    """The ALTER EVENT that makes of an existing event what `create` would have made."""
    sql = re.sub(r"\ACREATE\b", "ALTER", create, flags=re.IGNORECASE)
    for clause, default, before in _CLAUSES:
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
