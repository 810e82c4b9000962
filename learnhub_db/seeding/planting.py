"""Planting a seed: a transaction per slice, in which the database remembers how far it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

import pymysql
from pymysql.connections import Connection

from learnhub_db.acts import Act, Report
from learnhub_db.database import in_transaction, refused, rows, settle
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.runner import execution, lock
from learnhub_db.seeding import binlog
from learnhub_db.seeding.seeds import Part, Seed, SeedFile

BOOKKEEPING = """
    CREATE TABLE IF NOT EXISTS _learnhub_seeds (
        seed       VARCHAR(64)  NOT NULL COMMENT 'folder under sql/seeds',
        file       VARCHAR(255) NOT NULL COMMENT 'name of a file in it',
        digest     CHAR(64)     NOT NULL COMMENT 'SHA-256 of the file, of a template before it is rendered',
        applied_at DATETIME(6)  NOT NULL COMMENT 'UTC',
        PRIMARY KEY (seed, file)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'seed files that are in this database'
""", """
    CREATE TABLE IF NOT EXISTS _learnhub_seed_slices (
        seed   VARCHAR(64)     NOT NULL COMMENT 'folder under sql/seeds',
        file   VARCHAR(255)    NOT NULL COMMENT 'name of a file in it that is not applied to its end',
        digest CHAR(64)        NOT NULL COMMENT 'as in _learnhub_seeds',
        done   BIGINT UNSIGNED NOT NULL COMMENT 'slices that are in this database',
        PRIMARY KEY (seed, file)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'seed files that are half in this database'
""", """
    CREATE TABLE IF NOT EXISTS _learnhub_seed_parameters (
        seed      VARCHAR(64) NOT NULL COMMENT 'folder under sql/seeds',
        parameter VARCHAR(64) NOT NULL COMMENT 'declared in its seed.toml',
        value     VARCHAR(64) NOT NULL COMMENT 'what its files were rendered with',
        PRIMARY KEY (seed, parameter)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'what the seeds in this database were told'
"""  # fmt: skip


@dataclass(frozen=True)
class Step:
    """A slice that is committed: up to `last` of `total` in its file; `left` slices of the whole seed are to go."""

    path: str
    last: int
    total: int
    rows: int
    left: int


@dataclass
class Planted:
    """`rows` are those that the statements wrote, without those of triggers and procedures."""

    applied: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    rows: int = 0
    seconds: float = 0.0
    binlog_bytes: int | None = None


Watch = Callable[[Step], None]


def plant(connection: Connection, seed: Seed, report: Report, watch: Watch = lambda step: None) -> Planted:
    """Apply what is not in the connection's database yet: safe to repeat, to kill and to run twice at once.

    Each slice is one transaction together with the row that remembers it. UsageError if a file was changed after it
    had been applied, or the seed begun with other parameters; DatabaseRefused naming file and line for a statement
    that fails.
    """
    try:
        with lock.held(connection, connection.db.decode(), report):
            for table in BOOKKEEPING:
                rows(connection, table)
            return _Planting(connection, seed, report, watch).run()
    except pymysql.Error as error:
        raise refused(error, f"seed {seed.name}") from error


@dataclass
class _Planting:
    connection: Connection
    seed: Seed
    report: Report
    watch: Watch
    planted: Planted = field(default_factory=Planted)
    left: int = 0

    def run(self) -> Planted:
        self._check_parameters()
        applied, begun = (self._by_file("digest", table) for table in ("_learnhub_seeds", "_learnhub_seed_slices"))
        self._check_unchanged(applied | begun)
        done = self._by_file("done", "_learnhub_seed_slices")
        pending = [file for file in self.seed.files if file.name not in applied]
        self.planted.skipped = [file.name for file in self.seed.files if file.name in applied]
        self.left = sum(len(file.slices) - done.get(file.name, 0) for file in pending)
        began, position = time.monotonic(), binlog.position(self.connection)
        for file in pending:
            for number in range(done.get(file.name, 0), len(file.slices)):
                self._apply(file, number)
            self.planted.applied.append(file.name)
            self.report(Act("applied", file.path))
        self.planted.seconds = round(time.monotonic() - began, 3)
        self.planted.binlog_bytes = binlog.grown(self.connection, position)
        return self.planted

    def _check_parameters(self) -> None:
        found = "SELECT parameter, value FROM _learnhub_seed_parameters WHERE seed = %s"
        stored = dict(rows(self.connection, found, (self.seed.name,)))
        told = {name: str(value) for name, value in self.seed.parameters.items()}
        if not stored and told:
            with self.connection.cursor() as cursor:
                values = [(self.seed.name, *parameter) for parameter in told.items()]
                cursor.executemany("INSERT INTO _learnhub_seed_parameters VALUES (%s, %s, %s)", values)
        elif stored != told:
            other = " ".join(f"--set {name}={value}" for name, value in stored.items() if told.get(name) != value)
            hint = f"go on with {other or 'the files of then'}, or begin with a fresh database"
            raise UsageError("the seed was begun with other parameters", f"sql/seeds/{self.seed.name}", hint)

    def _by_file(self, column: str, table: str) -> dict[str, object]:
        return dict(rows(self.connection, f"SELECT file, {column} FROM {table} WHERE seed = %s", (self.seed.name,)))

    def _check_unchanged(self, digests: dict[str, object]) -> None:
        for file in self.seed.files:
            if digests.get(file.name, file.digest) != file.digest:
                hint = "put the change into a new file, or begin with a fresh database"
                raise UsageError("the seed file was changed after it had been applied", file.path, hint)

    def _apply(self, file: SeedFile, number: int) -> None:
        part = file.part(number)
        settle(self.connection)
        if not file.commits:
            self.connection.begin()
        try:
            written = self._run(part, file.commits)
            if file.commits:
                self.connection.begin()
            self._remember(file, number + 1)
            self.connection.commit()
        except Exception:
            with suppress(pymysql.Error):
                self.connection.rollback()
            raise
        self.planted.rows += written
        self.left -= 1
        self.watch(Step(file.path, file.slices.bounds(number)[1], file.slices.total, written, self.left))

    def _run(self, part: Part, commits: bool) -> int:
        written = 0
        for statement in part.statements:
            written += execution.run(self.connection, statement, part.where)
            if not (in_transaction(self.connection) or commits):
                place = f"{part.where}:{statement.line}"
                hint = "what the file did up to here stays: take out what commits, and begin with a fresh database"
                raise DatabaseRefused("the statement ended the seed's transaction", place, hint)
        return written

    def _remember(self, file: SeedFile, done: int) -> None:
        key = (self.seed.name, file.name, file.digest)
        if done < len(file.slices):
            rows(self.connection, "REPLACE INTO _learnhub_seed_slices VALUES (%s, %s, %s, %s)", (*key, done))
        else:
            rows(self.connection, "INSERT INTO _learnhub_seeds VALUES (%s, %s, %s, UTC_TIMESTAMP(6))", key)
            rows(self.connection, "DELETE FROM _learnhub_seed_slices WHERE seed = %s AND file = %s", key[:2])
