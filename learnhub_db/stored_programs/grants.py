"""The project's grant files: accounts, roles and what they may do, written so that they can run again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from learnhub_db.database import identifier
from learnhub_db.project import Project, SqlFile
from learnhub_db.statements import Statement, code_only, split

KIND = "grants"
_ON_DATABASE = re.compile(r"\bON\s+\*(?!\s*\.)", re.IGNORECASE)


@dataclass(frozen=True)
class GrantFile:
    file: SqlFile
    statements: list[Statement]

    @property
    def key(self) -> tuple[str, str]:
        return KIND, self.file.path

    @cached_property
    def words(self) -> set[str]:
        return {word.lower() for word in re.findall(r"[\w$]+", code_only(self.file.text))}

    def mentions(self, names: Iterable[str]) -> bool:
        """Whether one of `names` stands in the file."""
        return not self.words.isdisjoint(name.lower() for name in names)


def literally(statement: Statement, database: str) -> Statement:
    """`statement` with its ON * made to mean `database` alone.

    In the name of a database _ and % are wildcards there: ON * in shop_1 would also give the rights on shopX1.
    """
    found = _ON_DATABASE.search(code_only(statement.text))
    if not found or not re.search("[_%]", database):
        return statement
    name = identifier(re.sub(r"([\\_%])", r"\\\1", database))
    return replace(statement, text=f"{statement.text[: found.start()]}ON {name}.*{statement.text[found.end() :]}")


def read(project: Project) -> list[GrantFile]:
    """The files of sql/grants in order."""
    return [GrantFile(file, split(file.text, file.path)) for file in project.files("sql/grants")]
