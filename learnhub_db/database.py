"""Where the database is and how to reach it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pymysql
from pymysql.connections import Connection
from pymysql.constants import COMMAND, CR, ER

from learnhub_db.errors import CannotConnect, DatabaseRefused, LearnHubError, UsageError

CONNECT_TIMEOUT_SECONDS = 10
_DENIED = re.compile(r": (?P<right>[\w ,]+) command denied to user ")
_NEEDED = re.compile(r"you need \(at least one of\) the (?P<right>.+?) privilege\(s\)")
NOT_ALLOWED = (ER.TABLEACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR)

# Routines keep the sql_mode, character set and collation of the connection that created them, so
# every connection of the toolkit has the same ones, whatever the server's defaults are.
SESSION = """
    SET NAMES utf8mb4 COLLATE utf8mb4_0900_ai_ci,
        autocommit = 1, foreign_key_checks = 1, unique_checks = 1, time_zone = '+00:00',
        sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'
"""


@dataclass(frozen=True)
class Target:
    """A database as its URL names it: mysql://user:password@host:port/database[?unix_socket=PATH]."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    unix_socket: str | None = None

    @classmethod
    def parse(cls, url: str) -> Target:
        """The target that `url` names; UsageError where it is not of the form above."""
        form = "write it as mysql://user:password@host:port/database"
        try:
            parts = urlsplit(url)
            port = parts.port or 3306
        except ValueError as error:
            raise UsageError("the URL cannot be read", str(error).split(":")[0], form) from None
        options = parse_qs(parts.query)
        unknown = sorted(set(options) - {"unix_socket"})
        if parts.scheme != "mysql" or not parts.hostname or not parts.path.strip("/"):
            raise UsageError("the URL does not name a MySQL database", "", form)
        if unknown:
            raise UsageError(f"the URL has an unknown option {unknown[0]}", "", "known: unix_socket")
        return cls(
            host=parts.hostname,
            port=port,
            user=unquote(parts.username or "root"),
            password=unquote(parts.password or ""),
            database=unquote(parts.path.strip("/")),
            unix_socket=options.get("unix_socket", [None])[0],
        )

    @property
    def url(self) -> str:
        """With the password: for programs, never for a log."""
        socket = f"?unix_socket={quote(self.unix_socket)}" if self.unix_socket else ""
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"mysql://{login}@{self.host}:{self.port}/{quote(self.database, safe='')}{socket}"

    def __str__(self) -> str:
        return f"{self.user}@{self.host}:{self.port}/{self.database}"

    def named(self, database: str) -> Target:
        """The same server and account, another database."""
        return replace(self, database=database)


def connect(target: Target, *, select_database: bool = True) -> Connection:
    """A connection with autocommit on and the toolkit's session settings; CannotConnect otherwise."""
    try:
        connection = pymysql.connect(
            host=target.host,
            port=target.port,
            user=target.user,
            password=target.password,
            database=target.database if select_database else None,
            unix_socket=target.unix_socket,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=CONNECT_TIMEOUT_SECONDS,
        )
        settle(connection)
    except pymysql.Error as error:
        raise _cannot_connect(target, error) from error
    return connection


def settle(connection: Connection) -> None:
    """Give the session the toolkit's settings again, whatever a file has set."""
    rows(connection, SESSION)


def rows(connection: Connection, sql: str, arguments: Sequence[object] | None = None) -> list[tuple]:
    """The rows of a query's first result; pymysql.Error as the driver raises it."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())


def together(connection: Connection, statements: Sequence[str]) -> None:
    """Run the statements in one packet: the server goes on to the last of them even where this process dies.

    The first that fails ends it, as pymysql.Error. A routine whose body is a single statement stays as it was written
    only in the last place: elsewhere the server stores the semicolon behind it too.
    """
    _several(connection, allowed=True)
    try:
        with connection.cursor() as cursor:
            cursor.execute(";\n".join(statements))
            while cursor.nextset():
                pass
    finally:
        if connection.open:
            _several(connection, allowed=False)


def _several(connection: Connection, *, allowed: bool) -> None:
    """What the C driver calls mysql_set_server_option; PyMySQL has no public name for it."""
    connection._execute_command(COMMAND.COM_SET_OPTION, (0 if allowed else 1).to_bytes(2, "little"))
    connection._read_packet()


def _cannot_connect(target: Target, error: pymysql.Error) -> LearnHubError:
    code = error.args[0] if error.args else 0
    if code in (CR.CR_CONN_HOST_ERROR, CR.CR_CONNECTION_ERROR):
        return CannotConnect("no MySQL answers", str(target), "start it, or correct the URL's host and port")
    if code == ER.ACCESS_DENIED_ERROR:
        return CannotConnect("the server refuses the login", str(target), "correct the URL's user and password")
    if code == ER.BAD_DB_ERROR:
        return CannotConnect("there is no such database", str(target), f"CREATE DATABASE `{target.database}`")
    if code == ER.DBACCESS_DENIED_ERROR:
        return CannotConnect(
            "the account may not use the database", str(target), f"GRANT the account rights ON `{target.database}`.*"
        )
    return CannotConnect(f"the server refuses the connection ({_words(error)})", str(target), "see the server's log")


def refused(error: pymysql.Error, where: str = "") -> DatabaseRefused:
    """The server's own words and number, as an error of ours."""
    code = error.args[0] if error.args else 0
    mend = ""
    if code in (ER.OPTION_PREVENTS_STATEMENT, 1836):
        mend = "the server is read-only: use the writable one"
    elif code in (ER.DISK_FULL, ER.RECORD_FILE_FULL) or "No space left" in _words(error):
        mend = "make room on the server, then repeat"
    elif code in (ER.NO_DB_ERROR, ER.BAD_DB_ERROR):
        mend = "somebody has dropped the database: create it, then repeat"
    elif code in (CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST):
        mend = "connect again and repeat"
    return DatabaseRefused(_words(error), where, mend or _missing_grant(_words(error)))


def _missing_grant(words: str) -> str:
    """The GRANT for what the server refuses by the name of the right; "" where it does not name it."""
    if needed := _NEEDED.search(words):
        return f"GRANT {needed['right'].split(' or ')[-1]} ON *.* to the account that applies"
    if denied := _DENIED.search(words):
        right = denied["right"].upper()
        return f"GRANT {'GRANT OPTION' if right == 'GRANT' else right} ON the database to the account that applies"
    return ""


def _words(error: pymysql.Error) -> str:
    code, *text = error.args or (0,)
    if isinstance(code, int):
        code %= 65536  # PyMySQL reads it as signed
    return f"{code}: {text[0] if text else type(error).__name__}"


def account(connection: Connection) -> str:
    """Who the connection is to the server, quoted for SQL; reads only."""
    ((name,),) = rows(connection, "SELECT CURRENT_USER()")
    return "@".join(identifier(part) for part in name.rsplit("@", 1))


def identifier(name: str) -> str:
    """`name` quoted for SQL."""
    return "`" + name.replace("`", "``") + "`"
