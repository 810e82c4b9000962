"""What the project's files build: the schema they make on the target's server, read and dropped again.

Nothing outside the scratch schema is touched: what a migration does to the server, to accounts and to other databases
is left out or refused, and no event ever fires. What PREPARE takes from a string is run unread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pymysql.connections import Connection

from learnhub_db import scratch_schema
from learnhub_db.contents import Contents
from learnhub_db.database import Target, rows, settle
from learnhub_db.errors import UsageError
from learnhub_db.inspection import schema
from learnhub_db.inspection.schedule import TIMES, Silenced, code_of, silenced
from learnhub_db.inspection.schema import Definition, Schema
from learnhub_db.project import SqlFile
from learnhub_db.runner import execution
from learnhub_db.statements import Statement, split
from learnhub_db.stored_programs.programs import account

_NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_IN_A_SCHEMA = "TABLES?|INDEX|VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT"
_OF_THE_SERVER = "USER|ROLE|DATABASE|SCHEMA|SERVER|TABLESPACE|UNDO|LOGFILE|RESOURCE|INSTANCE|REFERENCE|LIBRARY"
_DDL = re.compile(
    rf"""\s*(?P<verb>CREATE|ALTER|DROP|RENAME)\b
    (?:\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?DEFINER\s*=\s*\S+)?
    .*?\b(?:(?P<object>{_IN_A_SCHEMA})|{_OF_THE_SERVER})\b (?:\s+IF\s+(?:NOT\s+)?EXISTS)?
    (?P<name>\s+{_NAME}(?:\s*\.\s*{_NAME})?)?""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ROWS = re.compile(r"\s*(?:INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|WITH|CALL)\b", re.IGNORECASE)
_SESSION = re.compile(
    r"""\s*(?:SET|SELECT|DO|PREPARE|EXECUTE|DEALLOCATE|BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE
    |ALTER\s+(?:DATABASE|SCHEMA)\s+(?:DEFAULT|CHARACTER|CHARSET|COLLATE))\b""",
    re.IGNORECASE | re.VERBOSE,
)
_REACHES_OUT = re.compile(
    r"""\bINTO\s+(?:OUTFILE|DUMPFILE)\b | \bSONAME\b | (?:\bSET|,)\s*(?:@@\s*)?(?:GLOBAL|PERSIST|PERSIST_ONLY)\b
    | \A\s*SET\s+(?:PASSWORD|DEFAULT|ROLE|RESOURCE)\b""",
    re.IGNORECASE | re.VERBOSE,
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
    return {key: as_deployed(key, one, events, owner if key in written else None) for key, one in found.items()}


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
            if _builds(statement, file, target, others):
                run(statement, file.path)
        settle(connection)
    for program in contents.programs:
        run(Statement(without_owner(program.sql, owner), program.line, 0), program.path)
    return events


def _builds(statement: Statement, file: SqlFile, target: Target, others: set[str]) -> bool:
    """Whether the statement makes part of the schema; UsageError where it would make it in another one.

    Rows are written too, for later statements may need them, but not into another database.
    """
    code = code_of(statement.text)
    if _REACHES_OUT.search(code):
        return False
    if _SESSION.match(code):
        return True
    if _ROWS.match(code):
        return not any(named(code, others))
    ddl = _DDL.match(code)
    if not (ddl and ddl["object"]):
        return False
    for found in named(code[: _end_of_what_changes(ddl)], others):
        if not found["read"] or _bare(found["name"]) == target.database.lower():
            mend = "the database is the URL's: leave the name out"
            where = f"{file.path}:{statement.line}"
            raise UsageError(f"the migration names the database {_bare(found['name'])}", where, mend)
    return True


def _end_of_what_changes(ddl: re.Match[str]) -> int:
    """Behind the name of a program or view that is made: what its body names is not changed by that."""
    is_body = ddl["verb"].upper() == "CREATE" and ddl["object"].upper() not in ("TABLE", "INDEX")
    is_body = is_body or ddl["object"].upper() == "VIEW" and ddl["verb"].upper() == "ALTER"
    return ddl.end() if is_body else len(ddl.string)


def named(code: str, databases: set[str]) -> Iterator[re.Match[str]]:
    """The places in `code` where one of `databases` stands before a dot."""
    return (found for found in _QUALIFIER.finditer(code) if _bare(found["name"]) in databases)


def _bare(name: str) -> str:
    return name.strip("`").replace("``", "`").lower()


def without_owner(sql: str, owner: str | None) -> str:
    """Whoever builds may not be allowed to name another definer, and the owner has no rights in a scratch schema."""
    return sql.replace(f"DEFINER={account(owner)} ", "", 1) if owner else sql


def as_deployed(key: schema.Key, built: Definition, events: dict[str, Silenced], owner: str | None) -> Definition:
    settings, unknown = dict(built.settings), frozenset()
    if owner:
        settings["definer"] = owner
    else:
        unknown |= {"definer"}
    if key[0] == "event":
        event = events.get(key[1])  # one that a procedure made is not known
        settings["status"] = event.status or "" if event else ""
        unknown |= event.unknown if event else TIMES | {"status"}
    return replace(built, settings=settings, unknown=unknown)
