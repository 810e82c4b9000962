"""The choice of the server a test session runs on."""

from __future__ import annotations

import pytest

from learnhub_db.database import Target, connect
from learnhub_db.errors import UsageError
from servers import NoContainer, open_server


@pytest.fixture(autouse=True)
def nothing_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LEARNHUB_TEST_URL", "LEARNHUB_TEST_SERVER", "LEARNHUB_MYSQL_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")


def test_a_url_goes_first_and_its_password_stays_out_of_the_header(
    server: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEARNHUB_TEST_URL", server.url)
    monkeypatch.setenv("LEARNHUB_TEST_SERVER", "container")
    opened = open_server()
    assert opened.administrator == server
    assert opened.remarks == [f"server: {server}, of LEARNHUB_TEST_URL"]


def test_without_an_engine_the_private_server_serves_and_the_header_says_why() -> None:
    opened = open_server()
    try:
        connect(opened.administrator).close()
        assert opened.remarks[0].startswith("no container: no Docker engine answers")
        assert opened.remarks[1].startswith(f"server: {opened.administrator}, private, in ")
    finally:
        opened.close()


def test_a_container_that_was_asked_for_and_cannot_be_had_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNHUB_TEST_SERVER", "container")
    with pytest.raises(NoContainer, match="no Docker engine answers"):
        open_server()


def test_an_unknown_kind_of_server_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNHUB_TEST_SERVER", "cloud")
    with pytest.raises(UsageError, match="LEARNHUB_TEST_SERVER is cloud\nhint: known: container, private"):
        open_server()


def test_an_empty_database_is_empty(empty_database: Target) -> None:
    with connect(empty_database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT DATABASE(), COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE()")
        assert cursor.fetchone() == (empty_database.database, 0)


def test_the_sessions_server_is_set_up_for_stored_programs_and_many_connections(server: Target) -> None:
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT @@log_bin_trust_function_creators, @@max_connections >= 500, @@event_scheduler")
        assert cursor.fetchone() == (1, 1, "ON")
