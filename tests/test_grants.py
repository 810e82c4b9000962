"""Grant files mean the database they are applied to, and no other."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from learnhub_db import deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from learnhub_db.statements import split
from learnhub_db.stored_programs import grants


@pytest.fixture
def role(server: Target) -> Iterator[str]:
    name = f"role_{secrets.token_hex(4)}"
    yield name
    with connect(server) as connection:
        rows(connection, f"DROP ROLE IF EXISTS {name}")


def test_rights_on_a_database_with_an_underscore_are_not_given_on_its_look_alikes(
    empty_database: Target, role: str, tmp_path: Path
) -> None:
    grant = f"CREATE ROLE IF NOT EXISTS {role};\nGRANT SELECT, INSERT\n  ON * TO {role}; -- ON * of all\n"
    small_project.write(tmp_path, {"sql/grants/reader.sql": grant})

    deployment.apply(Project(tmp_path), empty_database)

    with connect(empty_database) as connection:
        given = rows(connection, "SELECT db FROM mysql.db WHERE user = %s", (role,))
    assert given == [(empty_database.database.replace("_", "\\_"),)]


@pytest.mark.parametrize(
    ("statement", "database", "means"),
    [
        ("GRANT SELECT ON * TO r", "shop", "GRANT SELECT ON * TO r"),
        ("GRANT SELECT on  * TO r", "shop_1", "GRANT SELECT ON `shop\\_1`.* TO r"),
        ("GRANT SELECT ON *.* TO r", "shop_1", "GRANT SELECT ON *.* TO r"),
        ("GRANT SELECT ON * . * TO r", "shop_1", "GRANT SELECT ON * . * TO r"),
        ("GRANT SELECT ON t TO r", "shop_1", "GRANT SELECT ON t TO r"),
        ("GRANT SELECT /* ON * */ ON * TO r", "50%_`x", "GRANT SELECT /* ON * */ ON `50\\%\\_``x`.* TO r"),
    ],
)
def test_what_on_star_means(statement: str, database: str, means: str) -> None:
    (parsed,) = split(statement, "grants.sql")

    assert grants.literally(parsed, database).text == means
