"""Putting a program on the server, also in the place of another: who may execute it, may execute it still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db import execution
from learnhub_db.database import NOT_ALLOWED, identifier, rows, settle
from learnhub_db.errors import DatabaseRefused
from learnhub_db.programs import Program
from learnhub_db.statements import Statement


def create(connection: Connection, program: Program) -> None:
    """Create the program; a view takes the place of its predecessor and keeps its grants."""
    execution.run(connection, Statement(program.sql, program.line, 0), program.path)


def replace(connection: Connection, program: Program, old_table: str | None) -> bool:
    """Put the program in the place of the one of its name; True where its grants are known to have survived.

    Where the server refuses the new one, the old one is back before the error is raised. `old_table` is where a
    trigger was: nobody writes to it, nor to the new one's table, while there is no trigger.
    """
    if program.kind == "view":
        create(connection, program)
        return True
    if program.kind == "trigger":
        with _locked(connection, {old_table or program.table, program.table}):
            _swap(connection, program)
        return True
    grants = _grants(connection, program) if program.kind != "event" else []
    _swap(connection, program)
    for grant in grants or []:
        rows(connection, grant)
    return grants is not None


@dataclass(frozen=True)
class _Definition:
    sql: str
    sql_mode: str


def _swap(connection: Connection, program: Program) -> None:
    old = _definition(connection, program)
    rows(connection, f"DROP {program.kind.upper()} {identifier(program.name)}")
    try:
        create(connection, program)
    except DatabaseRefused:
        rows(connection, "SET sql_mode = %s", (old.sql_mode,))
        rows(connection, old.sql)
        settle(connection)
        raise


def _definition(connection: Connection, program: Program) -> _Definition:
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(f"SHOW CREATE {program.kind.upper()} {identifier(program.name)}")
        shown = cursor.fetchone()
    sql = shown[next(name for name in shown if name.startswith("Create ") or name == "SQL Original Statement")]
    if sql is None:
        mend = "GRANT SHOW_ROUTINE ON *.* to the account that applies"
        raise DatabaseRefused(f"the account may not read the {program.kind} {program.name}", program.path, mend)
    return _Definition(sql, shown["sql_mode"])


@contextmanager
def _locked(connection: Connection, tables: set[str]) -> Iterator[None]:
    rows(connection, "LOCK TABLES " + ", ".join(f"{identifier(table)} WRITE" for table in sorted(tables)))
    try:
        yield
    finally:
        rows(connection, "UNLOCK TABLES")


def _grants(connection: Connection, program: Program) -> list[str] | None:
    """The GRANT statements that give accounts and roles the routine again; None where they may not be read."""
    sql = """
        SELECT user, host, proc_priv FROM mysql.procs_priv
        WHERE db = DATABASE() AND routine_name = %s AND routine_type = %s
    """
    try:
        found = rows(connection, sql, (program.name, program.kind.upper()))
    except pymysql.Error as error:
        if error.args[0] in NOT_ALLOWED:
            return None
        raise
    return [_grant(program, user, host, privileges.split(",")) for user, host, privileges in found]


def _grant(program: Program, user: str, host: str, privileges: list[str]) -> str:
    given = ", ".join(privilege for privilege in privileges if privilege != "Grant") or "USAGE"
    option = " WITH GRANT OPTION" if "Grant" in privileges else ""
    routine = f"{program.kind.upper()} {identifier(program.name)}"
    return f"GRANT {given} ON {routine} TO {identifier(user)}@{identifier(host)}{option}"
