"""Whether an account would see an object at all: where it may not, the server says nothing rather than no."""

from __future__ import annotations

import pymysql
from pymysql.connections import Connection

from learnhub_db import database
from learnhub_db.database import NOT_ALLOWED, Target, account, identifier
from learnhub_db.errors import DatabaseRefused
from learnhub_db.inspection import privileges

_ROUTINES = {
    "GRANT SHOW_ROUTINE ON *.*",
    "GRANT SELECT ON *.*",
    *(f"GRANT {right} ON {place}" for right in ("CREATE ROUTINE", *privileges.ON_ROUTINES) for place in ("*", "*.*")),
}
# One of these is enough to see that there is one; and where to grant what shows all of it.
ENOUGH = {
    "table": ({"GRANT SELECT ON *", "GRANT SELECT ON *.*"}, "SELECT ON {}.*"),
    "view": ({"GRANT SELECT ON *", "GRANT SELECT ON *.*"}, "SELECT ON {}.*"),
    "procedure": (_ROUTINES, "SHOW_ROUTINE ON *.*"),
    "function": (_ROUTINES, "SHOW_ROUTINE ON *.*"),
    "trigger": ({"GRANT TRIGGER ON *", "GRANT TRIGGER ON *.*"}, "TRIGGER ON {}.*"),
    "event": ({"GRANT EVENT ON *", "GRANT EVENT ON *.*"}, "EVENT ON {}.*"),
}


def check(connection: Connection, kind: str, name: str) -> None:
    """DatabaseRefused where an object of this kind may only be out of sight; reads only."""
    rights, hint = ENOUGH[kind]
    if rights.isdisjoint(privileges.of_connection(connection, name).lines()):
        hint = f"GRANT {hint.format(identifier(name))} TO {account(connection)}"
        raise DatabaseRefused(f"the account may not see every {kind}", name, hint)


def refused(connection: Connection, error: pymysql.Error, target: Target) -> DatabaseRefused:
    """The server's refusal to show something, with the rights that reading a database takes."""
    refusal = database.refused(error, str(target))
    if error.args[0] in NOT_ALLOWED:
        what = f"SELECT, SHOW VIEW, TRIGGER, EVENT ON {identifier(target.database)}.*"
        refusal = DatabaseRefused(refusal.what, refusal.where, f"GRANT {what} TO {account(connection)}")
    return refusal
