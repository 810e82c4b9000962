"""learnhub-db baseline"""

from __future__ import annotations

from dataclasses import asdict

import click

from learnhub_db import baseline as baselines
from learnhub_db.acts import Act
from learnhub_db.commands import verify
from learnhub_db.commands.session import Session
from learnhub_db.contents import Contents

PART_WAY = "apply the last files before the folding first, or change the database to what the files build"


@click.command()
@click.argument("number", metavar="NNNN")
@click.option("--squash", is_flag=True, help="Have them replace the applied migrations that have no file any more.")
@click.pass_obj
def baseline(session: Session, number: str, squash: bool) -> None:
    """Adopt what was done by other means: record the migrations up to NNNN and the programs as applied.

    None of them is run. Where the database differs from what they build, the differences are shown, nothing is
    recorded, and the exit code is 1. On a database that apply knows already, say after an online tool has altered a
    table, only tables are compared and only migrations recorded.

    With --squash they replace the applied migrations whose files are gone, say because these were folded into one.
    """
    acts: list[Act] = []
    contents, settings = Contents.read(session.files), session.files.settings
    act = baselines.squash if squash else baselines.adopt
    found = act(contents, settings, session.target(), number, acts.append)
    if found.differences and squash and not session.as_json:
        click.echo(f"hint: {PART_WAY}", err=True)
    if found.differences:
        verify.show(session, found)
    session.show({"acts": [asdict(act) for act in acts]}, "\n".join(map(str, acts)))
