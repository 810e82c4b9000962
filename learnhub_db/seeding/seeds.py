"""Seeds: folders of SQL files that fill a database with rows, each file applied once, as a whole or slice by slice."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from math import ceil

from learnhub_db.errors import UsageError
from learnhub_db.project import Project, SqlFile
from learnhub_db.seeding import seed_parameters
from learnhub_db.seeding.seed_parameters import Value
from learnhub_db.seeding.templates import Template
from learnhub_db.statements import Statement, code_only, split

TEMPLATE = ".j2"

# Anything else may commit, and would leave half a file behind.
ROW_STATEMENTS = "CALL DELETE DO INSERT LOAD REPLACE SELECT SET TABLE UPDATE VALUES WITH".split()

_SLICES = re.compile(r"^-- slices of (?P<size>\d+): (?P<total>.+)$", re.MULTILINE)
_COMMITS = re.compile(r"^-- commits as it goes$", re.MULTILINE)


@dataclass(frozen=True)
class Slices:
    """The numbers 1 to `total`, at most `size` at a time; one slice with no number in it where there are none."""

    total: int = 1
    size: int = 1

    def __len__(self) -> int:
        return max(1, ceil(self.total / self.size))

    def bounds(self, number: int) -> tuple[int, int]:
        """First and last of slice `number`, from 0."""
        return number * self.size + 1, min((number + 1) * self.size, self.total)


@dataclass(frozen=True)
class Part:
    """What one transaction runs; `where` is what the statements' lines count in."""

    where: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class SeedFile:
    """A file and how it is applied: in `slices`, each a transaction, or `commits` as it goes, safe to repeat."""

    name: str
    path: str  # sql/seeds/demo/0010-people.sql
    text: str
    digest: str
    template: Template | None
    values: Mapping[str, object]
    slices: Slices
    commits: bool

    @property
    def sliced(self) -> bool:
        return bool(self.template and _SLICES.search(self.text))

    def part(self, number: int) -> Part:
        """Slice `number`, from 0; UsageError for a statement that has no place in a seed."""
        text, where = self.text, self.path
        if self.template:
            first, last = self.slices.bounds(number)
            bounds = {"first": first, "last": last} if self.sliced else {}
            text, where = self.template.rendered(**self.values, **bounds), f"{self.path} (rendered)"
        statements = split(text, where)
        for statement in statements:
            _check(statement, where)
        return Part(where, tuple(statements))


@dataclass(frozen=True)
class Seed:
    name: str
    files: tuple[SeedFile, ...]
    parameters: Mapping[str, Value] = field(default_factory=dict)

    @property
    def sliced(self) -> bool:
        return any(file.sliced for file in self.files)


def read(project: Project, name: str, database: str, size: str | None = None, settings: Iterable[str] = ()) -> Seed:
    """The seed `name` with its parameters as told; reads only, UsageError for what cannot be a seed.

    A template is tried out on its first slice.
    """
    files = project.seed(name)
    if not files:
        raise UsageError(f"the seed {name} is empty", f"sql/seeds/{name}", "put .sql files into it")
    declared = seed_parameters.read(project.seed_declaration(name), f"sql/seeds/{name}/seed.toml")
    parameters = declared.values(size, settings)
    imports = {file.path.removeprefix(f"sql/seeds/{name}/"): file for file in project.seed_imports(name)}
    values = {"seed": name, "database": database} | parameters
    seed = Seed(name, tuple(_seed_file(file, name, imports, values) for file in files), parameters)
    for file in seed.files:
        file.part(0)
    return seed


def _seed_file(file: SqlFile, seed: str, imports: dict[str, SqlFile], values: dict[str, object]) -> SeedFile:
    name, slices, template = file.path.removeprefix(f"sql/seeds/{seed}/"), Slices(), None
    texts = [file.text]
    if name.endswith(TEMPLATE):
        template = Template(file.text, file.path, imports)
        slices = _slices(file, imports, values)
        texts += [imported.text for imported in imports.values()]
    digest = sha256("".join(texts).encode()).hexdigest()
    return SeedFile(name, file.path, file.text, digest, template, values, slices, bool(_COMMITS.search(file.text)))


def _slices(file: SqlFile, imports: dict[str, SqlFile], values: dict[str, object]) -> Slices:
    """What the line `-- slices of 5000: users // 10` says; the whole file at once where there is none."""
    found = _SLICES.search(file.text)
    if not found:
        return Slices()
    line = file.text.count("\n", 0, found.start())
    total = Template("\n" * line + f"{{{{ ({found['total']}) | int }}}}", file.path, imports).rendered(**values)
    return Slices(int(total), int(found["size"]))


def _check(statement: Statement, where: str) -> None:
    if _verb(statement) not in ROW_STATEMENTS:
        hint = "a seed holds rows only and is committed file by file: schema belongs to sql/migrations"
        raise UsageError(f"{_verb(statement)} has no place in a seed", f"{where}:{statement.line}", hint)


def _verb(statement: Statement) -> str:
    start = re.match(r"(?:/\*!\d*|\(|\s)*(\w*)", code_only(statement.text))
    return start[1].upper() or statement.text.split()[0]
