"""Applying the migrations that are pending, one after the other, on the connection that holds the lock.

What only creates is written to the journal beforehand, of several files at once, together with the record of those that
have run: a wait for the disk for each file would take as long as a small file itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from itertools import takewhile

from pymysql.connections import Connection

from learnhub_db import database, migrations
from learnhub_db.acts import Act, Report
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.migrations import Backend, Migration
from learnhub_db.project import SqlFile
from learnhub_db.runner import creations, execution, journal, lock, waits
from learnhub_db.runner.journal import Entry, Journal
from learnhub_db.runner.memory import Memory
from learnhub_db.runner.packets import Packets
from learnhub_db.runner.resumption import Resume
from learnhub_db.runner.running import intents

FILES_AT_ONCE = 50


def apply(connection: Connection, files: Sequence[SqlFile], resume: Resume, report: Report) -> None:
    """Apply those of `files` that yoyo's table does not name, in order; all are read before the first one runs.

    One that was begun is taken up where it stopped.
    """
    backend = Backend(None, connection=connection)
    pending = backend.to_apply(migrations.read(files))
    for migration in pending:
        migration.load()
    statements = ((step.statement, migration.path) for migration in pending for step in migration.steps)
    execution.check_sizes(connection, statements)
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
        self.ran: list[tuple[Migration, str]] = []  # and is not recorded yet
        ((database_name,),) = database.rows(self.connection, "SELECT DATABASE()")
        self.lock = lock.name_for(database_name)
        self.started = journal.server_started(self.connection)

    def go(self, pending: Sequence[Migration], resume: Resume) -> None:
        """Run them; whatever happens, those that have run are recorded, where the server can be reached.

        What a run that has stopped had only foreseen is forgotten: others may create the same meanwhile.
        """
        for name in [name for name, entry in self.begun.items() if entry.untouched]:
            self._book(name).cut(0)
            del self.begun[name]
        try:
            while pending:
                group = self._look_ahead(pending)
                if group:
                    self._run_foreseen(group)
                else:
                    resume = self._run_alone(pending[0], resume)
                pending = pending[len(group) or 1 :]
        finally:
            if self.connection.open:
                self.connection.rollback()
                self._record()

    def _look_ahead(self, left: Sequence[Migration]) -> list[tuple[Migration, Journal]]:
        """The next files that create and do nothing else: the journal knows of all their statements then.

        What has run before them is recorded, also where there are none.
        """
        fresh = list(takewhile(lambda migration: migration.id not in self.begun, left[:FILES_AT_ONCE]))
        known = creations.leading(self.connection, [step for migration in fresh for step in migration.steps])
        found: list[tuple[Journal, list[Entry]]] = []
        for migration in fresh:
            before, known = known[: len(migration.steps)], known[len(migration.steps) :]
            if len(before) < len(migration.steps):
                break
            memory = Memory(self.connection, migration.steps).text()
            found.append((self._book(migration.id), intents(migration.steps, before, memory)))
        self._record(found)
        return [(migration, book) for migration, (book, _) in zip(fresh, found)]

    def _run_foreseen(self, group: Sequence[tuple[Migration, Journal]]) -> None:
        """Run files of which the journal knows everything; behind one that is refused it forgets them again."""
        statements = [(step.statement, migration.path) for migration, _ in group for step in migration.steps]
        foreseen = Packets(self.connection, self.lock, statements)
        left = deque(group)
        while left:
            migration, book = left.popleft()
            try:
                self._run(migration, book, foreseen=foreseen)
            except DatabaseRefused:
                if self.connection.open:
                    for _, book in left:
                        book.cut(0)
                raise

    def _run_alone(self, migration: Migration, resume: Resume) -> Resume:
        """Run a file of which the journal does not know everything; `resume` is that of the next one then."""
        if migration.id not in self.begun:
            self._run(migration, self._book(migration.id))
            return resume
        self._run(migration, self._book(migration.id), resume)
        return replace(resume, choice=None)  # it was of the first one

    def _run(
        self, migration: Migration, book: Journal, resume: Resume | None = None, foreseen: Packets | None = None
    ) -> None:
        done = partial(self._take, migration)
        migrations.run(book, migration.path, migration.steps, done, resume, self.report, foreseen)

    def _take(self, migration: Migration, note: str) -> None:
        """Have it recorded later; `note` goes into the report."""
        self.ran.append((migration, note))

    def _book(self, name: str) -> Journal:
        return Journal(self.connection, self.lock, journal.MIGRATION, name, self.started)

    def _record(self, coming: Sequence[tuple[Journal, Sequence[Entry]]] = ()) -> None:
        """Record what has run, and have the journal know of what is `coming` in its stead, all or nothing."""
        ran = [migration for migration, _ in self.ran]
        if not (ran or coming):
            return
        self.connection.begin()
        if ran:
            self.backend.record(ran)
            journal.forget(self.connection, journal.MIGRATION, [migration.id for migration in ran])
        if coming:
            journal.write(coming)
        self.connection.commit()
        for migration, note in self.ran:
            self.report(Act("applied", migration.path, note))
        self.ran = []
