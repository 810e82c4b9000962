"""What the payments table itself refuses, whoever writes to it."""

from __future__ import annotations

import pymysql
import pytest

from school import School


@pytest.fixture
def charge(school: School) -> dict:
    """A completed charge of 49.99 USD."""
    school.purchase(school.user(), school.course("49.99"), "ch_1")
    return school.row("SELECT * FROM payments")


def refund_of(charge: dict) -> dict:
    """The refund that matches a charge."""
    return {"user_id": charge["user_id"], "kind": "refund", "amount": "-49.99", "status": "refunded",
            "refund_of": charge["payment_id"]}


@pytest.mark.breaks("a_refund_takes_back_exactly_its_charge")
def test_a_refund_that_matches_its_charge_is_stored(school: School, charge: dict) -> None:
    refund = school.insert("payments", **refund_of(charge))

    assert school.run("SELECT status, processed_at = created_at FROM payments WHERE payment_id = %s", refund) == [
        ("refunded", 1)
    ]


@pytest.mark.parametrize(
    ("changed", "subject"),
    [
        ({"amount": "-49.98"}, "{payment_id}"),
        ({"amount": "-50.00"}, "{payment_id}"),
        ({"currency": "EUR"}, "{payment_id}"),
        ({"refund_of": 4711}, "4711"),
    ],
)
def test_a_refund_that_does_not_match_its_charge_is_refused(
    school: School, charge: dict, changed: dict, subject: str
) -> None:
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.insert("payments", **refund_of(charge) | changed)

    refused = f"refund {subject.format(**charge)} does not match its charge: same user and currency, minus the amount"
    assert error.value.args == (30023, refused)
    assert school.everything() == before


def test_a_refund_to_somebody_else_is_refused(school: School, charge: dict) -> None:
    with pytest.raises(pymysql.Error) as error:
        school.insert("payments", **refund_of(charge) | {"user_id": school.user()})

    assert error.value.args[0] == 30023


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_money_that_was_not_taken_is_not_given_back(school: School, status: str) -> None:
    charge = {"user_id": school.user(), "amount": "49.99", "status": status}
    charge["payment_id"] = school.insert("payments", **charge)

    with pytest.raises(pymysql.Error) as error:
        school.insert("payments", **refund_of(charge))

    assert error.value.args[0] == 30023


@pytest.mark.breaks("a_refund_takes_back_exactly_its_charge")
def test_a_refund_is_not_given_back(school: School, charge: dict) -> None:
    refund = school.insert("payments", **refund_of(charge))

    for amount in ("-49.99", "49.99"):
        with pytest.raises(pymysql.Error) as error:
            school.insert("payments", **refund_of(charge) | {"refund_of": refund, "amount": amount})
        assert error.value.args[0] == 30023


@pytest.mark.breaks("a_refund_takes_back_exactly_its_charge")
def test_a_charge_is_refunded_at_most_once(school: School, charge: dict) -> None:
    school.insert("payments", **refund_of(charge))

    with pytest.raises(pymysql.Error) as error:
        school.insert("payments", **refund_of(charge))

    assert error.value.args == (
        1062,
        f"Duplicate entry '{charge['payment_id']}' for key 'payments.a_charge_is_refunded_at_most_once'",
    )


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"kind": "charge", "amount": "0"}, "a_charge_is_above_zero"),
        ({"kind": "charge", "amount": "-1"}, "a_charge_is_above_zero"),
        ({"kind": "refund", "amount": "-1"}, "a_refund_is_below_zero"),
    ],
)
def test_a_charge_is_above_zero_and_a_refund_names_a_charge(school: School, columns: dict, constraint: str) -> None:
    with pytest.raises(pymysql.Error) as error:
        school.insert("payments", user_id=school.user(), **columns)

    assert error.value.args == (3819, f"Check constraint '{constraint}' is violated.")


def test_a_charge_refunds_nothing(school: School, charge: dict) -> None:
    with pytest.raises(pymysql.Error) as error:
        school.insert("payments", user_id=charge["user_id"], amount="49.99", refund_of=charge["payment_id"])

    assert error.value.args == (3819, "Check constraint 'a_charge_is_above_zero' is violated.")


@pytest.mark.parametrize(
    "change",
    ["user_id = user_id + 1", "kind = 'refund'", "amount = 5", "currency = 'EUR'", "refund_of = payment_id"],
)
def test_what_a_payment_is_never_changes(school: School, charge: dict, change: str) -> None:
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.run(f"UPDATE payments SET {change}")

    assert error.value.args == (
        30021,
        "user, kind, amount, currency or charge cannot be changed: add a new row instead",
    )
    assert school.everything() == before


STATES = ["pending", "completed", "failed", "refunded"]
ALLOWED = {("pending", "completed"), ("pending", "failed"), ("completed", "refunded")}


@pytest.mark.breaks("a_refund_takes_back_exactly_its_charge")
@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_a_payments_status_goes_one_way(school: School, before: str, after: str) -> None:
    payment = school.insert("payments", user_id=school.user(), amount="5", status=before)

    if (before, after) in ALLOWED or before == after:
        school.run("UPDATE payments SET status = %s", after)
        assert school.value("SELECT status FROM payments WHERE payment_id = %s", payment) == after
        return
    with pytest.raises(pymysql.Error) as error:
        school.run("UPDATE payments SET status = %s", after)
    assert error.value.args == (
        30026,
        f"a payment cannot go from {before} to {after}: only pending to completed or failed, completed to refunded",
    )


@pytest.mark.parametrize("change", ["course_id = 1", "answers = payment_id"])
def test_what_a_payment_is_for_never_changes(school: School, charge: dict, change: str) -> None:
    with pytest.raises(pymysql.Error) as error:
        school.run(f"UPDATE payments SET {change}")

    assert error.value.args == (30021, "what a payment is for cannot be changed: add a new row instead")


def test_a_payment_that_leaves_pending_is_stamped(school: School) -> None:
    payment = school.insert("payments", user_id=school.user(), amount="5")
    assert school.value("SELECT processed_at FROM payments WHERE payment_id = %s", payment) is None

    school.run("UPDATE payments SET status = 'completed'")

    assert school.value("SELECT ABS(TIMESTAMPDIFF(SECOND, processed_at, UTC_TIMESTAMP(6))) <= 5 FROM payments") == 1


@pytest.mark.parametrize("statement", ["UPDATE payment_events SET event_data = NULL", "DELETE FROM payment_events"])
def test_what_happened_is_neither_changed_nor_forgotten(school: School, charge: dict, statement: str) -> None:
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.run(statement)

    assert error.value.args == (30022, "payment_events is append-only: add a new row instead")
    assert school.everything() == before
