"""What a statement reaches outside the schema in which it runs: other databases, by name or by way of a program."""

from __future__ import annotations

import re

from pymysql.connections import Connection

from learnhub_db.inspection.names import Role
from learnhub_db.inspection.naming import Naming, read_both_ways

_WORD = re.compile(r"`((?:[^`]|``)+)`|([\w$]+)")

Key = tuple[Role, str]  # a routine, table or view by its name in small letters


def words(code: str) -> set[str]:
    """Every word that may be a name, in small letters."""
    return {(quoted or plain).replace("``", "`").lower() for quoted, plain in _WORD.findall(code)}


class Reach:
    """What leads into another database: its name, and the programs, views and tables with triggers that name it."""

    def __init__(self, naming: Naming, connection: Connection) -> None:
        self.naming, self.connection = naming, connection
        self.bodies: dict[Key, str] = {}
        self.direct: dict[Key, str] = {}  # the database that a body names

    @property
    def ways(self) -> dict[Key, str]:
        """The database that each leads to, in the end."""
        found = dict(self.direct)
        uses = {key: self._uses(body) for key, body in self.bodies.items()}
        while further := {key: found[way] for key in uses.keys() - found.keys() for way in uses[key] & found.keys()}:
            found |= further
        return found

    def leads_out(self, sql: str) -> str | None:
        """Why what runs `sql` may write into another database; None where it does not."""
        database = self.naming.outside(sql, self.connection)
        if database:
            return f"it names the database {database}"
        return self.by_way(sql)

    def by_way(self, sql: str) -> str | None:
        """As leads_out(), of the programs, views and tables that `sql` uses."""
        ways = self.ways if self.direct else {}
        way = next((key for key in sorted(self._uses(sql) & ways.keys(), key=str)), None) if ways else None
        return f"it uses {way[1]}, which names the database {ways[way]}" if way else None

    def learn(self, role: Role, name: str, body: str) -> None:
        """Remember what runs when `name` is used; a table has several triggers."""
        key = (role, name.lower())
        more = self.bodies.get(key, "") if role is Role.TABLE else ""
        self.bodies[key] = f"{more};{body}"
        self.direct.pop(key, None)
        if database := self.naming.outside(self.bodies[key]):
            self.direct[key] = database

    def touched(self, sql: str) -> frozenset[str]:
        """Every word of `sql` and of what it runs: what it may make or change is among them."""
        open_, seen, found = self._uses(sql), set(), words(sql)
        while open_:
            key = open_.pop()
            seen.add(key)
            found |= words(self.bodies.get(key, ""))
            open_ |= self._uses(self.bodies.get(key, "")) - seen
        return frozenset(found)

    def _uses(self, sql: str) -> set[Key]:
        return {(one.role, one.object.lower()) for one in read_both_ways(sql) if one.role is not Role.COLUMN}
