"""A program keeps the settings under which it was created: one that differs in nothing else is put right too."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
from applying import Sql, reported
from learnhub_db.database import Target
from learnhub_db.errors import DatabaseRefused
from learnhub_db.stored_programs import replacement

SETTINGS = {
    "sql_mode": "sql_mode = 'ANSI_QUOTES'",
    "character set": "character_set_client = latin1",
    "collation": "collation_connection = utf8mb4_general_ci",
}
PROGRAMS = ("procedure sell", "function with_tax", "trigger audit_sale", "view a_summary", "event forget")
VIEW = "sql_mode of view a_summary"  # a view keeps none


def created_again(sql: Sql, program: str, setting: str) -> None:
    """As somebody would who has another session."""
    kind, name = program.split()
    (row,) = sql(f"SHOW CREATE {program}")
    statement = next(text for text in row if isinstance(text, str) and text.startswith("CREATE "))
    sql(f"DROP {program}")
    sql(f"SET {SETTINGS[setting]}")
    sql(statement.replace("`", "") if kind != "view" and setting == "sql_mode" else statement)
    sql("SET sql_mode = DEFAULT, character_set_client = utf8mb4, collation_connection = utf8mb4_0900_ai_ci")


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("program", PROGRAMS)
def test_other_settings_alone_are_seen_and_put_right(shop, run, sql, empty_database, program, setting):
    if f"{setting} of {program}" == VIEW:
        return
    reported(shop, empty_database)
    created_again(sql, program, setting)
    assert f"different {program}" in run("verify").out
    assert f"restore {program}" in run("plan").out
    assert reported(shop, empty_database) == [
        f"restored {program} (what somebody had made of it is kept in _learnhub_history)"
    ]
    assert run("verify").out == "no difference\n"
    assert reported(shop, empty_database) == []


def test_programs_get_the_new_collation_of_their_database(shop, run, sql, empty_database):
    """Tables keep the one that they have: a migration converts them."""
    reported(shop, empty_database)
    sql(f"ALTER DATABASE {empty_database.database} COLLATE utf8mb4_bin")
    told = run("verify").out
    changed = ["function with_tax", "procedure sell", "trigger audit_sale", "event forget"]
    assert all(f"different {one}" in told for one in changed)
    assert "drifted  procedure sell" in run("status").out
    planned = run("plan").out
    assert all(f"restore {one}" in planned for one in changed)
    assert reported(shop, empty_database) == [f"restored {one}" for one in changed]
    told = run("verify").out
    assert "different table products" in told
    assert not any(f"different {one}" in told for one in changed)
    assert reported(shop, empty_database) == []


def test_what_an_earlier_apply_had_told_as_restored_is_put_right(shop, run, sql, empty_database):
    """It had recorded the fingerprint of what it did not change."""
    reported(shop, empty_database)
    created_again(sql, "procedure sell", "collation")
    fingerprint = """
        UPDATE _learnhub_objects SET fingerprint = (
            SELECT SHA2(CONCAT_WS(CHAR(31), routine_definition, dtd_identifier, is_deterministic, sql_data_access,
                security_type, routine_comment, definer, sql_mode, character_set_client, collation_connection,
                database_collation, last_altered), 256)
            FROM information_schema.routines WHERE routine_schema = DATABASE() AND routine_name = 'sell')
        WHERE name = 'sell'
    """
    sql(fingerprint)
    assert reported(shop, empty_database) == [
        "restored procedure sell (what somebody had made of it is kept in _learnhub_history)"
    ]
    assert run("verify").out == "no difference\n"


@pytest.mark.parametrize(
    ("path", "old", "new", "act"),
    [
        ("procedures/sales/sell.sql", "one row", "a row", "replace_routine"),
        ("triggers/audit_sale.sql", "(NEW.id)", "(-NEW.id)", "replace_trigger"),
    ],
)
def test_what_the_server_does_not_hold_is_an_error_and_not_told_as_done(
    shop: Path, empty_database: Target, monkeypatch, path, old, new, act
):
    reported(shop, empty_database)
    small_project.change(shop, path, old, new)
    with monkeypatch.context() as without:
        without.setattr(replacement, act, lambda *_, **__: None)
        with pytest.raises(DatabaseRefused, match="is not what its file makes"):
            reported(shop, empty_database)
    assert len(reported(shop, empty_database)) == 1
