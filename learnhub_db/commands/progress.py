"""How far a seed is: a bar on a terminal, a line now and then in a log."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import click

from learnhub_db.acts import Act
from learnhub_db.seeding.planting import Step
from learnhub_db.seeding.seeds import Seed

SECONDS_BETWEEN_LINES = 10


@contextmanager
def progress(seed: Seed, *, quiet: bool) -> Iterator[Quiet | Lines | Bar]:
    """What shows the acts and steps of planting `seed`; a bar where somebody looks and the seed has slices."""
    if quiet:
        yield Quiet()
    elif seed.sliced and sys.stdout.isatty():
        bar = Bar()
        try:
            yield bar
        finally:
            bar.end()
    else:
        yield Lines()


class Quiet:
    def act(self, act: Act) -> None:
        pass

    def step(self, step: Step) -> None:
        pass


class Lines:
    """A line for each act, and for a long file one every SECONDS_BETWEEN_LINES."""

    def __init__(self) -> None:
        self.began = self.told = time.monotonic()
        self.rows = self.steps = 0

    def act(self, act: Act) -> None:
        click.echo(act)

    def step(self, step: Step) -> None:
        self.rows, self.steps = self.rows + step.rows, self.steps + 1
        if time.monotonic() >= self.told + SECONDS_BETWEEN_LINES and step.left:
            self.told = time.monotonic()
            seconds = self.told - self.began
            left = f"{self.rows / seconds:,.0f} rows/s, {_clock(seconds / self.steps * step.left)} left"
            click.echo(f"{step.path}: {step.last:,} of {step.total:,}, {left}")


class Bar:
    """click's bar over the slices, with the time left; beside it the rate and the file."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self.rows = 0
        self.bar = None

    def act(self, act: Act) -> None:
        if act.verb == "waiting":
            click.echo(act)

    def step(self, step: Step) -> None:
        self.rows += step.rows
        if self.bar is None:
            self.bar = click.progressbar(length=step.left + 1, item_show_func=self._beside, show_eta=True, width=24)
            self.bar.__enter__()
        self.bar.update(1, step)

    def end(self) -> None:
        if self.bar is not None:
            self.bar.__exit__(None, None, None)

    def _beside(self, step: Step | None) -> str | None:
        if step is None:
            return None
        rate = self.rows / max(time.monotonic() - self.began, 0.001)
        return f"{rate:,.0f} rows/s  {step.path.rpartition('/')[2]}"


def _clock(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes}:{seconds:02}"
