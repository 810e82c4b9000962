"""The plan of the flash-sale benchmark: what runs beside what, how often, and what must come out.

After each run what was sold is compared with what stands in the tables: a seat too many or too few, or a deadlock, ends
the benchmark.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from designs import BARE, BUYERS, DESIGNS, LIMIT, OURS, TEXTBOOK, Design, School
from load import Caller, Load

THIS_DISK, SLOW_DISK = "this disk", "fsync 1 ms slower"
FREE = "CALL enroll_student({user}, {course}, @enrollment, @result)"
PAID = "CALL process_course_purchase({user}, {course}, 'credit_card', 'ch_{user}', @enrollment, @result)"


@dataclass(frozen=True)
class Plan:
    """How long and how often, and which designs at how many connections, on which disk."""

    seconds: int
    rounds: int  # of the designs beside each other
    others: int  # of what else is measured
    compared: Mapping[str, Mapping[int, Sequence[Design]]]


QUICK = Plan(
    seconds=1,
    rounds=2,
    others=1,
    compared={
        THIS_DISK: {1: (OURS, TEXTBOOK), 8: (OURS, TEXTBOOK), 100: (LIMIT, OURS, BARE, TEXTBOOK)},
        SLOW_DISK: {100: (OURS, BARE, TEXTBOOK)},
    },
)
FULL = Plan(
    seconds=3,
    rounds=3,
    others=3,
    compared={
        THIS_DISK: dict.fromkeys((1, 8, 32, 100, 400), DESIGNS),
        SLOW_DISK: dict.fromkeys((1, 8, 32, 100, 400), (LIMIT, OURS, BARE, TEXTBOOK)),
    },
)


@dataclass(frozen=True)
class Ratio:
    """`ours` to `theirs`, both measured in the same rounds; `wanted` is the least it should be."""

    name: str
    ours: tuple[object, ...]
    theirs: tuple[object, ...]
    wanted: float


RATIOS = (
    Ratio("100 connections, to its own limit", (THIS_DISK, 100, OURS), (THIS_DISK, 100, LIMIT), 0.85),
    Ratio("100 connections, to the textbook", (THIS_DISK, 100, OURS), (THIS_DISK, 100, TEXTBOOK), 2.2),
    Ratio("100 connections, to the bare UPDATE", (THIS_DISK, 100, OURS), (THIS_DISK, 100, BARE), 1.0),
    Ratio("8 connections, to the textbook", (THIS_DISK, 8, OURS), (THIS_DISK, 8, TEXTBOOK), 1.8),
    Ratio("1 connection, to the textbook", (THIS_DISK, 1, OURS), (THIS_DISK, 1, TEXTBOOK), 1.0),
    Ratio("slow fsync, 100 connections, to the textbook", (SLOW_DISK, 100, OURS), (SLOW_DISK, 100, TEXTBOOK), 7.0),
    Ratio("slow fsync, 100 connections, to the bare UPDATE", (SLOW_DISK, 100, OURS), (SLOW_DISK, 100, BARE), 6.0),
    Ratio("process_course_purchase, 1 course to 1,000", (PAID, 1), (PAID, 1000), 0.75),
    Ratio("enroll_student, 1 course to 1,000", (FREE, 1), (FREE, 1000), 0.75),
    Ratio("1,000 callers for 100 seats, to the textbook", ("sold out", OURS), ("sold out", TEXTBOOK), 1.0),
    Ratio("fold_counters every second, to never", ("fold", True), ("fold", False), 0.95),
)


@dataclass
class Bench:
    """Runs a plan and keeps every run under what was run."""

    plan: Plan
    say: Callable[[str], None]
    runs: dict[tuple[object, ...], list[Load]] = field(default_factory=lambda: defaultdict(list))

    def compare(self, caller: Caller, school: School, disk: str) -> None:
        """The designs of the plan, at each number of connections in turn, round by round."""
        for connections, compared in self.plan.compared[disk].items():
            for _ in range(self.plan.rounds):
                for design in compared:
                    load = self._sell(caller, school, design, connections)
                    self.say(f"{disk}, {connections} connections, {design.name}: {load.rate:,.0f} a second")
                    self.runs[disk, connections, design].append(load)

    def fold(self, caller: Caller, school: School) -> None:
        """Our procedure while counters are folded every second, and while they are not."""
        for _ in range(self.plan.others):
            for wanted in (False, True):
                school.fold_every_second(wanted)
                self.runs["fold", wanted].append(self._sell(caller, school, OURS, 100))
        school.fold_every_second(False)

    def purchases(self, caller: Caller, school: School) -> None:
        """Ordinary purchases of one course, and of a thousand."""
        for _ in range(self.plan.others):
            for statement in (FREE, PAID):
                for courses in (1, 1000):
                    options = {"course": school.courses(courses), "courses": courses, "first": school.next_buyer()}
                    load = caller.run(100, statement, users=BUYERS, **self._time(100), **options)
                    _check(statement, load, {school.enrolled_since(options["course"])})
                    self.runs[statement, courses].append(load)

    def sell_out(self, caller: Caller, school: School) -> None:
        """A hundred seats, a thousand callers on a hundred connections."""
        for _ in range(self.plan.others):
            for design in (OURS, TEXTBOOK):
                sale = school.sale(100)
                statement = design.call.replace("SALE", str(sale))
                load = caller.run(100, statement, users=BUYERS, events=1000, time=0, answer="@result")
                if load.words != {"SUCCESS": 100, "SOLD_OUT": 900} or school.sold(design, sale) != {100}:
                    raise RuntimeError(f"{design.name} answered {dict(load.words)} to 1,000 callers for 100 seats")
                self.runs["sold out", design].append(load)

    def each(self, ratio: Ratio) -> list[float]:
        """The ratio of each round: both sides ran in it, one after the other."""
        sides = zip(self.runs[ratio.ours], self.runs[ratio.theirs], strict=True)
        return [ours.rate / theirs.rate for ours, theirs in sides]

    def _sell(self, caller: Caller, school: School, design: Design, connections: int) -> Load:
        sale = school.sale()
        load = caller.run(connections, design.call.replace("SALE", str(sale)), users=BUYERS, **self._time(connections))
        _check(design.name, load, school.sold(design, sale))
        return load

    def _time(self, connections: int) -> dict[str, object]:
        """Time to warm up, for every connection compiles the procedures for itself; then what is measured."""
        warm_up = max(1, connections // 50)
        return {"time": warm_up + self.plan.seconds, "report-checkpoints": warm_up}


def _check(name: str, load: Load, sold: set[int]) -> None:
    if load.errors or sold - {load.calls}:
        raise RuntimeError(f"{name}: {load.calls} calls, {load.errors} deadlocks or timeouts, sold {sold}")
