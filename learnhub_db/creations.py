"""Statements that create what is not there: that it is there says that they ran, so several can be foreseen at once."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pymysql.connections import Connection

from learnhub_db import fingerprints
from learnhub_db.steps import Step

_PLAIN = r"`?(?P<name>\w+)`?"
_TABLE = re.compile(rf"CREATE\s+TABLE\s+{_PLAIN}\s*\((?!\s*LIKE\b)", re.IGNORECASE)
_NUMBERED = re.compile(r"(?P<stem>.+)_\d+|(?P<functional>functional_index)")  # as the server names indexes itself


def leading(connection: Connection, steps: Sequence[Step]) -> list[str]:
    """The fingerprints before each of the first `steps` that create tables, and indexes on these; reads only.

    None of what they create is there, and none creates what an earlier one may have created.
    """
    found: list[str] = []
    tables: set[str] = set()
    words: set[str] = set()
    for step in steps:
        absent = _absent_table(connection, step, tables) or _absent_index(step, tables, words)
        if not absent:
            break
        found.append(absent)
        words.update(re.findall(r"\w+", step.code.lower()))
    return found


def _absent_table(connection: Connection, step: Step, tables: set[str]) -> str | None:
    """The fingerprint where the step creates a table that is not there; `tables` then holds it too."""
    made = _TABLE.match(step.code)
    if not made or made["name"].lower() in tables:
        return None
    before = fingerprints.of(connection, step.text)
    if before != fingerprints.absent(step.text):
        return None
    tables.add(made["name"].lower())
    return before


def _absent_index(step: Step, tables: set[str], words: set[str]) -> str | None:
    """The fingerprint where the step creates an index of a new name on one of `tables`, which are new themselves."""
    made = fingerprints.INDEX.match(step.code)
    if not made or made["table"].strip("`").lower() not in tables:
        return None
    name = made["index"].strip("`").lower()
    numbered = _NUMBERED.fullmatch(name)
    known = name in words or (numbered and (numbered["functional"] or numbered["stem"] in words))
    return None if known or not re.fullmatch(r"\w+", name) else fingerprints.absent(step.text)
