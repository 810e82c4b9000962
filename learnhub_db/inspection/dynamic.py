"""What programs put together and prepare while they run: kept inside the scratch schema.

In the build a PREPARE of a program prepares what is left of its text: with the scratch schema for its own database, and
nothing at all where the text may reach another one. That is counted, for nobody knows the text before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.inspection.naming import Naming
from learnhub_db.runner.steps import NAME
from learnhub_db.statements import code_only

# What asks the catalogue, or by name for the database in which it is.
_ASKS = re.compile(
    r"\b(?:information_schema|performance_schema|mysql|sys)\b[`\"]?\s*\.|\bSHOW\b|\b(?:DATABASE|SCHEMA)\s*\(",
    re.IGNORECASE,
)
_PREPARE = re.compile(rf"\bPREPARE\s+{NAME}\s+FROM(?![\w$])", re.IGNORECASE)
_SOURCE = re.compile(rf"\s*(@{NAME}|'(?:[^'\\]|\\.|'')*')", re.DOTALL)
_STRING = re.compile(r"(?<!['\"\\\w])(?P<quote>['\"])(?P<said>[^'\"\\]+)(?P=quote)(?!['\"])")
_BEFORE_A_DOT = r"[`\"]?(?:\s|/\*.*?\*/|(?:#|--\s)[^\n]*\n)*\."
_EVENT = r"\bEVENT\b"  # one would run in the scratch schema
_GUARDED = """BEGIN SET @_learnhub_text = CONVERT({source} USING utf8mb4);
SET @_learnhub_left = @_learnhub_left + IFNULL(REGEXP_LIKE(@_learnhub_text, @_learnhub_outside), 0),
 @_learnhub_moved = @_learnhub_moved + IFNULL(REGEXP_LIKE(@_learnhub_text, @_learnhub_own), 0),
 @_learnhub_text = IF(REGEXP_LIKE(@_learnhub_text, @_learnhub_outside), 'DO 0',
 REGEXP_REPLACE(@_learnhub_text, @_learnhub_own, DATABASE())); {prepare}@_learnhub_text; END"""


def asks(sql: str) -> bool:
    """Whether `sql`, or a string in it, asks the catalogue."""
    return bool(_ASKS.search(sql))


class Dynamic:
    """The guard of the schema that `connection` uses."""

    def __init__(self, connection: Connection, naming: Naming, schema: str) -> None:
        self.connection, self.naming, self.schema = connection, naming, schema
        self.written: dict[str, str] = {}  # what the files say for what was built
        self.spelled = naming.own

    def body(self, sql: str) -> str:
        """The body of a program: with the scratch schema for its own database, and guarded where it prepares."""
        for one in reversed([one for one in self.naming.databases(sql) if self.naming.is_own(one.parts[0])]):
            quote = sql[one.start] if sql[one.start] in '`"' else ""
            sql = f"{sql[: one.start]}{quote}{self.schema}{quote}{sql[one.first_end :]}"
            self.spelled = one.parts[0]
        prepares = _PREPARE.search(code_only(sql))
        return self._guarded(self.moved(sql) if prepares or asks(sql) else sql)

    def moved(self, sql: str) -> str:
        """`sql` with the scratch schema for its own database, where a string names that."""
        blank = code_only(sql)
        for found in reversed(list(_STRING.finditer(sql))):
            if self.naming.is_own(found["said"]) and not blank[slice(*found.span())].strip():
                start, end = found.span("said")
                sql = f"{sql[:start]}{self.schema}{sql[end:]}"
                self.spelled = found["said"]
        return sql

    def _guarded(self, body: str) -> str:
        for found in reversed(list(_PREPARE.finditer(code_only(body)))):
            source = _SOURCE.match(body, found.end())
            if source:
                prepare = body[found.start() : source.start(1)]
                guarded = _GUARDED.format(source=source[1], prepare=prepare)
                self.written[guarded] = prepare + source[1]
                body = body[: found.start()] + guarded + body[source.end() :]
        return body

    def arm(self, ways: Iterable[str]) -> None:
        """Before a call: where it must not lead."""
        flag = "(?s-i)" if self.naming.fold is str else "(?si)"
        databases = "|".join(sorted(map(_pattern, self.naming.others)))
        outside = [_EVENT, *(rf"(?<![\w$]){_pattern(way)}(?![\w$])" for way in ways)]
        outside += [rf"(?<![\w$])(?:{databases}){_BEFORE_A_DOT}"] if databases else []
        own = _pattern(self.naming.own)
        rows(
            self.connection,
            "SET @_learnhub_outside = %s, @_learnhub_own = %s, @_learnhub_left = 0, @_learnhub_moved = 0",
            (f"{flag}{'|'.join(outside)}", rf"{flag}(?<![\w$]){own}(?={_BEFORE_A_DOT})|(?<=['\"]){own}(?=['\"])"),
        )

    def counted(self) -> tuple[int, int]:
        """How many texts were left out since, and in how many the own database was replaced."""
        ((left, moved),) = rows(self.connection, "SELECT @_learnhub_left, @_learnhub_moved")
        return int(left or 0), int(moved or 0)

    def restored(self, sql: str) -> str:
        """A definition of the scratch schema as the files say it."""
        for built, written in self.written.items():
            sql = sql.replace(built, written)
        return sql.replace(self.schema, self.spelled)


def _pattern(name: str) -> str:
    return re.escape(name.replace("`", "``"))
