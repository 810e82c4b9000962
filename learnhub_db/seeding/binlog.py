"""How much the server's binary log grows meanwhile, by whoever writes."""

from __future__ import annotations

from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows


@dataclass(frozen=True)
class Position:
    file: str
    offset: int


def position(connection: Connection) -> Position | None:
    """Where the log ends now; None where it is off, or not for this account to see."""
    try:
        found = rows(connection, "SHOW BINARY LOG STATUS")
    except pymysql.Error:
        return None
    return Position(*found[0][:2]) if found else None


def grown(connection: Connection, since: Position | None) -> int | None:
    """The bytes written since; None where that cannot be told, as after a purge."""
    if since is None:
        return None
    sizes = {name: size for name, size, *_ in rows(connection, "SHOW BINARY LOGS")}
    if since.file not in sizes:
        return None
    names = list(sizes)
    return sum(sizes[name] for name in names[names.index(since.file):]) - since.offset
