"""The project's grant files: accounts, roles and what they may do, written so that they can run again."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from learnhub_db.project import Project, SqlFile
from learnhub_db.statements import Statement, code_only, split

KIND = "grants"


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


def read(project: Project) -> list[GrantFile]:
    """The files of sql/grants in order."""
    return [GrantFile(file, split(file.text, file.path)) for file in project.files("sql/grants")]
