"""Options that several verbs have."""

from __future__ import annotations

import click

from learnhub_db.runner import lock
from learnhub_db.runner.resumption import CHOICES

resume = click.option(
    "--resume", type=click.Choice(list(CHOICES)), help="Of a statement that may have run before a crash."
)
lock_timeout = click.option(
    "--lock-timeout",
    type=click.FloatRange(0),
    default=lock.WAIT_SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait for another run.",
)
