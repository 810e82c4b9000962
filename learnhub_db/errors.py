"""Every error a user can meet, with its exit code and its hint.

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
    """`what` happened, `where`, and a `hint` on what to do; never with a secret in it.

    `detail`, where there is one, is printed below them: the lines of a file around the place.
    """

    exit_code = 3
    word = "refused"
    detail = ""

    def __init__(self, what: str, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(what, where, hint)

    def __str__(self) -> str:
        """The lines that a person reads: `what happened (where)`, and below it `hint: what to do`."""
        told = f"{self.what} ({self.where})" if self.where else self.what
        return f"{told}\nhint: {self.hint}" if self.hint else told

    @property
    def code(self) -> str:
        """The server's number where it has one, else a word for the kind of error."""
        cause = self.__cause__
        number = cause.args[0] if cause and cause.args and isinstance(cause.args[0], int) else 0
        return str(number % 65536) if number else self.word

    def with_hint(self, hint: str) -> Self:
        """The same with a further hint."""
        told = type(self)(self.what, self.where, "; ".join(filter(None, (self.hint, hint))))
        told.detail = self.detail
        return told


class UsageError(LearnHubError):
    exit_code = 2
    word = "usage"


class DatabaseRefused(LearnHubError):
    exit_code = 3


class CannotConnect(LearnHubError):
    exit_code = 4
    word = "cannot-connect"


class NoServer(CannotConnect):
    word = "no-server"
