"""What the text of a file says of user variables and prepared statements, without asking a server."""

from __future__ import annotations

import re
from dataclasses import dataclass

from learnhub_db.database import bare
from learnhub_db.runner.steps import NAME, Step, first_word
from learnhub_db.statements import shape

_VARIABLE = rf"@(?:{NAME}(?:\.{NAME})*)"
_VARIABLES = re.compile(rf"(?<![@\w`$'\"]){_VARIABLE}")
_ASSIGNED = re.compile(rf"\s*(?P<name>{_VARIABLE})\s*:?=(?P<value>.*)", re.DOTALL)
# What gives the same value wherever it stands: no name of a function that somebody may have made, no query.
_CONSTANT = re.compile(
    rf"""(?:\s | (?:\b_\w+\s*|\b[XBN])?'' | \b\d[\w.]*+ | \b(?:NULL|TRUE|FALSE)\b | {_VARIABLE}
    | \b(?:CONCAT|CONCAT_WS|QUOTE)\( | \bCOLLATE\s+\w+ | [,)+*/-])*""",
    re.IGNORECASE | re.VERBOSE,
)
_SETS = re.compile(rf"(?<!@){_VARIABLE}\s*:?=|\bINTO\s+{_VARIABLE}", re.IGNORECASE)
_PREPARE = re.compile(rf"\bPREPARE\s+(?P<name>{NAME})\s+FROM\s+(?P<source>''|{_VARIABLE})", re.IGNORECASE)
_DEALLOCATE = re.compile(rf"\bPREPARE\s+(?P<name>{NAME})", re.IGNORECASE)
_EXECUTE = re.compile(rf"\bEXECUTE\s+(?P<name>{NAME})", re.IGNORECASE)


@dataclass(frozen=True)
class Constant:
    """`sql` assigns it: `@name = …`; `used` are the variables that it is made of."""

    sql: str
    used: frozenset[str]


def variables(code: str) -> set[str]:
    """The user variables in `code`, in small letters."""
    return {plain(name[1:]) for name in _VARIABLES.findall(code)}


def assigned(step: Step) -> dict[str, Constant | None]:
    """The user variables that a SET gives values; None for one that is not made of constants of the file alone."""
    found: dict[str, Constant | None] = {}
    parts = [(part, _ASSIGNED.match(shape(part))) for part in step.assignments]
    names = [plain(match["name"][1:]) for _, match in parts if match]
    for part, match in parts:
        if match:
            name, used = plain(match["name"][1:]), frozenset(variables(match["value"]))
            alone = names.count(name) == 1 and used.isdisjoint(set(names) - {name})
            found[name] = Constant(part, used) if alone and _CONSTANT.fullmatch(match["value"]) else None
    return found


def sets_variables(code: str) -> bool:
    """Whether a statement, its strings left out, gives a user variable a value."""
    return bool(_SETS.search(code))


def prepares(sql: str) -> tuple[str, str] | None:
    """Name and source of what a PREPARE prepares: '' for a string, else the variable."""
    found = _PREPARE.search(shape(sql)) if first_word(sql) == "PREPARE" else None
    return (plain(found["name"]), found["source"]) if found else None


def deallocates(sql: str) -> str | None:
    """The name of what a DEALLOCATE takes away."""
    found = _DEALLOCATE.search(shape(sql)) if first_word(sql) in ("DEALLOCATE", "DROP") else None
    return plain(found["name"]) if found else None


def executes(sql: str) -> str | None:
    """The name of what an EXECUTE runs."""
    found = _EXECUTE.search(shape(sql)) if first_word(sql) == "EXECUTE" else None
    return plain(found["name"]) if found else None


def plain(name: str) -> str:
    """A name as the server compares it."""
    return bare(name).lower()
