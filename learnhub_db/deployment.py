"""Bringing a database to what the project's files say."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, nullcontext

from pymysql.connections import Connection

from learnhub_db import history, occupancy, renaming, soundness, undoing
from learnhub_db.acts import Act, Report, kept
from learnhub_db.contents import Contents
from learnhub_db.database import Target, rows
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.foresight import sizes
from learnhub_db.history import History, Record
from learnhub_db.inspection import digests, lost_rights
from learnhub_db.project import MIGRATION_NAME, Project, SqlFile
from learnhub_db.renaming import Renames
from learnhub_db.runner import execution, journal, lock
from learnhub_db.runner.resumption import Resume
from learnhub_db.runner.steps import DESTROYING
from learnhub_db.stored_programs import catalogue, firing, grants, preflight
from learnhub_db.stored_programs.grants import GrantFile
from learnhub_db.stored_programs.rollout import Rollout


def apply(
    project: Project,
    target: Target,
    report: Report = lambda act: None,
    *,
    prune: bool = False,
    allow_rebuild: bool = False,
    allow_destroy: Collection[str] = (),
    allow_broken: bool = False,
    adopt: bool = False,
    resume: str | None = None,
    lock_timeout: float = lock.WAIT_SECONDS,
) -> list[Act]:
    """Apply what is pending or differs, telling `report` of each act as it is done; safe to repeat.

    A migration that was begun is taken up where it stopped; `resume` says done, again or skip of a statement of which
    the database does not show whether it ran. Nothing runs where a file breaks the rules, or where a migration that was
    applied has another content now. With `prune` programs that were deployed, and whose files are gone, are dropped.
    Without `allow_rebuild` nothing runs either where an ALTER would have writers wait while it copies a large table,
    without `adopt` where the database has no history and is not empty. `allow_destroy` are the tables, table.columns
    and table.partitions with rows in them that migrations may drop or empty: with others nothing runs. Without
    `allow_broken` nothing runs where a migration breaks a deployed program whose file is unchanged.
    """
    contents, acts = Contents.read(project), []
    tell = kept(acts, report)
    with lock.connected(target, tell, lock_timeout) as connection:
        run = _Run(connection, project, contents, tell, prune)
        if not adopt and (refusal := occupancy.refusal(connection, run.past, target.database)):
            raise refusal
        if not allow_rebuild:
            run.refuse_rebuilds(target)
        if adopt or not history.is_empty(connection, run.past):
            run.refuse_losses(target, allow_destroy)
            if not allow_broken:
                run.refuse_breaks(target)
        with history.nothing_left_of_a_refusal(connection, run.past):
            run.apply(Resume(resume, lock_timeout))
    return acts


def checked(connection: Connection, contents: Contents, past: History) -> tuple[History, Renames]:
    """The history by the names that the files have now, and the renames that lead there; reads only.

    An error where a rollback or a migration without a file has stopped half-way, and where the files are not those of
    the history.
    """
    now, renames = followed(connection, contents, past)
    if error := unsettled(contents, now):
        raise error
    return now, renames


def followed(connection: Connection, contents: Contents, past: History) -> tuple[History, Renames]:
    """As checked(), whatever the files are that the history has no names for."""
    if journal.NAME in past.tables and rows(connection, f"SELECT 1 FROM {journal.NAME} LIMIT 1"):
        undoing.check_none(connection, past)
        _check_begun(connection, contents, past)
    renames = renaming.find(contents.migrations, past)
    return renaming.followed(contents.migrations, past, renames), renames


def unsettled(contents: Contents, past: History) -> UsageError | None:
    """Why nothing can be applied: an applied migration has another content now, or has no file any more."""
    gone = past.migrations.keys() - {file.stem for file in contents.migrations}
    last = max((name for name in gone if MIGRATION_NAME.fullmatch(f"{name}.sql")), default="")
    changed = [file for file in contents.migrations if (past.migrations.get(file.stem) or file.digest) != file.digest]
    behind = [file for file in pending(contents, past) if file.stem[:4] <= last[:4]]
    known = [file for file in contents.migrations if file.stem in past.migrations]
    number = max((file.stem[:4] for file in known + behind), default="")
    squashed = f"where migrations were folded into one: baseline {number} --squash"
    if changed:
        hint = "restore it and write the change as a new migration"
        return UsageError("an applied migration has changed", changed[0].path, f"{hint}; {squashed}" if gone else hint)
    if behind:
        hint = f"restore its text as it ran, under any name, and write a change as a new migration; {squashed}"
        return UsageError(f"the migration {last} is applied and has no file", behind[0].path, hint)
    return None


def _check_begun(connection: Connection, contents: Contents, past: History) -> None:
    """DatabaseRefused for a migration that has stopped half-way, where no file has its name."""
    begun = journal.under_way(connection, journal.MIGRATION)
    for name in begun.keys() - {file.stem for file in contents.migrations} - past.migrations.keys():
        if not begun[name].untouched:
            hint = "give its file this name again and apply, then rename it"
            what = f"the migration {name} has stopped half-way and has no file"
            raise DatabaseRefused(what, f"sql/migrations/{name}.sql", hint)


def pending(contents: Contents, past: History) -> list[SqlFile]:
    """The migrations that are not applied, in order."""
    return [file for file in contents.migrations if file.stem not in past.migrations]


class _Run:
    """One apply on one connection, which holds the lock."""

    def __init__(
        self, connection: Connection, project: Project, contents: Contents, report: Report, prune: bool
    ) -> None:
        self.connection, self.project, self.contents, self.report = connection, project, contents, report
        self.prune = prune
        self.past, self.renames = checked(connection, contents, history.read(connection))
        self.prepared: set[str] = set()  # the toolkit's tables that this run has seen to
        self.rollout = Rollout(connection, self.past, report, self._prepare, firing.wanted(contents.programs))

    def apply(self, resume: Resume) -> None:
        renaming.record(self.connection, self.past, self.renames, self.report)
        self.rollout.clear()
        with self._digests():
            self._apply_migrations(resume)
        lost = lost_rights.read(self.connection, self.contents, self.past)
        for grant in self.contents.accounts:
            if not self.past.has(grant.key, grant.file.digest) or grant.file.path in lost:
                self._run_grants(grant, lost)
        fresh = self.rollout.deploy(self.contents.programs, self.project.settings.owner)
        for grant in self.contents.grants:
            if not self.past.has(grant.key, grant.file.digest) or grant.mentions(fresh) or grant.file.path in lost:
                self._run_grants(grant, lost)
        if self.prune:
            files = {grant.file.path for grant in (*self.contents.accounts, *self.contents.grants)}
            self.rollout.prune(self.contents.programs, files)
        self._check_soundness()

    def _check_soundness(self) -> None:
        """Tell of programs that cannot run, where columns have changed since they were deployed or asked after."""
        if not self.past.objects:
            soundness.keep(self.connection)
        elif digests.NAME in self.past.tables and (pending(self.contents, self.past) or not self.past.sound):
            soundness.check(self.connection, self.contents, self.report)

    def refuse_rebuilds(self, target: Target) -> None:
        """UsageError where a pending ALTER would copy a large table while writers wait."""
        files, limit = pending(self.contents, self.past), self.project.settings.rebuild_limit_mb
        large = sizes.large(self.connection, target.database, limit) if files else set()
        if large:
            from learnhub_db.foresight import rebuilds

            rebuilds.refuse(self.connection, target, self.past, files, large, limit)

    def refuse_losses(self, target: Target, allowed: Collection[str]) -> None:
        """UsageError where a pending migration would destroy rows of something that is not `allowed`."""
        files = pending(self.contents, self.past)
        if any(DESTROYING.search(file.text) for file in files):
            from learnhub_db.foresight import destroying

            destroying.refuse(self.connection, target, self.past, files, allowed)

    def refuse_breaks(self, target: Target) -> None:
        """UsageError where a pending migration would break a deployed program whose file is unchanged."""
        files = pending(self.contents, self.past)
        if files:
            from learnhub_db import ahead
            from learnhub_db.foresight import breakage

            left = list(ahead.read(self.connection, self.past, files))
            owner = self.project.settings.owner
            breakage.refuse(self.connection, target, owner, self.contents, left, self.past)

    def _apply_migrations(self, resume: Resume) -> None:
        if pending(self.contents, self.past):
            from learnhub_db import application

            self._check_owner()
            self._prepare(history.OF_MIGRATIONS)
            application.apply(self.connection, self.contents.migrations, resume, self.report)
        elif resume.choice:
            raise UsageError("no migration has stopped half-way", "--resume", "apply without it")

    def _digests(self) -> AbstractContextManager[None]:
        """Keeps the digests of what migrations change."""
        if not pending(self.contents, self.past):
            return nullcontext()
        files = {program.key for program in self.contents.programs} | self.past.objects.keys()
        return digests.following(self.connection, files, self.project.settings.partitions_kept_by_jobs)

    def _check_owner(self) -> None:
        """Before the migrations, which cannot be taken back: is there an owner for the programs that follow them?"""
        owner = self.project.settings.owner
        if not owner or any(not self.past.has(grant.key, grant.file.digest) for grant in self.contents.accounts):
            return
        if self.rollout.pending(self.contents.programs, catalogue.programs(self.connection)):
            preflight.check_owner(self.connection, owner)

    def _run_grants(self, grant: GrantFile, lost: Mapping[str, list[str]]) -> None:
        self._prepare()
        ((database, literal),) = rows(self.connection, "SELECT DATABASE(), @@partial_revokes")
        for statement in grant.statements:
            if not literal:  # with partial revokes the server takes the name as it stands
                statement = grants.literally(statement, database)
            execution.run(self.connection, statement, grant.file.path)
        again = "; ".join(lost.get(grant.file.path, ())) if self.past.has(grant.key, grant.file.digest) else ""
        history.record_object(self.connection, grant.key, Record(grant.file.path, grant.file.digest))
        self.report(Act("granted", grant.file.path, again and f"again: {again}"))

    def _prepare(self, names: Collection[str] = history.TABLES) -> None:
        history.prepare(self.connection, self.past, [name for name in names if name not in self.prepared])
        self.prepared.update(names)
