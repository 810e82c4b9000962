"""How the project's files and a database stand to each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pymysql

from learnhub_db import history, undoing
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect, refused
from learnhub_db.history import History
from learnhub_db.inspection import sight
from learnhub_db.project import Project, SqlFile
from learnhub_db.runner import journal
from learnhub_db.runner.journal import Entry
from learnhub_db.statements import split
from learnhub_db.stored_programs import catalogue, grants

APPLIED = "applied"
PENDING = "pending"  # never applied
STOPPED = "stopped"  # applied in part
CHANGED = "changed"  # applied with another content
MISSING = "missing"  # applied, but gone from the server
ORPHANED = "orphaned"  # applied, but its file is gone


@dataclass(frozen=True)
class Standing:
    state: str
    kind: str
    name: str
    path: str
    note: str = ""


def read(project: Project, target: Target) -> list[Standing]:
    """Each migration, program and grant file with its state; reads only.

    DatabaseRefused where the account might not see what is recorded.
    """
    contents = Contents.read(project)
    with connect(target) as connection:
        try:
            past, existing = history.read(connection), catalogue.programs(connection)
            if not past.tables:
                sight.check(connection, "table", target.database)
            undone = undoing.begun(connection, past)
            begun = journal.under_way(connection, journal.MIGRATION) if journal.NAME in past.tables else {}
        except pymysql.Error as error:
            raise refused(error, str(target)) from error
    return [*_rollback(undone), *_migrations(contents, past, begun), *_objects(contents, past, set(existing))]


def _migrations(contents: Contents, past: History, begun: dict[str, Entry]) -> Iterator[Standing]:
    for file in contents.migrations:
        if file.stem in begun and not begun[file.stem].untouched:
            yield Standing(STOPPED, "migration", file.stem, file.path, _place(begun[file.stem], file))
            continue
        state = PENDING
        if file.stem in past.migrations:
            state = APPLIED if past.migrations[file.stem] in (None, file.digest) else CHANGED
        yield Standing(state, "migration", file.stem, file.path)
    for name in sorted(past.migrations.keys() - {file.stem for file in contents.migrations}):
        yield Standing(ORPHANED, "migration", name, f"sql/migrations/{name}.sql")


def _rollback(undone: list[str]) -> Iterator[Standing]:
    """A rollback that has stopped half-way."""
    if undone:
        path = f"sql/migrations/{undone[-1]}.sql"
        yield Standing(STOPPED, "rollback", ", ".join(undone), path, "finish it: rollback")


def _place(last: Entry, file: SqlFile) -> str:
    """Where the next apply goes on."""
    steps = split(file.text, file.path)
    place = last.place + 1 if last.over else last.place
    if place > len(steps):
        return f"after statement {last.place} of {len(steps)}"
    return f"at statement {place} of {len(steps)} (line {steps[place - 1].line})"


def _objects(contents: Contents, past: History, existing: set[history.Key]) -> Iterator[Standing]:
    wanted = {program.key: (program.name, program.path, program.digest) for program in contents.programs}
    files = [grant.file for grant in (*contents.accounts, *contents.grants)]
    wanted |= {(grants.KIND, file.path): (file.stem, file.path, file.digest) for file in files}
    for key, (name, path, digest) in wanted.items():
        there = key in existing or key[0] == grants.KIND
        yield Standing(_state(past, key, digest, there), key[0], name, path)
    for key in sorted(past.objects.keys() - wanted.keys()):
        yield Standing(ORPHANED, *key, past.objects[key].path)


def _state(past: History, key: history.Key, digest: str, there: bool) -> str:
    if key not in past.objects:
        return PENDING
    if not there:
        return MISSING
    return APPLIED if past.objects[key].digest == digest else CHANGED
