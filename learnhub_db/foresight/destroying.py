"""A migration that destroys rows is refused before anything runs, unless what it destroys was named."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pymysql.connections import Connection

from learnhub_db import ahead
from learnhub_db.database import Target
from learnhub_db.errors import UsageError
from learnhub_db.foresight import losses
from learnhub_db.history import History
from learnhub_db.project import SqlFile


def refuse(
    connection: Connection, target: Target, past: History, files: Sequence[SqlFile], allowed: Collection[str]
) -> None:
    """UsageError where `files` destroy rows of something that is not among `allowed`; reads only."""
    found = losses.read(connection, target, list(ahead.read(connection, past, files)))
    left = [loss for loss in found if loss.name not in allowed]
    if left:
        what = f"the migration destroys rows: {', '.join(loss.name for loss in left)}"
        raise UsageError(what, left[0].where, f"to go on: apply {' '.join(loss.option for loss in found)}")
