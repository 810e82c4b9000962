"""What a flash-sale benchmark found, as its part of the report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from designs import DESIGNS, OURS, SEATS, TEXTBOOK, Design
from load import Load
from measuring import FREE, PAID, RATIOS, SLOW_DISK, THIS_DISK, Bench
from report import table


@dataclass
class Facts:
    """On what was measured, how many seconds it took to create a sale, and what a sale costs, in words."""

    machine: str
    creation: float
    costs: str = ""


def text(bench: Bench, facts: Facts) -> str:
    """The whole part, Markdown."""
    connections = sorted({found[1] for found in bench.runs if found[0] == THIS_DISK})
    return "\n".join(
        [
            "## Flash sales\n",
            _introduction(bench, facts.creation),
            facts.machine,
            _wanted(bench),
            "![Calls a second over connections](flash-sale.svg)\n",
            *(_rates(bench, disk, connections) for disk in (THIS_DISK, SLOW_DISK)),
            _p99(bench, connections),
            _cpu(bench),
            _others(bench),
            facts.costs,
        ]
    )


def points(bench: Bench) -> dict[str, dict[str, list[tuple[int, float]]]]:
    """By disk and design: the median rate at each number of connections."""
    drawn: dict[str, dict[str, list[tuple[int, float]]]] = {}
    for disk in (THIS_DISK, SLOW_DISK):
        for design in DESIGNS:
            found = {key[1]: loads for key, loads in bench.runs.items() if key[0] == disk and key[2] == design}
            if found:
                rates = [(connections, _middle(loads, _rate)) for connections, loads in sorted(found.items())]
                drawn.setdefault(disk, {})[design.name] = rates
    return drawn


def _introduction(bench: Bench, creation: float) -> str:
    return f"""Each figure is the median of {bench.plan.rounds} runs of {bench.plan.seconds} s after a second to warm up, with
the range beside it; the designs of a row ran in turn, and a ratio is the median of the rounds' own. Every run sells
seats of a new sale of a new course, each call for a student who has not bought it. After every run the seats by the
stock, the enrollments and the calls were counted and were one number: none oversold, none undersold, no deadlock, no
timeout, or the benchmark would have ended there. All designs write the same rows into the same tables, except the bare
UPDATE, which writes one row. Their SQL: [bench/sql](../bench/sql). Each sale has {SEATS:,} seats; to create one took
{1000 * creation:.0f} ms, for it is 128 rows whatever its size.
"""


def _wanted(bench: Bench) -> str:
    body = []
    for ratio in RATIOS:
        each = bench.each(ratio)
        held = "yes" if median(each) >= ratio.wanted else "**no**"
        spread = f"{min(each):.2f} to {max(each):.2f}"
        body.append([ratio.name, f"{median(each):.2f}", spread, f"{ratio.wanted:.2f}", held])
    head = ["`enroll_in_flash_sale`, calls a second at", "ratio", "range", "wanted", "reached"]
    return table(head, body)


def _rates(bench: Bench, disk: str, connections: Sequence[int]) -> str:
    return f"### Calls a second, {disk}\n\n" + _by_connections(bench, disk, connections, _rate, "{:,.0f}")


def _p99(bench: Bench, connections: Sequence[int]) -> str:
    latencies = _by_connections(bench, THIS_DISK, connections, lambda load: load.p99_ms, "{:,.1f}")
    return f"### p99 of a call in milliseconds, {THIS_DISK}\n\n" + latencies


def _by_connections(
    bench: Bench, disk: str, connections: Sequence[int], figure: Callable[[Load], float], shape: str
) -> str:
    body = []
    for design in DESIGNS:
        loads = [bench.runs.get((disk, at, design), []) for at in connections]
        if any(loads):
            body.append([design.name, *(_spread(map(figure, found), shape) for found in loads)])
    return table(["connections", *map(str, connections)], body)


def _cpu(bench: Bench) -> str:
    body = []
    for design in DESIGNS:
        loads = bench.runs[THIS_DISK, 100, design]
        server = _middle(loads, lambda load: load.server_microseconds)
        driver = _middle(loads, lambda load: load.driver_share)
        idle = _middle(loads, lambda load: load.idle)
        body.append([design.name, f"{server:,.0f} µs", f"{driver:.0%}", f"{idle:.0%}"])
    return (
        "### What the machine does, 100 connections, this disk\n\n"
        "sysbench takes a small part of the CPU: where nothing is idle it is the server that is the limit, and where\n"
        "something is idle everybody waits for the hot row and its commit.\n\n"
        + table(["", "server's CPU a call", "sysbench's share of both", "idle"], body)
    )


def _others(bench: Bench) -> str:
    names = {PAID: "`process_course_purchase`", FREE: "`enroll_student`"}
    body = [
        [f"{name}, 100 connections, over {courses:,} course{'s' * (courses > 1)}", _runs(bench, (statement, courses))]
        for statement, name in names.items()
        for courses in (1, 1000)
    ]
    body += [
        [f"`enroll_in_flash_sale`, 100 connections, `fold_counters` {often}", _runs(bench, ("fold", wanted))]
        for often, wanted in (("never", False), ("every second", True))
    ]
    body += [
        [f"1,000 callers for 100 seats, {design.name}", _runs(bench, ("sold out", design))]
        for design in (OURS, TEXTBOOK)
    ]
    return "### Ordinary purchases, folding, and a sale that sells out\n\n" + table(["", "calls a second"], body)


def _runs(bench: Bench, key: tuple[object, ...]) -> str:
    return _spread(map(_rate, bench.runs[key]), "{:,.0f}")


def _spread(found: Iterable[float], shape: str) -> str:
    values = list(found)
    low, high = shape.format(min(values)), shape.format(max(values))
    return f"{shape.format(median(values))} ({low} to {high})"


def _middle(loads: Iterable[Load], figure: Callable[[Load], float]) -> float:
    return median(map(figure, loads))


def _rate(load: Load) -> float:
    return load.rate
