"""Creating programs one after the other, where the server has the last word on what must be there before what."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

import pymysql
from pymysql.constants import ER

from learnhub_db.errors import DatabaseRefused
from learnhub_db.stored_programs.programs import Program

_MISSING = re.compile(r"'(?:[^']*\.)?([^'.]+)'")


def in_turn(programs: Iterable[Program], create: Callable[[Program], None]) -> None:
    """Create one after the other; a view that the server refuses for want of a later one is created behind that."""
    waiting = list(programs)
    lacks: dict[str, str] = {}  # the views that wait, each with the one that it waits for
    while waiting:
        program = waiting.pop(0)
        try:
            create(program)
        except DatabaseRefused as refusal:
            lacking = _lacking(refusal) if program.kind == "view" else ""
            places = [place for place, one in enumerate(waiting) if one.key == ("view", lacking)]
            lacks[program.name.lower()] = lacking
            if not places or _in_a_circle(program.name.lower(), lacks):
                raise
            waiting.insert(places[0] + 1, program)
        else:
            lacks.pop(program.name.lower(), None)


def _in_a_circle(name: str, lacks: Mapping[str, str]) -> bool:
    lacking = lacks.get(name)
    while lacking and lacking != name:
        lacking = lacks.get(lacking)
    return lacking == name


def _lacking(refusal: DatabaseRefused) -> str:
    """The table that a statement was refused for, in small letters; "" for another reason."""
    cause = refusal.__cause__
    if not isinstance(cause, pymysql.Error) or cause.args[0] != ER.NO_SUCH_TABLE:
        return ""
    found = _MISSING.search(cause.args[1])
    return found[1].lower() if found else ""
