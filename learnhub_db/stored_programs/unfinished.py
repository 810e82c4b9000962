"""What a replacement needs to be finished after a crash, written before anything is dropped."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.stored_programs.rights import Right

NAME = "_learnhub_replacements"
TABLE = f"""
    CREATE TABLE IF NOT EXISTS {NAME} (
        kind       VARCHAR(16)  NOT NULL COMMENT 'procedure, function or trigger',
        name       VARCHAR(255) NOT NULL COMMENT 'of the object',
        path       VARCHAR(255) NOT NULL COMMENT 'file in the project',
        statement  LONGTEXT     NOT NULL COMMENT 'the CREATE that is to follow the DROP',
        rights     JSON         NOT NULL COMMENT 'user, host, privileges: what the DROP takes away',
        started_at TIMESTAMP    NOT NULL DEFAULT CURRENT_TIMESTAMP,
        PRIMARY KEY (kind, name)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'replacements that have begun and not ended'"""


@dataclass(frozen=True)
class Replacement:
    kind: str
    name: str
    path: str
    statement: str
    rights: list[Right]


def begin(connection: Connection, replacement: Replacement) -> None:
    rows(
        connection,
        f"REPLACE INTO {NAME} (kind, name, path, statement, rights) VALUES (%s, %s, %s, %s, %s)",
        (replacement.kind, replacement.name, replacement.path, replacement.statement, json.dumps(replacement.rights)),
    )


def end(connection: Connection, replacement: Replacement) -> None:
    rows(connection, f"DELETE FROM {NAME} WHERE kind = %s AND name = %s", (replacement.kind, replacement.name))


def read(connection: Connection) -> list[Replacement]:
    """Those that a killed run has left; reads only."""
    found = rows(connection, f"SELECT kind, name, path, statement, rights FROM {NAME} ORDER BY started_at")
    return [Replacement(*told, [Right(*right) for right in json.loads(rights)]) for *told, rights in found]
