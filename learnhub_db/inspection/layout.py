"""The server's one line for a view, laid out to be read and compared line by line."""

from __future__ import annotations

import re
from collections.abc import Collection

from learnhub_db.inspection.names import chains
from learnhub_db.statements import code_only

_TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.|'')*' | `(?:[^`]|``)*` | [()]
    | (?P<comma>,)
    | \b(?P<clause>select|from|where|group\ by|having|window|order\ by|limit|union(?:\ all)?|intersect|except)\b""",
    re.VERBOSE | re.DOTALL,
)


def view(sql: str, databases: Collection[str]) -> str:
    """A line for each column and clause outside parentheses; `databases` are taken off where their names are meant."""
    for one in reversed(chains(code_only(sql))):
        if one.names_a_database and one.parts[0] in databases:
            sql = sql[: one.start] + sql[one.dot :]
    laid_out, depth, end = [], 0, 0
    for token in _TOKEN.finditer(sql):
        depth += {"(": 1, ")": -1}.get(token[0], 0)
        if depth == 0 and token["comma"]:
            laid_out.append(f"{sql[end : token.end()]}\n    ")
            end = token.end()
        if depth == 0 and token["clause"] and sql[token.start() - 1] == " ":
            laid_out.append(f"{sql[end : token.start() - 1]}\n")
            end = token.start()
    return "".join([*laid_out, sql[end:]])
