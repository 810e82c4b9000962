"""subscribe and cancel_subscription: their words, their repeats, and the steps that a subscription may take."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pymysql
import pytest

from school import School, Session

STATUSES = ("active", "past_due", "cancelled", "expired")


def subscribe(session: Session, user: object, plan: object = "monthly", key: object = "key") -> tuple:
    out = session.call("subscribe", user, plan, key, out=("p_subscription_id", "p_status"))
    return out["p_subscription_id"], out["p_status"]


def cancel(session: Session, subscription: object, at_period_end: object = False) -> str:
    return session.call("cancel_subscription", subscription, at_period_end, out=("p_status",))["p_status"]


def refusal(act: Callable[..., object], *arguments: object) -> tuple:
    with pytest.raises(pymysql.Error) as caught:
        act(*arguments)
    return caught.value.args


@pytest.mark.parametrize(
    ("plan", "today", "end", "price"),
    [
        ("monthly", "2026-01-15", "2026-02-15", "29.00"),
        ("monthly", "2026-01-31", "2026-02-28", "29.00"),
        ("annual", "2028-02-29", "2029-02-28", "290.00"),
    ],
)
def test_a_new_subscription_stands_for_the_period_that_it_paid(
    school: School, plan: str, today: str, end: str, price: str
) -> None:
    school.clock(f"{today} 23:59:59")
    user = school.user()

    subscription, status = subscribe(school, user, plan)

    row = school.row("SELECT * FROM subscriptions")
    assert (status, row["subscription_id"], row["user_id"]) == ("SUCCESS", subscription, user)
    assert (row["plan_type"], row["status"], row["cancel_at_period_end"]) == (plan, "active", 0)
    assert [str(row[name]) for name in ("start_date", "current_period_end", "next_billing_date")] == [today, end, end]
    paid = school.row("SELECT * FROM subscription_payments")
    assert (str(paid["billing_period_start"]), str(paid["billing_period_end"])) == (today, end)
    assert (paid["amount"], paid["status"]) == (Decimal(price), "completed")


def test_a_new_subscription_is_renewed_when_its_period_ends(school: School) -> None:
    school.clock("2026-01-31 12:00:00")
    subscription, _ = subscribe(school, school.user())
    school.clock("2026-02-28 00:00:00")
    school.call("renew_subscription", subscription)

    assert str(school.value("SELECT next_billing_date FROM subscriptions")) == "2026-03-31"
    assert school.count("subscription_payments", "status = 'completed'") == 2


@pytest.mark.parametrize("standing", ["active", "past_due"])
def test_who_has_a_subscription_gets_no_second_one(school: School, standing: str) -> None:
    user = school.user()
    school.subscription("2025-01-01", "2025-02-01", "annual", user_id=user, status=standing)
    before = school.everything()

    assert subscribe(school, user) == (None, "ALREADY_SUBSCRIBED")
    assert school.everything() == before


@pytest.mark.parametrize("ended", ["cancelled", "expired"])
def test_who_had_one_may_subscribe_again(school: School, ended: str) -> None:
    user = school.user()
    school.subscription("2025-01-01", "2025-02-01", user_id=user, status=ended)

    assert subscribe(school, user)[1] == "SUCCESS"


def test_a_repeat_returns_the_first_outcome_and_pays_nothing(school: School) -> None:
    user = school.user()
    first = subscribe(school, user)
    school.run("UPDATE subscriptions SET status = 'cancelled'")
    before = school.everything()

    assert subscribe(school, user) == first
    assert school.everything() == before


def test_a_refusal_is_not_remembered(school: School) -> None:
    user = school.user()
    standing = school.subscription("2025-01-01", "2025-02-01", user_id=user)
    assert subscribe(school, user)[1] == "ALREADY_SUBSCRIBED"
    cancel(school, standing)

    assert subscribe(school, user)[1] == "SUCCESS"


def test_a_key_used_with_other_arguments_is_an_error(school: School) -> None:
    user = school.user()
    subscribe(school, user)
    before = school.everything()

    assert refusal(subscribe, school, user, "annual") == (30005, "key key was used with other arguments: use a new key")
    assert school.everything() == before
    assert refusal(subscribe, school, school.user())[0] == 30005
    assert school.count("subscriptions") == 1


def test_at_once_one_subscribes_and_the_others_learn_it(school: School) -> None:
    user = school.user()
    keys = [f"key {number}" for number in range(6)]
    words = school.at_once([lambda session, key=key: subscribe(session, user, key=key)[1] for key in keys])

    assert sorted(words) == ["ALREADY_SUBSCRIBED"] * 5 + ["SUCCESS"]
    assert (school.count("subscriptions"), school.count("subscription_payments")) == (1, 1)


def test_one_key_at_once_subscribes_once_and_answers_the_same(school: School) -> None:
    user = school.user()
    answers = school.at_once([lambda session: subscribe(session, user)] * 5)

    assert len(set(answers)) == 1 and answers[0][1] == "SUCCESS"
    assert school.count("subscriptions") == 1


def test_an_old_snapshot_does_not_hide_the_subscription(school: School) -> None:
    user, old = school.user(), school.session(autocommit=False)
    old.run("SELECT * FROM subscriptions")
    first = subscribe(school, user)

    assert subscribe(old, user, key="another")[1] == "ALREADY_SUBSCRIBED"
    assert subscribe(old, user) == first


def test_misuse_of_subscribe_is_told(school: School) -> None:
    gone = school.user()
    school.call("soft_delete_user", gone, None)
    before = school.everything()

    assert refusal(subscribe, school, gone)[0] == 30003
    assert refusal(subscribe, school, 999999)[0] == 30002
    for arguments in ((None, "monthly", "k"), (1, None, "k"), (1, "monthly", None), (1, "monthly", "")):
        assert refusal(subscribe, school, *arguments)[0] == 30001
    assert school.everything() == before


def test_an_unknown_plan_is_told(school: School) -> None:
    assert refusal(subscribe, school, school.user(), "weekly") == (
        30044,
        "there is no plan weekly: see subscription_plans",
    )
    assert school.count("receipts") == 0


@pytest.mark.parametrize("standing", ["active", "past_due"])
def test_cancelled_now_it_is_over(school: School, standing: str) -> None:
    subscription = school.subscription("2025-01-01", "2025-02-01", status=standing)

    assert cancel(school, subscription) == "SUCCESS"
    assert school.value("SELECT status FROM subscriptions") == "cancelled"
    assert refusal(school.call, "renew_subscription", subscription)[0] == 30013


def test_cancelled_at_its_end_it_goes_on_until_then(school: School) -> None:
    today = school.value("SELECT UTC_DATE()")
    subscription = school.subscription("2025-01-01", str(today))

    assert cancel(school, subscription, True) == "SUCCESS"
    assert school.run("SELECT status, cancel_at_period_end FROM subscriptions") == [("active", 1)]
    school.call("renew_due_subscriptions", today - timedelta(days=1), out=("p_renewed", "p_failed"))
    assert school.value("SELECT status FROM subscriptions") == "active"
    school.call("renew_due_subscriptions", today, out=("p_renewed", "p_failed"))
    assert school.value("SELECT status FROM subscriptions") == "cancelled"
    assert school.count("subscription_payments") == 0


def test_who_cancelled_for_later_may_still_end_it_now(school: School) -> None:
    subscription = school.subscription("2025-01-01", "2030-01-01")
    assert [cancel(school, subscription, later) for later in (True, True, False, False)] == [
        "SUCCESS",
        "ALREADY_CANCELLED",
        "SUCCESS",
        "ALREADY_CANCELLED",
    ]


@pytest.mark.parametrize("ended", ["cancelled", "expired"])
@pytest.mark.parametrize("later", [True, False])
def test_what_has_ended_is_cancelled_already(school: School, ended: str, later: bool) -> None:
    subscription = school.subscription("2025-01-01", "2025-02-01", status=ended)
    before = school.everything()

    assert cancel(school, subscription, later) == "ALREADY_CANCELLED"
    assert school.everything() == before


def test_of_many_cancelling_at_once_one_does_it(school: School) -> None:
    subscription = school.subscription("2025-01-01", "2025-02-01")
    words = school.at_once([lambda session: cancel(session, subscription)] * 5)

    assert sorted(words) == ["ALREADY_CANCELLED"] * 4 + ["SUCCESS"]


def test_misuse_of_cancel_is_told(school: School) -> None:
    subscription = school.subscription("2025-01-01", "2025-02-01")
    before = school.everything()

    assert refusal(cancel, school, 999999) == (30012, "there is no subscription 999999: check the id")
    assert refusal(cancel, school, None) == (30001, "p_subscription_id is NULL or empty: give a value")
    assert refusal(cancel, school, subscription, None) == (30001, "p_at_period_end is NULL or empty: give a value")
    assert school.everything() == before


@pytest.mark.parametrize("after", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
def test_a_subscription_that_has_ended_stays_so(school: School, before: str, after: str) -> None:
    subscription = school.subscription("2025-01-01", "2025-02-01", status=before)
    step = f"UPDATE subscriptions SET status = '{after}'"

    if before == after or before in ("active", "past_due"):
        school.run(step)
        assert school.value("SELECT status FROM subscriptions") == after
    else:
        told = f"subscription {subscription}: {before} to {after} is no legal step: begin a new subscription instead"
        assert refusal(school.run, step) == (30045, told)
        assert school.value("SELECT status FROM subscriptions") == before
