"""Which programs an apply has something to do with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pymysql.connections import Connection

from learnhub_db.history import History, Key
from learnhub_db.stored_programs import events, firing
from learnhub_db.stored_programs.catalogue import Found
from learnhub_db.stored_programs.firing import Order
from learnhub_db.stored_programs.programs import Program


def differs(past: History, program: Program, found: Found | None) -> bool:
    """Whether the file, or what is on the server, is another than at the last deployment."""
    record = past.objects.get(program.key)
    as_recorded = found and record and (record.digest, record.fingerprint) == (program.digest, found.fingerprint)
    return not as_recorded or found.outdated


def read(
    connection: Connection, past: History, programs: Sequence[Program], existing: Mapping[Key, Found], order: Order
) -> list[Program]:
    """Those of `programs` that are not what the server has, or triggers that fire in another order. Reads only."""
    moving = firing.misplaced(order, firing.deployed(existing))

    def is_pending(program: Program) -> bool:
        if program.kind == "trigger" and program.name.lower() in moving:
            return True
        found = existing.get(program.key)
        if not differs(past, program, found):
            return False
        return not (events.is_known_to_be_over(past, program, found) and events.is_over(connection, past, program))

    return list(filter(is_pending, programs))
