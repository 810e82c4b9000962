"""docs/benchmarks.md: every benchmark replaces its own part of it and leaves the others alone."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from pymysql.connections import Connection

from learnhub_db.database import rows

REPORT = Path(__file__).parent.parent / "docs/benchmarks.md"
HEAD = "# Benchmarks\n\nThe output of `make bench`, part by part; no test of the suite depends on a time.\n"
PART = "\n<!-- {name} -->\n{text}<!-- end of {name} -->\n"


def put(name: str, text: str) -> None:
    """Write the part `name`, where it stands already or at the end."""
    report = REPORT.read_text(encoding="utf-8") if REPORT.exists() else HEAD
    part = PART.format(name=name, text=text)
    old = re.compile(re.escape(PART).replace(r"\{name\}", name).replace(r"\{text\}", ".*?"), re.DOTALL)
    report = old.sub(lambda _: part, report) if old.search(report) else report + part
    REPORT.write_text(report, encoding="utf-8")


def machine(connection: Connection, settings: Sequence[str], *more: str) -> str:
    """When, on what, with which versions and settings of the server, as a list."""
    ((mysql,),) = rows(connection, "SELECT VERSION()")
    set_to = [f"`{name}` {rows(connection, f'SELECT @@{name}')[0][0]}" for name in settings]
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, {platform.machine()}, {platform.system()};"
        f" load {load} when it began",
        f"MySQL {mysql}, Python {platform.python_version()}",
        ", ".join(set_to),
        *more,
    ]
    return "".join(f"- {line}.\n" for line in lines)


def table(head: Sequence[str], body: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *body]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def times(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How many times theirs ours is: the median over the rounds, in each of which the two ran in turn."""
    return median(our / their for our, their in zip(ours, theirs, strict=True))
