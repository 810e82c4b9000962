"""How a database differs from what the project's files build."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from difflib import unified_diff

import pymysql
from pymysql.connections import Connection

from learnhub_db import history
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect
from learnhub_db.inspection import blueprint, privileges, schema, sight
from learnhub_db.inspection.building import Unfollowed
from learnhub_db.inspection.naming import folding
from learnhub_db.inspection.partitions import without_ranges
from learnhub_db.inspection.schema import Definition, Key, Schema
from learnhub_db.project import Settings
from learnhub_db.stored_programs import catalogue, definitions, events

MISSING = "missing"  # the files make it, the database has it not
EXTRA = "extra"  # the database has it, no file makes it
DIFFERENT = "different"
RIGHTS = "rights of"


@dataclass(frozen=True)
class Difference:
    """`diff` is a unified diff of the one object, from what the files say to what the database holds."""

    state: str
    kind: str
    name: str
    diff: str

    def __str__(self) -> str:
        return f"{self.state} {self.kind} {self.name}\n{self.diff}"


@dataclass(frozen=True)
class Findings:
    """The differences; what the build did not follow, and the objects that differ where it may be because of that."""

    differences: list[Difference]
    unfollowed: list[Unfollowed] = field(default_factory=list)
    not_compared: list[Difference] = field(default_factory=list)

    def only(self, counts: Callable[[Difference], bool]) -> Findings:
        """Those of the objects for which `counts` is true."""
        kept = (list(filter(counts, found)) for found in (self.differences, self.not_compared))
        return Findings(next(kept), self.unfollowed, next(kept))


def find(contents: Contents, settings: Settings, target: Target) -> Findings:
    """Every difference by kind and name; nothing is written but a scratch schema, which is dropped again."""
    built = blueprint.read(contents, settings.owner, target)
    with connect(target) as connection:
        try:
            found = list(_differences(connection, contents, settings, built.schema, target.database))
        except pymysql.Error as error:
            raise sight.refused(connection, error, target) from error
    unknown = [one for one in found if one.kind != RIGHTS and built.may_differ(one.name)]
    return Findings([one for one in found if one not in unknown], built.unfollowed, unknown)


def _differences(
    connection: Connection, contents: Contents, settings: Settings, expected: Schema, database: str
) -> Iterator[Difference]:
    written = {program.key for program in contents.programs}
    deployed = {key: definer for key, definer in definitions.definers(connection).items() if key in written}
    expected, actual = _with_definers(expected, deployed), schema.read(connection, folding(connection)(database))
    over = set(_over(connection, contents, actual))
    both = [{key: one for key, one in found.items() if key not in over} for found in (expected, actual)]
    for one in compare(*(without_ranges(found, settings.partitions_kept_by_jobs) for found in both)):
        if one.state == MISSING:
            sight.check(connection, one.kind, database)
        yield one
    for account, wanted, held in privileges.compare(connection, contents, database):
        if wanted != held:
            yield _difference((RIGHTS, account), wanted, held)


def _over(connection: Connection, contents: Contents, actual: Schema) -> Iterator[Key]:
    """The events of the files whose time has passed: the server drops or disables them then, if its scheduler is on.

    Without those to which somebody gave more time.
    """
    past, existing = history.read(connection), catalogue.programs(connection)
    for program in contents.programs:
        if not events.is_over(connection, past, program):
            continue
        found = actual.get(program.key)
        known = events.is_known_to_be_over(past, program, existing.get(program.key))
        if not found or known or found.settings["status"] != "ENABLE":
            yield program.key


def _with_definers(expected: Schema, deployed: dict[Key, str]) -> Schema:
    """Where the files leave it to who applies, the definer is who did."""

    def known(kind: str, name: str, one: Definition) -> Definition:
        definer = deployed.get((kind, name.lower()))
        if not definer or "definer" not in one.unknown:
            return one
        return replace(one, settings=one.settings | {"definer": definer}, unknown=one.unknown - {"definer"})

    return {key: known(*key, one) for key, one in expected.items()}


def compare(expected: Schema, actual: Schema) -> Iterator[Difference]:
    for key in sorted(expected.keys() | actual.keys()):
        wanted, held = expected.get(key), actual.get(key)
        wanted_lines = wanted.lines() if wanted else None
        held_lines = held.lines(wanted.unknown if wanted else frozenset()) if held else None
        if wanted_lines != held_lines:
            yield _difference(key, wanted_lines, held_lines)


def _difference(key: Key, wanted: Iterable[str] | None, held: Iterable[str] | None) -> Difference:
    state = MISSING if held is None else EXTRA if wanted is None else DIFFERENT
    lines = unified_diff(list(wanted or ()), list(held or ()), "files", "database", lineterm="")
    return Difference(state, *key, "\n".join(lines))
