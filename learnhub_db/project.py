"""A project: a folder of SQL files that says what a database should be."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from learnhub_db.errors import UsageError

SETTINGS_FILE = "learnhub-db.toml"


@dataclass(frozen=True)
class Settings:
    """What a project tells the toolkit beyond its folders, from learnhub-db.toml."""

    database: str = "learnhub"
    owner: str | None = None  # user@host, definer of every stored program; None: who applies


@dataclass(frozen=True)
class Project:
    root: Path

    @cached_property
    def settings(self) -> Settings:
        """Read from the project's learnhub-db.toml; the defaults where there is none."""
        path = self.root / SETTINGS_FILE
        if not path.exists():
            return Settings()
        try:
            return Settings(**tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, TypeError) as error:
            raise UsageError(f"the settings cannot be read ({error})", str(path), "known: database, owner") from None
