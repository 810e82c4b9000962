"""Every definition that was deployed, or found in the place of a deployed one, as the server stores it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import astuple, dataclass

from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.stored_programs.stored import Stored

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


DROPPED, PRUNED, FOUND, ADOPTED, OVER = "dropped", "pruned", "found", "adopted", "over"
GONE = (DROPPED, PRUNED, OVER)
_COLUMNS = "definition, sql_mode, character_set, collation, database_collation"
# Of each program the last thing that was done to it, or else what was there before the toolkit did anything.
_THEN = f"""
    SELECT kind, name, path, digest, {_COLUMNS} FROM {NAME} JOIN (
        SELECT MIN(id) AS first_id,
            MAX(IF(act <> '{FOUND}' AND (migration IS NULL OR migration IN %s), id, NULL)) AS then_id
        FROM {NAME} GROUP BY kind, name
    ) AS of_each ON id = COALESCE(then_id, first_id)
    WHERE IF(then_id IS NULL, act IN ('{FOUND}', '{ADOPTED}'), act NOT IN {GONE})
    ORDER BY id
"""


_NOW = f"""
    SELECT kind, name, definer FROM {NAME}
     WHERE id IN (SELECT MAX(id) FROM {NAME} WHERE act <> '{FOUND}' GROUP BY kind, name)
       AND act NOT IN {GONE}
"""


@dataclass(frozen=True)
class Kept:
    """A definition with the file that it came from; `path` and `digest` are empty where it came from none."""

    kind: str
    name: str
    path: str
    digest: str
    stored: Stored


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
    return last_act(connection, key)[1]


def last_act(connection: Connection, key: tuple[str, str]) -> tuple[str, Stored | None]:
    """What was done, or met, last, with the definition; reads only."""
    sql = f"SELECT act, {_COLUMNS} FROM {NAME} WHERE kind = %s AND name = %s ORDER BY id DESC LIMIT 1"
    found = rows(connection, sql, key)
    return (found[0][0], Stored(*found[0][1:])) if found else ("", None)


def then(connection: Connection, migrations: Collection[str]) -> list[Kept]:
    """The programs as they were when `migrations`, and no others, were applied; reads only.

    One that was met before anything is known to have been done to it was there all the time.
    """
    found = rows(connection, _THEN, (tuple(migrations) or ("",),))
    return [Kept(kind, name, path or "", digest or "", Stored(*rest)) for kind, name, path, digest, *rest in found]


def definers(connection: Connection) -> dict[tuple[str, str], str]:
    """The user@host that each program was deployed with, by kind and name; reads only."""
    if not rows(connection, f"SHOW TABLES LIKE '{NAME}'"):
        return {}
    return {(kind, name): definer for kind, name, definer in rows(connection, _NOW)}


def adopted_with(connection: Connection, migrations: Collection[str]) -> str | None:
    """Which of `migrations` was the last one when programs were adopted of which nothing was known; reads only."""
    sql = f"""
        SELECT migration FROM {NAME}
        WHERE act = '{ADOPTED}' AND migration IN %s AND id IN (SELECT MIN(id) FROM {NAME} GROUP BY kind, name) LIMIT 1
    """
    found = rows(connection, sql, (tuple(migrations),))
    return found[0][0] if found else None
