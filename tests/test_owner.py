"""With an owner in the settings every program is defined by that account."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import small_project
from applying import EVERYTHING, apply, ask, routine_rights, routines
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused


@pytest.fixture
def account(server: Target, modest: Target) -> Target:
    """One that may make another account the definer."""
    with connect(server) as connection:
        rows(connection, f"GRANT SYSTEM_USER ON *.* TO {modest.user}@'%'")
    return modest


@pytest.fixture
def owned(shop: Path, account: Target) -> Path:
    name = account.user
    files = {
        "learnhub-db.toml": f'owner = "{name}_owner@localhost"\n',
        "sql/grants/10-owner.sql": (
            f"CREATE USER IF NOT EXISTS {name}_owner@localhost ACCOUNT LOCK;\n"
            f"GRANT ALL ON * TO {name}_owner@localhost;\n"
        ),
        "sql/grants/20-rights.sql": f"GRANT EXECUTE ON PROCEDURE sell TO {name}@'%';\n",
    }
    return small_project.write(shop, files)


@pytest.fixture
def target(server: Target, account: Target) -> Iterator[Target]:
    yield server.named(account.database)
    ask(server, f"DROP USER IF EXISTS {account.user}_owner@localhost")


def test_it_is_the_definer_of_everything(owned, account, target):
    assert apply(owned, target) == [
        *EVERYTHING[:2],
        "granted sql/grants/10-owner.sql",
        *EVERYTHING[2:],
        "granted sql/grants/20-rights.sql",
    ]
    sql = """
        SELECT definer FROM information_schema.routines WHERE routine_schema = DATABASE()
        UNION SELECT definer FROM information_schema.views WHERE table_schema = DATABASE()
        UNION SELECT definer FROM information_schema.triggers WHERE trigger_schema = DATABASE()
        UNION SELECT definer FROM information_schema.events WHERE event_schema = DATABASE()
    """
    assert ask(target, sql) == [(f"{account.user}_owner@localhost",)]
    assert apply(owned, target) == []


def test_another_owner_replaces_all_programs(owned, account, target):
    apply(owned, target)
    small_project.change(owned, "learnhub-db.toml", f"{account.user}_owner@localhost", f"{account.user}@%")
    assert [act.split()[0] for act in apply(owned, target)] == ["replaced"] * 6


def test_a_procedure_that_was_dropped_gets_its_rights_again(owned, target):
    apply(owned, target)
    ask(target, "DROP PROCEDURE sell")
    assert apply(owned, target) == ["created procedure sell", "granted sql/grants/20-rights.sql"]


def test_rights_that_may_not_be_read_are_not_lost(owned, server, account, target):
    (owned / "learnhub-db.toml").unlink()
    apply(owned, target)
    ask(server, f"GRANT ALL ON {account.database}.* TO {account.user}@'%' WITH GRANT OPTION")
    ask(server, f"GRANT SHOW_ROUTINE ON *.* TO {account.user}@'%'")
    small_project.change(owned, "procedures/sales/sell.sql", "one row", "a row")
    with pytest.raises(DatabaseRefused) as refusal:
        apply(owned, account)
    assert str(refusal.value) == (
        "replacing the procedure sell would lose rights that are not seen (procedures/sales/sell.sql)\nhint: "
        "GRANT SELECT ON mysql.procs_priv to the account that applies"
    )
    assert routine_rights(target) == [(account.user, "%", "Execute")]


def test_an_owner_that_does_not_exist_is_refused_before_a_program_is_created(owned, account, target):
    (owned / "sql/grants/10-owner.sql").unlink()
    with pytest.raises(DatabaseRefused) as refusal:
        apply(owned, target)
    owner = f"{account.user}_owner"
    assert str(refusal.value) == (
        f"the owner {owner}@localhost does not exist (owner in the settings)\nhint: "
        f"CREATE USER `{owner}`@`localhost` ACCOUNT LOCK, in a file of sql/grants that names no program"
    )
    assert routines(target) == []


def test_an_owner_whom_nothing_creates_is_missed_before_the_migrations(owned, target):
    (owned / "sql/grants/10-owner.sql").unlink()
    with pytest.raises(DatabaseRefused) as refusal:
        apply(owned, target)
    assert refusal.value.what.endswith("_owner@localhost does not exist")
    assert ask(target, "SHOW TABLES") == []


def test_what_the_applying_account_lacks_is_not_taken_for_the_owners(shop, server, modest):
    small_project.write(shop, {"learnhub-db.toml": f'owner = "{modest.user}@%"\n'})
    ask(server, f"REVOKE ALTER ROUTINE ON {modest.database}.* FROM {modest.user}@'%'")
    with pytest.raises(DatabaseRefused) as refusal:
        apply(shop, modest)
    assert refusal.value.hint.startswith("GRANT ALTER ROUTINE ON the database")
