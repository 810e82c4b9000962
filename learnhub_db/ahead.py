"""The statements that are still to run, of migrations that are pending or have stopped half-way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pymysql.connections import Connection

from learnhub_db import migrations
from learnhub_db.history import History
from learnhub_db.project import SqlFile
from learnhub_db.runner import journal
from learnhub_db.runner.steps import Step


@dataclass(frozen=True)
class Ahead:
    """`done` are the statements of the file that have run, `steps` those that have not, or of which nobody knows."""

    path: str
    done: list[Step]
    steps: list[Step]


def read(connection: Connection, past: History, files: Sequence[SqlFile]) -> Iterator[Ahead]:
    """What is left of each file; UsageError where apply would refuse it. Reads only."""
    begun = journal.under_way(connection, journal.MIGRATION) if journal.NAME in past.tables else {}
    for file in files:
        migration = migrations.Migration(file)
        migration.load()
        last = begun.get(migration.id)
        done = (last.place if last.over else last.place - 1) if last else 0
        yield Ahead(file.path, migration.steps[:done], migration.steps[done:])
