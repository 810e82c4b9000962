"""What the account that applies, and the owner, need for a replacement; what is missing is named, and nothing lost."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import small_project
from learnhub_db import deployment, scratch_schema
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project

SELL = "procedures/sales/sell.sql"
AUDIT = "triggers/audit_sale.sql"
ON_DATABASE = """
    SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES, LOCK TABLES, CREATE VIEW, SHOW VIEW,
    CREATE ROUTINE, ALTER ROUTINE, EXECUTE, TRIGGER, EVENT
"""
CHANGES = {
    SELL: ("one row", "a row"),
    "procedures/sales/with_tax.sql": ("1.2", "1.3"),
    "views/prices.sql": ("SELECT name", "SELECT UPPER(name) AS name"),
    AUDIT: ("(NEW.id)", "(-NEW.id)"),
    "sql/events/forget.sql": ("1 DAY", "2 DAY"),
}
ACTS = [
    "replaced function with_tax",
    "replaced procedure sell",
    "replaced view prices",
    "replaced trigger audit_sale",
    "replaced event forget",
]


@dataclass(frozen=True)
class Place:
    """A deployed project that belongs to an owner, an account that is to replace all of it, and its administrator."""

    root: Path
    migrator: Target
    administrator: Target
    owner: str

    def administer(self, statement: str) -> list[tuple]:
        with connect(self.administrator) as connection:
            return rows(connection, statement)

    def apply(self) -> list[str]:
        return [str(act) for act in deployment.apply(Project(self.root), self.migrator)]

    def change(self, *paths: str) -> None:
        for path in paths:
            small_project.change(self.root, path, *CHANGES[path])

    def programs(self) -> list[tuple]:
        return self.administer(
            """SELECT routine_name, routine_definition FROM information_schema.routines
                   WHERE routine_schema = DATABASE()
               UNION SELECT trigger_name, action_statement FROM information_schema.triggers
                   WHERE trigger_schema = DATABASE()
               UNION SELECT table_name, view_definition FROM information_schema.views WHERE table_schema = DATABASE()
               UNION SELECT event_name, event_definition FROM information_schema.events
                   WHERE event_schema = DATABASE() ORDER BY 1"""
        )


@pytest.fixture
def place(tmp_path: Path, server: Target, empty_database: Target) -> Iterator[Place]:
    name, schema = f"t_{secrets.token_hex(5)}", empty_database.database
    migrator = Target(server.host, server.port, name, "secret", schema)
    small_project.write(tmp_path)
    small_project.write(tmp_path, {"learnhub-db.toml": f'owner = "{name}_owner@localhost"\n'})
    with connect(server) as connection:
        rows(connection, f"CREATE USER {name}_owner@localhost ACCOUNT LOCK")
        rows(connection, f"GRANT ALL ON {schema}.* TO {name}_owner@localhost")
        rows(connection, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
        rows(connection, f"GRANT {ON_DATABASE} ON {schema}.* TO {name}@'%' WITH GRANT OPTION")
        rows(connection, f"GRANT SET_ANY_DEFINER, SHOW_ROUTINE ON *.* TO {name}@'%'")
        rows(connection, f"GRANT SELECT ON mysql.user TO {name}@'%'")
        rows(connection, f"GRANT SELECT ON mysql.procs_priv TO {name}@'%'")
        rows(connection, f"GRANT ALL ON `{scratch_schema.PATTERN}`.* TO {name}@'%'")
        deployment.apply(Project(tmp_path), empty_database)
        rows(connection, f"GRANT EXECUTE ON PROCEDURE {schema}.sell TO {name}@'%'")
        yield Place(tmp_path, migrator, empty_database, f"{name}_owner")
        rows(connection, f"DROP USER {name}@'%', {name}_owner@localhost")


def test_these_rights_are_enough_to_replace_everything(place):
    place.change(*CHANGES)
    assert place.apply() == ACTS
    assert place.apply() == []


@pytest.mark.parametrize(
    ("right", "where", "path"),
    [
        ("CREATE ROUTINE", "the database", SELL),
        ("ALTER ROUTINE", "the database", SELL),
        ("GRANT OPTION", "the database", SELL),
        ("TRIGGER", "the database", AUDIT),
        ("LOCK TABLES", "the database", AUDIT),
        ("CREATE VIEW", "the database", "views/prices.sql"),
        ("EVENT", "the database", "sql/events/forget.sql"),
        ("SET_ANY_DEFINER", "*.*", SELL),
        ("SHOW_ROUTINE", "*.*", "procedures/sales/with_tax.sql"),
    ],
)
def test_a_right_that_is_missing_is_named_and_nothing_is_lost(place, right, where, path):
    scope = "*.*" if where == "*.*" else f"{place.administrator.database}.*"
    place.administer(f"REVOKE {right} ON {scope} FROM {place.migrator.user}@'%'")
    before = place.programs()
    place.change(path)
    with pytest.raises(DatabaseRefused) as refusal:
        place.apply()
    assert refusal.value.hint == f"GRANT {right} ON {where} to the account that applies"
    assert refusal.value.where.startswith(path)
    assert place.programs() == before
    assert place.administer("SELECT COUNT(*) FROM _learnhub_replacements") == [(0,)]
    rights = "SELECT proc_priv FROM mysql.procs_priv WHERE db = DATABASE() AND routine_name = 'sell'"
    assert place.administer(rights) == [("Execute",)]


class TestWithoutScratch:
    """An account that may not create a scratch schema has the server parse the programs, and is told so."""

    ORDER = """
        SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() ORDER BY action_order
    """

    @pytest.fixture(autouse=True)
    def revoked(self, place: Place) -> str:
        user = place.migrator.user
        place.administer(f"REVOKE ALL ON `{scratch_schema.PATTERN}`.* FROM {user}@'%'")
        grant = rf"GRANT ALL ON `\_learnhub\_scratch\_%`.* TO `{user}`@`%`"
        return f"parsed the new programs, not compiled (no scratch schema: {grant})"

    def test_all_is_replaced(self, place, revoked):
        place.change(*CHANGES)
        assert place.apply() == [revoked, *ACTS]
        assert place.apply() == []

    def test_what_cannot_be_parsed_is_refused_before_anything_is_dropped(self, place):
        place.change("procedures/sales/with_tax.sql")
        small_project.change(place.root, SELL, "INSERT INTO", "INSERTO")
        before = place.programs()
        with pytest.raises(DatabaseRefused) as refusal:
            place.apply()
        assert refusal.value.where == f"{SELL}:8"
        assert place.programs() == before

    def test_what_only_the_table_can_tell_has_its_predecessor_back(self, place):
        place.administer("CREATE TRIGGER another AFTER INSERT ON sales FOR EACH ROW SET @a = 1")
        small_project.change(place.root, AUDIT, "NEW.id", "NEW.nix")
        before, order = place.programs(), place.administer(self.ORDER)
        with pytest.raises(DatabaseRefused) as refusal:
            place.apply()
        assert refusal.value.what == "1054: Unknown column 'nix' in 'NEW'"
        assert (place.programs(), place.administer(self.ORDER)) == (before, order)
        assert place.administer("SELECT COUNT(*) FROM _learnhub_replacements") == [(0,)]


def test_an_owner_that_may_not_execute_is_refused_before_anything_is_replaced(place):
    schema, owner = place.administrator.database, place.owner
    place.administer(f"REVOKE EXECUTE ON {schema}.* FROM {owner}@localhost")
    before = place.programs()
    place.change(SELL)
    with pytest.raises(DatabaseRefused) as refusal:
        place.apply()
    assert str(refusal.value) == (
        f"the owner {owner}@localhost may not execute its own routines ({SELL})\nhint: "
        f"GRANT EXECUTE ON `{schema}`.* TO `{owner}`@`localhost`"
    )
    assert place.programs() == before
    place.administer(f"GRANT EXECUTE ON {schema}.* TO {owner}@localhost")
    assert place.apply() == ["replaced procedure sell"]


def test_an_owner_that_may_execute_by_a_default_role_will_do(place):
    schema, owner, role = place.administrator.database, place.owner, f"{place.owner}_role"
    place.administer(f"REVOKE EXECUTE ON {schema}.* FROM {owner}@localhost")
    place.administer(f"CREATE ROLE {role}")
    try:
        place.administer(f"GRANT EXECUTE ON {schema}.* TO {role}")
        place.administer(f"GRANT {role} TO {owner}@localhost")
        place.change(SELL)
        with pytest.raises(DatabaseRefused, match="may not execute its own routines"):
            place.apply()
        place.administer(f"SET DEFAULT ROLE {role} TO {owner}@localhost")
        assert place.apply() == ["replaced procedure sell"]
    finally:
        place.administer(f"DROP ROLE {role}")
