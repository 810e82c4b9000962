"""How the project's files and a database stand to each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db import deployment, history, renaming, soundness, undoing
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect, refused
from learnhub_db.errors import DatabaseRefused
from learnhub_db.history import History
from learnhub_db.inspection import digests, privileges, sight
from learnhub_db.project import Project, SqlFile
from learnhub_db.runner import journal
from learnhub_db.runner.journal import Entry
from learnhub_db.statements import split
from learnhub_db.stored_programs import catalogue, events, firing, grants, star
from learnhub_db.stored_programs.catalogue import Found

APPLIED = "applied"
PENDING = "pending"  # never applied
STOPPED = "stopped"  # applied in part
CHANGED = "changed"  # applied with another content
MISSING = "missing"  # applied, but gone from the server
ORPHANED = "orphaned"  # applied, but its file is gone
DRIFTED = "drifted"  # changed on the server since
OVER = "over"  # an event of which the time has passed
RENAMED = "renamed"  # applied under another name
BROKEN = "broken"  # as it was applied, but what it uses is not
EXTRA = "extra"  # on the server, made by nothing that was applied

SHOWN_BY_VERIFY = "verify shows how"


@dataclass(frozen=True)
class Standing:
    state: str
    kind: str
    name: str
    path: str
    note: str = ""


@dataclass(frozen=True)
class Status:
    """What there is in files and on the server, and what was not compared, each with its reason."""

    found: list[Standing]
    not_compared: list[str]


def read(project: Project, target: Target) -> Status:
    """Each migration, program and grant file with its state, and what differs on the server; reads only.

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
            not_compared = ["rows"]
            found = [*_rollback(undone), *_migrations(contents, past, begun)]
            found += _objects(connection, contents, past, existing)
            if past.migrations or past.objects:
                found += _schema(connection, project, contents, past, not_compared)
                found += _broken(connection, contents, past)
                found += _rights(connection, contents, target.database, not_compared)
            return Status(found, not_compared)
        except pymysql.Error as error:
            raise refused(error, str(target)) from error


def _migrations(contents: Contents, past: History, begun: dict[str, Entry]) -> Iterator[Standing]:
    renames = renaming.find(contents.migrations, past)
    former, now = {new: old for old, new in renames.items()}, renaming.followed(contents.migrations, past, renames)
    for file in contents.migrations:
        if file.stem in begun and not begun[file.stem].untouched:
            yield Standing(STOPPED, "migration", file.stem, file.path, _place(begun[file.stem], file))
        elif file.stem in former:
            note = f"was {former[file.stem]}: apply records the name"
            yield Standing(RENAMED, "migration", file.stem, file.path, note)
        else:
            yield Standing(_state_of(file, now), "migration", file.stem, file.path)
    yield from _without_file(contents, now, begun)


def _state_of(file: SqlFile, past: History) -> str:
    if file.stem not in past.migrations:
        return PENDING
    return APPLIED if past.is_applied(file) else CHANGED


def _without_file(contents: Contents, past: History, begun: dict[str, Entry]) -> Iterator[Standing]:
    files = {file.stem for file in contents.migrations}
    for name in sorted(begun.keys() - files - past.migrations.keys()):
        if not begun[name].untouched:
            yield Standing(STOPPED, "migration", name, f"sql/migrations/{name}.sql", "give its file this name again")
    error = deployment.unsettled(contents, past)
    for name in sorted(past.migrations.keys() - files):
        yield Standing(ORPHANED, "migration", name, f"sql/migrations/{name}.sql", error.hint if error else "")


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


def _objects(
    connection: Connection, contents: Contents, past: History, existing: dict[history.Key, Found]
) -> Iterator[Standing]:
    moving = firing.misplaced(firing.wanted(contents.programs), firing.deployed(existing))
    wanted: set[history.Key] = {program.key for program in contents.programs}
    for program in contents.programs:
        state = _state(past, program.key, program.digest, existing.get(program.key))
        if state in (APPLIED, MISSING) and events.is_over(connection, past, program):
            state = OVER
        if state == APPLIED and program.kind == "trigger" and program.name.lower() in moving:
            state = DRIFTED
        yield Standing(state, program.kind, program.name, program.path)
    for file in (grant.file for grant in (*contents.accounts, *contents.grants)):
        key = (grants.KIND, file.path)
        wanted.add(key)
        record = past.objects.get(key)
        state = PENDING if not record else APPLIED if record.digest == file.digest else CHANGED
        yield Standing(state, grants.KIND, file.stem, file.path)
    for key in sorted(past.objects.keys() - wanted):
        yield Standing(ORPHANED, *key, past.objects[key].path)


def _state(past: History, key: history.Key, digest: str, found: Found | None) -> str:
    record = past.objects.get(key)
    if not record:
        return PENDING
    if not found:
        return MISSING
    if record.digest != digest:
        return CHANGED
    return APPLIED if record.fingerprint == found.fingerprint and not found.outdated else DRIFTED


def _schema(
    connection: Connection, project: Project, contents: Contents, past: History, not_compared: list[str]
) -> Iterator[Standing]:
    """What differs from what migrations have made."""
    kept = digests.kept(connection)
    if not kept or None in kept.values():
        why = "the last run has stopped" if kept else "not noted yet"
        not_compared.append(f"tables ({why}: the next apply that runs a migration notes them)")
        return
    files = {program.key for program in contents.programs} | past.objects.keys()
    now = digests.read(connection, files, project.settings.partitions_kept_by_jobs)
    known = {key: digest for key, digest in kept.items() if key not in files}
    for key in sorted(known.keys() | now.keys()):
        if key not in now:
            yield Standing(MISSING, *key, "", SHOWN_BY_VERIFY)
        elif key not in known or known[key] == digests.FOREIGN:
            yield Standing(EXTRA, *key, "", SHOWN_BY_VERIFY)
        elif known[key] != now[key]:
            yield Standing(DRIFTED, *key, "", SHOWN_BY_VERIFY)


def _broken(connection: Connection, contents: Contents, past: History) -> Iterator[Standing]:
    """The programs that cannot run, and the views that would have other columns now."""
    deployed = [program for program in contents.programs if past.has(program.key, program.digest)]
    for one in [] if past.sound else soundness.broken(connection, deployed, contents.migrations):
        yield Standing(BROKEN, one.program.kind, one.program.name, f"{one.program.path}:{one.line}", one.why)
    for view in star.outdated(connection, contents.programs):
        yield Standing(DRIFTED, view.kind, view.name, view.path, star.NOTE)


def _rights(
    connection: Connection, contents: Contents, database: str, not_compared: list[str]
) -> Iterator[Standing]:
    try:
        for account, given, held in privileges.compare(connection, contents, database):
            if given != held:
                yield Standing(DRIFTED, "rights of", account, "", SHOWN_BY_VERIFY)
    except DatabaseRefused as error:
        not_compared.append(f"rights ({error.what})")
