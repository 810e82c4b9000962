"""What a seed may be told: the parameters that its seed.toml declares, with their defaults and its sizes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from learnhub_db.errors import UsageError
from learnhub_db.project import SqlFile

Value = int | date
KNOWN_ANYWAY = ("seed", "database", "first", "last")  # to a template


@dataclass(frozen=True)
class Declaration:
    """`sizes` names sets of values; a parameter that a size leaves out has its default."""

    where: str
    parameters: Mapping[str, Value] = field(default_factory=dict)
    sizes: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def values(self, size: str | None, settings: Iterable[str]) -> dict[str, Value]:
        """The defaults, over them what `size` says, over that each NAME=VALUE; UsageError for what is not declared."""
        values = dict(self.parameters)
        if size is not None:
            values |= self._size(size)
        for setting in settings:
            name, _, text = setting.partition("=")
            values[name] = self._value(name, text)
        return values

    def _size(self, size: str) -> Mapping[str, Value]:
        if size not in self.sizes:
            raise UsageError(f"there is no size {size}", self.where, f"known: {', '.join(self.sizes) or 'none'}")
        return self.sizes[size]

    def _value(self, name: str, text: str) -> Value:
        if name not in self.parameters:
            known = f"known: {', '.join(self.parameters) or 'none'}"
            raise UsageError(f"there is no parameter {name}", self.where, known)
        like = self.parameters[name]
        try:
            value = date.fromisoformat(text) if isinstance(like, date) else int(text)
        except ValueError:
            raise UsageError(f"{name}={text} cannot be read", "--set", f"a value like {name}={like}") from None
        return _checked(name, value, "--set")


def read(file: SqlFile | None, where: str) -> Declaration:
    """The declaration in a seed.toml, an empty one where there is no file; UsageError for what cannot be one."""
    if file is None:
        return Declaration(where)
    try:
        document = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"the file cannot be read ({error})", file.path) from None
    tables = {"parameters", "sizes"}
    if unknown := set(document) - tables:
        raise UsageError(f"{min(unknown)} means nothing here", file.path, f"known: {', '.join(sorted(tables))}")
    return _declaration(document.get("parameters", {}), document.get("sizes", {}), file.path)


def _declaration(parameters: dict[str, Value], sizes: dict[str, dict[str, Value]], where: str) -> Declaration:
    for values in (parameters, *sizes.values()):
        for name, value in values.items():
            if name in KNOWN_ANYWAY:
                hint = f"templates know {', '.join(KNOWN_ANYWAY)} anyway"
                raise UsageError(f"{name} cannot be a parameter", where, hint)
            if name not in parameters:
                raise UsageError(f"a size sets {name}", where, "declare it under [parameters]")
            if type(value) is not type(parameters[name]):
                raise UsageError(f"{name} = {value} is of another kind than its default", where)
            _checked(name, value, where)
    return Declaration(where, parameters, sizes)


def _checked(name: str, value: Value, where: str) -> Value:
    """Whole numbers above 0 and dates alone: they need no quoting in SQL, and nothing divides by them in vain."""
    if type(value) is date or (type(value) is int and value > 0):
        return value
    raise UsageError(f"{name} = {value} is neither a whole number above 0 nor a date", where)
