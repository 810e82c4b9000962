"""Projects that say names of databases: their own, and another one's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import small_project
from command_line import Run
from learnhub_db.database import Target, connect, identifier, rows


@contextmanager
def database(server: Target, name: str) -> Iterator[Target]:
    """A database of that name, dropped afterwards."""
    with connect(server) as connection:
        rows(connection, f"CREATE DATABASE {identifier(name)}")
        try:
            yield server.named(name)
        finally:
            rows(connection, f"DROP DATABASE {identifier(name)}")


def write(root: Path, migration: str, **names: str) -> None:
    """A project of one migration, each of `names` put in where it stands in braces."""
    for key, name in names.items():
        migration = migration.replace("{" + key + "}", name)
    small_project.write(root, {"sql/migrations/0001-t.sql": migration})


def applies_without_difference(command: Run) -> None:
    """Also the plan asks the server about everything, and is not refused."""
    planned = command("plan")
    assert planned.err == "" and "not asked" not in planned.out and "refused" not in planned.out.lower()
    assert command("apply").err == ""
    found = command("verify")
    assert (found.out, found.code, found.err) == ("no difference\n", 0, "")
