"""The names in a statement by their place in it: those of tables, of routines, and of what else an expression holds.

MySQL's grammar decides it where the server cannot be asked: in the body of a program, before the tables are there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum

from learnhub_db.database import bare
from learnhub_db.runner.steps import NAME

_TOKEN = re.compile(
    rf"(?P<at>@+)?(?P<first>{NAME})(?P<rest>(?:\s*\.\s*(?:{NAME}|\*))*)(?P<calls>\s*\()?|(?P<mark>[(),;])"
)
_PART = re.compile(rf"{NAME}|\*")
# Behind these words stand tables; the second ones name objects only in the head of a statement.
_TABLES = set("FROM JOIN STRAIGHT_JOIN INTO UPDATE TABLE REFERENCES DELETE INSERT REPLACE TRUNCATE RENAME CALL".split())
_OBJECTS = set("VIEW PROCEDURE FUNCTION TRIGGER EVENT INDEX TABLES".split())
_DDL = set("CREATE ALTER DROP RENAME ANALYZE CHECK OPTIMIZE REPAIR CHECKSUM SHOW".split())
_ON_A_TABLE = set("INDEX TRIGGER".split())
_EXPRESSIONS = set("SELECT WHERE SET GROUP ORDER HAVING LIMIT VALUES RETURN IF UNTIL WHILE CASE".split())
_STATEMENTS_FOLLOW = set("BEGIN LOOP REPEAT ROW DO".split())
_BRANCHES = set("WHEN THEN ELSE".split())
_FUNCTIONS_TOO = set("INSERT REPLACE TRUNCATE REPEAT IF".split())  # where a parenthesis follows
_WITH_FROM_INSIDE = set("EXTRACT TRIM SUBSTRING SUBSTR MID".split())
_NO_STATEMENT = {"KEY", "ON", "FOR"}  # before UPDATE
_ROWS_OF_A_TRIGGER = {"new", "old"}


class Role(Enum):
    """What the last of the joined names is; the one before a column's is a table or an alias."""

    TABLE = "table"
    ROUTINE = "routine"
    COLUMN = "column"


@dataclass(frozen=True)
class Chain:
    """Names joined by dots; `dot` is the place behind the first dot, `first_end` that behind the first name."""

    parts: tuple[str, ...]
    role: Role
    start: int
    first_end: int
    dot: int

    @property
    def names_a_database(self) -> bool:
        """Whether the first of them is a database, by their number and place."""
        if self.role is Role.COLUMN:
            return len(self.parts) > 2
        return len([part for part in self.parts if part != "*"]) > 1

    @property
    def object(self) -> str:
        """The last name that is no asterisk."""
        return [part for part in self.parts if part != "*"][-1]


def chains(code: str) -> list[Chain]:
    """The names of `code`, a statement with comments and strings blanked; some keywords are among them.

    Before a column stands a table or an alias that the statement names elsewhere, or else it is no column.
    """
    found = list(_Reader(code).chains())
    declared = {one.object.lower() for one in found if one.role is Role.TABLE} | _ROWS_OF_A_TRIGGER
    declared |= {one.parts[0].lower() for one in found if len(one.parts) == 1}
    return [replace(one, role=Role.TABLE) if _is_no_column(one, declared) else one for one in found]


def _is_no_column(chain: Chain, declared: set[str]) -> bool:
    return chain.role is Role.COLUMN and len(chain.parts) == 2 and chain.parts[0].lower() not in declared


@dataclass
class _Level:
    """Between two parentheses: whether the next name is a table's, also the one behind a comma."""

    opener: str = ""
    tables: bool = False
    listed: bool = False


class _Reader:
    """Goes through the code once, and knows behind which word it is."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._begin()

    def _begin(self) -> None:
        self.levels = [_Level()]
        self.verb = self.last = ""
        self.head = True
        self.on_a_table = False

    def chains(self) -> Iterator[Chain]:
        for found in _TOKEN.finditer(self.code):
            if found["mark"]:
                self._mark(found["mark"])
                continue
            word = found["first"].upper()
            keyword = not found["rest"] and word[0] != "`" and self._keyword(word, bool(found["calls"]))
            if not found["at"] and not keyword:
                yield self._chain(found)
            self.last = word
            if found["calls"]:
                self._mark("(")

    def _mark(self, mark: str) -> None:
        level = self.levels[-1]
        if mark == ";":
            self._begin()
        elif mark == "(":
            inherits = self.last in ("FROM", "JOIN", "STRAIGHT_JOIN", ",", "(")
            self.levels.append(_Level(self.last, level.tables and inherits, level.listed and inherits))
            self.head = False
        elif mark == ")" and len(self.levels) > 1:
            self.levels.pop()
        elif mark == ",":
            level.tables = level.listed
        self.last = mark

    def _chain(self, found: re.Match[str]) -> Chain:
        parts = tuple(bare(part) for part in (found["first"], *_PART.findall(found["rest"])))
        dot = found.end("first")
        if found["rest"]:
            dot += found["rest"].index(".") + 1
        tables = self.levels[-1].tables
        role = Role.TABLE if tables and self.last != "CALL" else Role.COLUMN
        if self.last == "CALL" or (found["calls"] and not tables):
            role = Role.ROUTINE
        return Chain(parts, role, found.start("first"), found.end("first"), dot)

    def _keyword(self, word: str, calls: bool) -> bool:
        """Take in a word that changes what the names behind it are; False for any other."""
        level = self.levels[-1]
        self.verb = self.verb or word
        if calls and word in _FUNCTIONS_TOO:
            return False
        if word in _STATEMENTS_FOLLOW:
            self.verb, self.head, level.tables, level.listed = "", True, False, False
        elif word == "UPDATE" and self.last in _NO_STATEMENT:
            level.tables = level.listed = False
        elif word == "LIKE" and self.last == "(":
            level.tables = True
        elif word == "ON":
            level.tables, self.on_a_table = self.on_a_table or self.verb in ("GRANT", "REVOKE"), False
        elif word in _BRANCHES:
            level.tables = False
        elif word in _EXPRESSIONS and not (word == "IF" and level.tables):
            level.tables = level.listed = False
            self.head = False
        elif word in _TABLES and not (word == "FROM" and level.opener in _WITH_FROM_INSIDE):
            level.tables = level.listed = True
        elif self.head and self.verb in _DDL and word in _OBJECTS:
            level.tables = level.listed = True
            self.on_a_table = word in _ON_A_TABLE
        else:
            return word in _OBJECTS and self.head
        return True
