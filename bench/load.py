"""Load on a server, by sysbench: many connections that make one call after the other."""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from learnhub_db.database import Target

SCRIPT = Path(__file__).with_name("load.lua")
TICK = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Load:
    """What a run of calls came to; `words` where the outcome was asked for."""

    calls: int
    errors: int
    rate: float  # calls per second, without the warm-up
    p99_ms: float
    server_cpu: float  # seconds
    driver_cpu: float  # seconds
    idle: float  # share of the machine's CPU time
    words: Counter[str] = field(default_factory=Counter)

    @property
    def server_microseconds(self) -> float:
        """CPU of the server for one call."""
        return 1e6 * self.server_cpu / self.calls

    @property
    def driver_share(self) -> float:
        """What sysbench takes of the CPU that both take."""
        return self.driver_cpu / (self.driver_cpu + self.server_cpu)


@dataclass(frozen=True)
class Caller:
    """Calls a server, whose process is `pid`, as its administrator."""

    target: Target
    pid: int

    def run(self, connections: int, statement: str, **options: object) -> Load:
        """Make calls until `time` seconds or `events` calls are over; RuntimeError for what sysbench gives up at."""
        before = self._clocks()
        printed = self._sysbench({"threads": connections, "statement": statement} | options)
        server, driver, idle, total = (now - then for now, then in zip(self._clocks(), before, strict=True))
        lines = [json.loads(line) for line in printed.splitlines() if line.startswith("{")]
        words = Counter[str]()
        for line in lines:
            if "word" in line:
                words[line["word"]] += line["count"]
        parts = [line for line in lines if "calls" in line]
        return Load(
            calls=sum(part["calls"] for part in parts),
            errors=sum(part["errors"] for part in parts),
            rate=parts[-1]["calls"] / parts[-1]["seconds"],
            p99_ms=parts[-1]["p99_ms"],
            server_cpu=server,
            driver_cpu=driver,
            idle=idle / total,
            words=words,
        )

    def _sysbench(self, options: dict[str, object]) -> str:
        login = {
            "mysql-host": self.target.host,
            "mysql-port": self.target.port,
            "mysql-user": self.target.user,
            "mysql-password": self.target.password,
            "mysql-db": self.target.database,
            "mysql-ignore-errors": "1205,1213",
            "percentile": 99,
        }
        words = [f"--{name}={value}" for name, value in (login | options).items()]
        done = subprocess.run(["sysbench", str(SCRIPT), *words, "run"], capture_output=True, text=True)
        if done.returncode or "FATAL" in done.stdout + done.stderr:
            raise RuntimeError(f"sysbench: {done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout

    def _clocks(self) -> tuple[float, float, float, float]:
        """CPU seconds so far of the server, of sysbench, of nobody, and of all of them together."""
        server = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        machine = [int(ticks) / TICK for ticks in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
        return (
            (int(server[11]) + int(server[12])) / TICK,
            children.ru_utime + children.ru_stime,
            machine[3] + machine[4],
            sum(machine),
        )
