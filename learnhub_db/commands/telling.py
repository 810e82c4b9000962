"""Acts on a terminal and in a log: what runs for long is one line that changes, or a line every half minute."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from learnhub_db.acts import RUNNING, Act, Report
from learnhub_db.commands.session import Session

CLEARED = "\r\x1b[K"
SECONDS_BETWEEN_LINES = 30.0


@contextmanager
def telling(session: Session) -> Iterator[Report]:
    """What tells of acts, nothing under --json; the line that changes is gone at the end."""
    if session.as_json:
        yield lambda act: None
        return
    teller = Teller()
    try:
        yield teller
    finally:
        teller.clear()


class Teller:
    def __init__(self) -> None:
        self.last = time.monotonic()
        self.open = False  # whether a line stands on the terminal that is to change or go

    def __call__(self, act: Act) -> None:
        if act.verb != RUNNING:
            self.clear()
            click.echo(act)
        elif sys.stderr.isatty():
            click.echo(f"{CLEARED}{act}", err=True, nl=False)
            self.open = True
        elif time.monotonic() - self.last >= SECONDS_BETWEEN_LINES:
            click.echo(act)
            self.last = time.monotonic()

    def clear(self) -> None:
        """Take the changing line away."""
        self.last = time.monotonic()
        if self.open:
            click.echo(CLEARED, err=True, nl=False)
            self.open = False
