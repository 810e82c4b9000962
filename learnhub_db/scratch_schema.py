"""A schema of the toolkit's own beside the target: made, used, dropped again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import NOT_ALLOWED, Target, account, connect, identifier, refused, rows
from learnhub_db.errors import DatabaseRefused

PREFIX = "_learnhub_scratch_"
PATTERN = PREFIX.replace("_", "\\_") + "%"


@contextmanager
def made(target: Target, collation: str | None = None) -> Iterator[Connection]:
    """A connection of its own to a new, empty schema, which is dropped at the block's end, however that ends.

    Its default collation is `collation`, or else that of the target's database.
    Those that killed runs left behind are dropped first.
    """
    with connect(target) as connection:
        try:
            for _ in drop_left_behind(connection):
                pass
            name = create(connection, str(target), collation)
        except pymysql.Error as error:
            raise refused(error, str(target)) from error
        try:
            connection.select_db(name)
            yield connection
        finally:
            _drop(target, name)


def create(connection: Connection, where: str = "", collation: str | None = None) -> str:
    """The name of a new schema with `collation` as its default, or else that of the connection's database.

    DatabaseRefused where the account may not. The connection holds a lock of that name as long as it lives: that is
    how a schema in use is told from one left behind.
    """
    name = PREFIX + secrets.token_hex(8)
    rows(connection, "SELECT GET_LOCK(%s, 0)", (name,))
    try:
        collation = collation or rows(connection, "SELECT @@collation_database")[0][0]
        rows(connection, f"CREATE DATABASE {identifier(name)} COLLATE {collation}")
    except pymysql.Error as error:
        release(connection, name)
        if error.args[0] not in NOT_ALLOWED:
            raise
        raise DatabaseRefused("the account may not create a scratch schema", where, grant(connection)) from error
    return name


def release(connection: Connection, name: str) -> None:
    """Say that the schema is not in use any more."""
    rows(connection, "SELECT RELEASE_LOCK(%s)", (name,))


def drop_left_behind(connection: Connection) -> Iterator[tuple[str, bool]]:
    """Each schema that a killed run has left, and whether it is gone now: not where it is another account's."""
    sql = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s"
    for (name,) in rows(connection, sql, (PATTERN,)):
        if rows(connection, "SELECT IS_FREE_LOCK(%s)", (name,)) != [(1,)]:
            continue
        try:
            rows(connection, f"DROP DATABASE IF EXISTS {identifier(name)}")
            yield name, True
        except pymysql.Error as error:
            if error.args[0] not in NOT_ALLOWED:
                raise
            yield name, False


def grant(connection: Connection) -> str:
    """The GRANT that lets the account have scratch schemas."""
    return f"GRANT ALL ON {identifier(PATTERN)}.* TO {account(connection)}"


def _drop(target: Target, name: str) -> None:
    """Over a connection of its own: that of an interrupted block is in no state to serve."""
    with connect(target, select_database=False) as connection:
        rows(connection, f"DROP DATABASE IF EXISTS {identifier(name)}")
