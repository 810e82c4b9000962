"""renew_due_subscriptions: all that is due, period by period, shared by runs at once."""

from __future__ import annotations

import pymysql
import pytest

from school import School, Session

OUT = ("p_renewed", "p_failed")


def run(session: Session, day: str = "2025-06-30") -> tuple[int, int]:
    """Renewed and failed."""
    return tuple(session.call("renew_due_subscriptions", day, out=OUT).values())


def ends(school: School) -> list[tuple[str, str]]:
    return school.run("SELECT status, CAST(current_period_end AS CHAR) FROM subscriptions ORDER BY subscription_id")


def test_nothing_due_is_nothing_done(school: School) -> None:
    school.subscription("2025-01-01", "2025-07-01")
    before = school.everything()

    assert run(school) == (0, 0)
    assert school.everything() == before


def test_every_due_subscription_is_renewed_also_on_the_day_itself(school: School) -> None:
    for end in ("2025-06-29", "2025-06-30", "2025-07-01"):
        school.subscription("2025-01-30", end)

    assert run(school) == (2, 0)
    assert ends(school) == [("active", "2025-07-30"), ("active", "2025-07-30"), ("active", "2025-07-01")]


def test_missed_periods_are_caught_up_one_by_one(school: School) -> None:
    subscription = school.subscription("2025-01-31", "2025-02-28")

    assert run(school) == (5, 0)
    assert school.run(
        "SELECT CAST(billing_period_start AS CHAR), CAST(billing_period_end AS CHAR), status FROM subscription_payments"
        " WHERE subscription_id = %s ORDER BY 1",
        subscription,
    ) == [
        ("2025-02-28", "2025-03-31", "completed"),
        ("2025-03-31", "2025-04-30", "completed"),
        ("2025-04-30", "2025-05-31", "completed"),
        ("2025-05-31", "2025-06-30", "completed"),
        ("2025-06-30", "2025-07-31", "completed"),
    ]
    assert run(school) == (0, 0)


def test_past_due_ones_are_tried_again_and_ended_ones_are_left_alone(school: School) -> None:
    for status in ("past_due", "cancelled", "expired"):
        school.subscription("2025-06-15", "2025-06-15", status=status)

    assert run(school) == (1, 0)
    assert ends(school) == [("active", "2025-07-15"), ("cancelled", "2025-06-15"), ("expired", "2025-06-15")]


def test_what_cancels_at_its_period_end_ends_then_and_pays_nothing(school: School) -> None:
    for end in ("2025-06-30", "2025-07-01"):
        school.subscription("2025-01-30", end, cancel_at_period_end=True)

    assert run(school) == (0, 0)
    assert ends(school) == [("cancelled", "2025-06-30"), ("active", "2025-07-01")]
    assert school.count("subscription_payments") == 0


def test_one_failure_stops_no_other(school: School) -> None:
    first, unlucky, last = (school.subscription("2025-06-15", "2025-06-15") for _ in range(3))

    with school.failing("subscription_payments", when=f"NEW.subscription_id = {unlucky} AND NEW.status = 'completed'"):
        assert run(school) == (2, 1)
    assert ends(school) == [("active", "2025-07-15"), ("past_due", "2025-06-15"), ("active", "2025-07-15")]
    assert school.run("SELECT subscription_id, status, retry_count FROM subscription_payments ORDER BY payment_id") == [
        (first, "completed", 0),
        (unlucky, "failed", 0),
        (last, "completed", 0),
    ]

    assert run(school) == (1, 0)
    assert ends(school)[1] == ("active", "2025-07-15")


def test_a_failure_half_way_through_missed_periods_keeps_those_paid_before(school: School) -> None:
    school.subscription("2025-01-15", "2025-02-15")
    third = "NEW.status = 'completed' AND NEW.billing_period_start = '2025-04-15'"
    with school.failing("subscription_payments", when=third):
        assert run(school) == (2, 1)

    assert ends(school) == [("past_due", "2025-04-15")]
    assert run(school) == (3, 0)
    assert ends(school) == [("active", "2025-07-15")]


def test_two_runs_at_once_share_the_work_and_pay_every_period_once(school: School) -> None:
    for _ in range(30):
        school.subscription("2025-01-31", "2025-04-30")

    results = school.at_once([run, run])

    assert [sum(figures) for figures in zip(*results)] == [90, 0]
    assert school.count("subscription_payments", "status = 'completed'") == 90
    assert set(ends(school)) == {("active", "2025-07-31")}


def test_a_subscription_that_somebody_holds_is_skipped_not_waited_for(school: School) -> None:
    held, free = (school.subscription("2025-06-15", "2025-06-15") for _ in range(2))
    holder = school.session(autocommit=False)
    holder.run("SELECT * FROM subscriptions WHERE subscription_id = %s FOR UPDATE", held)
    school.run("SET innodb_lock_wait_timeout = 1")

    assert run(school) == (1, 0)
    holder.run("ROLLBACK")
    assert school.run("SELECT DISTINCT subscription_id FROM subscription_payments") == [(free,)]
    assert run(school) == (1, 0)


def test_a_deleted_user_is_not_renewed(school: School) -> None:
    user = school.user()
    school.subscription("2025-06-15", "2025-06-15", user_id=user)
    school.call("soft_delete_user", user, None)

    assert run(school) == (0, 0)
    assert school.count("subscription_payments") == 0


@pytest.mark.parametrize("begin", ["START TRANSACTION", "SET autocommit = 0"])
def test_a_run_refuses_inside_a_transaction_and_changes_nothing(school: School, begin: str) -> None:
    school.subscription("2025-06-15", "2025-06-15")
    caller = school.session()
    caller.run(begin)
    user = caller.insert("users", name="caller's work", email="caller@example.org")
    before = school.everything()

    with pytest.raises(pymysql.Error) as caught:
        run(caller)

    assert caught.value.args == (30009, "renew_due_subscriptions commits as it goes: call it outside a transaction")
    assert school.everything() == before
    assert caller.run("SELECT name FROM users WHERE user_id = %s", user) == [("caller's work",)]
    caller.run("ROLLBACK")
    assert school.run("SELECT * FROM users WHERE user_id = %s", user) == []


@pytest.mark.parametrize("day", [None, "2025-02-30", "soon"])
def test_a_run_needs_a_day(school: School, day: str | None) -> None:
    school.subscription("2025-06-15", "2025-06-15")
    before = school.everything()

    with pytest.raises(pymysql.Error) as caught:
        run(school, day)

    assert caught.value.args[0] == (30001 if day is None else 1292)
    assert school.everything() == before
