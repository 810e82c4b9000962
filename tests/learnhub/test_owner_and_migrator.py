"""The account that everything belongs to and nobody can use, and the one that applies."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pymysql
import pytest

from accounts import Account, account
from grants import revoke_all
from learnhub_db import deployment
from learnhub_db.database import Target
from learnhub_db.project import Project
from school import School, Session

ROOT = Path(__file__).parent.parent.parent
OWNER = "learnhub_owner@localhost"


@pytest.fixture
def migrator(school: School) -> Iterator[Account]:
    with account(school, "learnhub_migrator") as session:
        yield session


def applied(root: Path, target: Target) -> list[str]:
    return [f"{act.verb} {act.what}" for act in deployment.apply(Project(root), target)]


def definers(database: Target) -> dict[str, set[str]]:
    """To whom the stored programs of each kind belong."""
    session = Session(database)
    try:
        return {
            kind: {owner for (owner,) in session.run(f"SELECT definer FROM information_schema.{kind} WHERE {where}")}
            for kind, where in (
                ("routines", "routine_schema = DATABASE() AND security_type = 'DEFINER'"),
                ("triggers", "trigger_schema = DATABASE()"),
                ("views", "table_schema = DATABASE() AND security_type = 'DEFINER'"),
                ("events", "event_schema = DATABASE()"),
            )
        }
    finally:
        session.connection.close()


def test_every_routine_and_view_runs_as_its_definer(school: School) -> None:
    assert school.run(
        "SELECT routine_name FROM information_schema.routines"
        " WHERE routine_schema = DATABASE() AND security_type <> 'DEFINER'"
        " UNION ALL SELECT table_name FROM information_schema.views"
        " WHERE table_schema = DATABASE() AND security_type <> 'DEFINER'"
    ) == []


def test_the_owner_is_locked_and_has_just_the_rights_of_its_routines(school: School) -> None:
    locked, plugin, secret = school.run(
        "SELECT account_locked, plugin, authentication_string FROM mysql.user"
        " WHERE user = 'learnhub_owner' AND host = 'localhost'"
    )[0]
    assert (locked, secret) == ("Y", "")
    with pytest.raises(pymysql.Error) as caught:
        Session(replace(school.target, host="localhost", user="learnhub_owner", password=""))
    assert caught.value.args[0] in (3118, 1045)

    grants = [grant for (grant,) in school.run("SHOW GRANTS FOR learnhub_owner@localhost")]
    here = [grant for grant in grants if school.target.database in grant]
    assert grants[0] == "GRANT USAGE ON *.* TO `learnhub_owner`@`localhost`"
    years = "GRANT CREATE, DROP, ALTER"  # maintain_partitions adds and drops those of these two tables
    assert sorted(here) == [
        f"{years} ON `{school.target.database}`.`payment_events_history` TO `learnhub_owner`@`localhost`",
        f"{years} ON `{school.target.database}`.`payments_history` TO `learnhub_owner`@`localhost`",
        "GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE, EVENT, TRIGGER"
        f" ON `{school.target.database}`.* TO `learnhub_owner`@`localhost`",
    ]


def test_nobody_logs_in_as_a_role(school: School) -> None:
    locked = school.run("SELECT user, account_locked FROM mysql.user WHERE user LIKE 'learnhub\\_%' ORDER BY 1")

    assert locked == [
        (name, "Y")
        for name in (
            "learnhub_app",
            "learnhub_instructor",
            "learnhub_jobs",
            "learnhub_migrator",
            "learnhub_owner",
            "learnhub_readonly",
        )
    ]


def test_a_migrator_finds_nothing_to_do_in_a_database_that_is_up_to_date(migrator: Account) -> None:
    assert applied(ROOT, migrator.target) == []


def test_a_migrator_applies_a_migration_a_changed_routine_view_and_trigger_and_a_new_grant(
    school: School, empty_database: Target, tmp_path: Path
) -> None:
    for folder in ("sql", "procedures", "triggers", "views"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "learnhub-db.toml", tmp_path)
    applied(tmp_path, empty_database)
    number = f"{len(Project(ROOT).migrations()) + 1:04}"
    (tmp_path / f"sql/migrations/{number}-new.sql").write_text("CREATE TABLE novelty (id INT PRIMARY KEY);\n")
    (tmp_path / "views/novel.sql").write_text("CREATE VIEW novel AS SELECT id FROM novelty;\n")
    for path in (
        "procedures/shared/policy_value.sql",
        "procedures/commerce/process_refund.sql",
        "triggers/accounts/users_before_update.sql",
    ):
        file = tmp_path / path
        file.write_text(file.read_text().replace("\nEND$$", "\n  DO 1;\nEND$$"))
    (tmp_path / "sql/grants/novelty.sql").write_text("GRANT SELECT ON novelty TO learnhub_app;\n")

    before, there = definers(empty_database), School(empty_database)
    with account(there, "learnhub_migrator") as migrator, account(there, "learnhub_app") as app:
        done = applied(tmp_path, migrator.target)
        assert app.refund(1) == "ERROR: Enrollment not found"
        assert app.refusal("SELECT * FROM novelty") is None
        assert applied(tmp_path, migrator.target) == []
    with there.connection as connection, connection.cursor() as cursor:
        revoke_all(cursor, empty_database.database)

    assert done == [
        f"applied sql/migrations/{number}-new.sql",
        "granted sql/grants/novelty.sql",
        "replaced function policy_value",
        "replaced procedure process_refund",
        "created view novel",
        "replaced trigger users_before_update",
    ]
    assert before == definers(empty_database) == {kind: {OWNER} for kind in ("routines", "triggers", "views", "events")}


@pytest.mark.parametrize(
    ("statement", "number"),
    [
        ("CREATE USER mine", 1227),
        ("ALTER USER root@localhost IDENTIFIED BY ''", 1227),
        ("SET GLOBAL log_bin_trust_function_creators = 1", 1227),
        ("CREATE DATABASE mine", 1044),
        ("CREATE DEFINER = root@localhost PROCEDURE mine() SELECT 1", 1227),
        ("SELECT * FROM mysql.user", 1142),
        ("SELECT authentication_string FROM mysql.user", 1143),
        ("UPDATE mysql.user SET host = '%'", 1142),
        ("SELECT * FROM mysql.db", 1142),
        ("GRANT learnhub_app TO CURRENT_USER()", 1227),
        ("SHUTDOWN", 1227),
    ],
)
def test_a_migrator_is_no_administrator(migrator: Account, statement: str, number: int) -> None:
    assert migrator.refusal(statement) == number
