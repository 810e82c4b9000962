"""What an apply or a rollback does, act by act."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


RUNNING = "running"  # the verb of what is told again and again while it lasts


@dataclass(frozen=True)
class Act:
    """One thing done, or told, as waiting is.

    `verb`: renamed, applied, created, replaced, altered, restored, pruned, granted; of a rollback undone, dropped.
    """

    verb: str
    what: str
    note: str = ""

    def __str__(self) -> str:
        return f"{self.verb} {self.what}{f' ({self.note})' if self.note else ''}"


Report = Callable[[Act], None]


def kept(acts: list[Act], report: Report) -> Report:
    """`report`, with every act put into `acts` as well, but for what is still running."""

    def tell(act: Act) -> None:
        if act.verb != RUNNING:
            acts.append(act)
        report(act)

    return tell
