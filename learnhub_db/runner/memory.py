"""What a session remembers from one statement of a file to the next, kept for the session that takes it up again."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence

from pymysql.connections import Connection

from learnhub_db.database import identifier, rows, settle
from learnhub_db.runner import counters, waits
from learnhub_db.runner.steps import NAME, Step

_VARIABLE = re.compile(rf"(?<![@\w`$])@({NAME}(?:\.{NAME})*)")
_LAST_INSERT = re.compile(r"\bLAST_INSERT_ID\s*\(|@@(?:\w+\.)?(?:identity|last_insert_id)\b", re.IGNORECASE)
_PREPARE = re.compile(rf"(?:/\*!\d*\s*)?PREPARE\s+({NAME})\s+FROM\s+(.*)", re.IGNORECASE | re.DOTALL)
_DEALLOCATE = re.compile(rf"(?:DEALLOCATE|DROP)\s+PREPARE\s+({NAME})", re.IGNORECASE)
_EXECUTE = re.compile(rf"EXECUTE\s+({NAME})", re.IGNORECASE)
_TEMPORARY = re.compile(rf"CREATE\s+TEMPORARY\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?({NAME})", re.IGNORECASE)


class Memory:
    """The user variables, prepared statements, last id and counters that the steps of a file speak of."""

    def __init__(self, connection: Connection, steps: Sequence[Step]) -> None:
        self.connection, self.steps = connection, steps
        self.variables = sorted({name for step in steps for name in _VARIABLE.findall(step.code)})
        self.counts = any(_LAST_INSERT.search(step.code) for step in steps)
        self.prepared: dict[str, str] = {}
        self.counted: list[str] = []

    def count(self, coming: Sequence[Step]) -> bool:
        """Remember from now on the AUTO_INCREMENT counters that the `coming` steps may move; whether there are any."""
        self.counted = counters.tables(self.connection, coming)
        return bool(self.counted)

    def executed(self, step: Step) -> str:
        """The statement that runs: of an EXECUTE the prepared one."""
        found = _EXECUTE.match(step.text)
        return self.prepared.get(_plain(found[1]), step.text) if found else step.text

    def learn(self, step: Step) -> None:
        """After a statement that prepares another, or takes it away."""
        if found := _PREPARE.match(step.text):
            ((self.prepared[_plain(found[1])],),) = rows(self.connection, f"SELECT {found[2]}")
        elif found := _DEALLOCATE.match(step.text):
            self.prepared.pop(_plain(found[1]), None)

    def text(self) -> str | None:
        """What there is to remember at this moment; None where the file relies on nothing."""
        if not (self.variables or self.counts or self.prepared or self.counted):
            return None
        statements = []
        if self.variables:
            (values,) = rows(self.connection, "SELECT " + ", ".join(f"@{name}" for name in self.variables))
            pairs = zip(self.variables, map(self.connection.escape, values), strict=True)
            statements.append("SET " + ", ".join(f"@{name} = {value}" for name, value in pairs))
        if self.counts:
            statements += [f"SELECT LAST_INSERT_ID({number})" for (number,) in self._last_id()]
        return json.dumps([statements, self.prepared, counters.read(self.connection, self.counted)])

    def restore(self, text: str | None, done: Sequence[Step]) -> None:
        """Give a new session what `text` holds, and what the `done` statements had set."""
        statements, self.prepared, counted = json.loads(text) if text else ([], {}, {})
        counters.put_back(self.connection, counted)
        changes = [step.text for step in done if step.settings]
        for sql in (*statements, *changes, *(statements if changes else ())):
            rows(self.connection, sql)
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
            rows(self.connection, "SET " + ", ".join(f"@{name} = NULL" for name in self.variables))
        if any(step.settings for step in self.steps):
            settle(self.connection)
            waits.limit(self.connection)

    def _last_id(self) -> list[tuple]:
        return rows(self.connection, "SELECT LAST_INSERT_ID()")


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


