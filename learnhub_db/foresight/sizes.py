"""How large the tables of a database are, by the server's estimates."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.database import rows

MEGABYTE = 1024 * 1024
_SIZES = """
    SELECT table_name, table_rows, data_length + index_length FROM information_schema.tables
    WHERE table_schema = %s AND table_type = 'BASE TABLE'
"""
_VERSIONS = """
    SELECT name, table_id, total_row_versions FROM information_schema.innodb_tables WHERE name LIKE %s
"""


@dataclass(frozen=True)
class Size:
    rows: int
    bytes: int

    def __str__(self) -> str:
        return f"about {self.rows:,} rows, {self.bytes / MEGABYTE:,.1f} MB"


@dataclass(frozen=True)
class Inside:
    """What InnoDB knows of a table or partition: its number, and how many instant changes its rows carry."""

    number: int
    versions: int


def read(connection: Connection, database: str) -> dict[str, Size]:
    """The base tables by name; reads only."""
    rows(connection, "SET information_schema_stats_expiry = 0")
    found = rows(connection, _SIZES, (database,))
    return {name: Size(number or 0, size or 0) for name, number, size in found}


def large(connection: Connection, database: str, limit_mb: int) -> set[str]:
    """The names, in small letters, of the tables above `limit_mb`; reads only."""
    return {name.lower() for name, size in read(connection, database).items() if is_large(size, limit_mb)}


def is_large(size: Size, limit_mb: int) -> bool:
    return size.bytes > limit_mb * MEGABYTE


def inside(connection: Connection, database: str) -> dict[str, Inside] | None:
    """Each table and partition by the name that InnoDB gives it; None where the account may not know. Reads only."""
    pattern = re.sub(r"([\\_%])", r"\\\1", f"{file_name(database)}/") + "%"
    try:
        return {name.split("/")[1]: Inside(*numbers) for name, *numbers in rows(connection, _VERSIONS, (pattern,))}
    except pymysql.Error as error:
        if error.args[0] == ER.SPECIFIC_ACCESS_DENIED_ERROR:
            return None
        raise


def versions(known: dict[str, Inside] | None, table: str) -> int | None:
    """How many instant changes the rows of `table` carry; None where that is not known."""
    path = file_name(table)
    found = [one.versions for name, one in (known or {}).items() if name == path or name.startswith(f"{path}#p#")]
    return max(found, default=None)


def file_name(name: str) -> str:
    """As InnoDB writes it, for names in ASCII: what is no letter or digit by its number."""
    return re.sub(r"\W", lambda found: f"@{ord(found[0]):04x}", name, flags=re.ASCII)
