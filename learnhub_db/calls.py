"""Calling a stored procedure with words of text, checked against the catalogue before anything runs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

import pymysql
from pymysql.connections import TEXT_TYPES, Connection
from pymysql.constants import FIELD_TYPE
from pymysql.cursors import Cursor, DictCursor

from learnhub_db.database import identifier, in_transaction, refused
from learnhub_db.errors import UsageError
from learnhub_db.parameters import Parameter, Value, shown

NAME_LIKENESS = 0.75  # how near to a parameter's name the x of x=… must be to count as a slip of the pen

PROCEDURES = """
    SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES
     WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_TYPE = 'PROCEDURE'
"""

PARAMETERS = """
    SELECT p.PARAMETER_NAME AS name, p.PARAMETER_MODE AS mode, p.DATA_TYPE AS kind, p.DTD_IDENTIFIER AS declared,
           p.CHARACTER_MAXIMUM_LENGTH AS length, p.NUMERIC_PRECISION AS `precision`, p.NUMERIC_SCALE AS scale,
           p.DATETIME_PRECISION AS fraction, p.COLLATION_NAME AS collation
      FROM information_schema.PARAMETERS p
     WHERE p.SPECIFIC_SCHEMA = DATABASE() AND p.SPECIFIC_NAME = %s AND p.ROUTINE_TYPE = 'PROCEDURE'
     ORDER BY p.ORDINAL_POSITION
"""

# A user variable prints an OUT value as its parameter would, but for these types.
OUT_CASTS = {"float": "CAST({} AS FLOAT)", "json": "CAST({} AS JSON)"}

INTEGERS = (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.YEAR)
NUMBERS = {*INTEGERS, FIELD_TYPE.BIT, FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE, FIELD_TYPE.DECIMAL, FIELD_TYPE.NEWDECIMAL}
VECTOR = 242
TEXT_TYPES.add(VECTOR)  # PyMySQL does not know it and would read its bytes as ASCII


def _plain(value: str | bytes) -> str:
    return "0x" + value.hex() if isinstance(value, bytes) else value


# Types that are not here stay the text that the server sends: a DECIMAL keeps its cents, a TIME its hours beyond 24.
DECODERS = {
    **dict.fromkeys(TEXT_TYPES, _plain),
    **dict.fromkeys(INTEGERS, int),
    **dict.fromkeys((FIELD_TYPE.FLOAT, FIELD_TYPE.DOUBLE), float),
    FIELD_TYPE.BIT: lambda octets: int.from_bytes(octets, "big"),
    FIELD_TYPE.JSON: json.loads,
}


@dataclass(frozen=True)
class Procedure:
    name: str
    parameters: tuple[Parameter, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(str, self.parameters))})"


@dataclass(frozen=True)
class Column:
    name: str
    is_number: bool


@dataclass(frozen=True)
class Result:
    """A result set; its values are what JSON can say: DECIMAL and dates as text, bytes as 0x…, JSON as itself."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]


@dataclass(frozen=True)
class Answer:
    out: dict[str, object]
    results: list[Result]
    warnings: list[str]


def find(connection: Connection, name: str) -> Procedure:
    """The procedure `name` of the connection's database, in the catalogue's spelling; UsageError if it is not there."""
    try:
        with connection.cursor(DictCursor) as cursor:
            cursor.execute(PROCEDURES)
            names = {row["name"].casefold(): row["name"] for row in cursor.fetchall()}
            if name.casefold() not in names:
                where = f"in {connection.db.decode()}"
                raise UsageError(f"there is no procedure {name}", where, _suggestion(name, names.values()))
            name = names[name.casefold()]
            cursor.execute(PARAMETERS, (name,))
            return Procedure(name, tuple(Parameter(**row) for row in cursor.fetchall()))
    except pymysql.Error as error:
        raise refused(error) from error


def _suggestion(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, names, n=1)
    if near:
        return f"did you mean {near[0]}?"
    return f"there are: {', '.join(sorted(names))}" if names else "the account may call none there"


def bind(procedure: Procedure, arguments: Sequence[str]) -> list[Value]:
    """The values of the IN and INOUT parameters, in their order; UsageError where `arguments` do not fit them.

    An argument is a value, or name=value after the last bare value. The name's p_ may be left out.
    """
    wanted = [parameter for parameter in procedure.parameters if parameter.takes_value]
    bare, named = _sorted(procedure, arguments)
    given = {parameter.name: text for parameter, text in zip(wanted, bare)}
    twice = given.keys() & named.keys()
    if twice:
        raise UsageError(f"{min(twice)} is given twice", str(procedure))
    given |= named
    if len(bare) > len(wanted) or len(given) < len(wanted):
        number = f"{len(wanted)} value{'' if len(wanted) == 1 else 's'}"
        raise UsageError(f"{procedure.name} takes {number}, not {len(bare) + len(named)}", str(procedure))
    return [parameter.value(given[parameter.name]) for parameter in wanted]


def _sorted(procedure: Procedure, arguments: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    bare: list[str] = []
    named: dict[str, str] = {}
    for argument in arguments:
        parameter = _named(procedure, argument, names_only=bool(named))
        if parameter is None:
            bare.append(argument)
        elif parameter.name in named:
            raise UsageError(f"{parameter.name} is given twice", str(procedure))
        elif not parameter.takes_value:
            raise UsageError(f"{parameter.name} is an OUT parameter and takes no value", str(procedure))
        else:
            named[parameter.name] = argument.partition("=")[2]
    return bare, named


def _named(procedure: Procedure, argument: str, names_only: bool) -> Parameter | None:
    name, equals, _ = argument.partition("=")
    names = _names(procedure)
    if equals and name.casefold() in names:
        return names[name.casefold()]
    if equals and re.fullmatch(r"\w+", name):
        near = get_close_matches(name.casefold(), names, n=1, cutoff=NAME_LIKENESS)
        hint = f"did you mean {names[near[0]].name}? (a text with = in it: give it by name)" if near else ""
        if near or names_only:
            raise UsageError(f"there is no parameter {name}", str(procedure), hint)
    if names_only:
        hint = "name it too, or put it first"
        raise UsageError(f"{shown(argument)} stands after a named value", str(procedure), hint)
    return None


def _names(procedure: Procedure) -> dict[str, Parameter]:
    short = {parameter.name.casefold().removeprefix("p_"): parameter for parameter in procedure.parameters}
    return short | {parameter.name.casefold(): parameter for parameter in procedure.parameters}


def call(connection: Connection, procedure: Procedure, values: Sequence[Value]) -> Answer:
    """What the procedure answers to `values` (see bind), all of it read; DatabaseRefused with the server's words.

    The connection's later results keep the plain values of Result.
    """
    connection.decoders = DECODERS
    supply = iter(values)
    places = []
    try:
        with connection.cursor() as cursor:
            for number, parameter in enumerate(procedure.parameters):
                literal = connection.escape(next(supply)) if parameter.takes_value else "NULL"
                places.append(literal if parameter.mode == "IN" else f"@_learnhub_{number}")
                if parameter.mode != "IN":
                    cursor.execute(f"SET {places[-1]} = {literal}")
            cursor.execute(f"CALL {identifier(procedure.name)}({', '.join(places)})")
            results = _results(cursor)
            warnings = _warnings(connection)
            return Answer(_out(cursor, procedure, places), results, warnings)
    except pymysql.Error as error:
        raise refused(error) from error


def _results(cursor: Cursor) -> list[Result]:
    results = []
    while True:
        if cursor.description:
            columns = tuple(Column(name, kind in NUMBERS) for name, kind, *_ in cursor.description)
            results.append(Result(columns, tuple(cursor.fetchall())))
        if not cursor.nextset():
            return results


def _warnings(connection: Connection) -> list[str]:
    warnings = [f"{code}: {text}" for _, code, text in connection.show_warnings()]
    if in_transaction(connection):
        warnings.append("the procedure left a transaction open, what it changed there is lost")
    return warnings


def _out(cursor: Cursor, procedure: Procedure, places: Sequence[str]) -> dict[str, object]:
    returned = {
        parameter.name: OUT_CASTS.get(parameter.kind, "{}").format(place)
        for parameter, place in zip(procedure.parameters, places)
        if parameter.mode != "IN"
    }
    if not returned:
        return {}
    cursor.execute(f"SELECT {', '.join(returned.values())}")
    return dict(zip(returned, cursor.fetchone()))
