"""Adopting what was done by other means: recorded as applied once the database is what the files build."""

from __future__ import annotations

from dataclasses import replace

from pymysql.connections import Connection

from learnhub_db import deployment, drift, history, migrations, renaming
from learnhub_db.acts import Act, Report
from learnhub_db.contents import Contents
from learnhub_db.database import Target
from learnhub_db.drift import Findings
from learnhub_db.errors import UsageError
from learnhub_db.history import History, Record
from learnhub_db.inspection import digests
from learnhub_db.project import Settings, SqlFile
from learnhub_db.runner import journal, lock
from learnhub_db.stored_programs import catalogue, definitions, stored


def adopt(contents: Contents, settings: Settings, target: Target, number: str, report: Report) -> Findings:
    """Record the migrations up to `number`, every program and grant file as applied, and run none of them.

    On a database with a history only those migrations are recorded that are not yet, say because an online tool has
    done them, and only tables are compared: programs are left to the next apply. Where the database differs from what
    the files build nothing is recorded, and the differences are returned. UsageError for an unknown number, and for a
    migration that is applied or was begun.
    """
    everything, contents = contents, replace(contents, migrations=_up_to(contents.migrations, number))
    with lock.connected(target, report) as connection:
        past, renames = deployment.checked(connection, everything, history.read(connection))
        fresh = not (past.migrations or past.objects)
        _check_pending(connection, contents, past)
        found = drift.find(contents, settings, target).only(lambda one: fresh or one.kind == "table")
        if found.differences:
            return found
        _tell_unknown(found, report)
        with history.nothing_left_of_a_refusal(connection, past):
            history.prepare(connection, past)
            renaming.record(connection, past, renames, report)
            _record(connection, contents, past, fresh, report)
            files = {program.key for program in contents.programs} | past.objects.keys()
            digests.adopt(connection, files, settings.partitions_kept_by_jobs)
    return found


def squash(contents: Contents, settings: Settings, target: Target, number: str, report: Report) -> Findings:
    """Have the migrations up to `number` take the place of those that have no file any more, and run none of them.

    What the files up to `number` build is compared with all that is there, but for the programs and grants that files
    of their own make: these are left to the next apply. Where it differs nothing is recorded, and the differences are
    returned. UsageError where every applied migration has its file, and for a migration that was begun.
    """
    files = _up_to(contents.migrations, number)
    with lock.connected(target, report) as connection:
        past, renames = deployment.followed(connection, contents, history.read(connection))
        folded, new = _folded(contents, past), [file for file in files if not past.is_applied(file)]
        _check_not_begun(connection, new, past)
        programs = {program.key for program in contents.programs} | past.objects.keys()
        alone = replace(contents, migrations=files, accounts=[], programs=[], grants=[])
        differs = drift.find(alone, settings, target)
        found = differs.only(lambda one: (one.kind, one.name.lower()) not in programs)
        if not found.differences:
            _tell_unknown(found, report)
            history.prepare(connection, past)
            renaming.record(connection, past, renames, report)
            migrations.squash(connection, new, folded, files[-1].stem)
            digests.adopt(connection, programs, settings.partitions_kept_by_jobs)
            for act in [Act("adopted", file.path) for file in new] + [Act("folded", name) for name in folded]:
                report(act)
    return found


def _tell_unknown(found: Findings, report: Report) -> None:
    """What is recorded although nobody compared it: there would be no other way to adopt it."""
    for one in found.unfollowed:
        report(Act("not followed", one.where, one.why))
    for one in found.not_compared:
        report(Act("not compared", f"{one.kind} {one.name}"))


def _folded(contents: Contents, past: History) -> list[str]:
    """The applied migrations that have no file any more, or one with another content."""
    files = {file.stem: file for file in contents.migrations}
    if not past.migrations.keys() - files.keys():
        raise UsageError("every applied migration has its file", "sql/migrations", "baseline without --squash")
    return sorted(name for name in past.migrations if name not in files or not past.is_applied(files[name]))


def _up_to(files: list[SqlFile], number: str) -> list[SqlFile]:
    places = [place for place, file in enumerate(files) if file.stem[:4] == number]
    if not places:
        known = f"known: {files[0].stem[:4]} to {files[-1].stem[:4]}" if files else "write it first"
        raise UsageError(f"there is no migration {number}", "sql/migrations", known)
    return files[: places[0] + 1]


def _check_pending(connection: Connection, contents: Contents, past: History) -> None:
    last = contents.migrations[-1]
    if last.stem in past.migrations:
        raise UsageError("the migration is applied", last.path, "use verify to compare")
    _check_not_begun(connection, deployment.pending(contents, past), past)


def _check_not_begun(connection: Connection, files: list[SqlFile], past: History) -> None:
    begun = journal.under_way(connection, journal.MIGRATION) if journal.NAME in past.tables else {}
    for file in files:
        if file.stem in begun and not begun[file.stem].untouched:
            raise UsageError("the migration was begun", file.path, "finish it: apply, or apply --resume")


def _record(connection: Connection, contents: Contents, past: History, fresh: bool, report: Report) -> None:
    left = deployment.pending(contents, past)
    migrations.adopt(connection, left)
    if fresh:
        _record_objects(connection, contents)
    for path in contents.paths if fresh else [file.path for file in left]:
        report(Act("adopted", path))


def _record_objects(connection: Connection, contents: Contents) -> None:
    existing = catalogue.programs(connection)
    for program in contents.programs:
        found = existing.get(program.key)  # none of an event whose time has passed
        record = Record(program.path, program.digest, found and found.fingerprint)
        history.record_object(connection, program.key, record)
        if not found:
            continue
        now = stored.read(connection, program.kind, program.name)
        definitions.keep(connection, program.key, definitions.ADOPTED, now, program.path, program.digest)
    for grant in (*contents.accounts, *contents.grants):
        history.record_object(connection, grant.key, Record(grant.file.path, grant.file.digest))
