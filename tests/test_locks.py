"""Who waits says for whom, gives up in time, and never runs beside another."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from queue import Queue

import pytest

import interruptions
import small_project
from command_line import runner
from learnhub_db import deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project
from learnhub_db.runner import journal, lock, waits
from learnhub_db.runner.journal import Entry, Journal

TABLE = "CREATE TABLE goods (id INT PRIMARY KEY);\nINSERT INTO goods VALUES (1);\n"
CHANGE = "-- wider\n\nALTER TABLE goods ADD COLUMN name TEXT;\n"


@pytest.fixture
def goods(tmp_path: Path, empty_database: Target) -> Path:
    """A project whose second migration changes a table of the first, which is applied."""
    root = small_project.write(tmp_path, {"sql/migrations/0001-goods.sql": TABLE})
    deployment.apply(Project(root), empty_database)
    return small_project.write(root, {"sql/migrations/0002-change.sql": CHANGE})


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waits, "LOCK_SECONDS", 1)
    monkeypatch.setattr(waits, "LONGEST_PAUSE_SECONDS", 0.2)
    monkeypatch.setattr(waits, "TRIES", 2)


@contextmanager
def reader(target: Target) -> Iterator[int]:
    """A connection with an open transaction that has read the table."""
    with connect(target) as connection:
        rows(connection, "START TRANSACTION")
        rows(connection, "SELECT * FROM goods WHERE id = 1")
        yield connection.thread_id()
        rows(connection, "COMMIT")


class TestALockOnATable:
    @pytest.mark.parametrize("change", [CHANGE, "OPTIMIZE TABLE goods;\n"])
    def test_its_holder_is_told_and_the_change_is_made_once_it_lets_go(
        self, goods, empty_database, hasty, monkeypatch, change
    ):
        small_project.write(goods, {"sql/migrations/0002-change.sql": change})
        monkeypatch.setattr(waits, "TRIES", 20)
        told: Queue[str] = Queue()
        with reader(empty_database) as number:
            second = threading.Thread(
                target=deployment.apply, args=(Project(goods), empty_database, lambda act: told.put(str(act)))
            )
            second.start()
            first = told.get(timeout=30)
        second.join(30)
        assert first.startswith(f"waiting for connection {number} ({empty_database.user}@")
        assert first.endswith(" s: SELECT * FROM goods WHERE id = 1) (try 1 of 20)")
        assert [*told.queue][-1].startswith("applied sql/migrations/0002-change.sql")

    def test_after_some_tries_the_error_says_whom_to_end(self, goods, empty_database, hasty, capsys):
        with reader(empty_database) as number:
            ran = runner(empty_database, capsys, "--project", str(goods))("apply")
        assert ran.code == 3
        assert ran.err.startswith(f"error: connection {number} ({empty_database.user}@")
        assert f" holds a lock (sql/migrations/0002-change.sql:3)\nhint: KILL {number}, or wait until it is done" in ran.err
        assert runner(empty_database, capsys, "--project", str(goods))("apply").code == 0

    def test_an_account_that_may_not_know_is_told_what_it_needs(self, goods, server, empty_database, hasty):
        name, told = f"test_{secrets.token_hex(6)}", []
        with connect(server) as administrator, reader(empty_database):
            rows(administrator, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
            rows(administrator, f"GRANT ALL ON {empty_database.database}.* TO {name}@'%'")
            account = Target(server.host, server.port, name, "secret", empty_database.database)
            with pytest.raises(DatabaseRefused) as refusal:
                deployment.apply(Project(goods), account, lambda act: told.append(str(act)))
            rows(administrator, f"DROP USER {name}@'%'")
        mend = "GRANT SELECT ON performance_schema.* to the account and this line says whose"
        assert told == [f"waiting for a lock; {mend} (try 1 of 2)"]
        assert refusal.value.what.startswith("1205: Lock wait timeout exceeded")

    def test_rows_wait_as_well(self, goods, empty_database, hasty):
        small_project.write(goods, {"sql/migrations/0002-change.sql": "INSERT INTO goods VALUES (2);\n"})
        with connect(empty_database) as other:
            rows(other, "LOCK TABLES goods WRITE")
            with pytest.raises(DatabaseRefused) as refusal:
                deployment.apply(Project(goods), empty_database)
        assert f"KILL {other.thread_id()}, or wait" in refusal.value.hint
        deployment.apply(Project(goods), empty_database)
        with connect(empty_database) as other:
            assert rows(other, "SELECT id FROM goods") == [(1,), (2,)]


class TestTheLockOfTheRun:
    def test_the_command_line_says_how_long_to_wait(self, goods, empty_database, capsys):
        with connect(empty_database) as first, lock.held(first, empty_database.database, lambda act: None):
            ran = runner(empty_database, capsys, "--project", str(goods))("apply", "--lock-timeout", "0.2")
        assert ran.code == 3
        assert ran.out.startswith(f"waiting for connection {first.thread_id()} ({empty_database.user}@")
        assert ran.err.startswith("error: another run holds the lock (connection ")

    def test_a_migration_that_gives_it_away_is_stopped_before_the_next_statement(self, goods, empty_database):
        small_project.write(goods, {"sql/migrations/0002-change.sql": f"DO RELEASE_ALL_LOCKS();\n{CHANGE}"})
        with pytest.raises(DatabaseRefused) as refusal:
            deployment.apply(Project(goods), empty_database)
        assert refusal.value.what == "the connection has lost its lock"
        with connect(empty_database) as other:
            assert len(rows(other, "SHOW COLUMNS FROM goods")) == 1

    def test_of_many_migrations_that_its_holder_is_at_the_first_are_told(self, empty_database):
        began = datetime(2026, 1, 2, 3, 4, 5)
        with connect(empty_database) as first, lock.held(first, empty_database.database, pytest.fail):
            rows(first, journal.TABLE)
            for number in range(1, 6):
                held = lock.name_for(empty_database.database)
                book = Journal(first, held, journal.MIGRATION, f"{number:04}-a", began)
                book.write([Entry(1, 1, "", journal.INTENT, started_at=began)])
            told = ", ".join(f"migration {number:04}-a since 03:04:05" for number in range(1, 4))
            assert journal.work_of(first, first.thread_id()) == f"{told}, and 2 more"

    def test_a_statement_that_outlives_its_client_is_waited_for(self, goods, empty_database):
        slow = "CREATE TABLE slow AS SELECT id, SLEEP(2) AS slept FROM goods;\nINSERT INTO goods VALUES (2);\n"
        small_project.write(goods, {"sql/migrations/0002-change.sql": slow})
        proxy = interruptions.Proxy(empty_database)
        with proxy.open() as target:
            client = interruptions.start(interruptions.apply, target, goods)
            interruptions.until(lambda: any(text.startswith("CREATE TABLE slow") for text in proxy.queries))
            interruptions.kill_the_client(proxy, client)
        told: list[str] = []
        deployment.apply(Project(goods), empty_database, lambda act: told.append(str(act)))
        assert told[0].startswith(f"waiting for connection {proxy.connection_id} (")
        assert ", at migration 0002-change since " in told[0]
        assert told[1].startswith("applied sql/migrations/0002-change.sql (from statement 2 of 2 on, ")
        with connect(empty_database) as other:
            assert rows(other, "SELECT id FROM slow") == [(1,)]
            assert rows(other, "SELECT id FROM goods") == [(1,), (2,)]

    def test_a_connection_of_the_journal_that_lives_is_waited_for(self, goods, empty_database):
        small_project.write(goods, {"sql/migrations/0002-change.sql": "SELECT * FROM nowhere;\n"})
        with pytest.raises(DatabaseRefused):
            deployment.apply(Project(goods), empty_database)
        small_project.write(goods, {"sql/migrations/0002-change.sql": f"{CHANGE}\nSELECT * FROM nowhere;\n"})
        with pytest.raises(DatabaseRefused):
            deployment.apply(Project(goods), empty_database)
        with connect(empty_database) as other:
            rows(other, f"UPDATE _learnhub_journal SET connection_id = {other.thread_id()}")
            with pytest.raises(DatabaseRefused) as refusal:
                deployment.apply(Project(goods), empty_database, lock_timeout=0.5)
        assert refusal.value.what.startswith(f"connection {other.thread_id()}, which began migration 0002-change at ")
        assert refusal.value.hint == f"wait, or end it with KILL {other.thread_id()}"
