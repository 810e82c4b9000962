"""The statements of files that only create are sent in one packet: each of them is still all or nothing by itself."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import Queue

import pytest

import gate
import interruptions
import small_project
from learnhub_db import application, deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.project import Project
from learnhub_db.runner import lock, packets, waits
from learnhub_db.server import start, stop
from learnhub_db.server.home import Home
from learnhub_db.statements import Statement, split

NAME = "sql/migrations/0001-all.sql"
CREATIONS = [
    "CREATE TABLE p (n INT)",
    "CREATE INDEX by_n ON p (n)",
    "CREATE TABLE q (n INT) -- ; the last words",
    "CREATE UNIQUE INDEX by_n ON q (n) # ; and these",
    "CREATE TABLE r (n VARCHAR(9) DEFAULT ';')",
]
FILES = [1, 3, 5]
GATED = [[*CREATIONS[:place], gate.STATEMENT, *CREATIONS[place:]] for place in range(len(CREATIONS) + 1)]


def write(folder: Path, statements: list[str], files: int = 1) -> Path:
    """A project of `statements` in one file, or in so many, the last of which holds the rest."""
    texts = [f"{statement}\n;\n" for statement in statements]
    parts = [*texts[: files - 1], "".join(texts[files - 1 :])]
    return small_project.write(folder, {NAME.replace("1", str(number)): text for number, text in enumerate(parts, 1)})


def made(target: Target) -> list[str]:
    """The tables and indexes that are there, but for the gate's."""
    with connect(target) as connection:
        tables = [name for (name,) in rows(connection, "SHOW TABLES") if not name.startswith(("_", "gatepost"))]
        indexed = [name for name in tables if name != "gate" and rows(connection, f"SHOW INDEX FROM {name}")]
    return sorted([*(f"table {name}" for name in tables), *(f"index {name}" for name in indexed)])


ALL = ["index p", "index q", "table gate", "table p", "table q", "table r"]
BEFORE = [
    [],
    ["table p"],
    ["index p", "table p"],
    ["index p", "table p", "table q"],
    ["index p", "index q", "table p", "table q"],
    ["index p", "index q", "table p", "table q", "table r"],
]


def check_applied(target: Target, files: int = 1) -> None:
    assert made(target) == ALL
    with connect(target) as connection:
        assert rows(connection, "SELECT COUNT(*) FROM _yoyo_migration") == [(files,)]
        assert rows(connection, "SELECT * FROM _learnhub_journal") == []
        assert rows(connection, "SELECT SUM(statements) FROM _learnhub_migrations") == [(len(ALL),)]


@pytest.mark.parametrize("files", FILES)
def test_they_are_in_one_packet(tmp_path, empty_database, files):
    sent = interruptions.queries(empty_database, interruptions.apply, write(tmp_path, CREATIONS, files))
    (packet,) = [text for text in sent if "IS_USED_LOCK" in text and "CREATE" in text and "REPLACE" not in text]
    assert all(statement in packet for statement in CREATIONS)
    assert packet.count("IS_USED_LOCK") == len(CREATIONS)
    assert made(empty_database) == BEFORE[-1]


def test_a_packet_holds_no_more_than_any_server_takes(tmp_path, empty_database, monkeypatch):
    monkeypatch.setattr(packets, "BYTES", 240)
    root = write(tmp_path, [f"CREATE TABLE a (n INT) /* {'long ' * 20} */", *CREATIONS])
    proxy = interruptions.Proxy(empty_database)
    with proxy.open() as target:
        deployment.apply(Project(root), target)
    sent = [text.count("IS_USED_LOCK") for text in proxy.queries if text.startswith("DO IF(")]
    assert sent == [1, 2, 1, 1, 1]
    assert made(empty_database) == ["index p", "index q", "table a", "table p", "table q", "table r"]


def test_a_server_that_takes_little_at_once_gets_no_more(tmp_path, server, empty_database):
    texts = [
        "".join(f"CREATE TABLE a{number} (n INT);\n" for number in range(450)),
        *(f"CREATE TABLE b{number} (n INT) /* {'😀' * 1900} */;\n" for number in range(10)),
        "SET @big = REPEAT('x', 9000);\nCREATE TABLE c (n INT);\nCREATE INDEX by_n ON c (n);\n"
        + "".join(f"CREATE TABLE c{number} (n INT);\n" for number in range(10))
        + "DO LENGTH(@big);\n",
    ]
    root = small_project.write(tmp_path, {f"sql/migrations/{n:04}-x.sql": text for n, text in enumerate(texts, 1)})
    with connect(server) as connection:
        ((usual,),) = rows(connection, "SELECT @@GLOBAL.max_allowed_packet")
        rows(connection, "SET GLOBAL max_allowed_packet = 65536")
        try:
            deployment.apply(Project(root), empty_database)
        finally:
            rows(connection, f"SET GLOBAL max_allowed_packet = {usual}")
    with connect(empty_database) as connection:
        assert rows(connection, "SELECT COUNT(*) FROM _yoyo_migration") == [(len(texts),)]


@pytest.mark.parametrize("files", FILES)
@pytest.mark.parametrize("place", range(len(GATED)))
class TestADeathAtAnyOfThem:
    def test_of_the_connection(self, tmp_path, empty_database, place, files):
        root = write(tmp_path, GATED[place], files)
        with gate.reached(empty_database, interruptions.apply, root) as (number, client):
            gate.kill_the_connection(empty_database, number)
            client.join(interruptions.PATIENCE_SECONDS)
            assert client.exitcode == 1
            assert made(empty_database) == BEFORE[place]
        deployment.apply(Project(root), empty_database)
        check_applied(empty_database, files)

    @pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
    def test_of_the_client(self, tmp_path, empty_database, place, files, end):
        """The server goes on with what it has got, and the next apply waits for it."""
        root = write(tmp_path, GATED[place], files)
        with gate.reached(empty_database, interruptions.apply, root) as (_, client):
            os.kill(client.pid, end)
            client.join(interruptions.PATIENCE_SECONDS)
            assert made(empty_database) == BEFORE[place]
        deployment.apply(Project(root), empty_database)
        check_applied(empty_database, files)


def test_an_interruption_between_two_answers(tmp_path, empty_database, monkeypatch):
    """The server has run all of it, and the client has asked for the first file only."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    root = write(tmp_path, CREATIONS, 3)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(application._Application, "_take", interrupt)
        deployment.apply(Project(root), empty_database)
    assert made(empty_database) == BEFORE[-1]
    deployment.apply(Project(root), empty_database)
    assert made(empty_database) == BEFORE[-1]
    with connect(empty_database) as connection:
        assert rows(connection, "SELECT COUNT(*) FROM _yoyo_migration") == [(3,)]


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Target]:
    """A server of the test's own, to be killed."""
    yield start(tmp_path / "server", "mysql")
    stop(tmp_path / "server")


def test_the_servers_death_at_any_of_them(tmp_path, own_server):
    """It dies once, while a client stands at every place, each in a database of its own."""
    names = [f"at_{place}" for place in range(len(GATED))]
    roots = [write(tmp_path / name, statements) for name, statements in zip(names, GATED, strict=True)]
    with connect(own_server) as connection:
        for name in names:
            rows(connection, f"CREATE DATABASE {name}")
    standing = [gate.reached(own_server.named(name), interruptions.apply, root) for name, root in zip(names, roots)]
    for one in standing:
        one.__enter__()
    os.kill(int((tmp_path / "server/data/mysqld.pid").read_text()), signal.SIGKILL)
    interruptions.until(lambda: not Home(tmp_path / "server").in_use())
    for one in standing:
        one.__exit__(None, None, None)
    server = start(tmp_path / "server", "mysql")
    for place, (name, root) in enumerate(zip(names, roots)):
        assert made(server.named(name)) == BEFORE[place]
        deployment.apply(Project(root), server.named(name))
        check_applied(server.named(name))


def test_one_that_waits_for_a_lock_is_sent_again_with_those_behind_it(tmp_path, empty_database, monkeypatch):
    """Its table, which the same packet has made, is in use when it comes to it."""
    monkeypatch.setattr(waits, "LOCK_SECONDS", 1)
    monkeypatch.setattr(waits, "LONGEST_PAUSE_SECONDS", 0.2)
    root, told = write(tmp_path, GATED[1]), Queue()
    arguments = (Project(root), empty_database, lambda act: told.put(str(act)))
    applying = threading.Thread(target=deployment.apply, args=arguments, kwargs={"adopt": True})  # the gate is there
    with connect(empty_database) as reader:
        with gate.closed(empty_database):
            applying.start()
            interruptions.until(lambda: bool(gate.waiting(empty_database)))
            rows(reader, "START TRANSACTION")
            rows(reader, "SELECT * FROM p")
        assert told.get(timeout=30).startswith(f"waiting for connection {reader.thread_id()} ")
        assert made(empty_database) == ["table gate", "table p"]
        rows(reader, "COMMIT")
    applying.join(30)
    check_applied(empty_database)


def test_without_the_lock_nothing_of_it_runs(empty_database):
    statements = [(statement, NAME) for statement in split("\n;\n".join(CREATIONS))]
    with connect(empty_database) as connection:
        with pytest.raises(DatabaseRefused) as refusal:
            packets.Packets(connection, "learnhub_db nobody", statements).run_next()
        assert refusal.value.__cause__.args[0] == packets.UNGUARDED
        assert made(empty_database) == []
        with lock.held(connection, empty_database.database, pytest.fail):
            sent = packets.Packets(connection, lock.name_for(empty_database.database), statements)
            while sent:
                sent.run_next()
    assert made(empty_database) == BEFORE[-1]


def test_fewer_answers_than_statements_end_the_connection(empty_database):
    """Nothing could be recorded then: nobody knows which of them ran."""
    texts = ["CREATE TABLE a (n INT) /*!99999 on", "CREATE TABLE b (n INT) -- */", "CREATE TABLE c (n INT)"]
    with connect(empty_database) as connection, lock.held(connection, empty_database.database, pytest.fail):
        statements = [(Statement(text, 1, 0), NAME) for text in texts]
        sent = packets.Packets(connection, lock.name_for(empty_database.database), statements)
        with pytest.raises(DatabaseRefused) as refusal:
            while sent:
                sent.run_next()
        assert refusal.value.what.startswith("2014: ")
        assert not connection.open
    assert made(empty_database) == ["table a", "table c"]


def test_a_comment_that_only_the_server_reads_on_swallows_nothing(tmp_path, empty_database):
    texts = ["CREATE TABLE a (n INT) /*+ on\n;\n", "CREATE TABLE b (n INT) /* on */;\n", "CREATE TABLE c (n INT);\n"]
    root = small_project.write(tmp_path, {f"sql/migrations/000{n}-{n}.sql": text for n, text in enumerate(texts, 1)})
    for _ in range(2):
        with pytest.raises(DatabaseRefused) as refusal:
            deployment.apply(Project(root), empty_database)
        assert refusal.value.where == "sql/migrations/0001-1.sql:1"
    assert made(empty_database) == []


@pytest.mark.parametrize(
    ("broken", "near", "line"),
    [
        ("CREATE TABLE b (\n    n INT,\n    m LETTERS)", "near 'LETTERS)' at line 3", 7),
        ("CREATE TABLE b (\n    n INT", "near '' at line 2", 6),
    ],
)
def test_a_refusal_speaks_of_its_own_statement(tmp_path, empty_database, broken, near, line):
    root = write(tmp_path, [*CREATIONS[:2], broken, *CREATIONS[2:]])
    with pytest.raises(DatabaseRefused) as refusal:
        deployment.apply(Project(root), empty_database)
    assert refusal.value.where == f"{NAME}:{line}"
    assert refusal.value.what.endswith(near)
    assert made(empty_database) == BEFORE[2]


def test_behind_a_packet_a_second_statement_cannot_hide(tmp_path, empty_database):
    hiding = "INSERT INTO r VALUES ('1'); INSERT INTO r VALUES ('2')"
    statements = ["DO 1", *CREATIONS, f"DELIMITER $$\n{hiding} $$\nDELIMITER ;\nDO 1"]
    with pytest.raises(DatabaseRefused) as refusal:
        deployment.apply(Project(write(tmp_path, statements)), empty_database)
    assert refusal.value.what.startswith("1064: ")
    with connect(empty_database) as connection:
        assert rows(connection, "SELECT * FROM r") == []
