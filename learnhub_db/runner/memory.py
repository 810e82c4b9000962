"""What a session remembers from one statement of a file to the next, kept for the session that takes it up again.

What the file says itself, by a constant or a statement prepared from one, is taken from the file again: it may be a
password, and the journal is no place for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from pymysql.connections import Connection

from learnhub_db.database import identifier, rows, settle
from learnhub_db.runner import counters, waits
from learnhub_db.runner.steps import NAME, Step

_VARIABLE = re.compile(rf"(?<![@\w`$])@({NAME}(?:\.{NAME})*)")
_GIVEN = re.compile(rf"\s*@(?P<name>{NAME}(?:\.{NAME})*)\s*:?=(?P<value>.*)", re.DOTALL)
_CONSTANT = re.compile(r"(?:[^\w@`:]|\b(?:\d\w*|_\w+|NULL|TRUE|FALSE|CONCAT|CONCAT_WS|QUOTE|[XBN])\b)*", re.IGNORECASE)
_LAST_INSERT = re.compile(r"\bLAST_INSERT_ID\s*\(|@@(?:\w+\.)?(?:identity|last_insert_id)\b", re.IGNORECASE)
_PREPARE = re.compile(rf"(?:/\*!\d*\s*)?PREPARE\s+({NAME})\s+FROM\s+(.*)", re.IGNORECASE | re.DOTALL)
_DEALLOCATE = re.compile(rf"(?:DEALLOCATE|DROP)\s+PREPARE\s+({NAME})", re.IGNORECASE)
_EXECUTE = re.compile(rf"EXECUTE\s+({NAME})", re.IGNORECASE)
_TEMPORARY = re.compile(rf"CREATE\s+TEMPORARY\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?({NAME})", re.IGNORECASE)


class Memory:
    """The user variables, prepared statements, last id and counters that the steps of a file speak of."""

    def __init__(self, connection: Connection, steps: Sequence[Step]) -> None:
        self.connection, self.steps = connection, steps
        self.variables = {name for step in steps for name in names(step.code)}
        self.counts = any(_LAST_INSERT.search(step.code) for step in steps)
        self.prepared: dict[str, str] = {}
        self.said: dict[str, str] = {}  # variables that the file gives constants, as literals
        self.said_prepared: set[str] = set()
        self.counted: list[str] = []

    def count(self, coming: Sequence[Step]) -> bool:
        """Remember from now on the AUTO_INCREMENT counters that the `coming` steps may move; whether there are any."""
        self.counted = counters.tables(self.connection, coming)
        return bool(self.counted)

    def executed(self, step: Step) -> str:
        """The statement that runs: of an EXECUTE the prepared one."""
        return self.prepared.get(executes(step), step.text)

    def learn(self, step: Step) -> None:
        """After a statement that prepares another, or takes it away, or sets variables."""
        if found := _PREPARE.match(step.text):
            self._prepare(_plain(found[1]), found[2].strip())
        elif found := _DEALLOCATE.match(step.text):
            self._deallocate(_plain(found[1]))
        elif given := constants(step):
            self._note(given)

    def doubt(self, names: Iterable[str]) -> None:
        """The variables may have been given other values than the file says."""
        for name in names:
            self.said.pop(name, None)

    def _prepare(self, name: str, source: str) -> None:
        """Nothing stands behind the name where the session does not know the source."""
        self._deallocate(name)
        ((text,),) = rows(self.connection, f"SELECT {source}")
        if text is None:
            return
        self.prepared[name] = text
        if source[0] in "'\"" or self.said.get(_plain(source[1:])) == self.connection.escape(text):
            self.said_prepared.add(name)

    def _deallocate(self, name: str) -> None:
        self.prepared.pop(name, None)
        self.said_prepared.discard(name)

    def _note(self, given: dict[str, set[str]]) -> None:
        """The variables of `given` are said by the file, if those are that their values are made of."""
        used = set().union(*given.values())
        values = self._values({*given, *used})
        known = all(name not in given and self.said.get(name) == values[name] for name in used)
        self.said |= {name: values[name] for name in given if known}

    def text(self) -> str | None:
        """What there is to remember at this moment and the file does not say; None where it relies on nothing."""
        if not (self.variables or self.counts or self.prepared or self.counted):
            return None
        values = self._values(self.variables)
        changed = [f"@{identifier(name)} = {value}" for name, value in values.items() if self.said.get(name) != value]
        statements = ["SET " + ", ".join(changed)] if changed else []
        if self.counts:
            statements += [f"SELECT LAST_INSERT_ID({number})" for (number,) in self._last_id()]
        prepared = {name: sql for name, sql in self.prepared.items() if name not in self.said_prepared}
        return json.dumps([statements, prepared, counters.read(self.connection, self.counted)])

    def restore(self, text: str | None, done: Sequence[Step]) -> None:
        """Give a new session what `text` holds, and what the `done` statements had set and said."""
        statements, prepared, counted = json.loads(text) if text else ([], {}, {})
        counters.put_back(self.connection, counted)
        for sql in statements:
            rows(self.connection, sql)
        for step in done:
            if step.settings or constants(step):
                rows(self.connection, step.text)
            self.learn(step)
        for sql in statements:
            rows(self.connection, sql)
        self.prepared |= prepared
        self.said_prepared -= set(prepared)
        for name, sql in self.prepared.items():
            rows(self.connection, f"PREPARE {identifier(name)} FROM %s", (sql,))

    def end(self) -> None:
        """Forget everything, so that the next file cannot rely on it."""
        for name in self.prepared:
            rows(self.connection, f"DEALLOCATE PREPARE {identifier(name)}")
        for table in {found[1] for step in self.steps if (found := _TEMPORARY.match(step.code))}:
            rows(self.connection, f"DROP TEMPORARY TABLE IF EXISTS {table}")
        for name in {name for step in self.steps for name in step.settings}:
            rows(self.connection, _DEFAULTS.get(name, f"SET SESSION {name} = DEFAULT"))
        if self.variables:
            rows(self.connection, "SET " + ", ".join(f"@{identifier(name)} = NULL" for name in self.variables))
        if any(step.settings for step in self.steps):
            settle(self.connection)
            waits.limit(self.connection)

    def _last_id(self) -> list[tuple]:
        return rows(self.connection, "SELECT LAST_INSERT_ID()")

    def _values(self, names: Iterable[str]) -> dict[str, str]:
        """The values of user variables as literals, by name."""
        ordered = sorted(names)
        if not ordered:
            return {}
        (values,) = rows(self.connection, "SELECT " + ", ".join(f"@{identifier(name)}" for name in ordered))
        return dict(zip(ordered, map(self.connection.escape, values), strict=True))


_DEFAULTS = {
    "names": "SET NAMES DEFAULT",
    "character": "SET NAMES DEFAULT",
    "charset": "SET NAMES DEFAULT",
    "role": "SET ROLE DEFAULT",
    "resource": "SET RESOURCE GROUP USR_default",
    "transaction": "SET SESSION transaction_isolation = DEFAULT, transaction_read_only = DEFAULT",
}


def _plain(name: str) -> str:
    return name.strip("`").lower()


def executes(step: Step) -> str | None:
    """The name of what an EXECUTE runs."""
    found = _EXECUTE.match(step.text)
    return _plain(found[1]) if found else None


def prepares(step: Step) -> bool:
    """Whether it prepares a statement, or takes one away."""
    return bool(_PREPARE.match(step.text) or _DEALLOCATE.match(step.text))


def names(code: str) -> set[str]:
    """The user variables in `code`, in small letters."""
    return {_plain(name) for name in _VARIABLE.findall(code)}


def constants(step: Step) -> dict[str, set[str]]:
    """The variables that a SET gives constants, with those that they are made of; none where it does more than that."""
    given = [found for found in map(_GIVEN.match, step.assignments) if found]
    constant = all(_CONSTANT.fullmatch(_VARIABLE.sub("", found["value"])) for found in given)
    if not constant or len(given) + len(step.settings) < len(step.assignments):
        return {}
    return {_plain(found["name"]): names(found["value"]) for found in given}
