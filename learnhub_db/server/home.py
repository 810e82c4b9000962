"""The directory of a private server: what lies where, whether a server uses it, who may read it."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from learnhub_db.database import Target
from learnhub_db.errors import NoServer, UsageError
from learnhub_db.server.lock import locked


@dataclass(frozen=True)
class Home:
    """Readable by its user only: it holds the data and, in the file `url`, the administrator's password."""

    path: Path

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def log(self) -> Path:
        return self.path / "mysqld.log"

    @property
    def pid_file(self) -> Path:
        return self.data / "mysqld.pid"

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Makes the directory if need be and keeps other starts and stops out; errors of the disk are told."""
        try:
            self._make()
            with locked(self.path / "lock"):
                yield
        except OSError as error:
            hint = "free 300 MB there" if error.errno == errno.ENOSPC else "make it writable"
            where = str(error.filename or self.path)
            raise NoServer(error.strerror or str(error), where, f"{hint}, or give another --dir") from error

    def _make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        foreign = any(self.path.iterdir()) and not (self.path / "lock").exists()
        if foreign:
            raise UsageError("the directory holds other files", str(self.path), "give an empty or a new --dir")
        self.path.chmod(0o700)

    def in_use(self) -> bool:
        """Whether a mysqld, starting or running, holds the data; asks its lock, for a pid may lie.

        A server that was killed has let go of the lock, whatever it left lying about.
        """
        try:
            with (self.data / "ibdata1").open("r+b") as file:
                fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        except PermissionError:
            raise NoServer("the directory is another user's", str(self.path), "give another --dir, or --url") from None
        return False

    def target(self) -> Target | None:
        """The administrator of the server last started here, or None before the first start."""
        try:
            return Target.parse((self.path / "url").read_text().strip())
        except FileNotFoundError:
            return None

    def remember(self, target: Target) -> None:
        """Keeps the URL for the next start, and for `server url`."""
        self.write("url.new", f"{target.url}\n").rename(self.path / "url")

    def write(self, name: str, text: str) -> Path:
        """A file here that nobody but the user can read at any time."""
        path = self.path / name
        path.unlink(missing_ok=True)
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        return path
