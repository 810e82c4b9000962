"""learnhub-db apply"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from learnhub_db import deployment
from learnhub_db.commands import options
from learnhub_db.commands.session import Session
from learnhub_db.commands.telling import telling


@click.command()
@click.option("--prune", is_flag=True, help="Drop the programs that were deployed and whose files are gone.")
@click.option("--allow-rebuild", is_flag=True, help="Copy large tables though others have to wait.")
@click.option("--allow-destroy", multiple=True, metavar="NAME", help="Drop or empty this though it holds rows.")
@click.option("--allow-broken", is_flag=True, help="Apply migrations that break programs whose files are unchanged.")
@click.option("--adopt", is_flag=True, help="Go on with what is there in a database that has no history.")
@options.resume
@options.lock_timeout
@click.pass_obj
def apply(session: Session, **how: Any) -> None:
    """Bring the database to what the project's files say; safe to repeat, also after a crash at any moment.

    Pending sql/migrations/NNNN-name.sql are applied in order, then every procedure, function, view, trigger, event and
    grant file whose content differs from what is deployed.
    """
    with telling(session) as say:
        acts = deployment.apply(session.files, session.target(), say, **how)
    if session.as_json or not acts:
        session.show({"acts": [asdict(act) for act in acts]}, "nothing to do")
