"""Migrations through yoyo: its list, its order by `-- depends:`, its bookkeeping; our statements, lock and session.

yoyo would split files without DELIMITER, keep its lock in a row that outlives a kill, probe for transactional DDL on
every connection, and undo what it had done when a statement fails. None of that happens here.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from pymysql.connections import Connection
from yoyo import internalmigrations
from yoyo.backends.core.mysql import MySQLBackend
from yoyo.connections import DatabaseURI
from yoyo.internalmigrations import v2
from yoyo.migrations import Migration as YoyoMigration
from yoyo.migrations import MigrationList, default_migration_table, parse_metadata_from_sql_comments, topological_sort
from yoyo.topologicalsort import CycleError
from yoyo.utils import change_param_style

from learnhub_db import database, history, journal, lock, resumption, steps, waits
from learnhub_db.acts import Act, Report
from learnhub_db.errors import LearnHubError, UsageError
from learnhub_db.journal import Entry, Journal
from learnhub_db.memory import Memory
from learnhub_db.project import SqlFile
from learnhub_db.resumption import Resume
from learnhub_db.running import Run
from learnhub_db.statements import split
from learnhub_db.steps import Kind, Step

KIND = "migration"  # in the journal
RECORD_SECONDS = 1  # for so long the journal alone may say that migrations have run


class Migration(YoyoMigration):
    """A file of sql/migrations, split as the mysql client splits it."""

    steps: list[Step]

    def __init__(self, file: SqlFile) -> None:
        super().__init__(file.stem, file.path, None)
        self.file = file
        self._depends: set[Migration] = set()

    def load(self) -> None:
        """Split the file; UsageError where it cannot be read, holds no statement, or could not be resumed."""
        if self.loaded:
            return
        found = split(self.file.text, self.path)
        if not found:
            raise UsageError("the migration holds no statement", self.path, "write one or remove the file")
        self.steps = steps.read(found, self.path)


class Backend(MySQLBackend):
    """yoyo's MySQL backend on a connection of the toolkit: learnhub://user:password@host:port/database."""

    def __init__(
        self,
        uri: DatabaseURI | None,
        migration_table: str = default_migration_table,
        connection: Connection | None = None,
    ) -> None:
        self._given = connection
        super().__init__(uri, migration_table)

    def connect(self, uri: DatabaseURI | None) -> Connection:
        return self._given or database.connect(database.Target.parse(uri._replace(scheme="mysql").uri))

    def init_database(self) -> None:
        """Nothing: neither a lock table nor a probe for transactional DDL."""

    def quote_identifier(self, identifier: str) -> str:
        return database.identifier(identifier)

    def list_tables(self, **_: object) -> list[str]:
        return [name for (name,) in database.rows(self.connection, "SHOW TABLES")]

    def ensure_internal_schema_updated(self) -> None:
        """As yoyo's, but safe to repeat wherever it was interrupted: the table that yoyo looks for comes last."""
        if self._internal_schema_updated:
            return
        tables = self.list_tables()
        if self.migration_table in tables:
            super().ensure_internal_schema_updated()
        else:
            self._create_tables(tables)
        self._internal_schema_updated = True

    def _create_tables(self, existing: list[str]) -> None:
        if self.log_table not in existing:
            v2.create_log_table(self)
        if self.version_table not in existing:
            v2.create_version_table(self)
        if not database.rows(self.connection, f"SELECT 1 FROM {self.quote_identifier(self.version_table)}"):
            internalmigrations.mark_schema_version(self, max(internalmigrations.schema_versions))
        v2.create_migration_table(self)

    @contextmanager
    def lock(self, timeout: int = lock.WAIT_SECONDS) -> Iterator[None]:
        ((name,),) = database.rows(self.connection, "SELECT DATABASE()")
        with lock.held(self.connection, name, report=lambda act: None):
            yield

    def mark_applied(self, migrations: Sequence[YoyoMigration]) -> None:
        """As yoyo's log_migration() and mark_one() of each, in two statements."""
        logged = [self.get_log_data(migration) for migration in migrations]
        marked = [one | {"when": one["created_at_utc"]} for one in logged]
        for template, values in ((self.log_migration_sql, logged), (self.mark_migration_sql, marked)):
            sql, _ = change_param_style(self.driver.paramstyle, self.format_sql(template), values[0])
            with self.connection.cursor() as cursor:
                cursor.executemany(sql, values)

    def get_log_data(self, migration: YoyoMigration | None = None, operation: str = "apply") -> dict[str, object]:
        """As yoyo's, for accounts without a name and hosts without a name server too."""
        return {
            "id": str(uuid4()),
            "migration_id": migration and migration.id,
            "migration_hash": migration and migration.hash,
            "username": _user(),
            "hostname": socket.gethostname(),
            "created_at_utc": datetime.now(UTC).replace(tzinfo=None),
            "operation": operation,
        }


def read(files: Sequence[SqlFile]) -> MigrationList:
    """The migrations of `files`, ordered by their `-- depends:` lines; UsageError for an unknown one or a circle."""
    migrations = {file.stem: Migration(file) for file in files}
    for migration in migrations.values():
        directives, _, _ = parse_metadata_from_sql_comments(migration.file.text)
        for name in directives.get("depends", "").split():
            if name not in migrations:
                raise UsageError(f"the migration depends on {name}", migration.path, "there is no such migration")
            migration._depends.add(migrations[name])
    try:
        return MigrationList(topological_sort(migrations.values()))
    except CycleError as error:
        circle = ", ".join(migration.path for migration in error.args[1])
        raise UsageError("the migrations depend on each other in a circle", circle, "break it") from None


def apply(connection: Connection, files: Sequence[SqlFile], resume: Resume, report: Report) -> None:
    """Apply those of `files` that yoyo's table does not name, in order; all are read before the first one runs.

    One that was begun is taken up where it stopped.
    """
    backend = Backend(None, connection=connection)
    pending = backend.to_apply(read(files))
    for migration in pending:
        migration.load()
    ((database_name,),) = database.rows(connection, "SELECT DATABASE()")
    started = journal.server_started(connection)
    begun = journal.under_way(connection, KIND)
    if resume.choice and not begun.keys() & {migration.id for migration in pending}:
        raise UsageError("no migration has stopped half-way", "--resume", "apply without it")
    waits.limit(connection)
    done = _Done(backend)
    try:
        for migration in pending:
            if migration.steps[0].kind is not Kind.LASTING or migration.id in begun or done.late:
                done.record()
            book = Journal(connection, lock.name_for(database_name), KIND, migration.id, started, done.carried)
            _run(migration, book, resume if migration.id in begun else None, report)
            done.migrations.append(migration)
    except LearnHubError:
        if connection.open:
            done.record()
        raise
    done.record()
    waits.limit(connection, False)


class _Done:
    """The migrations that have run and are not recorded as applied: the journal says so until then."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.migrations: list[Migration] = []
        self.carried: list[tuple[str, Entry]] = []  # what the journal does not say of them yet
        self.recorded = time.monotonic()

    @property
    def late(self) -> bool:
        return time.monotonic() - self.recorded > RECORD_SECONDS

    def record(self) -> None:
        """Record them in one transaction, in which the journal forgets them."""
        if self.migrations:
            with self.backend.transaction():
                self.backend.mark_applied(self.migrations)
                connection = self.backend.connection
                digests = [(one.id, one.file.digest, len(one.steps)) for one in self.migrations]
                history.record_migrations(connection, digests)
                journal.forget(connection, KIND, [one.id for one in self.migrations])
        self.migrations.clear()
        self.carried.clear()
        self.recorded = time.monotonic()


def _run(migration: Migration, book: Journal, resume: Resume | None, report: Report) -> None:
    """`resume`: the migration was begun before."""
    started, first = time.monotonic(), 1
    memory = Memory(book.connection, migration.steps)
    if resume:
        first = resumption.first_place(book, migration.path, migration.steps, memory, resume, report)
    Run(book, migration.path, migration.steps, memory, report).go(first)
    memory.end()
    note = f"{_counted(len(migration.steps))}, {time.monotonic() - started:.1f} s"
    if first > 1:
        note = f"from statement {first} of {len(migration.steps)} on, {time.monotonic() - started:.1f} s"
    report(Act("applied", migration.path, note))


def adopt(connection: Connection, files: Sequence[SqlFile]) -> None:
    """Record that `files` are applied, in yoyo's tables as marked, without running them."""
    backend = Backend(None, connection=connection)
    backend.ensure_internal_schema_updated()
    for migration in read(files):
        migration.load()
        with backend.transaction():
            backend.mark_one(migration)
            history.record_migrations(connection, [(migration.id, migration.file.digest, len(migration.steps))])


def _counted(statements: int) -> str:
    return f"{statements} statement{'' if statements == 1 else 's'}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
