"""What is kept of stored programs: every definition, what operations did to an event, and what has lost its file."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

import small_project
from applying import AUDIT, KEPT, SELL, reported, routine
from learnhub_db import deployment
from learnhub_db.database import Target
from learnhub_db.project import Project


@pytest.fixture
def shop(tmp_path: Path, empty_database: Target) -> Path:
    """The small project, applied."""
    deployment.apply(Project(small_project.write(tmp_path)), empty_database)
    return tmp_path


class TestEvents:
    """An event is altered: it is never gone."""

    CREATED = """
        SELECT created, status, on_completion, event_comment FROM information_schema.events
        WHERE event_schema = DATABASE()
    """

    def test_what_the_file_no_longer_says_is_what_the_server_takes_for_it(self, shop, empty_database, sql):
        event = "sql/events/forget.sql"
        small_project.change(shop, event, " DISABLE", "\n  ON COMPLETION PRESERVE DISABLE COMMENT 'DO it; ENABLE'")
        assert reported(shop, empty_database) == ["replaced event forget"]
        ((created, *rest),) = sql(self.CREATED)
        assert rest == ["DISABLED", "PRESERVE", "DO it; ENABLE"]
        small_project.change(shop, event, "\n  ON COMPLETION PRESERVE DISABLE COMMENT 'DO it; ENABLE'", "")
        small_project.change(shop, event, "1 DAY", "9 DAY STARTS '2037-01-01 00:00:00'")
        time.sleep(1.1)  # the server notes seconds
        assert reported(shop, empty_database) == ["replaced event forget"]
        assert sql(self.CREATED) == [(created, "DISABLED", "NOT PRESERVE", "")]  # whether it runs, operations say
        assert reported(shop, empty_database) == []

    def test_an_event_that_operations_switched_off_stays_off(self, shop, empty_database, sql):
        small_project.change(shop, "sql/events/forget.sql", " DISABLE", "")
        reported(shop, empty_database)
        sql("ALTER EVENT forget ENABLE")
        sql("ALTER EVENT forget DISABLE")
        assert reported(shop, empty_database) == []
        small_project.change(shop, "sql/events/forget.sql", "1 DAY", "2 DAY")
        (told,) = reported(shop, empty_database)
        assert told.startswith("replaced event forget")
        assert sql("SELECT status FROM information_schema.events WHERE event_schema = DATABASE()") == [("DISABLED",)]


class TestHistory:
    """Every definition that was deployed is kept, as the server stores it."""

    def test_with_all_that_is_needed_to_create_it_again(self, shop, empty_database, sql):
        small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
        small_project.change(shop, SELL, "one row", "a row")
        reported(shop, empty_database)
        kept = sql("SELECT act, definition, migration FROM _learnhub_history WHERE name = 'sell' ORDER BY id")
        assert [(act, migration) for act, _, migration in kept] == [
            ("created", "0002-sales"),
            ("replaced", "0003-stock"),
        ]
        assert "-- one row; one sale" in kept[0][1]
        ((_, mode, create, character_set, collation, of_database),) = sql("SHOW CREATE PROCEDURE sell")
        ((user,),) = sql("SELECT CURRENT_USER()")
        assert sql(
            """SELECT definition, sql_mode, character_set, collation, database_collation, definer, path
               FROM _learnhub_history WHERE name = 'sell' ORDER BY id DESC LIMIT 1"""
        ) == [(create, mode, character_set, collation, of_database, user, SELL)]

    def test_of_every_kind(self, shop, sql):
        kinds = sql("SELECT kind FROM _learnhub_history GROUP BY kind ORDER BY kind")
        assert [kind for (kind,) in kinds] == ["event", "function", "procedure", "trigger", "view"]

    def test_of_what_was_there_before_the_toolkit(self, tmp_path, empty_database, sql):
        sql("CREATE PROCEDURE sell() SELECT 'of somebody'")
        acts = reported(small_project.write(tmp_path), empty_database, adopt=True)
        assert "replaced procedure sell" + KEPT in acts
        kept = sql("SELECT act, definition FROM _learnhub_history WHERE name = 'sell' ORDER BY id")
        assert [act for act, _ in kept] == ["found", "replaced"]
        assert kept[0][1].endswith("SELECT 'of somebody'")


class TestPrune:
    """What has lost its file is dropped only when asked."""

    def test_it_stays_without_and_goes_with_the_option(self, shop, empty_database, sql):
        for path in (SELL, "views/a_summary.sql", AUDIT, "sql/events/forget.sql"):
            (shop / path).unlink()
        assert reported(shop, empty_database) == []
        assert routine(sql)
        assert reported(shop, empty_database, prune=True) == [
            "pruned event forget",
            "pruned trigger audit_sale",
            "pruned view a_summary",
            "pruned procedure sell",
        ]
        left = "SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()"
        assert sql(left) == [("with_tax",)]
        ((definition,),) = sql("SELECT definition FROM _learnhub_history WHERE act = 'pruned' AND name = 'sell'")
        assert "PROCEDURE `sell`(IN p_product INT" in definition
        assert reported(shop, empty_database, prune=True) == []

    def test_what_somebody_created_is_never_pruned(self, shop, empty_database, sql):
        sql("CREATE PROCEDURE of_somebody() SELECT 1")
        assert reported(shop, empty_database, prune=True) == []
        assert routine(sql, "of_somebody")
