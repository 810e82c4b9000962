"""What the global options mean to a verb."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

from learnhub_db.database import Target
from learnhub_db.errors import UsageError
from learnhub_db.project import Project


@dataclass(frozen=True)
class Session:
    url: str | None
    project: Path
    as_json: bool
    debug: bool

    @property
    def files(self) -> Project:
        return Project(self.project)

    def target(self) -> Target:
        """The database named by --url, LEARNHUB_DB_URL or the private server, in this order."""
        if self.url:
            return Target.parse(self.url)
        from learnhub_db.server import private_url

        url = private_url(self.project)
        if url is None:
            raise UsageError("no database is named", "", "give --url, set LEARNHUB_DB_URL, or run learnhub-db server start")
        return Target.parse(url)

    def show(self, document: object, text: str) -> None:
        """Print `document` under --json, else `text`."""
        click.echo(json.dumps(document, indent=2, default=str) if self.as_json else text)
