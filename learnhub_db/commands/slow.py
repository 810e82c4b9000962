"""learnhub-db slow"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import click
from tabulate import tabulate

from learnhub_db import statistics
from learnhub_db.commands.session import Session
from learnhub_db.database import connect
from learnhub_db.statistics import Cost, Costs

COLUMNS = ("calls", "total s", "mean ms", "p95 ms", "examined/row", "no index")
FORMATS = ("d", ",.3f", ",.2f", ",.2f", ",.1f", "d", "")
SHOWN_CHARACTERS = 80


@click.command()
@click.option("--limit", type=click.IntRange(1), default=10, show_default=True, help="How many of each kind.")
@click.pass_obj
def slow(session: Session, limit: int) -> None:
    """Show the statements and stored programs that took the most time, by the server's own statistics; reads only.

    Per statement: calls, total, mean and 95th percentile, rows examined for each row returned or changed, and how often
    no index served. The server counts since its start, or since its statistics were emptied. What stands inside a program is
    counted with the program.
    """
    target = session.target()
    with connect(target) as connection:
        costs = statistics.read(connection, target, limit)
    session.show(asdict(costs), "\n".join(_lines(costs)))


def _lines(costs: Costs) -> Iterator[str]:
    yield _table("statement", costs.statements)
    yield ""
    yield _table("program", costs.programs)
    if costs.not_told_apart:
        yield f"\n{costs.not_told_apart} statements are not told apart: raise performance_schema_digests_size"


def _table(kind: str, costs: list[Cost]) -> str:
    if not costs:
        return f"no {kind} of this database is counted"
    lines = [(*list(asdict(cost).values())[1:], _shortened(cost.name)) for cost in costs]
    return tabulate(lines, headers=(*COLUMNS, kind), floatfmt=FORMATS, colalign=("right",) * len(COLUMNS) + ("left",))


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
