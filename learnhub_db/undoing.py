"""A rollback that is under way: what it is to undo, in the journal from before its first statement to its end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.history import History
from learnhub_db.runner import journal
from learnhub_db.runner.journal import Entry, Journal

NAME = "all of them"  # in the journal, beside the migrations that are being undone


def begin(book: Journal, migrations: Sequence[str]) -> None:
    """Write down that `migrations` are to be undone, in this order; `book` is that of any rollback."""
    forget(book.connection)
    plan = Entry(0, 0, "", journal.DONE, memory=json.dumps(migrations), started_at=journal.now())
    replace(book, name=NAME).write([plan])


def begun(connection: Connection, past: History) -> list[str]:
    """What a rollback that has stopped half-way was to undo, in order; none where it had not come to change anything.

    Reads only.
    """
    migrations, entries = _read(connection, past)
    changed = any(_has_changed(entry) or not entry.place for entry in entries)  # at place 0: counters to put back
    return migrations if changed or _is_undone_in_part(migrations, past) else []


def give_up(connection: Connection, past: History) -> None:
    """After a refusal: forget it, unless there is something to finish."""
    migrations, entries = _read(connection, past)
    if not (any(map(_has_changed, entries)) or _is_undone_in_part(migrations, past)):
        forget(connection)


def check_none(connection: Connection, past: History) -> None:
    """DatabaseRefused where a rollback has stopped half-way: nothing can be applied on what it has left."""
    if migrations := begun(connection, past):
        what = f"a rollback of {', '.join(migrations)} has stopped half-way"
        raise DatabaseRefused(what, "", "finish it: rollback")


def forget(connection: Connection) -> None:
    """It is done, or had changed nothing."""
    rows(connection, f"DELETE FROM {journal.NAME} WHERE kind = %s", (journal.ROLLBACK,))


def _read(connection: Connection, past: History) -> tuple[list[str], list[Entry]]:
    """What was to be undone, and the last statement of each file that was begun."""
    if journal.NAME not in past.tables:
        return [], []
    known = journal.under_way(connection, journal.ROLLBACK)
    plan = known.pop(NAME, None)
    return json.loads(plan.memory) if plan else [], list(known.values())


def _has_changed(entry: Entry) -> bool:
    return entry.place > 1 or entry.place == 1 and entry.state != journal.FAILED


def _is_undone_in_part(migrations: Sequence[str], past: History) -> bool:
    return not past.migrations.keys() >= set(migrations)
