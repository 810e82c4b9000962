"""Adopting what was done by other means: recorded as applied once the database is what the files build."""

from __future__ import annotations

from dataclasses import replace

from pymysql.connections import Connection

from learnhub_db import deployment, drift, history, migrations, renaming
from learnhub_db.acts import Act, Report
from learnhub_db.contents import Contents
from learnhub_db.database import Target
from learnhub_db.drift import Difference
from learnhub_db.errors import UsageError
from learnhub_db.history import History, Record
from learnhub_db.inspection import digests
from learnhub_db.project import Settings, SqlFile
from learnhub_db.runner import journal, lock
from learnhub_db.stored_programs import catalogue, definitions, stored


def adopt(contents: Contents, settings: Settings, target: Target, number: str, report: Report) -> list[Difference]:
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
        differences = [one for one in drift.find(contents, settings, target) if fresh or one.kind == "table"]
        if not differences:
            renaming.record(connection, past, renames, report)
            _record(connection, contents, past, fresh, report)
            files = {program.key for program in contents.programs} | past.objects.keys()
            digests.adopt(connection, files, settings.partitions_kept_by_jobs)
    return differences


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
    begun = journal.under_way(connection, journal.MIGRATION) if journal.NAME in past.tables else {}
    for file in deployment.pending(contents, past):
        if file.stem in begun and not begun[file.stem].untouched:
            raise UsageError("the migration was begun", file.path, "finish it: apply, or apply --resume")


def _record(connection: Connection, contents: Contents, past: History, fresh: bool, report: Report) -> None:
    history.prepare(connection, past)
    left = deployment.pending(contents, past)
    migrations.adopt(connection, left)
    if fresh:
        _record_objects(connection, contents)
    for path in contents.paths if fresh else [file.path for file in left]:
        report(Act("adopted", path))


def _record_objects(connection: Connection, contents: Contents) -> None:
    existing = catalogue.programs(connection)
    for program in contents.programs:
        if program.key not in existing:  # an event whose time has passed
            continue
        record = Record(program.path, program.digest, existing[program.key].fingerprint)
        history.record_object(connection, program.key, record)
        now = stored.read(connection, program.kind, program.name)
        definitions.keep(connection, program.key, definitions.ADOPTED, now, program.path, program.digest)
    for grant in (*contents.accounts, *contents.grants):
        history.record_object(connection, grant.key, Record(grant.file.path, grant.file.digest))
