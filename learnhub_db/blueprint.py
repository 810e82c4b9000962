"""What the project's files build: the schema they make on the target's server, read and dropped again.

Nothing outside the scratch schema is touched: statements about the server, accounts or other databases are left out or
refused, rows are not written, and no event ever fires.
"""

from __future__ import annotations

import re
from dataclasses import replace

from pymysql.connections import Connection

from learnhub_db import execution, schema, scratch_schema
from learnhub_db.database import Target, rows, settle
from learnhub_db.deployment import Contents
from learnhub_db.errors import UsageError
from learnhub_db.programs import Program, account
from learnhub_db.project import SqlFile
from learnhub_db.schedule import Silenced, silenced
from learnhub_db.schema import Definition, Schema
from learnhub_db.statements import Statement, code_only, split

_NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_OBJECTS = "TABLES?|INDEX|VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT"
_OF_THE_SERVER = "USER|ROLE|DATABASE|SCHEMA|SERVER|TABLESPACE|UNDO|LOGFILE|RESOURCE|INSTANCE|REFERENCE|LIBRARY"
_DDL = re.compile(
    rf"(?:CREATE|ALTER|DROP|RENAME)\b.*?\b(?:(?P<object>{_OBJECTS})|{_OF_THE_SERVER})\b"
    rf"(?:\s+IF\s+(?:NOT\s+)?EXISTS)?\s+(?P<schema>{_NAME}\s*\.)?",
    re.IGNORECASE | re.DOTALL,
)
_LEFT_OUT = re.compile(r"\bINTO\s+(?:OUTFILE|DUMPFILE)\b|\bSONAME\b", re.IGNORECASE)
_SESSION = re.compile(
    r"""SELECT|WITH(?!.*\b(?:UPDATE|DELETE)\b)|CALL|DO|PREPARE|EXECUTE|DEALLOCATE
    |SET(?!\s+(?:(?:@@)?(?:GLOBAL|PERSIST|PERSIST_ONLY)|PASSWORD|DEFAULT|ROLE|RESOURCE)\b)
    |ALTER\s+(?:DATABASE|SCHEMA)\s+(?:DEFAULT|CHARACTER|CHARSET|COLLATE)\b""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_QUALIFIER = re.compile(
    rf"(?<![.@`\w$])(?P<read>\b(?:REFERENCES|LIKE|FROM|JOIN)\s+)?(?P<name>{_NAME})\s*\.\s*[`\w]", re.IGNORECASE
)
_SYSTEM = {"information_schema", "performance_schema", "sys"}


def read(contents: Contents, owner: str | None, target: Target) -> Schema:
    """The schema that `contents` build; DatabaseRefused with the place for what the server does not take.

    A definer stands only where it is known: in the files' programs, where the project has an owner.
    """
    with scratch_schema.made(target) as connection:
        events = _build(connection, contents, owner, target)
        ((name,),) = rows(connection, "SELECT DATABASE()")
        found = schema.read(connection, name, target.database)
    written = {program.key for program in contents.programs}
    return {key: _as_deployed(key, one, events, owner if key in written else None) for key, one in found.items()}


def _build(connection: Connection, contents: Contents, owner: str | None, target: Target) -> dict[str, Silenced]:
    others = {name.lower() for (name,) in rows(connection, "SHOW DATABASES")} - _SYSTEM | {target.database.lower()}
    events: dict[str, Silenced] = {}

    def run(statement: Statement, path: str) -> None:
        event = silenced(statement.text)
        if event:
            events[event.name] = event
            statement = replace(statement, text=event.sql)
        execution.run(connection, statement, path)

    for file in contents.migrations:
        for statement in split(file.text, file.path):
            if _builds(statement, file, others):
                run(statement, file.path)
        settle(connection)
    for program in contents.programs:
        run(Statement(_without_owner(program, owner), program.line, 0), program.path)
    return events


def _builds(statement: Statement, file: SqlFile, others: set[str]) -> bool:
    """Whether the statement makes part of the schema; UsageError where it would make it in another one."""
    code = code_only(statement.text)
    ddl = _DDL.match(code)
    if _LEFT_OUT.search(code) or not (_SESSION.match(code) or ddl and ddl["object"]):
        return False
    for found in _QUALIFIER.finditer(code, *_changed(code, ddl)):
        name = found["name"].strip("`")
        if name.lower() in others and not found["read"]:
            mend = "the database is the URL's: leave the name out"
            raise UsageError(f"the migration names the database {name}", f"{file.path}:{statement.line}", mend)
    return True


def _changed(code: str, ddl: re.Match[str] | None) -> tuple[int, int]:
    """The part of the statement that names what it changes: not the body of a program or a view."""
    if ddl and ddl["object"].upper() not in ("TABLE", "TABLES", "INDEX"):
        return ddl.end("object"), ddl.end() + 1
    return 0, len(code) if ddl or code[:4].upper() == "CALL" else 0


def _without_owner(program: Program, owner: str | None) -> str:
    """Whoever builds may not be allowed to name another definer, and the owner has no rights in a scratch schema."""
    return program.sql.replace(f"DEFINER={account(owner)} ", "", 1) if owner else program.sql


def _as_deployed(key: schema.Key, built: Definition, events: dict[str, Silenced], owner: str | None) -> Definition:
    settings, unknown = dict(built.settings), frozenset()
    if owner:
        settings["definer"] = owner
    else:
        unknown |= {"definer"}
    if key[0] == "event":
        event = events[key[1]]
        settings["status"] = event.status or ""
        unknown |= event.unknown
    return replace(built, settings=settings, unknown=unknown)
