"""What the statements and stored programs of a database have cost since the server began to count, by its own figures."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import NOT_ALLOWED, Target, account, refused, rows
from learnhub_db.errors import DatabaseRefused

CONSUMERS = ("global_instrumentation", "thread_instrumentation", "statements_digest")
_FIGURES = """
    count_star, sum_timer_wait / 1e12, avg_timer_wait / 1e9, {p95},
    sum_rows_examined / GREATEST(sum_rows_sent + sum_rows_affected, count_star, 1), sum_no_index_used
"""
_STATEMENTS = f"""
    SELECT digest_text, {_FIGURES.format(p95="quantile_95 / 1e9")}
      FROM performance_schema.events_statements_summary_by_digest
     WHERE schema_name = %s AND digest_text NOT LIKE '%%`performance_schema`%%'
     ORDER BY sum_timer_wait DESC LIMIT %s
"""
_PROGRAMS = f"""
    SELECT CONCAT(LOWER(object_type), ' ', object_name), {_FIGURES.format(p95="NULL")}
      FROM performance_schema.events_statements_summary_by_program
     WHERE object_schema = %s AND object_type <> 'TABLE'
     ORDER BY sum_timer_wait DESC LIMIT %s
"""
_NOT_TOLD_APART = """
    SELECT COALESCE(SUM(count_star), 0) FROM performance_schema.events_statements_summary_by_digest
     WHERE digest IS NULL
"""
_SWITCHED_OFF = "SELECT name FROM performance_schema.setup_consumers WHERE enabled = 'NO' AND name IN %s"


@dataclass(frozen=True)
class Cost:
    """One statement, its values left out, or one program.

    `examined_per_row` is rows read for each row returned or changed, a call that has none of them counting as one. Of a
    program the server keeps no `p95_ms`; its rows are those of its body, and its CALL is a statement without any.
    """

    name: str
    calls: int
    total_s: float
    mean_ms: float
    p95_ms: float | None
    examined_per_row: float
    without_index: int


@dataclass(frozen=True)
class Costs:
    """The costliest by total time, first. `not_told_apart` statements of the server came when its list was full."""

    statements: list[Cost]
    programs: list[Cost]
    not_told_apart: int


def read(connection: Connection, target: Target, limit: int) -> Costs:
    """The `limit` costliest statements and programs; DatabaseRefused where nobody counts or may look. Reads only.

    A statement belongs to the database that its session was in, a program to its own.
    """
    try:
        _check_that_it_counts(connection, target)
        statements, programs = (
            [_cost(found) for found in rows(connection, sql, (target.database, limit))]
            for sql in (_STATEMENTS, _PROGRAMS)
        )
        ((not_told_apart,),) = rows(connection, _NOT_TOLD_APART)
    except pymysql.Error as error:
        raise _refusal(connection, target, error) from error
    return Costs(statements, programs, int(not_told_apart))


def _check_that_it_counts(connection: Connection, target: Target) -> None:
    if rows(connection, "SELECT @@performance_schema") == [(0,)]:
        hint = "set performance_schema = ON in its option file and restart it"
        raise DatabaseRefused("the server keeps no statistics", str(target), hint)
    off = [name for (name,) in rows(connection, _SWITCHED_OFF, (CONSUMERS,))]
    if off:
        names = ", ".join(f"'{name}'" for name in off)
        hint = f"UPDATE performance_schema.setup_consumers SET enabled = 'YES' WHERE name IN ({names})"
        raise DatabaseRefused("the server's statistics of statements are switched off", str(target), hint)


def _refusal(connection: Connection, target: Target, error: pymysql.Error) -> DatabaseRefused:
    if error.args[0] not in NOT_ALLOWED:
        return refused(error, str(target))
    hint = f"GRANT SELECT ON performance_schema.* TO {account(connection)}"
    return DatabaseRefused("the account may not read the server's statistics", str(target), hint)


def _cost(found: tuple[str, int, Decimal, Decimal, Decimal | None, Decimal, int]) -> Cost:
    name, calls, total, mean, p95, examined, without_index = found
    return Cost(name, calls, float(total), float(mean), p95 and float(p95), float(examined), without_index)
