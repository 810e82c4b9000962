"""Running the statements of a file: a refusal names the file, the line and the server's words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from weakref import WeakKeyDictionary

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER
from pymysql.cursors import Cursor

from learnhub_db.database import refused, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.errors import DatabaseRefused
from learnhub_db.runner import constants, watching
from learnhub_db.statements import Statement, shape, strings

LINES_AROUND = 1
LONGEST_LINE = 200  # characters that an error shows of a line
SHORT = 1000  # bytes: with fewer no server finds a statement too large
TOO_LARGE = "split the statement, or have max_allowed_packet set higher and connect again"
_LIMITS: WeakKeyDictionary[Connection, int] = WeakKeyDictionary()  # a session keeps the one that it began with
_REPORT = ["Table", "Op", "Msg_type", "Msg_text"]  # how ANALYZE, CHECK, OPTIMIZE and REPAIR answer, also when they fail
_MAY_HOLD_A_PASSWORD = re.compile(r"\bIDENTIFIED\b|PASSWORD\b|(?:CREATE|ALTER)\s+USER\b", re.IGNORECASE)
_PROGRAM = re.compile(r"(?:CREATE|ALTER)\s.*?\b(?P<kind>PROCEDURE|FUNCTION|TRIGGER|EVENT)\b", re.IGNORECASE | re.DOTALL)
_RIGHTS = {  # the server does not say which one it misses on the database
    "PROCEDURE": "CREATE ROUTINE",
    "FUNCTION": "CREATE ROUTINE",
    "TRIGGER": "LOCK TABLES",
    "EVENT": "EVENT",
}
_NEAR = re.compile(r"near '(?P<text>.*)' at line (?P<line>\d+)\Z", re.DOTALL)


Placed = tuple[Statement, str]  # with the path of its file


def run(connection: Connection, statement: Statement, path: str, hint: str = "") -> int:
    """Run `statement` of the file `path`, pass over its results and return how many rows it wrote itself.

    DatabaseRefused where the server says no, also where it says so in a row.
    """
    if why := too_large(connection, statement.text):
        raise DatabaseRefused(why, f"{path}:{statement.line}", TOO_LARGE)
    try:
        with watching.told(connection, statement.text, f"{path}:{statement.line}"), connection.cursor() as cursor:
            cursor.execute(statement.text)
            written = 0 if cursor.description else cursor.rowcount
            _check(cursor)
            while cursor.nextset():
                written = 0
                _check(cursor)
            return written
    except pymysql.Error as error:
        raise refusal(error, statement, path, hint) from error


def check_sizes(connection: Connection, statements: Iterable[Placed]) -> None:
    """DatabaseRefused where the server would not take one of them for its size; nothing is sent."""
    for statement, path in statements:
        if why := too_large(connection, statement.text):
            raise DatabaseRefused(why, f"{path}:{statement.line}", TOO_LARGE)


def too_large(connection: Connection, sql: str) -> str | None:
    """Why the server would cut the connection instead of running the statement; None where it would not."""
    size = len(sql.encode()) + 1
    if size < SHORT:
        return None
    if connection not in _LIMITS:
        ((_LIMITS[connection],),) = rows(connection, "SELECT @@max_allowed_packet")
    if size <= _LIMITS[connection]:
        return None
    return f"the statement has {size:,} bytes, the server's max_allowed_packet is {_LIMITS[connection]:,}"


def _check(cursor: Cursor) -> None:
    """pymysql.Error where the result is a report of something that failed; it says no number."""
    if [column[0] for column in cursor.description or ()] != _REPORT:
        return
    for _, _, sort, text in cursor:
        if sort.lower() == "error":
            number = ER.LOCK_WAIT_TIMEOUT if text.startswith("Lock wait timeout") else ER.UNKNOWN_ERROR
            raise pymysql.OperationalError(number, text)


def may_hold_a_password(sql: str) -> bool:
    return bool(_MAY_HOLD_A_PASSWORD.search(sql) or (strings(sql) and constants.sets_variables(shape(sql))))


def refusal(error: pymysql.Error, statement: Statement, path: str, hint: str = "") -> DatabaseRefused:
    """`error` at its place in the file, with the lines around it and a caret; of a password nothing is shown."""
    line, column = _place(error, statement.text)
    told = refused(error, f"{path}:{statement.line + line}")
    if error.args[0] == ER.DBACCESS_DENIED_ERROR and (kind := _PROGRAM.match(statement.text)):
        told.hint = f"GRANT {_RIGHTS[kind['kind'].upper()]} ON the database to the account that applies"
    what, detail = told.what.splitlines()[0], _excerpt(statement, line, column)
    _, source = constants.prepares(statement.text) or ("", "")
    if may_hold_a_password(statement.text) or source.startswith("@") and _quotes_a_string(error):
        what, detail = what.split(" near '")[0], ""
        error.args = (error.args[0], what)  # the trace of --debug shows them too
    refusal = DatabaseRefused(what, told.where, "; ".join(filter(None, (told.hint, hint))))
    refusal.detail = detail
    return refusal


def _quotes_a_string(error: pymysql.Error) -> bool:
    """Whether the server repeats a string of the statement."""
    near = _NEAR.search(str(error.args[-1]))
    return bool(near and re.search("['\"]", near["text"]))


def _place(error: pymysql.Error, text: str) -> tuple[int, int]:
    """Line and column within the statement, from 0: where the server stopped reading, else the statement's start."""
    near = _NEAR.search(str(error.args[1]) if len(error.args) > 1 else "")
    if not near:
        return 0, 0
    line = int(near["line"]) - 1
    stopped, read = near["text"].split("\n")[0], text.split("\n")[line]
    return line, max(read.find(stopped), 0) if stopped else len(read)


def _excerpt(statement: Statement, line: int, column: int) -> str:
    lines = statement.text.split("\n")
    first, last = max(0, line - LINES_AROUND), min(len(lines), line + LINES_AROUND + 1)
    shown = []
    start = max(0, column - LONGEST_LINE // 2)
    for number in range(first, last):
        begin = start if number == line else 0
        shown.append(f"{statement.line + number:>6} | {_cut(lines[number], begin)}".rstrip())
        if number == line:
            shown.append(f"       | {' ' * (column - start)}^")
    return "\n".join(shown)


def _cut(line: str, start: int) -> str:
    shown = line[start : start + LONGEST_LINE]
    return f"{shown}…" if len(line) > start + LONGEST_LINE else shown
