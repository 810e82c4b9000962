"""What a statement reaches outside the schema in which it runs: other databases, by name or by way of a program."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from learnhub_db.database import bare
from learnhub_db.stored_programs.schedule import code_of
from learnhub_db.runner.steps import NAME
from learnhub_db.statements import Statement

_QUALIFIER = re.compile(
    rf"(?<![.@`\w$])(?P<read>\b(?:REFERENCES|LIKE|FROM|JOIN)\s+)?(?P<name>{NAME})\s*(?P<dot>\.)", re.IGNORECASE
)
_WORD = re.compile(r"`((?:[^`]|``)+)`|([\w$]+)")
_IN_DOUBLE_QUOTES = re.compile(r'"([^"`]*)"')
_DYNAMIC = re.compile(r"\b(?:PREPARE|EXECUTE|CALL)\b", re.IGNORECASE)


def code(sql: str) -> str:
    """As schedule.code_of(), with all in double quotes as names: under ANSI_QUOTES that is what they are."""
    return code_of(_IN_DOUBLE_QUOTES.sub(r"`\1`", sql))


def named(code: str, databases: set[str]) -> Iterator[re.Match[str]]:
    """The places in `code` where one of `databases` stands before a dot."""
    return (found for found in _QUALIFIER.finditer(code) if bare(found["name"]).lower() in databases)


def words(code: str) -> set[str]:
    """Every word that may be a name, in small letters."""
    return {(quoted or plain).replace("``", "`").lower() for quoted, plain in _WORD.findall(code)}


def unqualified(statement: Statement, database: str, end: int | None = None) -> Statement:
    """`statement` without the name of its own database before those of tables, up to the place `end`."""
    text = statement.text
    for found in reversed(list(named(code(text)[:end], {database.lower()}))):
        text = text[: found.start("name")] + text[found.end("dot") :].lstrip()
    return replace(statement, text=text) if text != statement.text else statement


class Reach:
    """What leads into one of `databases`: their names, and programs, views and tables that were seen to lead there."""

    def __init__(self, databases: set[str]) -> None:
        self.databases = databases
        self.ways: set[str] = set()  # names in small letters

    def leads_out(self, text: str) -> bool:
        """Whether what runs `text` may write into another database; of what it puts together every word counts."""
        found = code(text)
        if any(named(found, self.databases)) or not self.ways.isdisjoint(words(found)):
            return True
        return bool(_DYNAMIC.search(found)) and not (self.databases | self.ways).isdisjoint(words(text))

    def learn(self, name: str, body: str) -> None:
        """Remember `name` where `body`, which runs when that is used, leads out."""
        if self.leads_out(body):
            self.ways.add(bare(name).lower())
