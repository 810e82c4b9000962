"""learnhub-db dump"""

from __future__ import annotations

import click

from learnhub_db import dump as dumps
from learnhub_db.commands.session import Session
from learnhub_db.contents import Contents


@click.command()
@click.pass_obj
def dump(session: Session) -> None:
    """Write the schema that the project's files build to sql/schema.sql; the same text for the same files.

    The files are built in a scratch schema of the server, which is dropped again.
    """
    contents = Contents.read(session.files)
    text, unfollowed = dumps.text(contents, session.files.settings, session.target())
    changed = dumps.write(session.files.root, text)
    document = {
        "path": dumps.PATH,
        "changed": changed,
        "not_followed": [{"where": one.where, "why": one.why} for one in unfollowed],
    }
    done = f"wrote {dumps.PATH}" if changed else "nothing to do"
    session.show(document, "\n".join([*map(str, unfollowed), done]))
