"""What is under way, statement by statement, in the database itself: written before a statement runs, and after.

A row is there from the first statement of a file until the file is done. Whatever must survive a crash between two
statements can use it: a kind and a name say what is under way, a place which part of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from operator import attrgetter

from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.runner import creations

NAME = "_learnhub_journal"
MIGRATION = "migration"
ROLLBACK = "rollback"
VERBS = {MIGRATION: "apply", ROLLBACK: "rollback"}
TABLE = f"""
    CREATE TABLE IF NOT EXISTS {NAME} (
        kind           VARCHAR(16)     NOT NULL COMMENT 'what is under way: migration or rollback',
        name           VARCHAR(255)    NOT NULL COMMENT 'which one',
        place          INT UNSIGNED    NOT NULL COMMENT 'of the statement, from 1',
        line           INT UNSIGNED    NOT NULL COMMENT 'where it starts in the file',
        digest         CHAR(64)        NOT NULL COMMENT 'SHA-256 of its text',
        state          VARCHAR(8)      NOT NULL COMMENT 'intent, running, failed, done or skipped',
        fingerprint    CHAR(64)        NULL     COMMENT 'SHA-256 of what it changes before it ran, or what it creates',
        memory         MEDIUMTEXT      NULL     COMMENT 'what the session remembered then, as JSON',
        started_at     DATETIME(3)     NOT NULL COMMENT 'UTC',
        finished_at    DATETIME(3)     NULL     COMMENT 'UTC',
        connection_id  BIGINT UNSIGNED NOT NULL COMMENT 'that ran it',
        server_started DATETIME        NOT NULL COMMENT 'UTC: numbers of connections begin again with the server',
        PRIMARY KEY (kind, name, place)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'statements under way'"""

INTENT = "intent"  # about to run; it may have
RUNNING = "running"  # a procedure that has committed a part of its work
FAILED = "failed"  # the server refused it
DONE = "done"
SKIPPED = "skipped"  # by hand

ROWS = 100  # in one statement: below what any server takes
TOLD = 3  # of what a connection has begun

_SERVER_STARTED = """
    SELECT UTC_TIMESTAMP() - INTERVAL variable_value SECOND
    FROM performance_schema.global_status WHERE variable_name = 'Uptime'
"""


@dataclass(frozen=True)
class Entry:
    """One statement, the fields as in the table."""

    place: int
    line: int
    digest: str
    state: str
    fingerprint: str | None = None
    memory: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    connection_id: int = 0
    server_started: datetime | None = None

    @property
    def over(self) -> bool:
        return self.state in (DONE, SKIPPED)

    @property
    def untouched(self) -> bool:
        """Of an entry of under_way(): whether nothing has happened yet of what it belongs to."""
        return self.place == 1 and self.state == INTENT and creations.are_named(self.fingerprint)


_NAMES = [field.name for field in fields(Entry)]
COLUMNS = ", ".join(_NAMES)
_WRITTEN = attrgetter(*_NAMES[:-2])  # the connection and its server are those that write it
_ROW = "ROW(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, CONNECTION_ID(), %s)"


@dataclass(frozen=True)
class Journal:
    """The entries of one thing under way, written by the one connection that holds `lock`."""

    connection: Connection
    lock: str
    kind: str
    name: str
    server_started: datetime

    @property
    def verb(self) -> str:
        """The command that goes on with it."""
        return VERBS[self.kind]

    def read(self) -> list[Entry]:
        """What is known of it, by place; reads only."""
        sql = f"SELECT {COLUMNS} FROM {NAME} WHERE kind = %s AND name = %s ORDER BY place"
        return [Entry(*row) for row in rows(self.connection, sql, (self.kind, self.name))]

    def write(self, entries: Sequence[Entry]) -> None:
        """Put `entries` in place of those of their places, all or, where the lock is lost, none: DatabaseRefused.

        As durable as the transaction that the connection is in; without one, so many as ROWS last or none.
        """
        write([(self, entries)])

    def check(self) -> None:
        """DatabaseRefused where the connection has lost its lock; reads only."""
        if rows(self.connection, "SELECT IS_USED_LOCK(%s) = CONNECTION_ID()", (self.lock,)) != [(1,)]:
            raise self.lost()

    def cut(self, place: int) -> None:
        """Forget what was to follow the statement at `place`; nothing where the lock is lost."""
        sql = f"DELETE FROM {NAME} WHERE kind = %s AND name = %s AND place > %s AND IS_USED_LOCK(%s) = CONNECTION_ID()"
        rows(self.connection, sql, (self.kind, self.name, place, self.lock))

    def forget(self) -> None:
        """It is done, or undone: in the transaction that says so elsewhere."""
        forget(self.connection, self.kind, [self.name])

    def lost(self) -> DatabaseRefused:
        """What to say where the connection has lost its lock."""
        hint = f"a pooler or wait_timeout may take it away: connect directly, then {self.verb} again"
        return DatabaseRefused("the connection has lost its lock", f"{self.kind} {self.name}", hint)


def write(known: Sequence[tuple[Journal, Sequence[Entry]]]) -> None:
    """As Journal.write(), of several things under way at once."""
    left = [(book, entry) for book, entries in known for entry in entries]
    while left:
        _write_rows(left[:ROWS])
        left = left[ROWS:]


def _write_rows(known: Sequence[tuple[Journal, Entry]]) -> None:
    values: list[object] = []
    for book, entry in known:
        values += [book.kind, book.name, *_WRITTEN(entry), book.server_started]
    sql = f"""
        REPLACE INTO {NAME} (kind, name, {COLUMNS})
        SELECT * FROM (VALUES {', '.join([_ROW] * len(known))}) AS new
        WHERE IS_USED_LOCK(%s) = CONNECTION_ID()
    """
    with book.connection.cursor() as cursor:
        if not cursor.execute(sql, [*values, book.lock]):
            raise book.lost()


def forget(connection: Connection, kind: str, names: Sequence[str]) -> None:
    """They are done, or undone: in the transaction that says so elsewhere."""
    rows(connection, f"DELETE FROM {NAME} WHERE kind = %s AND name IN %s", (kind, names))


def server_started(connection: Connection) -> datetime:
    """When the server started, to a second or so."""
    ((started,),) = rows(connection, _SERVER_STARTED)
    return started


def now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


def under_way(connection: Connection, kind: str) -> dict[str, Entry]:
    """Of each thing of `kind` that is under way the first entry that is not over, else the last; reads only.

    What is seen to have been created since is over.
    """
    found: dict[str, Entry] = {}
    sql = f"SELECT name, {COLUMNS} FROM {NAME} WHERE kind = %s ORDER BY name, place"
    for name, *row in rows(connection, sql, (kind,)):
        if name not in found or found[name].over:
            entry = Entry(*row)
            created = not entry.over and creations.happened(connection, entry.fingerprint)
            found[name] = replace(entry, state=DONE) if created else entry
    return found


def work_of(connection: Connection, number: int) -> str | None:
    """What the connection `number` has begun, and since when; None where nothing is known. Reads only."""
    if not rows(connection, f"SHOW TABLES LIKE '{NAME}'"):
        return None
    sql = f"""
        SELECT kind, name, MIN(started_at) FROM {NAME} WHERE connection_id = %s GROUP BY kind, name ORDER BY kind, name
    """
    found = [f"{kind} {name} since {began:%H:%M:%S}" for kind, name, began in rows(connection, sql, (number,))]
    more = f", and {len(found) - TOLD} more" if len(found) > TOLD else ""
    return ", ".join(found[:TOLD]) + more or None
