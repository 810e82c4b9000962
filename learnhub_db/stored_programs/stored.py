"""A program as the server stores it: the normal form in which two definitions are compared and kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pymysql
from pymysql.charset import charset_by_name
from pymysql.connections import Connection

from learnhub_db.database import identifier, rows
from learnhub_db.errors import DatabaseRefused

_DEFINER = re.compile(r"\bDEFINER=`((?:[^`]|``)*)`@`((?:[^`]|``)*)`")


@dataclass(frozen=True)
class Stored:
    """What SHOW CREATE tells; a view has neither sql_mode nor a collation of its database."""

    sql: str
    sql_mode: str | None
    character_set: str
    collation: str
    database_collation: str | None

    def is_of(self, sql_mode: str, character_set: str, collation: str) -> bool:
        """Whether a session with these settings would create it as it is."""
        if (self.character_set, self.collation) != (character_set, collation):
            return False
        return self.sql_mode in (None, sql_mode)

    @property
    def settings(self) -> tuple[str | None, ...]:
        """What it keeps of the session and the database in which it was created: no ALTER changes it."""
        return self.sql_mode, self.character_set, self.collation, self.database_collation

    @property
    def definer(self) -> str:
        return definer(self.sql)


def definer(sql: str) -> str:
    """The user@host that the first lines of SHOW CREATE name; "" for none."""
    found = _DEFINER.search(sql)
    return f"{found[1]}@{found[2]}".replace("``", "`") if found else ""


def read(connection: Connection, kind: str, name: str, schema: str = "", path: str = "") -> Stored:
    """The program `name`; DatabaseRefused where it is gone or the account may not read it. Reads only."""
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(f"SHOW CREATE {kind.upper()} {qualified(name, schema)}")
        shown = cursor.fetchone()
    sql = shown[next(column for column in shown if column.startswith("Create ") or column == "SQL Original Statement")]
    if sql is None:
        hint = "GRANT SHOW_ROUTINE ON *.* to the account that applies"
        raise DatabaseRefused(f"the account may not read the {kind} {name}", path, hint)
    return Stored(
        sql,
        shown.get("sql_mode"),
        shown["character_set_client"],
        shown["collation_connection"],
        shown.get("Database Collation"),
    )


def create(connection: Connection, stored: Stored) -> None:
    """Create it again, in the connection's database, under the settings it had; the session keeps those."""
    if stored.sql_mode is not None:
        rows(connection, "SET sql_mode = %s", (stored.sql_mode,))
    rows(
        connection,
        "SET character_set_client = %s, collation_connection = %s",
        (stored.character_set, stored.collation),
    )
    connection.query(stored.sql.encode(charset_by_name(stored.character_set).encoding))


def qualified(name: str, schema: str = "") -> str:
    return f"{identifier(schema)}.{identifier(name)}" if schema else identifier(name)
