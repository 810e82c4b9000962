"""What creates new tables and indexes is in the journal beforehand, a run at a time, and is taken up as exactly."""

from __future__ import annotations

import pytest

import interruptions
import small_project
from learnhub_db import creations, deployment, journal, schema, steps
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project
from learnhub_db.statements import split

FILES = {
    "sql/migrations/0001-a.sql": "CREATE TABLE a (id INT, n INT);\nCREATE INDEX by_n ON a (n);\n",
    "sql/migrations/0002-b.sql": "CREATE TABLE b (id INT, n INT);\nCREATE UNIQUE INDEX by_id ON b (id);\n",
    "sql/migrations/0003-gone.sql": "DROP TABLE a;\nCREATE TABLE c (id INT);\nCREATE INDEX by_id ON c (id);\n",
    "sql/migrations/0004-rows.sql": "INSERT INTO c VALUES (1);\nCREATE TABLE d (id INT);\n",
}


def built(target: Target) -> tuple[list[str], list[tuple], list[tuple]]:
    with connect(target) as connection:
        names = [f"{kind} {name}: {found.sql}" for (kind, name), found in schema.read(connection, "").items()]
        applied = rows(connection, "SELECT migration_id FROM _yoyo_migration ORDER BY 1")
        return names, applied, rows(connection, "SELECT id FROM c UNION ALL SELECT place FROM _learnhub_journal")


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("CREATE TABLE a (n INT); CREATE INDEX i ON a (n); CREATE TABLE b (n INT); DO 1", 3),
        ("CREATE TABLE old (n INT); CREATE TABLE b (n INT)", 0),
        ("CREATE TABLE IF NOT EXISTS a (n INT)", 0),
        ("CREATE TABLE a LIKE old", 0),
        ("CREATE TABLE a (LIKE old)", 0),
        ("CREATE TABLE a (n INT); CREATE TABLE a (n INT)", 1),
        ("CREATE TABLE a (n INT); CREATE INDEX i ON old (n)", 1),
        ("CREATE TABLE a (n INT, KEY i (n)); CREATE INDEX I ON a (n)", 1),
        ("CREATE TABLE a (n INT, KEY (n), KEY (n, n2)); CREATE INDEX n_2 ON a (n)", 1),
        ("CREATE TABLE a (n INT); ALTER TABLE a ADD m INT", 1),
    ],
)
def test_the_journal_knows_what_cannot_be_mistaken(empty_database, text, known):
    with connect(empty_database) as connection:
        rows(connection, "CREATE TABLE old (n INT)")
        assert len(creations.leading(connection, steps.read(split(text), "a.sql"))) == known


def test_a_client_that_dies_at_any_query(tmp_path, server, empty_database):
    root = small_project.write(tmp_path, FILES)
    places = interruptions.boundaries(empty_database, interruptions.apply, root)
    expected = built(empty_database)
    assert expected[2] == [(1,)]
    for query in places:
        with connect(server) as connection:
            rows(connection, f"DROP DATABASE {empty_database.database}")
            rows(connection, f"CREATE DATABASE {empty_database.database} COLLATE utf8mb4_0900_ai_ci")
        with interruptions.at(empty_database, query, interruptions.apply, root) as (proxy, client):
            interruptions.kill_the_client(proxy, client)
        deployment.apply(Project(root), empty_database)
        assert built(empty_database) == expected, f"after query {query}"


def test_a_refusal_in_the_middle_leaves_the_rest_to_be_edited(tmp_path, empty_database):
    name = "sql/migrations/0002-b.sql"
    text = "CREATE TABLE b (id INT);\nCREATE TABLE c (id INT, CHECK (nothing > 1));\nCREATE TABLE d (id INT);\n"
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": FILES["sql/migrations/0001-a.sql"], name: text})
    with pytest.raises(DatabaseRefused) as refusal:
        deployment.apply(Project(root), empty_database)
    assert refusal.value.mend.startswith("the 1 statement before it is done and stay: mend the rest of the file")
    with connect(empty_database) as connection:
        assert rows(connection, "SELECT migration_id FROM _yoyo_migration") == [("0001-a",)]
        known = rows(connection, "SELECT name, place, state FROM _learnhub_journal ORDER BY place")
        assert known == [("0002-b", 1, journal.DONE), ("0002-b", 2, journal.FAILED)]
        small_project.write(root, {name: "CREATE TABLE b (id INT);\nINSERT INTO b VALUES (7);\n"})
        deployment.apply(Project(root), empty_database)
        assert rows(connection, "SELECT id FROM b") == [(7,)]
        assert rows(connection, "SHOW TABLES LIKE 'd'") == []
