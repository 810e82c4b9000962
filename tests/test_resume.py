"""Whatever dies at whatever moment: the next apply leaves what an undisturbed one would have left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import Queue

import pytest

import interruptions
import mixed_project
import small_project
from interruptions import Client, Proxy
from learnhub_db.database import Target, connect, rows

AT_ONCE = 3


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project.write(tmp_path_factory.mktemp("mixed"), mixed_project.FILES)


@pytest.fixture
def databases(server: Target, empty_database: Target) -> Iterator[Queue[Target]]:
    """Databases to wear out, so that several clients can die at the same time."""
    free: Queue[Target] = Queue()
    for number in range(AT_ONCE):
        free.put(server.named(f"{empty_database.database}_{number}"))
    yield free
    with connect(server) as connection:
        while not free.empty():
            rows(connection, f"DROP DATABASE IF EXISTS {free.get().database}")


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

    assert len(queries) > 90
    with ThreadPoolExecutor(AT_ONCE) as at_once:
        assert [text for text in at_once.map(differs_after, queries) if text] == []
