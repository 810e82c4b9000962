"""A database that nobody has applied anything to: whether something is there all the same."""

from __future__ import annotations

from collections.abc import Iterator

from pymysql.connections import Connection

from learnhub_db import history
from learnhub_db.database import rows
from learnhub_db.errors import DatabaseRefused, LearnHubError, UsageError
from learnhub_db.history import History
from learnhub_db.inspection import schema, sight

NAMED = 5
ADOPT = "apply --adopt"


def refusal(connection: Connection, past: History, database: str) -> LearnHubError | None:
    """Why a first apply is not sure to be meant for this database, also where the account might not see what is there.

    Reads only.
    """
    if not history.is_empty(connection, past):
        return None
    if found := list(_found(connection)):
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        what = f"the database has no history and is not empty: {', '.join(found[:NAMED])}{more}"
        built = "baseline NNNN, where it is what the files up to NNNN build"
        hint = f"{built}; else {ADOPT}, which leaves in place what is there"
        return UsageError(what, database, hint)
    try:
        for kind in ("table", "procedure", "trigger", "event"):
            sight.check(connection, kind, database)
    except DatabaseRefused as error:
        return error.with_hint(f"or {ADOPT}")
    return None


def _found(connection: Connection) -> Iterator[str]:
    for kind, name in sorted(rows(connection, schema.NAMES), key=lambda one: (one[0] != "table", one)):
        if not name.lower().startswith(schema.BOOKKEEPING):
            yield f"{kind} {name}"
