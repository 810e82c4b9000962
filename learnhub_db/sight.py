"""Whether an account would see a program at all: where it may not, the server says nothing rather than no."""

from __future__ import annotations

from pymysql.connections import Connection

from learnhub_db import privileges
from learnhub_db.database import account, identifier
from learnhub_db.errors import DatabaseRefused

_ROUTINES = {
    "GRANT SHOW_ROUTINE ON *.*",
    "GRANT SELECT ON *.*",
    *(f"GRANT {right} ON {place}" for right in ("CREATE ROUTINE", *privileges.ON_ROUTINES) for place in ("*", "*.*")),
}
# One of these is enough to see that there is one; and where to grant what shows all of it.
ENOUGH = {
    "procedure": (_ROUTINES, "SHOW_ROUTINE ON *.*"),
    "function": (_ROUTINES, "SHOW_ROUTINE ON *.*"),
    "trigger": ({"GRANT TRIGGER ON *", "GRANT TRIGGER ON *.*"}, "TRIGGER ON {}.*"),
    "event": ({"GRANT EVENT ON *", "GRANT EVENT ON *.*"}, "EVENT ON {}.*"),
}


def check(connection: Connection, kind: str, database: str) -> None:
    """DatabaseRefused where a program of this kind may only be out of sight; reads only."""
    if kind not in ENOUGH:
        return
    rights, mend = ENOUGH[kind]
    if rights.isdisjoint(privileges.of_connection(connection, database).lines()):
        mend = f"GRANT {mend.format(identifier(database))} TO {account(connection)}"
        raise DatabaseRefused(f"the account may not see every {kind}", database, mend)
