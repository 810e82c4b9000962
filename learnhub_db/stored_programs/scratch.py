"""A schema of our own in which a program is compiled before its predecessor on the target is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db import scratch_schema
from learnhub_db.acts import Act, Report
from learnhub_db.database import SQL_MODE_OF_COPIES, identifier, rows, settle
from learnhub_db.errors import DatabaseRefused
from learnhub_db.runner import execution
from learnhub_db.statements import Statement
from learnhub_db.stored_programs import stored
from learnhub_db.stored_programs.programs import Program
from learnhub_db.stored_programs.stored import Stored


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
        rows(self.connection, "SET sql_mode = %s", (SQL_MODE_OF_COPIES,))
        try:
            rows(self.connection, f"CREATE TABLE IF NOT EXISTS {table} LIKE {identifier(self.target)}.{table}")
        except pymysql.Error as error:
            raise execution.refusal(error, statement, program.path) from error
        finally:
            settle(self.connection)

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
    """A scratch schema on the target's own connection, dropped at the end; None, told, where it is not allowed."""
    ((target,),) = rows(connection, "SELECT DATABASE()")
    try:
        schema = scratch_schema.create(connection, target)
    except DatabaseRefused as refusal:
        report(Act("parsed", "the new programs, not compiled", f"no scratch schema: {refusal.hint}"))
        yield None
        return
    try:
        yield Scratch(connection, schema, target)
    finally:
        if connection.open:
            rows(connection, f"DROP DATABASE {identifier(schema)}")
            scratch_schema.release(connection, schema)


def clear(connection: Connection, report: Report) -> None:
    """Drop the scratch schemas that killed runs have left, telling of each."""
    for schema, gone in scratch_schema.drop_left_behind(connection):
        if gone:
            report(Act("dropped", schema, "a killed run had left it"))
        else:
            report(Act("left", schema, f"of a killed run: {scratch_schema.grant(connection)}"))


def parse(connection: Connection, program: Program) -> None:
    """Have the server read the program without creating it; DatabaseRefused where it cannot. Writes nothing."""
    statement = Statement(program.sql, program.line, 0)
    try:
        rows(connection, "PREPARE learnhub_parsed FROM %s", (program.sql,))
        rows(connection, "DEALLOCATE PREPARE learnhub_parsed")
    except pymysql.Error as error:
        if error.args[0] != ER.UNSUPPORTED_PS:  # it has read all of it, and only then said that it does not prepare it
            raise execution.refusal(error, statement, program.path) from error
