"""What a session remembers from one statement of a file to the next, kept for the session that takes it up again.

What the file says itself, by a constant or a statement prepared from one, is taken from the file again: it may be a
password, and the journal is no place for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import identifier, rows, settle
from learnhub_db.runner import constants, counters, waits
from learnhub_db.runner.steps import NAME, Step
from learnhub_db.statements import strings

_LAST_INSERT = re.compile(r"\bLAST_INSERT_ID\s*\(|@@(?:\w+\.)?(?:identity|last_insert_id)\b", re.IGNORECASE)
_TEMPORARY = re.compile(rf"CREATE\s+TEMPORARY\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?({NAME})", re.IGNORECASE)
# A number for a value and its type, the same under all settings of the session.
_MARK = "CAST(CONV(LEFT(SHA2(JSON_ARRAY({}), 256), 16), 16, 10) AS UNSIGNED)"
_NOTHING = "DO 0"


class Memory:
    """The user variables, prepared statements, last id and counters that the steps of a file speak of."""

    def __init__(self, connection: Connection, steps: Sequence[Step]) -> None:
        self.connection, self.steps = connection, steps
        self.variables = {name for step in steps for name in constants.variables(step.code)}
        self.counts = any(_LAST_INSERT.search(step.code) for step in steps)
        self.prepared: dict[str, str] = {}
        self.said: dict[str, int] = {}  # the marks of the values that the file gives variables
        self.said_prepared: set[str] = set()
        self.counted: list[str] = []

    def count(self, coming: Sequence[Step]) -> bool:
        """Remember from now on the AUTO_INCREMENT counters that the `coming` steps may move; whether there are any."""
        self.counted = counters.tables(self.connection, coming)
        return bool(self.counted)

    def executed(self, step: Step) -> str:
        """The statement that runs: of an EXECUTE the prepared one."""
        return self.prepared.get(constants.executes(step.text), step.text)

    def learn(self, step: Step, send: Callable[[dict[str, str]], None]) -> dict[str, str]:
        """Have `send` run a statement of the session, told what that says; learn this, and what it prepares or takes away."""
        said = self._says(step)
        send(said)
        if prepared := constants.prepares(step.text):
            self._prepare(step, *prepared)
        elif name := constants.deallocates(step.text):
            self._deallocate(name)
        else:
            self.doubt(constants.assigned(step))
            self.said |= self._marks(said)
        return said

    def _says(self, step: Step) -> dict[str, str]:
        """Of the variables that it sets those that it gives constants, with the SQL that does the same."""
        found = {name: constant for name, constant in constants.assigned(step).items() if constant}
        now = self._marks(set().union(*(constant.used for constant in found.values())))
        known = {name for name, mark in now.items() if self.said.get(name) == mark}
        return {name: f"SET {constant.sql}" for name, constant in found.items() if constant.used <= known}

    def doubt(self, names: Iterable[str]) -> None:
        """The variables may have other values than the file says."""
        for name in names:
            self.said.pop(name, None)

    def text(self) -> str | None:
        """What there is to remember at this moment and the file does not say; None where it relies on nothing."""
        if not (self.variables or self.counts or self.prepared or self.counted):
            return None
        computed = {name for name, mark in self._marks(self.variables).items() if self.said.get(name) != mark}
        values = [f"@{identifier(name)} = {value}" for name, value in self._values(computed).items()]
        statements = ["SET " + ", ".join(values)] if values else []
        if self.counts:
            statements += [f"SELECT LAST_INSERT_ID({number})" for (number,) in self._last_id()]
        prepared = {name: sql for name, sql in self.prepared.items() if name not in self.said_prepared}
        return json.dumps([statements, prepared, counters.read(self.connection, self.counted)])

    def restore(self, text: str | None, done: Sequence[Step], coming: Sequence[Step]) -> None:
        """Give a new session what `text` holds, and what the `done` statements had set and said."""
        statements, prepared, counted = json.loads(text) if text else ([], {}, {})
        counters.put_back(self.connection, counted)
        self._run(statements)
        for step in done:
            self.learn(step, lambda said: self._run([step.text] if step.settings else said.values()))
        self._run(statements)
        self.prepared |= prepared
        self.said_prepared -= set(prepared)
        executed = {constants.executes(step.text) for step in coming}
        for name, sql in self.prepared.items():
            self._prepare_again(name, sql, needed=name in executed)

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

    def _prepare(self, step: Step, name: str, source: str) -> None:
        """Nothing stands behind the name where the source is nothing."""
        self._deallocate(name)
        variable = constants.plain(source[1:])
        if source == "''":
            source, said = strings(step.text)[0], True
        else:
            said = self._marks([variable]) == {variable: self.said.get(variable)}
        ((text,),) = rows(self.connection, f"SELECT HEX(CONVERT({source} USING utf8mb4))")
        if text:
            self.prepared[name] = bytes.fromhex(text if isinstance(text, str) else text.decode()).decode()
        if text and said:
            self.said_prepared.add(name)

    def _prepare_again(self, name: str, sql: str, needed: bool) -> None:
        """Where it is only taken away again it need not be what it was: what it speaks of may be gone."""
        try:
            rows(self.connection, f"PREPARE {identifier(name)} FROM %s", (sql,))
        except pymysql.Error:
            if needed:
                raise
            rows(self.connection, f"PREPARE {identifier(name)} FROM %s", (_NOTHING,))

    def _deallocate(self, name: str) -> None:
        self.prepared.pop(name, None)
        self.said_prepared.discard(name)

    def _run(self, statements: Iterable[str]) -> None:
        for sql in statements:
            rows(self.connection, sql)

    def _last_id(self) -> list[tuple]:
        return rows(self.connection, "SELECT LAST_INSERT_ID()")

    def _marks(self, names: Iterable[str]) -> dict[str, int]:
        return dict(self._select(names, _MARK.format))

    def _values(self, names: Iterable[str]) -> dict[str, str]:
        """The values of user variables as literals, by name."""
        return {name: self.connection.escape(value) for name, value in self._select(names, "{}".format)}

    def _select(self, names: Iterable[str], expression: Callable[[str], str]) -> list[tuple[str, object]]:
        """An expression of each of the user variables, by name."""
        ordered = sorted(names)
        if not ordered:
            return []
        sql = "SELECT " + ", ".join(expression(f"@{identifier(name)}") for name in ordered)
        return list(zip(ordered, rows(self.connection, sql)[0], strict=True))


_DEFAULTS = {
    "names": "SET NAMES DEFAULT",
    "character": "SET NAMES DEFAULT",
    "charset": "SET NAMES DEFAULT",
    "role": "SET ROLE DEFAULT",
    "resource": "SET RESOURCE GROUP USR_default",
    "transaction": "SET SESSION transaction_isolation = DEFAULT, transaction_read_only = DEFAULT",
}
