"""learnhub-db seed NAME"""

from __future__ import annotations

from dataclasses import asdict

import click

from learnhub_db import seeds
from learnhub_db.commands.session import Session
from learnhub_db.database import connect


@click.command()
@click.argument("name")
@click.pass_obj
def seed(session: Session, name: str) -> None:
    """Fill the database from the files in sql/seeds/NAME, in the order of their names; safe to repeat.

    Each .sql file is applied once, in one transaction: it may insert, update, delete and call procedures, but not
    commit or change the schema. A .sql.j2 file is a Jinja template that knows {{ seed }} and {{ database }}.
    """
    target = session.target()
    wanted = seeds.read(session.files, name, target.database)
    say = (lambda act: None) if session.as_json else click.echo
    with connect(target) as connection:
        planted = seeds.plant(connection, wanted, say)
    if session.as_json or not planted.applied:
        session.show({"seed": name, **asdict(planted)}, f"nothing to do: {name} is in place")
