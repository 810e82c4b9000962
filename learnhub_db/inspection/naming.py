"""Which names in a statement are those of databases: the server is asked, then MySQL's grammar."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.database import identifier, rows
from learnhub_db.inspection.names import Chain, Role, chains
from learnhub_db.stored_programs.schedule import code_of

_SYSTEM = {"information_schema", "performance_schema", "sys"}
_DATABASE_UNKNOWN = (ER.BAD_DB_ERROR, ER.NO_SUCH_TABLE, ER.SP_DOES_NOT_EXIST)
_TABLE_UNKNOWN = (ER.BAD_FIELD_ERROR, ER.BAD_TABLE_ERROR, ER.UNKNOWN_TABLE)
_IN_DOUBLE_QUOTES = re.compile(r'"([^"`]*)"')


def code(sql: str) -> str:
    """As schedule.code_of(), with all in double quotes as names: under ANSI_QUOTES that is what they are."""
    return code_of(_IN_DOUBLE_QUOTES.sub(r"`\1`", sql))


def read_both_ways(sql: str) -> list[Chain]:
    """The names of `sql` where double quotes hold strings, and where they hold names; in doubt one is a database."""
    found: dict[int, Chain] = {}
    for text in {code_of(sql), code(sql)}:
        for one in chains(text):
            if one.start not in found or one.names_a_database:
                found[one.start] = one
    return list(found.values())


@dataclass(frozen=True)
class Naming:
    """The databases of a server: the project's own, and the others, as `fold` makes their names equal."""

    own: str
    others: frozenset[str]
    fold: Callable[[str], str]

    def with_others(self, names: Iterable[str]) -> Naming:
        """With databases that may be there only later."""
        return replace(self, others=self.others | {self.fold(name) for name in names} - {self.own})

    def is_own(self, name: str) -> bool:
        return self.fold(name) == self.own

    def known(self, name: str) -> bool:
        return self.is_own(name) or self.fold(name) in self.others

    def may_name(self, sql: str) -> bool:
        """Whether a name of a database stands in `sql` at all."""
        text = sql.replace("``", "`").lower()
        return any(name.lower() in text for name in {self.own, *self.others})

    def databases(self, sql: str, connection: Connection | None = None) -> list[Chain]:
        """The names that begin with that of a database, in their order.

        Asked on `connection`, which uses a schema with the statement's tables: it prepares the statement, and runs
        nothing.
        """
        if not self.may_name(sql):
            return []
        found = [one for one in read_both_ways(sql) if len(one.parts) > 1 and self.known(one.parts[0])]
        told = _Question(connection, sql, found, self).answers() if connection else {}
        named = [one for one in found if told.get(one, one.names_a_database)]
        return sorted(named, key=lambda one: one.start)

    def outside(self, sql: str, connection: Connection | None = None) -> str | None:
        """The first other database that `sql` names."""
        named = self.databases(sql, connection)
        return next((one.parts[0] for one in named if not self.is_own(one.parts[0])), None)

    def unqualified(self, sql: str, connection: Connection | None = None) -> str:
        """`sql` without the name of its own database before those of tables and routines."""
        named = (one for one in self.databases(sql, connection) if self.is_own(one.parts[0]))
        return _without(sql, list(named))


def read(connection: Connection, database: str) -> Naming:
    """The databases that the account can see, but for the one in use; `database` is the project's own. Reads only."""
    fold = folding(connection)
    ((used,),) = rows(connection, "SELECT DATABASE()")
    others = {fold(name) for (name,) in rows(connection, "SHOW DATABASES")} - _SYSTEM - {fold(database), used}
    return Naming(fold(database), frozenset(others), fold)


def folding(connection: Connection) -> Callable[[str], str]:
    """What makes two names of databases, tables or views equal where the server takes them for one; reads only."""
    ((tells_apart,),) = rows(connection, "SELECT @@lower_case_table_names = 0")
    return str if tells_apart else str.lower


def matches(pattern: str, database: str) -> bool:
    """Whether a database's name in a GRANT, where _ and % are wild, stands for `database`."""
    wild = {"_": ".", "%": ".*"}
    parts = re.findall(r"\\.|.", pattern, re.DOTALL)
    expression = "".join(wild.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, database) is not None


def _without(sql: str, named: list[Chain]) -> str:
    for one in sorted(named, key=lambda one: one.start, reverse=True):
        sql = sql[: one.start] + sql[one.dot :].lstrip()
    return sql


class _Question:
    """A statement with names that cannot exist in place of those that may be databases'.

    The server refuses one after the other, and says what it took it for.
    """

    def __init__(self, connection: Connection, sql: str, named: list[Chain], naming: Naming) -> None:
        self.connection, self.sql, self.naming = connection, sql, naming
        token = secrets.token_hex(6)
        self.open = {one: f"_learnhub_{token}_{number}_" for number, one in enumerate(named)}
        self.told: dict[Chain, bool] = {}

    def answers(self) -> dict[Chain, bool]:
        """Whether it is a database, for each that the server says something of."""
        for one in list(self.open):
            if one.role is Role.COLUMN and len(one.parts) > 2:
                self._take(one, True)
        while self.open and self._goes_on():
            number, words = self._refusal()
            one = next((one for one, fresh in self.open.items() if fresh in words), None)
            if not one or number not in _DATABASE_UNKNOWN + _TABLE_UNKNOWN:
                break
            self._take(one, number in _DATABASE_UNKNOWN)
        return self.told

    def _goes_on(self) -> bool:
        """One other database is enough: the statement leads there."""
        return not any(is_one and not self.naming.is_own(one.parts[0]) for one, is_one in self.told.items())

    def _take(self, one: Chain, is_a_database: bool) -> None:
        self.told[one] = is_a_database
        del self.open[one]

    def _refusal(self) -> tuple[int, str]:
        try:
            rows(self.connection, "SET @_learnhub = %s", (self._text(),))
            rows(self.connection, "PREPARE _learnhub FROM @_learnhub")
            rows(self.connection, "DEALLOCATE PREPARE _learnhub")
        except pymysql.Error as error:
            return error.args[0], str(error.args[-1])
        return 0, ""

    def _text(self) -> str:
        """The statement as far as it is told: without its own database, with what is still open replaced."""
        sql = self.sql
        for one in sorted([*self.open, *self.told], key=lambda one: one.start, reverse=True):
            if one in self.open:
                sql = f"{sql[: one.start]}{identifier(self.open[one])}{sql[one.first_end :]}"
            elif self.told[one]:
                sql = _without(sql, [one])
        return sql
