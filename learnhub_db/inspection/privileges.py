"""What accounts and roles may do, as GRANT statements say it: those of the files, and those of SHOW GRANTS.

The files' grants are read, not run: a look at a server must not change who may do what on it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import pymysql
from pymysql.connections import Connection
from pymysql.constants import ER

from learnhub_db.contents import Contents
from learnhub_db.database import NOT_ALLOWED, account, identifier, rows
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.inspection.naming import folding, matches
from learnhub_db.statements import split

OPTIONS = ("GRANT", "ADMIN")  # that its holder may pass a right on
ON_ROUTINES = {"EXECUTE", "ALTER ROUTINE"}
ON_TABLES = {
    *("SELECT", "INSERT", "UPDATE", "DELETE", "CREATE", "DROP", "REFERENCES", "INDEX", "ALTER"),
    *("CREATE VIEW", "SHOW VIEW", "TRIGGER"),
}
ON_DATABASES = ON_TABLES | ON_ROUTINES | {"CREATE ROUTINE", "CREATE TEMPORARY TABLES", "LOCK TABLES", "EVENT"}
LOCK = "SELECT IF(account_locked = 'Y', 'LOCK', 'UNLOCK') FROM mysql.user WHERE user = %s AND host = %s"

_TOKEN = re.compile(
    r"""/\*(?!!).*?\*/ | /\*!\d* | \*/ | (?:--(?=\s)|\#)[^\n]*
    | (?P<token>`(?:[^`]|``)*` | '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | [\w$]+ | [^\s\w])""",
    re.VERBOSE | re.DOTALL,
)

Tokens = list[str]


class Place(NamedTuple):
    """Where a right holds: `scope` is the database's own objects, the server, another database, or a role."""

    scope: str
    name: str


HERE, SERVER, ELSEWHERE, ROLE = "database", "server", "elsewhere", "role"
SERVER_WIDE = Place(SERVER, "*.*")


class Ground(NamedTuple):
    """What a GRANT is read against: the database it names by *, and the rights that ALL on the server means.

    `fold` makes the spellings of a database or table equal that the server takes for one.
    """

    database: str
    everything: frozenset[str]
    fold: Callable[[str], str]


@dataclass
class Account:
    """The rights of an account or role by place; `created` where a statement creates it.

    `revoked` are those on the server that do not hold in one database: partial revokes. `lock` is LOCK or UNLOCK, None
    where nothing says which.
    """

    rights: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    revoked: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))
    created: bool = False
    lock: str | None = None

    def lines(self) -> set[str]:
        locks = {f"ACCOUNT {self.lock}"} if self.lock else set()
        revoked = {f"REVOKE {right} ON {place.name}" for place, rights in self.revoked.items() for right in rights}
        return locks | revoked | {_line(right, place) for place, rights in self.rights.items() for right in rights}


def _line(right: str, place: Place) -> str:
    return f"GRANT {right}" if place.scope == ROLE else f"GRANT {right} ON {place.name}"


def compare(
    connection: Connection, contents: Contents, database: str
) -> Iterator[tuple[str, list[str], list[str] | None]]:
    """Each account that the files name, what they give it, and what it holds: None where it does not exist.

    Rights on the database always count; those on the server and roles only where the files create the account, for
    others may give it more; those on other databases only where the files give them.
    """
    ground = _ground(connection, database)
    for name, given in sorted(_of_files(contents, ground).items()):
        held = _of_server(connection, name, ground, asks_lock=given.lock is not None)
        if held is None:
            yield name, [name, *sorted(given.lines())], None
            continue
        counted = (HERE, SERVER, ROLE) if given.created else (HERE,)
        more = {_line(right, place) for place in held.rights if place.scope in counted for right in held.rights[place]}
        more |= {f"ACCOUNT {held.lock}"}
        yield name, [name, *sorted(given.lines())], [name, *sorted(held.lines() & (given.lines() | more))]


def of_files(connection: Connection, contents: Contents, database: str) -> dict[str, Account]:
    """What the files give to each account that they name, on `database`; reads only."""
    return _of_files(contents, _ground(connection, database))


def _ground(connection: Connection, database: str) -> Ground:
    known = {name.upper() for name, *_ in rows(connection, "SHOW PRIVILEGES")} - {"USAGE", "PROXY", "GRANT OPTION"}
    fold = folding(connection)
    return Ground(fold(database), frozenset(known), fold)


def _of_files(contents: Contents, ground: Ground) -> dict[str, Account]:
    accounts: dict[str, Account] = defaultdict(Account)
    files = [(file.path, split(file.text, file.path)) for file in contents.migrations]
    files += [(grant.file.path, grant.statements) for grant in (*contents.accounts, *contents.grants)]
    for path, statements in files:
        for statement in statements:
            try:
                _take(accounts, statement.text, ground)
            except IndexError:
                raise UsageError("the statement cannot be read", f"{path}:{statement.line}", "complete it") from None
    return accounts


def of_connection(connection: Connection, database: str) -> Account:
    """What the connection's own account may do, by its roles too; reads only."""
    return next(iter(_shown(connection, "SHOW GRANTS", _ground(connection, database)).values()))


def _of_server(connection: Connection, name: str, ground: Ground, asks_lock: bool) -> Account | None:
    quoted = "@".join(identifier(part) for part in name.rsplit("@", 1))
    try:
        found = _shown(connection, f"SHOW GRANTS FOR {quoted}", ground)[name]
        if asks_lock:
            ((found.lock,),) = rows(connection, LOCK, name.rsplit("@", 1))
        return found
    except pymysql.Error as error:
        if error.args[0] == ER.NONEXISTING_GRANT:
            return None
        if error.args[0] not in NOT_ALLOWED:
            raise
        hint = f"GRANT SELECT ON mysql.* TO {account(connection)}"
        raise DatabaseRefused(f"the account may not see the rights of {name}", "mysql", hint) from error


def _shown(connection: Connection, query: str, ground: Ground) -> dict[str, Account]:
    accounts: dict[str, Account] = defaultdict(Account)
    for (grant,) in rows(connection, query):
        _take(accounts, grant, ground)
    return accounts


def _take(accounts: dict[str, Account], sql: str, ground: Ground) -> None:
    """Add what the statement gives to `accounts`, take away what it takes."""
    tokens = [found["token"] for found in _TOKEN.finditer(sql) if found["token"]]
    verb, second = (*(token.upper() for token in tokens[:2]), "", "")[:2]
    if verb in ("CREATE", "ALTER") and second in ("USER", "ROLE"):
        _say(accounts, tokens[2:], creates=verb == "CREATE")
    if verb in ("GRANT", "REVOKE") and second != "PROXY":
        _give(accounts, tokens[1:], ground, takes=verb == "REVOKE")


def _say(accounts: dict[str, Account], tokens: Tokens, creates: bool) -> None:
    """Add what a CREATE or ALTER USER says of its accounts, the latter only of such as other statements name."""
    if tokens[0].upper() == "IF":
        tokens = tokens[3 if creates else 2 :]
    words = [token.upper() for token in tokens]
    locks = [lock for word, lock in zip(words, words[1:]) if word == "ACCOUNT" and lock in ("LOCK", "UNLOCK")]
    for name in map(_account, _items(_cut(tokens, "DEFAULT")[0])):
        if creates or name in accounts:
            accounts[name].created |= creates
            accounts[name].lock = locks[-1] if locks else accounts[name].lock


def _give(accounts: dict[str, Account], tokens: Tokens, ground: Ground, takes: bool) -> None:
    what, to = _cut(tokens, "TO", "FROM")
    to, options = _cut(to, "WITH", "AS", "IGNORE", "REQUIRE", "IDENTIFIED")
    what = what[2:] if what[0].upper() == "IF" else what
    what, on = _cut(what, "ON")
    place = _place(on, ground)
    passed_on = " ".join(options[:2]).upper() in [f"{word} OPTION" for word in OPTIONS]
    rights = {right for item in _items(what) for right in _rights(item, place, passed_on, ground)}
    for item in _items(to):
        if item[0].upper() == "CURRENT_USER":  # whoever applied
            continue
        account = accounts[_account(item)]
        if takes and not on and what[0].upper() == "ALL":
            account.rights.clear()
            account.revoked.clear()
        elif takes:
            _revoke(account, place, rights)
        else:
            _grant(account, place, rights)


def _grant(account: Account, place: Place, rights: set[str]) -> None:
    _end_partial_revokes(account, place, rights)
    both = account.rights[place] | rights
    redundant = {one for one in both if not both.isdisjoint({f"{one} WITH {word} OPTION" for word in OPTIONS})}
    account.rights[place] = both - redundant


def _revoke(account: Account, place: Place, rights: set[str]) -> None:
    """What is held on the server and not on the place itself is revoked in part: on that place."""
    partial = (rights & account.rights[SERVER_WIDE]) - account.rights[place]
    _end_partial_revokes(account, place, rights)
    if place != SERVER_WIDE:
        account.revoked[place] |= partial
    account.rights[place] -= rights | {f"{right} WITH GRANT OPTION" for right in rights}


def _end_partial_revokes(account: Account, place: Place, rights: set[str]) -> None:
    for one in list(account.revoked) if place == SERVER_WIDE else [place]:
        account.revoked[one] -= rights


def _rights(item: Tokens, place: Place, passed_on: bool, ground: Ground) -> set[str]:
    if place.scope == ROLE:
        return {f"{_account(item)}{' WITH ADMIN OPTION' if passed_on else ''}"}
    words, columns = _cut(item, "(")
    right = " ".join(words).upper()
    rights = {f"{right} ({_bare(column).lower()})" for column in columns if column not in ",)"} or {right}
    if right in ("ALL", "ALL PRIVILEGES"):
        rights = set(_all(place, ground))
    if passed_on:
        rights = set().union(*map(_passed_on, rights))
    return rights - {"USAGE"}


def _passed_on(right: str) -> set[str]:
    """A dynamic right, one with an underscore, has the option for itself; the others of a place share it."""
    return {f"{right} WITH GRANT OPTION"} if "_" in right.split(" (")[0] else {right, "GRANT OPTION"}


def _all(place: Place, ground: Ground) -> frozenset[str] | set[str]:
    if place.scope == SERVER:
        return ground.everything
    if place.name.startswith(("PROCEDURE ", "FUNCTION ")):
        return ON_ROUTINES
    return ON_DATABASES if place.name.endswith("*") else ON_TABLES


def _place(tokens: Tokens, ground: Ground) -> Place:
    if not tokens:
        return Place(ROLE, "")
    kind = ""
    if tokens[0].upper() in ("TABLE", "PROCEDURE", "FUNCTION", "LIBRARY") and tokens[1:2] not in ([], ["."]):
        kind, tokens = tokens[0].upper(), tokens[1:]
    schema, name = (ground.fold(_bare(tokens[0])), tokens[2]) if "." in tokens else (None, tokens[0])
    if schema == "*":
        return SERVER_WIDE
    shown = name if name == "*" else ground.fold(_bare(name))
    if kind not in ("", "TABLE"):
        shown = f"{kind} {shown.lower()}"
    here = schema in (None, ground.database) or (name == "*" and matches(schema, ground.database))
    return Place(HERE, shown) if here else Place(ELSEWHERE, f"{schema}.{shown}")


def _account(tokens: Tokens) -> str:
    """user@host of the tokens that begin with an account."""
    user, host = _bare(tokens[0]), "%"
    if tokens[1:2] == ["@"]:
        host = _bare(tokens[2])
        for joint, part in zip(tokens[3::2], tokens[4::2]):
            if joint not in ".-":
                break
            host += joint + part
    return f"{user}@{host.lower()}"


def _bare(token: str) -> str:
    quote = token[0]
    return token[1:-1].replace(quote * 2, quote) if quote in "`'\"" else token


def _cut(tokens: Tokens, *words: str) -> tuple[Tokens, Tokens]:
    """What stands before the first of `words`, and what stands after it."""
    place = next((index for index, token in enumerate(tokens) if token.upper() in words), len(tokens))
    return tokens[:place], tokens[place + 1 :]


def _items(tokens: Tokens) -> list[Tokens]:
    """What commas outside parentheses part."""
    items: list[Tokens] = [[]]
    depth = 0
    for token in tokens:
        depth += {"(": 1, ")": -1}.get(token, 0)
        if token == "," and not depth:
            items.append([])
        else:
            items[-1].append(token)
    return [item for item in items if item]
