"""What the project's files build: the schema they make on the target's server, read and dropped again."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pymysql

from learnhub_db import scratch_schema
from learnhub_db.contents import Contents
from learnhub_db.database import Target, refused
from learnhub_db.errors import DatabaseRefused
from learnhub_db.inspection import schema
from learnhub_db.inspection.building import Builder, Unfollowed
from learnhub_db.inspection.schema import Definition, Schema
from learnhub_db.statements import Statement
from learnhub_db.stored_programs.events import passed
from learnhub_db.stored_programs.programs import Program, account
from learnhub_db.stored_programs.schedule import TIMES, Silenced
from learnhub_db.stored_programs.turns import in_turn


@dataclass(frozen=True)
class Blueprint:
    """The schema, and the statements whose part of it is not known."""

    schema: Schema
    unfollowed: list[Unfollowed]

    def may_differ(self, name: str) -> bool:
        """Whether a statement that is not followed may have made or changed what has that name."""
        return any(name.lower() in one.words for one in self.unfollowed)


def read(contents: Contents, owner: str | None, target: Target, collation: str | None = None) -> Blueprint:
    """The schema that `contents` build; DatabaseRefused with the place for what the server does not take.

    The default collation is `collation`, or else that of the target's database.
    A definer stands only where it is known: in the files' programs, where the project has an owner.
    """
    written = {program.key for program in contents.programs}
    try:
        with scratch_schema.made(target, collation) as connection:
            builder = Builder(connection, target.database, contents.migrations)
            _build(builder, contents, owner)
            found = schema.read(connection, builder.dynamic.schema, builder.naming.own)
    except pymysql.Error as error:
        raise refused(error, str(target)) from error
    built = {
        key: as_deployed(
            key, replace(one, sql=builder.dynamic.restored(one.sql)), builder.events, owner if key in written else None
        )
        for key, one in found.items()
    }
    return Blueprint(built, builder.unfollowed)


def _build(builder: Builder, contents: Contents, owner: str | None) -> None:
    for file in contents.migrations:
        builder.migrate(file)
    waiting = [one for one in contents.programs if one.kind != "event" or not passed(builder.connection, one.sql)]
    tried: list[Program] = []

    def create(program: Program) -> None:
        tried.append(program)
        builder.run(_statement(program, owner), program.path)
        waiting.remove(program)

    while waiting:
        try:
            in_turn(list(waiting), create)
        except DatabaseRefused as error:
            if not builder.incomplete:
                raise error.with_hint("it does not fit the tables that the migrations make") from error.__cause__
            builder.leave_out(_statement(tried[-1], owner), error.what, tried[-1].path)
            waiting.remove(tried[-1])


def _statement(program: Program, owner: str | None) -> Statement:
    return Statement(without_owner(program.sql, owner), program.line, 0)


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
