"""sql/schema.sql, which a review reads, is what the project's files build."""

from __future__ import annotations

from pathlib import Path

from learnhub_db import dump
from learnhub_db.contents import Contents
from learnhub_db.database import Target
from learnhub_db.project import Project

ROOT = Path(__file__).parent.parent.parent


def test_the_schema_file_is_what_dump_would_write(learnhub: Target) -> None:
    project = Project(ROOT)
    assert (ROOT / dump.PATH).read_text(encoding="utf-8") == dump.text(Contents.read(project), project.settings.owner, learnhub)
