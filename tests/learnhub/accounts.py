"""Real accounts, each with a role, as the tests of what roles may do log in with them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pymysql

from learnhub_db.database import Target
from school import School, Session

# The column, the table, the database, the routine, the server's own: each refusal has its number.
REFUSED = {1044, 1142, 1143, 1227, 1370}


class Account(Session):
    """A connection of an account of its own, which has one role and nothing else."""

    def __init__(self, target: Target) -> None:
        self.target = target
        super().__init__(target)

    def refusal(self, sql: str, *values: object) -> int | None:
        """The number of the refusal that a statement meets; None where it may run."""
        try:
            self.run(sql, *values)
        except pymysql.Error as error:
            return error.args[0] if error.args[0] in REFUSED else None
        return None


@contextmanager
def account(school: School, role: str) -> Iterator[Account]:
    """An account at '%' whose role is active from its login on; dropped afterwards."""
    name = f"test_{secrets.token_hex(6)}"
    school.run(f"CREATE USER {name}@'%' IDENTIFIED BY 'secret' DEFAULT ROLE {role}")
    session = Account(replace(school.target, user=name, password="secret"))
    try:
        yield session
    finally:
        session.connection.close()
        school.run(f"DROP USER {name}@'%'")


def tables(school: School) -> list[str]:
    """Every table, the toolkit's own included."""
    rows = school.run(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
    )
    return [name for (name,) in rows]


def views(school: School) -> list[str]:
    rows = school.run("SELECT table_name FROM information_schema.views WHERE table_schema = DATABASE()")
    return [name for (name,) in rows]


def calls(school: School) -> dict[str, str]:
    """For every routine a statement that calls it with nothing but NULLs."""
    rows = school.run(
        "SELECT routine.routine_name, routine.routine_type,"
        " GROUP_CONCAT(IF(parameter_mode = 'IN', 'NULL', '@out') ORDER BY ordinal_position)"
        "  FROM information_schema.routines routine LEFT JOIN information_schema.parameters parameter"
        "    ON parameter.specific_schema = routine.routine_schema AND parameter.specific_name = routine.specific_name"
        "   AND ordinal_position > 0"
        " WHERE routine_schema = DATABASE() GROUP BY 1, 2"
    )
    verb = {"PROCEDURE": "CALL", "FUNCTION": "DO"}
    return {name: f"{verb[kind]} {name}({arguments or ''})" for name, kind, arguments in rows}
