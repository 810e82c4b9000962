"""Whatever dies at whatever moment: the next apply leaves what an undisturbed one would have left."""

from __future__ import annotations

from pathlib import Path

import pytest

import interruptions
import mixed_project
import small_project
from learnhub_db.database import Target, connect, rows


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_project.write(tmp_path_factory.mktemp("mixed"), mixed_project.FILES)


def renew(target: Target) -> None:
    with connect(target) as connection:
        rows(connection, f"DROP DATABASE {target.database}")
        rows(connection, f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")


def test_a_client_killed_at_any_query(root, empty_database):
    queries = interruptions.queries_of(empty_database, lambda target: interruptions.apply(target, root))
    expected = mixed_project.everything(empty_database)
    for query in range(1, queries + 1):
        renew(empty_database)
        text = interruptions.killed_at(empty_database, query, interruptions.apply, root)
        interruptions.apply(empty_database, root)
        assert mixed_project.everything(empty_database) == expected, f"after query {query}: {text}"
