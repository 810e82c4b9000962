"""The project's stored programs and views: one object, one file, the same name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256

from learnhub_db.database import bare, identifier
from learnhub_db.errors import UsageError
from learnhub_db.project import Project, SqlFile
from learnhub_db.statements import Statement, code_only, split
from learnhub_db.stored_programs.ordering import by_use
from learnhub_db.stored_programs.references import tables_of

KINDS_IN = {
    "procedures": ("procedure", "function"),
    "triggers": ("trigger",),
    "views": ("view",),
    "sql/events": ("event",),
}
# A view is resolved when it is created, so functions come before views; everything else may refer ahead.
PHASES = ("function", "procedure", "view", "trigger", "event")

_NAME = r"(?:`(?:[^`]|``)+`|[\w$]+)"
_CREATE = re.compile(
    rf"""CREATE\s+
    (?P<replace>OR\s+REPLACE\s+)?
    (?P<algorithm>ALGORITHM\s*=\s*\w+\s+)?
    (?P<definer>DEFINER\s*=\s*\S+(?:\s*@\s*\S+)?\s+)?
    (?P<security>SQL\s+SECURITY\s+\w+\s+)?
    (?P<kind>PROCEDURE|FUNCTION|TRIGGER|VIEW|EVENT)\s+
    (?P<if_not_exists>IF\s+NOT\s+EXISTS\s+)?
    (?P<schema>{_NAME}\s*\.\s*)?
    (?P<name>{_NAME})""",
    re.IGNORECASE | re.VERBOSE,
)
_TRIGGER = re.compile(
    rf"""\b(?P<timing>BEFORE|AFTER)\s+(?P<event>INSERT|UPDATE|DELETE)\s+ON\s+(?P<table>{_NAME})
    \s+FOR\s+EACH\s+ROW\b(?P<order>\s+(?P<clause>FOLLOWS|PRECEDES)\s+(?P<other>{_NAME}))?""",
    re.IGNORECASE | re.VERBOSE,
)


@dataclass(frozen=True)
class Program:
    """A procedure, function, trigger, view or event as its file says it; `line` is where its CREATE starts."""

    kind: str
    name: str
    path: str
    line: int
    sql: str
    file_digest: str = ""  # of the statement in its file, where `sql` is what the server made of it

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.name.lower()

    @cached_property
    def digest(self) -> str:
        """Of the statement that is sent: it changes with the definer, not with the comments above the statement."""
        return self.file_digest or sha256(self.sql.encode()).hexdigest()

    @cached_property
    def uses(self) -> set[str]:
        """What has to be there before a view or trigger is created, in small letters: tables and views, or a trigger."""
        if self.kind == "view":
            return tables_of(self.sql)
        return {self.order[1]} if self.kind == "trigger" and self.says_its_order else set()

    @property
    def table(self) -> str:
        """The table of a trigger."""
        return bare(self._trigger["table"])

    @property
    def fires(self) -> tuple[str, str]:
        """When a trigger fires: BEFORE or AFTER, and the event."""
        return self._trigger["timing"].upper(), self._trigger["event"].upper()

    @property
    def says_its_order(self) -> bool:
        return bool(self._trigger["order"])

    @property
    def order(self) -> tuple[str, str]:
        """FOLLOWS or PRECEDES and the trigger that it names, in small letters; both "" where it says neither."""
        clause, other = self._trigger["clause"] or "", self._trigger["other"] or ""
        return clause.upper(), bare(other).lower()

    def ordered(self, order: str) -> str:
        """The statement of a trigger with `order`, say FOLLOWS another, in the place of its own; "" for none."""
        start = self._trigger.end() - len(self._trigger["order"] or "")
        return f"{self.sql[:start]}{order and ' ' + order}{self.sql[self._trigger.end() :]}"

    @cached_property
    def _trigger(self) -> re.Match[str]:
        found = _TRIGGER.search(code_only(self.sql))
        if not found:
            raise UsageError("the trigger names no table", self.path, "write CREATE TRIGGER … ON table FOR EACH ROW")
        return found


def read(project: Project) -> list[Program]:
    """Every program of the project in the order of creation; UsageError for a file that breaks the rules."""
    programs = [_program(file, project.settings.owner) for file in project.files(*KINDS_IN)]
    seen: dict[tuple[str, str], Program] = {}
    for program in programs:
        if program.key in seen:
            both = f"{seen[program.key].path} and {program.path}"
            raise UsageError(f"two files create the {program.kind} {program.name}", both, "keep one of them")
        seen[program.key] = program
    return in_order(programs)


def as_stored(kind: str, sql: str, path: str, digest: str) -> Program:
    """The program that SHOW CREATE tells as `sql`; `digest` is that of the statement in the file it came from."""
    name = bare(_CREATE.match(sql)["name"])
    if kind == "view":
        sql = re.sub(r"\ACREATE\b", "CREATE OR REPLACE", sql)
    return Program(kind, name, path, 1, sql, digest)


def in_order(programs: Iterable[Program]) -> list[Program]:
    """`programs` in the order of creation, which the server has the last word on where views read each other."""
    phases = {kind: [program for program in programs if program.kind == kind] for kind in PHASES}
    for kind in ("view", "trigger"):  # a trigger FOLLOWS another
        by_name = {program.name.lower(): program for program in phases[kind]}
        phases[kind] = [by_name[name] for name in by_use({name: one.uses for name, one in by_name.items()})]
    return [program for kind in PHASES for program in phases[kind]]


def _program(file: SqlFile, owner: str | None) -> Program:
    statement, head = _only_create(split(file.text, file.path), file.path)
    kind, created = head["kind"].lower(), bare(head["name"])
    where = f"{file.path}:{statement.line}"
    folder = next(folder for folder in KINDS_IN if file.path.startswith(f"{folder}/"))
    if kind not in KINDS_IN[folder]:
        raise UsageError(f"{folder}/ holds a {kind}", where, f"move it to {_folder_of(kind)}/")
    if created != file.stem:
        raise UsageError(f"the file creates the {kind} {created}", where, f"name both {created} or both {file.stem}")
    if head["schema"]:
        raise UsageError(f"the {kind} names a database", where, "the database is the URL's: remove it")
    if head["definer"]:
        raise UsageError(f"the {kind} names a DEFINER", where, "remove it: apply writes the owner of the settings")
    if head["if_not_exists"]:
        raise UsageError(f"the {kind} says IF NOT EXISTS", where, "remove it: apply replaces what differs")
    return Program(kind, created, file.path, statement.line, _owned(statement.text, head, owner))


def _only_create(statements: list[Statement], path: str) -> tuple[Statement, re.Match[str]]:
    found = [(statement, _CREATE.match(statement.text)) for statement in statements]
    for statement, head in found:
        where, verb = f"{path}:{statement.line}", statement.text.split()[0].upper()
        if verb in ("DROP", "USE"):
            raise UsageError(f"the file holds a {verb}", where, "remove it: apply owns that")
        if not head:
            hint = "write DELIMITER around its body, or move the other statement to a migration"
            raise UsageError("the file holds more than its CREATE", where, hint)
    if not found:
        raise UsageError("the file creates nothing", path, "write its CREATE statement or remove it")
    if len(found) > 1:
        names = " and ".join(f"{head['kind'].lower()} {bare(head['name'])}" for _, head in found)
        raise UsageError(f"the file creates {names}", path, "give each a file of its own")
    return found[0]


def _owned(sql: str, head: re.Match[str], owner: str | None) -> str:
    """`sql` with the owner as its definer, and a view as one that replaces its predecessor."""
    replace = "OR REPLACE " if head["kind"].upper() == "VIEW" else head["replace"] or ""
    definer = f"DEFINER={account(owner)} " if owner else ""
    rest = sql[head.start("security") if head["security"] else head.start("kind") :]
    return f"CREATE {replace}{head['algorithm'] or ''}{definer}{rest}"


def account(owner: str) -> str:
    """user@host quoted for SQL; UsageError where it is not of this form."""
    user, at, host = owner.rpartition("@")
    if not (user and at and host):
        raise UsageError("the owner cannot be read", owner, "write owner = \"user@host\" in the settings")
    return f"{identifier(user)}@{identifier(host)}"


def _folder_of(kind: str) -> str:
    return next(folder for folder, kinds in KINDS_IN.items() if kind in kinds)
