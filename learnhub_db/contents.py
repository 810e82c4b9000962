"""Everything a project holds, in the order in which it is applied."""

from __future__ import annotations

import re
from dataclasses import dataclass

from learnhub_db.project import Project, SqlFile
from learnhub_db.stored_programs import grants, programs
from learnhub_db.stored_programs.grants import GrantFile
from learnhub_db.stored_programs.programs import Program

DEPENDS = re.compile(r"^\s*--\s*depends\s*:", re.MULTILINE)


@dataclass(frozen=True)
class Contents:
    """The project's files in the order in which they are applied.

    Grant files that name no program come before the programs, since they create the owner; the others come last.
    """

    migrations: list[SqlFile]
    accounts: list[GrantFile]
    programs: list[Program]
    grants: list[GrantFile]

    @classmethod
    def read(cls, project: Project) -> Contents:
        """Everything the project holds; UsageError for a file that breaks the rules. Needs no connection."""
        files = project.migrations()
        if any(DEPENDS.search(file.text) for file in files):
            from learnhub_db import migrations

            files = [migration.file for migration in migrations.read(files)]
        found = programs.read(project)
        names = {program.name for program in found}
        granted = grants.read(project)
        return cls(
            files,
            [grant for grant in granted if not grant.mentions(names)],
            found,
            [grant for grant in granted if grant.mentions(names)],
        )

    @property
    def paths(self) -> list[str]:
        """Every file in order, for the stock client or for a reader."""
        files = [*self.migrations, *(grant.file for grant in self.accounts)]
        later = [*(program.path for program in self.programs), *(grant.file.path for grant in self.grants)]
        return [file.path for file in files] + later
