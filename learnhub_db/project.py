"""A project: a folder of SQL files that says what a database should be."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from learnhub_db.errors import UsageError

SETTINGS_FILE = "learnhub-db.toml"
MIGRATION_NAME = re.compile(r"\d{4}-[a-z0-9]+(-[a-z0-9]+)*\.sql")
ROLLBACK = ".rollback.sql"


@dataclass(frozen=True)
class Settings:
    """What a project tells the toolkit beyond its folders, from learnhub-db.toml."""

    database: str = "learnhub"
    owner: str | None = None  # user@host, definer of every stored program; None: who applies
    rebuild_limit_mb: int = 256  # of a table that an ALTER may copy while writers wait
    collation: str = "utf8mb4_0900_ai_ci"  # default of the database, for dump and the private server
    partitions_kept_by_jobs: tuple[str, ...] = ()  # tables of which jobs add and drop RANGE partitions


_SETTINGS = {"database": str, "owner": str, "rebuild_limit_mb": int, "collation": str, "partitions_kept_by_jobs": list}
_FORMS = {str: "text", int: "a number", list: "a list of names"}


def _fits(value: object, wanted: type) -> bool:
    return type(value) is wanted and (wanted is not list or all(type(one) is str for one in value))


@dataclass(frozen=True)
class SqlFile:
    """A file of the project: `path` from the project's root with slashes, `text` with plain newlines."""

    path: str
    text: str

    @cached_property
    def stem(self) -> str:
        return Path(self.path).stem

    @cached_property
    def digest(self) -> str:
        return sha256(self.text.encode()).hexdigest()


def nearest(folder: Path) -> Path | None:
    """The project in `folder` or above it: a folder with settings or migrations; None where there is none."""
    return next((one for one in (folder, *folder.parents) if _is_root(one)), None)


def _is_root(folder: Path) -> bool:
    return (folder / SETTINGS_FILE).is_file() or (folder / "sql/migrations").is_dir()


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
            said = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"the settings cannot be read ({error})", str(path), "write TOML in UTF-8") from None
        for name, value in said.items():
            if name not in _SETTINGS:
                raise UsageError(f"there is no setting {name}", str(path), f"known: {', '.join(_SETTINGS)}")
            if not _fits(value, _SETTINGS[name]):
                raise UsageError(f"the setting {name} is {value!r}", str(path), f"give {_FORMS[_SETTINGS[name]]}")
        return Settings(**{name: tuple(value) if type(value) is list else value for name, value in said.items()})

    def migrations(self) -> list[SqlFile]:
        """sql/migrations/NNNN-name.sql in order; UsageError for a wrong name, a number twice, a gap."""
        paths = self._paths("sql/migrations")
        files = [path for path in paths if not path.name.endswith(ROLLBACK)]
        for path in set(paths) - set(files):
            if path.with_name(path.name.removesuffix(ROLLBACK) + ".sql") not in files:
                raise UsageError("a rollback without its migration", self._name(path), "name it as its migration")
        self._check_numbers(files)
        return self._read(files)

    def rollback_of(self, migration: SqlFile) -> SqlFile | None:
        """The file that undoes it, NNNN-name.rollback.sql; UsageError where it is empty or not UTF-8."""
        path = self.root / f"{migration.path.removesuffix('.sql')}{ROLLBACK}"
        return self._read([path])[0] if path.exists() else None

    def files(self, *folders: str) -> list[SqlFile]:
        """The *.sql files in and below `folders`, in order; UsageError where one is empty or not UTF-8."""
        return [file for folder in folders for file in self._read(self._paths(folder))]

    def seed(self, name: str) -> list[SqlFile]:
        """The .sql files and .sql.j2 templates of sql/seeds/`name` in order; UsageError where there is no such seed."""
        known = sorted(path.name for path in (self.root / "sql/seeds").glob("*/"))
        if name not in known:
            raise UsageError(f"there is no seed {name}", "sql/seeds", f"known: {', '.join(known) or 'none'}")
        return self._read(self._paths(f"sql/seeds/{name}", (".sql", ".sql.j2")))

    def seed_imports(self, name: str) -> list[SqlFile]:
        """What the templates of a seed may import: its .j2 files that are not .sql.j2."""
        paths = self._paths(f"sql/seeds/{name}", (".j2",))
        return self._read(path for path in paths if not path.name.endswith(".sql.j2"))

    def seed_declaration(self, name: str) -> SqlFile | None:
        """The seed.toml of a seed, where there is one."""
        path = self.root / "sql/seeds" / name / "seed.toml"
        return self._read([path])[0] if path.exists() else None

    def _paths(self, folder: str, endings: tuple[str, ...] = (".sql",)) -> list[Path]:
        paths = (self.root / folder).rglob("*")
        return sorted(path for path in paths if path.name.endswith(endings) and path.is_file())

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()

    def _read(self, paths: Iterable[Path]) -> list[SqlFile]:
        return [SqlFile(self._name(path), self._text(path)) for path in paths]

    def _text(self, path: Path) -> str:
        try:
            text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            line = error.object.count(b"\n", 0, error.start) + 1
            raise UsageError("the file is not UTF-8", f"{self._name(path)}:{line}", "save it as UTF-8") from None
        if not text.strip():
            raise UsageError("the file is empty", self._name(path), "write its statements or remove it")
        return text

    def _check_numbers(self, files: Iterable[Path]) -> None:
        previous: Path | None = None
        for path in files:
            if not MIGRATION_NAME.fullmatch(path.name) or path.parent != self.root / "sql/migrations":
                hint = "name it sql/migrations/NNNN-name.sql, in small letters, digits and dashes"
                raise UsageError("the migration's name cannot be read", self._name(path), hint)
            step = int(path.name[:4]) - int(previous.name[:4]) if previous else 1
            if step == 0:
                both = f"{self._name(previous)} and {self._name(path)}"
                raise UsageError("two migrations have one number", both, "give the later one the next number")
            if step > 1:
                missing = f"{int(previous.name[:4]) + 1:04}"
                raise UsageError(f"migration {missing} is missing", self._name(path), "restore it or close the gap")
            previous = path
