"""Stored programs are replaced without harm: to callers, rights, comments, order, and to what nobody changed."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

import small_project
from applying import AUDIT, KEPT, SELL, Sql, reported, routine
from learnhub_db import deployment, scratch_schema
from learnhub_db.database import Target, connect, identifier, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project
from learnhub_db.runner import waits
from learnhub_db.stored_programs import scratch


@pytest.fixture
def shop(tmp_path: Path, empty_database: Target) -> Path:
    """The small project, applied."""
    deployment.apply(Project(small_project.write(tmp_path)), empty_database)
    return tmp_path


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
            reported(shop, empty_database)
        assert refusal.value.what.startswith(words)
        assert refusal.value.where.startswith(f"{path}:")
        after = sql("SHOW CREATE FUNCTION with_tax"), sql("SHOW CREATE TRIGGER audit_sale"), routine(sql)
        assert after == before
        assert scratch_schemas(sql) == []

    def test_what_a_killed_run_left_is_dropped_and_told(self, shop, empty_database, sql):
        name = f"{scratch_schema.PREFIX}{secrets.token_hex(6)}"
        sql(f"CREATE DATABASE {name}")
        assert reported(shop, empty_database) == [f"dropped {name} (a killed run had left it)"]
        assert scratch_schemas(sql) == []

    def test_a_scratch_schema_in_use_is_left_alone(self, shop, empty_database, sql):
        with connect(empty_database) as other, scratch.opened(other, pytest.fail) as used:
            assert reported(shop, empty_database) == []
            assert scratch_schemas(sql) == [(used.schema,)]


class TestUntouched:
    """What the server stores alike is not touched."""

    def test_what_the_server_does_not_store_is_no_change(self, shop, empty_database, sql):
        before = routine(sql)
        small_project.change(shop, SELL, "CREATE PROCEDURE sell(", "create  PROCEDURE\n`sell` (")
        small_project.change(shop, SELL, "MODIFIES SQL DATA", "LANGUAGE SQL NOT DETERMINISTIC MODIFIES SQL DATA")
        small_project.change(shop, AUDIT, "CREATE TRIGGER audit_sale", "create  TRIGGER\n`audit_sale`")
        assert reported(shop, empty_database) == []
        assert routine(sql) == before
        assert reported(shop, empty_database) == []

    def test_a_program_restored_from_a_dump_is_no_change(self, shop, empty_database, sql):
        ((_, _, create, *_),) = sql("SHOW CREATE PROCEDURE sell")
        created, _, _ = routine(sql)
        time.sleep(1.1)  # the server notes seconds
        sql("DROP PROCEDURE sell")
        with connect(empty_database) as connection:
            rows(connection, create)
        assert routine(sql)[0] > created
        assert reported(shop, empty_database) == []

    def test_moving_a_file_does_not_create_its_object_again(self, shop, empty_database, sql):
        before = routine(sql)
        (shop / "procedures/shop").mkdir()
        (shop / SELL).rename(shop / "procedures/shop/sell.sql")
        assert reported(shop, empty_database) == []
        assert routine(sql) == before
        path = "SELECT path FROM _learnhub_objects WHERE kind = 'procedure' AND name = 'sell'"
        assert sql(path) == [("procedures/shop/sell.sql",)]

    def test_only_the_characteristics_changed_is_an_alter(self, shop, empty_database, sql):
        created, _, _ = routine(sql)
        time.sleep(1.1)  # the server notes seconds
        small_project.change(shop, SELL, "'Sells some of a product'", "'Sells; it''s 100% new'")
        small_project.change(shop, SELL, "MODIFIES SQL DATA", "MODIFIES SQL DATA SQL SECURITY INVOKER")
        assert reported(shop, empty_database) == ["altered procedure sell"]
        now, _, comment = routine(sql)
        assert (now, comment) == (created, "Sells; it's 100% new")
        assert reported(shop, empty_database) == []

    def test_a_comment_that_no_alter_can_take_away_goes_with_a_replacement(self, shop, empty_database, sql):
        small_project.change(shop, SELL, "    COMMENT 'Sells some of a product'\n", "")
        assert reported(shop, empty_database) == ["replaced procedure sell"]
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
        assert reported(shop, empty_database) == [act + KEPT]
        assert reported(shop, empty_database) == []
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
        assert reported(shop, empty_database) == [f"replaced {kind.lower()}"]
        assert sql(self.RIGHTS) == before
        assert sql("SELECT COUNT(*) FROM _learnhub_replacements") == [(0,)]

    def test_of_an_account_dropped_after_a_crash_are_skipped_and_told(self, shop, empty_database, sql, accounts):
        sql(
            "INSERT INTO _learnhub_replacements (kind, name, path, statement, rights) VALUES ('procedure', 'sell', "
            "'procedures/sales/sell.sql', 'CREATE PROCEDURE sell() SELECT 2', "
            "'[[\"gone\", \"%\", \"Execute\"], [\"" + accounts[2].split("`")[1] + "\", \"%\", \"Execute\"]]')"
        )
        sql("DROP PROCEDURE sell")
        assert reported(shop, empty_database) == [
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
    assert reported(shop, empty_database) == [
        "left trigger audit_sale (a killed run had begun to replace it; "
        f"1146: Table '{empty_database.database}.gone' doesn't exist)",
        "created trigger audit_sale",
        "finished trigger audit_sale (a killed run had begun to replace it)",
    ]
    assert reported(shop, empty_database) == []


class TestOrder:
    """A trigger keeps its place among those of its table and moment."""

    @pytest.fixture
    def ordered(self, shop: Path, empty_database: Target) -> Path:
        create = "CREATE TRIGGER {} BEFORE INSERT ON sales FOR EACH ROW {}\nSET @seen = CONCAT(@seen, '{}1');\n"
        files = {f"triggers/{name}.sql": create.format(name, "", name) for name in ("a", "b")}
        files["triggers/c.sql"] = create.format("c", "/* not last */ PRECEDES b", "c")
        small_project.write(shop, files)
        reported(shop, empty_database)
        return shop

    @pytest.mark.parametrize("name", ["a", "b", "c"])
    def test_it_fires_where_its_predecessor_did(self, ordered, empty_database, sql, name):
        small_project.change(ordered, f"triggers/{name}.sql", "1'", "2'")
        assert reported(ordered, empty_database) == [f"replaced trigger {name}"]
        sql("SET @seen = ''")
        sql("INSERT INTO sales (product_id, sold) VALUES (1, 1)")
        assert sql("SELECT @seen") == [("a1c1b1".replace(f"{name}1", f"{name}2"),)]
        assert reported(ordered, empty_database) == []

    def test_a_new_place_in_the_file_is_taken(self, ordered, empty_database, sql):
        small_project.change(ordered, "triggers/c.sql", "PRECEDES b", "PRECEDES a")
        assert reported(ordered, empty_database) == ["replaced trigger c"]
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
                assert reported(shop, empty_database) == ["replaced procedure sell"]
            missed = len(errors)
            for number in range(5):
                small_project.change(shop, SELL, f"product{'.' * number}'", f"product{'.' * (number + 1)}'")
                assert reported(shop, empty_database) == ["altered procedure sell"]
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
            with pytest.raises(DatabaseRefused, match=rf"connection {number} .* holds a lock \({path}:\d+\)\nhint: KILL {number}"):
                reported(shop, empty_database)
        assert (sql("SHOW CREATE PROCEDURE sell"), sql("SHOW CREATE TRIGGER audit_sale")) == before
        assert sql("SELECT COUNT(*) FROM _learnhub_replacements") == [(0,)]
        assert len(reported(shop, empty_database)) == 1
