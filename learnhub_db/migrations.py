"""Migrations through yoyo: its list, its order by `-- depends:`, its bookkeeping; our statements, lock and session.

yoyo would split files without DELIMITER, keep its lock in a row that outlives a kill, probe for transactional DDL on
every connection, and undo what it had done when a statement fails. None of that happens here.
"""

from __future__ import annotations

import getpass
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
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

from learnhub_db import database, history
from learnhub_db.acts import Report
from learnhub_db.errors import UsageError
from learnhub_db.project import SqlFile
from learnhub_db.runner import lock, resumption, steps
from learnhub_db.runner.journal import Journal
from learnhub_db.runner.memory import Memory
from learnhub_db.runner.packets import Packets
from learnhub_db.runner.resumption import Resume
from learnhub_db.runner.running import Run
from learnhub_db.runner.steps import Step
from learnhub_db.statements import split


SQUASH = "squash"  # in yoyo's log


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
        self.steps = steps_of(self.file, "migration")


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

    def record(self, migrations: Sequence[Migration], operation: str = "apply") -> None:
        """log_migration() and mark_one() of several at once, and what they hold in our history."""
        logged = [self.get_log_data(migration, operation) for migration in migrations]
        logged = [data | {"when": data["created_at_utc"]} for data in logged]
        with self.connection.cursor() as cursor:
            for template in (self.log_migration_sql, self.mark_migration_sql):
                sql, _ = change_param_style(self.driver.paramstyle, self.format_sql(template), logged[0])
                cursor.executemany(sql, logged)
        held = [(migration.id, migration.file.digest, len(migration.steps)) for migration in migrations]
        history.record_migrations(self.connection, held)

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


def steps_of(file: SqlFile, what: str) -> list[Step]:
    """The statements of a file; UsageError where it cannot be read, holds none, or could not be resumed."""
    found = split(file.text, file.path)
    if not found:
        raise UsageError(f"the {what} holds no statement", file.path, "write one or remove the file")
    return steps.read(found, file.path)


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


def run(
    book: Journal,
    path: str,
    steps: Sequence[Step],
    done: Callable[[str], None],
    resume: Resume | None,
    report: Report,
    foreseen: Packets | None = None,
) -> None:
    """Run the steps of one file, from where they stopped where there is a `resume`.

    `done` is told how many have run, in which time, as soon as they have; the journal goes on to know of the file until
    it is told to forget it. `foreseen` as of a Run.
    """
    started, first = time.monotonic(), 1
    memory = Memory(book.connection, steps)
    if resume:
        first = resumption.first_place(book, path, steps, memory, resume, report)
    Run(book, path, steps, memory, report, foreseen).go(first)
    number = _counted(len(steps)) if first == 1 else f"from statement {first} of {len(steps)} on"
    done(f"{number}, {time.monotonic() - started:.1f} s")
    memory.end()


def adopt(connection: Connection, files: Sequence[SqlFile]) -> None:
    """Record that `files` are applied, in yoyo's tables as marked, without running them."""
    backend = Backend(None, connection=connection)
    backend.ensure_internal_schema_updated()
    adopted = _loaded(files)
    with backend.transaction():
        backend.record(adopted, "mark")


def squash(connection: Connection, files: Sequence[SqlFile], folded: Sequence[str], last: str) -> None:
    """Record `files` as applied in the place of the `folded` migrations, all or nothing.

    Programs that were deployed with one of these count as deployed with `last`.
    """
    backend = Backend(None, connection=connection)
    new = _loaded(files)
    with backend.transaction():
        applied_at = history.fold_migrations(connection, folded, last)
        if new:
            backend.record(new, SQUASH)
            history.date_migrations(connection, [migration.id for migration in new], applied_at)


def squashed(connection: Connection, names: Sequence[str]) -> list[str]:
    """Those of the applied migrations `names` into which others were folded; reads only."""
    sql = "SELECT DISTINCT migration_id FROM _yoyo_log WHERE operation = %s AND migration_id IN %s ORDER BY 1"
    return [name for (name,) in database.rows(connection, sql, (SQUASH, tuple(names)))]


def _loaded(files: Sequence[SqlFile]) -> list[Migration]:
    found = [Migration(file) for file in files]
    for migration in found:
        migration.load()
    return found


def _counted(statements: int) -> str:
    return f"{statements} statement{'' if statements == 1 else 's'}"


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
