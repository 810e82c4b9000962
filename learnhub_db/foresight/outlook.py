"""What the statements of migrations would do, one after the other, each on what those before it leave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pymysql
from pymysql.connections import Connection

from learnhub_db import database, scratch_schema
from learnhub_db.ahead import Ahead
from learnhub_db.database import Target, bare, identifier, rows
from learnhub_db.foresight import alters, sizes
from learnhub_db.foresight.alters import Alter
from learnhub_db.foresight.prepared import Prepared
from learnhub_db.foresight.sandbox import NOBODY, Sandbox
from learnhub_db.foresight.sizes import Size
from learnhub_db.inspection import naming
from learnhub_db.inspection.naming import Naming
from learnhub_db.runner import constants, execution
from learnhub_db.runner.harmless import Unknown
from learnhub_db.runner.steps import NAME, Step, kind_of
from learnhub_db.statements import code_only, masked
from learnhub_db.stored_programs import catalogue

SHOWN_CHARACTERS = 100
UNFORESEEN = "what it does is not foreseen"
PERHAPS = "if that is what an EXECUTE runs"
_TABLES = re.compile(
    rf"""\s*(?P<act>CREATE\s+TABLE|DROP\s+TABLE|RENAME\s+TABLE|TRUNCATE)S?\b (?:\s+TABLE\b)?
    \s+ (?:IF\s+(?:NOT\s+)?EXISTS\s+)? (?P<rest>.*)""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_ACT = re.compile(
    r"""(?:/\*!\d*|[\s(])*(?P<verb>\w+)
    (?:\s+(?:.*?\b)?(?P<kind>TABLE|INDEX|VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT|DATABASE|SCHEMA|USER|ROLE)\b)?""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)
_CALLING_VIEWS = "SELECT LOWER(table_name) FROM information_schema.view_routine_usage WHERE table_schema = DATABASE()"
_USES_OF_VIEWS = """
    SELECT LOWER(view_name), LOWER(table_name) FROM information_schema.view_table_usage
    WHERE view_schema = DATABASE() AND table_schema = DATABASE()
"""
_DROPPED_COLUMN = re.compile(rf"\bDROP\s+(?:COLUMN\s+)?({NAME})", re.IGNORECASE)
_EMPTIED_PARTITIONS = re.compile(r"\b(?:DROP|TRUNCATE)\s+PARTITION\s+(?P<names>[\w$`, ]+)", re.IGNORECASE)
_UNASKED = re.compile(r"\b(?:DISCARD|IMPORT)\b.*\bTABLESPACE\b", re.IGNORECASE | re.DOTALL)
_DATABASE = re.compile(r"\s*DROP\s+(?:DATABASE|SCHEMA)\b", re.IGNORECASE)
_UNFORESEEN = re.compile(r"\s*(?:/\*!|(?:CALL|EXECUTE|ALTER\s+TABLE|OPTIMIZE|LOAD|IMPORT)\b)", re.IGNORECASE)
_RENAMED = re.compile(rf"({NAME})\s+TO\s+({NAME})", re.IGNORECASE)
_FOR_MYSQL = re.compile(r"/\*!(?P<version>\d{5,6})?|\*/")
_EXPLAINED = ("INSERT", "REPLACE", "UPDATE", "DELETE", "WITH")
_PROGRAMS = ("procedure", "function", "trigger", "event", "view")
_SERVER_WIDE = re.compile(r"\b(?:GLOBAL|PERSIST|PERSIST_ONLY)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Effect:
    """What one statement does. What is None is not known, or has no meaning for such a statement.

    `waiting` says who waits while it runs; `estimates` how many rows of which tables it looks at;
    `online` is the command of a tool that does the same while nobody waits.
    """

    path: str
    line: int
    statement: str
    act: str
    table: str | None = None
    clauses: str | None = None
    algorithm: str | None = None
    waiting: str | None = None
    rebuilds: bool | None = None
    rows: int | None = None
    bytes: int | None = None
    instant_changes_left: int | None = None
    destroys: str | None = None
    estimates: dict[str, int | None] | None = None
    refused: str | None = None
    note: str | None = None
    online: str | None = None

    @property
    def stops_writers(self) -> bool:
        """Whether every row of a table is written anew, and others wait until that is done."""
        copies = self.algorithm == "COPY" or self.rebuilds is not False
        return self.waiting not in (None, NOBODY) and copies


class Outlook:
    """Effects on a target that is only read over `target`; its tables are copied into `sandbox` and changed there."""

    def __init__(self, target: Connection, sandbox: Sandbox, whose: Target) -> None:
        self.target, self.sandbox, self.whose = target, sandbox, whose
        self.sizes = {name.lower(): size for name, size in sizes.read(target, sandbox.database).items()}
        self.naming = naming.read(target, sandbox.database)
        self.calling = _calling(target)
        self.version = _version(target)
        self.unknown = Unknown()

    def read(self, ahead: Ahead) -> Iterator[Effect]:
        """The effects of what is left of a file; what its session sets ends with it."""
        prepared = Prepared(self.sandbox.connection)
        self.unknown = Unknown()
        for step in ahead.done:
            self._remember(unwrapped(step, self.version))
            prepared.learn(step)
        for step in ahead.steps:
            runs = prepared.executed(step)
            told = _shown(step) + ("" if runs is step else f": {_shown(runs, of_a_string=True)}")
            yield self._effect(Effect(ahead.path, step.line, told, _act(runs.code)), runs)
            prepared.learn(step)
        database.settle(self.sandbox.connection)
        yield from filter(None, (self._perhaps(ahead.path, step) for step in prepared.perhaps))

    def _perhaps(self, path: str, step: Step) -> Effect | None:
        """The effect on the table as it is, asked in a scratch schema of its own; None where the server refuses it."""
        with scratch_schema.made(self.whose) as connection:
            alone = Outlook(self.target, Sandbox(connection, self.sandbox.database), self.whose)
            effect = alone._effect(Effect(path, step.line, _shown(step, of_a_string=True), _act(step.code)), step)
        return None if effect.refused else replace(effect, note=PERHAPS)

    def _effect(self, effect: Effect, step: Step) -> Effect:
        if why := execution.too_large(self.sandbox.connection, step.text):
            return replace(effect, refused=why)
        step = unwrapped(step, self.version)
        try:
            if self.naming.may_name(step.text):
                self.sandbox.copy(step.code)
            step = unqualified(step, self.naming, self.sandbox.connection)
            effect = replace(effect, act=_act(step.code))
            if elsewhere := self.naming.outside(step.text, self.sandbox.connection):
                return replace(effect, note=f"names the database {elsewhere}: not asked")
            return self._asked(effect, step)
        except pymysql.Error as error:
            return replace(effect, refused=self.sandbox.told(error))

    def _asked(self, effect: Effect, step: Step) -> Effect:
        of_a_table = not step.settings and effect.act.split()[-1] not in _PROGRAMS
        if '"' in step.text and of_a_table and self.sandbox.names_are_in_double_quotes:
            return replace(effect, note=UNFORESEEN)
        alter, table = alters.read(step.text), _TABLES.match(step.code)
        if alter and not _UNASKED.search(step.code):
            return self._altered(effect, alter)
        if table:
            return self._of_tables(effect, step, table)
        if not step.code.strip():
            return effect
        if not self._remember(step):
            return replace(effect, note=UNFORESEEN)
        if step.code.split(maxsplit=1)[0].upper() in _EXPLAINED:
            return self._explained(effect, step)
        if _DATABASE.match(step.code):
            return replace(effect, destroys="the database")
        return replace(effect, note=UNFORESEEN if _UNFORESEEN.match(step.code) else None)

    def _remember(self, step: Step) -> bool:
        """What the session sets for itself; the rights that a role gives are not among it.

        False where a setting is taken from a variable of which nobody knows the value before.
        """
        if _SERVER_WIDE.search(step.code) or "role" in step.settings:
            return True
        if self.unknown.runs(step):
            self.sandbox.run(step.text, "")
            return True
        return not step.settings

    def _altered(self, effect: Effect, alter: Alter) -> Effect:
        self.sandbox.copy(identifier(alter.table))
        size, before = self._size(alter.table), self.sandbox.columns(alter.table)
        verdict = self.sandbox.ask(alter)
        name = alter.new_name or alter.table
        gone = before - self.sandbox.columns(name)
        if alter.new_name:
            self._rename(alter.table, alter.new_name)
        return replace(
            effect,
            table=alter.table,
            clauses=" ".join(alter.clauses.split()),
            algorithm=verdict.attempt.algorithm,
            waiting=verdict.waiting,
            rebuilds=verdict.rebuilds,
            rows=size.rows,
            bytes=size.bytes,
            instant_changes_left=verdict.instant_changes_left,
            destroys=_destroyed(code_only(alter.clauses), gone),
        )

    def _of_tables(self, effect: Effect, step: Step, found: re.Match[str]) -> Effect:
        act = " ".join(found["act"].upper().split())
        self.sandbox.run(step.text, step.code)
        if act in ("TRUNCATE", "DROP TABLE"):
            return self._destroying(effect, found["rest"])
        if act == "RENAME TABLE":
            for old, new in _RENAMED.findall(found["rest"]):
                self._rename(bare(old), bare(new))
        if act != "CREATE TABLE":
            return effect
        table = bare(re.match(NAME, found["rest"])[0])
        return replace(effect, table=table)

    def _destroying(self, effect: Effect, names: str) -> Effect:
        listed = [bare(name) for name in re.findall(NAME, names)]
        known = {name: self.sizes[name.lower()] for name in listed if name.lower() in self.sizes}
        destroyed = ", ".join(f"{name} with {size}" for name, size in known.items())
        total = Size(sum(size.rows for size in known.values()), sum(size.bytes for size in known.values()))
        for name in known:
            self.sizes[name.lower()], self.sandbox.carried[name.lower()] = Size(0, 0), 0
        return replace(effect, table=listed[0], rows=total.rows, bytes=total.bytes, destroys=destroyed or None)

    def _explained(self, effect: Effect, step: Step) -> Effect:
        """The server's estimate. It may run stored functions for that, a view's too, so of these none is asked for."""
        words = {word.lower() for word in re.findall(r"[\w$]+", step.code)}
        if words & self.calling:
            return replace(effect, note="calls a stored function: not estimated")
        try:
            with self.target.cursor(pymysql.cursors.DictCursor) as cursor:
                cursor.execute(f"EXPLAIN FORMAT=TRADITIONAL {step.text}")
                plan = cursor.fetchall()
        except pymysql.Error as error:
            return replace(effect, note=f"not estimated before the others have run: {error.args[-1]}")
        estimates = {row["table"]: row["rows"] for row in plan if row["table"] and not row["table"].startswith("<")}
        return replace(effect, table=next(iter(estimates), None), estimates=estimates)

    def _size(self, table: str) -> Size:
        return self.sizes.get(table.lower(), Size(0, 0))

    def _rename(self, old: str, new: str) -> None:
        self.sizes[new.lower()] = self.sizes.pop(old.lower(), Size(0, 0))
        self.sandbox.carried[new.lower()] = self.sandbox.carried.pop(old.lower(), 0)


def _calling(connection: Connection) -> set[str]:
    """What runs a stored function when it is estimated, in small letters: the functions, and views that call one."""
    calling = {name for kind, name in catalogue.programs(connection) if kind == "function"}
    calling |= {view for (view,) in rows(connection, _CALLING_VIEWS)}
    uses = rows(connection, _USES_OF_VIEWS)
    while further := {view for view, used in uses if used in calling} - calling:
        calling |= further
    return calling


def unwrapped(step: Step, version: int) -> Step:
    """`step` with what stands in comments for MySQL alone as code, where they are for this `version`."""
    code = step.code
    marks = list(_FOR_MYSQL.finditer(code))
    if not marks or any(int(mark["version"] or 0) > version for mark in marks):
        return step
    text = step.text
    for mark in reversed(marks):
        text = f"{text[: mark.start()]}{' ' * len(mark[0])}{text[mark.end() :]}"
    plain = text.strip()
    return replace(step, statement=replace(step.statement, text=plain), kind=kind_of(plain))


def _version(connection: Connection) -> int:
    """As comments for MySQL alone name it: 90700 for 9.7.0."""
    numbers = re.findall(r"\d+", connection.get_server_info())[:3]
    return sum(int(number) * unit for number, unit in zip(numbers, (10000, 100, 1)))


def unqualified(step: Step, naming: Naming, connection: Connection | None = None) -> Step:
    """`step` without the name of its own database before those of tables."""
    text = naming.unqualified(step.text, connection)
    return step if text == step.text else replace(step, statement=replace(step.statement, text=text))


def _destroyed(clauses: str, gone: set[str]) -> str | None:
    columns = [bare(name) for name in _DROPPED_COLUMN.findall(clauses)]
    lost = [f"column {name}" for name in columns if name.lower() in {one.lower() for one in gone}]
    lost += [f"partition {found['names'].strip(' ,')}" for found in _EMPTIED_PARTITIONS.finditer(clauses)]
    return ", ".join(lost) or None


def _act(code: str) -> str:
    found = _ACT.match(code)
    if found["verb"].upper() not in ("CREATE", "ALTER", "DROP", "RENAME", "TRUNCATE"):
        return found["verb"].lower()
    return " ".join(filter(None, found.groups())).lower()


def _shown(step: Step, of_a_string: bool = False) -> str:
    """On one line, shortened; of what may hold a password only its first words, of what sets variables no string."""
    words = step.text.split()
    if of_a_string or constants.sets_variables(step.code):
        words = masked(step.text).split()
    elif execution.may_hold_a_password(step.text):
        return f"{' '.join(words[:2])} …"
    line = " ".join(words)
    return line if len(line) <= SHOWN_CHARACTERS else line[: SHOWN_CHARACTERS - 1] + "…"
