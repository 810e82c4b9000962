"""learnhub-db status"""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict

import click

from learnhub_db import standing
from learnhub_db.commands.session import Session


@click.command()
@click.pass_obj
def status(session: Session) -> None:
    """Show what is applied, pending, changed, missing on the server, orphaned by its file; reads only."""
    found = standing.read(session.files, session.target())
    counts = Counter(one.state for one in found)
    lines = [
        f"{one.state:<8} {one.kind} {one.name}  {one.path} {one.note}".rstrip()
        for one in found
        if one.state != standing.APPLIED
    ]
    summary = ", ".join(f"{number} {state}" for state, number in counts.items()) or "the project holds no files"
    session.show({"counts": counts, "files": [asdict(one) for one in found]}, "\n".join([*lines, summary]))
