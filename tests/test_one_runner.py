"""One apply at a time works on a database."""

from __future__ import annotations

import threading
from queue import Queue

import pymysql
import pytest

from applying import EVERYTHING, apply, ask
from learnhub_db import deployment
from learnhub_db.database import connect, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project
from learnhub_db.runner import lock


def test_the_second_waits_and_says_for_whom(shop, empty_database):
    told: Queue[str] = Queue()
    with connect(empty_database) as first:
        with lock.held(first, empty_database.database, lambda act: None):
            number = first.thread_id()
            second = threading.Thread(
                target=deployment.apply,
                args=(Project(shop), empty_database, lambda act: told.put(str(act))),
            )
            second.start()
            assert told.get(timeout=30).startswith(f"waiting for connection {number} ({empty_database.user}@")
            assert ask(empty_database, "SHOW TABLES") == []
        second.join()
    assert told.get().startswith("applied sql/migrations/0001-products.sql")


def test_the_servers_limits_on_queries_do_not_count(server, empty_database):
    names = ("max_execution_time", "sql_select_limit", "sql_quote_show_create")
    with connect(server) as other:
        (usual,) = rows(other, f"SELECT {', '.join(f'@@GLOBAL.{name}' for name in names)}")
        rows(other, "SET " + ", ".join(f"GLOBAL {name} = {value}" for name, value in zip(names, (1, 1, 0))))
        try:
            with connect(empty_database) as connection:
                assert rows(connection, "SELECT SLEEP(0.1) UNION ALL SELECT 2") == [(0,), (2,)]
                rows(connection, "CREATE TABLE t (n INT)")
                assert "`n`" in rows(connection, "SHOW CREATE TABLE t")[0][1]
        finally:
            rows(other, "SET " + ", ".join(f"GLOBAL {name} = {value}" for name, value in zip(names, usual)))


def test_it_gives_up_after_a_while(shop, empty_database):
    with connect(empty_database) as first, lock.held(first, empty_database.database, lambda act: None):
        with pytest.raises(DatabaseRefused) as refusal:
            deployment.apply(Project(shop), empty_database, lock_timeout=1)
    assert refusal.value.what == "another run holds the lock"
    assert refusal.value.hint == "wait until it is done, or end it with KILL"


def test_eight_at_once_apply_everything_once(shop, empty_database):
    acts: list[str] = []
    runners = [threading.Thread(target=lambda: acts.extend(apply(shop, empty_database))) for _ in range(8)]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert sorted(act for act in acts if not act.startswith("waiting")) == sorted(EVERYTHING)


def test_the_lock_is_free_when_its_runner_is_gone(empty_database):
    first = connect(empty_database)
    with pytest.raises(pymysql.Error), lock.held(first, empty_database.database, lambda act: None):
        ask(empty_database, f"KILL {first.thread_id()}")
        rows(first, "SELECT 1")
    with connect(empty_database) as second, lock.held(second, empty_database.database, pytest.fail):
        pass


def test_a_long_name_of_a_database_fits():
    names = {lock.name_for(letter * 64) for letter in "ab"}
    assert len(names) == 2
    assert all(len(name) <= 64 for name in names)
