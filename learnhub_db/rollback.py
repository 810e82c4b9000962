"""Going back to an earlier migration: newest first, each by its own file, then the programs as they were with it.

A crash at any moment is taken up by the next rollback; an apply refuses what one has left half-way.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pymysql.connections import Connection

from learnhub_db import history, migrations, renaming, undoing
from learnhub_db.acts import Act, Report, kept
from learnhub_db.database import Target, rows
from learnhub_db.errors import DatabaseRefused, LearnHubError, UsageError
from learnhub_db.history import History, Key
from learnhub_db.inspection import digests
from learnhub_db.migrations import Backend, Migration
from learnhub_db.project import Project
from learnhub_db.runner import execution, journal, lock, waits
from learnhub_db.runner.journal import Journal
from learnhub_db.runner.resumption import Resume
from learnhub_db.runner.steps import Step
from learnhub_db.stored_programs import catalogue, definitions, events, grants, preflight, programs, stored
from learnhub_db.stored_programs.definitions import Kept
from learnhub_db.stored_programs.programs import Program
from learnhub_db.stored_programs.rollout import Rollout

NOTHING = "0000"  # the number before the first migration
AHEAD = "the files are ahead of the database now: apply brings it forward to them again"


@dataclass(frozen=True)
class Aim:
    """How far to go back: until migration `to` is the last one that is applied, else by so many `steps`."""

    to: str | None = None
    steps: int = 1


def run(
    project: Project,
    target: Target,
    aim: Aim,
    report: Report = lambda act: None,
    *,
    resume: str | None = None,
    lock_timeout: float = lock.WAIT_SECONDS,
) -> list[Act]:
    """Undo migrations, newest first, and put every program back to what it was before them; tells of each act.

    UsageError before anything is touched where one of them has no rollback. A rollback that has stopped half-way is
    finished first; `aim.steps` are those of that one then. What fails stays as it is until the next rollback.
    """
    acts: list[Act] = []
    tell = kept(acts, report)
    with lock.connected(target, tell, lock_timeout) as connection:
        finished = _Return(connection, project, tell).go(aim, Resume(resume, lock_timeout))
        if finished and aim.to:
            _Return(connection, project, tell).go(aim, Resume(None, lock_timeout))
    return acts


@dataclass(frozen=True)
class _Undo:
    """An applied migration, and the steps of the file that undoes it."""

    migration: Migration
    path: str
    steps: list[Step]


class _Return:
    """One rollback on one connection, which holds the lock."""

    def __init__(self, connection: Connection, project: Project, report: Report) -> None:
        self.connection, self.project, self.report = connection, project, report
        self.past: History = history.read(connection)
        self.backend = Backend(None, connection=connection)
        self.rollout = Rollout(connection, self.past, report, lambda: None, {})

    def go(self, aim: Aim, resume: Resume) -> bool:
        """Whether it was one that had stopped half-way."""
        self._check_nothing_half_applied()
        names = undoing.begun(self.connection, self.past)
        if names:
            _check_same_aim(aim, names)
        elif resume.choice:
            raise UsageError("no rollback has stopped half-way", "--resume", "rollback without it")
        chosen = names or self._chosen(aim)
        undos = self._undos(name for name in chosen if name in self.past.migrations)
        if not chosen:
            return False
        self._check_not_adopted(chosen)
        history.prepare(self.connection, self.past)
        then, left = self._then(chosen)
        self._check_definers(then)
        self.rollout.clear()
        if not names:
            undoing.begin(self._book(chosen[0]), chosen)
        partitioned = self.project.settings.partitions_kept_by_jobs
        with digests.following(self.connection, self.past.objects.keys(), partitioned):
            try:
                self._undo(undos, resume)
            except LearnHubError:
                if self.connection.open:
                    undoing.give_up(self.connection, history.read(self.connection))
                raise
            self._put_back(then, left)
        undoing.forget(self.connection)
        return bool(names)

    def _check_nothing_half_applied(self) -> None:
        if journal.NAME in self.past.tables:
            for name, entry in journal.under_way(self.connection, journal.MIGRATION).items():
                path = f"sql/migrations/{name}.sql"
                if entry.untouched:
                    continue
                raise DatabaseRefused("the migration has stopped half-way", path, "finish it first: apply")

    def _check_not_adopted(self, names: Sequence[str]) -> None:
        """UsageError where one of them was adopted with the programs, or for others: nobody knows what was before it."""
        for name in migrations.squashed(self.connection, names):
            hint = "restore a backup of before it, or undo it by a new migration"
            raise UsageError("other migrations were folded into the migration", f"sql/migrations/{name}.sql", hint)
        if definitions.NAME in self.past.tables and (name := definitions.adopted_with(self.connection, names)):
            hint = "restore a backup of before it, or undo it by a new migration"
            raise UsageError("the programs were adopted with the migration", f"sql/migrations/{name}.sql", hint)

    def _chosen(self, aim: Aim) -> list[str]:
        """The migrations to undo, newest first."""
        _check_names(self.project, self.past)
        if "_yoyo_migration" not in self.past.tables:
            applied = []
        else:
            applied = [one.id for one in self.backend.to_rollback(migrations.read(self.project.migrations()))]
        chosen = _up_to(applied, aim.to) if aim.to else applied[: aim.steps]
        if not aim.to and len(chosen) < aim.steps:
            number = f"only {len(applied)}" if applied else "no"
            what = f"{number} migration{'s are' if len(applied) > 1 else ' is'} applied"
            raise UsageError(what, "--steps", _known(applied))
        gone = self.past.migrations.keys() - set(applied)
        for name in sorted(name for name in gone if chosen and name > chosen[-1]):
            raise UsageError("an applied migration has no file", f"sql/migrations/{name}.sql", "restore it")
        return chosen

    def _undos(self, names: Iterable[str]) -> list[_Undo]:
        known = {migration.id: migration for migration in migrations.read(self.project.migrations())}
        return [self._read(known.get(name), name) for name in names]

    def _read(self, migration: Migration | None, name: str) -> _Undo:
        if not migration:
            raise UsageError("an applied migration has no file", f"sql/migrations/{name}.sql", "restore it")
        file = self.project.rollback_of(migration.file)
        if not file:
            hint = f"write sql/migrations/{name}.rollback.sql"
            raise UsageError("the migration has no rollback", migration.path, hint)
        steps = migrations.steps_of(file, "rollback")
        execution.check_sizes(self.connection, ((step.statement, file.path) for step in steps))
        return _Undo(migration, file.path, steps)

    def _book(self, name: str) -> Journal:
        ((database,),) = rows(self.connection, "SELECT DATABASE()")
        started = journal.server_started(self.connection)
        return Journal(self.connection, lock.name_for(database), journal.ROLLBACK, name, started)

    def _undo(self, undos: Sequence[_Undo], resume: Resume) -> None:
        begun = journal.under_way(self.connection, journal.ROLLBACK)
        waits.limit(self.connection)
        for undo in undos:
            self._undo_one(undo, resume if undo.migration.id in begun else None)
        waits.limit(self.connection, False)

    def _undo_one(self, undo: _Undo, resume: Resume | None) -> None:
        migration = undo.migration

        def record(note: str) -> None:
            with self.backend.transaction():
                self.backend.log_migration(migration, "rollback")
                self.backend.unmark_one(migration, log=False)
                history.forget_migration(self.connection, migration.id)
                book.forget()
            self.report(Act("undone", migration.path, note))

        book = self._book(migration.id)
        migrations.run(book, undo.path, undo.steps, record, resume, self.report)

    def _then(self, undone: Sequence[str]) -> tuple[list[Program], set[Key]]:
        """The programs to go back to, in the order of creation, and those that have to be left as they are.

        What somebody made under other settings than ours would be another program under ours.
        """
        kept = definitions.then(self.connection, self.past.migrations.keys() - set(undone))
        (ours,) = rows(self.connection, "SELECT @@sql_mode, @@character_set_client, @@collation_connection")
        left = {(one.kind, one.name) for one in kept if not one.stored.is_of(*ours)}
        back = [self._program(one) for one in kept if (one.kind, one.name) not in left]
        return programs.in_order(back), left

    def _program(self, kept: Kept) -> Program:
        program = programs.as_stored(kept.kind, kept.stored.sql, kept.path, kept.digest)
        if kept.kind == "event" and catalogue.find(self.connection, kept.kind, kept.name):
            now = stored.read(self.connection, kept.kind, program.name)
            return replace(program, sql=events.enabled_as(program.sql, now.sql))
        return program

    def _check_definers(self, then: Sequence[Program]) -> None:
        """DatabaseRefused where one of the definers of then is gone, or may not execute what would be its own."""
        pending = self.rollout.pending(then, catalogue.programs(self.connection))
        owners = {program.key: stored.definer(program.sql) for program in pending}
        for owner in sorted(set(owners.values())):
            preflight.check(self.connection, owner, [one for one in pending if owners[one.key] == owner])

    def _put_back(self, then: Sequence[Program], left: set[Key]) -> None:
        for kind, name in sorted(left):
            note = f"it was made under another sql_mode or character set; the definition is in {definitions.NAME}"
            self.report(Act("left", f"{kind} {name}", note))
        try:
            self.rollout.deploy(then, None)
        except DatabaseRefused as error:
            hint = f"this is the definition in {definitions.NAME}; rollback again goes on here"
            raise error.with_hint(hint) from error.__cause__
        later = self.past.objects.keys() - left - {program.key for program in then}
        self.rollout.drop({key for key in later if key[0] != grants.KIND}, definitions.DROPPED)


def _up_to(applied: Sequence[str], number: str) -> list[str]:
    """Those of `applied`, newest first, that come after the migration `number`."""
    if number == NOTHING:
        return list(applied)
    places = [place for place, name in enumerate(applied) if name[:4] == number]
    if not places:
        raise UsageError(f"migration {number} is not applied", "--to", _known(applied))
    return list(applied[: places[0]])


def _check_names(project: Project, past: History) -> None:
    """UsageError where a migration has run under another name than that of its file."""
    for old, new in renaming.find(project.migrations(), past).items():
        where = f"sql/migrations/{new}.sql"
        raise UsageError(f"the migration {old} has another name", where, "apply first: it records the name")


def _known(applied: Sequence[str]) -> str:
    return f"applied: {', '.join(name[:4] for name in reversed(applied))}" if applied else "apply first"


def _check_same_aim(aim: Aim, names: Sequence[str]) -> None:
    """UsageError where a rollback that has stopped half-way would not end where this one is to end."""
    if aim.to and aim.to >= names[-1][:4]:
        raise UsageError(f"a rollback of {', '.join(names)} has stopped half-way", "--to", "finish it first: rollback")
