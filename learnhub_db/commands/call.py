"""learnhub-db call NAME [VALUE...]"""

from __future__ import annotations

import json
from collections.abc import Sequence

import click
from tabulate import tabulate

from learnhub_db import calls
from learnhub_db.commands.session import Session
from learnhub_db.database import connect


@click.command(context_settings={"allow_interspersed_args": False})
@click.argument("name")
@click.argument("values", metavar="[VALUE|NAME=VALUE]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_obj
def call(session: Session, name: str, values: tuple[str, ...]) -> None:
    """Call the stored procedure NAME.

    Give a value for each IN and INOUT parameter, in their order or as name=value (a leading p_ of the name may be
    left out). All of NAME's values are checked before anything runs. Options stand before NAME; a -- right after it is
    skipped.

    \b
    NULL                  NULL; for the word itself write 'NULL' with its quotes
    dates                 2026-03-01, '2026-03-01 12:30:00', in UTC
    boolean               true, false, yes, no, 1, 0
    bits                  5, 0x05 or 0b101
    binary strings        0x00ff

    Result sets are printed as tables, then OUT values by name, warnings on stderr. With --json (before "call"):
    {"out": {...}, "results": [[{...}]]}, where DECIMAL and dates are text as stored, bytes 0x..., JSON itself.
    """
    with connect(session.target()) as connection:
        procedure = calls.find(connection, name)
        answer = calls.call(connection, procedure, calls.bind(procedure, _without_separator(values)))
    session.show({"out": answer.out, "results": [_rows(result) for result in answer.results]}, _text(answer))
    for warning in answer.warnings:
        click.echo(f"warning: {warning}", err=True)


def _without_separator(values: Sequence[str]) -> Sequence[str]:
    return values[1:] if values[:1] == ("--",) else values


def _rows(result: calls.Result) -> list[dict[str, object]]:
    names: list[str] = []
    for column in result.columns:
        name, number = column.name, 2
        while name in names:
            name, number = f"{column.name}_{number}", number + 1
        names.append(name)
    return [dict(zip(names, row)) for row in result.rows]


def _text(answer: calls.Answer) -> str:
    parts = [_table(result) for result in answer.results]
    if answer.out:
        parts.append("\n".join(f"{name} = {_word(value)}" for name, value in answer.out.items()))
    return "\n\n".join(parts) or "done, it returns nothing"


def _table(result: calls.Result) -> str:
    return tabulate(
        [[_word(value) for value in row] for row in result.rows],
        headers=[column.name for column in result.columns],
        colalign=["right" if column.is_number else "left" for column in result.columns] if result.rows else None,
        disable_numparse=True,
    )


def _word(value: object) -> str:
    if value is None:
        return "NULL"
    return json.dumps(value, ensure_ascii=False) if isinstance(value, (dict, list, bool)) else str(value)
