"""What tests of apply share: what the small project comes to, and what became of it."""

from __future__ import annotations

from pathlib import Path

from learnhub_db import deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project

EVERYTHING = [
    "applied sql/migrations/0001-products.sql",
    "applied sql/migrations/0002-sales.sql",
    "created function with_tax",
    "created procedure sell",
    "created view prices",
    "created view a_summary",
    "created trigger audit_sale",
    "created event forget",
]


def apply(root: Path, target: Target) -> list[str]:
    """What was done, without the numbers that differ from run to run."""
    return [f"{act.verb} {act.what}" for act in deployment.apply(Project(root), target)]


def ask(target: Target, sql: str) -> list[tuple]:
    with connect(target) as connection:
        return rows(connection, sql)


def routines(target: Target) -> list[tuple]:
    return ask(
        target,
        """SELECT routine_name, routine_definition, sql_mode, routine_comment FROM information_schema.routines
           WHERE routine_schema = DATABASE() ORDER BY routine_name""",
    )


def routine_rights(target: Target) -> list[tuple]:
    sql = "SELECT user, host, proc_priv FROM mysql.procs_priv WHERE db = DATABASE() AND routine_name = 'sell'"
    return ask(target, f"{sql} ORDER BY user")
