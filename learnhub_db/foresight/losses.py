"""What pending migrations drop or empty although it holds rows, by its name in the target.

Read from the statements: nothing is run but what sets a file's session variables, so that no scratch schema is needed.
Rows are looked for, not estimated. What a CALL does, and what a string put together by the server runs, is not seen.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pymysql
from pymysql.connections import Connection

from learnhub_db.ahead import Ahead
from learnhub_db.database import NOT_ALLOWED, Target, bare, identifier, rows
from learnhub_db.foresight.outlook import unqualified
from learnhub_db.foresight.prepared import Prepared
from learnhub_db.inspection import naming
from learnhub_db.runner import constants
from learnhub_db.runner.steps import DESTROYING, NAME, Step

_QUALIFIED = rf"{NAME}(?:\s*\.\s*{NAME})?"
_LIST = rf"{_QUALIFIED}(?:\s*,\s*{_QUALIFIED})*"
_TABLES = re.compile(
    rf"\s*(?:(?P<drop>DROP\s+TABLES?(?:\s+IF\s+EXISTS)?)|TRUNCATE(?:\s+TABLE)?)\s+(?P<names>{_LIST})", re.IGNORECASE
)
_DATABASE = re.compile(rf"\s*DROP\s+(?:DATABASE|SCHEMA)\s+(?:IF\s+EXISTS\s+)?(?P<name>{NAME})", re.IGNORECASE)
_ALTER = re.compile(rf"\s*ALTER\s+TABLE\s+(?P<table>{_QUALIFIED})(?P<clauses>.*)", re.IGNORECASE | re.DOTALL)
_COLUMN = re.compile(
    rf"""\bDROP\s+(?:COLUMN\s+)?
    (?!(?:COLUMN|INDEX|KEY|PRIMARY|FOREIGN|CONSTRAINT|CHECK|PARTITION|DEFAULT)\b)(?P<name>{NAME})""",
    re.IGNORECASE | re.VERBOSE,
)
_PARTITIONS = re.compile(rf"\b(?:DROP|TRUNCATE)\s+PARTITION\s+(?P<names>{NAME}(?:\s*,\s*{NAME})*)", re.IGNORECASE)
_DISCARDED = re.compile(r"\bDISCARD\s+(?:PARTITION\b.*)?TABLESPACE\b", re.IGNORECASE | re.DOTALL)
_RENAMED_COLUMN = re.compile(
    rf"\b(?:RENAME\s+COLUMN\s+({NAME})\s+TO|CHANGE\s+(?:COLUMN\s+)?({NAME}))\s+({NAME})", re.IGNORECASE
)
_NEW_NAME = re.compile(rf"\bRENAME\s+(?:TO\s+|AS\s+)?(?!(?:COLUMN|INDEX|KEY)\b)({_QUALIFIED})", re.IGNORECASE)
_RENAMED_TABLES = re.compile(r"\s*RENAME\s+TABLES?\b", re.IGNORECASE)
_RENAMED = re.compile(rf"({_QUALIFIED})\s+TO\s+({_QUALIFIED})", re.IGNORECASE)
_ALL = "ALL"

Path = tuple[str, str]  # of a table: database and name, in small letters where the server does not tell these apart


@dataclass(frozen=True)
class Loss:
    """`name`: table, table.column, table.partition, or a database; with its database where that is another."""

    name: str
    where: str

    @property
    def option(self) -> str:
        """What apply is to be told, as one types it."""
        return f"--allow-destroy {shlex.quote(self.name)}"


def read(connection: Connection, target: Target, left: Sequence[Ahead]) -> list[Loss]:
    """What is lost, each thing once, by the statement that comes first; reads only."""
    if not any(DESTROYING.search(step.text) for one in left for step in one.steps):
        return []
    found: dict[str, Loss] = {}
    losses = _Losses(connection, target.database)
    for one in left:
        for step in _executed(connection, one):
            for name in losses.of(unqualified(step, losses.naming)):
                found.setdefault(name, Loss(name, f"{one.path}:{step.line}"))
    return list(found.values())


def _executed(connection: Connection, ahead: Ahead) -> Iterator[Step]:
    """The steps that are left, each as what it executes; and what a condition may have an EXECUTE run."""
    if not any(constants.executes(step.text) for step in ahead.steps):
        yield from ahead.steps
        return
    steps = [*ahead.done, *ahead.steps]
    try:
        prepared = Prepared(connection)  # which gets the variables that the file sets
        for step in ahead.done:
            prepared.learn(step)
        for step in ahead.steps:
            yield prepared.executed(step)
            prepared.learn(step)
        yield from prepared.perhaps
    finally:
        names = {name for step in steps for name in constants.variables(step.code)}
        if names:
            rows(connection, "SET " + ", ".join(f"@{identifier(name)} = NULL" for name in sorted(names)))


class _Losses:
    """Names of today followed back to those of the target, statement by statement."""

    def __init__(self, connection: Connection, database: str) -> None:
        self.connection, self.database = connection, database
        sql = "SELECT table_schema, table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'"
        self.naming = naming.read(connection, database)
        self.fold = self.naming.fold
        self.tables = {self._key(path): path for path in rows(connection, sql)}
        self.columns: dict[tuple[Path, str], str] = {}  # as they are in the target, where they were renamed

    def of(self, step: Step) -> Iterator[str]:
        code = naming.code(step.text)
        if dropped := _DATABASE.match(code):
            yield from self._of_database(bare(dropped["name"]))
        elif emptied := _TABLES.match(code):
            for name in re.findall(_QUALIFIED, emptied["names"]):
                yield from self._whole(self.tables.pop(self._path(name), None))
        elif altered := _ALTER.match(code):
            yield from self._of_alter(self._path(altered["table"]), altered["clauses"])
        elif _RENAMED_TABLES.match(code):
            for old, new in _RENAMED.findall(code):
                self._rename(self._path(old), self._path(new))

    def _of_database(self, name: str) -> Iterator[str]:
        if any(self._holds_rows(known) for path, known in self.tables.items() if path[0] == self.fold(name)):
            yield name

    def _of_alter(self, path: Path, clauses: str) -> Iterator[str]:
        table = self.tables.get(path)
        if table:
            if _DISCARDED.search(clauses):
                yield from self._whole(table)
            for found in _PARTITIONS.finditer(clauses):
                yield from self._of_partitions(table, [bare(name) for name in re.findall(NAME, found["names"])])
            for found in _COLUMN.finditer(clauses):
                name = bare(found["name"])
                yield from self._of_column(table, self.columns.get((path, name.lower()), name))
            for renamed, changed, new in _RENAMED_COLUMN.findall(clauses):
                old = bare(renamed or changed)
                former = self.columns.pop((path, old.lower()), old)
                self.columns[path, bare(new).lower()] = former
        if new := _NEW_NAME.search(clauses):
            self._rename(path, self._path(new[1]))

    def _of_column(self, table: Path, name: str) -> Iterator[str]:
        """A column is lost where a row has a value in it, which a column that is computed has from others."""
        sql = """SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s
                 AND column_name = %s AND generation_expression = ''"""
        for (column,) in rows(self.connection, sql, (*table, name)):
            if self._holds_rows(table, f"WHERE {identifier(column)} IS NOT NULL"):
                yield f"{self._told(table)}.{column}"

    def _of_partitions(self, table: Path, names: list[str]) -> Iterator[str]:
        if [name.upper() for name in names] == [_ALL]:
            yield from self._whole(table)
        sql = """SELECT DISTINCT partition_name FROM information_schema.partitions
                 WHERE table_schema = %s AND table_name = %s AND partition_name IN %s"""
        for (partition,) in rows(self.connection, sql, (*table, names)):
            if self._holds_rows(table, f"PARTITION ({identifier(partition)})"):
                yield f"{self._told(table)}.{partition}"

    def _whole(self, table: Path | None) -> Iterator[str]:
        if table and self._holds_rows(table):
            yield self._told(table)

    def _holds_rows(self, table: Path, which: str = "") -> bool:
        """Also where the account may not look."""
        schema, name = table
        sql = f"SELECT 1 FROM {identifier(schema)}.{identifier(name)} {which} LIMIT 1"
        try:
            return bool(rows(self.connection, sql))
        except pymysql.Error as error:
            if error.args[0] in NOT_ALLOWED:
                return True
            raise

    def _told(self, table: Path) -> str:
        schema, name = table
        return name if self.fold(schema) == self.fold(self.database) else f"{schema}.{name}"

    def _path(self, name: str) -> Path:
        *schema, table = (bare(part.strip()) for part in re.findall(NAME, name))
        return self._key((schema[0] if schema else self.database, table))

    def _key(self, path: Path) -> Path:
        return self.fold(path[0]), self.fold(path[1])

    def _rename(self, old: Path, new: Path) -> None:
        if table := self.tables.pop(old, None):
            self.tables[new] = table
            moved = {key: column for key, column in self.columns.items() if key[0] == old}
            self.columns |= {(new, name): column for (_, name), column in moved.items()}
