"""Bringing the programs on the server to what their files say, one after the other, none touched without need."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

import pymysql
from pymysql import converters
from pymysql.connections import Connection

from learnhub_db import history
from learnhub_db.acts import Act, Report
from learnhub_db.database import COLLATION, identifier, refused, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.history import History, Key, Record
from learnhub_db.runner import execution, waits
from learnhub_db.statements import Statement
from learnhub_db.stored_programs import (
    catalogue,
    comparison,
    definitions,
    events,
    firing,
    grants,
    pending,
    preflight,
    replacement,
    rights,
    scratch,
    star,
    stored,
    unfinished,
)
from learnhub_db.stored_programs.catalogue import Found
from learnhub_db.stored_programs.comparison import Difference
from learnhub_db.stored_programs.firing import Moment, Order
from learnhub_db.stored_programs.programs import PHASES, Program, as_stored
from learnhub_db.stored_programs.scratch import Scratch
from learnhub_db.stored_programs.stored import Stored
from learnhub_db.stored_programs.turns import in_turn

MORE_THAN_A_PROGRAM = 2000  # bytes that are kept beside its text
_ENABLED = """
    SELECT 1 FROM information_schema.events
    WHERE event_schema = DATABASE() AND event_name = %s AND status = 'ENABLED'
"""
FOUND_NOTE = f"what somebody had made of it is kept in {definitions.NAME}"


@dataclass(frozen=True)
class _Change:
    """A program that its file, or its fingerprint, says is another; `old` and `difference` where one is deployed."""

    program: Program
    found: Found | None = None
    old: Stored | None = None
    difference: Difference = Difference()
    moves: bool = False  # a trigger, to another place among those of its moment
    renews: bool = False  # a view, because what it reads has changed
    over: bool = False  # an event, whose time has passed


def _kept(program: Program) -> execution.Placed:
    """The statement that keeps the program, which is larger than the one that creates it."""
    return Statement(converters.escape_string(program.sql) + " " * MORE_THAN_A_PROGRAM, program.line, 0), program.path


class Rollout:
    """The programs of one apply, on the connection that holds the lock; `prepare` makes the toolkit's tables.

    Triggers fire in `order`, those that are not in it stay where they are.
    """

    def __init__(
        self, connection: Connection, past: History, report: Report, prepare: Callable[[], None], order: Order
    ) -> None:
        self.connection, self.past, self.report, self.prepare = connection, past, report, prepare
        self.order = order
        self.settled: set[tuple[Moment, str]] = set()  # triggers that are at their place
        self.finished = True

    def clear(self) -> None:
        """Do what killed runs have left to do."""
        scratch.clear(self.connection, self.report)
        if unfinished.NAME in self.past.tables:
            self.finished = replacement.finish(self.connection, self.report)

    def deploy(self, programs: Sequence[Program], owner: str | None) -> set[str]:
        """Create and replace what differs, after all that is to be replaced has compiled; the names that are new."""
        existing = catalogue.programs(self.connection)
        left = self.pending(programs, existing)
        self._note_moves(programs)
        if not left:
            self._renew_views(programs)
            return set()
        execution.check_sizes(self.connection, map(_kept, left))
        self.prepare()
        preflight.check(self.connection, owner, left)
        waits.limit(self.connection)
        self.settled = firing.settled(self.order, firing.deployed(existing))
        changes = {change.program.key: change for change in self._changes(left, existing)}
        self._renew_views([program for program in programs if program not in left])  # others may need their columns
        in_turn(left, lambda program: self._put(changes[program.key]))
        self._renew_views(programs)
        if not self.finished:
            replacement.finish(self.connection, self.report)
        return {program.name for program in left if program.key not in existing}

    def _renew_views(self, programs: Sequence[Program]) -> None:
        """Replace the views on SELECT * whose columns are others now; one may make that of another."""
        left = list(programs)
        while outdated := star.outdated(self.connection, left):
            waits.limit(self.connection)
            for view in outdated:
                found = catalogue.find(self.connection, view.kind, view.name)
                self._put(_Change(view, found, stored.read(self.connection, view.kind, view.name), renews=True))
                left.remove(view)

    def pending(self, programs: Sequence[Program], existing: Mapping[Key, Found]) -> list[Program]:
        """Those of `programs` that are not what the server has."""
        return pending.read(self.connection, self.past, programs, existing, self.order)

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

    def _changes(self, left: list[Program], existing: dict[Key, Found]) -> list[_Change]:
        deployed = [program for program in left if program.key in existing]
        if not any(program.kind in ("procedure", "function", "trigger") for program in deployed):
            return [self._change(program, existing.get(program.key), None) for program in left]
        with scratch.opened(self.connection, self.report) as compiler:
            return [self._change(program, existing.get(program.key), compiler) for program in left]

    def _change(self, program: Program, found: Found | None, compiler: Scratch | None) -> _Change:
        if events.is_over(self.connection, self.past, program):
            return _Change(program, found, over=True)
        if not found:
            return _Change(program)
        old = stored.read(self.connection, program.kind, program.name, path=program.path)
        if program.kind in ("view", "event"):  # these are replaced whole, or not at all
            return _Change(program, found, old)
        if not compiler:
            scratch.parse(self.connection, program)
            return _Change(program, found, old)
        difference = comparison.compare(compiler, program, old)
        return _Change(program, found, old, difference, program.kind == "trigger" and self._moves(program))

    def _moves(self, trigger: Program) -> bool:
        """Whether it gets another place; where its file names a trigger of no file, only a change of the file tells."""
        moment, name = firing.moment(trigger), trigger.name.lower()
        if name not in self.order.get(moment, ()):
            return trigger.says_its_order and self._file_changed(trigger)
        return (moment, name) not in self.settled

    def _put(self, change: _Change) -> None:
        program, note = change.program, ""
        if change.over:
            return self._pass_over(program, change.found)
        if change.old and not self._is_ours(change):
            note = self._keep_what_is_met(change)
        act = self._replace(change)
        if change.renews:
            act, note = "replaced", star.NOTE
        now = catalogue.find(self.connection, program.kind, program.name)
        rows(self.connection, "START TRANSACTION")
        if act and not (now and self._keep(change, act)):
            rows(self.connection, "ROLLBACK")
            return self._pass_over(program, None)
        record = Record(program.path, program.digest, now and now.fingerprint)
        history.record_object(self.connection, program.key, record)
        rows(self.connection, "COMMIT")
        if act:
            self.report(Act(act, f"{program.kind} {program.name}", note))

    def _pass_over(self, program: Program, found: Found | None) -> None:
        """Record an event that is over, and drop what is deployed in its place, but for one that is disabled."""
        note = f"{program.path}: its time has passed"
        last = Stored(program.sql, None, "utf8mb4", COLLATION, None)
        if found and rows(self.connection, _ENABLED, (program.name,)):
            last = stored.read(self.connection, program.kind, program.name)
            rows(self.connection, f"DROP EVENT {identifier(program.name)}")
            found = None
        definitions.keep(self.connection, program.key, definitions.OVER, last, program.path, program.digest)
        record = Record(program.path, program.digest, found and found.fingerprint)
        history.record_object(self.connection, program.key, record)
        self.report(Act(definitions.OVER, f"event {program.name}", note))

    def _is_ours(self, change: _Change) -> bool:
        """Whether what is deployed is what was kept last; that an event has ended may have disabled it since."""
        last, old = definitions.last(self.connection, change.program.key), change.old
        if last and change.program.kind == "event" and events.passed(self.connection, old.sql):
            old = replace(old, sql=events.enabled_as(old.sql, last.sql))
        return old == last

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
        if difference.same and not change.moves:
            return ""
        waits.patiently(self.connection, program.sql, lambda: self._perform(change), self.report)
        if program.kind == "trigger":
            self.settled.add((firing.moment(program), program.name.lower()))
        if not change.old:
            return "created"
        if not self._file_changed(program):
            return "moved" if difference.same else "restored"
        return "altered" if difference.characteristics else "replaced"

    def _perform(self, change: _Change) -> None:
        program, difference = change.program, change.difference
        if program.kind == "event":
            events.put(self.connection, program, change.old)
        elif not change.old:
            replacement.create(self.connection, self._at_its_place(change))
        elif difference.characteristics:
            try:
                comparison.alter(self.connection, program, difference.characteristics)
            except pymysql.Error as error:
                raise refused(error, program.path) from error
        elif program.kind == "view":
            replacement.create(self.connection, program)
        elif program.kind == "trigger":
            replacement.replace_trigger(self.connection, self._at_its_place(change), change.old, change.found.table)
        else:
            replacement.replace_routine(self.connection, program, change.old, compound=difference.compound)

    def _at_its_place(self, change: _Change) -> Program:
        """A trigger with the clause that puts it there; without one where it is at its place."""
        program = change.program
        if program.kind != "trigger":
            return program
        clause = firing.clause(program, self.order, self.settled) if change.moves or not change.old else ""
        return program if clause is None else replace(program, sql=program.ordered(clause), file_digest=program.digest)

    def _keep(self, change: _Change, act: str) -> bool:
        """Write down what is there now, False where it is an event that has run and is gone.

        DatabaseRefused where it is not what the file says.
        """
        program, wanted = change.program, change.difference.new
        try:
            now = stored.read(self.connection, program.kind, program.name)
        except pymysql.Error as error:
            if error.args[0] != events.UNKNOWN:
                raise
            return False
        if wanted and now != wanted:
            hint = "another connection may have changed it meanwhile: apply again"
            raise DatabaseRefused(f"the {program.kind} {program.name} is not what its file makes", program.path, hint)
        definitions.keep(self.connection, program.key, act, now, program.path, program.digest)
        return True

    def _drop(self, key: Key, found: Found | None, act: str) -> None:
        kind, name = key
        path, note = self.past.objects[key].path, ""
        old = definitions.last(self.connection, key)
        if old:
            name = as_stored(kind, old.sql, path, "").name  # capital letters count in a view's
        if found:
            program = Program(kind, name, path, 1, f"DROP {kind.upper()} {identifier(name)}")
            old, note = stored.read(self.connection, kind, name), rights.lost(self.connection, program)
        if old:
            definitions.keep(self.connection, key, act, old, path, None)
        if found:
            attempt = partial(replacement.create, self.connection, program)
            waits.patiently(self.connection, program.sql, attempt, self.report)
        history.forget_object(self.connection, key)
        self.report(Act(act if found else "forgotten", f"{kind} {name}", note))

    def _file_changed(self, program: Program) -> bool:
        record = self.past.objects.get(program.key)
        return record is None or record.digest != program.digest
