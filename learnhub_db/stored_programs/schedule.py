"""Events that can be built without ever firing."""

from __future__ import annotations

import re
from dataclasses import dataclass

from learnhub_db.database import bare
from learnhub_db.statements import code_only

TIMES = frozenset({"at", "starts", "ends"})

_EVENT = re.compile(
    r"""\s*(?P<verb>CREATE|ALTER)\b (?:\s+DEFINER\s*=\s*\S+(?:\s*@\s*\S+)?)? \s+EVENT\s+ (?:IF\s+NOT\s+EXISTS\s+)?
    (?P<name>`(?:[^`]|``)+`|[\w$]+)""",
    re.IGNORECASE | re.VERBOSE,
)
_VERSIONED = re.compile(r"/\*!\d*|\*/")
_ANSI_NAME = re.compile(r'"([^"`]*)"(?=\s*\.|\s+ON\s+SCHEDULE\b)', re.IGNORECASE)
_QUOTED = re.compile(r"`[^`]*`")
_SCHEDULE = re.compile(r"\bON\s+SCHEDULE\b|\Z", re.IGNORECASE)
_DO = re.compile(r"\bDO\b|\Z", re.IGNORECASE)
_STATUS = re.compile(r"\b(?:ENABLE|DISABLE(?:\s+ON\s+(?:SLAVE|REPLICA))?)\b", re.IGNORECASE)
_BEFORE_STATUS = re.compile(r"\bCOMMENT\b|\Z", re.IGNORECASE)
_TIME = re.compile(
    r"\b(?P<word>AT|STARTS|ENDS)\b(?P<when>.*?)(?=\b(?:STARTS|ENDS|ON\s+COMPLETION|ENABLE|DISABLE|COMMENT)\b|\Z)",
    re.IGNORECASE | re.DOTALL,
)
_CLOCK = re.compile(
    r"\b(?:CURRENT_\w+|CURDATE|CURTIME|NOW|LOCALTIME\w*|SYSDATE|UTC_\w+|UNIX_TIMESTAMP)\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Silenced:
    """`sql` makes the event disabled; `status` is what its file says, `unknown` what the clock decides.

    `said` holds, of what is unknown, the expressions that the file gives.
    """

    name: str
    sql: str
    status: str | None
    unknown: frozenset[str]
    said: dict[str, str]


def silenced(sql: str) -> Silenced | None:
    """The event that `sql` creates or alters, made so that it never fires; None for any other statement."""
    found = _EVENT.match(code_of(sql))
    if not found:
        return None
    head, written = _head(sql), sql
    said = _STATUS.search(head, found.end())
    creates = found["verb"].upper() == "CREATE"
    status = " ".join(said[0].upper().split()) if said else "ENABLE" if creates else None
    start = said.start() if said else _BEFORE_STATUS.search(head, found.end()).start()
    if status:
        sql = f"{sql[:start]}DISABLE {sql[said.end() if said else start :]}"
    name = bare(found["name"]).lower()
    unknown = _unknown(head, creates) | (frozenset() if status else {"status"})
    said = {word: when for word, when in times(written).items() if word in unknown}
    return Silenced(name, sql, status, unknown, said)


def times(sql: str) -> dict[str, str]:
    """The expressions that an event gives for at, starts and ends."""
    head = _head(sql)
    start = _SCHEDULE.search(head).end()  # the event may be named as one of them
    return {one["word"].lower(): sql[slice(*one.span("when"))].strip() for one in _TIME.finditer(head, start)}


def code_of(sql: str) -> str:
    """`sql` with comments and strings blanked, but for what is code: names in ANSI quotes, comments for MySQL alone."""
    return _VERSIONED.sub(lambda mark: " " * len(mark[0]), code_only(_ANSI_NAME.sub(r"`\1`", sql)))


def _head(sql: str) -> str:
    """The code before the event's body, names in backticks blanked."""
    code = _QUOTED.sub(lambda quoted: " " * len(quoted[0]), code_of(sql))
    return code[: _DO.search(code).start()]


def _unknown(head: str, creates: bool) -> frozenset[str]:
    if not creates:
        return TIMES
    start = _SCHEDULE.search(head).end()
    given = {found["word"].lower(): found["when"] for found in _TIME.finditer(head, start)}
    by_the_clock = {word for word, when in given.items() if _CLOCK.search(when)}
    return frozenset(by_the_clock if given.keys() & {"at", "starts"} else by_the_clock | {"starts"})
