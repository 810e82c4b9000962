"""The files of a migration that is about to be written."""

from __future__ import annotations

import re

from learnhub_db.errors import UsageError
from learnhub_db.project import ROLLBACK, Project

NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
MIGRATION = """\
-- What this migration changes, in a sentence.
-- Write its statements below, each ended by a semicolon. DDL commits by itself: the fewer in a file, the better.
"""
ROLLBACK_OF = """\
-- Undoes {name}: its statements the other way round, the last one first.
-- Remove this file if there is no way back: a rollback is then refused before anything is touched.
"""


def write(project: Project, name: str) -> list[str]:
    """The paths of the next migration and its rollback, which hold comments only; UsageError for a bad name."""
    if not NAME.fullmatch(name):
        raise UsageError("the name cannot be used", name, "write it in small letters, digits and single dashes")
    numbers = [int(file.stem[:4]) for file in project.migrations()]
    stem = f"{max(numbers, default=0) + 1:04}-{name}"
    texts = {f"sql/migrations/{stem}.sql": MIGRATION, f"sql/migrations/{stem}{ROLLBACK}": ROLLBACK_OF.format(name=stem)}
    (project.root / "sql/migrations").mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        (project.root / path).write_text(text, encoding="utf-8")
    return list(texts)
