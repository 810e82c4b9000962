"""learnhub-db seed NAME"""

from __future__ import annotations

from dataclasses import asdict

import click

from learnhub_db.commands.progress import progress
from learnhub_db.commands.session import Session
from learnhub_db.database import connect
from learnhub_db.seeding import planting, seeds
from learnhub_db.seeding.planting import Planted

MEGABYTE = 1024 * 1024


@click.command()
@click.argument("name")
@click.option("--size", help="One of the sizes that the seed's seed.toml names.")
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="A parameter that its seed.toml declares.")
@click.pass_obj
def seed(session: Session, name: str, size: str | None, settings: tuple[str, ...]) -> None:
    """Fill the database from the files in sql/seeds/NAME, in the order of their names; safe to repeat.

    Each .sql file is applied once, in one transaction: it may insert, update, delete and call procedures, but not
    commit or change the schema. A .sql.j2 file is a Jinja template that knows {{ seed }}, {{ database }} and the seed's
    parameters.

    \b
    -- slices of 5000: users    a transaction for each 5000: {{ first }} to {{ last }}
    -- commits as it goes       no transaction around it; it must be safe to repeat

    What was stopped goes on with the same command.
    """
    target = session.target()
    wanted = seeds.read(session.files, name, target.database, size, settings)
    with connect(target) as connection, progress(wanted, quiet=session.as_json) as shown:
        planted = planting.plant(connection, wanted, shown.act, shown.step)
    if session.as_json or not planted.applied:
        document = {"seed": name, "parameters": wanted.parameters, **asdict(planted)}
        session.show(document, f"nothing to do: {name} is in place")
    elif wanted.sliced:
        click.echo(_sum(planted))


def _sum(planted: Planted) -> str:
    """How much it was, how fast, and what it cost the binary log."""
    rate = planted.rows / max(planted.seconds, 0.001)
    log = planted.binlog_bytes
    grown = "unknown: it is off, or the account may not see it" if log is None else f"{log / MEGABYTE:,.1f} MB"
    return f"{planted.rows:,} rows in {planted.seconds:,.1f} s, {rate:,.0f} a second; growth of the binary log: {grown}"
