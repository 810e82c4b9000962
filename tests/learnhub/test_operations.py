"""What docs/operations.md tells to do with two servers, done: its scripts, on a primary and a second server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from command_line import runner
from learnhub_db import deployment, drift
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from school import School
from servers import client_programs, own_server

ROOT = Path(__file__).parent.parent.parent
SCRIPTS = ROOT / "examples/operations"
GUIDE = ROOT / "docs/operations.md"
PROJECT = Project(ROOT)
OPTIONS = ("--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--event-scheduler=OFF", "--log-bin=binlog")
ROLES = "learnhub_app, learnhub_instructor, learnhub_readonly, learnhub_jobs, learnhub_migrator"


@dataclass(frozen=True)
class Shell:
    """Runs what the guide shows, in `folder`, with the client's programs on its PATH."""

    folder: Path
    programs: Path

    def run(self, command: str, server: Target, words: Sequence[object] = (), **environment: str) -> str:
        """What it prints. `$server` in it are the options that name the server, $1 and so on the `words`."""
        options = f"--host={server.host} --port={server.port} --user={server.user}"
        done = subprocess.run(
            ["sh", "-euc", command.replace("$server", options), "sh", *map(str, words)],
            cwd=self.folder,
            env={
                **os.environ,
                "PATH": f"{self.programs}:{os.environ['PATH']}",
                "MYSQL_PWD": server.password,
                **environment,
            },
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def script(self, name: str, server: Target, *words: object) -> str:
        """One of the project's scripts, run where its files are."""
        return self.run(f'cd {ROOT} && sh {SCRIPTS / name} "$@" $server', server, words)

    def checksums(self, server: Target) -> list[str]:
        ask = "mysql $server -N learnhub"
        return self.run(f"{ask} < {SCRIPTS / 'checksums.sql'} | {ask}", server).splitlines()


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(tmp_path_factory.mktemp("backups"), client_programs(tmp_path_factory.mktemp("bin")))


@pytest.fixture(scope="module")
def primary(shell: Shell) -> Iterator[School]:
    """A server with LearnHub on it, and a backup of it in backup.sql."""
    with own_server(*OPTIONS, "--server-id=1") as target:
        deployment.apply(PROJECT, target)
        school = School(target)
        school.run("CREATE USER replica IDENTIFIED BY 'replica'")
        school.run("GRANT REPLICATION SLAVE ON *.* TO replica")
        course = school.course("49.90", title="Lost and Found")
        for student in school.users(2):
            school.purchase(student, course)
            school.insert("reviews", student_id=student, course_id=course, rating=4, comment="good")
        shell.script("backup.sh", target, shell.folder / "backup.sql")
        yield school
        school.connection.close()


@pytest.fixture(scope="module")
def second_server(shell: Shell) -> Iterator[Target]:
    with own_server(*OPTIONS, "--server-id=2") as target:
        yield target


@pytest.fixture
def restored(second_server: Target, primary: School, shell: Shell) -> Target:
    """The second server, emptied, with the backup on it."""
    restore(shell, second_server)
    return second_server


@pytest.fixture(scope="module")
def replica(second_server: Target, primary: School, shell: Shell) -> Target:
    """The second server, restored and read-only, following the primary."""
    restore(shell, second_server)
    source = primary.target
    for statement in (
        f"CHANGE REPLICATION SOURCE TO SOURCE_HOST = '{source.host}', SOURCE_PORT = {source.port},"
        " SOURCE_USER = 'replica', SOURCE_PASSWORD = 'replica', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1",
        "SET GLOBAL super_read_only = ON",
        "START REPLICA",
    ):
        ask(second_server, statement)
    assert caught_up(primary, second_server)
    return second_server


def restore(shell: Shell, server: Target) -> None:
    empty(server)
    shell.script("restore.sh", server, shell.folder / "backup.sql")


def empty(server: Target) -> None:
    with connect(server, select_database=False) as connection:
        for statement in (
            "STOP REPLICA",
            "RESET REPLICA ALL",
            "SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF",
            "DROP DATABASE IF EXISTS learnhub",
            "DROP USER IF EXISTS learnhub_owner@localhost",
            f"DROP ROLE IF EXISTS {ROLES}",
            "RESET BINARY LOGS AND GTIDS",
        ):
            rows(connection, statement)


def ask(server: Target, sql: str) -> list[tuple]:
    with connect(server) as connection:
        return rows(connection, sql)


def place_of(backup: Path) -> tuple[str, str]:
    """The file and the position of the binary log at which a backup was made, as its header tells them."""
    return re.search(r"^-- CHANGE .*_LOG_FILE='(.+)', .*_LOG_POS=(\d+);$", backup.read_text(), re.MULTILINE).groups()


def differences(server: Target) -> list[drift.Difference]:
    return drift.find(Contents.read(PROJECT), PROJECT.settings, server).differences


def test_a_backup_replaces_nothing(primary: School, shell: Shell, tmp_path: Path) -> None:
    there = tmp_path / "backup.sql"
    there.write_text("yesterday's")

    with pytest.raises(AssertionError, match="error: .*backup.sql is there already, name a new file"):
        shell.script("backup.sh", primary.target, there)

    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("backup.sql", "yesterday's")]


def test_the_server_answers_what_the_guide_asks_it(primary: School) -> None:
    blocks = re.findall(r"^```sql\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    questions = [text.strip() for block in blocks for text in block.split(";") if text.strip().startswith("SELECT")]

    assert len(questions) >= 4
    for question in questions:
        primary.run(question)


def test_a_mistake_is_undone_to_the_moment_before_it_and_the_rest_without_it(
    primary: School, restored: Target, shell: Shell, capsys: pytest.CaptureFixture[str]
) -> None:
    (course,) = primary.run("SELECT course_id FROM courses WHERE title = 'Lost and Found'")[0]
    assert primary.purchase(primary.user(), course, "ch_before")[1] == "SUCCESS"
    before = shell.checksums(primary.target)
    primary.run("DELETE FROM reviews")
    assert primary.purchase(primary.user(), course, "ch_after")[1] == "SUCCESS"
    log, backup = place_of(shell.folder / "backup.sql")
    primary.run("FLUSH BINARY LOGS")
    shell.run('mysqlbinlog $server --read-from-remote-server --raw "$1"', primary.target, [log])

    position, gtid, number, _ = shell.run(f'sh {SCRIPTS}/deleted.sh reviews "$1"', restored, [log]).split()
    replay = 'mysqlbinlog --start-position=$1 {} "$3" | mysql $server'
    shell.run(replay.format("--stop-position=$2"), restored, [backup, position, log])

    assert number == "2"
    assert ask(restored, f"SELECT GTID_SUBTRACT(@@GLOBAL.gtid_executed, '{gtid.split(':')[0]}:1-1000000')") == [("",)]
    assert shell.checksums(restored) == before

    shell.run(replay.format("--exclude-gtids=$2"), restored, [backup, gtid, log])

    assert ask(restored, "SELECT COUNT(*) FROM reviews") == [(2,)]
    assert ask(restored, "SELECT status FROM payments WHERE transaction_id = 'ch_after'") == [("completed",)]
    assert runner(restored, capsys, "--project", str(ROOT))("check-data").code == 0
    assert differences(restored) == []


def buy(shell: Shell, primary: School, replica: Target, transaction: str) -> list[str]:
    """What the example prints: where it read, and the courses of a student who has just bought one."""
    (course,) = primary.run("SELECT course_id FROM courses WHERE title = 'Lost and Found'")[0]
    words = [sys.executable, SCRIPTS / "own_writes.py", primary.user(), course, transaction]
    urls = {"LEARNHUB_DB_URL": primary.target.url, "LEARNHUB_REPLICA_URL": replica.url}
    return shell.run('"$@"', primary.target, words, **urls).splitlines()


def caught_up(primary: School, replica: Target) -> bool:
    (done,) = primary.run("SELECT @@GLOBAL.gtid_executed")[0]
    return ask(replica, f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{done}', 60)") == [(0,)]


def test_who_has_written_reads_it_from_a_replica_that_has_it_and_else_from_the_primary(
    primary: School, replica: Target, shell: Shell
) -> None:
    assert buy(shell, primary, replica, "ch_1") == ["replica", "Lost and Found"]

    ask(replica, "STOP REPLICA SQL_THREAD")

    assert buy(shell, primary, replica, "ch_2") == ["primary", "Lost and Found"]
    assert ask(replica, "SELECT COUNT(*) FROM payments WHERE transaction_id = 'ch_2'") == [(0,)]

    ask(replica, "START REPLICA SQL_THREAD")

    assert caught_up(primary, replica)
    assert shell.checksums(replica) == shell.checksums(primary.target)


@pytest.mark.parametrize("verb", ["apply", "verify", "plan", "jobs run --due", "call process_refund 1"])
def test_a_replica_refuses_what_writes_in_one_line(
    verb: str, replica: Target, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = runner(replica, capsys, "--project", str(ROOT))(*verb.split())

    assert ran.code == 3
    assert ran.err.startswith("error: 1290: ")
    assert "hint: the server is read-only: use the writable one" in ran.err.splitlines()


@pytest.mark.parametrize("verb", ["status", "check-data", "jobs list", "slow", "call check_enrollment_eligibility 1 1"])
def test_a_replica_answers_what_reads(verb: str, replica: Target, capsys: pytest.CaptureFixture[str]) -> None:
    assert runner(replica, capsys, "--project", str(ROOT))(*verb.split()).code == 0


def test_an_event_that_came_by_replication_is_off_on_a_promoted_replica_until_somebody_enables_it(
    primary: School, replica: Target
) -> None:
    event = "ALTER DEFINER = learnhub_owner@localhost EVENT fold_counters"
    primary.run(f"{event} ON SCHEDULE EVERY 1 SECOND STARTS '2025-01-01 00:00:00'")
    assert caught_up(primary, replica)
    for statement in ("STOP REPLICA", "RESET REPLICA ALL", "SET GLOBAL super_read_only = OFF, GLOBAL read_only = OFF"):
        ask(replica, statement)

    status = "SELECT status, definer FROM information_schema.events WHERE event_name = 'fold_counters'"
    assert ask(replica, status) == [("REPLICA_SIDE_DISABLED", "learnhub_owner@localhost")]
    assert [one.name for one in differences(replica)] == ["fold_counters"]

    ask(replica, f"{event} ENABLE")

    assert ask(replica, status) == [("ENABLED", "learnhub_owner@localhost")]
