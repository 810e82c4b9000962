"""A gateway's transaction id pays for one thing, whoever brings it, and for good."""

from __future__ import annotations

import pymysql
import pytest

from school import School, Session

REUSED = (30005, "key ch_1 was used with other arguments: use a new key")


def placed(school: School) -> int:
    """A pending order of two courses."""
    return school.place(school.cart(school.course(), school.course()))[0]


def refused(act: object) -> tuple:
    with pytest.raises(pymysql.Error) as error:
        act()
    return error.value.args


def archive(school: School) -> None:
    """Everything that was paid lies so far back that it goes into the history."""
    school.run("UPDATE payments SET processed_at = processed_at - INTERVAL 2 YEAR")
    school.call("archive_payments", school.value("SELECT UTC_DATE()"), 100, out=("p_moved",))
    assert school.count("payments") == 0


@pytest.mark.parametrize("archived", [False, True])
def test_one_that_confirmed_an_order_buys_no_course(school: School, archived: bool) -> None:
    assert school.confirm(placed(school), "ch_1") == "CONFIRMED"
    buyer, course = school.user(), school.course()
    if archived:
        archive(school)
    payment, _ = school.begin(school.user(), course)
    before = school.everything()

    assert refused(lambda: school.purchase(buyer, course, "ch_1")) == REUSED
    assert refused(lambda: school.complete(payment, "ch_1")) == REUSED
    assert school.everything() == before


@pytest.mark.parametrize("archived", [False, True])
def test_one_that_paid_for_a_course_confirms_no_order(school: School, archived: bool) -> None:
    school.purchase(school.user(), school.course(), "ch_1")
    if archived:
        archive(school)
    order = placed(school)
    before = school.everything()

    assert refused(lambda: school.confirm(order, "ch_1")) == REUSED
    assert school.everything() == before
    assert school.confirm(order, "ch_2") == "CONFIRMED"


def test_of_an_order_and_a_course_paid_with_one_at_once_one_is_sold(school: School) -> None:
    course, order, buyer = school.course(), placed(school), school.user()

    def confirm(session: Session) -> str:
        return session.confirm(order, "ch_1")

    def purchase(session: Session) -> str:
        return session.purchase(buyer, course, "ch_1")[1]

    for result in (results := school.at_once([confirm, purchase])):
        assert result in ("CONFIRMED", "SUCCESS") or result.args == REUSED
    assert sum(isinstance(result, str) for result in results) == 1
    assert school.count("enrollments") == (2 if results[0] == "CONFIRMED" else 1)
