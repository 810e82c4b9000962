"""One MySQL server a session; its choice stands in servers.py."""

from __future__ import annotations

import secrets
import signal
from collections.abc import Callable, Iterator

import pytest

from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import LearnHubError

from servers import Server, open_server

SERVER = pytest.StashKey[Server]()

# A session in the background ignores the interrupt, and so would the programs that its tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_sessionstart(session: pytest.Session) -> None:
    if session.config.option.collectonly:
        return
    try:
        session.config.stash[SERVER] = open_server()
    except LearnHubError as error:
        pytest.exit(f"no server to test on: {error}", returncode=error.exit_code)


def pytest_report_header(config: pytest.Config) -> list[str]:
    return config.stash[SERVER].remarks if SERVER in config.stash else []


def pytest_unconfigure(config: pytest.Config) -> None:
    if SERVER in config.stash:
        config.stash[SERVER].close()


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Target:
    """An administrator of the session's server."""
    return pytestconfig.stash[SERVER].administrator


@pytest.fixture
def empty_database(server: Target) -> Iterator[Target]:
    """A new database without a table, dropped afterwards."""
    target = server.named(f"test_{secrets.token_hex(6)}")
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")
        yield target
        cursor.execute("SET lock_wait_timeout = 30")  # a transaction that a test left open is told, not waited for
        cursor.execute(f"DROP DATABASE {target.database}")


@pytest.fixture
def sql(empty_database: Target) -> Iterator[Callable[[str], list[tuple]]]:
    """Run one statement on the empty database, on a connection of its own, and return its rows."""
    with connect(empty_database) as connection:
        yield lambda statement: rows(connection, statement)


@pytest.fixture
def modest(server: Target, empty_database: Target) -> Iterator[Target]:
    """An account with all rights on the database, and none beside it."""
    name = f"t_{secrets.token_hex(5)}"
    with connect(server) as connection:
        rows(connection, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
        rows(connection, f"GRANT ALL ON {empty_database.database}.* TO {name}@'%'")
        yield Target(server.host, server.port, name, "secret", empty_database.database)
        rows(connection, f"DROP USER {name}@'%'")
