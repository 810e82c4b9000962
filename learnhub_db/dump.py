"""The schema that a project's files build, as one text that reads well in a review and can be run."""

from __future__ import annotations

import re
from pathlib import Path

from learnhub_db.contents import Contents
from learnhub_db.database import SESSION, SQL_MODE_OF_COPIES, Target
from learnhub_db.inspection import blueprint
from learnhub_db.inspection.building import Unfollowed
from learnhub_db.inspection.schema import Definition, Key, Schema
from learnhub_db.project import Settings
from learnhub_db.script import SETTINGS, delimited
from learnhub_db.stored_programs.ordering import by_use
from learnhub_db.stored_programs.references import tables_of

PATH = "sql/schema.sql"
KINDS = ("table", "function", "procedure", "view", "trigger", "event")
# The settings that a program keeps of its session, with the variable of each.
VARIABLES = {
    "sql_mode": "sql_mode",
    "character set": "character_set_client",
    "collation": "collation_connection",
    "time zone": "time_zone",
}
_SCHEDULE = re.compile(r"(ON SCHEDULE.*?)( ON COMPLETION (?:NOT )?PRESERVE)")

HEAD = """\
-- What the project's files build, for a review: written by `learnhub-db dump`, so never edited by hand. Rows, rights
-- and definers are not in it.
"""


def text(contents: Contents, settings: Settings, target: Target) -> tuple[str, list[Unfollowed]]:
    """The same text for the same files, whatever the database holds and the server's defaults are.

    It is built in a scratch schema of the server, with the project's collation, and builds the same in any empty
    database. The statements behind it are not followed: what they would make is not in it.
    """
    found = blueprint.read(contents, settings.owner, target, settings.collation)
    built = found.schema
    views = by_use({name.lower(): tables_of(one.sql) for (kind, name), one in built.items() if kind == "view"})
    ordered = sorted(built, key=lambda key: (KINDS.index(key[0]), _place(key, built, views)))
    tables = [delimited(built[key].sql) for key in ordered if key[0] == "table"]
    programs = [_program(key, built[key]) for key in ordered if key[0] != "table"]
    of_tables = f"SET foreign_key_checks = 0, sql_mode = '{SQL_MODE_OF_COPIES}';\n"
    head = f"{HEAD}{SETTINGS}ALTER DATABASE COLLATE {settings.collation};\n{of_tables}"
    return "\n".join([head, *tables, SETTINGS, *programs]), found.unfollowed


def write(root: Path, text: str) -> bool:
    """Put `text` at its place below `root`; False where it stands there already."""
    path = root / PATH
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def _place(key: Key, built: Schema, views: list[str]) -> tuple:
    """A view behind those it uses, a trigger behind the one it runs after, everything else by name."""
    kind, name = key
    if kind == "view":
        return (views.index(name.lower()), name)
    before = built[key].settings.get("runs after")
    return (*_place((kind, before.lower()), built, views), name) if before else (name,)


def _program(key: Key, definition: Definition) -> str:
    """Its statement, under the settings that it was created with where these are not ours."""
    sql = delimited(_timed(definition) if key[0] == "event" else definition.sql)
    kept = {
        VARIABLES[name]: value
        for name, value in sorted(definition.settings.items())
        if name in VARIABLES and not (value and value in SESSION)
    }
    if not kept:
        return sql
    assigned = ", ".join(f"{variable} = '{value}'" for variable, value in kept.items())
    return f"SET {assigned};\n{sql}{SETTINGS}"


def _timed(event: Definition) -> str:
    """An event's statement with the times that its file gives, and whether it is on."""
    given = {name: value for name, value in event.settings.items() if not (name in event.unknown and value[:1] == "'")}
    times = "".join(f" {name.upper()} {given[name]}" for name in ("at", "starts", "ends") if name in given)
    return _SCHEDULE.sub(lambda found: f"{found[1]}{times}{found[2]} {given.get('status', '')}", event.sql, count=1)
