"""What the toolkit has recorded in a database: applied migrations and deployed objects.

yoyo's own table of applied migrations is read here too, so that nothing needs yoyo where nothing is to be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.errors import LearnHubError
from learnhub_db.inspection import digests
from learnhub_db.project import SqlFile
from learnhub_db.runner import journal
from learnhub_db.stored_programs import definitions, unfinished

TABLES = {
    "_learnhub_migrations": """
        CREATE TABLE IF NOT EXISTS _learnhub_migrations (
            id         VARCHAR(255) NOT NULL COMMENT 'file name without .sql, as in _yoyo_migration',
            digest     CHAR(64)     NOT NULL COMMENT 'SHA-256 of the file as it was applied',
            statements INT UNSIGNED NOT NULL COMMENT 'how many the file held',
            applied_at TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) COMMENT 'when its last statement was done',
            PRIMARY KEY (id)
        ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'content of the applied migrations'""",
    "_learnhub_objects": """
        CREATE TABLE IF NOT EXISTS _learnhub_objects (
            kind       VARCHAR(16)  NOT NULL COMMENT 'procedure, function, trigger, view, event or grants',
            name       VARCHAR(255) NOT NULL COMMENT 'of the object in small letters; of the file for grants',
            path       VARCHAR(255) NOT NULL COMMENT 'file in the project',
            digest     CHAR(64)     NOT NULL COMMENT 'SHA-256 of the statement that created it, of the file for grants',
            fingerprint CHAR(64)    NULL     COMMENT 'SHA-256 of what the server stored; none for grants',
            applied_at TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP COMMENT 'last time',
            PRIMARY KEY (kind, name)
        ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'programs and grants as deployed from files'""",
    definitions.NAME: definitions.TABLE,
    unfinished.NAME: unfinished.TABLE,
    journal.NAME: journal.TABLE,
    digests.NAME: digests.TABLE,
}

OF_MIGRATIONS = ("_learnhub_migrations", journal.NAME, digests.NAME)

_OF_YOYO = "SELECT migration_id, NULL FROM _yoyo_migration"
_WITH_DIGESTS = """
    SELECT migration_id, digest FROM _yoyo_migration
    LEFT JOIN _learnhub_migrations ON id = CONVERT(migration_id USING utf8mb4) COLLATE utf8mb4_bin
"""

OF_YOYO = ("_yoyo_migration", "_yoyo_log")
_WITHOUT_MEANING = {"_yoyo_version", digests.NAME}  # what they hold does not say that anything was applied
# Where names of migrations stand, apart from what is under way.
_NAMING = {
    "_yoyo_migration": "migration_id",
    "_yoyo_log": "migration_id",
    "_learnhub_migrations": "id",
    definitions.NAME: "migration",
}

Key = tuple[str, str]


@dataclass(frozen=True)
class Record:
    path: str
    digest: str
    fingerprint: str | None = None


@dataclass(frozen=True)
class History:
    """`migrations`: digests by id, None where another tool applied it; `objects`: records by kind and name.

    `sound`: the columns of the database are those with which every program was found sound.
    """

    migrations: dict[str, str | None] = field(default_factory=dict)
    objects: dict[Key, Record] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()
    sound: bool = False

    def has(self, key: Key, digest: str) -> bool:
        """Whether the object was deployed from a file of this content."""
        record = self.objects.get(key)
        return record is not None and record.digest == digest

    def is_applied(self, file: SqlFile) -> bool:
        """Whether the migration was applied with the content that its file has."""
        return file.stem in self.migrations and self.migrations[file.stem] in (None, file.digest)


def read(connection: Connection) -> History:
    """The history of the connection's database, empty where nothing was ever applied; reads only."""
    tables = frozenset(name for (name,) in rows(connection, "SHOW TABLES LIKE '\\\\_%'"))
    migrations: dict[str, str | None] = {}
    if "_yoyo_migration" in tables:
        migrations = dict(rows(connection, _WITH_DIGESTS if "_learnhub_migrations" in tables else _OF_YOYO))
    objects: dict[Key, Record] = {}
    columns = None
    if "_learnhub_objects" in tables:
        of_columns = f" UNION ALL {digests.OF_COLUMNS}" if digests.NAME in tables else ""
        found = rows(connection, f"SELECT kind, name, path, digest, fingerprint FROM _learnhub_objects{of_columns}")
        objects = {(kind, name): Record(*record) for kind, name, *record in found}
        columns = objects.pop(("columns", ""), None)
    return History(migrations, objects, tables, columns is not None and columns.path == columns.digest)


def is_empty(connection: Connection, history: History) -> bool:
    """Whether nothing was ever applied, begun or adopted; reads only."""
    if history.migrations or history.objects:
        return False
    known = history.tables & {*TABLES, *OF_YOYO} - _WITHOUT_MEANING
    told = {journal.NAME: f"WHERE place <> 1 OR state <> '{journal.FAILED}'"}  # a first statement that was refused
    return not any(rows(connection, f"SELECT 1 FROM {name} {told.get(name, '')} LIMIT 1") for name in sorted(known))


@contextmanager
def nothing_left_of_a_refusal(connection: Connection, before: History) -> Iterator[None]:
    """Drop the tables of the history that the block has created, where it fails and has recorded nothing.

    A killed run may leave them: without a row they are no history.
    """
    try:
        yield
    except (LearnHubError, pymysql.Error):
        with suppress(pymysql.Error, LearnHubError):
            _drop_created(connection, before)
        raise


def _drop_created(connection: Connection, before: History) -> None:
    if not connection.open:
        return
    connection.rollback()
    now = read(connection)
    created = sorted((now.tables - before.tables) & {*TABLES, *OF_YOYO, *_WITHOUT_MEANING})
    if created and is_empty(connection, replace(now, tables=frozenset(created))):
        rows(connection, f"DROP TABLE {', '.join(created)}")


def prepare(connection: Connection, history: History, names: Iterable[str] = tuple(TABLES)) -> None:
    """Create those of the toolkit's tables that are not there yet."""
    for name in names:
        if name not in history.tables:
            rows(connection, TABLES[name])


def record_migrations(connection: Connection, applied: Sequence[tuple[str, str, int]]) -> None:
    """Each one's name, digest and number of statements."""
    with connection.cursor() as cursor:
        sql = "REPLACE INTO _learnhub_migrations (id, digest, statements) VALUES (%s, %s, %s)"
        cursor.executemany(sql, applied)


def rename_migrations(connection: Connection, history: History, renames: Mapping[str, str]) -> None:
    """Have every table say the new names; `renames` are new names by old ones, which may take each other's places."""
    for table, column in _NAMING.items():
        if table not in history.tables:
            continue
        hashed = f", migration_hash = SHA2({column}, 256)" if table in OF_YOYO else ""
        sql = f"UPDATE {table} SET {column} = %s{hashed} WHERE {column} = %s"
        for old, new in renames.items():
            rows(connection, sql, (f"> {new}", old))
        for new in renames.values():
            rows(connection, sql, (new, f"> {new}"))


def fold_migrations(connection: Connection, names: Sequence[str], last: str) -> datetime | None:
    """Forget `names`, in favour of `last` where they stand beside programs; when the last of them was applied."""
    ((applied_at,),) = rows(connection, "SELECT MAX(applied_at) FROM _learnhub_migrations WHERE id IN %s", (names,))
    rows(connection, "DELETE FROM _yoyo_migration WHERE migration_id IN %s", (names,))
    rows(connection, "DELETE FROM _learnhub_migrations WHERE id IN %s", (names,))
    rows(connection, f"UPDATE {definitions.NAME} SET migration = %s WHERE migration IN %s", (last, names))
    return applied_at


def date_migrations(connection: Connection, names: Sequence[str], applied_at: datetime | None) -> None:
    """Have them as old as what they stand for, so that they are not the last ones applied."""
    if applied_at:
        rows(connection, "UPDATE _learnhub_migrations SET applied_at = %s WHERE id IN %s", (applied_at, names))


def correct_digests(connection: Connection, digests: Mapping[str, str]) -> None:
    """The digests of migrations that a renaming has changed."""
    with connection.cursor() as cursor:
        sql = "UPDATE _learnhub_migrations SET digest = %s, applied_at = applied_at WHERE id = %s AND digest <> %s"
        cursor.executemany(sql, [(digest, name, digest) for name, digest in digests.items()])


def forget_migration(connection: Connection, name: str) -> None:
    rows(connection, "DELETE FROM _learnhub_migrations WHERE id = %s", (name,))


def record_object(connection: Connection, key: Key, record: Record) -> None:
    rows(
        connection,
        "REPLACE INTO _learnhub_objects (kind, name, path, digest, fingerprint) VALUES (%s, %s, %s, %s, %s)",
        (*key, record.path, record.digest, record.fingerprint),
    )


def forget_object(connection: Connection, key: Key) -> None:
    rows(connection, "DELETE FROM _learnhub_objects WHERE kind = %s AND name = %s", key)
