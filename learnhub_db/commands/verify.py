"""learnhub-db verify"""

from __future__ import annotations

import sys
from dataclasses import asdict

import click

from learnhub_db import drift
from learnhub_db.commands.session import Session
from learnhub_db.contents import Contents


@click.command()
@click.pass_obj
def verify(session: Session) -> None:
    """Compare the database with what the project's files build; exit code 1 where it differs.

    Tables, programs, views, events with their definers and settings, and the rights of the accounts that the files
    name. The files are built in a scratch schema, which is dropped again; the database is only read. Rows are not
    compared.
    """
    contents = Contents.read(session.files)
    show(session, drift.find(contents, session.files.settings, session.target()))


def show(session: Session, found: list[drift.Difference]) -> None:
    """Print the differences, and end with exit code 1 where there are any."""
    number = f"{len(found)} difference{'' if len(found) == 1 else 's'}" if found else "no difference"
    session.show({"differences": [asdict(one) for one in found]}, "\n".join([*map(str, found), number]))
    if found:
        sys.exit(1)
