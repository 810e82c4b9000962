"""What the EXECUTEs of a file run, as far as the file's strings tell it beforehand."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.foresight import alters
from learnhub_db.runner import memory
from learnhub_db.runner.memory import Memory
from learnhub_db.runner.steps import Step
from learnhub_db.statements import code_only, strings


class Prepared:
    """What the steps of one file have prepared; on `connection` nothing but user variables is changed."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.memory = Memory(connection, [])
        self.alters: list[str] = []  # among the strings of which nothing is known but that they stand there

    def learn(self, step: Step) -> None:
        """Take in a step that comes before the next one that is asked of."""
        names = memory.names(step.code) | memory.names(code_only(self.memory.executed(step)))
        if not (memory.prepares(step) or names):
            return
        with suppress(pymysql.Error):
            self.alters += [text for text in self._strings(step) if alters.read(text)]
            if memory.constants(step):
                rows(self.connection, step.text)
            elif not memory.prepares(step):
                self.memory.doubt(names)
            self.memory.learn(step)
        known = [self.memory.prepared[name] for name in self.memory.said_prepared]
        self.alters = [text for text in self.alters if text not in known]

    def executed(self, step: Step) -> tuple[Step, list[Step]]:
        """What the step runs, itself or what it executes, and where that is not known the ALTERs that it may be."""
        name = memory.executes(step)
        if name in self.memory.said_prepared:
            text = self.memory.prepared[name]
            return (step if "?" in code_only(text) else _with(step, text)), []
        perhaps = [_with(step, text) for text in self.alters] if name else []
        self.alters = [] if name else self.alters
        return step, perhaps

    def _strings(self, step: Step) -> list[str]:
        found = [text for text in strings(step.text) if text[0] == "'"]
        return list(rows(self.connection, "SELECT " + ", ".join(found))[0]) if found else []


def _with(step: Step, text: str) -> Step:
    return replace(step, statement=replace(step.statement, text=text))
