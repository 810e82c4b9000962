"""Where a database is, and as whom to reach it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from learnhub_db.connection.tls import OPTIONS as TLS_OPTIONS
from learnhub_db.connection.tls import Tls
from learnhub_db.errors import UsageError

FORM = "write it as mysql://user:password@host:port/database, an @ in the password as %40"
OPTIONS = ("unix_socket", *TLS_OPTIONS)


@dataclass(frozen=True)
class Target:
    """A database as its URL names it: mysql://user:password@host:port/database[?unix_socket=PATH&ssl-mode=MODE...]."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str
    unix_socket: str | None = None
    tls: Tls = Tls()

    @classmethod
    def parse(cls, url: str, defaults: Mapping[str, str] | None = None) -> Target:
        """The target that `url` names; UsageError where it is not of the form above, without a word of it.

        What it leaves out is taken from `defaults`, which are named as in an option file of MySQL.
        """
        named = _named(_split(url))
        given = dict(defaults or {})
        if "host" in named:
            given.pop("socket", None)
        given |= named
        if "host" not in given or "database" not in given:
            raise UsageError("the URL does not name a MySQL database", "", FORM)
        return cls(
            host=given["host"],
            port=_port(given.get("port", "3306")),
            user=given.get("user", "root"),
            password=given.get("password", ""),
            database=given["database"],
            unix_socket=given.get("socket"),
            tls=Tls.of(given),
        )

    @property
    def url(self) -> str:
        """With the password: for programs, never for a log."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        login = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        socket = {"unix_socket": self.unix_socket} if self.unix_socket else {}
        options = urlencode(socket | self.tls.options, quote_via=quote, safe="/")
        database = quote(self.database, safe="")
        return f"mysql://{login}@{host}:{self.port}/{database}{'?' if options else ''}{options}"

    def __str__(self) -> str:
        return f"{self.user}@{self.unix_socket or f'{self.host}:{self.port}'}/{self.database}"

    def named(self, database: str) -> Target:
        """The same server and account, another database."""
        return replace(self, database=database)


def _split(url: str) -> SplitResult:
    """The URL's parts; refused where a sign that is not written as % may have cut a password in two."""
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UsageError("the URL cannot be read", "", FORM) from None
    if parts.scheme != "mysql":
        raise UsageError("the URL does not name a MySQL database", "", FORM)
    if parts.fragment or set(parts.path.strip("/")) & set("@/:") or "@" in parts.query:
        raise UsageError("the URL cannot be read", "", FORM)
    return parts


def _named(parts: SplitResult) -> dict[str, str]:
    """What the URL says, by the names of an option file."""
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := sorted(set(options) - set(OPTIONS)):
        raise UsageError(f"the URL has an unknown option {unknown[0]}", "", f"known: {', '.join(OPTIONS)}")
    if "unix_socket" in options:
        options["socket"] = options.pop("unix_socket")
    login = {"user": parts.username, "password": parts.password, "database": parts.path.strip("/")}
    said = {name: unquote(value) for name, value in login.items() if value}
    return options | said | _address(parts)


def _address(parts: SplitResult) -> dict[str, str]:
    try:
        port = parts.port
    except ValueError:  # its text shows what stands there: the rest of a password, if that holds a bare # / or ?
        raise UsageError("the URL's port is no number up to 65535", "", FORM) from None
    host = {"host": parts.hostname} if parts.hostname else {}
    return host | ({"port": str(port)} if port else {})


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise UsageError(f"the port is {text}", "", "give a number up to 65535")
    return int(text)
