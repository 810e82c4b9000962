"""A scratch schema is gone when its run is, however that ended."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from learnhub_db import scratch_schema
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused

HOLD = """
import sys, time
from learnhub_db import scratch_schema
from learnhub_db.database import Target, rows
with scratch_schema.made(Target.parse(sys.argv[1])) as connection:
    print(rows(connection, "SELECT DATABASE()")[0][0], flush=True)
    rows(connection, "DO SLEEP(59)")
"""


def schemas(server: Target) -> set[str]:
    with connect(server) as connection:
        return {name for (name,) in rows(connection, "SHOW DATABASES LIKE %s", (scratch_schema.PATTERN,))}


def name_of(connection) -> str:
    return rows(connection, "SELECT DATABASE()")[0][0]


@pytest.fixture
def holder(empty_database: Target) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Another process in the midst of using its scratch schema."""
    command = [sys.executable, "-c", HOLD, empty_database.url]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield process, process.stdout.readline().strip()
        process.kill()


def test_it_has_the_collation_of_the_targets_database_and_goes_with_the_block(server, empty_database, sql):
    sql(f"ALTER DATABASE {empty_database.database} COLLATE latin1_german1_ci")
    with scratch_schema.made(empty_database) as connection:
        name = name_of(connection)
        assert rows(connection, "SELECT @@collation_database") == [("latin1_german1_ci",)]
        assert name in schemas(server)
    assert name not in schemas(server)


def test_it_goes_with_a_block_that_fails_or_loses_its_connection(server, empty_database, sql):
    with pytest.raises(ZeroDivisionError), scratch_schema.made(empty_database) as connection:
        name = name_of(connection)
        sql(f"KILL {connection.thread_id()}")
        raise ZeroDivisionError
    assert name not in schemas(server)


def test_it_goes_with_an_interrupt_from_the_keyboard(server, holder):
    process, name = holder
    assert name in schemas(server)
    os.kill(process.pid, signal.SIGINT)
    process.wait(timeout=30)
    assert name not in schemas(server)


def test_that_of_a_killed_run_is_dropped_by_the_next_and_that_of_a_running_one_stays(
    server, empty_database, holder, sql
):
    process, name = holder
    with scratch_schema.made(empty_database):
        assert name in schemas(server)
    process.kill()
    process.wait()
    assert name in schemas(server)
    sql(f"KILL {sql(f'SELECT IS_USED_LOCK({name!r})')[0][0]}")  # its statement outlives the client
    while sql(f"SELECT IS_FREE_LOCK({name!r})") != [(1,)]:
        time.sleep(0.05)
    with scratch_schema.made(empty_database):
        assert name not in schemas(server)


def test_an_account_that_may_not_create_one_is_told_the_grant(server, empty_database):
    user = f"test_{secrets.token_hex(6)}"
    with connect(server) as connection:
        rows(connection, f"CREATE USER {user}@'%' IDENTIFIED BY 'secret'")
        rows(connection, f"GRANT ALL ON {empty_database.database}.* TO {user}@'%'")
        try:
            target = Target(server.host, server.port, user, "secret", empty_database.database)
            with pytest.raises(DatabaseRefused) as refusal, scratch_schema.made(target):
                pass
            assert str(refusal.value) == (
                f"the account may not create a scratch schema ({target})\nhint: "
                f"GRANT ALL ON `\\_learnhub\\_scratch\\_%`.* TO `{user}`@`%`"
            )
            rows(connection, refusal.value.hint)
            with scratch_schema.made(target) as scratched:
                rows(scratched, "CREATE TABLE t (a INT)")
        finally:
            rows(connection, f"DROP USER {user}@'%'")
