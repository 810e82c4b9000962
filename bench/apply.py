"""How long `apply` takes beside the stock mysql client and yoyo: make bench, or python bench/apply.py URL.

Every pair runs in turn on the same server, on a database of its own that is dropped at the end; the figures go to
docs/benchmarks.md. No test of the suite depends on a time.
"""

from __future__ import annotations

import compileall
import os
import platform
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from report import put, times

from learnhub_db import deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from learnhub_db.server import client_command

ROUNDS = 9
MIGRATIONS = 100
PROCEDURES = 2000
SETTINGS = ("innodb_flush_log_at_trx_commit", "sync_binlog", "log_bin", "innodb_buffer_pool_size")
TABLE = """CREATE TABLE reading_{number} (
    id         INT UNSIGNED NOT NULL AUTO_INCREMENT,
    student_id INT UNSIGNED NOT NULL,
    read_at    DATETIME     NOT NULL,
    note       VARCHAR(200) NULL,
    PRIMARY KEY (id)
);
CREATE INDEX by_student ON reading_{number} (student_id, read_at);
"""
PROCEDURE = """DELIMITER $$
CREATE PROCEDURE tell_{number}(IN p_a INT, OUT p_b INT)
    COMMENT 'number {number}' SQL SECURITY INVOKER DETERMINISTIC NO SQL
BEGIN
    DECLARE v_turns INT DEFAULT 0;
    REPEAT SET v_turns = v_turns + 1; UNTIL v_turns >= p_a END REPEAT;
    SET p_b = v_turns + {number};
END$$
"""
LEAST = """
import sys, pymysql, click
from urllib.parse import unquote, urlsplit
at = urlsplit(sys.argv[1])
connection = pymysql.connect(host=at.hostname, port=at.port, user=at.username, password=unquote(at.password or ""))
with connection.cursor() as cursor:
    cursor.execute("SELECT 1")
"""


@dataclass
class Side:
    """One program of a comparison, its `seconds` of each round."""

    name: str
    run: Callable[[Target], object]
    seconds: list[float] = field(default_factory=list)

    def times(self, other: Side) -> float:
        """How many times as long as `other`."""
        return times(self.seconds, other.seconds)

    def __str__(self) -> str:
        low, high = min(self.seconds), max(self.seconds)
        return f"| {self.name} | {median(self.seconds):.2f} s | {low:.2f} to {high:.2f} s |"


@dataclass(frozen=True)
class Bench:
    """Runs the sides of a comparison in turn, on the server of `administrator`."""

    administrator: Target

    @contextmanager
    def database(self) -> Iterator[Target]:
        target = self.administrator.named(f"learnhub_bench_{secrets.token_hex(4)}")
        with connect(self.administrator, select_database=False) as connection:
            rows(connection, f"CREATE DATABASE {target.database}")
            try:
                yield target
            finally:
                rows(connection, f"DROP DATABASE {target.database}")

    def on_new_databases(self, *sides: Side) -> None:
        for side in self._in_turn(sides):
            with self.database() as target:
                self._time(side, target)

    def on_one_database(self, target: Target, *sides: Side) -> None:
        for side in self._in_turn(sides):
            self._time(side, target)

    def _in_turn(self, sides: tuple[Side, ...]) -> Iterator[Side]:
        for _ in range(ROUNDS):
            yield from sides

    def _time(self, side: Side, target: Target) -> None:
        begun = time.perf_counter()
        side.run(target)
        side.seconds.append(time.perf_counter() - begun)


def main(url: str) -> None:
    """Measure, print and write docs/benchmarks.md."""
    compileall.compile_dir(Path(deployment.__file__).parent, quiet=2)  # as pip has done with the others' modules
    bench = Bench(Target.parse(url).named("mysql"))
    with tempfile.TemporaryDirectory() as folder:
        report = "\n".join([_head(bench), _migrations(bench, Path(folder)), _standing(bench, Path(folder))])
    print(report)
    put("apply", report)


def _migrations(bench: Bench, folder: Path) -> str:
    """Files that are pending: ours, the stock client with all of them on its standard input, yoyo's own command."""
    root = _project(folder / "new", "sql/migrations/{number:04}-reading.sql", TABLE, MIGRATIONS)
    files = sorted((root / "sql/migrations").glob("*.sql"))
    script = folder / "all.sql"
    script.write_text("".join(file.read_text() for file in files))
    ours = Side("`learnhub-db apply`", lambda target: _apply(target, root))
    program = client_command()
    client = Side("`mysql`, all files on its standard input", lambda target: _client(target, script, program))
    yoyo = Side(f"`yoyo apply` {version('yoyo-migrations')}", lambda target: _yoyo(target, root))
    bench.on_new_databases(client, ours, yoyo)
    return _table(
        f"{MIGRATIONS} new migrations, a `CREATE TABLE` and a `CREATE INDEX` each",
        [client, ours, yoyo],
        f"`apply` takes {ours.times(client):.2f} times as long as the client, which keeps no journal, no checksums\n"
        f"and no lock; yoyo takes {yoyo.times(ours):.1f} times as long as `apply`.",
    )


def _standing(bench: Bench, folder: Path) -> str:
    """Nothing pending: the start of a program, and the comparison with what is deployed."""
    new, many = folder / "new", _project(folder / "many", "procedures/tell_{number}.sql", PROCEDURE, PROCEDURES)
    least = Side("`import pymysql, click`, connect, `SELECT 1`", _least)
    ours = Side("`learnhub-db apply`", lambda target: _apply(target, new))
    with bench.database() as target:
        deployment.apply(Project(new), target)
        bench.on_one_database(target, least, ours)
        sent = _queries(target, new)
    procedures = Side("`learnhub-db apply`", lambda target: _apply(target, many))
    with bench.database() as target:
        deployment.apply(Project(many), target)
        bench.on_one_database(target, procedures)
    told = f"{ours.times(least):.1f} times as long, {sent} queries."
    return (
        _table(f"{MIGRATIONS} migrations, none pending", [least, ours], told)
        + "\n"
        + _table(f"{PROCEDURES} procedures, none of them changed", [procedures], "")
    )


def _project(root: Path, name: str, text: str, count: int) -> Path:
    for number in range(1, count + 1):
        path = root / name.format(number=number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(number=number))
    return root


def _apply(target: Target, root: Path) -> None:
    _run(sys.executable, "-m", "learnhub_db", "--url", target.url, "--project", str(root), "apply")


def _yoyo(target: Target, root: Path) -> None:
    words = ("apply", "--batch", "--no-config-file", "--database", target.url, str(root / "sql/migrations"))
    _run(str(Path(sys.executable).with_name("yoyo")), *words)


def _least(target: Target) -> None:
    _run(sys.executable, "-c", LEAST, target.url)


def _client(target: Target, script: Path, program: list[str]) -> None:
    login = [f"--host={target.host}", f"--port={target.port}", f"--user={target.user}", "--protocol=tcp"]
    environment = os.environ | {"MYSQL_PWD": target.password}
    with script.open("rb") as text:
        subprocess.run([*program, *login, target.database], stdin=text, env=environment, check=True)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, capture_output=True)


def _queries(target: Target, root: Path) -> int:
    """How many queries an apply sends, by the server's count: nobody else may use the server meanwhile."""
    count = "SHOW GLOBAL STATUS LIKE 'Questions'"
    with connect(target) as connection:
        before = int(rows(connection, count)[0][1])
        _apply(target, root)
        return int(rows(connection, count)[0][1]) - before - 1


def _head(bench: Bench) -> str:
    with connect(bench.administrator) as connection:
        ((mysql,),) = rows(connection, "SELECT VERSION()")
        settings = [f"`{name}` {rows(connection, f'SELECT @@{name}')[0][0]}" for name in SETTINGS]
    drivers = f"PyMySQL {version('pymysql')}, yoyo {version('yoyo-migrations')}"
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"""## How long `apply` takes

Written on {datetime.now(UTC):%Y-%m-%d}. Each figure is the median of {ROUNDS} runs of a program, from
its start to its end, with the range beside it; a ratio is the median of the rounds' own. The sides of a table ran in
turn, on one server.

- Machine: {os.cpu_count()} cores, {platform.machine()}, {platform.system()}; load {load} when it began.
- Versions: MySQL {mysql}, Python {platform.python_version()}, {drivers}.
- Settings: {", ".join(settings)}.
"""


def _table(title: str, sides: list[Side], told: str) -> str:
    lines = [f"### {title}", "", "| | median | range |", "|---|---|---|", *map(str, sides), "", told]
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    main(sys.argv[1])
