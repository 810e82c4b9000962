"""Programs that pending migrations break though their files are unchanged, and views that they make anew."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db import scratch_schema
from learnhub_db.ahead import Ahead
from learnhub_db.contents import Contents
from learnhub_db.database import Target, rows
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.foresight.outlook import Outlook
from learnhub_db.foresight.proposals import Proposal, Workshop
from learnhub_db.foresight.sandbox import Sandbox
from learnhub_db.history import History
from learnhub_db.inspection import reach
from learnhub_db.inspection.building import without_definer
from learnhub_db.runner.steps import Kind, Step
from learnhub_db.statements import code_only, strings, unquoted
from learnhub_db.stored_programs import bodies, catalogue, firing, pending, stored
from learnhub_db.stored_programs.bodies import Part
from learnhub_db.stored_programs.programs import Program

ALLOW = "apply --allow-broken"
_KNOWN = """
    SELECT LOWER(table_name) FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL SELECT LOWER(routine_name) FROM information_schema.routines
    WHERE routine_schema = DATABASE()
"""
_CHANGES = re.compile(r"\s*(?:/\*!\d*\s*)?(?:ALTER|DROP|RENAME)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Break:
    """A deployed program that could not run any more: `why` in the server's words, at `line` of its file.

    `by` is the place of the statement that changes what it uses.
    """

    kind: str
    name: str
    path: str
    line: int
    why: str
    by: str

    @property
    def where(self) -> str:
        return f"{self.path}:{self.line}" if self.path else "no file makes it"

    def __str__(self) -> str:
        return f"{self.kind} {self.name} ({self.where}): {self.why}; by {self.by}"


def touched(left: Sequence[Ahead], programs: Collection[Program], known: Collection[str]) -> dict[str, str]:
    """Which of the `known` tables, views and functions the statements change, with the place of the last one that does.

    In small letters. With what a view is made of the view is changed.
    """
    found: dict[str, str] = {}
    for one in left:
        for step in one.steps:
            words = set().union(*map(reach.words, _changing(step)))
            found |= dict.fromkeys(words.intersection(known), f"{one.path}:{step.line}")
    views = [program for program in programs if program.kind == "view"]
    for view in views:  # in the order of creation
        for name in sorted(view.uses & found.keys()):
            found.setdefault(view.name.lower(), found[name])
    return found


def known(connection: Connection) -> set[str]:
    """The tables, views and functions that there are, in small letters; reads only."""
    return {name for (name,) in rows(connection, _KNOWN)}


def users(programs: Collection[Program], changed: Collection[str]) -> list[Program]:
    """The programs that name one of `changed`."""
    return [program for program in programs if not _words(program).isdisjoint(changed)]


def refuse(
    connection: Connection, target: Target, owner: str | None, contents: Contents, left: Sequence[Ahead], past: History
) -> None:
    """UsageError where what is `left` would break deployed programs whose files are unchanged; reads only."""
    changed = touched(left, contents.programs, known(connection))
    deployed = [*unchanged(connection, contents, past), *without_file(connection, contents, past, changed)]
    if not users(deployed, changed):
        return
    try:
        with scratch_schema.made(target) as scratch:
            sandbox = Sandbox(scratch, target.database)
            outlook = Outlook(connection, sandbox, target)
            for one in left:
                for _ in outlook.read(one):
                    pass
            workshop = Workshop(connection, sandbox, contents.programs, owner)
            found = [one for one in read(connection, sandbox, workshop, deployed, changed) if isinstance(one, Break)]
    except DatabaseRefused as error:
        what = f"whether a program breaks cannot be asked: {error.what}"
        raise DatabaseRefused(what, error.where, f"{error.hint}, or {ALLOW}") from error
    if found:
        raise _refusal(found)


def unchanged(connection: Connection, contents: Contents, past: History) -> list[Program]:
    """The deployed programs that apply has nothing to do about; reads only."""
    existing, order = catalogue.programs(connection), firing.wanted(contents.programs)
    left = pending.read(connection, past, contents.programs, existing, order)
    return [one for one in contents.programs if one.key in existing and one not in left]


def without_file(
    connection: Connection, contents: Contents, past: History, changed: Collection[str]
) -> list[Program]:
    """The programs that migrations have made, and do not change now; reads only.

    A trigger goes with its table: it is left out where that is changed.
    """
    files = {program.key for program in contents.programs} | past.objects.keys()
    existing = catalogue.programs(connection).items() if changed else ()
    others = [
        (kind, name)
        for (kind, name), found in existing
        if (kind, name) not in files and name not in changed and not (found.table or "").lower() in changed
    ]
    return [_as_found(connection, kind, name) for kind, name in others]


def _as_found(connection: Connection, kind: str, name: str) -> Program:
    """A program of the server; without a word of it where the account may not read it."""
    try:
        sql = without_definer(stored.read(connection, kind, name).sql)
    except DatabaseRefused:
        sql = ""
    return Program(kind, name, "", 1, sql)


def read(
    target: Connection, sandbox: Sandbox, workshop: Workshop, deployed: Collection[Program], changed: dict[str, str]
) -> Iterator[Break | Proposal]:
    """What becomes of those of `deployed` that use what is `changed`: a break, or a view that is made anew.

    `target` is as it is before the migrations, the sandbox as it is behind them.
    """
    examination = _Examination(target, sandbox, workshop, changed)
    for program in users(deployed, changed):
        by = next(changed[word] for word in sorted(_words(program)) if word in changed)
        proposal, broken = examination.of(program)
        if broken:
            why, line = broken
            yield Break(program.kind, program.name, program.path, line, why, by)
        elif proposal:
            yield proposal


class _Examination:
    def __init__(
        self, target: Connection, sandbox: Sandbox, workshop: Workshop, changed: Collection[str]
    ) -> None:
        self.target, self.sandbox, self.workshop, self.changed = target, sandbox, workshop, changed

    def of(self, program: Program) -> tuple[Proposal | None, tuple[str, int] | None]:
        """What is made of the program, and why it breaks, with the line of its file."""
        proposal = None
        if program.kind in ("view", "trigger"):
            try:
                proposal = self.workshop.renewed(program)
            except (DatabaseRefused, pymysql.Error) as error:
                certain = self._is_certain(error.__cause__ if isinstance(error, DatabaseRefused) else error)
                return None, (self.sandbox.told(error), program.line) if certain else None
        hidden = bodies.temporary_tables(program.sql)
        named = ((part, reach.words(code_only(part.sql))) for part in bodies.parts(program))
        parts = [part for part, words in named if words.isdisjoint(hidden) and not words.isdisjoint(self.changed)]
        errors = ((self._broken(part), part.line) for part in parts)
        return proposal, next(((self.sandbox.told(error), line) for error, line in errors if error), None)

    def _broken(self, part: Part) -> pymysql.Error | None:
        """Why the migrations keep the statement from running; None where it runs, or did not run before."""
        if bodies.refusal(self.target, part):
            return None
        try:
            self.workshop.build_used(part.sql)
        except DatabaseRefused as error:
            return error.__cause__ if self._is_certain(error.__cause__) else None
        self.sandbox.copy(code_only(part.sql))
        error = bodies.refusal(self.sandbox.connection, part)
        return error if error and self._is_certain(error) else None

    def _is_certain(self, error: BaseException | None) -> bool:
        """Whether it is of a name; of a routine only where that is changed, for those without a file are not copied."""
        if not isinstance(error, pymysql.Error) or len(error.args) < 2:
            return False
        number, words = error.args[:2]
        if number == bodies.NO_ROUTINE:
            return words.split()[1].rpartition(".")[2].lower() in self.changed
        return number in bodies.OF_NAMES


def _refusal(found: Sequence[Break]) -> UsageError:
    first = found[0]
    what = f"the migrations break the {first.kind} {first.name}: {first.why}"
    hint = f"{first.by} changes what it uses: change its file too, or {ALLOW}"
    error = UsageError(what, first.where, hint)
    error.detail = "\n".join(f"breaks {one}" for one in found) if len(found) > 1 else ""
    return error


def _words(program: Program) -> set[str]:
    return reach.words(code_only(program.sql))


def _changing(step: Step) -> list[str]:
    """The code of the step that changes the schema, also in its strings, which an EXECUTE may run."""
    if step.kind is Kind.LASTING and _CHANGES.match(step.text):
        return [step.code]
    return [code_only(text) for text in map(unquoted, strings(step.text)) if _CHANGES.match(text)]
