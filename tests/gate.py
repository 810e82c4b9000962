"""A statement that waits: so that something can be done while one of several that were sent together is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import interruptions
from interruptions import Client
from learnhub_db.database import Target, connect, rows

STATEMENT = "CREATE TABLE gate (n INT, FOREIGN KEY (n) REFERENCES gatepost (n))"
_WAITS = "Waiting for table metadata lock"


@contextmanager
def closed(target: Target) -> Iterator[None]:
    """Whoever runs the STATEMENT meanwhile waits there, for a lock on the table that it refers to."""
    with connect(target) as keeper:
        rows(keeper, "CREATE TABLE IF NOT EXISTS gatepost (n INT PRIMARY KEY)")
        rows(keeper, "LOCK TABLES gatepost WRITE")
        yield


@contextmanager
def reached(target: Target, work: Callable[..., object], *arguments: object) -> Iterator[tuple[int, Client]]:
    """While `work(target, …)` in a process of its own stands before the gate on the connection of that number."""
    with closed(target):
        client = interruptions.start(work, target, *arguments)
        interruptions.until(lambda: bool(waiting(target)))
        (number,) = waiting(target)
        yield number, client
    client.join(interruptions.PATIENCE_SECONDS)


def kill_the_connection(target: Target, number: int) -> None:
    """End it on the server, and wait until it is gone."""
    with connect(target, select_database=False) as other:
        rows(other, f"KILL {number}")
    interruptions.until(lambda: not waiting(target))


def waiting(target: Target) -> list[int]:
    """The connections that stand before it."""
    with connect(target, select_database=False) as other:
        found = rows(other, "SELECT id, db, state FROM performance_schema.processlist")
    return [number for number, database, state in found if (database, state) == (target.database, _WAITS)]
