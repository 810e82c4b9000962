"""Events that can be built without ever firing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from learnhub_db.statements import code_only

TIMES = frozenset({"at", "starts", "ends"})

_EVENT = re.compile(r"(?:CREATE|ALTER)\b[^;(]*?\bEVENT\s+(?:IF\s+NOT\s+EXISTS\s+)?(?P<name>`(?:[^`]|``)+`|[\w$]+)", re.IGNORECASE)
_QUOTED = re.compile(r"`[^`]*`")
_DO = re.compile(r"\bDO\b|\Z", re.IGNORECASE)
_STATUS = re.compile(r"\b(?:ENABLE|DISABLE(?:\s+ON\s+(?:SLAVE|REPLICA))?)\b", re.IGNORECASE)
_BEFORE_STATUS = re.compile(r"\bCOMMENT\b|\Z", re.IGNORECASE)
_STARTS = re.compile(r"\bSTARTS\b|\bAT\b", re.IGNORECASE)
_CLOCK = re.compile(r"\b(?:CURRENT_\w+|CURDATE|CURTIME|NOW|LOCALTIME\w*|SYSDATE|UTC_\w+|UNIX_TIMESTAMP)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Silenced:
    """`sql` makes the event disabled; `status` is what its file says, `unknown` what the clock decides."""

    name: str
    sql: str
    status: str | None
    unknown: frozenset[str]


def silenced(sql: str) -> Silenced | None:
    """The event that `sql` creates or alters, made so that it never fires; None for any other statement."""
    found = _EVENT.match(sql)
    if not found:
        return None
    head = _head(sql)
    said = _STATUS.search(head, found.end())
    creates = sql[:6].upper() == "CREATE"
    status = " ".join(said[0].upper().split()) if said else "ENABLE" if creates else None
    start = said.start() if said else _BEFORE_STATUS.search(head, found.end()).start()
    if status:
        sql = f"{sql[:start]}DISABLE {sql[said.end() if said else start :]}"
    name = found["name"].strip("`").replace("``", "`").lower()
    return Silenced(name, sql, status, _unknown(head, creates) | (frozenset() if status else {"status"}))


def _head(sql: str) -> str:
    """The code before the event's body, names in backticks blanked."""
    code = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), code_only(sql))
    return code[: _DO.search(code).start()]


def _unknown(head: str, creates: bool) -> frozenset[str]:
    if not creates or _CLOCK.search(head):
        return TIMES
    return frozenset() if _STARTS.search(head) else frozenset({"starts"})
