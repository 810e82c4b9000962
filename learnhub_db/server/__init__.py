"""A private MySQL server: its programs, its directory, its life."""

from __future__ import annotations

from pathlib import Path

from learnhub_db.server.home import Home
from learnhub_db.server.instance import Status, start, status, stop
from learnhub_db.server.programs import client_command

__all__ = ["Status", "client_command", "default_directory", "private_url", "start", "status", "stop"]


def default_directory(project_root: Path) -> Path:
    """Where the private server of a project lives."""
    return project_root / ".learnhub" / "server"


def private_url(project_root: Path) -> str | None:
    """The URL of the project's private server while it runs, with its password; reads only."""
    home = Home(default_directory(project_root).resolve())
    target = home.target() if home.in_use() else None
    return target.url if target else None
