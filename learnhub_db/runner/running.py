"""Running a file through the journal, so that a crash at any moment leaves it to be taken up where it was."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import takewhile

from pymysql.constants import ER

from learnhub_db.acts import Report
from learnhub_db.database import in_transaction, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.runner import creations, execution, fingerprints, journal, packets, waits
from learnhub_db.runner.journal import Entry, Journal
from learnhub_db.runner.memory import Memory
from learnhub_db.runner.packets import Packets
from learnhub_db.runner.steps import Kind, Step, kind_of

MUCH_MEMORY = 1000  # characters: with so many not every row of the journal repeats them
CLIENT_ERRORS = range(2000, 3000)
# The server gave up on the statement or the connection: how far it had come is for the fingerprint to tell.
UNCERTAIN = (ER.SERVER_SHUTDOWN, ER.QUERY_INTERRUPTED, 1927, 3169, 4031)
_WITHOUT_ROLLBACK = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'
        AND engine NOT IN (SELECT engine FROM information_schema.engines WHERE transactions = 'YES')
"""


class Run:
    """The steps of one file, on the one connection that holds the lock; the journal knows of those in `foreseen`."""

    def __init__(
        self,
        book: Journal,
        path: str,
        steps: Sequence[Step],
        memory: Memory,
        report: Report,
        foreseen: Packets | None = None,
    ) -> None:
        self.book, self.path, self.steps, self.memory, self.report = book, path, steps, memory, report
        self.connection = book.connection
        self.unsaved: list[Entry] = []  # what the journal does not say yet, or not for good
        self.before_transaction = 0  # how many of these a rollback leaves true
        self.remembered: str | None = None  # when the journal was brought up to now, or the transaction began
        self.foreseen = foreseen
        self.certain = 0  # how many statements are done for good
        self.ours = False  # whether the open transaction is not the file's own
        self.limited = True
        self.without_rollback: set[str] = set()  # tables

    def go(self, first: int) -> None:
        """Run the steps from place `first` on; the server's refusal says what stays done and how to go on.

        Before and afterwards the connection waits for tables as waits.limit() has it.
        """
        for place, step in enumerate(self.steps[first - 1 :], first):
            if step.kind is not Kind.LASTING and (place == first or self.steps[place - 2].kind is Kind.LASTING):
                self.without_rollback = {name for (name,) in rows(self.connection, _WITHOUT_ROLLBACK)}
                self._count(place)
            if not self._in_transaction:
                self.before_transaction, self.certain = len(self.unsaved), place - 1
                if not self.foreseen and (self.unsaved or place == first):
                    self.remembered = self.memory.text()
            self._do(Entry(place, step.line, step.digest, journal.DONE, started_at=journal.now()), step)
        if self._in_transaction:
            self._save()
        self._limit(True)

    def _count(self, place: int) -> None:
        """Have the journal know the counters that the rows of the steps from `place` to the next DDL may move."""
        coming = takewhile(lambda step: step.kind is not Kind.LASTING, self.steps[place - 1 :])
        if self.memory.count(list(coming)):
            if not self.unsaved and place == 1:
                self._done(Entry(0, 0, "", journal.DONE, started_at=journal.now()))
            self._save()

    @property
    def _in_transaction(self) -> bool:
        return in_transaction(self.connection)

    def _do(self, entry: Entry, step: Step) -> None:
        sql = self.memory.executed(step)
        kind = step.kind if sql is step.text else kind_of(sql)
        if kind is Kind.ROWS and self._lasts(sql) and not self._in_transaction:
            kind = Kind.LASTING
        try:
            self._WAYS[kind](self, entry, step, sql)
        except DatabaseRefused as error:
            raise self._failure(error, entry, kind) from error.__cause__
        if self.ours and not step.held:
            self._save()

    def _lasts(self, sql: str) -> bool:
        """Whether rows that `sql` writes may stay though the transaction is rolled back."""
        return any(re.search(rf"\b{re.escape(name)}\b", sql, re.IGNORECASE) for name in self.without_rollback)

    def _rows(self, entry: Entry, step: Step, sql: str) -> None:
        """In one transaction with its entry: both last, or none."""
        if self._in_transaction or not self.connection.get_autocommit():
            self._send(step)
        else:
            self.ours = True
            self._send_patiently(step, sql)
        self._done(entry)

    def _call(self, entry: Entry, step: Step, sql: str) -> None:
        """As rows; where the procedure commits by itself, it commits an entry that says `running`."""
        if not self._in_transaction:
            rows(self.connection, "START TRANSACTION")
            self.ours = self.connection.get_autocommit()
        self.unsaved.append(replace(entry, state=journal.RUNNING))
        self._write()
        self._send(step)
        self.unsaved.pop()
        self._done(entry)

    def _session(self, entry: Entry, step: Step, sql: str) -> None:
        if "autocommit" in step.settings:
            self._write()  # the statement may commit what is open
        self.memory.learn(step, lambda said: self._send(step))
        self._done(entry)

    def _begin(self, entry: Entry, step: Step, sql: str) -> None:
        if self._in_transaction:
            self._save()
        self._send(step)
        self._done(entry)

    def _commit(self, entry: Entry, step: Step, sql: str) -> None:
        self._done(entry)
        self._write()
        self._send(step)
        self.unsaved.clear()

    def _rollback(self, entry: Entry, step: Step, sql: str) -> None:
        self._send(step)
        self._done(entry)

    def _lasting(self, entry: Entry, step: Step, sql: str) -> None:
        self.memory.counted = []
        if not self.foreseen:
            self._intend(entry, sql)
        if self.foreseen:
            self._patiently(sql, self._run_foreseen)
        else:
            self._send_patiently(step, sql)
        self._done(entry)

    def _run_foreseen(self) -> None:
        try:
            self.foreseen.run_next()
        except DatabaseRefused as error:
            if error.__cause__.args[0] == packets.UNGUARDED:
                self.book.check()
            raise

    def _intend(self, entry: Entry, sql: str) -> None:
        """Have the journal know of the statement, and of those right behind it that it can know of beforehand."""
        ahead = creations.leading(self.connection, self.steps[entry.place - 1 :])
        memory = self.memory.text()
        if len(memory or "") > MUCH_MEMORY:
            ahead = ahead[:1]
        before = ahead or [fingerprints.of(self.connection, sql)]
        steps = self.steps[entry.place - 1 : entry.place - 1 + len(before)]
        self.unsaved += intents(steps, before, memory, entry.place)
        self._save()
        if ahead:
            self.foreseen = Packets(self.connection, self.book.lock, [(step.statement, self.path) for step in steps])

    _WAYS = {
        Kind.ROWS: _rows,
        Kind.CALL: _call,
        Kind.SESSION: _session,
        Kind.BEGIN: _begin,
        Kind.COMMIT: _commit,
        Kind.ROLLBACK: _rollback,
        Kind.LASTING: _lasting,
    }

    def _done(self, entry: Entry) -> None:
        self.unsaved.append(replace(entry, finished_at=journal.now()))

    def _send(self, step: Step) -> None:
        self._limit(False)
        execution.run(self.connection, step.statement, self.path)

    def _send_patiently(self, step: Step, sql: str) -> None:
        def attempt() -> None:
            if self.ours:
                rows(self.connection, "START TRANSACTION")
            execution.run(self.connection, step.statement, self.path)

        self._patiently(sql, attempt)

    def _patiently(self, sql: str, attempt: Callable[[], None]) -> None:
        self._limit(True)
        waits.patiently(self.connection, sql, attempt, self.report)

    def _limit(self, limited: bool) -> None:
        """Wait for tables no longer than a moment, or again as long as the file wants to."""
        if self.limited != limited and not any("lock_wait_timeout" in step.settings for step in self.steps):
            waits.limit(self.connection, limited)
            self.limited = limited

    def _write(self) -> None:
        """Bring the journal up to now; as durable as the open transaction."""
        if self.unsaved:
            self.remembered = self.memory.text()
            self._write_unsaved()
        if not self._in_transaction:
            self.unsaved.clear()

    def _write_unsaved(self) -> None:
        self.unsaved[-1] = replace(self.unsaved[-1], memory=self.remembered)
        self.book.write(self.unsaved)

    def _save(self) -> None:
        """Bring the journal up to now for good, and with it whatever is open."""
        self._write()
        if self._in_transaction:
            rows(self.connection, "COMMIT")
        self.unsaved.clear()
        self.ours = False

    def _failure(self, error: DatabaseRefused, entry: Entry, kind: Kind) -> DatabaseRefused:
        """`error` with what stays done and how to go on; the journal says the same, where it can be reached."""
        if self._lost(error):
            return error.with_hint(f"{self.book.verb} again: it goes on where it stopped")
        if self._in_transaction:
            rows(self.connection, "ROLLBACK")
            del self.unsaved[self.before_transaction :]
        elif kind is Kind.LASTING:
            self.unsaved = [*filter(lambda known: known.over, self.unsaved), replace(entry, state=journal.FAILED)]
        if self.unsaved:  # with what was there before the statement that failed, or its transaction
            self._write_unsaved()
            self.unsaved.clear()
        self.ours = False
        self.book.cut(entry.place)
        if any(known.state == journal.RUNNING for known in self.book.read()):
            hint = f"the procedure has committed a part of its work: {self.book.verb} --resume done, again or skip"
            return error.with_hint(hint)
        if not self.certain:
            return error
        stay = "is done and stays" if self.certain == 1 else "are done and stay"
        done = f"the {_counted(self.certain)} before it {stay}"
        return error.with_hint(f"{done}: fix the rest of the file, then {self.book.verb} again")

    def _lost(self, error: DatabaseRefused) -> bool:
        code = error.__cause__.args[0] if error.__cause__ and error.__cause__.args else 0
        return not self.connection.open or code in CLIENT_ERRORS or code in UNCERTAIN


def intents(steps: Sequence[Step], before: Sequence[str | None], memory: str | None, first: int = 1) -> list[Entry]:
    """What the journal says of `steps`, from place `first` on, until they run; `before` are their fingerprints."""
    started = journal.now()
    return [
        Entry(place, step.line, step.digest, journal.INTENT, fingerprint, memory, started)
        for place, (step, fingerprint) in enumerate(zip(steps, before, strict=True), first)
    ]


def _counted(statements: int) -> str:
    return f"{statements} statement{'' if statements == 1 else 's'}"
