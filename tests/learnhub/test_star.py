"""refresh_star: the facts of any day, built again with the same result, equal to the payments wherever they stand."""

from __future__ import annotations

from decimal import Decimal

import pymysql
import pytest

from school import School

DAY, NEXT_DAY = "2025-03-10", "2025-03-11"


@pytest.fixture
def sold(school: School) -> School:
    """Two sales on a day, the second given back on the next; money for no course; a failed charge."""
    seller, course = school.session(), school.course(100)
    seller.clock(f"{DAY} 23:59:00")
    seller.purchase(school.user(), course)
    enrollment, _ = seller.purchase(school.user(), course)
    school.insert("payments", user_id=school.user(), amount=5, status="completed", created_at=f"{DAY} 00:00:00")
    school.insert("payments", user_id=school.user(), amount=9, status="failed", created_at=f"{DAY} 00:00:00")
    seller.clock(f"{NEXT_DAY} 00:00:00")
    assert seller.refund(enrollment) == "SUCCESS: Refunded $100.00"
    return school


def facts(school: School) -> list[tuple]:
    return school.run("SELECT * FROM fact_sales ORDER BY payment_id")


def test_a_fact_for_each_charge_and_refund_on_its_own_day(sold: School) -> None:
    course = sold.value("SELECT course_id FROM courses")
    sold.call("refresh_star", DAY)
    assert sold.run("SELECT course_id, kind, amount, instructor_share FROM fact_sales ORDER BY payment_id") == [
        (course, "charge", 100, 70),
        (course, "charge", 100, 70),
        (0, "charge", 5, 0),
    ]
    sold.call("refresh_star", NEXT_DAY)
    assert sold.run("SELECT SUM(amount), SUM(instructor_share) FROM fact_sales") == [(105, 70)]
    assert sold.run("SELECT year, quarter, month, day_of_week FROM dim_date") == [(2025, 1, 3, 1), (2025, 1, 3, 2)]


def test_again_it_gives_the_same_also_when_the_payments_are_archived(sold: School) -> None:
    for day in (DAY, NEXT_DAY):
        sold.call("refresh_star", day)
    before = facts(sold)
    assert len(before) == 4
    sold.call("refresh_star", DAY)
    assert facts(sold) == before

    assert sold.call("archive_payments", "2026-01-01", 10, out=("p_moved",)) == {"p_moved": 3}
    for day in (NEXT_DAY, DAY):
        sold.call("refresh_star", day)
    assert facts(sold) == before


def test_what_changed_since_is_in_it_when_it_is_built_again(sold: School) -> None:
    sold.call("refresh_star", DAY)
    sold.run("UPDATE courses SET title = 'Renamed'")
    sold.run("UPDATE payments SET processed_at = '2025-03-12' WHERE amount = 5")
    sold.call("refresh_star", "2025-03-12")
    sold.call("refresh_star", DAY)

    assert sold.run("SELECT date_key, amount FROM fact_sales WHERE course_id = 0") == [
        (sold.value("SELECT DATE('2025-03-12')"), Decimal("5.00"))
    ]
    assert sold.count("dim_course", "title = 'Renamed'") == 1


def test_a_day_without_sales_has_no_facts(school: School) -> None:
    school.call("refresh_star", DAY)
    assert (school.count("fact_sales"), school.count("dim_date")) == (0, 1)


def test_runs_at_once_build_a_day_once(sold: School) -> None:
    results = sold.at_once([lambda session: session.call("refresh_star", DAY)] * 4)
    assert results == [{}] * 4
    assert sold.count("fact_sales") == 3


def test_it_refuses_inside_a_transaction_and_without_a_day(sold: School) -> None:
    with pytest.raises(pymysql.Error) as missing:
        sold.call("refresh_star", None)
    assert missing.value.args == (30001, "p_day is NULL or empty: give a value")
    caller = sold.session()
    caller.run("START TRANSACTION")
    with pytest.raises(pymysql.Error) as error:
        caller.call("refresh_star", DAY)
    assert error.value.args == (30009, "refresh_star commits as it goes: call it outside a transaction")
    assert facts(sold) == []
