"""Stored programs are replaced without harm: to callers, rights, comments, order, and to what nobody changed."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pymysql
import pytest

import small_project
from learnhub_db import deployment, scratch_schema
from learnhub_db.database import Target, connect, identifier, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project
from learnhub_db.runner import waits
from learnhub_db.stored_programs import scratch

SELL = "procedures/sales/sell.sql"
AUDIT = "triggers/audit_sale.sql"
KEPT = " (what somebody had made of it is kept in _learnhub_history)"
Sql = Callable[[str], list[tuple]]


@pytest.fixture
def shop(tmp_path: Path, empty_database: Target) -> Path:
    """The small project, applied."""
    deployment.apply(Project(small_project.write(tmp_path)), empty_database)
    return tmp_path


def apply(root: Path, target: Target, *, prune: bool = False) -> list[str]:
    return [str(act) for act in deployment.apply(Project(root), target, prune=prune)]


def routine(sql: Sql, name: str = "sell") -> tuple:
    """When it was created and changed, and what its comment is."""
    (found,) = sql(
        "SELECT created, last_altered, routine_comment FROM information_schema.routines "
        f"WHERE routine_schema = DATABASE() AND routine_name = '{name}'"
    )
    return found


def scratch_schemas(sql: Sql) -> list[tuple]:
    return sql(f"SHOW DATABASES LIKE '{scratch_schema.PATTERN}'")


class TestCompiledFirst:
    """Nothing is dropped before all that is to come has compiled in a scratch schema."""

    @pytest.mark.parametrize(
        ("path", "old", "new", "words"),
        [
            (SELL, "INSERT INTO", "INSERTO", "1064: You have an error"),
            (SELL, "VALUES (p_product", "VALUES (p_product); SET v_nix = (1", "1193: Unknown system variable 'v_nix'"),
            (AUDIT, "NEW.id", "NEW.nix", "1054: Unknown column 'nix' in 'NEW'"),
            (AUDIT, "ON sales", "ON nix", "1146: Table "),
        ],
    )
    def test_one_that_does_not_compile_keeps_all_others_from_being_replaced(
        self, shop, empty_database, sql, path, old, new, words
    ):
        small_project.change(shop, "procedures/sales/with_tax.sql", "1.2", "1.3")
        before = sql("SHOW CREATE FUNCTION with_tax"), sql("SHOW CREATE TRIGGER audit_sale"), routine(sql)
        small_project.change(shop, path, old, new)
        with pytest.raises(DatabaseRefused) as refusal:
            apply(shop, empty_database)
        assert refusal.value.what.startswith(words)
        assert refusal.value.where.startswith(f"{path}:")
        after = sql("SHOW CREATE FUNCTION with_tax"), sql("SHOW CREATE TRIGGER audit_sale"), routine(sql)
        assert after == before
        assert scratch_schemas(sql) == []

    def test_what_a_killed_run_left_is_dropped_and_told(self, shop, empty_database, sql):
        name = f"{scratch_schema.PREFIX}{secrets.token_hex(6)}"
        sql(f"CREATE DATABASE {name}")
        assert apply(shop, empty_database) == [f"dropped {name} (a killed run had left it)"]
        assert scratch_schemas(sql) == []

    def test_a_scratch_schema_in_use_is_left_alone(self, shop, empty_database, sql):
        with connect(empty_database) as other, scratch.opened(other, pytest.fail) as used:
            assert apply(shop, empty_database) == []
            assert scratch_schemas(sql) == [(used.schema,)]


class TestUntouched:
    """What the server stores alike is not touched."""

    def test_what_the_server_does_not_store_is_no_change(self, shop, empty_database, sql):
        before = routine(sql)
        small_project.change(shop, SELL, "CREATE PROCEDURE sell(", "create  PROCEDURE\n`sell` (")
        small_project.change(shop, SELL, "MODIFIES SQL DATA", "LANGUAGE SQL NOT DETERMINISTIC MODIFIES SQL DATA")
        small_project.change(shop, AUDIT, "CREATE TRIGGER audit_sale", "create  TRIGGER\n`audit_sale`")
        assert apply(shop, empty_database) == []
        assert routine(sql) == before
        assert apply(shop, empty_database) == []

    def test_a_program_restored_from_a_dump_is_no_change(self, shop, empty_database, sql):
        ((_, _, create, *_),) = sql("SHOW CREATE PROCEDURE sell")
        created, _, _ = routine(sql)
        time.sleep(1.1)  # the server notes seconds
        sql("DROP PROCEDURE sell")
        with connect(empty_database) as connection:
            rows(connection, create)
        assert routine(sql)[0] > created
        assert apply(shop, empty_database) == []

    def test_moving_a_file_does_not_create_its_object_again(self, shop, empty_database, sql):
        before = routine(sql)
        (shop / "procedures/shop").mkdir()
        (shop / SELL).rename(shop / "procedures/shop/sell.sql")
        assert apply(shop, empty_database) == []
        assert routine(sql) == before
        path = "SELECT path FROM _learnhub_objects WHERE kind = 'procedure' AND name = 'sell'"
        assert sql(path) == [("procedures/shop/sell.sql",)]

    def test_only_the_characteristics_changed_is_an_alter(self, shop, empty_database, sql):
        created, _, _ = routine(sql)
        time.sleep(1.1)  # the server notes seconds
        small_project.change(shop, SELL, "'Sells some of a product'", "'Sells; it''s 100% new'")
        small_project.change(shop, SELL, "MODIFIES SQL DATA", "MODIFIES SQL DATA SQL SECURITY INVOKER")
        assert apply(shop, empty_database) == ["altered procedure sell"]
        now, _, comment = routine(sql)
        assert (now, comment) == (created, "Sells; it's 100% new")
        assert apply(shop, empty_database) == []

    def test_a_comment_that_no_alter_can_take_away_goes_with_a_replacement(self, shop, empty_database, sql):
        small_project.change(shop, SELL, "    COMMENT 'Sells some of a product'\n", "")
        assert apply(shop, empty_database) == ["replaced procedure sell"]
        assert routine(sql)[2] == ""


class TestPutBack:
    """What somebody changed on the server is put back, told, and kept."""

    @pytest.mark.parametrize(
        ("change", "act", "column"),
        [
            ("ALTER PROCEDURE sell COMMENT 'mine'", "restored procedure sell", "COMMENT 'mine'"),
            ("DROP PROCEDURE sell; CREATE PROCEDURE sell() SELECT 1", "restored procedure sell", "SELECT 1"),
            (
                "DROP TRIGGER audit_sale; CREATE TRIGGER audit_sale BEFORE INSERT ON sales FOR EACH ROW SET @a = 1",
                "restored trigger audit_sale",
                "SET @a = 1",
            ),
            ("CREATE OR REPLACE VIEW prices AS SELECT 1 AS name", "restored view prices", "1 AS `name`"),
            ("ALTER EVENT forget COMMENT 'mine'", "restored event forget", "COMMENT 'mine'"),
        ],
    )
    def test_it_is_as_its_file_says_again(self, shop, empty_database, sql, change, act, column):
        for statement in change.split("; "):
            sql(statement)
        assert apply(shop, empty_database) == [act + KEPT]
        assert apply(shop, empty_database) == []
        kept = sql("SELECT act, definition, path FROM _learnhub_history ORDER BY id DESC LIMIT 2")
        assert [row[0] for row in kept] == ["restored", "found"]
        assert column in kept[1][1]
        assert kept[1][2] is None
        assert column not in kept[0][1]


class TestRights:
    """Whoever may execute a routine may do so still."""

    @pytest.fixture
    def accounts(self, server: Target) -> Iterator[list[str]]:
        token = secrets.token_hex(4)
        names = [f"o'd {token}", f"b`k{token}", f"r{token}"]
        accounts = [f"{identifier(name)}@`{host}`" for name, host in zip(names, ("%", "10.0.0.%", "%"), strict=True)]
        with connect(server) as connection:
            rows(connection, f"CREATE USER {accounts[0]}, {accounts[1]}")
            rows(connection, f"CREATE ROLE {accounts[2]}")
            yield accounts
            rows(connection, f"DROP USER IF EXISTS {', '.join(accounts)}")

    RIGHTS = """
        SELECT user, host, routine_name, proc_priv FROM mysql.procs_priv WHERE db = DATABASE() ORDER BY 1, 2, 3
    """

    @pytest.mark.parametrize(
        ("path", "kind"), [(SELL, "PROCEDURE sell"), ("procedures/sales/with_tax.sql", "FUNCTION with_tax")]
    )
    def test_of_odd_names_roles_and_with_grant_option(self, shop, empty_database, sql, accounts, path, kind):
        sql(f"GRANT EXECUTE ON {kind} TO {accounts[0]}, {accounts[2]}")
        sql(f"GRANT EXECUTE, ALTER ROUTINE ON {kind} TO {accounts[1]} WITH GRANT OPTION")
        before = sql(self.RIGHTS)
        assert len(before) == 3
        old, new = ("one row", "a row") if path == SELL else ("1.2", "1.3")
        small_project.change(shop, path, old, new)
        assert apply(shop, empty_database) == [f"replaced {kind.lower()}"]
        assert sql(self.RIGHTS) == before
        assert sql("SELECT COUNT(*) FROM _learnhub_replacements") == [(0,)]

    def test_of_an_account_dropped_after_a_crash_are_skipped_and_told(self, shop, empty_database, sql, accounts):
        sql(
            "INSERT INTO _learnhub_replacements (kind, name, path, statement, rights) VALUES ('procedure', 'sell', "
            "'procedures/sales/sell.sql', 'CREATE PROCEDURE sell() SELECT 2', "
            "'[[\"gone\", \"%\", \"Execute\"], [\"" + accounts[2].split("`")[1] + "\", \"%\", \"Execute\"]]')"
        )
        sql("DROP PROCEDURE sell")
        assert apply(shop, empty_database) == [
            "skipped GRANT Execute ON PROCEDURE `sell` TO `gone`@`%` (the account is gone)",
            "finished procedure sell (a killed run had begun to replace it)",
            "restored procedure sell" + KEPT,
        ]
        assert [row[3] for row in sql(self.RIGHTS)] == ["Execute"]


def test_what_cannot_be_finished_waits_for_the_files(shop, empty_database, sql):
    sql(
        "INSERT INTO _learnhub_replacements (kind, name, path, statement, rights) VALUES ('trigger', 'audit_sale', "
        "'triggers/audit_sale.sql', 'CREATE TRIGGER audit_sale AFTER INSERT ON gone FOR EACH ROW SET @a = 1', '[]')"
    )
    sql("DROP TRIGGER audit_sale")
    assert apply(shop, empty_database) == [
        "left trigger audit_sale (a killed run had begun to replace it; "
        f"1146: Table '{empty_database.database}.gone' doesn't exist)",
        "created trigger audit_sale",
        "finished trigger audit_sale (a killed run had begun to replace it)",
    ]
    assert apply(shop, empty_database) == []


class TestOrder:
    """A trigger keeps its place among those of its table and moment."""

    @pytest.fixture
    def ordered(self, shop: Path, empty_database: Target) -> Path:
        create = "CREATE TRIGGER {} BEFORE INSERT ON sales FOR EACH ROW {}\nSET @seen = CONCAT(@seen, '{}1');\n"
        files = {f"triggers/{name}.sql": create.format(name, "", name) for name in ("a", "b")}
        files["triggers/c.sql"] = create.format("c", "/* not last */ PRECEDES b", "c")
        small_project.write(shop, files)
        apply(shop, empty_database)
        return shop

    @pytest.mark.parametrize("name", ["a", "b", "c"])
    def test_it_fires_where_its_predecessor_did(self, ordered, empty_database, sql, name):
        small_project.change(ordered, f"triggers/{name}.sql", "1'", "2'")
        assert apply(ordered, empty_database) == [f"replaced trigger {name}"]
        sql("SET @seen = ''")
        sql("INSERT INTO sales (product_id, sold) VALUES (1, 1)")
        assert sql("SELECT @seen") == [("a1c1b1".replace(f"{name}1", f"{name}2"),)]
        assert apply(ordered, empty_database) == []

    def test_a_new_place_in_the_file_is_taken(self, ordered, empty_database, sql):
        small_project.change(ordered, "triggers/c.sql", "PRECEDES b", "PRECEDES a")
        assert apply(ordered, empty_database) == ["replaced trigger c"]
        order = "SELECT trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE() "
        assert sql(order + "AND action_timing = 'BEFORE' ORDER BY action_order") == [("c",), ("a",), ("b",)]


class TestCallers:
    """What callers see while a procedure is replaced."""

    def test_a_call_either_does_its_work_or_has_done_nothing(self, shop, empty_database, sql):
        done, errors, calls = threading.Event(), [], []

        def call() -> None:
            with connect(empty_database) as connection:
                while not done.is_set():
                    try:
                        rows(connection, "CALL sell(1, 1)")
                        calls.append(1)
                    except pymysql.Error as error:
                        errors.append(error.args[0])

        callers = [threading.Thread(target=call) for _ in range(3)]
        for caller in callers:
            caller.start()
        try:
            for number in range(20):
                small_project.change(shop, SELL, "BEGIN", f"BEGIN /* {number} */")
                assert apply(shop, empty_database) == ["replaced procedure sell"]
            missed = len(errors)
            for number in range(5):
                small_project.change(shop, SELL, f"product{'.' * number}'", f"product{'.' * (number + 1)}'")
                assert apply(shop, empty_database) == ["altered procedure sell"]
        finally:
            done.set()
            for caller in callers:
                caller.join()
        assert set(errors) <= {1305}
        assert len(errors) == missed  # an ALTER costs no call
        assert sql("SELECT COUNT(*) FROM sales") == [(len(calls),)]
        assert len(calls) > len(errors)

    @pytest.mark.parametrize(("path", "busy"), [(SELL, "CALL sell(1, 1)"), (AUDIT, "SELECT COUNT(*) FROM sales")])
    def test_an_open_transaction_that_lasts_too_long_leaves_all_as_it_was(
        self, shop, empty_database, sql, monkeypatch, path, busy
    ):
        before = sql("SHOW CREATE PROCEDURE sell"), sql("SHOW CREATE TRIGGER audit_sale")
        small_project.change(shop, path, "BEGIN", "BEGIN /* new */")
        monkeypatch.setattr(waits, "LOCK_SECONDS", 1)
        monkeypatch.setattr(waits, "TRIES", 1)
        with connect(empty_database) as other:
            rows(other, "START TRANSACTION")
            rows(other, busy)
            number = other.thread_id()
            with pytest.raises(DatabaseRefused, match=rf"connection {number} .* holds a lock, {path}.*KILL {number}"):
                apply(shop, empty_database)
        assert (sql("SHOW CREATE PROCEDURE sell"), sql("SHOW CREATE TRIGGER audit_sale")) == before
        assert sql("SELECT COUNT(*) FROM _learnhub_replacements") == [(0,)]
        assert len(apply(shop, empty_database)) == 1


class TestEvents:
    """An event is altered: it is never gone."""

    CREATED = """
        SELECT created, status, on_completion, event_comment FROM information_schema.events
        WHERE event_schema = DATABASE()
    """

    def test_what_the_file_no_longer_says_is_what_the_server_takes_for_it(self, shop, empty_database, sql):
        event = "sql/events/forget.sql"
        small_project.change(shop, event, " DISABLE", "\n  ON COMPLETION PRESERVE DISABLE COMMENT 'DO it; ENABLE'")
        assert apply(shop, empty_database) == ["replaced event forget"]
        ((created, *rest),) = sql(self.CREATED)
        assert rest == ["DISABLED", "PRESERVE", "DO it; ENABLE"]
        small_project.change(shop, event, "\n  ON COMPLETION PRESERVE DISABLE COMMENT 'DO it; ENABLE'", "")
        small_project.change(shop, event, "1 DAY", "9 DAY STARTS '2037-01-01 00:00:00'")
        time.sleep(1.1)  # the server notes seconds
        assert apply(shop, empty_database) == ["replaced event forget"]
        assert sql(self.CREATED) == [(created, "DISABLED", "NOT PRESERVE", "")]  # whether it runs, operations say
        assert apply(shop, empty_database) == []

    def test_an_event_that_operations_switched_off_stays_off(self, shop, empty_database, sql):
        small_project.change(shop, "sql/events/forget.sql", " DISABLE", "")
        apply(shop, empty_database)
        sql("ALTER EVENT forget ENABLE")
        sql("ALTER EVENT forget DISABLE")
        assert apply(shop, empty_database) == []
        small_project.change(shop, "sql/events/forget.sql", "1 DAY", "2 DAY")
        (told,) = apply(shop, empty_database)
        assert told.startswith("replaced event forget")
        assert sql("SELECT status FROM information_schema.events WHERE event_schema = DATABASE()") == [("DISABLED",)]


class TestHistory:
    """Every definition that was deployed is kept, as the server stores it."""

    def test_with_all_that_is_needed_to_create_it_again(self, shop, empty_database, sql):
        small_project.write(shop, {"sql/migrations/0003-stock.sql": "ALTER TABLE products ADD COLUMN stock INT;\n"})
        small_project.change(shop, SELL, "one row", "a row")
        apply(shop, empty_database)
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
        acts = apply(small_project.write(tmp_path), empty_database)
        assert "replaced procedure sell" + KEPT in acts
        kept = sql("SELECT act, definition FROM _learnhub_history WHERE name = 'sell' ORDER BY id")
        assert [act for act, _ in kept] == ["found", "replaced"]
        assert kept[0][1].endswith("SELECT 'of somebody'")


class TestPrune:
    """What has lost its file is dropped only when asked."""

    def test_it_stays_without_and_goes_with_the_option(self, shop, empty_database, sql):
        for path in (SELL, "views/a_summary.sql", AUDIT, "sql/events/forget.sql"):
            (shop / path).unlink()
        assert apply(shop, empty_database) == []
        assert routine(sql)
        assert apply(shop, empty_database, prune=True) == [
            "pruned event forget",
            "pruned trigger audit_sale",
            "pruned view a_summary",
            "pruned procedure sell",
        ]
        left = "SELECT routine_name FROM information_schema.routines WHERE routine_schema = DATABASE()"
        assert sql(left) == [("with_tax",)]
        ((definition,),) = sql("SELECT definition FROM _learnhub_history WHERE act = 'pruned' AND name = 'sell'")
        assert "PROCEDURE `sell`(IN p_product INT" in definition
        assert apply(shop, empty_database, prune=True) == []

    def test_what_somebody_created_is_never_pruned(self, shop, empty_database, sql):
        sql("CREATE PROCEDURE of_somebody() SELECT 1")
        assert apply(shop, empty_database, prune=True) == []
        assert routine(sql, "of_somebody")
