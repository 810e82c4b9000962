"""What `make bench` compares with: the competitors answer as ours does and write the same rows."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from learnhub_db import statements
from school import School

BENCH = Path(__file__).parent.parent.parent / "bench"
OURS = "enroll_in_flash_sale"
PROCEDURES = ("sell_by_the_textbook", "sell_by_increment")
UNCLAIMED = "enroll_in_flash_sale_unclaimed"
WRITTEN = (
    "enrollments course_access course_deltas payments payment_events payment_keys payment_clocks payout_items"
).split()


@pytest.fixture
def compared(school: School, monkeypatch: pytest.MonkeyPatch) -> Iterator[School]:
    """The school with the competitors' tables and procedures."""
    monkeypatch.syspath_prepend(str(BENCH))
    import designs

    for text in designs.competitors():
        for statement in statements.split(text):
            school.run(statement.text.replace("%", "%%"))
    yield school
    for procedure in (*PROCEDURES, UNCLAIMED):
        school.run(f"DROP PROCEDURE {procedure}")
    school.run("DROP TABLE plain_sales")
    sys.modules.pop("designs", None)


def plain_sale(school: School, **columns: object) -> int:
    """A running sale of two seats, kept both ways."""
    sale = school.sale(columns.pop("course", None) or school.course(), seats=2, **columns)
    school.run(
        "INSERT INTO plain_sales SELECT sale_id, course_id, max_seats, 0, discount_price, start_time, end_time"
        " FROM flash_sales WHERE sale_id = %s",
        sale,
    )
    return sale


def sell(school: School, procedure: str, user: int, sale: int) -> object:
    return school.call(procedure, user, sale, out=("p_result",))["p_result"]


@pytest.mark.breaks("counters_equal_a_recount")  # theirs take no seat out of our stock
@pytest.mark.parametrize("procedure", PROCEDURES)
def test_a_competitor_answers_as_ours_does(compared: School, procedure: str) -> None:
    required, course = compared.course(), compared.course()
    compared.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    deleted, students = compared.user(deleted_at="2026-01-01"), compared.users(4)
    over, locked = plain_sale(compared, hours=(-2, -1)), plain_sale(compared, course=course)

    def answers(procedure: str, sale: int) -> list[object]:
        asked = [(students[0], over), (students[0], 4711), (deleted, sale), (students[0], locked)]
        asked += [(students[place], sale) for place in (0, 0, 1, 2)]
        return [sell(compared, procedure, *each) for each in asked]

    theirs = answers(procedure, plain_sale(compared))
    assert theirs == answers(OURS, plain_sale(compared))
    assert set(theirs) == {"NOT_ACTIVE", "NOT_ELIGIBLE", "ALREADY_ENROLLED", "SOLD_OUT", "SUCCESS"}


@pytest.mark.breaks("counters_equal_a_recount")  # theirs take no seat out of our stock
@pytest.mark.parametrize("procedure", [*PROCEDURES, UNCLAIMED])
def test_a_competitor_writes_the_rows_that_ours_writes(compared: School, procedure: str) -> None:
    def written(procedure: str) -> dict[str, int]:
        before = {table: compared.count(table) for table in WRITTEN}
        assert sell(compared, procedure, compared.user(), plain_sale(compared)) == "SUCCESS"
        return {table: compared.count(table) - before[table] for table in WRITTEN}

    assert written(procedure) == written(OURS)
