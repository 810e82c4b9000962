"""learnhub-db plan"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import asdict

import click

from learnhub_db import planning
from learnhub_db.commands.session import Session
from learnhub_db.foresight.outlook import Effect
from learnhub_db.foresight.sizes import Size
from learnhub_db.planning import Plan

ALGORITHMS = {"INSTANT": "instant", "INPLACE": "in place", "COPY": "copies the table"}


@click.command()
@click.pass_obj
def plan(session: Session) -> None:
    """Show what apply would do, and how the server would do it, without doing it; exit code 1 where there is something.

    Each ALTER is tried on an empty copy of its table in a scratch schema, which is dropped again; programs are built
    there and compared with what is deployed. The database is only read.
    """
    found = planning.read(session.files, session.target())
    summary = f"{found.number} to do" if found.number else "nothing to do"
    session.show(asdict(found), "\n".join([*_lines(found), summary, *_command(found)]))
    if found.number:
        sys.exit(1)


def _lines(plan: Plan) -> Iterator[str]:
    for ask in plan.asks:
        yield f"needs {ask.option}: {ask.why}"
    for old, new in plan.renames.items():
        yield f"rename {old} to {new}: it has run"
    for name in plan.finishes:
        yield f"finish {name}, which a killed run had begun to replace"
    for effect in plan.statements:
        yield f"{effect.path}:{effect.line}  {effect.statement}"
        yield from (f"    {line}" for line in _facts(effect))
    for one in plan.programs:
        yield f"{one.act} {one.kind} {one.name}  {one.path}"
        yield from (f"    callers break: {why}" for why in one.breaks)
        yield from [f"    REFUSED: {one.refused}"] if one.refused else []
        yield from _indented(one.diff)
    for grant in plan.grants:
        yield f"grant {grant.path}"
        yield from [f"    {grant.note}"] if grant.note else []
        yield from _indented(grant.diff)


def _command(plan: Plan) -> Iterator[str]:
    """What to type, where apply alone would refuse."""
    if plan.asks:
        yield f"apply with: learnhub-db apply {' '.join(dict.fromkeys(ask.option for ask in plan.asks))}"


def _facts(effect: Effect) -> Iterator[str]:
    how = [ALGORITHMS[effect.algorithm]] if effect.algorithm else []
    if effect.algorithm == "INPLACE" and effect.rebuilds is not False:
        how.append("rebuilds the table" if effect.rebuilds else "may rebuild the table")
    if effect.rows is not None and effect.bytes is not None:
        how.append(str(Size(effect.rows, effect.bytes)))
    if effect.waiting:
        how.append(f"{effect.waiting} wait{'s' if effect.waiting == 'nobody' else ''}")
    if effect.instant_changes_left is not None:
        how.append(f"{effect.instant_changes_left} instant changes left")
    yield from ["; ".join(how)] if how else []
    for table, number in (effect.estimates or {}).items():
        yield f"{table}: {'about {:,} rows'.format(number) if number is not None else 'new rows'}"
    told = {"DESTROYS": effect.destroys, "REFUSED": effect.refused, "note": effect.note, "online": effect.online}
    yield from (f"{word}: {text}" for word, text in told.items() if text)


def _indented(diff: str) -> Iterator[str]:
    return (f"    {line}" for line in diff.splitlines())
