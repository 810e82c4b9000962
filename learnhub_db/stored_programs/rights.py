"""Who may do what with a routine: DROP takes that away without a word, so it is read before and given again after."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import NOT_ALLOWED, identifier, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.stored_programs.programs import Program


class Right(NamedTuple):
    """What one account or role was given on a routine, as the server's table of rights tells it."""

    user: str
    host: str
    privileges: str


def read(connection: Connection, program: Program) -> list[Right]:
    """The rights on one routine; DatabaseRefused where the account may not see them. Reads only."""
    sql = """
        SELECT user, host, proc_priv FROM mysql.procs_priv
        WHERE db = DATABASE() AND routine_name = %s AND routine_type = %s ORDER BY user, host
    """
    try:
        return [Right(*found) for found in rows(connection, sql, (program.name, program.kind.upper()))]
    except pymysql.Error as error:
        if error.args[0] not in NOT_ALLOWED:
            raise
        hint = "GRANT SELECT ON mysql.procs_priv to the account that applies"
        what = f"replacing the {program.kind} {program.name} would lose rights that are not seen"
        raise DatabaseRefused(what, program.path, hint) from error


def grants(kind: str, name: str, rights: Iterable[Right]) -> list[str]:
    """As few GRANT statements as give the rights."""
    accounts = defaultdict(list)
    for right in rights:
        accounts[right.privileges].append(f"{identifier(right.user)}@{identifier(right.host)}")
    return [_grant(kind, name, given.split(","), to) for given, to in accounts.items()]


def lost(connection: Connection, program: Program) -> str:
    """The rights that a DROP takes away, as the statements that give them; reads only."""
    if program.kind not in ("procedure", "function"):
        return ""
    try:
        given = grants(program.kind, program.name, read(connection, program))
    except DatabaseRefused:
        return "the account may not see who had rights on it"
    return f"with it went: {'; '.join(given)}" if given else ""


def _grant(kind: str, name: str, privileges: list[str], accounts: list[str]) -> str:
    given = ", ".join(privilege for privilege in privileges if privilege != "Grant") or "USAGE"
    option = " WITH GRANT OPTION" if "Grant" in privileges else ""
    return f"GRANT {given} ON {kind.upper()} {identifier(name)} TO {', '.join(accounts)}{option}"
