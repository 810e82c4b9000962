"""The private server: learnhub-db server start, stop, status, url, on real mysqld processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from learnhub_db.database import Target, connect
from learnhub_db.server import client_command, private_url
from learnhub_db.server.home import Home


def learnhub_db(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Returns only when nobody holds the command's stdout and stderr any more, mysqld included."""
    return subprocess.run(
        [sys.executable, "-m", "learnhub_db", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, **environment},
    )


def started(home: Path, *options: object) -> Target:
    done = learnhub_db("server", "start", "--dir", home, *options)
    assert done.returncode == 0, done.stderr
    return Target.parse(done.stdout.splitlines()[-1])


def ask(target: Target, statement: str) -> tuple:
    with connect(target) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchone()


def pid_of(home: Path) -> int:
    return int(Home(home).pid_file.read_text())


def kill_minus_nine(home: Path) -> None:
    os.kill(pid_of(home), signal.SIGKILL)
    while Home(home).in_use():
        time.sleep(0.02)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A private server's directory, its path with a space and longer than a socket's may be."""
    path = tmp_path_factory.mktemp("a server") / ("long" * 30)
    started(path)
    yield path
    learnhub_db("server", "stop", "--dir", path)


def test_starting_twice_finds_the_same_server(home: Path) -> None:
    first, second = started(home), started(home)
    assert first == second
    assert (first.host, first.user, first.database) == ("127.0.0.1", "root", "learnhub")


def test_url_prints_only_the_url_and_status_one_line(home: Path) -> None:
    target = started(home)
    assert learnhub_db("server", "url", "--dir", home).stdout == f"{target.url}\n"
    line = learnhub_db("server", "status", "--dir", home).stdout
    assert line.startswith("running: MySQL ") and line.endswith(f" on 127.0.0.1:{target.port}, directory {home}\n")
    document = json.loads(learnhub_db("--json", "server", "status", "--dir", home).stdout)
    assert (document["running"], document["address"]) == (True, f"127.0.0.1:{target.port}")
    assert target.password not in line


def test_its_account_makes_databases_and_accounts_and_grants_any_right(home: Path) -> None:
    target = started(home)
    with connect(target) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE another")
        cursor.execute("CREATE USER clerk@localhost IDENTIFIED BY 'x'")
        cursor.execute("GRANT ALL ON *.* TO clerk@localhost WITH GRANT OPTION")
        cursor.execute("DROP USER clerk@localhost")
        cursor.execute("DROP DATABASE another")
    assert ask(target, "SELECT CURRENT_USER()") == ("root@127.0.0.1",)


def test_it_is_durable_and_takes_five_hundred_connections_of_this_machine_only(home: Path) -> None:
    settings = ask(
        started(home),
        "SELECT @@max_connections, @@log_bin_trust_function_creators, @@event_scheduler, @@bind_address,"
        " @@log_bin, @@sync_binlog, @@innodb_flush_log_at_trx_commit, @@innodb_doublewrite,"
        " (SELECT COUNT(*) FROM performance_schema.global_variables WHERE VARIABLE_NAME = 'mysqlx_port')",
    )
    assert settings == (500, 1, "ON", "127.0.0.1", 1, 1, 1, "ON", 0)


def test_it_finds_its_plugins(home: Path) -> None:
    (plugins,) = ask(started(home), "SELECT @@plugin_dir")
    assert list(Path(plugins).glob("mysql_clone.so"))


def test_nobody_else_can_read_its_directory_and_no_command_line_holds_its_password(home: Path) -> None:
    target = started(home)
    assert oct(home.stat().st_mode & 0o777) == "0o700"
    assert oct(home.joinpath("data").stat().st_mode & 0o777) == "0o700"
    assert {file.name: oct(file.stat().st_mode & 0o777) for file in home.iterdir() if file.is_file()} == {
        "lock": "0o600",
        "mysqld.log": "0o600",
        "url": "0o600",
    }
    assert target.password not in home.joinpath("mysqld.log").read_text()
    command_line = Path(f"/proc/{pid_of(home)}/cmdline")
    if command_line.exists():
        assert b"mysqld" in command_line.read_bytes()
        assert target.password.encode() not in command_line.read_bytes()


def test_the_database_is_the_one_the_project_names(home: Path, tmp_path: Path) -> None:
    tmp_path.joinpath("learnhub-db.toml").write_text('database = "my-school"\n')
    done = learnhub_db("--project", tmp_path, "server", "start", "--dir", home)
    target = Target.parse(done.stdout.splitlines()[-1])
    assert target.database == "my-school"
    assert ask(target, "SELECT @@character_set_database, @@collation_database") == ("utf8mb4", "utf8mb4_0900_ai_ci")


def test_the_stock_client_reaches_it(home: Path) -> None:
    target = started(home)
    login = [f"--host={target.host}", f"--port={target.port}", f"--user={target.user}"]
    done = subprocess.run(
        [*client_command(), *login, "--batch", "--skip-column-names", "--execute=SELECT 6 * 7"],
        capture_output=True,
        text=True,
        env={**os.environ, "MYSQL_PWD": target.password},
    )
    assert (done.stdout, done.returncode) == ("42\n", 0), done.stderr


def test_after_kill_minus_nine_the_next_start_recovers_what_was_committed(home: Path) -> None:
    target = started(home)
    with connect(target) as connection, connection.cursor() as cursor:
        cursor.execute("CREATE TABLE kept (id INT PRIMARY KEY)")
        cursor.execute("INSERT INTO kept VALUES (7)")
    kill_minus_nine(home)
    assert learnhub_db("server", "status", "--dir", home).stdout == f"not running, directory {home}\n"
    assert started(home) == target
    assert ask(target, "SELECT id FROM kept") == (7,)


def test_a_stale_pid_that_now_belongs_to_another_process_is_no_obstacle(home: Path) -> None:
    kill_minus_nine(home)
    for name in ("mysqld.pid", "mysqld.sock.lock"):
        home.joinpath("data", name).write_text(f"{os.getpid()}\n")
    assert learnhub_db("server", "stop", "--dir", home).stdout == "not running\n"
    assert pid_of(home) == os.getpid()
    assert ask(started(home), "SELECT 1") == (1,)
    assert pid_of(home) != os.getpid()


def test_stop_waits_until_the_server_is_gone_and_may_be_repeated(home: Path) -> None:
    target = started(home)
    first, second = (learnhub_db("server", "stop", "--dir", home) for _ in range(2))
    assert (first.stdout, second.stdout, second.returncode) == ("stopped\n", "not running\n", 0)
    assert not Home(home).pid_file.exists()
    socket.create_server(("127.0.0.1", target.port)).close()
    refused = learnhub_db("server", "url", "--dir", home)
    assert (refused.stdout, refused.returncode) == ("", 4)
    assert refused.stderr == f"error: no private server runs ({home})\nhint: start it: learnhub-db server start\n"


def test_it_keeps_its_port_and_a_taken_one_is_told_or_replaced(home: Path) -> None:
    target = started(home)
    learnhub_db("server", "stop", "--dir", home)
    assert started(home).port == target.port
    learnhub_db("server", "stop", "--dir", home)
    with socket.create_server(("127.0.0.1", target.port)):
        refused = learnhub_db("server", "start", "--dir", home, "--port", target.port)
        assert refused.returncode == 2
        assert refused.stderr.startswith(f"error: port {target.port} is taken (127.0.0.1)\nhint: give another --port")
        moved = started(home)
    assert moved.port != target.port
    refused = learnhub_db("server", "start", "--dir", home, "--port", target.port)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 2)
    assert f"the server already runs on port {moved.port}" in refused.stderr


def test_a_lost_url_file_is_told_while_it_runs_and_made_again_by_the_next_start(home: Path) -> None:
    target = started(home)
    home.joinpath("url").unlink()
    told = learnhub_db("server", "status", "--dir", home)
    assert told.returncode == 4
    assert f"its file `url` is gone ({home})\nhint: end mysqld (pid {pid_of(home)})" in told.stderr
    kill_minus_nine(home)
    again = started(home)
    assert again.password != target.password
    assert ask(again, "SELECT 1") == (1,)


def test_two_starts_at_once_over_a_half_initialised_directory_make_one_server(tmp_path: Path) -> None:
    home = tmp_path / ".learnhub" / "server"
    half = home / "initialising-killed"
    half.mkdir(parents=True)
    half.joinpath("ibdata1").write_bytes(b"half")
    home.joinpath("lock").touch()
    command = [sys.executable, "-m", "learnhub_db", "--project", str(tmp_path), "server", "start"]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    urls = {start.communicate(timeout=300)[0].splitlines()[-1] for start in starts}
    try:
        assert urls == {private_url(tmp_path)}
        assert not half.exists()
    finally:
        learnhub_db("--project", tmp_path, "server", "stop")
    assert private_url(tmp_path) is None


def test_a_directory_with_other_files_is_left_alone(tmp_path: Path) -> None:
    tmp_path.joinpath("thesis.txt").write_text("mine")
    mode = tmp_path.stat().st_mode
    refused = learnhub_db("server", "start", "--dir", tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == f"error: the directory holds other files ({tmp_path})\nhint: give an empty or a new --dir\n"
    assert ([file.name for file in tmp_path.iterdir()], tmp_path.stat().st_mode) == (["thesis.txt"], mode)


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    if not shutil.which("mount"):
        pytest.skip("a full disk needs a small file system, and there is no mount here")
    disk = tmp_path / "tiny"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", disk], capture_output=True, text=True)
    if mount.returncode:
        pytest.skip(f"a full disk needs a small file system, and mount says: {mount.stderr.strip()}")
    yield disk
    subprocess.run(["umount", disk], check=True)


def test_a_full_disk_is_told_in_one_line_and_nothing_half_stays(tiny_disk: Path) -> None:
    home = tiny_disk / "server"
    refused = learnhub_db("server", "start", "--dir", home)
    assert refused.returncode == 4
    assert refused.stderr == f"error: the disk is full ({home})\nhint: free 300 MB there, or give another --dir\n"
    assert [path.name for path in home.iterdir() if path.is_dir()] == []
    assert subprocess.run(["dd", "if=/dev/zero", f"of={tiny_disk / 'fill'}", "bs=1M"], capture_output=True).returncode
    refused = learnhub_db("server", "start", "--dir", home)
    assert refused.returncode == 4
    assert refused.stderr == f"error: the disk is full ({home})\nhint: free 300 MB there, or give another --dir\n"
