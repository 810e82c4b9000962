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
    compared. Statements that may reach other databases are not followed, and are told.
    """
    contents = Contents.read(session.files)
    show(session, drift.find(contents, session.files.settings, session.target()))


def show(session: Session, found: drift.Findings) -> None:
    """Print the differences and what could not be compared, and end with exit code 1 where there are differences."""
    number = len(found.differences) or "no"
    other = "other " if found.unfollowed else ""
    last = f"{number} {other}difference{'s' if len(found.differences) > 1 else ''}"
    untold = [*map(str, found.unfollowed), *(f"not compared: {one.kind} {one.name}" for one in found.not_compared)]
    document = {
        "differences": [asdict(one) for one in found.differences],
        "not_followed": [{"where": one.where, "why": one.why} for one in found.unfollowed],
        "not_compared": [{"kind": one.kind, "name": one.name} for one in found.not_compared],
    }
    session.show(document, "\n".join([*map(str, found.differences), *untold, last]))
    if found.differences:
        sys.exit(1)
