"""A private MySQL server's life: start, stop, status."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from pymysql.constants import ER

from learnhub_db.database import Target, connect, identifier
from learnhub_db.errors import CannotConnect, NoServer, UsageError
from learnhub_db.server.home import Home
from learnhub_db.server.programs import server_command
from learnhub_db.server.say import Say, silently

HOST = "127.0.0.1"
READY_SECONDS = 300  # crash recovery of a large database takes its time
STOP_SECONDS = 120
FULL_BELOW_BYTES = 16 << 20

ACCOUNTS = """\
ALTER USER root@localhost IDENTIFIED BY '{password}';
CREATE USER IF NOT EXISTS root@'127.0.0.1';
ALTER USER root@'127.0.0.1' IDENTIFIED BY '{password}';
GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;
"""


@dataclass(frozen=True)
class Status:
    running: bool
    directory: Path
    target: Target | None = None
    version: str | None = None


def start(directory: Path, database: str, port: int | None = None, say: Say = silently) -> Target:
    """A running server in `directory` with `database` in it; safe to repeat, also at the same time.

    Returns its administrator. The port is the given one, else that of the last start, else a free one.
    """
    home = Home(directory.resolve())
    with home.alone():
        if home.in_use():
            target = _running(home, port)
            say(f"already running on {HOST}:{target.port}")
        else:
            target = _start(home, port, say)
        target = target.named(database)
        _create_database(target)
        if target != home.target():
            home.remember(target)
    return target


def stop(directory: Path) -> bool:
    """Ends the server of `directory` and waits until it is gone; False if none was running."""
    home = Home(directory.resolve())
    if not home.in_use():
        return False
    with home.alone():
        if home.in_use():
            with connect(_running(home).named("mysql")) as connection, connection.cursor() as cursor:
                cursor.execute("SHUTDOWN")
            _wait(lambda: not home.in_use() and not home.pid_file.exists(), STOP_SECONDS, home)
    return True


def status(directory: Path) -> Status:
    """Whether a server runs in `directory`, where it listens and its version; reads only."""
    home = Home(directory.resolve())
    if not home.in_use():
        return Status(running=False, directory=home.path)
    target = _running(home)
    with connect(target.named("mysql")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        return Status(True, home.path, target, cursor.fetchone()[0])


def _running(home: Home, port: int | None = None) -> Target:
    """The administrator of the server that uses `home`, once it answers."""
    target = home.target()
    if target is None:
        what = "a server uses the directory but its file `url` is gone"
        raise NoServer(what, str(home.path), f"end mysqld {_pid(home)}")
    if port not in (None, target.port):
        what = f"the server already runs on port {target.port}"
        raise UsageError(what, str(home.path), "stop it first, or leave out --port")
    _wait(lambda: _answers(target) or not home.in_use(), READY_SECONDS, home)
    return target


def _start(home: Home, port: int | None, say: Say) -> Target:
    port = _port(home, port, say)
    if _is_full(home):
        raise _full_disk(home)
    command = server_command(say) + _common_options()
    if not home.data.exists():
        say(f"initialising {home.data}")
        _initialise(home, command)
    before = home.target()
    target = Target(HOST, port, "root", before.password if before else secrets.token_urlsafe(24), "mysql")
    home.remember(target)
    say(f"starting mysqld on {HOST}:{port}")
    _launch(home, command, target)
    return target


def _port(home: Home, wanted: int | None, say: Say) -> int:
    if wanted:
        if not _is_free(wanted):
            raise UsageError(f"port {wanted} is taken", HOST, "give another --port, or none to have a free one chosen")
        return wanted
    last = home.target()
    if last and _is_free(last.port):
        return last.port
    if last:
        say(f"port {last.port} of the last start is taken: choosing another", err=True)
    with socket.create_server((HOST, 0)) as any_free:
        return int(any_free.getsockname()[1])


def _is_free(port: int) -> bool:
    try:
        socket.create_server((HOST, port)).close()
    except OSError:
        return False
    return True


def _common_options() -> list[str]:
    options = ["--secure-file-priv=", "--loose-mysqlx=OFF"]
    return [*options, "--user=root"] if os.geteuid() == 0 else options


def _initialise(home: Home, command: list[str]) -> None:
    """Fills the data directory under another name first: it is there complete or not at all."""
    for left_behind in home.path.glob("initialising-*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    fresh = Path(tempfile.mkdtemp(prefix="initialising-", dir=home.path))
    try:
        process = _mysqld(home, [*command, "--initialize-insecure", f"--datadir={fresh}"])
        if process.wait():
            raise _failure(home)
        fresh.rename(home.data)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _launch(home: Home, command: list[str], target: Target) -> None:
    """Starts mysqld for good; the accounts get their password before it takes the first connection.

    The socket's path is relative to the data directory, for a longer one than 107 bytes is refused.
    """
    for left_behind in ("mysqld.sock", "mysqld.sock.lock", "mysqld.pid"):
        (home.data / left_behind).unlink(missing_ok=True)
    accounts = home.write("accounts.sql", ACCOUNTS.format(password=target.password))
    options = [
        f"--datadir={home.data}",
        f"--bind-address={HOST}",
        f"--port={target.port}",
        "--socket=mysqld.sock",
        "--pid-file=mysqld.pid",
        "--max-connections=500",
        "--log-bin-trust-function-creators=1",
        "--event-scheduler=ON",
        f"--init-file={accounts}",
    ]
    try:
        process = _mysqld(home, [*command, *options])
        _wait(lambda: process.poll() is not None or _answers(target), READY_SECONDS, home)
        if process.returncode is not None:
            raise _failure(home)
    finally:
        accounts.unlink()


def _mysqld(home: Home, command: list[str]) -> subprocess.Popen[bytes]:
    """mysqld as a process of its own session, with a fresh log, holding nothing of ours open."""
    with open(os.open(home.log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as log:
        return subprocess.Popen(
            [*command, f"--log-error={home.log}"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            umask=0o077,
        )


def _wait(done: Callable[[], bool], seconds: int, home: Home) -> None:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            hint = f"see the log, or end mysqld {_pid(home)}"
            raise NoServer(f"mysqld is silent for {seconds} s", str(home.log), hint)
        time.sleep(0.05)


def _answers(target: Target) -> bool:
    try:
        connect(target.named("mysql")).close()
    except CannotConnect as error:
        if error.__cause__ and error.__cause__.args[0] == ER.ACCESS_DENIED_ERROR:
            raise
        return False
    return True


def _pid(home: Home) -> str:
    return f"(pid {home.pid_file.read_text().strip()})" if home.pid_file.exists() else "by hand"


def _failure(home: Home) -> NoServer:
    """Why mysqld ended, from its log."""
    log = home.log.read_text(errors="replace")
    if "number 28" in log or "No space left" in log or _is_full(home):
        return _full_disk(home)
    words = re.findall(r"\[ERROR\] \S+ \S+ (.*)", log) or log.splitlines()[-1:] or ["without a word"]
    return NoServer(f"mysqld stopped: {words[0].strip()}", str(home.log), "see the log, then start it again")


def _is_full(home: Home) -> bool:
    return shutil.disk_usage(home.path).free < FULL_BELOW_BYTES


def _full_disk(home: Home) -> NoServer:
    return NoServer("the disk is full", str(home.path), "free 300 MB there, or give another --dir")


def _create_database(target: Target) -> None:
    """Makes the target's database unless it is there; writes nothing then."""
    with connect(target, select_database=False) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (target.database,))
        if not cursor.fetchone():
            name = identifier(target.database)
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {name} CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci")
