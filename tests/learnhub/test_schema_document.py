"""docs/schema.md says what the database does: each step of a state machine that it lists is possible, no other is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import pymysql
import pytest

from conftest import ROOT
from school import School

DOCUMENT = (ROOT / "docs/schema.md").read_text()
BEGINNINGS: dict[str, dict[str, object]] = {
    "enrollments": {},
    "payments": {"amount": 5},
    "orders": {},
    "subscriptions": {
        "plan_type": "annual",
        "start_date": "2026-01-01",
        "current_period_end": "2027-01-01",
        "next_billing_date": "2027-01-01",
    },
}


@dataclass
class Machine:
    table: str
    column: str
    refusal: str
    steps: dict[str, list[str]] = field(default_factory=dict)


def machines() -> list[Machine]:
    found: list[Machine] = []
    section = DOCUMENT.split("## State machines")[1].split("\n## ")[0]
    for line in section.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if named := re.fullmatch(r"`(\w+)\.(\w+)`", cells[0]):
            found.append(Machine(named[1], named[2], cells[3]))
        if found and len(cells) == 4 and cells[1]:
            found[-1].steps[cells[1]] = [state for state in cells[2].split(", ") if state]
    return found


STEPS = [
    pytest.param(machine, before, after, id=f"{machine.table}-{before}-{after}")
    for machine in machines()
    for before in machine.steps
    for after in machine.steps
    if before != after
]


@pytest.mark.parametrize("machine", machines(), ids=lambda machine: machine.table)
def test_every_state_of_a_column_is_in_the_document(school: School, machine: Machine) -> None:
    kind = school.value(
        "SELECT column_type FROM information_schema.columns"
        " WHERE table_schema = DATABASE() AND table_name = %s AND column_name = %s",
        machine.table,
        machine.column,
    )
    assert set(re.findall(r"'(\w+)'", str(kind))) == set(machine.steps)


@pytest.mark.parametrize(("machine", "before", "after"), STEPS)
def test_a_step_is_possible_exactly_when_the_document_lists_it(
    school: School, machine: Machine, before: str, after: str
) -> None:
    row = BEGINNINGS[machine.table] | {machine.column: before}
    row |= {"student_id": school.user(), "course_id": school.course()} if machine.table == "enrollments" else {}
    row |= {"user_id": school.user()} if machine.table != "enrollments" else {}
    school.run("START TRANSACTION")
    school.insert(machine.table, **row)
    change = f"UPDATE {machine.table} SET {machine.column} = %s"
    if after in machine.steps[before]:
        school.run(change, after)
        assert school.value(f"SELECT {machine.column} FROM {machine.table}") == after
    else:
        with pytest.raises(pymysql.err.OperationalError) as caught:
            school.run(change, after)
        assert caught.value.args[0] == school.value("SELECT errno FROM error_catalogue WHERE name = %s", machine.refusal)
    school.run("ROLLBACK")


def test_every_table_has_its_domain(school: School) -> None:
    tables = school.run(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
        " AND table_type = 'BASE TABLE' AND table_name NOT LIKE '\\_%' AND table_name NOT LIKE 'yoyo%'"
    )
    section = DOCUMENT.split("## Domains")[1].split("\nA user buys")[0]
    cells = [line.split("|")[2] for line in section.splitlines() if line.startswith("| ")]
    assert sorted(re.findall(r"\w+", " ".join(cells[1:]))) == sorted(name for (name,) in tables)
