"""The tables and views that a view reads, by where their names stand in its text; no server is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass

from learnhub_db.database import bare
from learnhub_db.statements import code_only

_NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_TOKEN = re.compile(rf"(?:{_NAME}\s*\.\s*)*(?P<name>{_NAME})|[(),]")
_WITH = re.compile(rf"({_NAME})\s*(?:\([^()]*\)\s*)?\bAS\s*\(", re.IGNORECASE)
_BEFORE_TABLES = {"FROM", "JOIN", "STRAIGHT_JOIN"}
_BEHIND_TABLES = {"SELECT", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "INTERSECT", "EXCEPT"}
_FUNCTIONS_WITH_FROM = {"EXTRACT", "TRIM", "SUBSTRING", "SUBSTR", "MID"}


@dataclass
class _Parentheses:
    """What stands in them: a list of tables, or the arguments of a function whose FROM names none."""

    lists_tables: bool = False
    of_function: bool = False


def tables_of(sql: str) -> set[str]:
    """The names in small letters, without their databases, and without those of the statement's own WITH."""
    code = code_only(sql)
    found: set[str] = set()
    open_ones, expected, before = [_Parentheses()], False, ""
    for token in _TOKEN.finditer(code):
        word = token[0].upper()
        if word == "(":
            open_ones.append(_Parentheses(expected, before in _FUNCTIONS_WITH_FROM))
        elif word == ")":
            open_ones = open_ones[:-1] or [_Parentheses()]
            expected = False
        elif word == ",":
            expected = open_ones[-1].lists_tables
        elif word in _BEFORE_TABLES:
            expected = open_ones[-1].lists_tables = not open_ones[-1].of_function
        elif word in _BEHIND_TABLES:
            expected = open_ones[-1].lists_tables = False
        elif expected:
            found.add(bare(token["name"]).lower())
            expected = False
        before = word
    return found - {bare(name).lower() for name in _WITH.findall(code)}
