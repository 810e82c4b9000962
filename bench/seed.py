"""How fast `seed scale` writes beside LOAD DATA of the same rows: make bench, or python bench/seed.py URL [SIZE]...

Both write into databases built by `apply`, with every constraint and trigger at work, on the same server, in turn. What
the set derives from its rows afterwards (counters, payouts, the daily figures) is left out on both sides. The rows are
those of all tables, written by statements or by triggers. The server has to write files that it can read back: one of
one's own, with secure_file_priv empty or a folder.
"""

from __future__ import annotations

import secrets
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median

from pymysql.connections import Connection

import report
from learnhub_db import deployment
from learnhub_db.database import Target, connect, identifier, rows
from learnhub_db.project import Project
from learnhub_db.seeding import binlog, planting, seeds

PROJECT = Project(Path(__file__).parent.parent)
SIZES = ("s", "m")
ROUNDS = 3
SETTINGS = ("innodb_flush_log_at_trx_commit", "sync_binlog", "innodb_buffer_pool_size")
MEGABYTE = 1024 * 1024
DERIVED = "50"  # the first file that only derives
# Parents first; what triggers write is not loaded: they write it here too.
TABLES = """
    users categories courses course_categories course_tags course_prerequisites lessons lesson_sections quizzes
    enrollments course_access promotions orders order_items promotion_uses payments payment_events receipts fraud_alerts
    lesson_progress section_progress quiz_attempts reviews wishlist_items carts cart_items subscriptions
    subscription_payments
""".split()
COLUMNS = """
    SELECT column_name FROM information_schema.columns
     WHERE table_schema = DATABASE() AND table_name = %s AND generation_expression = '' ORDER BY ordinal_position
"""
EVENTS = "SELECT event_name FROM information_schema.events WHERE event_schema = DATABASE()"
BASE_TABLES = """
    SELECT table_name FROM information_schema.tables
     WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_%'
"""


@dataclass
class Side:
    """What one way wrote: rows a second of each round, bytes of binary log of the last."""

    name: str
    written: int = 0
    rates: list[float] = field(default_factory=list)
    log: int | None = None

    def take(self, written: int, seconds: float, log: int | None) -> None:
        self.written, self.log = written, log
        self.rates.append(written / seconds)

    def cells(self) -> tuple[str, ...]:
        """A line of the report's table."""
        log = "unknown" if self.log is None else f"{self.log / MEGABYTE:,.1f} MB"
        spread = f"{min(self.rates):,.0f} to {max(self.rates):,.0f}"
        return self.name, f"{self.written:,}", f"{median(self.rates):,.0f}", spread, log


def main(url: str, *sizes: str) -> None:
    administrator = Target.parse(url).named("mysql")
    with connect(administrator) as connection:
        machine = report.machine(connection, SETTINGS)
    found = {size: compare(administrator, size) for size in sizes or SIZES}
    text = _text(machine, found)
    print(text)
    report.put("seeds", text)


def compare(administrator: Target, size: str) -> tuple[Side, Side]:
    """Both ways in turn, round by round."""
    ours, theirs = Side(f"{size}: `learnhub-db seed scale`"), Side(f"{size}: `LOAD DATA INFILE`, a file a table")
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            with database(administrator) as target, connect(target) as connection:
                measure(ours, connection, lambda: plant(connection, target, size))
                files = Path(folder, secrets.token_hex(4))
                files.mkdir(mode=0o777)
                dump(connection, files)
            with database(administrator) as target, connect(target) as connection:
                measure(theirs, connection, lambda: load(connection, files))
            shutil.rmtree(files)
    return ours, theirs


@contextmanager
def database(administrator: Target) -> Iterator[Target]:
    """A database as `apply` builds it, without events that write meanwhile; dropped at the end."""
    target = administrator.named(f"learnhub_bench_{secrets.token_hex(4)}")
    with connect(administrator, select_database=False) as connection:
        rows(connection, f"CREATE DATABASE {target.database}")
        try:
            deployment.apply(PROJECT, target)
            connection.select_db(target.database)
            for (event,) in rows(connection, EVENTS):
                rows(connection, f"DROP EVENT {identifier(event)}")
            yield target
        finally:
            rows(connection, f"DROP DATABASE {target.database}")


def measure(side: Side, connection: Connection, write: Callable[[], None]) -> None:
    before, position, began = count(connection), binlog.position(connection), time.monotonic()
    write()
    seconds = time.monotonic() - began
    side.take(count(connection) - before, seconds, binlog.grown(connection, position))


def plant(connection: Connection, target: Target, size: str) -> None:
    seed = seeds.read(PROJECT, "scale", target.database, size)
    seed = replace(seed, files=tuple(file for file in seed.files if file.name < DERIVED))
    planting.plant(connection, seed, lambda act: None)


def dump(connection: Connection, folder: Path) -> None:
    for table in TABLES:
        rows(connection, f"SELECT {columns(connection, table)} INTO OUTFILE %s FROM {table}", (str(folder / table),))


def load(connection: Connection, folder: Path) -> None:
    for table in TABLES:
        file = str(folder / table)
        rows(connection, f"LOAD DATA INFILE %s INTO TABLE {table} ({columns(connection, table)})", (file,))


def columns(connection: Connection, table: str) -> str:
    return ", ".join(identifier(name) for (name,) in rows(connection, COLUMNS, (table,)))


def count(connection: Connection) -> int:
    tables = [table for (table,) in rows(connection, BASE_TABLES)]
    return sum(rows(connection, f"SELECT COUNT(*) FROM {identifier(table)}")[0][0] for table in tables)


def _text(machine: str, found: Mapping[str, tuple[Side, Side]]) -> str:
    head = ("size", "rows", "rows a second, median", "range", "binary log")
    body = [side.cells() for sides in found.values() for side in sides]
    ratios = "".join(
        f"- {size}: {report.times(ours.rates, theirs.rates):.2f} times as fast.\n"
        for size, (ours, theirs) in found.items()
    )
    return f"""## Seeds: `seed scale` beside `LOAD DATA` of the same rows

{machine}
{report.table(head, body)}
The seed writes, as the median of {ROUNDS} rounds, in each of which the two ran in turn:

{ratios}
The rows differ by the events of orders: those that are loaded are confirmed at once.
"""


if __name__ == "__main__":
    main(*sys.argv[1:])
