"""The programs that exist on the server."""

from __future__ import annotations

from pymysql.connections import Connection

from learnhub_db.database import rows

PROGRAMS = """
    SELECT LOWER(routine_type), LOWER(routine_name), NULL
    FROM information_schema.routines WHERE routine_schema = DATABASE()
    UNION ALL
    SELECT 'view', LOWER(table_name), NULL
    FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'VIEW'
    UNION ALL
    SELECT 'trigger', LOWER(trigger_name), event_object_table
    FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    UNION ALL
    SELECT 'event', LOWER(event_name), NULL
    FROM information_schema.events WHERE event_schema = DATABASE()
"""


def programs(connection: Connection) -> dict[tuple[str, str], str | None]:
    """Kind and name, in small letters, of what the account can see; for a trigger its table. Reads only."""
    return {(kind, name): table for kind, name, table in rows(connection, PROGRAMS)}
