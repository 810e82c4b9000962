"""The order in which the triggers of a table fire: the one that the files make, and how a trigger gets to its place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from difflib import SequenceMatcher

from learnhub_db.database import identifier
from learnhub_db.stored_programs.catalogue import Found
from learnhub_db.stored_programs.programs import Program

Key = tuple[str, str]
Moment = tuple[str, str, str]  # the table in small letters, BEFORE or AFTER, the event
Order = Mapping[Moment, Sequence[str]]  # names in small letters, the one that fires first in front

def moment(trigger: Program) -> Moment:
    return trigger.table.lower(), *trigger.fires


def wanted(programs: Iterable[Program]) -> Order:
    """The order that the server makes of the triggers among `programs`, which stand in the order of creation.

    Without those that name a trigger which no file makes.
    """
    order: dict[Moment, list[str]] = defaultdict(list)
    for trigger in (program for program in programs if program.kind == "trigger"):
        there = order[moment(trigger)]
        clause, other = trigger.order
        if not clause:
            there.append(trigger.name.lower())
        elif other in there:
            there.insert(there.index(other) + (clause == "FOLLOWS"), trigger.name.lower())
    return order


def deployed(existing: Mapping[Key, Found]) -> Order:
    """The order on the server, of the programs that there are."""
    order: dict[Moment, list[str]] = defaultdict(list)
    triggers = [(found, name) for (kind, name), found in existing.items() if kind == "trigger"]
    for found, name in sorted(triggers, key=lambda one: one[0].place):
        order[found.table.lower(), found.timing, found.event].append(name)
    return order


def misplaced(wanted: Order, deployed: Order) -> set[str]:
    """The triggers on the server that have to move for those of the files to fire in their order; as few as possible."""
    found: set[str] = set()
    for moment, names in wanted.items():
        there = [name for name in deployed.get(moment, ()) if name in names]
        right = [name for name in names if name in there]
        blocks = SequenceMatcher(None, there, right, autojunk=False).get_matching_blocks()
        found |= set(right) - {name for block in blocks for name in there[block.a : block.a + block.size]}
    return found


def settled(wanted: Order, deployed: Order) -> set[tuple[Moment, str]]:
    """The triggers on the server that need not move."""
    moving = misplaced(wanted, deployed)
    return {(moment, name) for moment, names in deployed.items() for name in names if name not in moving}


def clause(trigger: Program, wanted: Order, settled: Collection[tuple[Moment, str]]) -> str | None:
    """What puts a trigger behind or before its neighbours among the `settled`; "" for the first of its moment.

    None for one that is not in the order.
    """
    at, name = moment(trigger), trigger.name.lower()
    names = wanted.get(at, ())
    if name not in names:
        return None
    there = [one for one in names if one == name or (at, one) in settled]
    place = there.index(name)
    before, after = there[:place], there[place + 1 :]
    return f"FOLLOWS {identifier(before[-1])}" if before else f"PRECEDES {identifier(after[0])}" if after else ""
