"""An ALTER that copies a large table while writers wait is refused before anything runs."""

from __future__ import annotations

from collections.abc import Sequence

from pymysql.connections import Connection

from learnhub_db import ahead, scratch_schema
from learnhub_db.ahead import Ahead
from learnhub_db.database import Target
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.foresight import alters, online
from learnhub_db.foresight.outlook import Effect, Outlook, unqualified
from learnhub_db.foresight.sandbox import Sandbox
from learnhub_db.foresight.sizes import Size, is_large
from learnhub_db.history import History
from learnhub_db.inspection import naming, reach
from learnhub_db.project import SqlFile
from learnhub_db.runner import constants
from learnhub_db.runner.steps import Step
from learnhub_db.statements import code_only, strings, unquoted

ALLOW = "apply --allow-rebuild"


def refuse(
    connection: Connection, target: Target, past: History, files: Sequence[SqlFile], large: set[str], limit_mb: int
) -> None:
    """UsageError for the first such statement that is left of `files`, with the command that does it online.

    The server is asked only where an ALTER may meet a table of `large`, which are above the limit; the target is only
    read.
    """
    left = list(ahead.read(connection, past, files))
    known = naming.read(connection, target.database)
    if not _may_meet([unqualified(step, known) for one in left for step in one.steps], large):
        return
    for effect in _effects(connection, target, left):
        if effect.stops_writers and is_large(Size(effect.rows, effect.bytes), limit_mb):
            raise _refusal(connection, target, effect, limit_mb)


def _may_meet(pending: Sequence[Step], large: set[str]) -> bool:
    texts = [step.text for step in pending]
    if any(map(constants.executes, texts)):
        texts += [unquoted(string) for step in pending for string in strings(step.text)]
    named = set().union(*(reach.words(code_only(text)) for text in texts))
    return not named.isdisjoint(large) and any(map(alters.read, texts))


def _effects(connection: Connection, target: Target, left: Sequence[Ahead]) -> list[Effect]:
    try:
        with scratch_schema.made(target) as scratch:
            outlook = Outlook(connection, Sandbox(scratch, target.database), target)
            return [effect for one in left for effect in outlook.read(one)]
    except DatabaseRefused as error:
        what = "whether an ALTER copies a large table cannot be asked: " + error.what
        raise DatabaseRefused(what, error.where, f"{error.hint}, or {ALLOW}") from error


def _refusal(connection: Connection, target: Target, effect: Effect, limit_mb: int) -> UsageError:
    what = f"the ALTER copies {effect.table} ({Size(effect.rows, effect.bytes)}; {effect.waiting} wait)"
    hint = f"above {limit_mb} MB (rebuild_limit_mb) do it online, or {ALLOW}"
    error = UsageError(what, f"{effect.path}:{effect.line}", hint)
    error.detail = online.command(connection, target, effect.table, effect.clauses)
    return error
