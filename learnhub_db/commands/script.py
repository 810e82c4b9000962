"""learnhub-db script"""

from __future__ import annotations

import click

from learnhub_db import script as scripts
from learnhub_db.commands.session import Session
from learnhub_db.contents import Contents


@click.command()
@click.pass_obj
def script(session: Session) -> None:
    """Print one file for the stock mysql client that builds in an empty database what apply builds.

    It holds every file of the project, applied or not; needs no server.
    """
    text = scripts.text(Contents.read(session.files))
    session.show({"script": text}, text.removesuffix("\n"))
