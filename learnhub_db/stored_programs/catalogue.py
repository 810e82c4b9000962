"""The programs that exist on the server."""

from __future__ import annotations

from dataclasses import dataclass

from pymysql.connections import Connection

from learnhub_db.database import rows

# Outdated is what a program keeps of its session and its database where one that is created now gets another.
_OF_THE_SESSION = "(character_set_client, collation_connection) <> (@@character_set_client, @@collation_connection)"
_OUTDATED = f"""{_OF_THE_SESSION} OR sql_mode <> @@sql_mode OR database_collation <> (
            SELECT default_collation_name FROM information_schema.schemata WHERE schema_name = DATABASE())"""
# Each kind's own row, and a fingerprint of what the server stores of it: it changes when anybody changes the program.
# Of a routine's parameters only the time of its last change tells. Whether an event is enabled is for who operates
# the server to say.
_ROUTINES = f"""
    SELECT LOWER(routine_type), LOWER(routine_name), NULL, SHA2(CONCAT_WS(CHAR(31), routine_definition,
        dtd_identifier, is_deterministic, sql_data_access, security_type, routine_comment, definer, sql_mode,
        character_set_client, collation_connection, database_collation, last_altered), 256),
        {_OUTDATED}, NULL, NULL, NULL
    FROM information_schema.routines WHERE routine_schema = DATABASE()"""
_VIEWS = f"""
    SELECT 'view', LOWER(table_name), NULL, SHA2(CONCAT_WS(CHAR(31), view_definition,
        check_option, security_type, definer, character_set_client, collation_connection), 256),
        {_OF_THE_SESSION}, NULL, NULL, NULL
    FROM information_schema.views WHERE table_schema = DATABASE()"""
_TRIGGERS = f"""
    SELECT 'trigger', LOWER(trigger_name), event_object_table, SHA2(CONCAT_WS(CHAR(31), action_statement,
        action_timing, event_manipulation, event_object_table, definer, sql_mode,
        character_set_client, collation_connection, database_collation), 256),
        {_OUTDATED}, action_timing, event_manipulation, action_order
    FROM information_schema.triggers WHERE trigger_schema = DATABASE()"""
_EVENTS = f"""
    SELECT 'event', LOWER(event_name), NULL, SHA2(CONCAT_WS(CHAR(31), event_definition,
        event_type, execute_at, interval_value, interval_field, starts, ends, on_completion, event_comment,
        definer, sql_mode, time_zone, character_set_client, collation_connection, database_collation), 256),
        {_OUTDATED}, NULL, NULL, NULL
    FROM information_schema.events WHERE event_schema = DATABASE()"""

PROGRAMS = " UNION ALL ".join((_ROUTINES, _VIEWS, _TRIGGERS, _EVENTS))
ONE = {
    "procedure": f"{_ROUTINES} AND routine_type = 'PROCEDURE' AND routine_name = %s",
    "function": f"{_ROUTINES} AND routine_type = 'FUNCTION' AND routine_name = %s",
    "view": f"{_VIEWS} AND table_name = %s",
    "trigger": f"{_TRIGGERS} AND trigger_name = %s",
    "event": f"{_EVENTS} AND event_name = %s",
}


@dataclass(frozen=True)
class Found:
    """A program on the server, and the fingerprint of what is stored.

    `outdated`: it was created under other settings than ours, or its database had another default collation then. Of a
    trigger also its table, BEFORE or AFTER, the event, and its place among the triggers of that moment, from 1.
    """

    table: str | None
    fingerprint: str
    outdated: bool = False
    timing: str | None = None
    event: str | None = None
    place: int | None = None


def programs(connection: Connection) -> dict[tuple[str, str], Found]:
    """What the account can see, by kind and name in small letters. Reads only."""
    return {(kind, name): Found(*found) for kind, name, *found in rows(connection, PROGRAMS)}


def find(connection: Connection, kind: str, name: str) -> Found | None:
    """One program, None where it does not exist. Reads only."""
    found = rows(connection, ONE[kind], (name,))
    return Found(*found[0][2:]) if found else None
