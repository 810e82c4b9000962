"""Migrations built in a scratch schema, statement by statement, as far as they stay in it.

What a migration does to the server, to accounts and to other databases is left out, also what it does by way of its
programs and views, or by a string that names one; no event ever fires. Where that may make or change something of the
schema, its place is kept: the build has not followed it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pymysql.connections import Connection

from learnhub_db.database import bare, rows, settle
from learnhub_db.errors import DatabaseRefused
from learnhub_db.inspection import naming
from learnhub_db.inspection.dynamic import Dynamic, asks
from learnhub_db.inspection.names import Role
from learnhub_db.inspection.naming import code
from learnhub_db.inspection.reach import Reach
from learnhub_db.project import SqlFile
from learnhub_db.runner import constants, execution
from learnhub_db.runner.steps import NAME, Step, kind_of
from learnhub_db.statements import Statement, code_only, split
from learnhub_db.stored_programs.schedule import Silenced, code_of, silenced

_IN_A_SCHEMA = "TABLES?|INDEX|VIEW|PROCEDURE|FUNCTION|TRIGGER|EVENT"
_OF_THE_SERVER = "USER|ROLE|DATABASE|SCHEMA|SERVER|TABLESPACE|UNDO|LOGFILE|RESOURCE|INSTANCE|REFERENCE|LIBRARY"
_DDL = re.compile(
    rf"""\s*(?P<verb>CREATE|ALTER|DROP|RENAME)\b
    (?:\s+(?:OR\s+REPLACE\s+)?(?:ALGORITHM\s*=\s*\w+\s+)?DEFINER\s*=\s*\S+)?
    .*?\b(?:(?P<object>{_IN_A_SCHEMA})|{_OF_THE_SERVER})\b (?:\s+IF\s+(?:NOT\s+)?EXISTS)?
    (?P<name>\s+{NAME}(?:\s*\.\s*{NAME})?)?""",
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
_ROWS = re.compile(r"\s*(?:INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|WITH|CALL)\b", re.IGNORECASE)
_SESSION = re.compile(
    r"""\s*(?:SET|SELECT|DO|PREPARE|EXECUTE|DEALLOCATE|BEGIN|START\s+TRANSACTION|COMMIT|ROLLBACK|SAVEPOINT|RELEASE
    |ALTER\s+(?:DATABASE|SCHEMA)\s+(?:DEFAULT|CHARACTER|CHARSET|COLLATE))\b""",
    re.IGNORECASE | re.VERBOSE,
)
_REACHES_OUT = re.compile(
    r"""\bINTO\s+(?:OUTFILE|DUMPFILE)\b | \bSONAME\b | (?:\bSET|,)\s*(?:@@\s*)?(?:GLOBAL|PERSIST|PERSIST_ONLY)\b
    | \A\s*SET\s+(?:PASSWORD|DEFAULT|ROLE|RESOURCE)\b""",
    re.IGNORECASE | re.VERBOSE,
)
_ON_TABLE = re.compile(rf"\bON\s+(?P<name>{NAME}(?:\s*\.\s*{NAME})?)", re.IGNORECASE)
_CALL = re.compile(r"\s*CALL\b", re.IGNORECASE)
_WRITES = re.compile(r"\s*(?:INSERT|REPLACE|UPDATE|DELETE|TRUNCATE|WITH)\b", re.IGNORECASE)
_ONLY_READ = re.compile(r"\b(?:REFERENCES|LIKE|FROM|JOIN)\s+\Z", re.IGNORECASE)
_MOVES = re.compile(r"\s*RENAME\b|\bRENAME\s+(?:TO|AS)\b|\bEXCHANGE\b|\s*DROP\b.*,", re.IGNORECASE | re.DOTALL)
_FROM = re.compile(r"\bFROM(?![\w$])", re.IGNORECASE)
_USING = re.compile(rf"@{NAME}", re.IGNORECASE)
_INTO = re.compile(rf"\bINTO\s+@{NAME}(?:\s*,\s*@{NAME})*", re.IGNORECASE)
_DEFAULTS = re.compile(rf"\s*ALTER\s+(?:DATABASE|SCHEMA)\s+(?P<name>{NAME})\s+(?=\w)", re.IGNORECASE)
_ACCOUNT = r"(?:`[^`]*`|'[^']*'|\"[^\"]*\"|[\w.%$]+)"
_DEFINER = re.compile(
    rf"""(?P<before>\A(?:/\*!\d*|\*/|\s|CREATE\b|ALTER\b|OR\s+REPLACE\b|ALGORITHM\s*=\s*\w+)*)
    \bDEFINER\s*=\s*{_ACCOUNT}(?:\s*@\s*{_ACCOUNT}|\s*\(\s*\))?""",
    re.IGNORECASE | re.VERBOSE,
)
_OTHER_DATABASE = re.compile(rf"\bCREATE\s+(?:DATABASE|SCHEMA)\s+(?:IF\s+NOT\s+EXISTS\s+)?({NAME})", re.IGNORECASE)
_UNKNOWN_TEXT = "what it runs is not known here"
_RUNS_OUT = "it prepares a statement that may reach another database, or makes an event"


@dataclass(frozen=True)
class Unfollowed:
    """A statement that the build does not follow; `words`, in small letters, name what it may make or change."""

    where: str
    why: str
    words: frozenset[str]

    def __str__(self) -> str:
        return f"not followed: {self.where} ({self.why})"


class Builder:
    """Builds `files` in the schema that `connection` uses, for the database `own`."""

    def __init__(self, connection: Connection, own: str, files: Sequence[SqlFile]) -> None:
        self.connection = connection
        ((schema,),) = rows(connection, "SELECT DATABASE()")
        created = [bare(name) for file in files for name in _OTHER_DATABASE.findall(code_only(file.text))]
        self.naming = naming.read(connection, own).with_others(created)
        self.reach = Reach(self.naming, connection)
        self.dynamic = Dynamic(connection, self.naming, schema)
        self.events: dict[str, Silenced] = {}
        self.unfollowed: list[Unfollowed] = []
        self.incomplete = False  # something was left out, so that a later statement may fail
        self.doubtful: set[str] = set()  # user variables that got no value here, or a wrong one
        self.prepared: dict[str, str] = {}
        self.asks = False
        self.path, self.texts = "", []

    def migrate(self, file: SqlFile) -> None:
        """DatabaseRefused with the place for what the server does not take."""
        statements = split(file.text, file.path)
        self.path, self.texts = file.path, [one.text for one in statements]
        self.asks = self.asks or any(map(asks, self.texts))
        for statement in statements:
            self._take(statement)
        settle(self.connection)
        self.prepared.clear()
        self.doubtful.clear()

    def run(self, statement: Statement, path: str) -> None:
        """An event is created disabled."""
        event = silenced(statement.text)
        if event:
            self.events[event.name] = event
            statement = replace(statement, text=event.sql)
        execution.run(self.connection, statement, path)

    def leave_out(self, statement: Statement, why: str, path: str = "") -> None:
        variable = constants.executes(statement.text) or constants.variables(code_of(statement.text))
        sql = "\n".join([statement.text, *(self.texts if variable else ())])
        self.unfollowed.append(Unfollowed(f"{path or self.path}:{statement.line}", why, self.reach.touched(sql)))
        self._pass_over(statement)

    def _pass_over(self, statement: Statement) -> None:
        """Without a word: what it does is no part of the schema."""
        self.incomplete = True
        self._doubt(statement)

    def _doubt(self, statement: Statement) -> None:
        given, taken = _variables(statement)
        self.doubtful |= given or taken

    def _take(self, statement: Statement) -> None:
        said = code_of(statement.text)
        if _REACHES_OUT.search(said):
            self._doubt(statement)
        elif prepares := constants.prepares(statement.text):
            self._prepare(statement, *prepares)
        elif name := constants.executes(statement.text):
            self._execute(statement, name)
        elif name := constants.deallocates(statement.text):
            self.prepared.pop(name, None)
        elif default := _DEFAULTS.match(said):
            self._set_default(statement, default)
        elif _SESSION.match(said) or _ROWS.match(said):
            self._write_rows(statement)
        elif (ddl := _DDL.match(code(statement.text))) and ddl["object"]:
            self._make(statement, ddl)

    def _set_default(self, statement: Statement, found: re.Match[str]) -> None:
        start, end = found.span("name")
        if self.naming.is_own(bare(found["name"])):
            statement = replace(statement, text=statement.text[:start] + statement.text[end:])
        if _SESSION.match(code_of(statement.text)):
            self.run(statement, self.path)

    def _prepare(self, statement: Statement, name: str, source: str) -> None:
        """What an EXECUTE runs is judged as if it stood there itself."""
        self.prepared.pop(name, None)
        if self.doubtful.isdisjoint(constants.variables(source)):
            value = statement.text[_FROM.search(code_of(statement.text)).end() :]
            ((self.prepared[name],),) = rows(self.connection, f"SELECT CONVERT({value}\n USING utf8mb4)")

    def _execute(self, statement: Statement, name: str) -> None:
        text = self.prepared.get(name)
        if text is None:
            return self.leave_out(statement, _UNKNOWN_TEXT)
        values = iter(_USING.findall(code_of(statement.text)))
        parts = [text[start:end] for start, end in _between_marks(code_of(text))]
        self._take(replace(statement, text="".join(next(values, "?") if part == "?" else part for part in parts)))

    def _write_rows(self, statement: Statement) -> None:
        """Later statements may need the rows, and the variables."""
        said = code_of(statement.text)
        calls, home = bool(_CALL.match(said)), self._at_home(statement)
        given, taken = _variables(statement)
        why = self.reach.leads_out(home.text) or (_UNKNOWN_TEXT if taken & self.doubtful else None)
        if why:
            return self.leave_out(statement, why) if calls else self._pass_over(statement)
        self.doubtful -= given
        self._run_rows(home, statement, calls)

    def _run_rows(self, home: Statement, statement: Statement, calls: bool) -> None:
        if calls:
            self.dynamic.arm(name for _, name in self.reach.ways)
        try:
            self.run(home, self.path)
        except DatabaseRefused as error:
            left, moved = self.dynamic.counted() if calls else (0, 0)
            if not (self.incomplete or left or moved or self.prepared or home.text != statement.text):
                raise
            return self.leave_out(statement, error.what) if calls else self._pass_over(statement)
        if calls and self.dynamic.counted()[0]:
            self.leave_out(statement, _RUNS_OUT)

    def _at_home(self, statement: Statement) -> Statement:
        """With the scratch schema for its own database."""
        text = statement.text
        if asks(text) or self.asks and not _WRITES.match(code_of(text)):
            text = self.dynamic.moved(text)
        return replace(statement, text=self.naming.unqualified(text, self.connection))

    def _make(self, statement: Statement, ddl: re.Match[str]) -> None:
        """The DDL without its own database's name and definer."""
        end = _end_of_head(ddl)
        whole = end == len(ddl.string) or ddl["object"].upper() == "VIEW"
        start, rest = (statement.text, "") if whole else (statement.text[:end], statement.text[end:])
        text = self.naming.unqualified(start, self.connection if whole else None)
        body = self.dynamic.body(rest)
        made = _DDL.match(code(text + body))
        end = _end_of_head(made)
        head = (text + body)[:end]
        if why := self._leads_out(head):
            return self._make_outside(statement, made, why)
        if len(head) < len(text + body):
            self._learn(made, head, (text + body)[end:])
        built = without_definer(text + body)
        try:
            self.run(replace(statement, text=built), self.path)
        except DatabaseRefused as error:
            if not self.incomplete:
                raise
            self.leave_out(statement, error.what)

    def _make_outside(self, statement: Statement, ddl: re.Match[str], why: str) -> None:
        """What is in another database is nothing to the schema, unless it comes from here or goes there."""
        elsewhere = self.naming.outside(f"TABLE {ddl['name'] or ''}")
        if elsewhere and not _MOVES.search(ddl.string):
            return self._pass_over(statement)
        self.leave_out(statement, why)

    def _leads_out(self, head: str) -> str | None:
        """Why the head of a DDL may write into another database; a table there may be read."""
        said = code(head)
        for one in self.naming.databases(head, self.connection):
            read = one.role is Role.TABLE and _ONLY_READ.search(said[: one.start])
            if not self.naming.is_own(one.parts[0]) and not read:
                return f"it names the database {one.parts[0]}"
        return self.reach.by_way(head)

    def _learn(self, ddl: re.Match[str], head: str, body: str) -> None:
        """A trigger runs where its table is written."""
        sort = ddl["object"].upper()
        role = Role.TABLE if sort in ("VIEW", "TRIGGER") else Role.ROUTINE
        if sort != "EVENT":
            self.reach.learn(role, bare(re.findall(NAME, code(head))[-1]), body)


def _end_of_head(ddl: re.Match[str]) -> int:
    """Behind the name of a program or view that is made, and the table of a trigger: the rest only runs when used."""
    sort = ddl["object"].upper()
    is_body = ddl["verb"].upper() == "CREATE" and sort not in ("TABLE", "INDEX")
    if not is_body and not (sort == "VIEW" and ddl["verb"].upper() == "ALTER"):
        return len(ddl.string)
    table = _ON_TABLE.search(ddl.string, ddl.end()) if sort == "TRIGGER" else None
    return table.end() if table else ddl.end()


def _variables(statement: Statement) -> tuple[set[str], set[str]]:
    """The user variables that a SET or an INTO gives values, and those that the statement reads."""
    said = code_of(statement.text)
    parts = [code_of(part).partition("=") for part in Step(statement, kind_of(statement.text)).assignments]
    given = set().union(*(constants.variables(name) for name, *_ in parts))
    given |= set().union(*(constants.variables(into) for into in _INTO.findall(said)))
    values = "".join(value for *_, value in parts) if parts else _INTO.sub("", said)
    return given, constants.variables(values)


def _between_marks(code: str) -> Iterator[tuple[int, int]]:
    """Where the parts begin and end that are between question marks, and these."""
    start = 0
    for found in re.finditer(r"\?", code):
        yield start, found.start()
        yield found.span()
        start = found.end()
    yield start, len(code)


def without_definer(sql: str) -> str:
    """`sql`, which creates something, as whoever runs it would own that."""
    return _DEFINER.sub(r"\g<before>", sql, count=1)
