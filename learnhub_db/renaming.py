"""Applied migrations whose files have another name now: the text says which file is which migration.

`-- depends:` lines name migrations, so that a file is also the same where these lines follow a renaming.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from pymysql.connections import Connection

from learnhub_db import history
from learnhub_db.acts import Act, Report
from learnhub_db.contents import DEPENDS
from learnhub_db.errors import UsageError
from learnhub_db.history import History
from learnhub_db.project import SqlFile

Renames = dict[str, str]  # new names by old ones
FOLDER = "sql/migrations"


def find(files: Sequence[SqlFile], past: History) -> Renames:
    """The migrations that were applied under other names than those of their files.

    UsageError where several files hold the text of one that has no file any more.
    """
    found: Renames = {}
    while (further := _matched(files, past, found)) != found:
        found = further
    taken = {new for new in found.values() if new in past.migrations} - found.keys()
    return {old: new for old, new in sorted(found.items()) if new not in taken}


def followed(files: Sequence[SqlFile], past: History, renames: Renames) -> History:
    """The history as it is once the renames are recorded."""
    if not renames:
        return past
    migrations = {renames.get(name, name): digest for name, digest in past.migrations.items()}
    now = {file.stem: file.digest for file in files if _digest(file, renames) == migrations.get(file.stem)}
    return replace(past, migrations=migrations | now)


def record(connection: Connection, now: History, renames: Renames, report: Report) -> None:
    """Have every table of the history follow, all or nothing; `now` as followed() tells it."""
    if not renames:
        return
    connection.begin()
    history.rename_migrations(connection, now, renames)
    history.correct_digests(connection, {name: digest for name, digest in now.migrations.items() if digest})
    connection.commit()
    for old, new in renames.items():
        report(Act("renamed", f"{old} to {new}"))


def _matched(files: Sequence[SqlFile], past: History, known: Renames) -> Renames:
    gone, new = defaultdict(list), defaultdict(list)
    present = {file.stem: _digest(file, known) for file in files}
    for name, digest in past.migrations.items():
        if digest and present.get(name) != digest:
            gone[digest].append(name)
    for file in files:
        digest = present[file.stem]
        if past.migrations.get(file.stem, "") not in (None, digest):
            new[digest].append(file.stem)
    return {old: name for digest in gone if new[digest] for old, name in _paired(gone[digest], new[digest])}


def _paired(gone: list[str], new: list[str]) -> list[tuple[str, str]]:
    if len(gone) != len(new):
        which = ", ".join(f"{FOLDER}/{name}.sql" for name in new)
        what = f"{' and '.join(sorted(gone))} ran with the text of {len(new)} file{'s' if len(new) > 1 else ''}"
        hint = "leave as many files with this text as migrations ran with it: a comment sets a file apart"
        raise UsageError(what, which, hint)
    return list(zip(sorted(gone), sorted(new)))


def _digest(file: SqlFile, renames: Mapping[str, str]) -> str:
    """The digest of `file` with the names in its `-- depends:` lines as they were."""
    if not renames or not DEPENDS.search(file.text):
        return file.digest
    former = {new: old for old, new in renames.items()}
    lines = file.text.splitlines(keepends=True)
    then = [_renamed(line, former) if DEPENDS.match(line) else line for line in lines]
    return sha256("".join(then).encode()).hexdigest()


def _renamed(line: str, names: Mapping[str, str]) -> str:
    return re.sub(r"[\w-]+", lambda word: names.get(word[0], word[0]), line)
