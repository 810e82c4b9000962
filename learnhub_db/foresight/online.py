"""Tools that alter a large table while nobody waits, as command lines: nothing here runs them."""

from __future__ import annotations

import shlex

from pymysql.connections import Connection

from learnhub_db.database import Target, rows

_CHILDREN = """
    SELECT 1 FROM information_schema.referential_constraints
    WHERE unique_constraint_schema = DATABASE() AND referenced_table_name = %s LIMIT 1
"""
_PARENTS = """
    SELECT 1 FROM information_schema.referential_constraints
    WHERE constraint_schema = DATABASE() AND table_name = %s LIMIT 1
"""
_TRIGGERS = """
    SELECT 1 FROM information_schema.triggers
    WHERE trigger_schema = DATABASE() AND event_object_table = %s LIMIT 1
"""


def command(connection: Connection, target: Target, table: str, clauses: str) -> str:
    """gh-ost, or pt-online-schema-change where foreign keys or triggers stand in its way; no password. Reads only."""
    children, parents, triggers = (bool(rows(connection, sql, (table,))) for sql in (_CHILDREN, _PARENTS, _TRIGGERS))
    if not (children or parents or triggers):
        place = ["--host", target.host, "--port", str(target.port), "--user", target.user, "--ask-pass"]
        what = ["--database", target.database, "--table", table, "--alter", clauses]
        return shlex.join(["gh-ost", *place, *what, "--execute"])
    options = ["--alter-foreign-keys-method", "auto"] if children else []
    options += ["--preserve-triggers"] if triggers else []
    place = f"h={target.host},P={target.port},u={target.user},D={target.database},t={table}"
    return shlex.join(["pt-online-schema-change", "--ask-pass", *options, "--alter", clauses, "--execute", place])
