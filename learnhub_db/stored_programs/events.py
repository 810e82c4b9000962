"""An event in the place of another: ALTER EVENT changes all of it at once, so none is ever dropped."""

from __future__ import annotations

import re

from learnhub_db.statements import code_only

# What the file leaves out would stay as it was: each clause has to be said, in the order that the server wants. ENABLE
# and DISABLE are left to who operates the server, unless the file says one.
_CLAUSES = (
    (r"\bON\s+COMPLETION\b", "ON COMPLETION NOT PRESERVE", r"\b(?:ENABLE|DISABLE|COMMENT|DO)\b"),
    (r"\bCOMMENT\b", "COMMENT ''", r"\bDO\b"),
)
_STATUS = re.compile(r"(?<=\bPRESERVE )(?:ENABLE|DISABLE(?: ON (?:SLAVE|REPLICA))?)\b")
_DO = re.compile(r"\bDO\b", re.IGNORECASE)


def altering(create: str) -> str:
    """The ALTER EVENT that makes of an existing event what `create` would have made."""
    sql = re.sub(r"\ACREATE\b", "ALTER", create, flags=re.IGNORECASE)
    for clause, default, before in _CLAUSES:
        code = code_only(sql)
        head = code[: _DO.search(code).start()]
        if not re.search(clause, head, re.IGNORECASE):
            place = re.search(before, code, re.IGNORECASE).start()
            sql = f"{sql[:place]}{default} {sql[place:]}"
    return sql


def enabled_as(create: str, now: str) -> str:
    """`create` with the ENABLE or DISABLE of `now`; both as SHOW CREATE EVENT tells them."""
    status = _STATUS.search(code_only(now))
    return _STATUS.sub(status[0], create, count=1) if status else create
