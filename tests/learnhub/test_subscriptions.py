"""renew_subscription: one period a call, on the anchor day, and what a failure leaves."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pymysql
import pytest

from school import School, Session


def state(school: School, subscription: int) -> tuple[str, str, str]:
    """Status, paid until, due from."""
    row = school.row("SELECT * FROM subscriptions WHERE subscription_id = %s", subscription)
    return row["status"], str(row["current_period_end"]), str(row["next_billing_date"])


def paid(school: School, subscription: int) -> list[tuple]:
    return school.run(
        "SELECT CAST(billing_period_start AS CHAR), CAST(billing_period_end AS CHAR), amount, status, retry_count"
        " FROM subscription_payments WHERE subscription_id = %s ORDER BY payment_id",
        subscription,
    )


def refusal(session: Session, subscription: object) -> tuple[int, str]:
    with pytest.raises(pymysql.Error) as caught:
        session.call("renew_subscription", subscription)
    return caught.value.args


@pytest.mark.parametrize(
    ("plan", "start", "ends"),
    [
        ("monthly", "2025-01-15", ["2025-02-15", "2025-03-15", "2025-04-15"]),
        ("monthly", "2025-01-31", ["2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]),
        ("monthly", "2024-01-31", ["2024-02-29", "2024-03-31", "2024-04-30"]),
        ("monthly", "2024-01-30", ["2024-02-29", "2024-03-30"]),
        ("monthly", "2025-01-29", ["2025-02-28", "2025-03-29"]),
        ("monthly", "2024-11-30", ["2024-12-30", "2025-01-30", "2025-02-28", "2025-03-30"]),
        ("monthly", "2024-12-31", ["2025-01-31", "2025-02-28", "2025-03-31"]),
        ("annual", "2020-02-29", ["2021-02-28", "2022-02-28", "2023-02-28", "2024-02-29", "2025-02-28"]),
        ("annual", "2023-06-30", ["2024-06-30", "2025-06-30"]),
    ],
)
def test_periods_keep_the_day_of_the_month_of_the_start(school: School, plan: str, start: str, ends: list[str]) -> None:
    """The first period is already paid; each call pays the next one from the old period end."""
    subscription = school.subscription(start, ends[0], plan)
    price = {"monthly": Decimal("29.00"), "annual": Decimal("290.00")}[plan]

    for period_start, period_end in zip(ends, ends[1:]):
        school.call("renew_subscription", subscription)
        assert state(school, subscription) == ("active", period_end, period_end)
    assert paid(school, subscription) == [(begin, end, price, "completed", 0) for begin, end in zip(ends, ends[1:])]


def test_a_subscription_is_due_on_its_day_and_not_before(school: School) -> None:
    today = school.value("SELECT UTC_DATE()")
    due, later = (school.subscription("2025-01-01", str(today + timedelta(days=days))) for days in (0, 1))

    school.call("renew_subscription", due)
    assert [row[0] for row in paid(school, due)] == [str(today)]
    before = school.everything()
    assert refusal(school, later) == (
        30014,
        f"subscription {later} is not due yet: wait for its next_billing_date",
    )
    assert school.everything() == before


def test_due_is_by_the_utc_date_wherever_the_session_is(school: School) -> None:
    tomorrow = school.value("SELECT UTC_DATE() + INTERVAL 1 DAY")
    subscription, far = school.subscription("2025-01-01", str(tomorrow)), school.session()
    for zone in ("+14:00", "-12:00"):
        far.run("SET time_zone = %s", zone)
        assert refusal(far, subscription)[0] == 30014
    due = school.subscription("2025-01-01", str(tomorrow - timedelta(days=1)))
    far.call("renew_subscription", due)
    assert len(paid(school, due)) == 1


@pytest.mark.parametrize(
    ("columns", "error"),
    [
        ({"status": "cancelled"}, (30013, "subscription {} is not active: renew only active or past_due ones")),
        ({"status": "expired"}, (30013, "subscription {} is not active: renew only active or past_due ones")),
        ({"cancel_at_period_end": True}, (30015, "subscription {} ends with its period: it is not renewed")),
    ],
)
def test_what_ended_or_will_end_is_not_renewed(school: School, columns: dict, error: tuple[int, str]) -> None:
    subscription = school.subscription("2025-01-01", "2025-02-01", **columns)
    before = school.everything()

    assert refusal(school, subscription) == (error[0], error[1].format(subscription))
    assert school.everything() == before


@pytest.mark.parametrize(
    ("subscription", "error"),
    [
        (999999, (30012, "there is no subscription 999999: check the id")),
        (0, (30012, "there is no subscription 0: check the id")),
        (None, (30001, "p_subscription_id is NULL or empty: give a value")),
    ],
)
def test_a_subscription_that_is_not_there_is_an_error(school: School, subscription: object, error: tuple) -> None:
    before = school.everything()
    assert refusal(school, subscription) == error
    assert school.everything() == before


def test_a_new_price_counts_from_the_next_period(school: School) -> None:
    subscription = school.subscription("2025-01-01", "2025-02-01")
    school.call("renew_subscription", subscription)
    school.run("UPDATE subscription_plans SET price = 35 WHERE plan_type = 'monthly'")
    school.call("renew_subscription", subscription)

    assert [row[2] for row in paid(school, subscription)] == [Decimal("29.00"), Decimal("35.00")]


def test_a_failed_renewal_is_past_due_counts_its_tries_and_is_paid_later(school: School) -> None:
    subscription = school.subscription("2025-01-31", "2025-02-28")
    with school.failing("subscription_payments", when="NEW.status = 'completed'"):
        for tries in range(3):
            assert refusal(school, subscription) == (1644, "injected")
            assert state(school, subscription) == ("past_due", "2025-02-28", "2025-02-28")
            assert paid(school, subscription) == [("2025-02-28", "2025-03-31", Decimal("29.00"), "failed", tries)]

    school.call("renew_subscription", subscription)

    assert state(school, subscription) == ("active", "2025-03-31", "2025-03-31")
    assert paid(school, subscription) == [
        ("2025-02-28", "2025-03-31", Decimal("29.00"), "failed", 2),
        ("2025-02-28", "2025-03-31", Decimal("29.00"), "completed", 3),
    ]


def test_an_error_after_the_payment_undoes_the_payment(school: School) -> None:
    subscription = school.subscription("2025-01-31", "2025-02-28")
    with school.failing("subscriptions", "UPDATE", when="NEW.status = 'active'"):
        assert refusal(school, subscription) == (1644, "injected")

    assert state(school, subscription) == ("past_due", "2025-02-28", "2025-02-28")
    assert [row[3] for row in paid(school, subscription)] == ["failed"]


def test_a_failure_that_cannot_even_be_recorded_tells_the_first_error(school: School) -> None:
    subscription = school.subscription("2025-01-31", "2025-02-28")
    with school.failing("subscription_payments", text="all inserts"):
        assert refusal(school, subscription) == (1644, "all inserts")

    assert state(school, subscription) == ("active", "2025-02-28", "2025-02-28")
    assert paid(school, subscription) == []


def test_a_failure_in_the_callers_transaction_is_recorded_if_the_caller_commits(school: School) -> None:
    kept, dropped = (school.subscription("2025-01-31", "2025-02-28") for _ in range(2))
    caller = school.session()
    with school.failing("subscription_payments", when="NEW.status = 'completed'"):
        for subscription, end in ((kept, "COMMIT"), (dropped, "ROLLBACK")):
            caller.run("START TRANSACTION")
            user = caller.insert("users", name="caller's work", email=f"{end}@example.org")
            assert refusal(caller, subscription) == (1644, "injected")
            assert caller.run("SELECT name FROM users WHERE user_id = %s", user) == [("caller's work",)]
            caller.run(end)

    assert [state(school, each)[0] for each in (kept, dropped)] == ["past_due", "active"]
    assert [len(paid(school, each)) for each in (kept, dropped)] == [1, 0]
    assert school.count("users", "name = 'caller''s work'") == 1


def test_two_renewals_of_one_due_period_at_once_pay_it_once(school: School) -> None:
    today = school.value("SELECT UTC_DATE()")
    subscription = school.subscription("2025-01-15", str(today - timedelta(days=3)))

    results = school.at_once([lambda session: session.call("renew_subscription", subscription)] * 4)

    assert results.count({}) == 1
    assert {error.args[0] for error in results if error != {}} == {30014}
    assert len(paid(school, subscription)) == 1


def test_an_old_snapshot_of_the_caller_does_not_pay_a_period_twice(school: School) -> None:
    today: date = school.value("SELECT UTC_DATE()")
    subscription = school.subscription("2025-01-15", str(today - timedelta(days=3)))
    old = school.session(autocommit=False)
    old.run("SELECT * FROM subscriptions")
    school.call("renew_subscription", subscription)

    assert refusal(old, subscription)[0] == 30014
    old.run("COMMIT")
    assert len(paid(school, subscription)) == 1


def test_a_lock_that_does_not_come_free_is_passed_on_and_recorded_nowhere(school: School) -> None:
    subscription = school.subscription("2025-01-31", "2025-02-28")
    holder = school.session(autocommit=False)
    holder.run("SELECT * FROM subscriptions WHERE subscription_id = %s FOR UPDATE", subscription)
    school.run("SET innodb_lock_wait_timeout = 1")

    assert refusal(school, subscription)[0] == 1205
    holder.run("ROLLBACK")
    assert state(school, subscription)[0] == "active"
    assert paid(school, subscription) == []


@pytest.mark.breaks("subscription_periods_follow_each_other")
def test_the_table_itself_lets_a_period_be_paid_only_once(school: School) -> None:
    subscription = school.subscription("2025-01-31", "2025-02-28")
    period = {"billing_period_start": "2025-02-28", "billing_period_end": "2025-03-31", "amount": 29}
    school.insert("subscription_payments", subscription_id=subscription, status="completed", **period)

    with pytest.raises(pymysql.IntegrityError) as caught:
        school.insert("subscription_payments", subscription_id=subscription, status="completed", **period)
    assert caught.value.args[0] == 1062 and "a_period_is_paid_at_most_once" in caught.value.args[1]
