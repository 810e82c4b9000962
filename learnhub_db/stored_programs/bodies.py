"""The SQL statements in a program's body, in a form in which the server can be asked whether it would take them.

The server resolves names in a body when it runs. To be asked before, each statement is taken out, with a ? in the place of
every parameter, local variable and column of NEW or OLD.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import bare, rows
from learnhub_db.runner.steps import NAME
from learnhub_db.statements import code_only
from learnhub_db.stored_programs.programs import Program

# No such column, table or function; ambiguous; other numbers of columns; a view that refers to what is gone.
OF_NAMES = (1051, 1052, 1054, 1109, 1136, 1146, 1222, 1241, 1356)

_TOKEN = re.compile(rf"(?P<name>{NAME})|[();]")
_BEGINS = {"SELECT", "INSERT", "UPDATE", "DELETE", "REPLACE", "WITH", "TABLE"}
_FUNCTIONS = {"INSERT", "REPLACE"}  # which these words are too, before a parenthesis
_ROUTINE = re.compile(rf"CREATE\b.*?\b(?:PROCEDURE|FUNCTION)\s+(?:IF\s+NOT\s+EXISTS\s+)?{NAME}\s*\(", re.I | re.S)
_BODY = {"trigger": re.compile(r"\bFOR\s+EACH\s+ROW\b", re.I), "event": re.compile(r"\bDO\b", re.I)}
_PARAMETER = re.compile(rf"\s*(?:(?:IN|OUT|INOUT)\s+)?({NAME})\s", re.I)
_DECLARED = re.compile(rf"\bDECLARE\s+((?:{NAME}\s*,\s*)*{NAME})\s+(?!HANDLER\b|CURSOR\b|CONDITION\b)", re.I)
_OF_THE_ROW = re.compile(rf"\b(?:NEW|OLD)\s*\.\s*(?P<column>{NAME})", re.I)
_INTO = re.compile(rf"\bINTO\s+((?:@?{NAME}\s*,\s*)*@?{NAME})", re.I)


@dataclass(frozen=True)
class Part:
    """A statement of a body; `line` of the program's file."""

    sql: str
    line: int


def parts(program: Program) -> list[Part]:
    """The statements of its body that read or write rows, and the queries in its expressions."""
    code = code_only(program.sql)
    start, variables = _start(program, code)
    return [
        Part(_without_variables(program.sql[begin:end], variables), program.line + program.sql.count("\n", 0, begin))
        for begin, end in _places(code, start)
    ]


def columns_of_the_row(trigger: Program) -> dict[str, int]:
    """The columns of its table that a trigger names, with the line of its file where it first does."""
    found: dict[str, int] = {}
    for column in _OF_THE_ROW.finditer(code_only(trigger.sql)):
        found.setdefault(bare(column["column"]), trigger.line + trigger.sql.count("\n", 0, column.start()))
    return found


def refusal(connection: Connection, part: Part) -> pymysql.Error | None:
    """Why the server would not take the statement; None where it would. Nothing is run."""
    try:
        rows(connection, "PREPARE learnhub_part FROM %s", (part.sql,))
        rows(connection, "DEALLOCATE PREPARE learnhub_part")
    except pymysql.Error as error:
        return error
    return None


def _start(program: Program, code: str) -> tuple[int, set[str]]:
    """Where the body begins, and the names of its variables in small letters."""
    variables = {bare(name).lower() for names in _DECLARED.findall(code) for name in re.findall(NAME, names)}
    if program.kind in _BODY:
        found = _BODY[program.kind].search(code)
        return (found.end() if found else len(code)), variables
    head = _ROUTINE.match(code)
    if not head:
        return len(code), variables
    end = _closing(code, head.end())
    return end, variables | {bare(name).lower() for name in _parameters(code[head.end() : end])}


def _closing(code: str, start: int) -> int:
    """The place behind the parenthesis that closes the one before `start`."""
    depth = 1
    for found in re.finditer(r"[()]", code[start:]):
        depth += 1 if found[0] == "(" else -1
        if not depth:
            return start + found.end()
    return len(code)


def _parameters(code: str) -> Iterator[str]:
    depth, begin = 0, 0
    for place, sign in enumerate(f"{code[:-1]},"):
        depth += {"(": 1, ")": -1}.get(sign, 0)
        if sign == "," and not depth:
            if found := _PARAMETER.match(code[begin:place] + " "):
                yield found[1]
            begin = place + 1


def _places(code: str, start: int) -> Iterator[tuple[int, int]]:
    """Where the statements begin and end, and of the parentheses outside of them those that hold a query."""
    depth, begin, inside = 0, None, 0
    tokens = list(_TOKEN.finditer(code, start))
    for token, following in zip(tokens, [*tokens[1:], None]):
        word, after = token[0].upper(), following[0].upper() if following else ""
        if word == "(":
            depth += 1
            if begin is None and after in ("SELECT", "WITH"):
                begin, inside = following.start(), depth
        elif word == ")":
            if begin is not None and inside == depth:
                yield begin, token.start()
                begin = None
            depth -= 1
        elif word == ";" and not depth and begin is not None:
            yield begin, token.start()
            begin = None
        elif begin is None and not depth and word in _BEGINS and not (word in _FUNCTIONS and after == "("):
            begin, inside = token.start(), 0
    if begin is not None:
        yield begin, len(code)


def _without_variables(sql: str, variables: set[str]) -> str:
    """`sql` with a ? for each variable; of an INTO list they become the user's."""
    changes = [(*found.span(), "?") for found in _OF_THE_ROW.finditer(code_only(sql))]
    code = code_only(sql)
    for found in _INTO.finditer(code):
        for name in re.finditer(NAME, found[1]):
            if bare(name[0]).lower() in variables and code[found.start(1) + name.start() - 1] != "@":
                place = found.start(1) + name.start()
                changes.append((place, place + len(name[0]), f"@{name[0]}"))
    taken = {begin for begin, _, _ in changes}
    for name in re.finditer(rf"(?<![.@`\w$])(?P<name>{NAME})(?!\s*[.(])", code):
        known = bare(name["name"]).lower() in variables and name.start() not in taken
        if known and not re.search(r"\bAS\s+\Z", code[: name.start()], re.I):
            changes.append((name.start(), name.end(), "?"))
    for begin, end, new in sorted(changes, reverse=True):
        sql = sql[:begin] + new + sql[end:]
    return sql
