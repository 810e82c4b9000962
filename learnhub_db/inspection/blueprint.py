"""What the project's files build: the schema they make on the target's server, read and dropped again.

Nothing outside the scratch schema is touched: what a migration does to the server, to accounts and to other databases
is left out, also what it does by way of its programs and views, or by a string that names one; no event ever fires.
Only a name that a prepared statement takes from another file's rows is not seen.
"""

from __future__ import annotations

import re
from dataclasses import replace

import pymysql
from pymysql.connections import Connection

from learnhub_db import scratch_schema
from learnhub_db.contents import Contents
from learnhub_db.database import Target, refused, rows, settle
from learnhub_db.inspection import schema
from learnhub_db.inspection.reach import Reach, code, named, unqualified
from learnhub_db.stored_programs.schedule import TIMES, Silenced, code_of, silenced
from learnhub_db.inspection.schema import Definition, Schema
from learnhub_db.runner import execution
from learnhub_db.runner.steps import NAME
from learnhub_db.statements import Statement, split
from learnhub_db.stored_programs.events import passed
from learnhub_db.stored_programs.programs import account
from learnhub_db.stored_programs.turns import in_turn

_IN_A_SCHEMA = "TABLES?|INDEX|VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT"
_OF_THE_SERVER = "USER|ROLE|DATABASE|SCHEMA|SERVER|TABLESPACE|UNDO|LOGFILE|RESOURCE|INSTANCE|REFERENCE|LIBRARY"
_DDL = re.compile(
    rf"""\s*(?P<verb>CREATE|ALTER|DROP|RENAME)\b
    (?:\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?DEFINER\s*=\s*\S+)?
    .*?\b(?:(?P<object>{_IN_A_SCHEMA})|{_OF_THE_SERVER})\b (?:\s+IF\s+(?:NOT\s+)?EXISTS)?
    (?P<name>\s+{NAME}(?:\s*\.\s*{NAME})?)?""",
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
_ON_TABLE = re.compile(rf"\bON\s+(?P<name>{NAME}(?:\s*\.\s*{NAME})?)", re.IGNORECASE)
_CALLS = re.compile(r"\s*(?:CALL|SELECT|DO|SET)\b", re.IGNORECASE)
_PREPARED = re.compile(r"\s*(?:PREPARE|EXECUTE|DEALLOCATE)\b", re.IGNORECASE)
_ACCOUNT = r"(?:`[^`]*`|'[^']*'|\"[^\"]*\"|[\w.%$]+)"
_DEFINER = re.compile(
    rf"""(?P<before>\A(?:/\*!\d*|\*/|\s|CREATE\b|ALTER\b|OR\s+REPLACE\b|ALGORITHM\s*=\s*\w+)*)
    \bDEFINER\s*=\s*{_ACCOUNT}(?:\s*@\s*{_ACCOUNT}|\s*\(\s*\))?""",
    re.IGNORECASE | re.VERBOSE,
)
_SYSTEM = {"information_schema", "performance_schema", "sys"}


def read(contents: Contents, owner: str | None, target: Target, collation: str | None = None) -> Schema:
    """The schema that `contents` build; DatabaseRefused with the place for what the server does not take.

    The default collation is `collation`, or else that of the target's database.
    A definer stands only where it is known: in the files' programs, where the project has an owner.
    """
    try:
        with scratch_schema.made(target, collation) as connection:
            events = _build(connection, contents, owner, target)
            ((name,),) = rows(connection, "SELECT DATABASE()")
            found = schema.read(connection, name, target.database)
    except pymysql.Error as error:
        raise refused(error, str(target)) from error
    written = {program.key for program in contents.programs}
    return {key: as_deployed(key, one, events, owner if key in written else None) for key, one in found.items()}


def _build(connection: Connection, contents: Contents, owner: str | None, target: Target) -> dict[str, Silenced]:
    databases = {name.lower() for (name,) in rows(connection, "SHOW DATABASES")} - _SYSTEM | {target.database.lower()}
    reach = Reach(databases)
    events: dict[str, Silenced] = {}

    def run(statement: Statement, path: str) -> None:
        event = silenced(statement.text)
        if event:
            events[event.name] = event
            statement = replace(statement, text=event.sql)
        execution.run(connection, statement, path)

    for file in contents.migrations:
        statements = split(file.text, file.path)
        prepares = not any(reach.leads_out(f"PREPARE {one.text}") for one in statements if not _DDL.match(one.text))
        for statement in statements:
            built = _built(statement, target, reach, prepares)
            if built:
                run(built, file.path)
        settle(connection)
    in_turn(
        [one for one in contents.programs if one.kind != "event" or not passed(connection, one.sql)],
        lambda program: run(Statement(without_owner(program.sql, owner), program.line, 0), program.path),
    )
    return events


def _built(statement: Statement, target: Target, reach: Reach, prepares: bool) -> Statement | None:
    """What makes the statement's part of the schema here; None where it makes none, or would reach elsewhere.

    Rows are written too, for later statements may need them. With `prepares` what comes from a string is run.
    """
    said = code_of(statement.text)
    if _REACHES_OUT.search(said):
        return None
    if _PREPARED.match(said):
        return statement if prepares else None
    if _SESSION.match(said) or _ROWS.match(said):
        if not _CALLS.match(said):  # its programs are not there yet
            statement = unqualified(statement, target.database)
        return None if reach.leads_out(statement.text) else statement
    ddl = _DDL.match(code(statement.text))
    return _made(statement, ddl, target, reach) if ddl and ddl["object"] else None


def _made(statement: Statement, ddl: re.Match[str], target: Target, reach: Reach) -> Statement | None:
    """The DDL without its own database's name and definer; None where it makes something in another database."""
    end = None if ddl["object"].upper() == "VIEW" else _end_of_head(ddl)
    statement = unqualified(statement, target.database, end)
    end = _end_of_head(_DDL.match(code(statement.text)))
    head, body = code(statement.text)[:end], statement.text[end:]
    if any(not found["read"] for found in named(head, reach.databases)):
        return None
    if body:
        reach.learn(re.findall(NAME, head)[-1], body)
    return replace(statement, text=_DEFINER.sub(r"\g<before>", statement.text, count=1))


def _end_of_head(ddl: re.Match[str]) -> int:
    """Behind the name of a program or view that is made, and the table of a trigger: the rest only runs when used."""
    sort = ddl["object"].upper()
    is_body = ddl["verb"].upper() == "CREATE" and sort not in ("TABLE", "INDEX")
    if not is_body and not (sort == "VIEW" and ddl["verb"].upper() == "ALTER"):
        return len(ddl.string)
    table = _ON_TABLE.search(ddl.string, ddl.end()) if sort == "TRIGGER" else None
    return table.end() if table else ddl.end()


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
        settings |= event.said if event else {}
        unknown |= event.unknown if event else TIMES | {"status"}
    return replace(built, settings=settings, unknown=unknown)
