"""What the EXECUTEs of a file run, as far as the file's strings tell it beforehand."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import replace

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.foresight import alters
from learnhub_db.runner import constants
from learnhub_db.runner.memory import Memory
from learnhub_db.runner.steps import Kind, Step
from learnhub_db.statements import code_only, strings, unquoted

_DESTROYS = re.compile(r"\s*(?:DROP\s+TABLE|TRUNCATE)\s", re.IGNORECASE)


class Prepared:
    """What the steps of one file have prepared; `connection` is only given the variables that the file says.

    `perhaps` are the ALTERs among the file's strings, and what drops or empties a table, each in the place of the step
    that holds it: one of them may be what an EXECUTE runs of which the file does not say what.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.memory = Memory(connection, [])
        self.alters: dict[str, Step] = {}
        self.certain: set[str] = set()
        self.unknown = False

    @property
    def perhaps(self) -> list[Step]:
        return [step for text, step in self.alters.items() if self.unknown and text not in self.certain]

    def learn(self, step: Step) -> None:
        """Take in a step that comes before the next one that is asked of."""
        executed = self.memory.executed(step)
        for text in map(unquoted, (*strings(step.text), *(strings(executed) if executed != step.text else ()))):
            if alters.read(text) or _DESTROYS.match(text):
                self.alters.setdefault(text, _with(step, text))
        with suppress(pymysql.Error):
            said = self.memory.learn(step, lambda said: [rows(self.connection, sql) for sql in said.values()])
            if len(said) < len(step.assignments) or step.kind is not Kind.SESSION:
                self.memory.doubt((constants.variables(step.code) | constants.variables(code_only(executed))) - said.keys())
        if step.kind is Kind.CALL:
            self.memory.said.clear()

    def executed(self, step: Step) -> Step:
        """The step, or what it executes where the file says that."""
        name = constants.executes(step.text)
        if name not in self.memory.said_prepared:
            self.unknown |= name is not None
            return step
        text = self.memory.prepared[name]
        self.certain.add(text)
        code = code_only(text)
        return step if "?" in code or not code.strip() else _with(step, text)


def _with(step: Step, text: str) -> Step:
    return replace(step, statement=replace(step.statement, text=text))
