"""Rights that the project's grant files give and that accounts do not hold any more."""

from __future__ import annotations

import re
from dataclasses import replace

from pymysql.connections import Connection

from learnhub_db.contents import Contents
from learnhub_db.database import rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.history import History
from learnhub_db.inspection import privileges
from learnhub_db.stored_programs.grants import GrantFile


def read(connection: Connection, contents: Contents, past: History) -> dict[str, list[str]]:
    """The lost rights by the path of the grant file that gives them back; reads only.

    A file behind such a one, which takes rights away, is among them: it has to run after it again. None where no file has
    run, and where the account may not see who holds what.
    """
    if not any(past.has(grant.key, grant.file.digest) for grant in (*contents.accounts, *contents.grants)):
        return {}
    ((database,),) = rows(connection, "SELECT DATABASE()")
    try:
        return _read(connection, replace(contents, migrations=[]), database)
    except DatabaseRefused:
        return {}


def _read(connection: Connection, contents: Contents, database: str) -> dict[str, list[str]]:
    lost, wanted = {}, {}
    for account, given, held in privileges.compare(connection, contents, database):
        lost[account] = set(given[1:]) - set(held or ())
        wanted[account] = set(given)
    if not any(lost.values()):
        return {}
    found: dict[str, list[str]] = {}
    takes_back = False
    for grant in (*contents.accounts, *contents.grants):
        given = privileges.of_files(connection, replace(contents, accounts=[grant], grants=[]), database)
        lines = {account: one.lines() for account, one in given.items()}
        back = {_told(line, account) for account in lines for line in lines[account] & lost[account] if _gives(line)}
        if back or (takes_back and _revokes(grant)):
            found[grant.file.path] = sorted(back)
            takes_back = takes_back or any(set(filter(_gives, lines[one])) - wanted[one] for one in lines)
    return found


def _gives(line: str) -> bool:
    return line.startswith(("GRANT ", "REVOKE "))


def _told(line: str, account: str) -> str:
    return f"{line} {'FROM' if line.startswith('REVOKE') else 'TO'} {account}"


def _revokes(grant: GrantFile) -> bool:
    return any(re.match(r"\s*REVOKE\b", statement.text, re.IGNORECASE) for statement in grant.statements)
