"""The MySQL programs of this machine: mysqld and the mysql client, at least of version 8.4."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from learnhub_db.errors import UsageError
from learnhub_db.server import archive
from learnhub_db.server.say import Say, silently

OLDEST = (8, 4)
VERSION_SECONDS = 20


def server_command(say: Say = silently) -> list[str]:
    """The command that runs mysqld: LEARNHUB_MYSQLD, else one on PATH, else an unpacked one.

    Unpacks MySQL from the distribution's archive where there is none yet; NoServer where that fails.
    """
    named = os.environ.get("LEARNHUB_MYSQLD")
    if named:
        return [_as_named(named), "--no-defaults"]
    found = _on_path("mysqld", say)
    return [found, "--no-defaults"] if found else archive.server_command(archive.unpacked(say))


def client_command(say: Say = silently) -> list[str]:
    """The command that runs the stock client without option files: from PATH, else an unpacked one."""
    found = _on_path("mysql", say)
    return [found, "--no-defaults"] if found else archive.client_command(archive.unpacked(say))


def _as_named(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise UsageError("LEARNHUB_MYSQLD names no program", program, "set it to the path of a mysqld, or unset it")
    if flaw := _flaw(path):
        raise UsageError(f"LEARNHUB_MYSQLD is {flaw}", path, "name a mysqld of MySQL 8.4 or newer, or unset it")
    return path


def _on_path(program: str, say: Say) -> str | None:
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    for path in dict.fromkeys(filter(None, (shutil.which(program, path=folder) for folder in folders))):
        flaw = _flaw(path)
        if not flaw:
            return str(Path(path).absolute())
        say(f"passed over {path}: it is {flaw}", err=True)
    return None


def _flaw(program: str) -> str | None:
    """What keeps `program` from being used, or None."""
    try:
        told = subprocess.run(
            [program, "--version"], capture_output=True, text=True, errors="replace", timeout=VERSION_SECONDS
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        told = ""
    version = re.search(r"Ver (\d+)\.(\d+)\S*", told)
    if "MariaDB" in told:
        return "a MariaDB, not a MySQL"
    if not version:
        return "not a MySQL: it does not tell its version"
    if (int(version[1]), int(version[2])) < OLDEST:
        return f"MySQL {version[0].removeprefix('Ver ')}, older than 8.4"
    return None
