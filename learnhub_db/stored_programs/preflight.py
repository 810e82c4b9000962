"""What must hold before programs are created: told before the first of them, not by the first call that fails."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.database import NOT_ALLOWED, identifier, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.runner import execution
from learnhub_db.statements import Statement
from learnhub_db.stored_programs.programs import Program, account

PROBE = "_learnhub_probe"


def check(connection: Connection, owner: str | None, pending: Sequence[Program]) -> None:
    """DatabaseRefused where `pending` could not be created, or not be called by anybody; reads only."""
    if owner and pending:
        check_owner(connection, owner)
    routine = next((program for program in pending if program.kind in ("procedure", "function")), None)
    if owner and routine:
        _check_owner_may_execute(connection, owner, routine)
    refused = next((program for program in pending if program.kind in ("trigger", "function")), None)
    if refused and not _may_create_functions(connection):
        what = f"the server lets no account without SUPER create a {refused.kind}"
        hint = "an administrator runs SET PERSIST log_bin_trust_function_creators = 1"
        raise DatabaseRefused(what, refused.path, hint)


def check_owner(connection: Connection, owner: str) -> None:
    """DatabaseRefused where there is no such account; reads only."""
    user, _, host = owner.rpartition("@")
    try:
        found = rows(connection, "SELECT 1 FROM mysql.user WHERE user = %s AND host = %s", (user, host))
    except pymysql.Error as error:
        if error.args[0] in NOT_ALLOWED:
            return  # such an account may not name a definer that does not exist: the server refuses it
        raise
    if not found:
        hint = f"CREATE USER {account(owner)} ACCOUNT LOCK, in a file of sql/grants that names no program"
        raise DatabaseRefused(f"the owner {owner} does not exist", "owner in the settings", hint)


def _check_owner_may_execute(connection: Connection, owner: str, routine: Program) -> None:
    """Ask the server: a definer that may not execute its own routine is an error of each call, and of none before."""
    drop = f"DROP PROCEDURE IF EXISTS {PROBE}"
    try:
        rows(connection, drop)
        rows(connection, f"CREATE DEFINER={account(owner)} PROCEDURE {PROBE}() SQL SECURITY DEFINER DO 0")
        try:
            _call_probe(connection, owner, routine)
        finally:
            rows(connection, drop)
    except pymysql.Error as error:
        raise execution.refusal(error, Statement(routine.sql, routine.line, 0), routine.path) from error


def _call_probe(connection: Connection, owner: str, routine: Program) -> None:
    try:
        rows(connection, f"CALL {PROBE}()")
    except pymysql.Error as error:
        user, _, host = owner.rpartition("@")
        if error.args[0] != ER.PROCACCESS_DENIED_ERROR or f"'{user}'@'{host}'" not in error.args[1]:
            raise
        ((database,),) = rows(connection, "SELECT DATABASE()")
        hint = f"GRANT EXECUTE ON {identifier(database)}.* TO {account(owner)}"
        raise DatabaseRefused(f"the owner {owner} may not execute its own routines", routine.path, hint) from error


def _may_create_functions(connection: Connection) -> bool:
    """Whether the binary log lets the account create triggers and functions (else the server answers 1419)."""
    if rows(connection, "SELECT @@log_bin AND NOT @@log_bin_trust_function_creators") == [(0,)]:
        return True
    return any(re.search(r"\bSUPER\b", grant) for (grant,) in rows(connection, "SHOW GRANTS"))
