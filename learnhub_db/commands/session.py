"""What the global options mean to a verb."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from learnhub_db.commands import output
from learnhub_db.connection import login
from learnhub_db.database import Target
from learnhub_db.errors import UsageError
from learnhub_db.project import Project, nearest


@dataclass(frozen=True)
class Session:
    url: str | None = field(repr=False)
    project: Path | None
    as_json: bool
    debug: bool
    defaults_file: Path | None = None
    password_file: Path | None = None

    @property
    def files(self) -> Project:
        """The project that is named, else the nearest one upwards; UsageError where there is none."""
        root = self.project or nearest(Path.cwd())
        if root is None:
            hint = "change to the folder of one, or name it: --project DIR"
            raise UsageError("there is no project here, nor in a folder above", str(Path.cwd()), hint)
        return Project(root)

    @property
    def folder(self) -> Path:
        """The project's, or the one in which one may begin."""
        return self.project or nearest(Path.cwd()) or Path.cwd()

    def target(self) -> Target:
        """The database named by --url or LEARNHUB_DB_URL, by --defaults-file, or the private server, in this order.

        What the URL leaves out is taken from --defaults-file; the password of --password-file beats both.
        """
        target = self._named() if self.url or self.defaults_file else self._private()
        if self.password_file:
            target = replace(target, password=login.password(self.password_file))
            _warn_of(self.password_file)
        return target

    def _named(self) -> Target:
        if not self.defaults_file:
            return Target.parse(self.url)
        options = login.options(self.defaults_file)
        if "password" in options:
            _warn_of(self.defaults_file)
        return Target.parse(self.url or "mysql://", {"database": self.files.settings.database} | options)

    def _private(self) -> Target:
        from learnhub_db.server import private_url

        url = private_url(self.folder)
        if url is None:
            hint = "give --url or --defaults-file, set LEARNHUB_DB_URL, or run learnhub-db server start"
            raise UsageError("no database is named", "", hint)
        return Target.parse(url)

    def show(self, document: dict[str, object], text: str) -> None:
        """Print `document` under --json, else `text`."""
        if self.as_json:
            output.document(document)
        else:
            click.echo(text)


def _warn_of(path: Path) -> None:
    if login.open_to_others(path):
        click.echo(f"warning: everybody on this machine may read the password, {path}, chmod o-r {path}", err=True)
