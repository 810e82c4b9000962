"""Whatever dies at whatever moment: the next apply leaves what an undisturbed one would have left."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from queue import Queue

import pytest

import interruptions
import mixed_project
import small_project
from interruptions import Client, Proxy
from learnhub_db.database import Target, connect, rows
from learnhub_db.server import start, stop
from learnhub_db.server.home import Home

AT_ONCE = 3
HASTE = "SET GLOBAL innodb_flush_log_at_trx_commit = {}, GLOBAL sync_binlog = {}"
DEATHS_OF_THE_SERVER = 3  # each time a third of the queries have a client that waits for the answer


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project.write(tmp_path_factory.mktemp("mixed"), mixed_project.FILES)


@contextmanager
def hasty(server: Target) -> Iterator[None]:
    """The server does not wait for the disk: for the death of a process the memory of the machine is enough."""
    with connect(server) as connection:
        (kept,) = rows(connection, "SELECT @@GLOBAL.innodb_flush_log_at_trx_commit, @@GLOBAL.sync_binlog")
        rows(connection, HASTE.format(2, 0))
    yield
    with connect(server) as connection:
        rows(connection, HASTE.format(*kept))


@pytest.fixture
def databases(server: Target, empty_database: Target) -> Iterator[Queue[Target]]:
    """Databases to wear out, so that several clients can die at the same time."""
    free: Queue[Target] = Queue()
    for number in range(AT_ONCE):
        free.put(server.named(f"{empty_database.database}_{number}"))
    with hasty(server):
        yield free
    with connect(server) as connection:
        while not free.empty():
            rows(connection, f"DROP DATABASE IF EXISTS {free.get().database}")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Target]:
    """A server of the test's own, to be killed."""
    yield start(tmp_path / "server", "mysql")
    stop(tmp_path / "server")


def renew(target: Target) -> None:
    with connect(target, select_database=False) as connection:
        rows(connection, f"DROP DATABASE IF EXISTS {target.database}")
        rows(connection, f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")


def kill_the_connection(proxy: Proxy, client: Client) -> None:
    with connect(proxy.server) as other:
        rows(other, f"KILL {proxy.connection_id}")


@pytest.mark.parametrize("die", [interruptions.kill_the_client, kill_the_connection])
def test_nothing_differs_after_a_death_at_any_query(
    root: Path, empty_database: Target, databases: Queue[Target], die: Callable[[Proxy, Client], None]
):
    queries = interruptions.boundaries(empty_database, interruptions.apply, root)
    expected = mixed_project.everything(empty_database)

    def differs_after(query: int) -> str | None:
        target = databases.get()
        try:
            renew(target)
            with interruptions.at(target, query, interruptions.apply, root) as (proxy, client):
                die(proxy, client)
            interruptions.apply(target, root)
            return None if mixed_project.everything(target) == expected else proxy.queries[-1]
        finally:
            databases.put(target)

    assert len(queries) > 70
    with ThreadPoolExecutor(AT_ONCE) as at_once:
        assert [text for text in at_once.map(differs_after, queries) if text] == []


def test_nothing_differs_after_the_servers_death_at_any_query(root: Path, tmp_path: Path, own_server: Target):
    """The server dies a few times; at each time many clients wait, every one for the answer to another query."""
    server = own_server
    first = server.named("undisturbed")
    renew(first)
    queries = interruptions.boundaries(first, interruptions.apply, root)
    expected = mixed_project.everything(first)

    def waiting(query: int) -> AbstractContextManager:
        target = server.named(f"until_{query}")
        renew(target)
        client = interruptions.at(target, query, interruptions.apply, root)
        client.__enter__()
        return client

    def differs_after(query: int) -> str | None:
        target = server.named(f"until_{query}")
        interruptions.apply(target, root)
        return None if mixed_project.everything(target) == expected else target.database

    assert len(queries) > 70
    with ThreadPoolExecutor(AT_ONCE) as at_once:
        for some in (queries[number::DEATHS_OF_THE_SERVER] for number in range(DEATHS_OF_THE_SERVER)):
            with connect(server) as connection:
                rows(connection, HASTE.format(2, 0))
            clients = list(at_once.map(waiting, some))
            os.kill(int((tmp_path / "server/data/mysqld.pid").read_text()), signal.SIGKILL)
            for client in clients:
                client.__exit__(None, None, None)
            interruptions.until(lambda: not Home(tmp_path / "server").in_use())
            server = start(tmp_path / "server", "mysql")  # on another port where its own was taken meanwhile
            assert [name for name in at_once.map(differs_after, some) if name] == []
