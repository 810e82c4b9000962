"""learnhub-db apply"""

from __future__ import annotations

from dataclasses import asdict

import click

from learnhub_db import deployment
from learnhub_db.commands.session import Session


@click.command()
@click.option("--prune", is_flag=True, help="Drop the programs that were deployed and whose files are gone.")
@click.option("--allow-rebuild", is_flag=True, help="Copy large tables though others have to wait.")
@click.pass_obj
def apply(session: Session, prune: bool, allow_rebuild: bool) -> None:
    """Bring the database to what the project's files say; safe to repeat.

    Pending sql/migrations/NNNN-name.sql are applied in order, then every procedure, function, view, trigger, event and
    grant file whose content differs from what is deployed.
    """
    say = (lambda act: None) if session.as_json else click.echo
    acts = deployment.apply(session.files, session.target(), say, prune=prune, allow_rebuild=allow_rebuild)
    if session.as_json or not acts:
        session.show({"acts": [asdict(act) for act in acts]}, "nothing to do")
