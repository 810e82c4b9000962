"""The SQL in the bodies of programs, as statements that the server can be asked about without running them.

The server reads a body when its program is created, but looks up the tables and columns in it only when it runs. Each
statement is taken out with placeholders for parameters, locals and the row of a trigger, so that it can be prepared.
One that is read wrongly is no SQL any more: the server refuses it for that, not for a name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import bare, identifier, rows
from learnhub_db.statements import code_only
from learnhub_db.stored_programs.programs import Program

# What is named is not there, is ambiguous, or has another shape: columns, tables, views, keys, partitions, arguments,
# and what may be written. Of syntax, rights and rows nothing is concluded.
OF_NAMES = (1051, 1052, 1054, 1109, 1136, 1146, 1176, 1191, 1222, 1241, 1305, 1318, 1356, 1471, 1735, 1747, 3105)
NO_ROUTINE = 1305

_TOKEN = re.compile(r"@[@\w$.]*(?:`[^`]*`)?|`(?:[^`]|``)+`|[\w$]+|\S")
_TEMPORARY = re.compile(
    r"\bCREATE\s+TEMPORARY\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(`(?:[^`]|``)+`|[\w$]+)", re.IGNORECASE
)
_OF_THE_ROW = re.compile(r"(?<![.@\w$])(?:NEW|OLD)\s*\.\s*(?P<column>`(?:[^`]|``)+`|[\w$]+)", re.IGNORECASE)
_ASKED = {"select", "insert", "replace", "update", "delete", "with", "table", "call", "do", "("}
_STARTS = _ASKED - {"("} | {"begin", "set", "return", "if", "case", "while", "loop", "repeat", "truncate", "signal"}
_LISTED = {"values", "value", "select", "with", "table"}  # what follows the columns of an INSERT
_ROWS = ("new", "old")


@dataclass(frozen=True)
class Part:
    """A statement of a body that can be prepared, and its line in the program's file."""

    sql: str
    line: int


@dataclass(frozen=True)
class _Token:
    text: str  # in small letters, without quotes
    start: int
    end: int


def parts(program: Program) -> list[Part]:
    """The statements of its body, the queries in its expressions among them; none of a view."""
    return [] if program.kind == "view" else _Reader(program).parts()


def columns_of_the_row(trigger: Program) -> dict[str, int]:
    """The columns of its table that a trigger names, with the line of its file where it first does."""
    found: dict[str, int] = {}
    for column in _OF_THE_ROW.finditer(code_only(trigger.sql)):
        found.setdefault(bare(column["column"]), trigger.line + trigger.sql.count("\n", 0, column.start()))
    return found


def refusal(connection: Connection, part: Part) -> pymysql.Error | None:
    """Why the server would not take the statement; None where it would. Nothing is run.

    What was prepared is forgotten with the next one, or with the connection.
    """
    try:
        rows(connection, "PREPARE learnhub_part FROM %s", (part.sql,))
    except pymysql.Error as error:
        return error
    return None


def temporary_tables(sql: str) -> set[str]:
    """The temporary tables that `sql` creates, in small letters: they hide what the schema has. Also in strings."""
    return {bare(name).lower() for name in _TEMPORARY.findall(sql)}


class _Reader:
    """Walks through a program once."""

    def __init__(self, program: Program) -> None:
        self.program, self.sql = program, program.sql
        code = code_only(program.sql)
        self.tokens = [
            _Token(bare(found[0]).lower(), found.start(), found.end()) for found in _TOKEN.finditer(code)
        ] + [_Token("", len(code), len(code))]
        self.place = 0
        self.locals: set[str] = set()
        self.found: list[tuple[int, int, str]] = []  # from and to a token, and what has to stand before them

    def parts(self) -> list[Part]:
        self._head()
        while self.word:
            self._statement()
        return [self._part(*one) for one in self.found]

    @property
    def word(self) -> str:
        return self.tokens[self.place].text

    def _next(self, ahead: int = 1) -> str:
        return self.tokens[min(self.place + ahead, len(self.tokens) - 1)].text

    def _head(self) -> None:
        """Pass all that stands before the body."""
        if self.program.kind == "event":
            self._until("do")
        elif self.program.kind == "trigger":
            self._until("row")
            if self._next() in ("follows", "precedes"):
                self.place += 2
        else:
            self._until("(")
            self._parameters()
            while self.word and not self._starts_a_body():
                self.place += 1
            return
        self.place += 1

    def _starts_a_body(self) -> bool:
        if self._next() == ":":
            return True
        return self.word in _STARTS and self.tokens[self.place - 1].text not in ("character", "char")

    def _parameters(self) -> None:
        depth, named = 0, False
        while self.word:
            depth += {"(": 1, ")": -1}.get(self.word, 0)
            if depth == 0:
                break
            if depth == 1 and self.word in ("(", ","):
                named = False
            elif not named and (self.word not in ("in", "out", "inout") or self._next() in (",", ")")):
                self.locals.add(self.word)
                named = True
            self.place += 1
        self.place += 1

    def _until(self, *words: str) -> int:
        """Go to the first of `words` that is in no brackets and no CASE … END, or to a semicolon; where that is."""
        depth = 0
        while self.word and self.word != ";" and (depth or self.word not in words):
            depth += {"(": 1, "case": 1, ")": -1, "end": -1}.get(self.word, 0)
            self.place += 1
        return self.place

    def _statement(self) -> None:
        if self._next() == ":" and self._next(2) != "=":
            self.place += 2
        word = self.word
        if word in _COMPOUND:
            self.place += 1
            getattr(self, f"_{word}")()
        elif word in _ASKED:
            self._keep(self.place, self._until(";"))
        else:
            self._until(";")
        self.place += self.word == ";"

    def _statements(self, *ends: str) -> None:
        while self.word and self.word not in ends:
            self._statement()

    def _condition(self, *ends: str) -> None:
        self._keep(self.place, self._until(*ends), "SELECT ")
        self.place += self.word != ";"

    def _keep(self, start: int, end: int, before: str = "") -> None:
        if end > start:
            self.found.append((start, end, before))

    def _begin(self) -> None:
        self._statements("end")
        self._until(";")

    _loop = _begin

    def _if(self) -> None:
        self._condition("then")
        self._statements("elseif", "else", "end")
        while self.word in ("elseif", "else"):
            self.place += 1
            if self.tokens[self.place - 1].text == "elseif":
                self._condition("then")
            self._statements("elseif", "else", "end")
        self._until(";")

    def _case(self) -> None:
        self._keep(self.place, self._until("when"), "SELECT ")
        while self.word == "when":
            self.place += 1
            self._condition("then")
            self._statements("when", "else", "end")
        if self.word == "else":
            self.place += 1
            self._statements("end")
        self._until(";")

    def _while(self) -> None:
        self._condition("do")
        self._begin()

    def _repeat(self) -> None:
        self._statements("until")
        self.place += 1
        self._condition("end")
        self._until(";")

    def _return(self) -> None:
        self._keep(self.place, self._until(";"), "SELECT ")

    def _set(self) -> None:
        while self.word not in ("", ";"):
            self._until("=", ",")
            if self.word == "=":
                self.place += 1
                self._keep(self.place, self._until(","), "SELECT ")
            self.place += self.word == ","

    def _declare(self) -> None:
        if "handler" in (self.word, self._next()):
            self._handler()
            return
        names = [self.word]
        while self._next() == ",":
            self.place += 2
            names.append(self.word)
        self.place += 1
        if self.word == "cursor":
            self.place += 2
            self._keep(self.place, self._until(";"))
        elif self.word != "condition":
            self.locals.update(names)
            self._until("default")
            self.place += self.word == "default"
            self._keep(self.place, self._until(";"), "SELECT ")

    def _handler(self) -> None:
        self._until("for")
        self.place += 1
        while True:
            if self.word in ("not", "sqlstate") and self._next() in ("found", "value"):
                self.place += 1
            self.place += 1
            if self.word != ",":
                break
            self.place += 1
        self._statement()

    def _part(self, start: int, end: int, before: str) -> Part:
        text, last = before, self.tokens[start].start
        columns = self._columns(start, end)
        place = start
        while place < end:
            stands_for, width = ("", 1) if place in columns else self._variable(place)
            if stands_for:
                text += self.sql[last : self.tokens[place].start] + stands_for
                last = self.tokens[place + width - 1].end
            place += width
        line = self.program.line + self.sql.count("\n", 0, self.tokens[start].start)
        stop = len(self.sql[: self.tokens[end].start].rstrip())  # strings are no tokens
        return Part(text + self.sql[last:stop], line)

    def _variable(self, place: int) -> tuple[str, int]:
        """What stands for the variable at this place, "" where there is none, and how many tokens it takes."""
        before, token, after = (self.tokens[max(place + step, 0)].text for step in (-1, 0, 1))
        if self.program.kind == "trigger" and token in _ROWS and after == "." and before != ".":
            return "?", 3
        if token not in self.locals or before in (".", "as") or after in (".", "("):
            return "", 1
        return (f"@{identifier(token)}" if self._is_into(place) else "?"), 1

    def _is_into(self, place: int) -> bool:
        """Whether a query puts its answer into this variable."""
        while self.tokens[place - 1].text == ",":
            place -= 2
        return self.tokens[place - 1].text == "into"

    def _columns(self, start: int, end: int) -> set[int]:
        """The places where a name is that of a column that is written, whatever the locals are called."""
        words = [token.text for token in self.tokens[start:end]]
        found = {
            start + place
            for place in range(1, len(words) - 1)
            if words[place + 1] == "=" and words[place - 1] in ("set", ",", "update") and words[0] != "select"
        }
        if words[0] in ("insert", "replace") and "(" in words:
            opened = words.index("(")
            closed = words.index(")", opened) if ")" in words else opened
            if words[closed + 1 : closed + 2] and words[closed + 1] in _LISTED:
                found |= set(range(start + opened, start + closed))
        return found


_COMPOUND = {"begin", "loop", "if", "case", "while", "repeat", "return", "set", "declare"}
