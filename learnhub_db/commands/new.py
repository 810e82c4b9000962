"""learnhub-db new"""

from __future__ import annotations

import click

from learnhub_db import draft
from learnhub_db.commands.session import Session
from learnhub_db.project import Project


@click.command()
@click.argument("name")
@click.pass_obj
def new(session: Session, name: str) -> None:
    """Write the files of the next migration, NAME being what it does: add-stock."""
    paths = draft.write(Project(session.folder), name)
    session.show({"paths": paths}, "\n".join(paths))
