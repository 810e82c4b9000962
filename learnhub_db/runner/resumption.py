"""Where a file that was begun is taken up again."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from learnhub_db.acts import Act, Report
from learnhub_db.database import rows
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.runner import creations, fingerprints, journal, lock
from learnhub_db.runner.journal import Entry, Journal
from learnhub_db.runner.memory import Memory
from learnhub_db.runner.steps import Step

CHOICES = {"done": journal.DONE, "again": None, "skip": journal.SKIPPED}
SAME_START = timedelta(seconds=2)  # the server tells its age in whole seconds
POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Resume:
    """What the operator says of a statement that nobody else can tell of, and how long to wait for its connection."""

    choice: str | None = None
    wait_seconds: float = lock.WAIT_SECONDS


def first_place(book: Journal, path: str, steps: Sequence[Step], memory: Memory, resume: Resume, report: Report) -> int:
    """The place of the first statement to run, with the session as that one needs it.

    UsageError where what has run differs from the file; DatabaseRefused where it cannot be told whether a statement
    ran and `resume` does not say.
    """
    _wait_until_gone(book, resume.wait_seconds, report)
    known = book.read()
    done = [entry for entry in known if entry.over and entry.place]  # at place 0 there is only a memory
    for entry in done:
        _check_unchanged(entry, _at(steps, entry.place), path)
    ran = [steps[entry.place - 1] for entry in done if entry.state == journal.DONE]
    memory.restore(known[-1].memory, ran, steps[len(done) :])
    left = [entry for entry in known if not entry.over] or _next(len(done) + 1, steps)
    choice = resume.choice
    for entry in left:
        step = _at(steps, entry.place)
        state = CHOICES[choice] if choice else _state(book, entry, step, memory, path)
        if not state:
            book.cut(entry.place)
            return entry.place
        digest = step.digest if step else entry.digest
        book.write([replace(entry, digest=digest, state=state, finished_at=journal.now())])
        book.connection.commit()
        choice = None  # it was of the first one
    return len(done) + len(left) + 1


def _at(steps: Sequence[Step], place: int) -> Step | None:
    return steps[place - 1] if place <= len(steps) else None


def _next(place: int, steps: Sequence[Step]) -> list[Entry]:
    """Where the last run ended between two statements: the one that it would have come to, as if it had not worked."""
    step = _at(steps, place)
    return [Entry(place, step.line, step.digest, journal.FAILED, started_at=journal.now())] if step else []


def _wait_until_gone(book: Journal, seconds: float, report: Report) -> None:
    """Wait for the connection that the journal names: after its client's death its statement may go on."""
    entry = book.read()[-1]
    if abs(entry.server_started - book.server_started) > SAME_START or not _lives(book, entry):
        return
    who = f"connection {entry.connection_id}, which began {book.kind} {book.name} at {entry.started_at:%H:%M:%S} UTC"
    report(Act("waiting", f"for {who}"))
    deadline = time.monotonic() + seconds
    while _lives(book, entry):
        if time.monotonic() > deadline:
            raise DatabaseRefused(f"{who}, is still there", "", f"wait, or end it with KILL {entry.connection_id}")
        time.sleep(POLL_SECONDS)


def _lives(book: Journal, entry: Entry) -> bool:
    sql = """
        SELECT 1 FROM performance_schema.processlist
        WHERE id = %s AND id <> CONNECTION_ID()
    """
    return bool(rows(book.connection, sql, (entry.connection_id,)))


def _check_unchanged(entry: Entry, step: Step | None, path: str) -> None:
    hint = "restore it: what has not run yet may be edited"
    if not step:
        raise UsageError(f"statement {entry.place}, which has run, is gone", path, hint)
    if step.digest != entry.digest:
        raise UsageError(f"statement {entry.place}, which has run, has changed", f"{path}:{step.line}", hint)


def _state(book: Journal, entry: Entry, step: Step | None, memory: Memory, path: str) -> str | None:
    """DONE where the statement at which the last run ended has done its work, None where it has not."""
    created = creations.happened(book.connection, entry.fingerprint)
    if entry.state == journal.FAILED or created is False:
        return None
    if created or not step:
        _check_unchanged(entry, step, path)
        return journal.DONE
    sql = memory.executed(step)
    if entry.state == journal.INTENT and entry.fingerprint:
        now = fingerprints.of(book.connection, sql)
        if now == entry.fingerprint:
            return None
        if now and step.digest == entry.digest:
            return journal.DONE
    _check_unchanged(entry, step, path)
    if entry.state == journal.INTENT and fingerprints.harmless_twice(sql):
        return None
    what = f"it cannot be told whether statement {entry.place} ran"
    if entry.state == journal.RUNNING:
        what = f"the procedure that statement {entry.place} calls committed a part of its work"
    hint = f"look at the database, then {book.verb} --resume done, again or skip"
    raise DatabaseRefused(what, f"{path}:{step.line}", hint)
