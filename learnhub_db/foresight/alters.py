"""ALTER TABLE, CREATE INDEX, DROP INDEX and OPTIMIZE TABLE in one form, in which the server can be told what to try."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from learnhub_db.database import bare, identifier
from learnhub_db.runner.steps import NAME
from learnhub_db.statements import code_only

_FORMS = re.compile(
    rf"""\s*(?:
      ALTER\s+TABLE\s+(?P<altered>{NAME})\s*(?P<clauses>.*)
    | CREATE\s+(?P<sort>(?:UNIQUE|FULLTEXT|SPATIAL)\s+)?INDEX\s+(?P<created>{NAME})(?P<using>\s+USING\s+\w+)?
        \s+ON\s+(?P<indexed>{NAME})\s*(?P<columns>\(.*)
    | DROP\s+INDEX\s+(?P<dropped>{NAME})\s+ON\s+(?P<bared>{NAME})\s*(?P<options>.*)
    | OPTIMIZE\s+(?:(?:NO_WRITE_TO_BINLOG|LOCAL)\s+)?TABLES?\s+(?P<optimized>{NAME})\s*
    )\Z""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_SAID = r"\b(?:ALGORITHM|LOCK)\s*=?\s*(?:DEFAULT|INSTANT|INPLACE|COPY|NONE|SHARED|EXCLUSIVE)\b"
_STATED = re.compile(rf",\s*{_SAID}|{_SAID}\s*,?", re.IGNORECASE)
_WHAT = re.compile(r"(ALGORITHM|LOCK)\W+(\w+)", re.IGNORECASE)
_WITHOUT_COMMA = re.compile(r"\s*(?:PARTITION\s+BY\b|REMOVE\s+PARTITIONING\b|\Z)", re.IGNORECASE)
_RENAMES = re.compile(rf"\bRENAME\s+(?:TO\s+|AS\s+)?(?!(?:COLUMN|INDEX|KEY)\b)({NAME})", re.IGNORECASE)


class Attempt(NamedTuple):
    """A way to alter a table; `lock` says what others may not do meanwhile, and cannot be said of INSTANT."""

    algorithm: str
    lock: str


INSTANT = Attempt("INSTANT", "")
ATTEMPTS = (
    INSTANT,
    Attempt("INPLACE", "NONE"),
    Attempt("INPLACE", "SHARED"),
    Attempt("INPLACE", "EXCLUSIVE"),
    Attempt("COPY", "NONE"),
    Attempt("COPY", "SHARED"),
    Attempt("COPY", "EXCLUSIVE"),
)


@dataclass(frozen=True)
class Alter:
    """What is done to `table`: `clauses` as ALTER TABLE takes them, without the algorithm and lock that were stated."""

    table: str
    clauses: str
    algorithm: str = ""
    lock: str = ""

    @property
    def attempts(self) -> list[Attempt]:
        """From the one that hinders others least: those that the statement leaves the server to choose from.

        A lock that is stated does not keep the server from INSTANT on a table with rows.
        """
        return [
            attempt
            for attempt in ATTEMPTS
            if self.algorithm in ("", attempt.algorithm) and (attempt is INSTANT or self.lock in ("", attempt.lock))
        ]

    @property
    def new_name(self) -> str | None:
        """The table's name afterwards, where it is another."""
        found = _RENAMES.search(code_only(self.clauses))
        return bare(found[1]) if found else None

    def trying(self, attempt: Attempt) -> str:
        """The statement that the server takes only if `attempt` is possible."""
        lock = f", LOCK={attempt.lock}" if attempt.lock else ""
        joint = " " if _WITHOUT_COMMA.match(code_only(self.clauses)) else ", "
        return f"ALTER TABLE {identifier(self.table)} ALGORITHM={attempt.algorithm}{lock}{joint}{self.clauses}"


def read(sql: str) -> Alter | None:
    """The change of a table that `sql` is; None for any other statement, and for a table with its database's name."""
    code = code_only(sql)
    found = _FORMS.match(code)
    if not found or '"' in sql[: found.start(found.lastgroup)]:  # a name in the quotes of ANSI
        return None
    said = [_WHAT.search(one[0].upper()).groups() for one in _STATED.finditer(code)]
    stated = {what: value for what, value in said if value != "DEFAULT"}
    table = bare(found["altered"] or found["indexed"] or found["bared"] or found["optimized"])
    return Alter(table, _clauses(sql, code, found), stated.get("ALGORITHM", ""), stated.get("LOCK", ""))


def _clauses(sql: str, code: str, found: re.Match[str]) -> str:
    if found["altered"]:
        return _without_stated(sql, code, found.start("clauses"))
    if found["created"]:
        rest = _without_stated(sql, code, found.start("columns"))
        return f"ADD {found['sort'] or ''}INDEX {found['created']}{found['using'] or ''} {rest}"
    return f"DROP INDEX {found['dropped']}" if found["dropped"] else "FORCE"


def _without_stated(sql: str, code: str, start: int) -> str:
    kept, position = [], start
    for stated in _STATED.finditer(code, start):
        kept.append(sql[position : stated.start()])
        position = stated.end()
    return " ".join([*kept, sql[position:]]).strip()
