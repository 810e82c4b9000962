"""What the server shows of the objects that a statement changes: the same before and after means it did not happen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.database import NOT_ALLOWED, rows
from learnhub_db.runner.steps import NAME
from learnhub_db.statements import code_only

ABSENT = (ER.NO_SUCH_TABLE, ER.SP_DOES_NOT_EXIST, ER.TRG_DOES_NOT_EXIST, 1539, ER.BAD_DB_ERROR, 1141, 1396)
UNREADABLE = (*NOT_ALLOWED, ER.SPECIFIC_ACCESS_DENIED_ERROR, ER.VIEW_INVALID, ER.PARSE_ERROR)

_OBJECT = re.compile(
    r"""(?:/\*!\d*\s*)? (?P<verb>CREATE|ALTER|DROP|TRUNCATE|RENAME|REVOKE) \b
    (?: (?:`[^`]*`|[^`(])*? \b
        (?P<kind>TABLE|INDEX|VIEW|TRIGGER|PROCEDURE|FUNCTION|EVENT|DATABASE|SCHEMA|USER|ROLE)S? \b
    )?
    \s* (?:IF\s+(?:NOT\s+)?EXISTS\b)? (?P<rest>.*)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_QUALIFIED = rf"{NAME}(?:\s*\.\s*{NAME})?"
_NAMES = re.compile(rf"\s*({_QUALIFIED})(?:\s+TO\s+({_QUALIFIED}))?\s*(?:,|(?P<end>))", re.IGNORECASE)
_INDEXED = re.compile(rf"\bON\s+({_QUALIFIED})", re.IGNORECASE)
_EXCHANGED = re.compile(rf"\bEXCHANGE\s+PARTITION\s+{NAME}\s+WITH\s+TABLE\s+({_QUALIFIED})", re.IGNORECASE)
_ACCOUNT = re.compile(r"""(?:'[^']*'|"[^"]*"|`[^`]*`|[\w$]+)@(?:'[^']*'|"[^"]*"|`[^`]*`|[\w$.%-]+)""")
_IDENTITIES = """
    SELECT name, table_id FROM information_schema.innodb_tables WHERE name = %s OR name LIKE %s ORDER BY name
"""
_HIDDEN = re.compile(r"\b(?:DISCARD|IMPORT)\s+(?:PARTITION\b.*\b)?TABLESPACE\b", re.IGNORECASE | re.DOTALL)
_HARMLESS_TWICE = re.compile(
    r"(?:/\*!\d*\s*)?(?:(?:ANALYZE|OPTIMIZE|CHECK|CHECKSUM|REPAIR|FLUSH|GRANT"
    r"|ALTER\s+(?:DATABASE|SCHEMA)|SET\s+DEFAULT\s+ROLE)\b"
    r"|(?:CREATE|DROP|ALTER|REVOKE)\b[^(]*?\b(?:IF\s+(?:NOT\s+)?EXISTS|OR\s+REPLACE)\b)",
    re.IGNORECASE,
)


def harmless_twice(sql: str) -> bool:
    """Whether the statement may run again though it has run."""
    return bool(_HARMLESS_TWICE.match(code_only(sql).strip()))


def of(connection: Connection, sql: str) -> str | None:
    """The fingerprint of what `sql` changes; None where the server does not show it, or not to this account."""
    code = code_only(sql).strip()
    found = _OBJECT.match(code)
    if not found or _HIDDEN.search(code):
        return None
    verb, kind = found["verb"].upper(), (found["kind"] or "").upper()
    if verb == "REVOKE" or kind in ("USER", "ROLE"):
        shown = _accounts(connection, sql)
    else:
        shown = _definitions(connection, verb, kind or "TABLE", found["rest"], code)
    try:
        text = "\n".join(shown)
    except pymysql.Error as error:
        if error.args[0] in UNREADABLE:
            return None
        raise
    return sha256(text.encode()).hexdigest() if text else None


def _accounts(connection: Connection, sql: str) -> Iterator[str]:
    for account in sorted(set(_ACCOUNT.findall(sql))):
        yield account
        yield _shown(connection, f"SHOW CREATE USER {account}")
        yield _shown(connection, f"SHOW GRANTS FOR {account}")


def _definitions(connection: Connection, verb: str, kind: str, rest: str, code: str) -> Iterator[str]:
    names = _names(kind, rest, code)
    shown_as = {"INDEX": "TABLE", "VIEW": "TABLE", "SCHEMA": "DATABASE"}.get(kind, kind)
    for name in dict.fromkeys(names):
        yield f"{name} {_shown(connection, f'SHOW CREATE {shown_as} {name}')}"
    swapped = verb == "RENAME" and set(names[::2]) == set(names[1::2])
    if verb == "TRUNCATE" or swapped or _EXCHANGED.search(code):
        yield from _identities(connection, names)


def _names(kind: str, rest: str, code: str) -> list[str]:
    """The objects as the statement names them; of a RENAME old and new in turn."""
    if kind in ("DATABASE", "SCHEMA") and not re.match(NAME, rest):
        return []
    indexed = _INDEXED.search(rest)
    if kind == "INDEX":
        return [indexed[1]] if indexed else []
    found: list[str] = []
    position = 0
    while match := _NAMES.match(rest, position):
        found += filter(None, match.groups()[:2])
        position = match.end()
        if match["end"] is not None:
            break
    return found + _EXCHANGED.findall(code)


def _shown(connection: Connection, sql: str) -> str:
    try:
        shown = rows(connection, sql)
    except pymysql.Error as error:
        if error.args[0] in ABSENT:
            return "absent"
        raise
    return re.sub(r" AUTO_INCREMENT=\d+", "", repr(shown))  # others' inserts move it


def _identities(connection: Connection, names: Iterable[str]) -> Iterator[str]:
    """The numbers InnoDB gives tables and partitions: they change where the definition does not."""
    ((database,),) = rows(connection, "SELECT DATABASE()")
    for name in names:
        parts = [part.strip("` ") for part in re.findall(NAME, name)]
        path = "/".join(map(_file_name, parts if len(parts) == 2 else [database, *parts]))
        yield repr(rows(connection, _IDENTITIES, (path, path.replace("_", r"\_") + "#p#%")))


def _file_name(name: str) -> str:
    """As InnoDB writes it: other characters than letters and digits by their number."""
    return re.sub(r"[^\w]", lambda found: f"@{ord(found[0]):04x}", name, flags=re.ASCII)


