"""What a run prints: one JSON document under --json, also where it fails; else text, and errors as two lines."""

from __future__ import annotations

import json

import click

from learnhub_db.errors import LearnHubError

SCHEMA_VERSION = 1  # of the documents: a field that goes, or means something else, is another version
_run = {"as_json": False, "printed": False}


def begin(*, as_json: bool) -> None:
    """A run begins, which has printed nothing."""
    _run.update(as_json=as_json, printed=False)


def document(fields: dict[str, object]) -> None:
    """Print the run's document; once."""
    click.echo(json.dumps({"schema_version": SCHEMA_VERSION, **fields}, indent=2, default=str))
    _run["printed"] = True


def tell(error: LearnHubError) -> None:
    """Print an error on stderr; under --json also as the run's document, unless it has printed that."""
    click.echo("\n".join(filter(None, (f"error: {error}", error.detail))), err=True)
    if _run["as_json"] and not _run["printed"]:
        fields = {"message": error.what, "where": error.where, "hint": error.hint, "detail": error.detail}
        document({"error": {"code": error.code, **fields}})
