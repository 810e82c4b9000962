"""Seeds in a temporary folder, and processes that plant them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from learnhub_db.database import Target

Ask = Callable[[str], list[tuple]]
Write = Callable[[str, str], None]


def writer(root: Path) -> Write:
    """A function that writes a file of the seed `demo`."""
    folder = root / "sql" / "seeds" / "demo"
    folder.mkdir(parents=True)
    return lambda name, text: (folder / name).write_bytes(text.encode())


def start(target: Target, project: Path, *words: str) -> subprocess.Popen[str]:
    """learnhub-db --json seed demo in a process of its own."""
    command = [sys.executable, "-m", "learnhub_db", "--json", "--project", str(project), "seed", "demo", *words]
    environment = os.environ | {"LEARNHUB_DB_URL": target.url}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)


def connection_that_runs(ask: Ask, statement: str) -> int:
    """The id of the one connection to this database that is running `statement`, as soon as there is one."""
    for _ in range(400):
        running = ask(
            "SELECT ID FROM information_schema.PROCESSLIST"
            f" WHERE DB = DATABASE() AND ID <> CONNECTION_ID() AND INFO LIKE '{statement}%'"
        )
        if running:
            return running[0][0]
        time.sleep(0.05)
    raise AssertionError(f"nobody runs {statement}")
