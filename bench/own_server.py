"""The benchmark's own MySQL: on a real disk, durable, on demand with an fsync that takes a millisecond longer."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from learnhub_db import server
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import UsageError
from load import Caller

SLOW_FSYNC = Path(__file__).with_name("slow_fsync.c")
NEEDED = {"sysbench": "sysbench", "cc": "gcc libc6-dev"}
SETTINGS = {
    "innodb_flush_log_at_trx_commit": 1,
    "sync_binlog": 1,
    "innodb_buffer_pool_size": 1 << 30,
    "innodb_redo_log_capacity": 2 << 30,
}


def check_programs() -> None:
    """UsageError with the packages to install unless everything is there that the benchmark runs."""
    missing = [packages for program, packages in NEEDED.items() if not shutil.which(program)]
    if missing:
        raise UsageError("a program of the benchmark is missing", "", f"apt-get install {' '.join(missing)}")


@contextmanager
def running(directory: Path, database: str, *, slow: bool = False) -> Iterator[Caller]:
    """The server in `directory` while it is used, its settings those of SETTINGS; stopped afterwards."""
    server.stop(directory)
    with _preloaded(_shim(directory.parent)) if slow else _nothing():
        target = server.start(directory, database)
    try:
        with connect(target) as connection:
            for name, value in SETTINGS.items():
                rows(connection, f"SET GLOBAL {name} = {value}")
            ((data, pid),) = rows(connection, "SELECT @@datadir, @@pid_file")
        yield Caller(target, int((Path(data) / pid).read_text()))
    finally:
        server.stop(directory)


def described(directory: Path) -> tuple[str, str]:
    """The driver of the load and the disk of the server, for the report."""
    driver = subprocess.run(["sysbench", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    disk = f"an fsync of 512 bytes takes {_fsync_milliseconds(directory):.2f} ms where the server keeps its data"
    return f"{driver}, on the same machine, over TCP", disk


def _fsync_milliseconds(directory: Path) -> float:
    """How long the disk takes to make 512 bytes durable: the median of a hundred times."""
    taken = []
    path = directory / "fsync"
    with path.open("wb", buffering=0) as file:
        for _ in range(100):
            file.write(b"x" * 512)
            begun = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - begun)
    path.unlink()
    return 1000 * median(taken)


def _shim(directory: Path) -> Path:
    shim = directory / "slow_fsync.so"
    subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", str(shim), str(SLOW_FSYNC)], check=True)
    return shim


@contextmanager
def _preloaded(library: Path) -> Iterator[None]:
    os.environ["LD_PRELOAD"] = str(library)
    try:
        yield
    finally:
        del os.environ["LD_PRELOAD"]


@contextmanager
def _nothing() -> Iterator[None]:
    yield
