"""A schema read from the server as definitions that can be compared and printed."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import account, identifier, rows
from learnhub_db.errors import DatabaseRefused
from learnhub_db.inspection import layout

BOOKKEEPING = ("_learnhub", "_yoyo", "yoyo_lock")  # how the names of the toolkit's and yoyo's own objects begin

NAMES = """
    SELECT IF(table_type = 'VIEW', 'view', 'table'), table_name
    FROM information_schema.tables WHERE table_schema = DATABASE()
    UNION ALL SELECT LOWER(routine_type), routine_name
    FROM information_schema.routines WHERE routine_schema = DATABASE()
    UNION ALL SELECT 'trigger', trigger_name FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    UNION ALL SELECT 'event', event_name FROM information_schema.events WHERE event_schema = DATABASE()
"""
ORDER_OF_TRIGGERS = """
    SELECT trigger_name, LAG(trigger_name) OVER (
        PARTITION BY event_object_table, action_timing, event_manipulation ORDER BY action_order)
    FROM information_schema.triggers WHERE trigger_schema = DATABASE()
"""
# What SHOW CREATE tells beside the statement, in our words.
SETTINGS = {
    "sql_mode": "sql_mode",
    "character_set_client": "character set",
    "collation_connection": "collation",
    "Database Collation": "collation of the database",
    "time_zone": "time zone",
}

# The server quotes what was created under ANSI_QUOTES with double quotes.
_DEFINER = re.compile(
    r"""\ACREATE\b(?P<before>[^`"]*?)\ DEFINER=
    (?P<quote>[`"])(?P<user>(?:(?!(?P=quote)).|(?P=quote){2})*)(?P=quote)@(?P=quote)(?P<host>.*?)(?P=quote)""",
    re.VERBOSE | re.DOTALL,
)
_AUTO_INCREMENT = re.compile(r"^(\) ENGINE=\w+) AUTO_INCREMENT=\d+", re.MULTILINE)
# The server rewrites the character sets of an expression's literals whenever the table is altered or rebuilt, and tells
# a column's only where its statement had it: the collation behind it says it all.
_CHARACTER_SET = re.compile(
    r"(?P<kept>'(?:[^'\\]|\\.|'')*'|`(?:[^`]|``)*`)|(?<![\w$])_[a-z]\w*(?=')| CHARACTER SET \w+(?= COLLATE )", re.DOTALL
)
_EVENT_HEAD = re.compile(
    r"""(?P<schedule>\ACREATE\ EVENT\ (?:`(?:[^`]|``)+`|"(?:[^"]|"")+")\ ON\ SCHEDULE)
    (?P<every>\ EVERY\ .+?)? (?:\ AT\ (?P<at>'[^']+'))?
    (?:\ STARTS\ (?P<starts>'[^']+'))? (?:\ ENDS\ (?P<ends>'[^']+'))?
    (?P<completion>\ ON\ COMPLETION\ (?:NOT\ )?PRESERVE)
    \ (?P<status>ENABLE|DISABLE(?:\ ON\ \w+)?)\b""",
    re.VERBOSE,
)

Key = tuple[str, str]


@dataclass(frozen=True)
class Definition:
    """`sql` creates the object; `settings` hold what that leaves out, the definer and when an event runs among them.

    `unknown` names the settings that nothing is said about.
    """

    sql: str
    settings: dict[str, str] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()

    def lines(self, unknown: frozenset[str] = frozenset()) -> list[str]:
        """Statement and settings, without those that are unknown here or in what it is compared with."""
        told = self.settings.keys() - self.unknown - unknown
        return [*self.sql.split("\n"), *(f"-- {name}: {self.settings[name]}" for name in sorted(told))]


Schema = dict[Key, Definition]  # by kind and name, a program's in small letters


def read(connection: Connection, *databases: str) -> Schema:
    """The schema that the connection uses, without bookkeeping and counters; reads only.

    The names of `databases` are taken off what views refer to: the schema's own, and one that stands for it.
    """
    found: Schema = {}
    order = dict(rows(connection, ORDER_OF_TRIGGERS))
    for kind, name in rows(connection, NAMES):
        if name.lower().startswith(BOOKKEEPING):
            continue
        one = definition(connection, kind, name, databases)
        if order.get(name) and kind == "trigger":
            one.settings["runs after"] = order[name]
        found[kind, name if kind in ("table", "view") else name.lower()] = one
    return found


def definition(connection: Connection, kind: str, name: str, databases: tuple[str, ...]) -> Definition:
    """One object of the schema that the connection uses; reads only."""
    shown = _shown(connection, kind, name)
    sql = shown[next(column for column in shown if column.startswith("Create ") or column == "SQL Original Statement")]
    if sql is None:
        hint = f"GRANT SHOW_ROUTINE ON *.* TO {account(connection)}"
        raise DatabaseRefused(f"the account may not read the {kind} {name}", "", hint)
    if kind == "table":
        return Definition(_CHARACTER_SET.sub(lambda found: found["kept"] or "", _AUTO_INCREMENT.sub(r"\1", sql)))
    sql, settings = _without_definer(sql)
    if kind == "event":
        sql, times = _without_times(sql)
        settings |= times
    if kind == "view":
        sql = layout.view(sql, databases)
    return Definition(sql, settings | {word: shown[column] for column, word in SETTINGS.items() if column in shown})


def _shown(connection: Connection, kind: str, name: str) -> dict[str, str | None]:
    with connection.cursor(pymysql.cursors.DictCursor) as cursor:
        cursor.execute(f"SHOW CREATE {kind.upper()} {identifier(name)}")
        return cursor.fetchone()


def _without_definer(sql: str) -> tuple[str, dict[str, str]]:
    found = _DEFINER.match(sql)
    definer = f"{found['user']}@{found['host']}".replace(found["quote"] * 2, found["quote"])
    return f"CREATE{found['before']}{sql[found.end() :]}", {"definer": definer}


def _without_times(sql: str) -> tuple[str, dict[str, str]]:
    """An event's statement without what the clock and the scheduler change in it, and that."""
    head = _EVENT_HEAD.match(sql)
    times = {word: head[word] for word in ("at", "starts", "ends", "status") if head[word]}
    return f"{head['schedule']}{head['every'] or ''}{head['completion']}{sql[head.end() :]}", times
