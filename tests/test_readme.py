"""The README says what is there: its procedures, its outcomes, its verbs and targets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from learnhub_db.cli import VERBS

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| \[`\w+`\]\((procedures/\S+\.sql)\) \|.*?\| (.*) \|$", README, re.MULTILINE))
PUBLIC = sorted(
    name
    for grants in ("app.sql", "jobs.sql")
    for name in re.findall(r"EXECUTE ON PROCEDURE (\w+)", (ROOT / "sql/grants" / grants).read_text(encoding="utf-8"))
)


def outcomes(path: Path) -> list[str]:
    """The words under Outcomes in a procedure's header."""
    header = path.read_text(encoding="utf-8").split("DELIMITER")[0]
    _, _, listed = header.partition("-- Outcomes\n")
    words = []
    for line in listed.splitlines():
        if not line.startswith("--  "):
            break
        words += re.findall(r"^--   (\S.*?)(?:  .*)?$", line)
    return words


def test_every_public_procedure_stands_in_the_readme() -> None:
    assert sorted(Path(path).stem for path in ROWS) == PUBLIC


@pytest.mark.parametrize("path", sorted(ROWS))
def test_the_readme_lists_the_outcomes_of_the_header(path: str) -> None:
    assert re.findall(r"`(.*?)`", ROWS[path]) == outcomes(ROOT / path)


def test_every_verb_of_the_readme_is_one() -> None:
    named = set(re.findall(r"^learnhub-db (?:--\S+ )*([a-z-]+)", README, re.MULTILINE))

    assert named and named <= set(VERBS)


def test_every_make_target_of_the_readme_is_one() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = set(re.findall(r"`make (\w+)`|^make (\w+)", README, re.MULTILINE))

    assert {target for pair in named for target in pair if target} <= set(re.findall(r"^(\w+):", makefile, re.MULTILINE))


def test_every_link_of_the_readme_leads_somewhere() -> None:
    assert [link for link in re.findall(r"\]\(([^)#:]+)\)", README) if not (ROOT / link).exists()] == []
