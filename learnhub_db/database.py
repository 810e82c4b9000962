"""A connection to the database, and its plainest uses."""

from __future__ import annotations

import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pymysql
from pymysql.connections import Connection
from pymysql.constants import CLIENT, COMMAND, CR, ER, SERVER_STATUS

from learnhub_db.connection import tls
from learnhub_db.connection.target import Target
from learnhub_db.errors import CannotConnect, DatabaseRefused

CONNECT_TIMEOUT_SECONDS = 10
SECURE_TRANSPORT_REQUIRED = 3159  # has no name in PyMySQL
_DENIED = re.compile(r": (?P<right>[\w ,]+) command denied to user ")
_NEEDED = re.compile(r"you need \(at least one of\) the (?P<right>.+?) privilege\(s\)")
NOT_ALLOWED = (ER.TABLEACCESS_DENIED_ERROR, ER.DBACCESS_DENIED_ERROR, ER.COLUMNACCESS_DENIED_ERROR)

# Routines keep the sql_mode, character set and collation of the connection that created them, and CHARACTER SET utf8mb4
# without a collation means what the session says, so every connection of the toolkit has the same settings, whatever the
# server's defaults are.
COLLATION = "utf8mb4_0900_ai_ci"
SQL_MODE = (
    "ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
SESSION = f"""
    SET NAMES utf8mb4 COLLATE {COLLATION}, default_collation_for_utf8mb4 = {COLLATION},
        autocommit = 1, foreign_key_checks = 1, unique_checks = 1, time_zone = '+00:00',
        sql_mode = '{SQL_MODE}'
"""
# A table keeps the dates that it was created with: zero, or the 31st of a short month. Its copy is made under this one.
SQL_MODE_OF_COPIES = "ALLOW_INVALID_DATES,NO_AUTO_VALUE_ON_ZERO"
# What the server's defaults would take from the toolkit's own questions and waits.
WHOLE_ANSWERS = "max_execution_time = 0, sql_select_limit = 18446744073709551615, sql_quote_show_create = 1"


def connect(target: Target, *, select_database: bool = True) -> Connection:
    """A connection with autocommit on and the toolkit's session settings; CannotConnect otherwise."""
    database = target.database if select_database else None
    try:
        connection = _opened(target, database)
        settle(connection)
    except pymysql.Error as error:
        raise _cannot_connect(target, error) from error
    return connection


def _opened(target: Target, database: str | None) -> Connection:
    """Encrypted as the target says; under PREFERRED only where the server offers it."""
    context = target.tls.context(on_socket=target.unix_socket is not None)
    if context is None:
        return _attempt(target, database, ssl_disabled=True)
    try:
        return _attempt(target, database, ssl=context)
    except pymysql.OperationalError as error:
        if target.tls.mode != "PREFERRED" or error.args[0] != CR.CR_SSL_CONNECTION_ERROR:
            raise
        return _attempt(target, database, ssl_disabled=True)


def _attempt(target: Target, database: str | None, **encryption: object) -> Connection:
    connection = pymysql.connect(
        host=target.host,
        port=target.port,
        user=target.user,
        password=target.password.encode(),  # PyMySQL would send text as Latin-1; the server hashes UTF-8
        database=database,
        unix_socket=target.unix_socket,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=CONNECT_TIMEOUT_SECONDS,
        read_timeout=CONNECT_TIMEOUT_SECONDS,
        **encryption,
    )
    connection._read_timeout = None  # that was for the greeting: a statement may take hours
    return connection


def settle(connection: Connection) -> None:
    """Give the session the toolkit's settings again, whatever a file has set."""
    rows(connection, f"{SESSION}, {WHOLE_ANSWERS}")


def rows(connection: Connection, sql: str, arguments: Sequence[object] | None = None) -> list[tuple]:
    """The rows of a query's first result; pymysql.Error as the driver raises it."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())


def literal(connection: Connection, sql: str, arguments: object) -> str:
    """The statement with its arguments in their places, to be sent in a packet with others."""
    with connection.cursor() as cursor:
        return cursor.mogrify(sql, arguments)


def together(connection: Connection, statements: Sequence[str]) -> None:
    """Run the statements in one packet: the server goes on to the last of them even where this process dies.

    The first that fails ends it, as pymysql.Error. A routine whose body is a single statement stays as it was written only
    in the last place: elsewhere the server stores the semicolon behind it too.
    """
    with several(connection), connection.cursor() as cursor:
        cursor.execute(";\n".join(statements))
        while cursor.nextset():
            pass


@contextmanager
def several(connection: Connection) -> Iterator[None]:
    """Within, the server takes several statements in one packet; at other times it refuses what hides a second one."""
    if connection.client_flag & CLIENT.MULTI_STATEMENTS:
        yield
        return
    _switch_several(connection, 0)
    try:
        yield
    finally:
        if connection.open:
            _switch_several(connection, 1)


def _switch_several(connection: Connection, off: int) -> None:
    """What the C driver calls mysql_set_server_option; PyMySQL has no public name for it."""
    connection._execute_command(COMMAND.COM_SET_OPTION, off.to_bytes(2, "little"))
    connection._read_packet()
    connection.client_flag ^= CLIENT.MULTI_STATEMENTS


def cut(connection: Connection) -> None:
    """Have nothing sent on the connection any more; PyMySQL's close() would be an error the second time."""
    connection._force_close()


def _cannot_connect(target: Target, error: pymysql.Error) -> CannotConnect:
    what, hint = _why(target, error)
    return CannotConnect(what, str(target), hint)


def _why(target: Target, error: pymysql.Error) -> tuple[str, str]:
    """What went wrong, and the hint."""
    code = error.args[0] if error.args else 0
    cause = getattr(error, "original_exception", None)
    if isinstance(cause, ssl.SSLError):
        return tls.refusal(cause, target.host)
    if code == CR.CR_SSL_CONNECTION_ERROR:
        return "the server offers no TLS", "have it switched on, or let all in between read along: ssl-mode=PREFERRED"
    if code == SECURE_TRANSPORT_REQUIRED:
        return "the server takes only TLS", "connect with ssl-mode=REQUIRED"
    silent = code == CR.CR_SERVER_LOST and isinstance(error.__context__, TimeoutError)
    if silent or code in (CR.CR_CONN_HOST_ERROR, CR.CR_CONNECTION_ERROR):
        where = "unix_socket" if target.unix_socket else "host and port"
        return "no MySQL answers", f"start it, or correct the URL's {where}"
    if code == ER.ACCESS_DENIED_ERROR:
        hint = "correct user and password, or give what the account REQUIREs: ssl-mode, ssl-cert"
        return "the server refuses the login", hint
    if code == ER.BAD_DB_ERROR:
        return "there is no such database", f"CREATE DATABASE `{target.database}`"
    if code == ER.DBACCESS_DENIED_ERROR:
        return "the account may not use the database", f"GRANT the account rights ON `{target.database}`.*"
    return f"the server refuses the connection ({_words(error)})", "see the server's log"


def refused(error: pymysql.Error, where: str = "") -> DatabaseRefused:
    """The server's own words and number, as an error of ours."""
    code = error.args[0] if error.args else 0
    hint = ""
    if code in (ER.OPTION_PREVENTS_STATEMENT, 1836):
        hint = "the server is read-only: use the writable one"
    elif code in (ER.DISK_FULL, ER.RECORD_FILE_FULL) or "No space left" in _words(error):
        hint = "make room on the server, then repeat"
    elif code in (ER.NO_DB_ERROR, ER.BAD_DB_ERROR):
        hint = "somebody has dropped the database: create it, then repeat"
    elif code in (0, CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST):
        hint = "connect again and repeat"
    return DatabaseRefused(_words(error), where, hint or _missing_grant(_words(error)))


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
    if not code:  # PyMySQL's word for a connection that is gone
        code, text = CR.CR_SERVER_LOST, ["Lost connection to MySQL server"]
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


def bare(name: str) -> str:
    """What identifier() has quoted, or a name that is not quoted."""
    return name[1:-1].replace("``", "`") if name.startswith("`") else name


def in_transaction(connection: Connection) -> bool:
    """Whether one is open, as the server said with its last answer."""
    return bool(connection.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)
