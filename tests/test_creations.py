"""What creates new tables and indexes is in the journal beforehand, a run at a time, and is taken up as exactly.

A migration that has run is recorded with the first entries of the next one, or of the next few.
"""

from __future__ import annotations

from pathlib import Path

import pytest

import gate
import interruptions
import small_project
from learnhub_db import deployment, planning, standing
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.inspection import schema
from learnhub_db.project import Project
from learnhub_db.runner import journal

FILES = {
    "sql/migrations/0001-a.sql": "CREATE TABLE a (id INT, n INT);\nCREATE INDEX by_n ON a (n);\n",
    "sql/migrations/0002-b.sql": "CREATE TABLE b (id INT, n INT);\nCREATE UNIQUE INDEX by_id ON b (id);\n",
    "sql/migrations/0003-gone.sql": "DROP TABLE a;\nCREATE TABLE c (id INT);\nCREATE INDEX by_id ON c (id);\n",
    "sql/migrations/0004-rows.sql": "INSERT INTO c VALUES (1);\nCREATE TABLE d (id INT);\nTRUNCATE d;\n",
    "sql/migrations/0005-e.sql": "CREATE TABLE e (id INT);\n",
    "sql/migrations/0004-rows.rollback.sql": "DROP TABLE d;\nDELETE FROM c;\n",
    "sql/migrations/0005-e.rollback.sql": (
        "CREATE TABLE kept (id INT);\nCREATE INDEX by_id ON kept (id);\nINSERT INTO c VALUES (7);\nDROP TABLE e;\n"
    ),
}
LEFT = f"{gate.STATEMENT};\nCREATE TABLE d (n INT);\n"
RUN = f"CREATE TABLE b (n INT);\nCREATE INDEX by_n ON b (n);\n{LEFT}"
GROUP = {
    "0001-p": "CREATE TABLE p (id INT, n INT);\nCREATE INDEX by_n ON p (n);\n",
    "0002-q": f"CREATE TABLE q (id INT, n INT);\n{gate.STATEMENT};\n",
    "0003-r": "CREATE TABLE r (id INT, n INT);\nCREATE INDEX by_n ON r (n);\n",
}


def built(target: Target) -> tuple[list[str], list[tuple], list[tuple]]:
    with connect(target) as connection:
        names = [f"{kind} {name}: {found.sql}" for (kind, name), found in schema.read(connection, "").items()]
        applied = rows(connection, "SELECT migration_id FROM _yoyo_migration ORDER BY 1")
        return names, applied, rows(connection, "SELECT id FROM c UNION ALL SELECT place FROM _learnhub_journal")


def renew(target: Target) -> None:
    with connect(target, select_database=False) as connection:
        rows(connection, f"DROP DATABASE {target.database}")
        rows(connection, f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")


@pytest.fixture
def stopped(tmp_path: Path, empty_database: Target) -> Path:
    """The project of RUN, whose connection has died after its second statement: nobody has told the journal of any."""
    root = small_project.write(tmp_path, {"sql/migrations/0001-run.sql": RUN})
    with gate.reached(empty_database, interruptions.apply, root) as (number, _):
        gate.kill_the_connection(empty_database, number)
    with connect(empty_database) as connection:
        states = rows(connection, "SELECT state FROM _learnhub_journal")
    assert states == [(journal.INTENT,)] * 4
    return root


@pytest.fixture
def stopped_in_a_group(tmp_path: Path, empty_database: Target) -> Path:
    """Three files that only create; the connection has died after the second's first table; nothing is recorded."""
    root = small_project.write(tmp_path, {f"sql/migrations/{name}.sql": text for name, text in GROUP.items()})
    with gate.reached(empty_database, interruptions.apply, root) as (number, _):
        gate.kill_the_connection(empty_database, number)
    with connect(empty_database) as connection:
        assert rows(connection, "SELECT COUNT(*), COUNT(DISTINCT name) FROM _learnhub_journal") == [(6, 3)]
        assert rows(connection, "SELECT * FROM _yoyo_migration") == []
    return root


def tables(target: Target) -> list[str]:
    with connect(target) as connection:
        return [name for (name,) in rows(connection, "SHOW TABLES") if not name.startswith(("_", "gatepost"))]


def test_a_client_that_dies_at_any_query(tmp_path, empty_database):
    root = small_project.write(tmp_path, FILES)
    places = interruptions.boundaries(empty_database, interruptions.apply, root)
    expected = built(empty_database)
    assert expected[2] == [(1,)]
    for query in places:
        renew(empty_database)
        with interruptions.at(empty_database, query, interruptions.apply, root) as (proxy, client):
            interruptions.kill_the_client(proxy, client)
        assert unrecorded(empty_database) <= 2, f"after query {query}"  # 0001 and 0002 only create
        deployment.apply(Project(root), empty_database)
        assert built(empty_database) == expected, f"after query {query}"


def unrecorded(target: Target) -> int:
    """Of how many migrations only the journal knows, and of none what the history knows too."""
    with connect(target) as connection:
        if not rows(connection, "SHOW TABLES LIKE '_yoyo_migration'"):
            return 0
        applied = {name for (name,) in rows(connection, "SELECT migration_id FROM _yoyo_migration")}
        begun = journal.under_way(connection, journal.MIGRATION)
        assert not applied & begun.keys()
        return sum(not entry.untouched for entry in begun.values())


def test_a_client_that_dies_at_any_query_of_a_rollback(tmp_path, empty_database):
    root = small_project.write(tmp_path, FILES)
    deployment.apply(Project(root), empty_database)
    places = interruptions.boundaries(empty_database, interruptions.rollback, root, "0003")
    expected = built(empty_database)
    assert expected[1:] == ([("0001-a",), ("0002-b",), ("0003-gone",)], [])
    for query in places:
        renew(empty_database)
        deployment.apply(Project(root), empty_database)
        with interruptions.at(empty_database, query, interruptions.rollback, root, "0003") as (proxy, client):
            interruptions.kill_the_client(proxy, client)
        interruptions.rollback(empty_database, root, "0003")
        assert built(empty_database) == expected, f"after query {query}"


class TestAfterADeathInTheMiddleOfARun:
    def test_status_and_plan_know_what_is_there(self, stopped, empty_database):
        (one,) = standing.read(Project(stopped), empty_database).found
        assert (one.state, one.note) == (standing.STOPPED, "at statement 3 of 4 (line 3)")
        assert [effect.line for effect in planning.read(Project(stopped), empty_database).statements] == [3, 4]

    def test_what_has_not_run_may_be_edited(self, stopped, empty_database):
        small_project.change(stopped, "sql/migrations/0001-run.sql", "TABLE gate", "TABLE e")
        deployment.apply(Project(stopped), empty_database)
        assert tables(empty_database) == ["b", "d", "e"]

    def test_what_has_not_run_may_be_removed(self, stopped, empty_database):
        small_project.change(stopped, "sql/migrations/0001-run.sql", LEFT, "")
        deployment.apply(Project(stopped), empty_database)
        assert tables(empty_database) == ["b"]

    @pytest.mark.parametrize(
        ("old", "new", "what"),
        [
            ("b (n INT)", "b (n INT, m INT)", "statement 1, which has run, has changed"),
            ("CREATE INDEX by_n", "CREATE INDEX by_m", "statement 2, which has run, has changed"),
            (RUN[24:], "", "statement 2, which has run, is gone"),
        ],
    )
    def test_what_has_run_may_not(self, stopped, empty_database, old, new, what):
        small_project.change(stopped, "sql/migrations/0001-run.sql", old, new)
        with pytest.raises(UsageError) as refusal:
            deployment.apply(Project(stopped), empty_database)
        assert refusal.value.what == what
        assert tables(empty_database) == ["b"]

    def test_an_operators_word_is_of_the_first_statement_alone(self, stopped, empty_database):
        deployment.apply(Project(stopped), empty_database, resume="done")
        assert tables(empty_database) == ["b", "d", "gate"]


class TestAfterADeathInTheMiddleOfSeveralFiles:
    def test_status_knows_how_far_each_came(self, stopped_in_a_group, empty_database):
        found = [(one.state, one.note) for one in standing.read(Project(stopped_in_a_group), empty_database).found]
        assert found == [
            (standing.STOPPED, "after statement 2 of 2"),
            (standing.STOPPED, "at statement 2 of 2 (line 2)"),
            (standing.PENDING, ""),
        ]

    def test_all_are_applied_and_recorded_once(self, stopped_in_a_group, empty_database):
        deployment.apply(Project(stopped_in_a_group), empty_database)
        assert tables(empty_database) == ["gate", "p", "q", "r"]
        with connect(empty_database) as connection:
            applied = rows(connection, "SELECT migration_id FROM _yoyo_migration ORDER BY 1")
            assert applied == [(name,) for name in GROUP]
            assert rows(connection, "SELECT * FROM _learnhub_journal") == []

    def test_what_has_not_begun_may_be_edited_or_go(self, stopped_in_a_group, empty_database):
        (stopped_in_a_group / "sql/migrations/0003-r.sql").unlink()
        small_project.write(stopped_in_a_group, {"sql/migrations/0003-s.sql": "CREATE TABLE s (id INT);\n"})
        deployment.apply(Project(stopped_in_a_group), empty_database)
        assert tables(empty_database) == ["gate", "p", "q", "s"]
        assert unrecorded(empty_database) == 0
        with connect(empty_database) as connection:
            assert rows(connection, "SELECT * FROM _learnhub_journal") == []

    def test_an_operators_word_is_not_of_the_files_behind(self, stopped_in_a_group, empty_database):
        deployment.apply(Project(stopped_in_a_group), empty_database, resume="skip")
        assert tables(empty_database) == ["gate", "p", "q", "r"]


@pytest.mark.parametrize("refused", [False, True])
def test_what_never_began_is_not_taken_for_done_where_another_file_creates_it(
    stopped_in_a_group, empty_database, refused
):
    """0003 is to create r; 0002, of which the rest has not run, creates it first."""
    rest = "CREATE TABLE r (old INT);\n"
    texts = ["CREATE TABLE bad (n INT, CHECK (nothing > 1));\n", rest] if refused else [rest]
    for text in texts:
        begun = GROUP["0002-q"].replace(f"{gate.STATEMENT};\n", text)
        small_project.write(stopped_in_a_group, {"sql/migrations/0002-q.sql": begun})
        with pytest.raises(DatabaseRefused) as refusal:
            deployment.apply(Project(stopped_in_a_group), empty_database)
    assert refusal.value.where == "sql/migrations/0003-r.sql:1"
    assert refusal.value.what == "1050: Table 'r' already exists"


def test_a_refusal_in_the_middle_of_several_files_records_those_before(tmp_path, empty_database):
    bad = {"0002-q": "CREATE TABLE q (id INT, CHECK (nothing > 1));\n"}
    root = small_project.write(tmp_path, {f"sql/migrations/{name}.sql": text for name, text in (GROUP | bad).items()})
    told: list[str] = []
    with pytest.raises(DatabaseRefused):
        deployment.apply(Project(root), empty_database, lambda act: told.append(f"{act.verb} {act.what}"))
    assert told == ["applied sql/migrations/0001-p.sql"]
    with connect(empty_database) as connection:
        assert rows(connection, "SELECT name, place, state FROM _learnhub_journal") == [("0002-q", 1, journal.FAILED)]
    small_project.write(root, {"sql/migrations/0002-q.sql": GROUP["0002-q"]})
    with gate.closed(empty_database):
        pass
    deployment.apply(Project(root), empty_database)
    assert tables(empty_database) == ["gate", "p", "q", "r"]


def test_the_lock_is_asked_for_before_each(tmp_path, empty_database):
    name = "sql/migrations/0002-b.sql"
    text = "CREATE TABLE b (n INT) AS SELECT RELEASE_ALL_LOCKS() AS n;\nCREATE TABLE c (n INT);\n"
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": FILES["sql/migrations/0001-a.sql"], name: text})
    with pytest.raises(DatabaseRefused) as refusal:
        deployment.apply(Project(root), empty_database)
    assert refusal.value.what == "the connection has lost its lock"
    assert tables(empty_database) == ["a", "b"]
    deployment.apply(Project(root), empty_database)
    assert tables(empty_database) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("DELIMITER $$\nCREATE TABLE b (n INT); CREATE TABLE c (n INT)$$\n", 2, "1064: You have an error"),
        ("CREATE TABLE b (n DOUBLE) AS SELECT EXP(1000) AS n;\n", 1, "1690: DOUBLE value is out of range"),
        ("CREATE TABLE b (n INT);\nCREATE INDEX by_n ON b (m);\n", 2, "1072: Key column 'm' doesn't exist"),
        ("CREATE TABLE b (\n    n INT,\n    m LETTERS\n);\n", 3, "1064: You have an error"),
    ],
)
def test_what_is_sent_with_the_question_for_the_lock_is_refused_as_by_itself(
    tmp_path, empty_database, text, line, what
):
    name = "sql/migrations/0002-b.sql"
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": FILES["sql/migrations/0001-a.sql"], name: text})
    with pytest.raises(DatabaseRefused) as refusal:
        deployment.apply(Project(root), empty_database)
    assert refusal.value.what.startswith(what)
    assert refusal.value.where == f"{name}:{line}"
    assert "c" not in tables(empty_database)


def test_a_migration_has_run_and_is_recorded_though_the_next_one_cannot_begin(tmp_path, empty_database):
    files = {
        "sql/migrations/0001-a.sql": "CREATE TABLE a (n INT) AS SELECT RELEASE_ALL_LOCKS() AS n;\n",
        "sql/migrations/0002-b.sql": "CREATE TABLE b (n INT);\n",
    }
    told: list[str] = []
    root = small_project.write(tmp_path, files)
    with pytest.raises(DatabaseRefused) as refusal:
        deployment.apply(Project(root), empty_database, lambda act: told.append(f"{act.verb} {act.what}"))
    assert refusal.value.where == "migration 0002-b"
    assert told == ["applied sql/migrations/0001-a.sql"]
    assert tables(empty_database) == ["a"]
    assert unrecorded(empty_database) == 0
    deployment.apply(Project(root), empty_database)
    assert tables(empty_database) == ["a", "b"]


def test_a_refusal_in_the_middle_leaves_the_rest_to_be_edited(tmp_path, empty_database):
    name = "sql/migrations/0002-b.sql"
    text = "CREATE TABLE b (id INT);\nCREATE TABLE c (id INT, CHECK (nothing > 1));\nCREATE TABLE d (id INT);\n"
    root = small_project.write(tmp_path, {"sql/migrations/0001-a.sql": FILES["sql/migrations/0001-a.sql"], name: text})
    with pytest.raises(DatabaseRefused) as refusal:
        deployment.apply(Project(root), empty_database)
    assert refusal.value.hint.startswith("the 1 statement before it is done and stays: fix the rest of the file")
    with connect(empty_database) as connection:
        assert rows(connection, "SELECT migration_id FROM _yoyo_migration") == [("0001-a",)]
        known = rows(connection, "SELECT name, place, state FROM _learnhub_journal ORDER BY place")
        assert known == [("0002-b", 1, journal.DONE), ("0002-b", 2, journal.FAILED)]
        small_project.write(root, {name: "CREATE TABLE b (id INT);\nINSERT INTO b VALUES (7);\n"})
        deployment.apply(Project(root), empty_database)
        assert rows(connection, "SELECT id FROM b") == [(7,)]
        assert rows(connection, "SHOW TABLES LIKE 'd'") == []
