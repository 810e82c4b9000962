"""Putting a program in the place of another: callers miss it as shortly as the server allows, rights stay, and what a
crash cuts short the next run finishes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.acts import Act, Report
from learnhub_db.database import identifier, refused, rows, settle, together
from learnhub_db.errors import DatabaseRefused
from learnhub_db.runner import execution
from learnhub_db.statements import Statement
from learnhub_db.stored_programs import catalogue, rights, stored, unfinished
from learnhub_db.stored_programs.programs import Program
from learnhub_db.stored_programs.rights import Right
from learnhub_db.stored_programs.stored import Stored
from learnhub_db.stored_programs.unfinished import Replacement


def create(connection: Connection, program: Program) -> None:
    """Create the program; a view takes the place of its predecessor and keeps its grants."""
    execution.run(connection, Statement(program.sql, program.line, 0), program.path)


def replace_routine(connection: Connection, program: Program, old: Stored, *, compound: bool) -> None:
    """DROP, CREATE and the rights in one packet; where the body is no block, the rights follow in one of their own.

    The rights are given once before the DROP too, where they change nothing: an account that may not give them is
    refused while they are still there.
    """
    kept = rights.read(connection, program)
    given = rights.grants(program.kind, program.name, kept)
    _give(connection, program, given)
    drop = f"DROP {program.kind.upper()} {identifier(program.name)}"
    replacement = Replacement(program.kind, program.name, program.path, program.sql, kept)
    unfinished.begin(connection, replacement)
    with _undone(connection, program, replacement, old):
        together(connection, [drop, program.sql, *(given if compound else [])])
    if not compound:
        _give(connection, program, given)
    unfinished.end(connection, replacement)


def replace_trigger(connection: Connection, program: Program, old: Stored, old_table: str) -> None:
    """In one packet, while nobody writes to its table; it stays where it was among the triggers of its moment."""
    sql = program.sql if program.says_its_order else program.ordered(_place(connection, program))
    predecessor = Program("trigger", program.name, program.path, 1, old.sql)
    ordered = predecessor.ordered(_place(connection, predecessor))
    tables = ", ".join(f"{identifier(table)} WRITE" for table in sorted({old_table, program.table}))
    packet = [f"LOCK TABLES {tables}", f"DROP TRIGGER {identifier(program.name)}", sql]
    replacement = Replacement(program.kind, program.name, program.path, sql, [])
    unfinished.begin(connection, replacement)
    with _undone(connection, program, replacement, old, ordered):
        together(connection, packet)
    rows(connection, "UNLOCK TABLES")
    unfinished.end(connection, replacement)


def finish(connection: Connection, report: Report) -> bool:
    """Finish what a killed run has begun, telling of each; False where one has to wait. Safe to repeat."""
    done = True
    for replacement in unfinished.read(connection):
        kind, name = replacement.kind, replacement.name
        try:
            if not catalogue.find(connection, kind, name):
                execution.run(connection, Statement(replacement.statement, 1, 0), replacement.path)
        except DatabaseRefused as refusal:  # say the table of a trigger is gone: the files may know better
            report(Act("left", f"{kind} {name}", f"a killed run had begun to replace it; {refusal.what}"))
            done = False
            continue
        for right in replacement.rights:
            _give_again(connection, replacement, right, report)
        unfinished.end(connection, replacement)
        report(Act("finished", f"{kind} {name}", "a killed run had begun to replace it"))
    return done


@contextmanager
def _undone(
    connection: Connection, program: Program, replacement: Replacement, old: Stored, ordered: str = ""
) -> Iterator[None]:
    """Where the server refuses what is inside, the predecessor is there again before the error is raised."""
    try:
        yield
    except pymysql.Error as error:
        if connection.open:
            _undo(connection, replacement, old, ordered or old.sql)
        raise execution.refusal(error, Statement(program.sql, program.line, 0), program.path) from error


def _undo(connection: Connection, replacement: Replacement, old: Stored, sql: str) -> None:
    """What has begun stays written down where the successor is there, but not all of the rights."""
    kind, name = replacement.kind, replacement.name
    if not catalogue.find(connection, kind, name):
        stored.create(connection, replace(old, sql=sql))
        settle(connection)
        for grant in rights.grants(kind, name, replacement.rights):
            rows(connection, grant)
    rows(connection, "UNLOCK TABLES")
    if stored.read(connection, kind, name) == old:
        unfinished.end(connection, replacement)


def _give(connection: Connection, program: Program, grants: list[str]) -> None:
    for grant in grants:
        try:
            rows(connection, grant)
        except pymysql.Error as error:
            raise refused(error, program.path) from error


def _give_again(connection: Connection, replacement: Replacement, right: Right, report: Report) -> None:
    (grant,) = rights.grants(replacement.kind, replacement.name, [right])
    try:
        rows(connection, grant)
    except pymysql.Error as error:
        if error.args[0] != ER.CANT_CREATE_USER_WITH_GRANT:
            raise refused(error, replacement.path) from error
        report(Act("skipped", grant, "the account is gone"))


def _place(connection: Connection, program: Program) -> str:
    """The clause that puts a trigger where its predecessor is among those of its table and moment; "" for the last."""
    sql = """
        SELECT trigger_name FROM information_schema.triggers
        WHERE trigger_schema = DATABASE() AND event_object_table = %s
            AND action_timing = %s AND event_manipulation = %s
        ORDER BY action_order
    """
    names = [name for (name,) in rows(connection, sql, (program.table, *program.fires))]
    here = names.index(program.name) if program.name in names else len(names)
    before, after = names[:here], names[here + 1 :]
    return f"FOLLOWS {identifier(before[-1])}" if before else f"PRECEDES {identifier(after[0])}" if after else ""
