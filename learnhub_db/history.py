"""What the toolkit has recorded in a database: applied migrations and deployed objects.

yoyo's own table of applied migrations is read here too, so that nothing needs yoyo where nothing is to be done.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.inspection import digests
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
    """`migrations`: digests by id, None where another tool applied it; `objects`: records by kind and name."""

    migrations: dict[str, str | None] = field(default_factory=dict)
    objects: dict[Key, Record] = field(default_factory=dict)
    tables: frozenset[str] = frozenset()

    def has(self, key: Key, digest: str) -> bool:
        """Whether the object was deployed from a file of this content."""
        record = self.objects.get(key)
        return record is not None and record.digest == digest


def read(connection: Connection) -> History:
    """The history of the connection's database, empty where nothing was ever applied; reads only."""
    tables = frozenset(name for (name,) in rows(connection, "SHOW TABLES LIKE '\\\\_%'"))
    migrations: dict[str, str | None] = {}
    if "_yoyo_migration" in tables:
        migrations = dict(rows(connection, _WITH_DIGESTS if "_learnhub_migrations" in tables else _OF_YOYO))
    objects: dict[Key, Record] = {}
    if "_learnhub_objects" in tables:
        found = rows(connection, "SELECT kind, name, path, digest, fingerprint FROM _learnhub_objects")
        objects = {(kind, name): Record(*record) for kind, name, *record in found}
    return History(migrations, objects, tables)


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
