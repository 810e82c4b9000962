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
from learnhub_db.invariants import MOST_ROWS, Finding

SHOWN = 5


@click.command("check-data")
@click.pass_obj
def check_data(session: Session) -> None:
    """Run every query of sql/invariants; exit 1 when one returns rows: rows that break its rule.

    Reads only, locks no row, and gives each query a minute; where one takes longer, exit 3.
    """
    rules = invariants.read(session.files)
    with connect(session.target()) as connection:
        findings = []
        for finding in invariants.check(connection, rules):
            findings.append(finding)
            if not session.as_json:
                click.echo(_text(finding))
    if session.as_json or not findings:
        session.show([_document(finding) for finding in findings], "the project holds no invariants")
    _end(findings)


def _document(finding: Finding) -> dict[str, object]:
    rows = [dict(zip(finding.columns, row)) for row in finding.rows]
    return asdict(finding) | {"holds": finding.holds, "rows": rows}


def _text(finding: Finding) -> str:
    if finding.holds:
        return f"ok  {finding.name}"
    if not finding.answered:
        return f"--  {finding.name}: no answer in {invariants.SECONDS_EACH} s"
    number = f"{len(finding.rows)}{' or more' if len(finding.rows) == MOST_ROWS else ''}"
    table = tabulate(finding.rows[:SHOWN], headers=finding.columns, missingval="NULL", disable_numparse=True)
    more = ["  ..."] if len(finding.rows) > SHOWN else []
    lines = [f"  {line}" for line in table.splitlines()]
    return "\n".join([f"NO  {finding.name}: {number} rows. {finding.rule}", *lines, *more])


def _end(findings: list[Finding]) -> None:
    late = [finding.name for finding in findings if not finding.answered]
    if late:
        mend = "run it again when the server is less busy"
        raise DatabaseRefused(f"no answer in {invariants.SECONDS_EACH} s", ", ".join(late), mend)
    if not all(finding.holds for finding in findings):
        sys.exit(1)
