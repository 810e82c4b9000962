"""A right that the files give and somebody has taken away is given again by apply, and plan says so."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from learnhub_db import history
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect, rows
from learnhub_db.inspection import lost_rights
from learnhub_db.project import Project


@pytest.fixture
def role(server: Target) -> Iterator[str]:
    name = f"role_{secrets.token_hex(4)}"
    yield name
    with connect(server) as connection:
        rows(connection, f"DROP ROLE IF EXISTS {name}")


@pytest.fixture
def shop(tmp_path: Path, role: str) -> Path:
    files = {
        "sql/grants/10-accounts.sql": f"CREATE ROLE IF NOT EXISTS {role};\nGRANT SELECT, INSERT ON products TO {role};\n",
        "sql/grants/20-rights.sql": f"GRANT EXECUTE ON PROCEDURE sell TO {role};\n",
        "sql/grants/30-less.sql": f"GRANT DELETE ON products TO {role};\nREVOKE INSERT ON products FROM {role};\n",
    }
    return small_project.write(tmp_path, small_project.FILES | files)


@pytest.fixture(autouse=True)
def _applied(run) -> None:
    assert run("apply").code == 0
    assert (run("verify").code, run("apply").out) == (0, "nothing to do\n")


def test_a_revoked_right_on_a_routine_is_given_again(run, sql, role):
    sql(f"REVOKE EXECUTE ON PROCEDURE sell FROM {role}")
    told = run("plan").out.splitlines()
    assert [line for line in told if not line.startswith(("    ---", "    +++", "    @@"))] == [
        "grant sql/grants/20-rights.sql",
        "    +GRANT EXECUTE ON PROCEDURE sell",
        "1 to do",
    ]
    assert run("apply").out == (
        f"granted sql/grants/20-rights.sql (again: GRANT EXECUTE ON PROCEDURE sell TO {role}@%)\n"
    )
    assert (run("verify").code, run("apply").out, run("plan").code) == (0, "nothing to do\n", 0)


def test_a_later_file_that_takes_rights_away_runs_again_too(run, sql, role):
    sql(f"REVOKE SELECT ON products FROM {role}")
    assert [line.split(" (")[0] for line in run("apply").out.splitlines()] == [
        "granted sql/grants/10-accounts.sql",
        "granted sql/grants/30-less.sql",
    ]
    assert (run("verify").code, run("apply").out) == (0, "nothing to do\n")


def test_a_dropped_role_is_there_again_with_all_its_rights(run, sql, role):
    sql(f"DROP ROLE {role}")
    assert run("apply").code == 0
    assert (run("verify").code, run("apply").out) == (0, "nothing to do\n")


def test_a_right_that_somebody_gave_is_left_to_verify(run, sql, role):
    sql(f"GRANT UPDATE ON products TO {role}")
    assert run("apply").out == "nothing to do\n"
    assert run("verify").code == 1


def test_an_account_that_may_not_see_the_rights_gives_none_again(sql, role, shop, modest):
    sql(f"REVOKE EXECUTE ON PROCEDURE sell FROM {role}")
    with connect(modest) as connection:
        assert lost_rights.read(connection, Contents.read(Project(shop)), history.read(connection)) == {}


@pytest.fixture
def partial_revokes(server: Target) -> Iterator[None]:
    with connect(server) as connection:
        rows(connection, "SET GLOBAL partial_revokes = ON")
        yield
        for (grant,) in rows(connection, "SELECT CONCAT(user, '@', host) FROM mysql.user WHERE user LIKE 'role\\_%'"):
            rows(connection, f"DROP ROLE {grant.split('@')[0]}")
        rows(connection, "SET GLOBAL partial_revokes = OFF")


@pytest.mark.usefixtures("partial_revokes")
def test_a_partial_revoke_that_somebody_has_undone_is_told_and_made_again(run, shop, sql, role):
    text = f"GRANT UPDATE, DROP ON *.* TO {role};\nREVOKE UPDATE, DROP ON mysql.* FROM {role};\n"
    small_project.write(shop, {"sql/grants/40-all.sql": text})
    run("apply")
    assert (run("verify").code, run("apply").out) == (0, "nothing to do\n")
    sql(f"GRANT UPDATE ON mysql.* TO {role}")
    assert "-REVOKE UPDATE ON mysql.*" in run("verify").out
    assert "+REVOKE UPDATE ON mysql.*" in run("plan").out
    assert run("apply").out == f"granted sql/grants/40-all.sql (again: REVOKE UPDATE ON mysql.* FROM {role}@%)\n"
    assert (run("verify").code, run("apply").out) == (0, "nothing to do\n")
