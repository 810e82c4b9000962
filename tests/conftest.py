"""One MySQL server a session, or one for each of its workers; the choice stands in servers.py."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from xdist.workermanage import WorkerController

import small_project
from command_line import Run, runner
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import LearnHubError
from servers import Server, open_server

SERVERS = pytest.StashKey[list[Server]]()
# A minute and more each: where workers share the files, these go first, so that nobody waits for one of them at the end.
LONG = ("test_resume", "test_replacement_crash", "test_rollback_crash", "test_real_sql", "test_creations")

# What depends on dates, in procedures, seeds or schedules: .ci/calendar runs these on other days.
CALENDAR = {
    *("test_demo", "test_events_over", "test_jobs", "test_over", "test_scale_seed", "test_archive", "test_expiry"),
    *("test_history", "test_jobs_of_the_school", "test_partitions", "test_payouts", "test_reconciliation"),
    *("test_refund", "test_renewal_batch", "test_revenue", "test_star", "test_subscribing", "test_subscriptions"),
}

# A session in the background ignores the interrupt, and so would the programs that its tests start and interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers() -> int:
    """A worker a core, up to four; none where a URL names the one server."""
    return 0 if os.environ.get("LEARNHUB_TEST_URL") else min(len(os.sched_getaffinity(0)), 4)


def pytest_sessionstart(session: pytest.Session) -> None:
    config = session.config
    if config.option.collectonly or hasattr(config, "workerinput"):
        return
    servers = config.stash.setdefault(SERVERS, [])
    try:
        for number in range(config.option.numprocesses or 1):
            servers.append(open_server(number))
    except LearnHubError as error:
        pytest.exit(f"no server to test on: {error}", returncode=error.exit_code)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "calendar: depends on dates")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.stem not in LONG)
    for item in items:
        if item.path.stem in CALENDAR:
            item.add_marker(pytest.mark.calendar)


def pytest_configure_node(node: WorkerController) -> None:
    """A worker is told its server by the one who opened it."""
    number = int(node.gateway.id.removeprefix("gw"))
    node.workerinput["server"] = node.config.stash[SERVERS][number].administrator.url


def pytest_report_header(config: pytest.Config) -> list[str]:
    return [remark for server in config.stash.get(SERVERS, []) for remark in server.remarks]


def pytest_unconfigure(config: pytest.Config) -> None:
    for server in config.stash.get(SERVERS, []):
        server.close()


@pytest.fixture(scope="session")
def server(pytestconfig: pytest.Config) -> Target:
    """An administrator of the session's server."""
    if hasattr(pytestconfig, "workerinput"):
        return Target.parse(pytestconfig.workerinput["server"])
    return pytestconfig.stash[SERVERS][0].administrator


@pytest.fixture
def empty_database(server: Target) -> Iterator[Target]:
    """A new database without a table, dropped afterwards."""
    target = server.named(f"test_{secrets.token_hex(6)}")
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")
        yield target
        cursor.execute("SET lock_wait_timeout = 30")  # a transaction that a test left open is told, not waited for
        cursor.execute(f"DROP DATABASE {target.database}")


@pytest.fixture
def sql(empty_database: Target) -> Iterator[Callable[[str], list[tuple]]]:
    """Run one statement on the empty database, on a connection of its own, and return its rows."""
    with connect(empty_database) as connection:
        yield lambda statement: rows(connection, statement)


@pytest.fixture
def modest(server: Target, empty_database: Target) -> Iterator[Target]:
    """An account with all rights on the database, and none beside it."""
    name = f"t_{secrets.token_hex(5)}"
    with connect(server) as connection:
        rows(connection, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
        rows(connection, f"GRANT ALL ON {empty_database.database}.* TO {name}@'%'")
        yield Target(server.host, server.port, name, "secret", empty_database.database)
        rows(connection, f"DROP USER {name}@'%'")


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """The small project, as files."""
    return small_project.write(tmp_path)


@pytest.fixture
def run(shop: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line on the project `shop` and the empty database."""
    return runner(empty_database, capsys, "--project", str(shop))


@pytest.fixture
def filled(run: Run, sql: Callable[[str], list[tuple]]) -> None:
    """The shop is deployed and has sold something."""
    assert run("apply").code == 0
    small_project.fill(sql)
