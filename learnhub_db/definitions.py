"""Every definition that was deployed, or found in the place of a deployed one, as the server stores it."""

from __future__ import annotations

from dataclasses import astuple

from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.stored import Stored

NAME = "_learnhub_history"
TABLE = f"""
    CREATE TABLE IF NOT EXISTS {NAME} (
        id                 BIGINT UNSIGNED NOT NULL AUTO_INCREMENT COMMENT 'in the order in which it happened',
        kind               VARCHAR(16)     NOT NULL COMMENT 'procedure, function, trigger, view or event',
        name               VARCHAR(255)    NOT NULL COMMENT 'in small letters',
        act                VARCHAR(16)     NOT NULL COMMENT 'what apply did; found: what it met',
        definition         LONGTEXT        NOT NULL COMMENT 'as SHOW CREATE tells it',
        sql_mode           VARCHAR(1024)   NULL     COMMENT 'under which it was created; none for a view',
        character_set      VARCHAR(64)     NOT NULL COMMENT 'character_set_client of its creation',
        collation          VARCHAR(64)     NOT NULL COMMENT 'collation_connection of its creation',
        database_collation VARCHAR(64)     NULL     COMMENT 'of the database then; none for a view',
        definer            VARCHAR(288)    NOT NULL COMMENT 'user@host',
        path               VARCHAR(255)    NULL     COMMENT 'file in the project; none where it was found',
        digest             CHAR(64)        NULL     COMMENT 'SHA-256 of the statement in the file',
        migration          VARCHAR(255)    NULL     COMMENT 'the last one that was applied then',
        deployed_at        TIMESTAMP(6)    NOT NULL DEFAULT CURRENT_TIMESTAMP(6),
        PRIMARY KEY (id),
        KEY of_a_program (kind, name, id)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'definitions of programs, never changed'"""


def keep(
    connection: Connection, key: tuple[str, str], act: str, stored: Stored, path: str | None, digest: str | None
) -> None:
    """Write down what is, or was, on the server, with the migration that was applied last."""
    rows(
        connection,
        f"""INSERT INTO {NAME} (kind, name, act, definition, sql_mode, character_set, collation, database_collation,
                                definer, path, digest, migration)
            SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s,
                   (SELECT id FROM _learnhub_migrations ORDER BY applied_at DESC, id DESC LIMIT 1)""",
        (*key, act, *astuple(stored), stored.definer, path, digest),
    )


def last(connection: Connection, key: tuple[str, str]) -> Stored | None:
    """The definition that was kept last; reads only."""
    found = rows(
        connection,
        f"""SELECT definition, sql_mode, character_set, collation, database_collation FROM {NAME}
            WHERE kind = %s AND name = %s ORDER BY id DESC LIMIT 1""",
        key,
    )
    return Stored(*found[0]) if found else None
