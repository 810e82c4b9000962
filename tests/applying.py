"""What tests of apply share: what the small project comes to, and what became of it."""

from __future__ import annotations

from collections.abc import Callable
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

SELL = "procedures/sales/sell.sql"
AUDIT = "triggers/audit_sale.sql"
KEPT = " (what somebody had made of it is kept in _learnhub_history)"
Sql = Callable[[str], list[tuple]]


def apply(root: Path, target: Target, *, adopt: bool = False) -> list[str]:
    """What was done, without the numbers that differ from run to run."""
    return [f"{act.verb} {act.what}" for act in deployment.apply(Project(root), target, adopt=adopt)]


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


def reported(root: Path, target: Target, *, prune: bool = False, adopt: bool = False) -> list[str]:
    """What was done, in the words that the command line prints."""
    return [str(act) for act in deployment.apply(Project(root), target, prune=prune, adopt=adopt)]


def routine(sql: Sql, name: str = "sell") -> tuple:
    """When it was created and changed, and what its comment is."""
    (found,) = sql(
        "SELECT created, last_altered, routine_comment FROM information_schema.routines "
        f"WHERE routine_schema = DATABASE() AND routine_name = '{name}'"
    )
    return found
