"""What plan says of a migration that a test writes."""

from __future__ import annotations

from pathlib import Path

import small_project
from learnhub_db import planning
from learnhub_db.database import Target
from learnhub_db.foresight.outlook import Effect
from learnhub_db.project import Project


def effects(shop: Path, target: Target, migration: str) -> list[Effect]:
    small_project.write(shop, {"sql/migrations/0003-more.sql": migration})
    return planning.read(Project(shop), target).statements


def effect(shop: Path, target: Target, statement: str) -> Effect:
    (found,) = effects(shop, target, statement)
    assert found.refused is None
    return found
