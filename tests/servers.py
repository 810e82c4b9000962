"""The MySQL server a test session runs on: a given one, a container, or a private one.

LEARNHUB_TEST_URL names one. Else a container of LEARNHUB_MYSQL_IMAGE where a Docker engine answers, else the
private server; LEARNHUB_TEST_SERVER=container or =private allows only the one.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
import shlex
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from learnhub_db.database import Target
from learnhub_db.errors import LearnHubError, UsageError
from learnhub_db.server import start, stop
from learnhub_db.server.lock import locked
from learnhub_db.server.programs import client_command, server_command

IMAGE = "mysql:9.7"
OPTIONS = "--log-bin-trust-function-creators=1 --max-connections=500"
PROJECT = Path(__file__).resolve().parent.parent
IN_MEMORY = Path("/dev/shm")
NEEDED_BYTES = 4 << 30


def _home() -> Path:
    """In memory where there is room: the reset between two tests truncates tables, and a disk makes each of them wait."""
    if IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free > NEEDED_BYTES:
        of_a_clock = bytes(PROJECT) + os.environ.get("FAKETIME", "").encode()  # no two clocks share a server
        return IN_MEMORY / f"learnhub-test-{os.getuid()}-{hashlib.sha256(of_a_clock).hexdigest()[:12]}"
    return PROJECT / ".learnhub"


@dataclass(frozen=True)
class Server:
    """A running server, for pytest's header and for the tests."""

    administrator: Target
    remarks: list[str]
    close: Callable[[], None]


def open_server(number: int = 0) -> Server:
    """The server that the environment asks for; LearnHubError where it cannot be had.

    Another number is another server, except where a URL names the one there is.
    """
    url = os.environ.get("LEARNHUB_TEST_URL")
    if url:
        target = Target.parse(url)
        return Server(target, [f"server: {target}, of LEARNHUB_TEST_URL"], lambda: None)
    forced = os.environ.get("LEARNHUB_TEST_SERVER")
    if forced not in (None, "", "container", "private"):
        raise UsageError(f"LEARNHUB_TEST_SERVER is {forced}", "", "known: container, private")
    if forced == "private":
        return _private([], number)
    try:
        return _container()
    except NoContainer as error:
        if forced:
            raise
        return _private([f"no container: {error}"], number)


class NoContainer(LearnHubError):
    """Why there is no container; the next choice is the private server."""


def _container() -> Server:
    import docker
    from testcontainers.community.mysql import MySqlContainer

    try:
        docker.from_env().ping()
    except Exception as error:  # docker's, requests' or urllib3's, as the engine is absent
        raise NoContainer("no Docker engine answers", "", "start one, or let the private server serve") from error
    image = os.environ.get("LEARNHUB_MYSQL_IMAGE") or IMAGE
    password = secrets.token_hex(12)  # no other word: tests look for it in what is printed
    container = MySqlContainer(image, username="root", password=password).with_command(OPTIONS)
    container.with_tmpfs_mount("/var/lib/mysql")
    try:
        container.start()
        target = Target(
            container.get_container_host_ip(), int(container.get_exposed_port(3306)), "root", password, "mysql"
        )
    except Exception as error:  # of the engine, the registry or the image: the session can do without
        container.stop()
        words = str(getattr(error, "explanation", None) or error).strip().splitlines() or [type(error).__name__]
        raise NoContainer(f"{image} does not start ({words[0]})", "", "set LEARNHUB_MYSQL_IMAGE to another") from error
    return Server(target, [f"server: {target}, a container of {image}"], container.stop)


def _private(remarks: list[str], number: int) -> Server:
    """A fresh private server, shared by all sessions that run at the same time; the last one ends it."""
    directory = _home() / f"test-server-{number}"
    directory.parent.mkdir(mode=0o700, exist_ok=True)
    gate = directory.with_suffix(".gate")
    users = os.open(directory.with_suffix(".users"), os.O_CREAT | os.O_RDWR, 0o600)
    with locked(gate):
        if _alone(users):
            _remove(directory)
        fcntl.flock(users, fcntl.LOCK_SH)
        target = start(directory, "mysql")

    def close() -> None:
        with locked(gate):
            if _alone(users):
                _remove(directory)
        os.close(users)

    return Server(target, [*remarks, f"server: {target}, private, in {directory}"], close)


@contextmanager
def own_server(*options: str, database: str = "learnhub") -> Iterator[Target]:
    """A private server that nobody else has, with `options` that beat those it is started with; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="own-server-", dir=IN_MEMORY if _home().parent == IN_MEMORY else None))
    directory = folder / "server"
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("LEARNHUB_MYSQLD", str(_mysqld(folder, options)))
            target = start(directory, database)
        yield target
    finally:
        stop(directory)
        shutil.rmtree(folder, ignore_errors=True)


def _mysqld(folder: Path, options: Sequence[str]) -> Path:
    """A program that runs this machine's mysqld with `options` behind all others."""
    return _script(
        folder / "mysqld",
        '[ "$1" = --no-defaults ] && shift',
        f'exec {shlex.join(server_command())} "$@" {shlex.join(options)}',
    )


def client_programs(folder: Path) -> Path:
    """A folder for PATH: mysql, mysqldump and mysqlbinlog of this machine. Skips the test where it lacks one."""
    command = client_command()
    place = next(place for place, word in enumerate(command) if Path(word).name == "mysql")
    for name in ("mysql", "mysqldump", "mysqlbinlog"):
        program = Path(command[place]).with_name(name)
        if not program.exists():
            pytest.skip(f"there is no {name} beside {command[place]}: install the distribution's MySQL client")
        words = [*command[:place], str(program), *command[place + 1 :]]
        _script(folder / name, f'exec {shlex.join(words)} "$@"')
    return folder


def _script(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines, ""]), encoding="utf-8")
    path.chmod(0o700)
    return path


def _remove(directory: Path) -> None:
    stop(directory)
    shutil.rmtree(directory, ignore_errors=True)


def _alone(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
