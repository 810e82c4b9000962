"""Bringing a database to what the project's files say."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db import catalogue, execution, grants, history, lock, preflight, programs, replacement
from learnhub_db.acts import Act, Report
from learnhub_db.database import Target, connect, refused
from learnhub_db.errors import UsageError
from learnhub_db.grants import GrantFile
from learnhub_db.history import History, Record
from learnhub_db.programs import Program
from learnhub_db.project import Project, SqlFile
from learnhub_db.resumption import Resume

DEPENDS = re.compile(r"^\s*--\s*depends\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Contents:
    """The project's files in the order in which they are applied.

    Grant files that name no program come before the programs, since they create the owner; the others come last.
    """

    migrations: list[SqlFile]
    accounts: list[GrantFile]
    programs: list[Program]
    grants: list[GrantFile]

    @property
    def paths(self) -> list[str]:
        """Every file in order, for the stock client or for a reader."""
        files = [*self.migrations, *(grant.file for grant in self.accounts)]
        later = [*(program.path for program in self.programs), *(grant.file.path for grant in self.grants)]
        return [file.path for file in files] + later


def read(project: Project) -> Contents:
    """Everything the project holds; UsageError for a file that breaks the rules. Needs no connection."""
    files = project.migrations()
    if any(DEPENDS.search(file.text) for file in files):
        from learnhub_db import migrations

        files = [migration.file for migration in migrations.read(files)]
    found = programs.read(project)
    names = {program.name for program in found}
    granted = grants.read(project)
    return Contents(
        files,
        [grant for grant in granted if not grant.mentions(names)],
        found,
        [grant for grant in granted if grant.mentions(names)],
    )


def apply(
    project: Project,
    target: Target,
    report: Report = lambda act: None,
    *,
    resume: str | None = None,
    lock_timeout: float = lock.WAIT_SECONDS,
) -> list[Act]:
    """Apply what is pending or differs, telling `report` of each act as it is done; safe to repeat.

    A migration that was begun is taken up where it stopped; `resume` says done, again or skip of a statement of which
    the database does not show whether it ran. Nothing runs where a file breaks the rules, or where a migration that was
    applied has another content now.
    """
    contents, acts = read(project), []

    def tell(act: Act) -> None:
        acts.append(act)
        report(act)

    with connect(target) as connection:
        try:
            with lock.held(connection, target.database, tell, lock_timeout):
                _Run(connection, project, contents, tell).apply(Resume(resume, lock_timeout))
        except pymysql.Error as error:
            raise refused(error, str(target)) from error
    return acts


class _Run:
    """One apply on one connection, which holds the lock."""

    def __init__(self, connection: Connection, project: Project, contents: Contents, report: Report) -> None:
        self.connection, self.project, self.contents, self.report = connection, project, contents, report
        self.past: History = history.read(connection)
        self.prepared = False

    def apply(self, resume: Resume) -> None:
        self._apply_migrations(resume)
        for grant in self.contents.accounts:
            if self._differs(grant.key, grant.file.digest):
                self._run_grants(grant)
        fresh = self._deploy()
        for grant in self.contents.grants:
            if self._differs(grant.key, grant.file.digest) or grant.mentions(fresh):
                self._run_grants(grant)

    def _apply_migrations(self, resume: Resume) -> None:
        done = self.past.migrations
        for file in self.contents.migrations:
            if (done.get(file.stem) or file.digest) != file.digest:
                mend = "restore it and write the change as a new migration"
                raise UsageError("an applied migration has changed", file.path, mend)
        if any(file.stem not in done for file in self.contents.migrations):
            from learnhub_db import migrations

            self._prepare()
            migrations.apply(self.connection, self.contents.migrations, resume, self.report)
        elif resume.choice:
            raise UsageError("no migration has stopped half-way", "--resume", "apply without it")

    def _deploy(self) -> set[str]:
        """Create and replace what differs; the names whose grants must be given again."""
        existing = catalogue.programs(self.connection)
        pending = [
            program
            for program in self.contents.programs
            if program.key not in existing or self._differs(program.key, program.digest)
        ]
        preflight.check(self.connection, self.project.settings.owner, pending)
        return {program.name for program in pending if not self._put(program, existing)}

    def _put(self, program: Program, existing: dict[tuple[str, str], str | None]) -> bool:
        """Deploy one program; True where the grants on its predecessor are still there."""
        self._prepare()
        kept = False
        if program.key in existing:
            kept = replacement.replace(self.connection, program, existing[program.key])
        else:
            replacement.create(self.connection, program)
        history.record_object(self.connection, program.key, Record(program.path, program.digest))
        self.report(Act("replaced" if program.key in existing else "created", f"{program.kind} {program.name}"))
        return kept

    def _run_grants(self, grant: GrantFile) -> None:
        self._prepare()
        for statement in grant.statements:
            execution.run(self.connection, statement, grant.file.path)
        history.record_object(self.connection, grant.key, Record(grant.file.path, grant.file.digest))
        self.report(Act("granted", grant.file.path))

    def _differs(self, key: history.Key, digest: str) -> bool:
        record = self.past.objects.get(key)
        return record is None or record.digest != digest

    def _prepare(self) -> None:
        if not self.prepared:
            history.prepare(self.connection, self.past)
            self.prepared = True
