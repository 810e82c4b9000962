"""Digests of what migrations made, kept when apply ends: what has another digest later was changed past the files.

They are of tables, and of programs that no file of the project makes. While a run may change something its digests are
unknown, so that one which is killed makes nobody look like somebody else.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.errors import LearnHubError
from learnhub_db.inspection import partitions, schema
from learnhub_db.stored_programs import catalogue

NAME = "_learnhub_schema"
TABLE = f"""
    CREATE TABLE IF NOT EXISTS {NAME} (
        kind   VARCHAR(16)  NOT NULL COMMENT 'table, or the kind of a program that no file makes',
        name   VARCHAR(255) NOT NULL COMMENT 'of the object',
        digest CHAR(64)     NULL     COMMENT 'SHA-256 of its definition; none while a run may change it',
        PRIMARY KEY (kind, name)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'the schema as apply left it, for status'"""

# A checksum of all columns; the one with which every program was found sound stands beside the digests.
COLUMNS = """
    SELECT CONCAT(COUNT(*), '.',
        BIT_XOR(CRC32(CONCAT_WS(CHAR(31), table_name, column_name, ordinal_position, column_type))))
    FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name NOT LIKE '\\_learnhub%'
"""
OF_COLUMNS = f"SELECT 'columns', '', digest, ({COLUMNS}), NULL FROM {NAME} WHERE kind = 'columns'"
FOREIGN = ""  # the digest of what somebody had made before apply ended for the first time with it
Key = tuple[str, str]
Digests = dict[Key, str]
Kept = Mapping[Key, str | None]


def read(connection: Connection, files: Collection[Key], partitioned: Collection[str]) -> Digests:
    """The digests now; reads only.

    `files` are the programs that files make, `partitioned` the tables of which jobs keep partitions.
    """
    tables = [name for kind, name in rows(connection, schema.NAMES) if kind == "table"]
    own = [name for name in tables if not name.lower().startswith(schema.BOOKKEEPING)]
    found = {("table", name): schema.definition(connection, "table", name, ()) for name in own}
    told = partitions.without_ranges(found, partitioned)
    digests = {key: sha256(one.sql.encode()).hexdigest() for key, one in told.items()}
    programs = catalogue.programs(connection)
    return digests | {key: program.fingerprint for key, program in programs.items() if key not in files}


def kept(connection: Connection) -> dict[Key, str | None]:
    """Those that were kept; reads only."""
    if not rows(connection, f"SHOW TABLES LIKE '{NAME}'"):
        return {}
    found = rows(connection, f"SELECT kind, name, digest FROM {NAME} WHERE name <> ''")
    return {(kind, name): digest for kind, name, digest in found}


@contextmanager
def following(connection: Connection, files: Collection[Key], partitioned: Collection[str]) -> Iterator[None]:
    """What the block changes is kept at its end; what differed from what was kept before it goes on to differ."""
    known, before = kept(connection), None
    if known:
        before = read(connection, files, partitioned)
        own = {key: None for key, digest in known.items() if digest in (None, before.get(key))}
        foreign = {} if None in known.values() else dict.fromkeys(before.keys() - known.keys(), FOREIGN)
        _write(connection, {**known, **foreign, **own})
    try:
        yield
    except LearnHubError:
        with suppress(pymysql.Error):
            if connection.open:
                keep(connection, files, partitioned, before)
        raise
    keep(connection, files, partitioned, before)


def keep(
    connection: Connection, files: Collection[Key], partitioned: Collection[str], before: Collection[Key] | None
) -> None:
    """Keep the digests of what a run may have changed; `before` is what was there then, None for the first run.

    What had been changed past the files keeps its digest, unless the run has dropped it or made it again.
    """
    if not rows(connection, f"SHOW TABLES LIKE '{NAME}'"):
        return
    known, now = kept(connection), read(connection, files, partitioned)
    there = before or ()
    changed = {key: digest for key, digest in known.items() if digest is not None and (key in now) == (key in there)}
    _write(connection, {**now, **changed})


def adopt(connection: Connection, files: Collection[Key], partitioned: Collection[str]) -> None:
    """Keep the digests of all that is there."""
    _write(connection, read(connection, files, partitioned))


def _write(connection: Connection, digests: Kept) -> None:
    with connection.cursor() as cursor:
        cursor.execute("START TRANSACTION")
        cursor.execute(f"DELETE FROM {NAME}")
        sql = f"INSERT INTO {NAME} (kind, name, digest) VALUES (%s, %s, %s)"
        cursor.executemany(sql, [(*key, digest) for key, digest in digests.items()])
        cursor.execute("COMMIT")
