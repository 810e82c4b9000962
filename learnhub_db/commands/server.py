"""learnhub-db server: a private MySQL for this project."""

from __future__ import annotations

from pathlib import Path

import click

from learnhub_db import server as private
from learnhub_db.commands.session import Session
from learnhub_db.errors import NoServer
from learnhub_db.project import Project

directory = click.option(
    "--dir",
    "directory",
    type=click.Path(path_type=Path, file_okay=False),
    help="Its directory [.learnhub/server of the project]",
)


@click.group()
def server() -> None:
    """Run a private MySQL: loopback only, its data and password in a directory only you can read.

    Its program is LEARNHUB_MYSQLD, else a mysqld on PATH, else one unpacked from the distribution's archive.
    """


@server.command()
@directory
@click.option("--port", type=click.IntRange(1, 65535), help="Listen here [the port of the last start, else a free one]")
@click.pass_obj
def start(session: Session, directory: Path | None, port: int | None) -> None:
    """Start it, or find it running; the last line is its administrator's URL."""
    target = private.start(_directory(session, directory), Project(session.folder).settings.database, port, click.echo)
    click.echo(target.url)


@server.command()
@directory
@click.pass_obj
def stop(session: Session, directory: Path | None) -> None:
    """Stop it and wait until it is gone."""
    stopped = private.stop(_directory(session, directory))
    click.echo("stopped" if stopped else "not running")


@server.command()
@directory
@click.pass_obj
def status(session: Session, directory: Path | None) -> None:
    """Tell whether it runs, where, and its version."""
    found = private.status(_directory(session, directory))
    where = found.target and f"{found.target.host}:{found.target.port}"
    document = {"running": found.running, "version": found.version, "address": where, "directory": found.directory}
    line = f"running: MySQL {found.version} on {where}" if found.running else "not running"
    session.show(document, f"{line}, directory {found.directory}")


@server.command()
@directory
@click.pass_obj
def url(session: Session, directory: Path | None) -> None:
    """Print the URL of its administrator, with the password."""
    found = private.status(_directory(session, directory))
    if found.target is None:
        raise NoServer("no private server runs", str(found.directory), "start it: learnhub-db server start")
    click.echo(found.target.url)


def _directory(session: Session, given: Path | None) -> Path:
    return given or private.default_directory(session.folder)
