"""Statements that create what is not there: that it is there says that they ran, so several can be foreseen at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import takewhile

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.database import identifier, rows
from learnhub_db.runner.steps import Step

LONGEST = 64  # characters, of a fingerprint in the journal
AT_ONCE = 200  # of more the journal hears when these have run

_TABLE = re.compile(r"CREATE\s+TABLE\s+(?P<quote>`?)(?P<table>\w+)(?P=quote)\s*\((?!\s*LIKE\b)", re.I | re.A)
_INDEX = re.compile(
    r"""CREATE\s+(?:(?:UNIQUE|FULLTEXT|SPATIAL)\s+)?INDEX\s+(?P<quote>`?)(?P<index>\w+)(?P=quote)
    \s+ON\s+(?P<other>`?)(?P<table>\w+)(?P=other)\s*\(""",
    re.I | re.A | re.X,
)
_FROM_ROWS = re.compile(r"\b(?:SELECT|TABLE|VALUES\s+ROW|WITH(?!\s+PARSER))\b", re.I)
# Where a statement ends may depend on the session or the server's version, and so may what it needs.
_DOUBTFUL = re.compile(r"""[\\"$@]|/\*[!+]""")
# As the server names indexes itself.
_NUMBERED = re.compile(r"(?P<own>functional_index(?:_\d+)?|primary)|(?P<stem>.+)_\d+")
_ABSENT = re.compile(r"no table (?P<table>\w+)|no index (?P<index>\w+) on (?P<of>\w+)")
_THERE = """
    SELECT LOWER(table_name) FROM information_schema.tables
    WHERE table_schema = DATABASE() AND LOWER(table_name) IN %s
"""


def leading(connection: Connection, steps: Sequence[Step]) -> list[str]:
    """The fingerprints before each of the first `steps` that create tables, and indexes on these; reads only.

    A fingerprint names what the step creates: `no table …`, `no index … on …`. None of it is there, and no step creates
    what an earlier one may have created. None of the steps holds a second statement, or fills what it creates.
    """
    found: list[str] = []
    tables: dict[str, set[str]] = {}  # that the steps create, each with the words of what is said of it
    coming = list(takewhile(_creates, steps[:AT_ONCE]))
    there = _there(connection, coming)
    for step in coming:
        absent = _new_table(step, tables, there) or _new_index(step, tables)
        if not absent or len(absent) > LONGEST:
            break
        found.append(absent)
    return found


def are_named(fingerprint: str | None) -> bool:
    """Whether the fingerprint is one of leading()."""
    return bool(_ABSENT.fullmatch(fingerprint or ""))


def happened(connection: Connection, fingerprint: str | None) -> bool | None:
    """Whether what leading() has found absent is there now, whatever became of its file; None of other fingerprints."""
    absent = _ABSENT.fullmatch(fingerprint or "")
    if not absent:
        return None
    table = identifier(absent["table"] or absent["of"])
    try:
        if absent["table"]:
            return bool(rows(connection, f"SHOW CREATE TABLE {table}"))
        return bool(rows(connection, f"SHOW INDEX FROM {table} WHERE Key_name = %s", (absent["index"],)))
    except pymysql.Error as error:
        if error.args[0] != ER.NO_SUCH_TABLE:
            raise
        return False


def _creates(step: Step) -> bool:
    """Whether the step creates an empty table or an index, and is one statement to whoever reads it."""
    made = _TABLE.match(step.code) or _INDEX.match(step.code)
    if not made or ";" in step.code or _DOUBTFUL.search(step.text):
        return False
    return not _FROM_ROWS.search(step.code, made.end())


def _there(connection: Connection, steps: Sequence[Step]) -> set[str]:
    """Which of the tables that `steps` create there are, in small letters, or views of their names."""
    names = [made["table"].lower() for step in steps if (made := _TABLE.match(step.code))]
    return {name for (name,) in rows(connection, _THERE, (names,))} if names else set()


def _new_table(step: Step, tables: dict[str, set[str]], there: set[str]) -> str | None:
    """The fingerprint where the step creates a table neither `there` nor one of `tables`, which hold it then."""
    made = _TABLE.match(step.code)
    if not made or made["table"].lower() in tables.keys() | there:
        return None
    tables[made["table"].lower()] = _words(step)
    return f"no table {made['table']}"


def _new_index(step: Step, tables: dict[str, set[str]]) -> str | None:
    """The fingerprint where the step creates an index of a new name on one of `tables`, which are new themselves."""
    made = _INDEX.match(step.code)
    if not made or made["table"].lower() not in tables:
        return None
    words, name = tables[made["table"].lower()], made["index"].lower()
    numbered = _NUMBERED.fullmatch(name)
    if name in words or (numbered and (numbered["own"] or numbered["stem"] in words)):
        return None
    words |= _words(step)
    return f"no index {made['index']} on {made['table']}"


def _words(step: Step) -> set[str]:
    return set(re.findall(r"\w+", step.code.lower()))
