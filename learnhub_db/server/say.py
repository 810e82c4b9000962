"""How the server's acts are told: progress on stdout, remarks on stderr."""

from __future__ import annotations

from typing import Protocol


class Say(Protocol):
    """Takes one line; `err` marks a remark. click.echo is one."""

    def __call__(self, text: str, /, *, err: bool = False) -> object: ...


def silently(text: str, /, *, err: bool = False) -> None:
    """Tells nobody."""
