"""A login from files: MySQL's option files, and a file that holds nothing but the password."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from learnhub_db.connection.tls import OPTIONS as TLS_OPTIONS
from learnhub_db.errors import UsageError

GROUPS = ("client", "learnhub-db")
KNOWN = ("user", "password", "host", "port", "socket", "database", *TLS_OPTIONS)

_GROUP = re.compile(r"\[(?P<name>[^]]*)\]")
_OPTION = re.compile(r"(?P<name>[^=#;\s]+)\s*(?:=\s*(?P<value>.*))?")
_CODE = re.compile(r"""(?: '(?:\\.|[^'\\])*(?:'|\Z) | "(?:\\.|[^"\\])*(?:"|\Z) | [^#'"] )*""", re.VERBOSE)
_ESCAPE = re.compile(r"\\(?P<sign>[btnrs\\'\"])")
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "s": " "}


def options(path: Path) -> dict[str, str]:
    """What the groups [client] and [learnhub-db] of an option file say, read as the stock client reads it.

    Unknown names are passed over in [client], which other programs share, and refused in [learnhub-db].
    """
    found: dict[str, str] = {}
    group = ""
    for number, line in enumerate(map(str.strip, _text(path).splitlines()), 1):
        if line.startswith("!"):
            raise UsageError("the option file includes others", f"{path}:{number}", "give the included one itself")
        if heading := _GROUP.match(line):
            group = heading["name"].strip()
        elif group in GROUPS and (option := _OPTION.match(line)):
            name = option["name"].replace("_", "-")
            if name in KNOWN:
                found[name] = _value(option["value"] or "")
            elif group != "client":
                raise UsageError(f"there is no option {name}", f"{path}:{number}", f"known: {', '.join(KNOWN)}")
    return _addressed(found)


def password(path: Path) -> str:
    """The one line that the file holds; it may be a pipe."""
    text = _text(path).removesuffix("\n")
    if not text or "\n" in text:
        raise UsageError("the file holds no password", str(path), "write the password, and nothing else, on one line")
    return text


def open_to_others(path: Path) -> bool:
    """Whether accounts outside the file's group may read it."""
    return bool(path.stat().st_mode & stat.S_IROTH)


def _text(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode) and mode & stat.S_IWOTH:
            raise UsageError("everybody may write to the file", str(path), f"chmod o-w {path}")
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise UsageError("the file cannot be read", str(path), error.strerror or "") from None
    except UnicodeDecodeError:
        raise UsageError("the file is not UTF-8", str(path), "save it as UTF-8") from None


def _value(text: str) -> str:
    """Without the comment behind it, its quotes, and backslashes that escape."""
    code = _CODE.match(text)[0].strip()
    if len(code) > 1 and code[0] == code[-1] and code[0] in "'\"":
        code = code[1:-1]
    return _ESCAPE.sub(lambda escape: _ESCAPED.get(escape["sign"], escape["sign"]), code)


def _addressed(found: dict[str, str]) -> dict[str, str]:
    """With the host that the stock client takes; a socket counts on this machine only, as there."""
    host = found.get("host", "localhost")
    kept = {name: value for name, value in found.items() if name != "socket" or host == "localhost"}
    return kept | {"host": host}
