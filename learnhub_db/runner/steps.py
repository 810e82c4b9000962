"""A migration's statements as the journal sees them: what of each one lasts, and when.

What could not be taken up again after a crash is refused here, before anything runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from functools import cached_property
from hashlib import sha256

from learnhub_db.errors import UsageError
from learnhub_db.statements import Statement, code_only, shape

DESTROYING = re.compile(r"\b(?:DROP|TRUNCATE|DISCARD)\b", re.IGNORECASE)  # a statement without one destroys no table
NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_HEAD = re.compile(r"(?:/\*!\d*|[\s(])*(?P<first>\w*)\s*(?P<second>\w*)")
_READS_OR_WRITES_ROWS = set(
    "INSERT REPLACE UPDATE DELETE SELECT WITH TABLE VALUES DO SHOW EXPLAIN DESCRIBE DESC HELP SIGNAL GET "
    "SAVEPOINT RELEASE".split()
)
_TEMPORARY = re.compile(rf"\s*(?:CREATE|DROP)\s+TEMPORARY\s+TABLE\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?({NAME})", re.I)
_TARGET = re.compile(
    rf"\s*(?:(?P<scope>GLOBAL|PERSIST|PERSIST_ONLY|SESSION|LOCAL)\s+)?(?P<name>@?@?{NAME}(?:\.{NAME})?)", re.I
)
_OWN = re.compile(r"(?<![\w$@])(?:_learnhub_\w+|_yoyo_(?:log|migration|version)|yoyo_lock)(?![\w$])", re.I)
_DOT = re.compile(r"\s*\.\s*")
_GLOBAL = re.compile(r"@@(?:GLOBAL|PERSIST|PERSIST_ONLY)\.", re.I)
_OF_THE_SESSION = re.compile(r"@@(?:SESSION\.|LOCAL\.)?", re.I)


class Kind(Enum):
    """What happens to a statement's effect when the connection dies."""

    ROWS = "rows"  # gone, unless it was committed together with its row of the journal
    CALL = "call"  # as of ROWS, unless the procedure commits
    SESSION = "session"  # gone always
    BEGIN = "begin"
    COMMIT = "commit"
    ROLLBACK = "rollback"
    LASTING = "lasting"  # commits by itself: DDL, and whatever is not known


@dataclass(frozen=True)
class Step:
    """A statement of a migration; `held`: its transaction stays open for the next one."""

    statement: Statement
    kind: Kind
    held: bool = False

    @property
    def text(self) -> str:
        return self.statement.text

    @property
    def line(self) -> int:
        return self.statement.line

    @cached_property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()

    @cached_property
    def code(self) -> str:
        return code_only(self.text, self.statement.escapes)

    @cached_property
    def assignments(self) -> list[str]:
        """Of a SET what stands between its commas, as it is written."""
        if first_word(self.text) != "SET":
            return []
        start = _HEAD.match(self.code).end("first")
        return [self.text[start + begin : start + end] for begin, end in _between_commas(self.code[start:])]

    @cached_property
    def settings(self) -> list[str]:
        """The session's variables that a SET changes, in small letters: not the user's, not the global ones."""
        if self.kind is not Kind.SESSION or not self.assignments:
            return []
        word = _HEAD.match(self.code)["second"].lower()
        if word in ("names", "character", "charset", "role", "resource"):
            return [word]
        targets = (_TARGET.match(_DOT.sub(".", shape(part))) for part in self.assignments)
        return [name for name in (_session_variable(target) for target in targets if target) if name]


def read(statements: Sequence[Statement], path: str) -> list[Step]:
    """The steps of a file; UsageError where one of them could not be taken up again after a crash."""
    steps = [Step(statement, kind_of(statement.text)) for statement in statements]
    for step in steps:
        _refuse(step, f"{path}:{step.line}")
    return _hold_temporary_tables(steps, path)


def first_word(text: str) -> str:
    """In capitals, also where a comment for MySQL alone holds the statement."""
    return _HEAD.match(text)["first"].upper()


def kind_of(text: str) -> Kind:
    first, second = (word.upper() for word in _HEAD.match(text).group("first", "second"))
    if first in ("SET", "PREPARE", "DEALLOCATE") or (first, second) == ("DROP", "PREPARE"):
        return Kind.LASTING if first == "SET" and second in ("PASSWORD", "DEFAULT") else Kind.SESSION
    if first == "BEGIN" or (first, second) == ("START", "TRANSACTION"):
        return Kind.BEGIN
    if first in ("COMMIT", "CALL"):
        return Kind[first]
    if first == "ROLLBACK":
        return Kind.ROWS if re.search(r"\bTO\b", code_only(text), re.I) else Kind.ROLLBACK
    if first == "SELECT" and re.search(r"\bINTO\s+(?:OUT|DUMP)FILE\b", code_only(text), re.I):
        return Kind.LASTING
    of_rows = first in _READS_OR_WRITES_ROWS or (first, second) in (("LOAD", "DATA"), ("LOAD", "XML"))
    return Kind.ROWS if of_rows or _TEMPORARY.match(text) else Kind.LASTING


def _refuse(step: Step, where: str) -> None:
    first, second = (word.upper() for word in _HEAD.match(step.text).group("first", "second"))
    if first == "USE":
        raise UsageError("the migration holds a USE", where, "the database is the URL's")
    if own := _OWN.search(step.code):
        if first not in ("SELECT", "SHOW"):
            hint = f"leave it out: of a dump, mysqldump --ignore-table=DATABASE.{own[0]}"
            raise UsageError(f"the migration changes the toolkit's own table {own[0]}", where, hint)
    if first in ("LOCK", "UNLOCK", "XA", "HANDLER"):
        of_dump = " (mysqldump --skip-add-locks)" if "LOCK" in first else ""
        hint = f"remove it{of_dump}: it does not go together with the journal that apply keeps"
        raise UsageError(f"the migration holds a {first}", where, hint)
    if (first, second) == ("SET", "TRANSACTION"):
        raise UsageError("the migration sets one transaction", where, "write SET SESSION TRANSACTION")
    if step.settings and re.search(r"\bSELECT\b", step.code, re.I):
        hint = "write SET @value = (SELECT …) first and set the variable to @value"
        raise UsageError("a session variable is set from a query", where, hint)
    counted = re.search(r"\b(?:ROW_COUNT|FOUND_ROWS)\s*\(", step.code, re.I)
    if counted and first not in ("CREATE", "ALTER"):
        hint = "put it and the statement that it counts into one procedure"
        raise UsageError(f"the migration asks for {counted[0].upper()})", where, hint)


def _hold_temporary_tables(steps: list[Step], path: str) -> list[Step]:
    """From the first temporary table to the last word of one all is one transaction, for a crash loses them all."""
    names = [found[1].strip("`") for found in (_TEMPORARY.match(step.code) for step in steps) if found]
    if not names:
        return steps
    word = re.compile(r"(?<![\w$])(?:" + "|".join(map(re.escape, names)) + r")(?![\w$])", re.I)
    using = [number for number, step in enumerate(steps) if word.search(step.code)]
    span = range(using[0], using[-1])
    for number in (*span, using[-1]):
        if steps[number].kind not in (Kind.ROWS, Kind.SESSION):
            what = f"a statement that may commit stands where {names[0]} is in use"
            hint = "a crash would lose the table: put it and all that uses it into a file without such statements"
            raise UsageError(what, f"{path}:{steps[number].line}", hint)
    return [replace(step, held=number in span) for number, step in enumerate(steps)]


def _between_commas(code: str) -> Iterable[tuple[int, int]]:
    """Where the parts begin and end that are between those commas that stand in no parentheses."""
    depth = start = 0
    for position, character in enumerate(code):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and not depth:
            yield start, position
            start = position + 1
    yield start, len(code)


def _session_variable(target: re.Match[str]) -> str | None:
    name, scope = target["name"], (target["scope"] or "SESSION").upper()
    if scope not in ("SESSION", "LOCAL") or _GLOBAL.match(name) or re.match(r"@[^@]", name):
        return None
    return _OF_THE_SESSION.sub("", name).lower()
