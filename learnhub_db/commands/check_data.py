"""learnhub-db check-data"""

from __future__ import annotations

import sys
from dataclasses import asdict

import click
from tabulate import tabulate

from learnhub_db import invariants
from learnhub_db.commands.session import Session
from learnhub_db.database import connect
from learnhub_db.errors import DatabaseRefused
from learnhub_db.invariants import MOST_ROWS, Finding, Invariant
from learnhub_db.ranges import Range

SHOWN = 5
CLEARED = "\r\x1b[K"


@click.command("check-data")
@click.pass_obj
def check_data(session: Session) -> None:
    """Run every query of sql/invariants; exit 1 when one returns rows: rows that break its rule.

    Reads only, locks no row, and gives each query a minute; where one takes longer, exit 3. A rule about a table that
    grows is asked range by range of a key, so that no query takes long; a terminal shows how far it is.
    """
    rules = invariants.read(session.files)
    with connect(session.target()) as connection:
        invariants.require_keys(connection, rules)
        findings = []
        for finding in invariants.check(connection, rules, _show_progress):
            findings.append(finding)
            if not session.as_json:
                click.echo(_text(finding))
    if session.as_json or not findings:
        rules = [_document(finding) for finding in findings]
        session.show({"rules": rules}, "the project holds no invariants")
    _end(findings)


def _show_progress(rule: Invariant, part: Range) -> None:
    """One line on a terminal, gone again with the last range."""
    if sys.stderr.isatty():
        line = "" if part.last == part.end else f"..  {rule.name}: {rule.along[0].column} {part.last:,} of {part.end:,}"
        click.echo(CLEARED + line, err=True, nl=False)


def _document(finding: Finding) -> dict[str, object]:
    rows = [dict(zip(finding.columns, row)) for row in finding.rows]
    return asdict(finding) | {"holds": finding.holds, "rows": rows}


def _text(finding: Finding) -> str:
    if finding.holds:
        return f"ok  {finding.name}"
    if not finding.rows:
        return f"--  {finding.name}: {_missing(finding)}"
    number = f"{len(finding.rows)}{' or more' if len(finding.rows) == MOST_ROWS else ''} rows"
    counted = number if finding.answered else f"{number}, {_missing(finding)}"
    table = tabulate(finding.rows[:SHOWN], headers=finding.columns, missingval="NULL", disable_numparse=True)
    more = ["  ..."] if len(finding.rows) > SHOWN else []
    lines = [f"  {line}" for line in table.splitlines()]
    return "\n".join([f"NO  {finding.name}: {counted}. {finding.rule}", *lines, *more])


def _missing(finding: Finding) -> str:
    parts = ", ".join(f"{first} to {last}" for first, last in finding.unanswered)
    return f"no answer in {invariants.SECONDS_EACH} s{f' for {parts}' if parts else ''}"


def _end(findings: list[Finding]) -> None:
    late = [finding.name for finding in findings if not finding.answered]
    if late:
        hint = "run it again when the server is less busy"
        raise DatabaseRefused(f"no answer in {invariants.SECONDS_EACH} s", ", ".join(late), hint)
    if not all(finding.holds for finding in findings):
        sys.exit(1)
