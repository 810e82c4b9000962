"""How a program's file and what is deployed differ: the server is asked, on copies in a scratch schema."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.stored_programs import stored
from learnhub_db.stored_programs.programs import Program
from learnhub_db.stored_programs.scratch import Scratch
from learnhub_db.stored_programs.stored import Stored

Characteristics = tuple[str, str, str]
_COMPOUND = re.compile(r"(?:(?:`[^`]+`|\w+)\s*:\s*)?BEGIN\b", re.IGNORECASE)


@dataclass(frozen=True)
class Difference:
    """`same` in what is stored; else, where an ALTER is enough, the `characteristics` that it gives.

    `new`: how the server stores what the file says. `compound`: a routine's body is known to be a block, behind which
    other statements may stand in a packet.
    """

    same: bool = False
    new: Stored | None = None
    characteristics: Characteristics | None = None
    compound: bool = False


def compare(scratch: Scratch, program: Program, old: Stored) -> Difference:
    """DatabaseRefused where the server does not take the program. The target is only read."""
    new = scratch.compile(program)
    if new == old or program.kind == "trigger":
        return Difference(same=new == old, new=new)
    *wanted, body = _characteristics(scratch.connection, program, scratch.schema)
    compound = bool(_COMPOUND.match(body))
    if old.settings == new.settings and _altered(scratch, program, old, tuple(wanted)) == new:
        return Difference(new=new, characteristics=tuple(wanted), compound=compound)
    return Difference(new=new, compound=compound)


def alter(connection: Connection, program: Program, characteristics: Characteristics, schema: str = "") -> None:
    """Give the routine these characteristics; its grants stay, and no caller misses it."""
    data, security, comment = characteristics
    routine = f"{program.kind.upper()} {stored.qualified(program.name, schema)}"
    rows(connection, f"ALTER {routine} {data} SQL SECURITY {security} COMMENT %s", (comment,))


def _altered(scratch: Scratch, program: Program, old: Stored, wanted: Characteristics) -> Stored | None:
    """What the ALTER makes of a copy of the deployed one; None where the copy cannot be made."""
    try:
        scratch.copy(program.kind, program.name, old)
        alter(scratch.connection, program, wanted, scratch.schema)
    except pymysql.Error:
        return None
    return stored.read(scratch.connection, program.kind, program.name, scratch.schema)


def _characteristics(connection: Connection, program: Program, schema: str) -> tuple[str, str, str, str]:
    sql = """
        SELECT sql_data_access, security_type, routine_comment, routine_definition FROM information_schema.routines
        WHERE routine_schema = %s AND routine_name = %s AND routine_type = %s
    """
    (found,) = rows(connection, sql, (schema, program.name, program.kind.upper()))
    return found
