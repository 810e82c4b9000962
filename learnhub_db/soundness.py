"""Whether the deployed programs could still run: the server is asked for each of their statements, and runs none.

Where every program was found sound, a checksum of the columns of the database is kept: while it is the same there is
nothing to ask again.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from pymysql.connections import Connection

from learnhub_db.acts import Act, Report
from learnhub_db.contents import Contents
from learnhub_db.database import identifier, rows
from learnhub_db.inspection import digests, reach
from learnhub_db.project import SqlFile
from learnhub_db.statements import code_only
from learnhub_db.stored_programs import bodies, catalogue
from learnhub_db.stored_programs.programs import Program

CERTAIN = (1054, 1136, 1146, 1356)  # no such column or table, other numbers of columns, a view of what is gone
_COLUMNS = """
    SELECT LOWER(column_name) FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s
"""
_NO_TABLE = re.compile(r"Table '(?:[^']*\.)?([^'.]+)' doesn't exist")
_OF_TABLES = re.compile(r"\b(?:FROM|JOIN|INTO|UPDATE|TABLE|REPLACE|INSERT|DELETE)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Broken:
    """A program that cannot run: `why` in the server's words, at `line` of its file."""

    program: Program
    line: int
    why: str

    def __str__(self) -> str:
        return f"{self.program.path}:{self.line}: {self.why}"


def broken(connection: Connection, programs: Collection[Program], migrations: Iterable[SqlFile]) -> Iterator[Broken]:
    """Those of `programs` that are deployed and cannot run; reads only.

    Nothing is told of a temporary table that one of them makes, or of a missing one that no migration has named: the
    session may have made it before.
    """
    existing = catalogue.programs(connection)
    temporary = set().union(*(bodies.temporary_tables(program.sql) for program in programs))
    made = set().union(*(reach.words(code_only(file.text)) for file in migrations)) - temporary
    for program in programs:
        if program.key in existing:
            found = _of_the_row(connection, program) or _of_itself(connection, program, made, temporary)
            if found:
                yield found


def check(connection: Connection, contents: Contents, report: Report) -> None:
    """Report the programs that cannot run; where there are none, keep the checksum."""
    found = list(broken(connection, contents.programs, contents.migrations))
    for one in found:
        report(Act("broken", f"{one.program.kind} {one.program.name}", str(one)))
    if not found:
        keep(connection)


def keep(connection: Connection) -> None:
    """Take all programs for sound while the columns are what they are now."""
    if rows(connection, f"SHOW TABLES LIKE '{digests.NAME}'"):
        sql = f"REPLACE INTO {digests.NAME} (kind, name, digest) VALUES ('columns', '', ({digests.COLUMNS}))"
        rows(connection, sql)


def _of_the_row(connection: Connection, program: Program) -> Broken | None:
    """Of a trigger, a column that its table does not have."""
    if program.kind != "trigger":
        return None
    there = {name for (name,) in rows(connection, _COLUMNS, (program.table,))}
    for name, line in bodies.columns_of_the_row(program).items():
        if there and name.lower() not in there:
            return Broken(program, line, f"1054: Unknown column '{name}' of {program.table}")
    return None


def _of_itself(
    connection: Connection, program: Program, made: Collection[str], temporary: Collection[str]
) -> Broken | None:
    """A statement of its body, or of a view itself, that the server does not take."""
    own = [bodies.Part(f"SELECT 1 FROM {identifier(program.name)} LIMIT 0", program.line)]
    for part in own if program.kind == "view" else filter(_uses_tables, bodies.parts(program)):
        if not reach.words(code_only(part.sql)).isdisjoint(temporary):
            continue
        error = bodies.refusal(connection, part)
        if error and error.args[0] in CERTAIN:
            missing = _NO_TABLE.search(error.args[1])
            if not missing or missing[1].lower() in made:
                return Broken(program, part.line, f"{error.args[0]}: {error.args[1]}")
    return None


def _uses_tables(part: bodies.Part) -> bool:
    return bool(_OF_TABLES.search(code_only(part.sql)))
