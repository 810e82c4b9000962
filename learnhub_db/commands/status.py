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
    """Show what is applied, pending, changed, missing on the server, orphaned by its file; reads only.

    What somebody changed on the server since is drifted or extra. Programs, tables and rights are compared with what the
    last apply left; verify compares with what the files build, and shows the differences.
    """
    status = standing.read(session.files, session.target())
    counts = Counter(one.state for one in status.found)
    lines = [
        f"{one.state:<8} {one.kind} {one.name}  {' '.join(filter(None, (one.path, one.note)))}".rstrip()
        for one in status.found
        if one.state != standing.APPLIED
    ]
    lines.append(", ".join(f"{number} {state}" for state, number in counts.items()))
    lines.append(f"not compared: {', '.join(status.not_compared)}")
    files = [asdict(one) for one in status.found]
    text = "\n".join(lines) if files else "the project holds no files"
    session.show({"counts": counts, "files": files, "not_compared": status.not_compared}, text)
