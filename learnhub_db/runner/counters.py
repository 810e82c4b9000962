"""The counters behind AUTO_INCREMENT: a rollback leaves them where they are, and ids would differ the second time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from pymysql.connections import Connection

from learnhub_db.database import identifier, rows
from learnhub_db.runner.steps import Kind, Step

_COUNTING = """
    SELECT table_name FROM information_schema.columns
    WHERE table_schema = DATABASE() AND extra LIKE '%%auto_increment%%'
"""
_TRIGGERED = """
    SELECT 1 FROM information_schema.triggers
    WHERE trigger_schema = DATABASE() AND LOWER(event_object_table) IN %s LIMIT 1
"""
_COUNTERS = """
    SELECT table_name, auto_increment FROM information_schema.tables
    WHERE table_schema = DATABASE() AND table_name IN %s
"""
_WRITES = re.compile(r"(?:/\*!\d*\s*)?(?:INSERT|REPLACE|LOAD|UPDATE|DELETE|WITH|CALL|EXECUTE)\b", re.IGNORECASE)

Counters = dict[str, int | None]


def tables(connection: Connection, steps: Sequence[Step]) -> list[str]:
    """The tables whose counters `steps` may move: all of them where a procedure or a trigger takes part."""
    writing = [step for step in steps if _WRITES.match(step.code)]
    if not writing:
        return []
    words = {word.lower() for step in writing for word in re.findall(r"[\w$]+", step.code)}
    found = [name for (name,) in rows(connection, _COUNTING)]
    if any(step.kind is Kind.CALL for step in writing) or rows(connection, _TRIGGERED, (sorted(words),)):
        return found
    return [name for name in found if name.lower() in words]


def read(connection: Connection, names: Sequence[str]) -> Counters:
    """The next number of each table; None where none was ever given."""
    if not names:
        return {}
    rows(connection, "SET information_schema_stats_expiry = 0")
    return dict(rows(connection, _COUNTERS, (names,)))


def put_back(connection: Connection, counters: Mapping[str, int | None]) -> None:
    """Set each counter to what it was; the server never goes below a number that is in the table.

    Also where it looks right: after the server's death what it tells is not always what it gives.
    """
    for name in read(connection, list(counters)):
        rows(connection, f"ALTER TABLE {identifier(name)} AUTO_INCREMENT = {counters[name] or 1}")
