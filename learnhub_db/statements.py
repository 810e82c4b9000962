"""SQL text as the statements that the stock mysql client would send, each with its place.

Double quotes hold a string. A backslash escapes, until a statement sets NO_BACKSLASH_ESCAPES: the client follows the
session there. Comments inside a statement stay in it, as the client leaves them since MySQL 9; statements of nothing but
comments are dropped.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from functools import lru_cache

from learnhub_db.errors import UsageError

_COMMENT = r"/\*(?![!+]).*?\*/"
_LINE_COMMENT = r"(?:\#|--(?=\s|\Z))[^\n]*"
_BLANK = re.compile(rf"\s+|(?P<block>{_COMMENT})|(?P<line>{_LINE_COMMENT})", re.DOTALL)
_DELIMITER_COMMAND = re.compile(r"delimiter(?:[ \t]+(?P<argument>[^\n]*))?(?=\n|\Z)", re.IGNORECASE)
_ARGUMENT = re.compile(r"""(?P<quote>['"`])(?P<quoted>[^\n]*?)(?P=quote)|(?P<plain>[^\s'"`]\S*)""")

# The client ends a hint at the line's end too, and looks at delimiters before anything else.
_QUOTED = {
    True: r"""(?P<quoted>'[^'\\]*+(?:\\.[^'\\]*+)*+' | "[^"\\]*+(?:\\.[^"\\]*+)*+" | `[^`]*+`)""",
    False: r"""(?P<quoted>'[^']*+' | "[^"]*+" | `[^`]*+`)""",
}
_OPAQUE = rf"""
  | (?P<dollar>(?<![\w$])\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
  | (?P<hint>/\*\+[^\n]*?(?:\*/|(?=\n|\Z)))
  | (?P<comment>{_COMMENT} | {_LINE_COMMENT})
  | (?P<open>['"`] | (?<![\w$])\$\w*\$ | /\*(?!!))
  | (?P<backslash>\\)
"""
_SETS_MODE = re.compile(r"\A\s*(?:/\*!\d*\s*)?SET\b.*\bsql_mode\b", re.IGNORECASE | re.DOTALL)
_ASSIGNED_MODE = re.compile(
    r"""(?:\bSET|,)\s*
    (?: @(?P<variable>[\w$]+)
      | (?:(?P<scope>(?:@@)?(?:GLOBAL|PERSIST|PERSIST_ONLY))[\s.]+ | (?:@@)?(?:SESSION|LOCAL)[\s.]+ | @@)?sql_mode )
    \s*:?=\s*(?P<value>(?:'[^']*'|"[^"]*"|\([^)]*\)|[^,'"(])*)""",
    re.IGNORECASE | re.VERBOSE,
)
_OPENERS = {"'": "quote", '"': "quote", "`": "quote", "$": "dollar quote", "/": "comment"}


@dataclass(frozen=True)
class Statement:
    """One statement without its delimiter; `line` counts from 1, `offset` from 0 in the text with plain newlines.

    `escapes`: whether a backslash escapes in its strings.
    """

    text: str
    line: int
    offset: int
    escapes: bool = True


def plain(text: str) -> str:
    """`text` as the client reads a file: without a byte order mark, every line ended by one newline."""
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def split(text: str, where: str = "") -> list[Statement]:
    """The statements of `text` in order; UsageError naming `where` and the line for what cannot be read."""
    return _Reader(plain(text), where).statements()


def code_only(sql: str, escapes: bool = True) -> str:
    """`sql` with each comment and string blanked: what is left names things, each at its place."""
    return _tokens(";", escapes).sub(
        lambda found: found[0] if found["delimiter"] or found[0][0] == "`" else " " * len(found[0]), sql
    )


def shape(sql: str) -> str:
    """`sql` without its comments, of each string only two quotes."""
    return re.sub("(?:'')+", "''", _tokens(";").sub(_outlined, sql))


def masked(sql: str) -> str:
    """`sql` with a sign in place of what its strings say."""
    text = _tokens(";").sub(lambda found: "'…'" if _is_string(found) else found[0], sql)
    return re.sub("(?:'…')+", "'…'", text)


def strings(sql: str) -> list[str]:
    """The strings in `sql`, in their quotes."""
    found: list[str] = []
    end = -1
    for token in filter(_is_string, _tokens(";").finditer(sql)):
        if token.start() == end:  # behind a quote that is doubled
            found[-1] += token[0]
        else:
            found.append(token[0])
        end = token.end()
    return found


def unquoted(string: str) -> str:
    """What a string says, under the default sql_mode."""
    return re.sub(rf"\\(.)|{string[0]}({string[0]})", r"\1\2", string[1:-1], flags=re.DOTALL)


def _is_string(found: re.Match[str]) -> bool:
    return bool(found["quoted"] and found[0][0] != "`")


def _outlined(found: re.Match[str]) -> str:
    if found["delimiter"] or found[0][0] == "`":
        return found[0]
    return "''" if _is_string(found) else " "


@lru_cache
def _tokens(delimiter: str, escapes: bool = True) -> re.Pattern[str]:
    pattern = rf"(?P<delimiter>{re.escape(delimiter)}) | {_QUOTED[escapes]} {_OPAQUE}"
    return re.compile(pattern, re.DOTALL | re.VERBOSE)


class _Escapes:
    """Whether a backslash escapes, as the statements that were read have set it."""

    def __init__(self) -> None:
        self.now = True
        self.kept: dict[str, bool] = {}  # what variables of the user remember of it

    def follow(self, sql: str) -> None:
        """Take in a statement that has run."""
        if not _SETS_MODE.search(sql):
            return
        for assigned in _ASSIGNED_MODE.finditer(sql):
            value = assigned["value"].upper()
            if assigned["variable"]:
                self.kept[assigned["variable"].lower()] = self._of(value)
            elif not assigned["scope"]:
                self.now = self._of(value)

    def _of(self, value: str) -> bool:
        if "NO_BACKSLASH_ESCAPES" in value:
            return "REPLACE" in value
        if "@@" in value:
            return self.now
        variable = re.search(r"@([\w$]+)", value)
        return self.kept.get(variable[1].lower(), True) if variable else True


class _Reader:
    """Walks through a text once, as the client does, with the delimiter in force."""

    def __init__(self, text: str, where: str) -> None:
        self.text, self.where = text, where
        self.delimiter = ";"
        self.escapes = _Escapes()
        self.newlines = [newline.start() for newline in re.finditer("\n", text)]
        self.position = self.flushed = 0  # flushed: up to here the client has sent or dropped everything

    def statements(self) -> list[Statement]:
        found = []
        while self._skip_blank():
            start, end = self.position, self._find_end()
            if end > start:
                text = self.text[start:end].rstrip()
                found.append(Statement(text, self._line(start), start, self.escapes.now))
                self.escapes.follow(text)
        return found

    def _skip_blank(self) -> bool:
        """Pass spaces, comments and DELIMITER commands; False at the text's end."""
        hidden = False
        while self.position < len(self.text) and not self.text.startswith(self.delimiter, self.position):
            blank = _BLANK.match(self.text, self.position)
            command = _DELIMITER_COMMAND.match(self.text, self.position)
            if blank:
                hidden = self._pass_blank(blank) or hidden
            elif command:
                self._change_delimiter(command, hidden)
                hidden = False
            else:
                break
        return self.position < len(self.text)

    def _pass_blank(self, blank: re.Match[str]) -> bool:
        """Whether the client keeps this comment in its buffer, where it hides a DELIMITER that follows."""
        self.position = blank.end()
        if not blank["line"]:
            return False
        pending = self.text[self.flushed : blank.start()]
        if pending.strip("\n") and ("\n" in pending.rstrip("\n") or not self._ends_statement(pending)):
            return True
        self.flushed = self.position
        return False

    def _ends_statement(self, pending: str) -> bool:
        return self.flushed > 0 and self.text[self.flushed - 1] != "\n" and not pending.strip()

    def _change_delimiter(self, command: re.Match[str], hidden: bool) -> None:
        line_start = self.text.rfind("\n", 0, command.start()) + 1
        if hidden:
            hint = "start the comments above it at their lines' beginning"
            self._refuse(command.start(), "the mysql client does not see this DELIMITER", hint)
        if self.flushed > line_start:
            self._refuse(command.start(), "DELIMITER follows a statement", "give it a line of its own")
        argument = _ARGUMENT.match(command["argument"] or "")
        delimiter = argument and (argument["quoted"] or argument["plain"])
        if not delimiter or "\\" in delimiter:
            self._refuse(command.start(), "DELIMITER names no delimiter", "write DELIMITER $$, without a backslash")
        self.delimiter = delimiter
        self.position = self.flushed = command.end()

    def _find_end(self) -> int:
        """The end of the statement that starts here; afterwards the reader stands behind its delimiter."""
        tokens = _tokens(self.delimiter, self.escapes.now)
        for token in iter(lambda: tokens.search(self.text, self.position), None):
            self.position = token.end()
            if token["delimiter"]:
                self.flushed = token.end()
                return token.start()
            if token["open"]:
                self._refuse(token.start(), f"a {_OPENERS[token[0][0]]} is not closed", f"close the {token[0]}")
            if token["backslash"]:
                hint = "client commands such as \\G have no place in a file"
                self._refuse(token.start(), "a backslash outside quotes", hint)
        self.position = self.flushed = len(self.text)
        return len(self.text)

    def _line(self, position: int) -> int:
        return bisect_left(self.newlines, position) + 1

    def _refuse(self, position: int, what: str, hint: str) -> None:
        place = f"{self.where}:" if self.where else "line "
        raise UsageError(what, f"{place}{self._line(position)}", hint)
