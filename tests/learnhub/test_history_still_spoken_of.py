"""What somebody still refers to is not archived, and what is archived is still spoken of: answers, refunds, orders."""

from __future__ import annotations

import pymysql
import pytest

from school import School

LONG_AGO = "2024-03-05 08:00:00"


def archive(school: School) -> int:
    return school.call("archive_payments", "2025-01-01", 10, out=("p_moved",))["p_moved"]


def long_ago(school: School) -> None:
    """All that was paid or failed lies back."""
    school.run("UPDATE payments SET processed_at = %s WHERE processed_at IS NOT NULL", LONG_AGO)
    school.run("UPDATE payments SET created_at = %s", LONG_AGO)


def begun(school: School) -> int:
    return school.begin(school.user(), school.course())[0]


def test_a_failed_charge_stays_while_its_late_money_is_due_and_goes_with_it(school: School) -> None:
    payment = begun(school)
    school.fail(payment, "declined")
    assert school.complete(payment, "ch_late") == (None, "ALREADY_FAILED")
    long_ago(school)
    assert archive(school) == 0

    assert school.give_back(payment) == "SUCCESS: Refunded $49.99"
    long_ago(school)
    columns = "payment_id, kind, status, course_id, answers, reason, refund_of FROM"
    before = school.run(f"SELECT {columns} payments ORDER BY 1")
    assert [row[4] for row in before] == [None, payment, None]

    assert archive(school) == 2
    assert school.run(f"SELECT {columns} payments_history ORDER BY 1") == before
    assert {row[5] for row in before} == {"declined", None, "due"}


@pytest.mark.breaks("a_hold_is_of_something_pending")
def test_a_charge_that_holds_a_seat_stays(school: School) -> None:
    payment = begun(school)
    school.run("UPDATE payments SET status = 'failed'")
    long_ago(school)
    assert archive(school) == 0
    school.run("DELETE FROM seat_holds WHERE payment_id = %s", payment)
    assert archive(school) == 1


def test_an_order_whose_courses_are_archived_says_why_it_is_not_refunded(school: School) -> None:
    order, _ = school.place(school.cart(school.course(), school.course()))
    school.confirm(order)
    (first, second) = (row[0] for row in school.run("SELECT enrollment_id FROM enrollments ORDER BY 1"))
    assert school.refund(first).startswith("SUCCESS")
    school.run("UPDATE enrollments SET enrolled_at = %s", LONG_AGO)
    long_ago(school)
    charges = [row[0] for row in school.run("SELECT payment_id FROM payments WHERE kind = 'charge' ORDER BY 1")]
    assert archive(school) == 2

    assert (school.refund(first), school.refund(second)) == (
        "ERROR: Already refunded",
        "ERROR: Refund period expired",
    )
    assert [school.give_back(charge) for charge in charges] == [
        "ERROR: Already refunded",
        "ERROR: No completed payment found",
    ]
    assert school.value("SELECT status FROM orders") == "confirmed"


def test_an_order_stays_confirmed_when_what_was_due_is_given_back_and_the_rest_is_archived(school: School) -> None:
    kept, gone = school.course(), school.course()
    order, _ = school.place(school.cart(kept, gone))
    school.call("archive_course", gone, None)
    assert school.confirm(order, "ch_1") == "REFUND_DUE"
    long_ago(school)
    assert archive(school) == 1
    ((due, reason),) = school.due()
    assert (due, reason) == (f"ch_1#{gone}", "NO_ENROLLMENT")

    charge = school.value("SELECT payment_id FROM payments")
    assert school.give_back(charge) == "SUCCESS: Refunded $49.99"
    assert school.value("SELECT status FROM orders") == "confirmed"


def test_a_repeated_answer_returns_the_first_outcome_also_when_the_payment_is_archived(school: School) -> None:
    bought, failed = begun(school), begun(school)
    first = school.complete(bought, "ch_1")
    assert first[1] == "SUCCESS"
    school.fail(failed)
    long_ago(school)
    assert archive(school) == 2
    before = school.everything()

    assert school.complete(bought, "ch_1") == first
    assert (school.fail(bought), school.fail(failed)) == ("ALREADY_COMPLETED", "ALREADY_FAILED")
    with pytest.raises(pymysql.Error) as error:
        school.complete(failed, "ch_1")
    assert error.value.args[0] == 30005
    assert school.everything() == before


@pytest.mark.parametrize(
    ("end", "word"),
    [
        (lambda school, payment: school.fail(payment), "ALREADY_FAILED"),
        (lambda school, payment: school.expire(), "REFUND_DUE"),
        (lambda school, payment: school.complete(payment, "ch_first"), "ALREADY_COMPLETED"),
    ],
    ids=["failed", "expired", "completed"],
)
def test_money_for_an_archived_payment_is_kept_and_due_back(school: School, end: object, word: str) -> None:
    payment = begun(school)
    end(school, payment)
    long_ago(school)
    assert archive(school) == 1

    assert school.complete(payment, "ch_late") == (None, word)
    assert school.due() == [("ch_late", "NO_ENROLLMENT")]
    late = school.value("SELECT payment_id FROM payments")
    assert school.run("SELECT event_type, event_data->>'$.answers' FROM payment_events") == [
        ("payment_gateway_success", str(payment))
    ]
    assert school.give_back(late) == "SUCCESS: Refunded $49.99"
    assert school.complete(payment, "ch_late") == (None, word)


def test_an_answer_waits_for_the_archive_and_finds_the_payment_there(school: School) -> None:
    payment = begun(school)
    school.fail(payment)
    long_ago(school)
    reader = school.session()
    reader.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    assert archive(school) == 1

    assert reader.complete(payment, "ch_late") == (None, "ALREADY_FAILED")
    reader.run("COMMIT")
    assert school.due() == [("ch_late", "NO_ENROLLMENT")]
