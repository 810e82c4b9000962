"""The command line as a test types it, in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from learnhub_db.cli import main
from learnhub_db.database import Target


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    err: str

    @property
    def document(self) -> dict:
        """The one JSON document, without its version."""
        found = json.loads(self.out)
        assert found.pop("schema_version") == 1
        return found


Run = Callable[..., Ran]


def runner(target: Target, capsys: pytest.CaptureFixture[str], *options: str) -> Run:
    """A function that runs learnhub-db on `target` with the words it is given."""

    def run(*words: str) -> Ran:
        capsys.readouterr()
        try:
            main(["--url", target.url, *options, *words])
            code = 0
        except SystemExit as stop:
            code = stop.code
        return Ran(code, *capsys.readouterr())

    return run
