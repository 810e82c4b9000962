"""What apply would do, found out without doing it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import unified_diff

import pymysql
from pymysql.connections import Connection

from learnhub_db import ahead, deployment, history, occupancy, scratch_schema
from learnhub_db.ahead import Ahead
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect, refused, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.foresight import breakage, losses, online
from learnhub_db.foresight.breakage import Break
from learnhub_db.foresight.outlook import Effect, Outlook
from learnhub_db.foresight.proposals import Proposal, Workshop
from learnhub_db.foresight.sandbox import Sandbox
from learnhub_db.foresight.sizes import Size, is_large
from learnhub_db.history import History
from learnhub_db.inspection import lost_rights, privileges
from learnhub_db.project import Project
from learnhub_db.renaming import Renames
from learnhub_db.stored_programs import catalogue, firing, pending, star, unfinished
from learnhub_db.stored_programs.grants import GrantFile


@dataclass(frozen=True)
class Granting:
    """A grant file that would run; `diff` shows the rights that its accounts do not hold yet."""

    path: str
    diff: str = ""
    note: str | None = None


@dataclass(frozen=True)
class Ask:
    """An option without which apply would refuse, and why."""

    option: str
    why: str


@dataclass(frozen=True)
class Plan:
    """What apply would do, in its order; `finishes` names the replacements that a killed run has left.

    `renames` are the new names of applied migrations by the old ones; `asks` what apply has to be told; `breaks` the
    programs that could not run any more.
    """

    asks: list[Ask] = field(default_factory=list)
    renames: Renames = field(default_factory=dict)
    finishes: list[str] = field(default_factory=list)
    statements: list[Effect] = field(default_factory=list)
    programs: list[Proposal] = field(default_factory=list)
    grants: list[Granting] = field(default_factory=list)
    breaks: list[Break] = field(default_factory=list)

    @property
    def number(self) -> int:
        return len(self.renames) + len(self.finishes) + len(self.statements) + len(self.programs) + len(self.grants)


def read(project: Project, target: Target) -> Plan:
    """The plan; the target is only read, and a scratch schema is made and dropped where the server has to be asked.

    DatabaseRefused where the account may not have one, or a rollback has stopped half-way. UsageError where apply would
    refuse the files.
    """
    contents = Contents.read(project)
    with connect(target) as connection:
        try:
            past, renames = deployment.checked(connection, contents, history.read(connection))
            found = _plan(connection, project, target, contents, past)
            asks = [*_asks(connection, target, contents, past), *map(_ask_for, found.breaks)]
            return replace(found, renames=renames, asks=asks)
        except pymysql.Error as error:
            raise refused(error, str(target)) from error


def _plan(connection: Connection, project: Project, target: Target, contents: Contents, past: History) -> Plan:
    left = list(ahead.read(connection, past, deployment.pending(contents, past)))
    existing = catalogue.programs(connection)
    order = firing.wanted(contents.programs)
    programs = pending.read(connection, past, contents.programs, existing, order)
    fresh = {program.name for program in programs if program.key not in existing}
    begun = unfinished.read(connection) if unfinished.NAME in past.tables else []
    grants = list(_grants(connection, contents, past, fresh))
    found = Plan(finishes=[f"{one.kind} {one.name}" for one in begun], grants=grants)
    deployed = [one for one in contents.programs if one.key in existing and one not in programs]
    outdated = star.outdated(connection, deployed)
    if not left and not programs and not outdated:
        return found
    with scratch_schema.made(target) as scratch:
        sandbox = Sandbox(scratch, target.database)
        effects = list(_effects(connection, target, sandbox, left, project.settings.rebuild_limit_mb))
        workshop = Workshop(connection, sandbox, contents.programs, project.settings.owner)
        changed = breakage.touched(left, contents.programs, breakage.known(connection))
        changed |= {view.name.lower(): view.path for view in outdated}
        deployed += breakage.without_file(connection, contents, past, changed)
        others = list(breakage.read(connection, sandbox, workshop, deployed, changed))
        return replace(
            found,
            statements=effects,
            programs=[*workshop.propose(past, programs), *(one for one in others if isinstance(one, Proposal))],
            breaks=[one for one in others if isinstance(one, Break)],
        )


def _ask_for(broken: Break) -> Ask:
    return Ask("--allow-broken", f"breaks {broken}")


def _asks(connection: Connection, target: Target, contents: Contents, past: History) -> Iterator[Ask]:
    if refusal := occupancy.refusal(connection, past, target.database):
        yield Ask("--adopt", refusal.what)
    left = list(ahead.read(connection, past, deployment.pending(contents, past)))
    for loss in losses.read(connection, target, left):
        yield Ask(loss.option, f"{loss.where} destroys rows of {loss.name}")


def _effects(
    connection: Connection, target: Target, sandbox: Sandbox, left: Sequence[Ahead], limit_mb: int
) -> Iterator[Effect]:
    outlook = Outlook(connection, sandbox, target)
    for one in left:
        for effect in outlook.read(one):
            if effect.stops_writers and is_large(Size(effect.rows, effect.bytes), limit_mb):
                effect = replace(effect, online=online.command(connection, target, effect.table, effect.clauses))
            yield effect


def _grants(connection: Connection, contents: Contents, past: History, fresh: set[str]) -> Iterator[Granting]:
    lost = lost_rights.read(connection, contents, past)
    for grant in contents.accounts:
        if not past.has(grant.key, grant.file.digest) or grant.file.path in lost:
            yield _granting(connection, contents, grant)
    for grant in contents.grants:
        if not past.has(grant.key, grant.file.digest) or grant.mentions(fresh) or grant.file.path in lost:
            yield _granting(connection, contents, grant)


def _granting(connection: Connection, contents: Contents, grant: GrantFile) -> Granting:
    ((database,),) = rows(connection, "SELECT DATABASE()")
    alone = replace(contents, migrations=[], accounts=[grant], grants=[])
    lines: list[str] = []
    try:
        for account, given, held in privileges.compare(connection, alone, database):
            now = held or []
            then = [given[0], *sorted({*now, *given} - {given[0]})]
            lines += unified_diff(now, then, f"{account} holds", f"{account} would hold", n=0, lineterm="")
    except DatabaseRefused as error:
        return Granting(grant.file.path, note=f"{error.what}: {error.hint}")
    return Granting(grant.file.path, "\n".join(lines))
