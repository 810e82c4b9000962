"""What callers and writers see while programs are replaced: python tests/measure_replacing.py URL.

Works in a database and with an account of its own, dropped at the end. The figures of docs/replacing.md are from here.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
from pymysql.connections import Connection

import small_project
from learnhub_db import deployment
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project

TIMES = 200
SELL = "procedures/sales/sell.sql"
AUDIT = "triggers/audit_sale.sql"


@dataclass
class Seen:
    """What some connections saw: statements done, errors by number, seconds that each retry took to succeed."""

    done: int = 0
    errors: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        if not self.waits:
            return f"{self.done} done, no error"
        errors = ", ".join(f"{number} x {error}" for error, number in sorted(self.errors.items()))
        waits = sorted(1000 * wait for wait in self.waits)
        return (
            f"{self.done} done, {len(waits)} of them after retries ({errors}), "
            f"which took {waits[len(waits) // 2]:.0f} ms (median), {waits[-1]:.0f} ms (longest)"
        )


@contextmanager
def busy(target: Target, statement: str) -> Iterator[Seen]:
    """Run the statement over and over on four connections, and again after a millisecond where it fails."""
    over, seen = threading.Event(), Seen()

    def work() -> None:
        with connect(target) as connection:
            while not over.is_set():
                wait = _run(connection, statement, seen.errors)
                seen.done += 1
                if wait:
                    seen.waits.append(wait)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    yield seen
    over.set()
    for thread in threads:
        thread.join()


def _run(connection: Connection, statement: str, errors: Counter[int]) -> float:
    """The seconds from the first failure to the success; 0 where there was no failure."""
    failed = 0.0
    while True:
        try:
            rows(connection, statement)
            return time.monotonic() - failed if failed else 0.0
        except pymysql.Error as error:
            errors[error.args[0]] += 1
            failed = failed or time.monotonic()
            time.sleep(0.001)


def replacing(root: Path, target: Target, path: str, change: Callable[[int], tuple[str, str]]) -> float:
    started = time.monotonic()
    for number in range(TIMES):
        small_project.change(root, path, *change(number))
        assert deployment.apply(Project(root), target)
    return time.monotonic() - started


def callers(connection: Connection, root: Path, target: Target, account: Target) -> None:
    def body(number: int) -> tuple[str, str]:
        return "BEGIN", f"BEGIN /* {number % 10} */"

    def comment(number: int) -> tuple[str, str]:
        return f"product{'.' * number}'", f"product{'.' * (number + 1)}'"

    for rights in ("routine", "database"):
        with busy(account, "CALL sell(1, 1)") as seen:
            seconds = replacing(root, target, SELL, body)
        print(f"procedure, its body; callers with EXECUTE on the {rights}: {TIMES} in {seconds:.1f} s; {seen}")
        rows(connection, f"GRANT EXECUTE ON {target.database}.* TO {account.user}@'%'")
    with busy(account, "CALL sell(1, 1)") as seen:
        seconds = replacing(root, target, SELL, comment)
    print(f"procedure, its comment: {TIMES} in {seconds:.1f} s; {seen}")
    for table in ("sales", "audit"):
        rows(connection, f"TRUNCATE {target.database}.{table}")
    with busy(target, "INSERT INTO sales (product_id, sold) VALUES (1, 1)") as seen:
        seconds = replacing(root, target, AUDIT, body)
    count = f"SELECT COUNT(*) FROM {target.database}"
    ((missed,),) = rows(connection, f"SELECT ({count}.sales) - ({count}.audit)")
    print(f"trigger: {TIMES} in {seconds:.1f} s; {seen}; without the trigger: {missed}")


def unchanged(root: Path, target: Target) -> None:
    for number in range(2000):
        text = f"CREATE PROCEDURE p{number}(IN p_id INT)\nBEGIN\n    SELECT p_id, {number};\nEND"
        small_project.write(root, {f"procedures/p{number}.sql": f"DELIMITER $$\n{text}$$\n"})
    started = time.monotonic()
    deployment.apply(Project(root), target)
    first, seconds = time.monotonic() - started, []
    for _ in range(5):
        started = time.monotonic()
        assert deployment.apply(Project(root), target) == []
        seconds.append(time.monotonic() - started)
    print(f"2000 procedures: created in {first:.1f} s, unchanged in {sorted(seconds)[2]:.2f} s (median of 5)")


def main(url: str) -> None:
    name = f"measure_{secrets.token_hex(4)}"
    server = Target.parse(url)
    target = server.named(name)
    account = Target(server.host, server.port, name, "secret", name)
    with connect(server, select_database=False) as connection, tempfile.TemporaryDirectory() as folder:
        rows(connection, f"CREATE DATABASE {name}")
        rows(connection, f"CREATE USER {name}@'%' IDENTIFIED BY 'secret'")
        try:
            root = small_project.write(Path(folder))
            deployment.apply(Project(root), target)
            rows(connection, f"GRANT EXECUTE ON PROCEDURE {name}.sell TO {name}@'%'")
            callers(connection, root, target, account)
            unchanged(root, target)
        finally:
            rows(connection, f"DROP USER {name}@'%'")
            rows(connection, f"DROP DATABASE {name}")


if __name__ == "__main__":
    main(sys.argv[1])
