"""What a flash sale costs, statement by statement and index by index, as the server itself tells."""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter

from pymysql.connections import Connection

from designs import School
from learnhub_db.database import connect, rows
from load import Caller
from report import table

REASONS = tomllib.loads(Path(__file__).with_name("reasons.toml").read_text(encoding="utf-8"))
CALLS = 60  # so many that their instructions fit into the server's history
COPIED = 5000
WRITTEN = "enrollments course_access course_deltas payments payment_events payment_keys payment_clocks payout_items"
INSTRUCTIONS = "statement/sp/%"
HISTORY = "events_statements_history_long"
EVENTS = """
    SELECT event_id, COALESCE(nesting_event_id, 0), timer_wait / 1e6, COALESCE(object_name, ''),
           COALESCE(sql_text, event_name)
      FROM performance_schema.events_statements_history_long
     WHERE thread_id = %s AND timer_wait IS NOT NULL ORDER BY event_id
"""
INDEXES = """
    SELECT DISTINCT index_name FROM information_schema.statistics
     WHERE table_schema = DATABASE() AND table_name = %s AND index_name <> 'PRIMARY' ORDER BY index_name
"""
COLUMNS = """
    SELECT column_name FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = %s AND generation_expression = ''
"""


def text(caller: Caller, school: School) -> str:
    """Two tables, Markdown, of a sale made by one connection at a time."""
    return f"""### What a sale costs, statement by statement

By the server's own clock (Performance Schema, `statement/sp`), {CALLS} sales by one connection; a statement without the
triggers and calls inside it. Watching costs too: what counts is how they compare. Beginning, savepoints, calls and the
instructions between statements are one line each.

{_statements(caller, school)}
### What an index costs

{COPIED:,} rows copied into a table with all its indexes, and with one of them less, five times in turn: the difference
in microseconds a row, of the fastest. What is left without any of them is the row itself.

{_indexes(school.connection)}"""


def _statements(caller: Caller, school: School) -> str:
    costs: dict[str, list[float]] = defaultdict(list)
    for program, sql, own in _traced(caller, school):
        costs[_name(program, sql)].append(own)
    body = []
    for name, each in costs.items():
        microseconds = median(each) * len(each) / CALLS
        reason = next((why for known, why in REASONS["statements"].items() if name.startswith(known)), "")
        body.append([name, f"{microseconds:.0f}", reason])
    return table(["statement", "µs", "why it is there"], sorted(body, key=lambda line: -float(line[1])))


def _name(program: str, sql: str) -> str:
    if sql.startswith("statement/sp/"):
        return "instructions of the procedures and triggers"
    verb = sql.split(None, 1)[0]
    if verb == "CALL":
        return "calls of procedures from procedures"
    if verb in ("SAVEPOINT", "ROLLBACK", "RELEASE", "SET", "START"):
        return "begin, savepoints"
    return f"{program}: {' '.join(sql.replace('(', ' (').split()[:3])}"


def _traced(caller: Caller, school: School) -> Iterator[tuple[str, str, float]]:
    """Each instruction of the calls: its program, its text, its own microseconds."""
    sale = school.sale()
    with connect(caller.target) as buyer, _watched(school.connection):
        ((thread,),) = rows(buyer, "SELECT ps_current_thread_id()")
        for user in range(1, 2 * CALLS + 1):
            if user == CALLS + 1:  # the first half compiles and fills caches
                rows(school.connection, f"TRUNCATE performance_schema.{HISTORY}")
            rows(buyer, f"CALL enroll_in_flash_sale({user}, {sale}, @result)")
        events = rows(school.connection, EVENTS, (thread,))
    inside = Counter[int]()
    for _, parent, taken, _, _ in events:
        inside[parent] += float(taken)
    for number, _, taken, program, sql in events:
        if program:
            yield program, sql, float(taken) - inside[number]


@contextmanager
def _watched(connection: Connection) -> Iterator[None]:
    """While open, the server keeps what its programs do."""
    try:
        _watch(connection, "YES")
        yield
    finally:
        _watch(connection, "NO")


def _watch(connection: Connection, wanted: str) -> None:
    rows(
        connection,
        "UPDATE performance_schema.setup_instruments SET enabled = %s, timed = %s WHERE name LIKE %s",
        (wanted, wanted, INSTRUCTIONS),
    )
    rows(connection, "UPDATE performance_schema.setup_consumers SET enabled = %s WHERE name = %s", (wanted, HISTORY))


def _indexes(connection: Connection) -> str:
    body = []
    rows(connection, "SET SESSION sql_log_bin = 0")
    for name in WRITTEN.split():
        indexes = [index for (index,) in rows(connection, INDEXES, (name,))]
        cases = {"": [], "*": indexes} | {index: [index] for index in indexes}
        taken = defaultdict(list)
        for _ in range(5):
            for case, without in cases.items():
                taken[case].append(_copy(connection, name, without))
        whole = min(taken[""])
        body.append([name, "", f"{whole:.1f}", f"without any index {min(taken['*']):.1f}"])
        for index in indexes:
            body.append(["", index, f"{whole - min(taken[index]):.1f}", REASONS["indexes"].get(index, "")])
    rows(connection, "SET SESSION sql_log_bin = 1")
    return table(["table", "index", "µs a row", "why it is there"], body)


def _copy(connection: Connection, name: str, without: list[str]) -> float:
    """Microseconds a row of a copy of the table without some of its indexes."""
    columns = ", ".join(column for (column,) in rows(connection, COLUMNS, (name,)))
    rows(connection, "DROP TABLE IF EXISTS copied")
    rows(connection, f"CREATE TABLE copied LIKE {name}")
    for index in without:
        rows(connection, f"ALTER TABLE copied DROP KEY {index}")
    begun = perf_counter()
    with connection.cursor() as cursor:
        copied = cursor.execute(f"INSERT INTO copied ({columns}) SELECT {columns} FROM {name} LIMIT {COPIED}")
    taken = perf_counter() - begun
    rows(connection, "DROP TABLE copied")
    return 1e6 * taken / max(copied, 1)
