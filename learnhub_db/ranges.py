"""A key gone along in ranges: gaps cost nothing, and the work on one range takes about as long as on the next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import monotonic

from pymysql.connections import Connection

from learnhub_db.database import identifier, rows

FIRST_SIZE = 100
MOST = 100_000
AIM_SECONDS = 0.5


@dataclass(frozen=True)
class Key:
    """A column of whole numbers that an index begins with."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table}.{self.column}"


@dataclass(frozen=True)
class Range:
    """From `first` to `last`, both in it, of what goes on to `end`."""

    first: int
    last: int
    end: int


def ranges(connection: Connection, keys: Sequence[Key]) -> Iterator[Range]:
    """Ranges with all values that any of the keys has at the beginning, in order; none where there is no row.

    The first has about FIRST_SIZE rows, each further one as many as the caller would have dealt with in AIM_SECONDS,
    judged by the time from the one before to this; rows of one value stay together.
    """
    ends = _ends(connection, keys)
    if not ends:
        return
    first, end = ends
    size = FIRST_SIZE
    while first <= end:
        last = end if end - first < size else _last(connection, keys, first, size, end)
        started = monotonic()
        yield Range(first, last, end)
        size = _resized(size, monotonic() - started)
        first = last + 1


def _resized(size: int, seconds: float) -> int:
    """At most twice as many as before: how dense the next ones are is not known."""
    return max(1, min(MOST, 2 * size, int(size * AIM_SECONDS / max(seconds, 0.001))))


def _ends(connection: Connection, keys: Sequence[Key]) -> tuple[int, int] | None:
    ends = " UNION ALL ".join(
        f"SELECT MIN({column}) AS low, MAX({column}) AS high FROM {table}" for table, column in _quoted(keys)
    )
    ((low, high),) = rows(connection, f"SELECT MIN(low), MAX(high) FROM ({ends}) ends")
    return None if low is None else (int(low), int(high))


def _last(connection: Connection, keys: Sequence[Key], first: int, size: int, end: int) -> int:
    """Where the first of the keys has `size` rows from `first` on; `end` where none has so many up to it."""
    steps = " UNION ALL ".join(
        f"(SELECT {column} AS place FROM {table} WHERE {column} >= {first}"
        f" ORDER BY {column} LIMIT 1 OFFSET {size - 1})"
        for table, column in _quoted(keys)
    )
    ((place,),) = rows(connection, f"SELECT MIN(place) FROM ({steps}) steps")
    return end if place is None else min(end, int(place))


def _quoted(keys: Sequence[Key]) -> list[tuple[str, str]]:
    return [(identifier(key.table), identifier(key.column)) for key in keys]
