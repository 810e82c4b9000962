"""One runner at a time: a lock of the server that lives as long as the connection that runs the statements."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256

import pymysql
from pymysql.connections import Connection

from learnhub_db.acts import Act, Report
from learnhub_db.database import Target, connect, refused, rows
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.runner import journal, watching

WAIT_SECONDS = 60
LONGEST_NAME = 64
OF_THE_SERVER = ("mysql", "sys", "information_schema", "performance_schema")


@contextmanager
def connected(target: Target, report: Report, seconds: float = WAIT_SECONDS) -> Iterator[Connection]:
    """A connection that holds the lock of its database; what the server refuses meanwhile is DatabaseRefused.

    UsageError for a database of the server's own.
    """
    with connect(target) as connection:
        if target.database.lower() in OF_THE_SERVER:
            hint = "name the project's in the URL"
            raise UsageError(f"{target.database} is the server's own database", str(target), hint)
        try:
            with held(connection, target.database, report, seconds):
                watching.begin(connection, target, report)
                yield connection
        except pymysql.Error as error:
            raise refused(error, str(target)) from error


@contextmanager
def held(connection: Connection, database: str, report: Report, seconds: float = WAIT_SECONDS) -> Iterator[None]:
    """Hold the lock of `database` on `connection`; where another holds it, report who and wait that many `seconds`."""
    name = name_for(database)
    if not _taken(connection, name, 0):
        report(Act("waiting", f"for {_holder(connection, name)}"))
        if not _taken(connection, name, seconds):
            hint = "wait until it is done, or end it with KILL"
            raise DatabaseRefused("another run holds the lock", _holder(connection, name), hint)
    try:
        yield
    finally:
        if connection.open:
            rows(connection, "SELECT RELEASE_LOCK(%s)", (name,))


def name_for(database: str) -> str:
    """The lock's name: at most 64 characters, which is what the server takes."""
    name = f"learnhub_db {database}"
    return name if len(name) <= LONGEST_NAME else f"learnhub_db {sha256(database.encode()).hexdigest()[:48]}"


def _taken(connection: Connection, name: str, seconds: int) -> bool:
    return rows(connection, "SELECT GET_LOCK(%s, %s)", (name, seconds)) == [(1,)]


def _holder(connection: Connection, name: str) -> str:
    """Who holds the lock, as far as the account may see it, and what it is at."""
    ((number,),) = rows(connection, "SELECT IS_USED_LOCK(%s)", (name,))
    if number is None:
        return "a connection that has just let go"
    work = journal.work_of(connection, number)
    since = f", at {work} UTC" if work else ""
    for found, user, host, _, _, seconds, *_ in rows(connection, "SHOW PROCESSLIST"):
        if found == number:
            return f"connection {number} ({user}@{host}, {seconds} s in its present statement{since})"
    return f"connection {number}{since}"
