"""The schema that a project's files build, as one text that reads well in a review and can be run."""

from __future__ import annotations

import re
from pathlib import Path

from learnhub_db.contents import Contents
from learnhub_db.database import SESSION, Target
from learnhub_db.inspection import blueprint
from learnhub_db.inspection.schema import Definition, Key, Schema
from learnhub_db.script import SETTINGS, delimited

PATH = "sql/schema.sql"
KINDS = ("table", "function", "procedure", "view", "trigger", "event")
LEFT_OUT = ("definer", "at", "starts", "ends", "status", "runs after")
_SCHEDULE = re.compile(r"(ON SCHEDULE.*?)( ON COMPLETION (?:NOT )?PRESERVE)")

HEAD = """\
-- What the project's files build, for a review: written by `learnhub-db dump`, so never edited by hand. Rows, rights
-- and definers are not in it.
"""


def text(contents: Contents, owner: str | None, target: Target) -> str:
    """The same text for the same files, whatever the database holds; built in a scratch schema of the server."""
    built = blueprint.read(contents, owner, target)
    created = [program.key for program in contents.programs]
    ordered = sorted(built, key=lambda key: (KINDS.index(key[0]), _place(key, built, created)))
    settings = f"{SETTINGS}SET foreign_key_checks = 0;\n"
    return "\n".join([HEAD + settings, *(_object(key, built[key]) for key in ordered)])


def write(root: Path, text: str) -> bool:
    """Put `text` at its place below `root`; False where it stands there already."""
    path = root / PATH
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return True


def _place(key: Key, built: Schema, created: list[Key]) -> tuple:
    """A view behind those it uses, a trigger behind the one it runs after, everything else by name."""
    kind, name = key
    if kind == "view":
        program = (kind, name.lower())
        return (created.index(program) if program in created else -1, name)
    before = built[key].settings.get("runs after")
    return (*_place((kind, before.lower()), built, created), name) if before else (name,)


def _object(key: Key, definition: Definition) -> str:
    told = [
        f"-- {name}: {value}\n"
        for name, value in sorted(definition.settings.items())
        if name not in LEFT_OUT and not (value and value in SESSION)
    ]
    return "".join([*told, delimited(_timed(definition) if key[0] == "event" else definition.sql)])


def _timed(event: Definition) -> str:
    """An event's statement with the times that its file fixes, and whether it is on."""
    known = {name: value for name, value in event.settings.items() if name not in event.unknown}
    times = "".join(f" {name.upper()} {known[name]}" for name in ("at", "starts", "ends") if name in known)
    return _SCHEDULE.sub(lambda found: f"{found[1]}{times}{found[2]} {known.get('status', '')}", event.sql, count=1)
