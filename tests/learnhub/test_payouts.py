"""create_payouts: the instructor's share frozen at the sale, paid in one batch per period, clawed back on refund."""

from __future__ import annotations

import random
from decimal import Decimal

import pymysql
import pytest

from school import School, Session

TODAY = "2025-01-31"


def create(session: Session, period_end: object = TODAY) -> int:
    return session.call("create_payouts", period_end, out=("p_payouts",))["p_payouts"]


def sell(school: School, course: int, moment: str = "2025-01-10 08:00:00") -> int:
    """The enrollment of a sale made at a moment."""
    buyer = school.session()
    buyer.clock(moment)
    enrollment, status = buyer.purchase(school.user(), course)
    assert status == "SUCCESS"
    return enrollment


def refund(school: School, enrollment: int, moment: str) -> None:
    seller = school.session()
    seller.clock(moment)
    assert seller.refund(enrollment).startswith("SUCCESS")


def items(school: School) -> list[tuple]:
    return school.run("SELECT gross, share_percent, amount, payout_id IS NOT NULL FROM payout_items ORDER BY payment_id")


def test_a_share_is_frozen_at_the_sale_by_the_rate_in_force_then(school: School) -> None:
    course = school.course("49.99")
    school.insert("payout_rates", valid_from="2025-02-01", share_percent=55)
    sell(school, course, "2025-01-31 23:59:59")
    sell(school, course, "2025-02-01 00:00:00")
    school.run("UPDATE courses SET price = 10")
    school.run("UPDATE payout_rates SET share_percent = 1")

    assert items(school) == [
        (Decimal("49.99"), 70, Decimal("34.99"), 0),
        (Decimal("49.99"), 55, Decimal("27.49"), 0),
    ]


def test_a_share_is_rounded_half_up_to_the_cent(school: School) -> None:
    school.run("UPDATE payout_rates SET share_percent = 50")
    sell(school, school.course("0.01"))
    assert items(school) == [(Decimal("0.01"), 50, Decimal("0.01"), 0)]


def test_a_free_course_and_a_pending_or_failed_charge_have_no_share(school: School) -> None:
    course, user = school.course(0), school.user()
    enrollment, _ = school.purchase(user, course)
    for status in ("pending", "failed"):
        school.insert("payments", user_id=user, enrollment_id=enrollment, amount=10, status=status)
    school.insert("payments", user_id=user, amount=10, status="completed")
    assert items(school) == []


def test_a_pending_charge_has_its_share_when_it_completes(school: School) -> None:
    user, course = school.user(), school.course()
    enrollment, _ = school.enroll(user, course)
    payment = school.insert("payments", user_id=user, amount=10, status="pending")
    school.run("UPDATE payments SET status = 'completed', enrollment_id = %s", enrollment)
    assert school.run("SELECT payment_id, course_id, amount FROM payout_items") == [(payment, course, 7)]


def test_each_instructor_gets_one_batch_of_what_was_sold_up_to_the_day(school: School) -> None:
    ann, ben = school.user("instructor"), school.user("instructor")
    first, second = school.course(100, instructor_id=ann), school.course(10, instructor_id=ann)
    sell(school, first)
    sell(school, second, "2025-01-31 23:59:59")
    sell(school, school.course(1, instructor_id=ben))
    sell(school, first, "2025-02-01 00:00:00")

    assert create(school) == 2
    assert school.run("SELECT instructor_id, amount, items, period_end FROM payouts ORDER BY instructor_id") == [
        (ann, 77, 2, school.value("SELECT DATE('2025-01-31')")),
        (ben, Decimal("0.70"), 1, school.value("SELECT DATE('2025-01-31')")),
    ]
    assert school.count("payout_items", "payout_id IS NULL") == 1


def test_a_second_run_pays_nothing_twice_and_the_next_period_the_rest(school: School) -> None:
    course = school.course(100)
    sell(school, course)
    assert (create(school), create(school)) == (1, 0)
    sell(school, course)  # came late
    assert create(school) == 0
    assert (create(school, "2025-02-28"), create(school, "2025-03-31")) == (1, 0)
    assert school.run("SELECT amount FROM payouts ORDER BY payout_id") == [(70,), (70,)]


def test_what_was_given_back_before_the_batch_nets_to_nothing(school: School) -> None:
    course = school.course(100)
    refund(school, sell(school, course), "2025-01-12")
    sell(school, course)
    assert create(school) == 1
    assert school.run("SELECT amount, items FROM payouts") == [(70, 3)]


def test_what_was_given_back_after_it_was_paid_is_taken_from_the_next_batch_at_the_old_rate(school: School) -> None:
    enrollment = sell(school, school.course(100))
    create(school)
    school.insert("payout_rates", valid_from="2025-01-20", share_percent=10)
    refund(school, enrollment, "2025-02-03")

    assert items(school) == [(100, 70, 70, 1), (-100, 70, -70, 0)]
    assert create(school, "2025-02-28") == 1
    assert school.run("SELECT amount, items FROM payouts ORDER BY payout_id") == [(70, 1), (-70, 1)]


def test_a_share_that_was_clawed_back_is_taken_also_when_the_charge_is_archived(school: School) -> None:
    enrollment = sell(school, school.course(100))
    create(school)
    refund(school, enrollment, "2025-02-03")
    assert school.call("archive_payments", "2025-02-01", 10, out=("p_moved",)) == {"p_moved": 1}

    assert create(school, "2025-02-28") == 1
    assert school.run("SELECT amount, items FROM payouts ORDER BY payout_id") == [(70, 1), (-70, 1)]


def test_an_instructor_who_owes_more_than_was_sold_has_a_batch_below_zero(school: School) -> None:
    course = school.course(100)
    given_back = [sell(school, course) for _ in range(2)]
    create(school)
    for enrollment in given_back:
        refund(school, enrollment, "2025-02-03")
    sell(school, course, "2025-02-04 08:00:00")

    assert create(school, "2025-02-28") == 1
    assert school.run("SELECT amount, items FROM payouts ORDER BY payout_id") == [(140, 2), (-70, 3)]
    assert create(school, "2025-03-31") == 0


def test_a_change_of_instructor_does_not_move_what_was_sold(school: School) -> None:
    course, heir = school.course(100), school.user("instructor")
    teacher = school.value("SELECT instructor_id FROM courses")
    enrollment = sell(school, course)
    school.run("UPDATE courses SET instructor_id = %s", heir)
    refund(school, enrollment, "2025-01-12")
    assert school.run("SELECT DISTINCT instructor_id FROM payout_items") == [(teacher,)]


def test_a_sale_without_a_rate_is_refused(school: School) -> None:
    school.run("DELETE FROM payout_rates")
    with pytest.raises(pymysql.Error) as error:
        school.purchase(school.user(), school.course())
    day = school.value("SELECT UTC_DATE()")
    assert error.value.args == (30060, f"no payout rate is in force on {day}: add a row to payout_rates")
    assert school.count("enrollments") == 0


def test_it_refuses_inside_a_transaction_and_without_a_day(school: School) -> None:
    sell(school, school.course(100))
    with pytest.raises(pymysql.Error) as missing:
        create(school, None)
    assert missing.value.args == (30001, "p_period_end is NULL or empty: give a value")
    caller = school.session()
    caller.run("START TRANSACTION")
    with pytest.raises(pymysql.Error) as error:
        create(caller)
    assert error.value.args == (30009, "create_payouts commits as it goes: call it outside a transaction")
    assert school.count("payouts") == 0


def test_runs_at_once_with_sales_and_refunds_pay_each_share_once(school: School) -> None:
    courses = [school.course(price, instructor_id=school.user("instructor")) for price in (10, 20, 30)]
    sold = [school.purchase(student, course)[0] for student in school.users(10) for course in courses]
    buyers, dice = school.users(4), random.Random(7)
    tomorrow = school.value("SELECT UTC_DATE() + INTERVAL 1 DAY")
    dice.shuffle(sold)

    def trade(buyer: int, given_back: list[int]) -> object:
        def act(session: Session) -> str:
            for course in courses:
                assert session.purchase(buyer, course)[1] == "SUCCESS"
            return "".join(session.refund(enrollment)[0] for enrollment in given_back)

        return act

    trades = [trade(buyer, sold[place::4]) for place, buyer in enumerate(buyers)]
    results = school.at_once([create_now := lambda session: create(session, tomorrow), *trades, create_now, create_now])
    assert [result for result in results if isinstance(result, Exception)] == []
    later = school.value("SELECT UTC_DATE() + INTERVAL 2 DAY")
    create(school, later)

    assert school.count("payout_items", "payout_id IS NULL") == 0
    assert school.value("SELECT COUNT(*) FROM payout_items") == school.count("payments") == 72
    assert school.run("SELECT SUM(amount) FROM payouts UNION ALL SELECT SUM(amount) FROM payout_items") == [
        (Decimal("168.00"),),
        (Decimal("168.00"),),
    ]
