"""A schema of our own in which a program is compiled before its predecessor on the target is dropped."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db import execution, stored
from learnhub_db.acts import Act, Report
from learnhub_db.database import identifier, rows
from learnhub_db.programs import Program
from learnhub_db.statements import Statement
from learnhub_db.stored import Stored

PREFIX = "_learnhub_scratch_"
PATTERN = PREFIX.replace("_", r"\_") + "%"


@dataclass(frozen=True)
class Scratch:
    connection: Connection
    schema: str
    target: str

    def compile(self, program: Program) -> Stored:
        """The program as the server would store it; DatabaseRefused where it would not take it."""
        statement = Statement(program.sql, program.line, 0)
        with self._inside():
            if program.kind == "trigger":
                statement = Statement(program.ordered(""), program.line, 0)
                self._copy_table(program, statement)
            execution.run(self.connection, statement, program.path)
        return stored.read(self.connection, program.kind, program.name, self.schema)

    def copy(self, kind: str, name: str, old: Stored) -> None:
        """Put a copy of a deployed program in the place of the compiled one."""
        rows(self.connection, f"DROP {kind.upper()} {stored.qualified(name, self.schema)}")
        with self._inside():
            rows(self.connection, old.sql)

    def _copy_table(self, program: Program, statement: Statement) -> None:
        table = identifier(program.table)
        try:
            rows(self.connection, f"CREATE TABLE IF NOT EXISTS {table} LIKE {identifier(self.target)}.{table}")
        except pymysql.Error as error:
            raise execution.refusal(error, statement, program.path) from error

    @contextmanager
    def _inside(self) -> Iterator[None]:
        self.connection.select_db(self.schema)
        try:
            yield
        finally:
            if self.connection.open:
                self.connection.select_db(self.target)


@contextmanager
def opened(connection: Connection, report: Report) -> Iterator[Scratch | None]:
    """A scratch schema with the target's character set, dropped at the end; None, told, where it is not allowed.

    While it is in use its name is a lock of the connection: that tells one in use from one that a killed run left.
    """
    schema = PREFIX + secrets.token_hex(6)
    rows(connection, "SELECT GET_LOCK(%s, 0)", (schema,))
    target = _create(connection, schema)
    if not target:
        report(Act("parsed", "the new programs, not compiled", f"no scratch schema: {grant(connection)}"))
    try:
        yield Scratch(connection, schema, target) if target else None
    finally:
        if connection.open:
            if target:
                rows(connection, f"DROP DATABASE {schema}")
            rows(connection, "SELECT RELEASE_LOCK(%s)", (schema,))


def _create(connection: Connection, schema: str) -> str | None:
    """Create the schema and return the target's name; None where the account may not."""
    sql = """
        SELECT schema_name, default_character_set_name, default_collation_name
        FROM information_schema.schemata WHERE schema_name = DATABASE()
    """
    ((target, character_set, collation),) = rows(connection, sql)
    try:
        rows(connection, f"CREATE DATABASE {schema} CHARACTER SET {character_set} COLLATE {collation}")
    except pymysql.Error as error:
        if error.args[0] != ER.DBACCESS_DENIED_ERROR:
            raise
        return None
    return target


def clear(connection: Connection, report: Report) -> None:
    """Drop the scratch schemas that killed runs have left, telling of each."""
    sql = "SELECT schema_name FROM information_schema.schemata WHERE schema_name LIKE %s"
    for (schema,) in rows(connection, sql, (PATTERN,)):
        if rows(connection, "SELECT IS_FREE_LOCK(%s)", (schema,)) != [(1,)]:
            continue
        try:
            rows(connection, f"DROP DATABASE IF EXISTS {identifier(schema)}")
            report(Act("dropped", schema, "a killed run had left it"))
        except pymysql.Error as error:
            if error.args[0] != ER.DBACCESS_DENIED_ERROR:
                raise
            report(Act("left", schema, f"of a killed run: {grant(connection)}"))


def grant(connection: Connection) -> str:
    """The GRANT that lets the account have scratch schemas."""
    ((user, _, host),) = [account.rpartition("@") for (account,) in rows(connection, "SELECT CURRENT_USER()")]
    return f"GRANT ALL ON {identifier(PATTERN)}.* TO {identifier(user)}@{identifier(host)}"


def parse(connection: Connection, program: Program) -> None:
    """Have the server read the program without creating it; DatabaseRefused where it cannot. Writes nothing."""
    statement = Statement(program.sql, program.line, 0)
    try:
        rows(connection, "PREPARE learnhub_parsed FROM %s", (program.sql,))
        rows(connection, "DEALLOCATE PREPARE learnhub_parsed")
    except pymysql.Error as error:
        if error.args[0] != ER.UNSUPPORTED_PS:  # it has read all of it, and only then said that it does not prepare it
            raise execution.refusal(error, statement, program.path) from error
