"""Applying the migrations that are pending, one after the other, on the connection that holds the lock.

What only creates is written to the journal beforehand, of several files at once, together with the record of those that
have run: a wait for the disk for each file would take as long as a small file itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import takewhile

from pymysql.connections import Connection

from learnhub_db import database, migrations
from learnhub_db.acts import Act, Report
from learnhub_db.errors import UsageError
from learnhub_db.migrations import Backend, Migration
from learnhub_db.project import SqlFile
from learnhub_db.runner import creations, journal, lock, waits
from learnhub_db.runner.journal import Entry, Journal
from learnhub_db.runner.memory import Memory
from learnhub_db.runner.resumption import Resume
from learnhub_db.runner.running import intents

FILES_AT_ONCE = 10


def apply(connection: Connection, files: Sequence[SqlFile], resume: Resume, report: Report) -> None:
    """Apply those of `files` that yoyo's table does not name, in order; all are read before the first one runs.

    One that was begun is taken up where it stopped.
    """
    backend = Backend(None, connection=connection)
    pending = backend.to_apply(migrations.read(files))
    for migration in pending:
        migration.load()
    begun = journal.under_way(connection, journal.MIGRATION)
    if resume.choice and not begun.keys() & {migration.id for migration in pending}:
        raise UsageError("no migration has stopped half-way", "--resume", "apply without it")
    waits.limit(connection)
    _Application(backend, begun, report).go(list(pending), resume)
    waits.limit(connection, False)


class _Application:
    def __init__(self, backend: Backend, begun: dict[str, Entry], report: Report) -> None:
        self.backend, self.connection, self.report = backend, backend.connection, report
        self.begun = begun  # by a run that has stopped half-way
        self.foreseen: dict[str, Journal] = {}  # what the journal knows of before it has begun
        self.ran: list[tuple[Migration, Journal, str]] = []  # and is not recorded yet
        ((database_name,),) = database.rows(self.connection, "SELECT DATABASE()")
        self.lock = lock.name_for(database_name)
        self.started = journal.server_started(self.connection)

    def go(self, pending: Sequence[Migration], resume: Resume) -> None:
        """Run them; whatever happens, those that have run are recorded, where the server can be reached.

        What a run that has stopped had only foreseen is forgotten where its file is gone.
        """
        for name in self.begun.keys() - {migration.id for migration in pending}:
            if self.begun[name].untouched:
                self._book(name).cut(0)
        try:
            for place, migration in enumerate(pending):
                if migration.id not in self.foreseen:
                    self._look_ahead(pending[place:])
                if migration.id in self.begun:
                    self._run(migration, resume)
                    resume = replace(resume, choice=None)  # it was of the first one
                else:
                    self._run(migration, None)
        finally:
            if self.connection.open:
                self.connection.rollback()
                self._record()
                for book in self.foreseen.values():
                    book.cut(0)

    def _look_ahead(self, left: Sequence[Migration]) -> None:
        """Have the journal know of the next files, if there are several that create and do nothing else."""
        fresh = list(takewhile(lambda migration: migration.id not in self.begun, left[:FILES_AT_ONCE]))
        known = creations.leading(self.connection, [step for migration in fresh for step in migration.steps])
        group: list[tuple[Migration, list[str]]] = []
        for migration in fresh:
            if len(known) < len(migration.steps):
                break
            group.append((migration, known[: len(migration.steps)]))
            known = known[len(migration.steps) :]
        if len(group) > 1:
            self._foresee(group)

    def _foresee(self, group: Sequence[tuple[Migration, Sequence[str]]]) -> None:
        found = [
            (self._book(migration.id), intents(migration.steps, before, Memory(self.connection, migration.steps)))
            for migration, before in group
        ]
        *others, (last, entries) = found
        with self._recording() as statements:
            last.write(entries, [*statements, *(book.writing(known) for book, known in others)])
            database.rows(self.connection, "COMMIT")
        self.foreseen = {book.name: book for book, _ in found}

    def _book(self, name: str) -> Journal:
        return Journal(self.connection, self.lock, journal.MIGRATION, name, self.started)

    def _run(self, migration: Migration, resume: Resume | None) -> None:
        book = self.foreseen.pop(migration.id, None)
        intended = len(migration.steps) if book else 0
        if not book and (resume or not creations.begin_with(migration.steps[0])):
            self._record()
        book = book or self._book(migration.id)
        done = partial(self._take, migration, book)
        migrations.run(book, migration.path, migration.steps, done, resume, self.report, self._recording, intended)

    def _take(self, migration: Migration, book: Journal, note: str) -> None:
        """Have it recorded later; `note` goes into the report."""
        self.ran.append((migration, book, note))

    def _record(self) -> None:
        """By itself."""
        with self._recording() as statements:
            if statements:
                database.together(self.connection, ["BEGIN", *statements, "COMMIT"])

    @contextmanager
    def _recording(self) -> Iterator[list[str]]:
        """The statements that record what has run, for a transaction within; the journal forgets it there."""
        found: list[str] = []
        for migration, book, _ in self.ran:
            found += [*self.backend.records(migration), migrations.record(self.connection, migration), book.forgetting]
        yield found
        for migration, _, note in self.ran:
            self.report(Act("applied", migration.path, note))
        self.ran = []
