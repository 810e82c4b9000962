"""Adopting a database that somebody built before: recorded as applied once it is what the files build."""

from __future__ import annotations

from dataclasses import replace

import pymysql
from pymysql.connections import Connection

from learnhub_db import catalogue, definitions, drift, history, lock, migrations, stored
from learnhub_db.acts import Act, Report
from learnhub_db.database import Target, connect, refused
from learnhub_db.deployment import Contents
from learnhub_db.drift import Difference
from learnhub_db.errors import UsageError
from learnhub_db.history import Record
from learnhub_db.project import SqlFile


def adopt(contents: Contents, owner: str | None, target: Target, number: str, report: Report) -> list[Difference]:
    """Record the migrations up to `number`, every program and grant file as applied, and run none of them.

    Where the database differs from what they build nothing is recorded, and the differences are returned. UsageError
    for an unknown number, and where something is recorded already.
    """
    contents = replace(contents, migrations=_up_to(contents.migrations, number))
    with connect(target) as connection:
        try:
            with lock.held(connection, target.database, report):
                _check_new(history.read(connection), target)
                differences = drift.find(contents, owner, target)
                if not differences:
                    _record(connection, contents, report)
        except pymysql.Error as error:
            raise refused(error, str(target)) from error
    return differences


def _up_to(files: list[SqlFile], number: str) -> list[SqlFile]:
    places = [place for place, file in enumerate(files) if file.stem[:4] == number]
    if not places:
        known = f"known: {files[0].stem[:4]} to {files[-1].stem[:4]}" if files else "write it first"
        raise UsageError(f"there is no migration {number}", "sql/migrations", known)
    return files[: places[0] + 1]


def _check_new(past: history.History, target: Target) -> None:
    if past.migrations or past.objects:
        number = len(past.migrations) + len(past.objects)
        mend = "use apply, and verify to compare"
        raise UsageError(f"the database has a history of {number} files", str(target), mend)


def _record(connection: Connection, contents: Contents, report: Report) -> None:
    history.prepare(connection, history.read(connection))
    migrations.adopt(connection, contents.migrations)
    existing = catalogue.programs(connection)
    for program in contents.programs:
        record = Record(program.path, program.digest, existing[program.key].fingerprint)
        history.record_object(connection, program.key, record)
        now = stored.read(connection, program.kind, program.name)
        definitions.keep(connection, program.key, definitions.ADOPTED, now, program.path, program.digest)
    for grant in (*contents.accounts, *contents.grants):
        history.record_object(connection, grant.key, Record(grant.file.path, grant.file.digest))
    for path in contents.paths:
        report(Act("adopted", path))
