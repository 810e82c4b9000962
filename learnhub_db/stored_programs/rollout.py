"""Bringing the programs on the server to what their files say, one after the other, none touched without need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import pymysql
from pymysql.connections import Connection

from learnhub_db import history
from learnhub_db.acts import Act, Report
from learnhub_db.database import identifier, refused, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.history import History, Key, Record
from learnhub_db.runner import waits
from learnhub_db.stored_programs import (
    catalogue,
    comparison,
    definitions,
    grants,
    preflight,
    replacement,
    rights,
    scratch,
    stored,
    unfinished,
)
from learnhub_db.stored_programs.catalogue import Found
from learnhub_db.stored_programs.comparison import Difference
from learnhub_db.stored_programs.programs import PHASES, Program, as_stored
from learnhub_db.stored_programs.scratch import Scratch
from learnhub_db.stored_programs.stored import Stored

FOUND_NOTE = f"what somebody had made of it is kept in {definitions.NAME}"


@dataclass(frozen=True)
class _Change:
    """A program that its file, or its fingerprint, says is another; `old` and `difference` where one is deployed."""

    program: Program
    found: Found | None = None
    old: Stored | None = None
    difference: Difference = Difference()


def differs(past: History, program: Program, found: Found | None) -> bool:
    """Whether the file, or what is on the server, is another than at the last deployment."""
    record = past.objects.get(program.key)
    return not (found and record and (record.digest, record.fingerprint) == (program.digest, found.fingerprint))


class Rollout:
    """The programs of one apply, on the connection that holds the lock; `prepare` makes the toolkit's tables."""

    def __init__(
        self, connection: Connection, past: History, report: Report, prepare: Callable[[], None]
    ) -> None:
        self.connection, self.past, self.report, self.prepare = connection, past, report, prepare
        self.finished = True

    def clear(self) -> None:
        """Do what killed runs have left to do."""
        scratch.clear(self.connection, self.report)
        if unfinished.NAME in self.past.tables:
            self.finished = replacement.finish(self.connection, self.report)

    def deploy(self, programs: Sequence[Program], owner: str | None) -> set[str]:
        """Create and replace what differs, after all that is to be replaced has compiled; the names that are new."""
        existing = catalogue.programs(self.connection)
        pending = self.pending(programs, existing)
        self._note_moves(programs)
        if not pending:
            return set()
        self.prepare()
        preflight.check(self.connection, owner, pending)
        waits.limit(self.connection)
        for change in self._changes(pending, existing):
            self._put(change)
        if not self.finished:
            replacement.finish(self.connection, self.report)
        return {program.name for program in pending if program.key not in existing}

    def pending(self, programs: Sequence[Program], existing: dict[Key, Found]) -> list[Program]:
        """Those of `programs` that are not what the server has."""
        return [program for program in programs if differs(self.past, program, existing.get(program.key))]

    def prune(self, programs: list[Program], files: set[str]) -> None:
        """Drop the programs whose files are gone, and forget the grant files that are; what they granted stays."""
        wanted = {program.key for program in programs} | {(grants.KIND, path) for path in files}
        self.drop(self.past.objects.keys() - wanted, definitions.PRUNED)

    def drop(self, keys: Iterable[Key], act: str) -> None:
        """Drop programs, what uses others first, and forget them; what goes with one is told."""
        existing = catalogue.programs(self.connection)
        for key in sorted(keys, key=lambda key: (key[0] in PHASES and -PHASES.index(key[0]), key)):
            self._drop(key, existing.get(key), act)

    def _note_moves(self, programs: Sequence[Program]) -> None:
        for program in programs:
            record = self.past.objects.get(program.key)
            if record and record.path != program.path:
                moved = Record(program.path, record.digest, record.fingerprint)
                history.record_object(self.connection, program.key, moved)

    def _changes(self, pending: list[Program], existing: dict[Key, Found]) -> list[_Change]:
        deployed = [program for program in pending if program.key in existing]
        if not any(program.kind in ("procedure", "function", "trigger") for program in deployed):
            return [self._change(program, existing.get(program.key), None) for program in pending]
        with scratch.opened(self.connection, self.report) as compiler:
            return [self._change(program, existing.get(program.key), compiler) for program in pending]

    def _change(self, program: Program, found: Found | None, compiler: Scratch | None) -> _Change:
        if not found:
            return _Change(program)
        old = stored.read(self.connection, program.kind, program.name, path=program.path)
        if program.kind in ("view", "event"):  # these are replaced whole, or not at all
            return _Change(program, found, old)
        if not compiler:
            scratch.parse(self.connection, program)
            return _Change(program, found, old)
        changed = self._file_changed(program)
        return _Change(program, found, old, comparison.compare(compiler, program, old, file_changed=changed))

    def _put(self, change: _Change) -> None:
        program, note = change.program, ""
        if change.old and change.old != definitions.last(self.connection, program.key):
            note = self._keep_what_is_met(change)
        act = self._replace(change)
        now = catalogue.find(self.connection, program.kind, program.name)
        rows(self.connection, "START TRANSACTION")
        if act:
            self._keep(program, act)
        record = Record(program.path, program.digest, now and now.fingerprint)
        history.record_object(self.connection, program.key, record)
        rows(self.connection, "COMMIT")
        if act:
            self.report(Act(act, f"{program.kind} {program.name}", note))

    def _keep_what_is_met(self, change: _Change) -> str:
        """Keep what nobody here has put there; what is to be said of it."""
        program = change.program
        if change.difference.same:
            definitions.keep(
                self.connection, program.key, definitions.ADOPTED, change.old, program.path, program.digest
            )
            return ""
        definitions.keep(self.connection, program.key, definitions.FOUND, change.old, None, None)
        return FOUND_NOTE

    def _replace(self, change: _Change) -> str:
        """Do what is needed, waiting for who uses the predecessor; the act's verb, "" where nothing was."""
        program, difference = change.program, change.difference
        if difference.same:
            return ""
        waits.patiently(self.connection, program.sql, lambda: self._perform(change), self.report)
        if not change.old:
            return "created"
        if not self._file_changed(program):
            return "restored"
        return "altered" if difference.characteristics else "replaced"

    def _perform(self, change: _Change) -> None:
        program, difference = change.program, change.difference
        if not change.old:
            replacement.create(self.connection, program)
        elif difference.characteristics:
            try:
                comparison.alter(self.connection, program, difference.characteristics)
            except pymysql.Error as error:
                raise refused(error, program.path) from error
        elif program.kind == "view":
            replacement.create(self.connection, program)
        elif program.kind == "event":
            replacement.replace_event(self.connection, program)
        elif program.kind == "trigger":
            replacement.replace_trigger(self.connection, program, change.old, change.found.table)
        else:
            replacement.replace_routine(self.connection, program, change.old, compound=difference.compound)

    def _keep(self, program: Program, act: str) -> None:
        now = stored.read(self.connection, program.kind, program.name)
        definitions.keep(self.connection, program.key, act, now, program.path, program.digest)

    def _drop(self, key: Key, found: Found | None, act: str) -> None:
        kind, name = key
        path, note = self.past.objects[key].path, ""
        old = definitions.last(self.connection, key)
        if old:
            name = as_stored(kind, old.sql, path, "").name  # capital letters count in a view's
        if found:
            program = Program(kind, name, path, 1, f"DROP {kind.upper()} {identifier(name)}")
            old, note = stored.read(self.connection, kind, name), self._lost(program)
        if old:
            definitions.keep(self.connection, key, act, old, path, None)
        if found:
            attempt = partial(replacement.create, self.connection, program)
            waits.patiently(self.connection, program.sql, attempt, self.report)
        history.forget_object(self.connection, key)
        self.report(Act(act if found else "forgotten", f"{kind} {name}", note))

    def _lost(self, program: Program) -> str:
        """The rights that a DROP takes away, as the statements that give them."""
        if program.kind not in ("procedure", "function"):
            return ""
        try:
            given = rights.grants(program.kind, program.name, rights.read(self.connection, program))
        except DatabaseRefused:
            return "the account may not see who had rights on it"
        return f"with it went: {'; '.join(given)}" if given else ""

    def _file_changed(self, program: Program) -> bool:
        record = self.past.objects.get(program.key)
        return record is None or record.digest != program.digest
