"""Whether those who call a routine can go on calling it: parameters are given by position."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows

_PARAMETERS = """
    SELECT parameter_mode, parameter_name, dtd_identifier, character_set_name
    FROM information_schema.parameters
    WHERE specific_schema = %s AND routine_type = %s AND specific_name = %s ORDER BY ordinal_position
"""
_LENGTHS = """
    SELECT data_type NOT IN ('enum', 'set'), character_set_name, character_octet_length
    FROM information_schema.columns
    WHERE table_schema = DATABASE() AND table_name = '_learnhub_types' ORDER BY ordinal_position
"""


class Parameter(NamedTuple):
    """As declared; of what a function returns `mode` and `name` are None."""

    mode: str | None
    name: str | None
    type: str
    character_set: str | None

    @property
    def declared(self) -> str:
        return f"{self.type} CHARACTER SET {self.character_set}" if self.character_set else self.type

    def __str__(self) -> str:
        return f"{self.name or 'the result'} {self.type}"


def read(connection: Connection, schema: str, kind: str, name: str) -> list[Parameter]:
    """What the routine takes, of a function what it returns first; reads only."""
    return [Parameter(*found) for found in rows(connection, _PARAMETERS, (schema, kind.upper(), name))]


def breaks(connection: Connection, old: list[Parameter], new: list[Parameter]) -> list[str]:
    """What callers of `old` trip over, in a phrase each; `connection` uses a scratch schema, where types are tried.

    A renamed parameter is not among it, nor one that takes everything it took.
    """
    before, after = [one.name for one in old], [one.name for one in new]
    if len(old) != len(new):
        changed = "added" if len(new) > len(old) else "removed"
        longer, shorter = (after, before) if changed == "added" else (before, after)
        return [f"{changed}: {', '.join(str(name) for name in longer if name not in shorter) or 'a parameter'}"]
    moved = [name for place, name in enumerate(after) if name and name in before and before[place] != name]
    return ([f"moved: {', '.join(moved)}"] if moved else []) + list(_changed(connection, old, new, moved))


def _changed(connection: Connection, old: list[Parameter], new: list[Parameter], moved: list[str]) -> Iterator[str]:
    for was, now in zip(old, new):
        if now.name in moved:
            continue
        if was.mode != now.mode:
            yield f"{now.name} is {now.mode} and was {was.mode}"
        if was[2:] != now[2:] and not _holds(connection, now, was):
            yield f"narrowed: {now}, was {was.type}"


def _holds(connection: Connection, wide: Parameter, narrow: Parameter) -> bool:
    """Whether each value of `narrow` is one of `wide`: the server says what type holds both."""
    try:
        rows(connection, f"CREATE TABLE _learnhub_types (narrow {narrow.declared}, wide {wide.declared})")
        return _both_are(connection, wide) or _is_longer_text(connection) or _grows(connection, wide)
    finally:
        rows(connection, "DROP TABLE IF EXISTS _learnhub_types, _learnhub_union")


def _both_are(connection: Connection, wide: Parameter) -> bool:
    types = "_learnhub_types"
    rows(connection, f"CREATE TABLE _learnhub_union SELECT narrow AS value FROM {types} UNION SELECT wide FROM {types}")
    sql = """
        SELECT LOWER(column_type), character_set_name FROM information_schema.columns
        WHERE table_schema = DATABASE() AND table_name = %s AND column_name = %s
    """
    both = rows(connection, sql, ("_learnhub_union", "value"))
    return both == rows(connection, sql, (types, "wide"))


def _is_longer_text(connection: Connection) -> bool:
    (*narrow, short), (*wide, long) = rows(connection, _LENGTHS)
    return bool(wide[0] and narrow == wide and short is not None and long >= short)


def _grows(connection: Connection, wide: Parameter) -> bool:
    """Members at the end of an ENUM or SET."""
    try:
        rows(connection, f"ALTER TABLE _learnhub_types MODIFY narrow {wide.declared}, ALGORITHM=INSTANT")
    except pymysql.Error:
        return False
    return True
