"""What an apply would make of the programs: built in a scratch schema, compared with what is deployed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.foresight.sandbox import Sandbox
from learnhub_db.history import History
from learnhub_db.inspection import blueprint, reach, schema
from learnhub_db.stored_programs.schedule import silenced
from learnhub_db.inspection.schema import Definition
from learnhub_db.runner import execution
from learnhub_db.statements import Statement, code_only
from learnhub_db.stored_programs import catalogue, comparison, events, firing, signatures, stored
from learnhub_db.stored_programs.programs import Program
from learnhub_db.stored_programs.scratch import Scratch

ROUTINES = ("procedure", "function")


@dataclass(frozen=True)
class Proposal:
    """`act` is create, replace, alter, restore, move (a trigger) or over (an event, whose time has passed).

    `diff` is from what is deployed to what would be.

    `breaks` says why those who call the routine today could not go on.
    """

    act: str
    kind: str
    name: str
    path: str
    diff: str = ""
    breaks: list[str] = field(default_factory=list)
    refused: str | None = None


class Workshop:
    """Programs built in the sandbox, as `owner` would own them; views on what they read, events disabled."""

    def __init__(self, target: Connection, sandbox: Sandbox, programs: Sequence[Program], owner: str | None) -> None:
        self.target, self.sandbox, self.programs, self.owner = target, sandbox, programs, owner
        self.used: dict[str, list[Program]] = defaultdict(list)  # what a statement may use, by name in small letters
        for program in programs:
            if program.kind in (*ROUTINES, "view"):
                self.used[program.name.lower()].append(program)
        self.order = firing.wanted(programs)
        self.deployed = firing.deployed(catalogue.programs(target))
        self.built: set[tuple[str, str]] = set()

    def propose(self, past: History, pending: Sequence[Program]) -> Iterator[Proposal]:
        """What apply would do with each of `pending`; nothing for those that are the same on the server."""
        existing = catalogue.programs(self.target)
        for program in pending:
            if events.is_over(self.target, past, program):
                yield Proposal("over", program.kind, program.name, program.path)
                continue
            record = past.objects.get(program.key)
            file_changed = record is None or record.digest != program.digest
            proposal = self._proposal(program, program.key in existing, file_changed)
            if proposal:
                yield proposal

    def _proposal(self, program: Program, deployed: bool, file_changed: bool) -> Proposal | None:
        what = (program.kind, program.name, program.path)
        verb = "replace" if file_changed else "restore"
        try:
            new = self._definition(program)
            if not deployed:
                return Proposal("create", *what)
            diff = self._diff(program, new)
            if not diff and program.kind == "trigger":
                diff = self._moved(program)
                return Proposal("move", *what, diff) if diff else None
            if not diff and program.kind not in ("view", "event"):
                return None
            if file_changed and program.kind == "event" or program.kind in ROUTINES and self._alters(program):
                verb = "alter" if file_changed else verb
            return Proposal(verb, *what, diff, self._breaks(program))
        except (DatabaseRefused, pymysql.Error) as error:
            return Proposal(verb if deployed else "create", *what, refused=self.sandbox.told(error))

    def _moved(self, program: Program) -> str:
        """From the order in which the triggers of its moment fire to that of the files; "" where it need not move."""
        moment, name = firing.moment(program), program.name.lower()
        if name not in firing.misplaced(self.order, self.deployed):
            return ""
        now = [one for one in self.deployed[moment] if one in self.order[moment]]
        lines = (f"{' '.join(moment[1:])} on {moment[0]}: {', '.join(names)}" for names in (now, self.order[moment]))
        return "\n".join(f"{sign}{line}" for sign, line in zip("-+", lines))

    def _definition(self, program: Program) -> Definition:
        self.build(program)
        one = schema.definition(self.sandbox.connection, program.kind, program.name, self._names)
        silent = {program.name.lower(): silenced(program.sql)} if program.kind == "event" else {}
        return blueprint.as_deployed(program.key, one, silent, self.owner)

    def renewed(self, program: Program) -> Proposal | None:
        """What becomes of a deployed view whose file is unchanged; of others only whether the server takes them."""
        new = self._definition(program)
        diff = self._diff(program, new) if program.kind == "view" else ""
        return Proposal("replace", program.kind, program.name, program.path, diff) if diff else None

    def build_used(self, sql: str) -> None:
        """Build the views and routines that a statement uses."""
        words = reach.words(code_only(sql)) & self.used.keys()
        for other in (other for word in sorted(words) for other in self.used[word]):
            self.build(other)

    def build(self, program: Program) -> None:
        if program.key in self.built:
            return
        self.built.add(program.key)
        sql = program.ordered("") if program.kind == "trigger" else program.sql
        if program.kind == "view":
            uses = {"function": reach.words(code_only(sql)), "view": program.uses}
            for other in self.programs:
                if other.name.lower() in uses.get(other.kind, ()):
                    self.build(other)
        if program.kind in ("view", "trigger"):
            self.sandbox.copy(code_only(sql))
        event = silenced(sql) if program.kind == "event" else None
        sql = blueprint.without_owner(event.sql if event else sql, self.owner)
        try:
            execution.run(self.sandbox.connection, Statement(sql, program.line, 0), program.path)
        except DatabaseRefused:
            self.built.discard(program.key)
            raise

    @property
    def _names(self) -> tuple[str, str]:
        return self.sandbox.schema, self.sandbox.database

    def _diff(self, program: Program, new: Definition) -> str:
        old = schema.definition(self.target, program.kind, program.name, self._names)
        lines = unified_diff(old.lines(new.unknown), new.lines(), "deployed", program.path, lineterm="")
        return "\n".join(lines)

    def _alters(self, program: Program) -> bool:
        """Whether an ALTER is enough; the routine is built again afterwards."""
        connection, kind = self.sandbox.connection, program.kind.upper()
        name = stored.qualified(program.name, self.sandbox.schema)
        old = stored.read(self.target, program.kind, program.name, path=program.path)
        rows(connection, f"DROP {kind} {name}")
        scratch = Scratch(connection, self.sandbox.schema, self.sandbox.database)
        difference = comparison.compare(scratch, program, old)
        connection.select_db(self.sandbox.schema)
        rows(connection, f"DROP {kind} IF EXISTS {name}")
        self.built.discard(program.key)
        self.build(program)
        return difference.characteristics is not None

    def _breaks(self, program: Program) -> list[str]:
        if program.kind not in ROUTINES:
            return []
        old = signatures.read(self.target, self.sandbox.database, program.kind, program.name)
        new = signatures.read(self.sandbox.connection, self.sandbox.schema, program.kind, program.name)
        return signatures.breaks(self.sandbox.connection, old, new)
