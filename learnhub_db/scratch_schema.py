"""A schema of the toolkit's own beside the target: made, used, dropped again."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import NOT_ALLOWED, Target, account, connect, identifier, refused, rows
from learnhub_db.errors import DatabaseRefused

PREFIX = "_learnhub_scratch_"
PATTERN = PREFIX.replace("_", "\\_") + "%"


@contextmanager
def made(target: Target) -> Iterator[Connection]:
    """A connection to a new, empty schema with the default collation of the target's database.

    It is dropped at the block's end, however that ends; those that killed runs left behind are dropped first. Its
    connection holds a lock of its name as long as it lives: that is how a schema in use is told from one left behind.
    """
    name = PREFIX + secrets.token_hex(8)
    with connect(target) as connection:
        try:
            _drop_left_behind(connection)
            rows(connection, "SELECT GET_LOCK(%s, 0)", (name,))
            _create(connection, name, target)
        except pymysql.Error as error:
            raise refused(error, str(target)) from error
        try:
            connection.select_db(name)
            yield connection
        finally:
            _drop(target, name)


def _create(connection: Connection, name: str, target: Target) -> None:
    ((collation,),) = rows(connection, "SELECT @@collation_database")
    try:
        rows(connection, f"CREATE DATABASE {identifier(name)} COLLATE {collation}")
    except pymysql.Error as error:
        if error.args[0] not in NOT_ALLOWED:
            raise
        what = "the account may not create a scratch schema"
        raise DatabaseRefused(what, str(target), f"GRANT ALL ON `{PATTERN}`.* TO {account(connection)}") from error


def _drop(target: Target, name: str) -> None:
    """Over a connection of its own: that of an interrupted block is in no state to serve."""
    with connect(target, select_database=False) as connection:
        rows(connection, f"DROP DATABASE IF EXISTS {identifier(name)}")


def _drop_left_behind(connection: Connection) -> None:
    for (name,) in rows(connection, "SHOW DATABASES LIKE %s", (PATTERN,)):
        if rows(connection, "SELECT IS_FREE_LOCK(%s)", (name,)) == [(1,)]:
            with suppress(pymysql.Error):  # another account's, or another run is dropping it
                rows(connection, f"DROP DATABASE IF EXISTS {identifier(name)}")
