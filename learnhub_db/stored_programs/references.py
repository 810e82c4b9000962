"""Which tables and views a query names: only what stands where a table stands counts, never a column or an alias."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from learnhub_db.database import bare
from learnhub_db.statements import code_only

_NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_TOKEN = re.compile(rf"{_NAME}(?:\s*\.\s*{_NAME})*|[(),]")
_LAST = re.compile(rf"{_NAME}\Z")
_QUERY = {"SELECT", "VALUES"}
_ENDS_FROM = {"WHERE", "GROUP", "HAVING", "ORDER", "LIMIT", "WINDOW", "QUALIFY", "UNION", "INTERSECT", "EXCEPT", "FOR"}
_JOINS = {"JOIN", "STRAIGHT_JOIN"}
_NO_CTE = {"ROLLUP", "CHECK", "CASCADED", "LOCAL", "PARSER", "QUERY"}  # what else may stand behind WITH


@dataclass
class _Level:
    """Within one pair of parentheses: whether a query has begun, its FROM, and whether a table comes next."""

    query: bool = False
    tables: bool = False
    expects: bool = False
    with_: str = ""  # what of a WITH comes next: name, body or comma
    recursive: bool = False
    cte: str = ""
    ctes: set[str] = field(default_factory=set)


def tables_of(sql: str) -> set[str]:
    """The tables and views that the query in `sql` reads, in small letters, without its own WITH names."""
    found: set[str] = set()
    levels = [_Level()]
    tokens = _TOKEN.findall(code_only(sql))
    for token, following in zip(tokens, [*tokens[1:], ""]):
        if token == "(":
            levels.append(_opened(levels[-1]))
        elif token == ")":
            _close(levels)
        elif token == ",":
            _pass_comma(levels[-1])
        elif not _is_clause(levels[-1], token.upper(), following.upper()):
            name = bare(_LAST.search(token)[0]).lower()
            if _is_table(levels[-1], name, following) and not ("." not in token and _is_cte(levels, name)):
                found.add(name)
    return found


def _opened(outer: _Level) -> _Level:
    """A list of tables may stand in parentheses too."""
    level = _Level(tables=outer.expects, expects=outer.expects)
    outer.expects = False
    return level


def _close(levels: list[_Level]) -> None:
    inner = levels.pop() if len(levels) > 1 else levels[0]
    if levels[-1].with_ == "body" and inner.query:
        levels[-1].ctes.add(levels[-1].cte)
        levels[-1].with_ = "comma"


def _pass_comma(level: _Level) -> None:
    level.expects = level.tables
    if level.with_ == "comma":
        level.with_ = "name"


def _is_clause(level: _Level, word: str, following: str) -> bool:
    """Whether `word` is a word of the language that says what comes next."""
    if word == "WITH" and following not in _NO_CTE:
        level.with_, level.recursive = "name", following == "RECURSIVE"
    elif word in _QUERY:
        level.query, level.tables, level.expects, level.with_ = True, False, False, ""
    elif word == "TABLE":
        level.query = level.expects = True
    elif word == "FROM" and level.query:
        level.tables = level.expects = True
    elif word in _JOINS and level.tables:
        level.expects = True
    elif word in _ENDS_FROM:
        level.tables = level.expects = False
    else:
        return word in ("RECURSIVE", "LATERAL")
    return True


def _is_table(level: _Level, name: str, following: str) -> bool:
    if level.with_ == "name":
        level.cte, level.with_ = name, "body"
        if level.recursive:
            level.ctes.add(name)
        return False
    expected, level.expects = level.expects, False
    return expected and following != "("


def _is_cte(levels: list[_Level], name: str) -> bool:
    return any(name in level.ctes for level in levels)
