"""Every error a user can meet, with its exit code and its mend.

    LearnHubError
    ├── UsageError            2  the command line, a file or a setting is wrong; nothing was run
    ├── DatabaseRefused       3  the server said no
    └── CannotConnect         4  no usable connection
        └── NoServer          4  no MySQL server could be found, unpacked or started

Exit code 0 is "done" and 1 "there is a difference": neither is an error.
"""

from __future__ import annotations

from typing import Self


class LearnHubError(Exception):
    """`what` happened, `where`, and the `mend`: printed as one line, never with a secret in it.

    `detail`, where there is one, is printed below that line: the lines of a file around the place.
    """

    exit_code = 3
    detail = ""

    def __init__(self, what: str, where: str = "", mend: str = "") -> None:
        self.what, self.where, self.mend = what, where, mend
        super().__init__(", ".join(part for part in (what, where, mend) if part))

    def with_mend(self, mend: str) -> Self:
        """The same with a further mend."""
        told = type(self)(self.what, self.where, "; ".join(filter(None, (self.mend, mend))))
        told.detail = self.detail
        return told


class UsageError(LearnHubError):
    exit_code = 2


class DatabaseRefused(LearnHubError):
    exit_code = 3


class CannotConnect(LearnHubError):
    exit_code = 4


class NoServer(CannotConnect):
    pass
