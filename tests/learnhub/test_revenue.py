"""summarize_daily_revenue: one row per UTC day, the same however often it is asked for."""

from __future__ import annotations

from decimal import Decimal

import pymysql
import pytest

from school import School

DAY, NEXT_DAY = "2025-03-10", "2025-03-11"


def charge(school: School, amount: str, at: str, **columns: object) -> int:
    row = {"user_id": school.user(), "amount": amount, "status": "completed", "created_at": at}
    return school.insert("payments", **row | columns)


def refund(school: School, charge_id: int, at: str) -> None:
    school.run(
        "INSERT INTO payments (user_id, kind, amount, status, refund_of, created_at)"
        " SELECT user_id, 'refund', -amount, 'refunded', payment_id, %s FROM payments WHERE payment_id = %s",
        at,
        charge_id,
    )
    school.run("UPDATE payments SET status = 'refunded' WHERE payment_id = %s", charge_id)


def summary(school: School, day: str = DAY) -> tuple:
    """Revenue, transactions, enrollments, subscriptions, refunds."""
    school.call("summarize_daily_revenue", day)
    return school.run(
        "SELECT total_revenue, total_transactions, new_enrollments, new_subscriptions, refund_amount"
        " FROM daily_revenue_summary WHERE summary_date = %s",
        day,
    )[0]


def figures(revenue: str, transactions: int, enrollments: int, subscriptions: int, refunds: str) -> tuple:
    return Decimal(revenue), transactions, enrollments, subscriptions, Decimal(refunds)


def test_a_day_on_which_nothing_happened_has_a_row_of_zeros(school: School) -> None:
    assert summary(school) == figures("0.00", 0, 0, 0, "0.00")


def test_a_day_counts_from_its_first_to_its_last_microsecond(school: School) -> None:
    for at in ("2025-03-09 23:59:59.999999", f"{NEXT_DAY} 00:00:00"):
        charge(school, "1000.00", at)
        school.insert("enrollments", student_id=school.user(), course_id=school.course(), enrolled_at=at)
    for at in (f"{DAY} 00:00:00", f"{DAY} 23:59:59.999999"):
        charge(school, "49.99", at)
        school.insert("enrollments", student_id=school.user(), course_id=school.course(), enrolled_at=at)
    for start in ("2025-03-09", DAY, DAY, NEXT_DAY):
        school.subscription(start, "2025-04-10")

    assert summary(school) == figures("99.98", 2, 2, 2, "0.00")


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_only_money_that_was_taken_counts(school: School, status: str) -> None:
    charge(school, "10.00", f"{DAY} 12:00:00", status=status)

    assert summary(school) == figures("0.00", 0, 0, 0, "0.00")


def test_a_charge_counts_on_the_day_it_was_completed(school: School) -> None:
    pending = charge(school, "10.00", f"{DAY} 23:00:00", status="pending")
    done = f"UPDATE payments SET status = 'completed', processed_at = '{NEXT_DAY} 01:00:00' WHERE payment_id = %s"
    school.run(done, pending)

    assert summary(school) == figures("0.00", 0, 0, 0, "0.00")
    assert summary(school, NEXT_DAY) == figures("10.00", 1, 0, 0, "0.00")


def test_a_refund_counts_on_its_own_day_and_leaves_the_day_of_the_charge(school: School) -> None:
    refund(school, charge(school, "49.99", f"{DAY} 10:00:00"), f"{NEXT_DAY} 10:00:00")
    charge(school, "20.00", f"{DAY} 11:00:00")

    assert summary(school) == figures("69.99", 2, 0, 0, "0.00")
    assert summary(school, NEXT_DAY) == figures("0.00", 0, 0, 0, "49.99")


def test_asked_again_it_is_the_same_row_and_follows_what_came_late(school: School) -> None:
    charge(school, "49.99", f"{DAY} 10:00:00")
    first = summary(school)

    assert summary(school) == first
    assert school.count("daily_revenue_summary") == 1
    charge(school, "0.01", f"{DAY} 10:00:00")
    assert summary(school) == figures("50.00", 2, 0, 0, "0.00")
    assert school.count("daily_revenue_summary") == 1


@pytest.mark.parametrize("zone", ["+13:00", "-11:00"])
def test_a_day_is_a_utc_day_wherever_the_session_is(school: School, zone: str) -> None:
    school.run("SET time_zone = %s", zone)
    for at in (f"{DAY} 00:30:00", f"{DAY} 23:30:00"):
        charge(school, "5.00", at)

    assert summary(school) == figures("10.00", 2, 0, 0, "0.00")
    assert school.value(
        "SELECT ABS(TIMESTAMPDIFF(SECOND, updated_at, UTC_TIMESTAMP())) < 60 FROM daily_revenue_summary"
    )


def test_a_real_purchase_and_its_refund_are_in_todays_row(school: School) -> None:
    course = school.course("49.99")
    enrollment, _ = school.purchase(school.user(), course)
    school.purchase(school.user(), course)
    school.refund(enrollment)

    assert summary(school, str(school.value("SELECT UTC_DATE()"))) == figures("99.98", 2, 2, 0, "49.99")


def test_two_runs_at_once_leave_one_row(school: School) -> None:
    charge(school, "49.99", f"{DAY} 10:00:00")

    assert school.at_once([lambda session: session.call("summarize_daily_revenue", DAY)] * 4) == [{}] * 4
    assert school.run("SELECT total_revenue FROM daily_revenue_summary") == [(Decimal("49.99"),)]


@pytest.mark.parametrize(("day", "number"), [(None, 30001), ("", 1292), ("yesterday", 1292), ("2025-02-30", 1292)])
def test_a_summary_needs_a_day(school: School, day: str | None, number: int) -> None:
    before = school.everything()
    with pytest.raises(pymysql.Error) as caught:
        school.call("summarize_daily_revenue", day)

    assert caught.value.args[0] == number
    assert school.everything() == before
