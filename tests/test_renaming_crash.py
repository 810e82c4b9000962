"""A client that dies while names of migrations change leaves all of them old or all of them new."""

from __future__ import annotations

from pathlib import Path

import pytest

import interruptions
import small_project
from applying import ask
from interruptions import apply
from learnhub_db import deployment, migrations
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from learnhub_db.runner import lock
from test_renaming import BOB, TABLE

FOLDED = ["0001-t", "0002-bob"]
VIEW = {"views/v.sql": "CREATE VIEW v AS SELECT id FROM t;\n"}
NAMES = """
    SELECT (SELECT GROUP_CONCAT(migration_id ORDER BY 1) FROM _yoyo_migration),
           (SELECT GROUP_CONCAT(id ORDER BY 1) FROM _learnhub_migrations),
           (SELECT GROUP_CONCAT(DISTINCT migration) FROM _learnhub_history)
"""
OLD = [("0001-t,0002-bob", "0001-t,0002-bob", "0002-bob")]
RENAMED = [("0001-t,0002-bobs", "0001-t,0002-bobs", "0002-bobs")]
SQUASHED = [("0001-all", "0001-all", "0001-all")]


def squash(target: Target, root: Path) -> None:
    with lock.connected(target, lambda act: None) as connection:
        migrations.squash(connection, Project(root).migrations(), FOLDED, "0001-all")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    return small_project.write(tmp_path / "before", TABLE | VIEW | {"sql/migrations/0002-bob.sql": BOB})


def build(target: Target, root: Path) -> None:
    with connect(target, select_database=False) as connection:
        rows(connection, f"DROP DATABASE IF EXISTS {target.database}")
        rows(connection, f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")
    deployment.apply(Project(root), target)


@pytest.mark.parametrize(
    ("work", "files", "new"),
    [
        (apply, TABLE | VIEW | {"sql/migrations/0002-bobs.sql": BOB}, RENAMED),
        (squash, VIEW | {"sql/migrations/0001-all.sql": "CREATE TABLE t (id INT PRIMARY KEY, bob INT);\n"}, SQUASHED),
    ],
    ids=["renamed", "squashed"],
)
def test_a_death_at_any_query_leaves_all_old_or_all_new(empty_database, tmp_path, before, work, files, new):
    after = small_project.write(tmp_path / "after", files)
    build(empty_database, before)
    queries = interruptions.boundaries(empty_database, work, after)
    assert ask(empty_database, NAMES) == new
    assert len(queries) >= 5
    for query in queries:
        build(empty_database, before)
        with interruptions.at(empty_database, query, work, after) as (proxy, client):
            interruptions.kill_the_client(proxy, client)
        interruptions.until(lambda: not ask(empty_database, HOLDERS))
        assert ask(empty_database, NAMES) in (OLD, new), proxy.queries[-1]
        if ask(empty_database, NAMES) == OLD:
            work(empty_database, after)
        assert ask(empty_database, NAMES) == new
        assert deployment.apply(Project(after), empty_database) == []


HOLDERS = "SELECT 1 FROM performance_schema.metadata_locks WHERE object_name = CONCAT('learnhub_db ', DATABASE())"
