"""learnhub-db rollback"""

from __future__ import annotations

from dataclasses import asdict

import click

from learnhub_db import rollback as rollbacks
from learnhub_db.commands import options
from learnhub_db.commands.session import Session
from learnhub_db.commands.telling import telling


@click.command()
@click.option("--to", metavar="NNNN", help="Until this migration is the last one that is applied; 0000: none.")
@click.option("--steps", type=click.IntRange(1), metavar="N", help="So many migrations  [default: 1]")
@options.resume
@options.lock_timeout
@click.pass_obj
def rollback(session: Session, to: str | None, steps: int | None, resume: str | None, lock_timeout: float) -> None:
    """Undo the last migration, or several, by their NNNN-name.rollback.sql, and put the programs back.

    Refused before anything is touched where one of them has no rollback. Then every procedure, function, view, trigger
    and event is what it was when the migration that is the last one now was the last one before; what did not exist
    then is dropped. After a crash or an error, rollback again goes on where it stopped, to where it was to end; until
    then apply is refused.
    """
    if to and steps:
        raise click.UsageError("give --to or --steps, not both")
    aim = rollbacks.Aim(to, steps or 1)
    with telling(session) as say:
        acts = rollbacks.run(session.files, session.target(), aim, say, resume=resume, lock_timeout=lock_timeout)
    note = rollbacks.AHEAD if acts else "nothing to do"
    session.show({"acts": [asdict(act) for act in acts], "note": note}, note)
