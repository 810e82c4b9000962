"""Seeds: folders of SQL files that fill a database with rows, each file applied once and as a whole."""

from __future__ import annotations

import re
import traceback
from contextlib import suppress
from dataclasses import dataclass

import jinja2
import pymysql
from pymysql.connections import Connection
from pymysql.constants import SERVER_STATUS

from learnhub_db.acts import Act, Report
from learnhub_db.database import refused, rows, settle
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.project import Project, SqlFile
from learnhub_db.runner import execution, lock
from learnhub_db.statements import Statement, code_only, split

TEMPLATE = ".j2"

# Anything else may commit, and would leave half a file behind.
ROW_STATEMENTS = "CALL DELETE DO INSERT LOAD REPLACE SELECT SET TABLE UPDATE VALUES WITH".split()

BOOKKEEPING = """
    CREATE TABLE IF NOT EXISTS _learnhub_seeds (
        seed       VARCHAR(64)  NOT NULL COMMENT 'folder under sql/seeds',
        file       VARCHAR(255) NOT NULL COMMENT 'name of a file in it',
        digest     CHAR(64)     NOT NULL COMMENT 'SHA-256 of the file, of a template before it is rendered',
        applied_at DATETIME(6)  NOT NULL COMMENT 'UTC',
        PRIMARY KEY (seed, file)
    ) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin COMMENT 'seed files that are in this database'
"""


@dataclass(frozen=True)
class SeedFile:
    name: str
    path: str  # sql/seeds/demo/0010-people.sql
    where: str  # what the statements' lines count in
    digest: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Seed:
    name: str
    files: tuple[SeedFile, ...]


@dataclass(frozen=True)
class Planted:
    applied: list[str]
    skipped: list[str]


def read(project: Project, name: str, database: str) -> Seed:
    """The seed `name`, its templates rendered for `database`; reads only, UsageError for what cannot be a seed."""
    files = project.seed(name)
    if not files:
        raise UsageError(f"the seed {name} is empty", f"sql/seeds/{name}", "put .sql files into it")
    return Seed(name, tuple(_seed_file(file, name, database) for file in files))


def _seed_file(file: SqlFile, seed: str, database: str) -> SeedFile:
    text, where = file.text, file.path
    if where.endswith(TEMPLATE):
        text, where = _rendered(text, where, seed=seed, database=database), f"{where} (rendered)"
    statements = split(text, where)
    for statement in statements:
        if _verb(statement) not in ROW_STATEMENTS:
            mend = "a seed holds rows only and is committed file by file: schema belongs to sql/migrations"
            raise UsageError(f"{_verb(statement)} has no place in a seed", f"{where}:{statement.line}", mend)
    return SeedFile(file.path.removeprefix(f"sql/seeds/{seed}/"), file.path, where, file.digest, tuple(statements))


def _rendered(text: str, where: str, **values: str) -> str:
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    try:
        return environment.from_string(text).render(values)
    except jinja2.TemplateSyntaxError as error:
        raise UsageError(f"the template cannot be read ({error.message})", f"{where}:{error.lineno}") from error
    except Exception as error:  # an expression of a template can raise anything
        frames = traceback.extract_tb(error.__traceback__)
        line = [frame.lineno for frame in frames if frame.filename == "<template>"][-1]
        known = f"known: {', '.join(values)}" if isinstance(error, jinja2.UndefinedError) else ""
        raise UsageError(f"the template fails ({error})", f"{where}:{line}", known) from error


def _verb(statement: Statement) -> str:
    start = re.match(r"(?:/\*!\d*|\(|\s)*(\w*)", code_only(statement.text))
    return start[1].upper() or statement.text.split()[0]


def plant(connection: Connection, seed: Seed, report: Report) -> Planted:
    """Apply the files that are not in the connection's database yet: safe to repeat, to kill and to run twice at once.

    Each file is one transaction together with its row in _learnhub_seeds. UsageError if a file was changed after it
    had been applied, DatabaseRefused naming file and line for a statement that fails.
    """
    try:
        with lock.held(connection, connection.db.decode(), report):
            rows(connection, BOOKKEEPING)
            digests = dict(rows(connection, "SELECT file, digest FROM _learnhub_seeds WHERE seed = %s", (seed.name,)))
            _check_unchanged(seed, digests)
            pending = [file for file in seed.files if file.name not in digests]
            for file in pending:
                _apply(connection, seed, file)
                report(Act("applied", file.path))
    except pymysql.Error as error:
        raise refused(error, f"seed {seed.name}") from error
    return Planted([file.name for file in pending], [file.name for file in seed.files if file.name in digests])


def _check_unchanged(seed: Seed, digests: dict[str, str]) -> None:
    for file in seed.files:
        if digests.get(file.name, file.digest) != file.digest:
            mend = "put the change into a new file, or begin with a fresh database"
            raise UsageError("the seed file was changed after it had been applied", file.path, mend)


def _apply(connection: Connection, seed: Seed, file: SeedFile) -> None:
    settle(connection)
    connection.begin()
    try:
        for statement in file.statements:
            execution.run(connection, statement, file.where)
            _check_transaction(connection, f"{file.where}:{statement.line}")
        row = (seed.name, file.name, file.digest)
        rows(connection, "INSERT INTO _learnhub_seeds VALUES (%s, %s, %s, UTC_TIMESTAMP(6))", row)
        connection.commit()
    except Exception:
        with suppress(pymysql.Error):
            connection.rollback()
        raise


def _check_transaction(connection: Connection, place: str) -> None:
    if not connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS:
        mend = "what the file did up to here stays: take out what commits, and begin with a fresh database"
        raise DatabaseRefused("the statement ended the seed's transaction", place, mend)
