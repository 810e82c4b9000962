"""reconcile_pending_payments and refund_payment: what nobody answered, and money that bought nothing."""

from __future__ import annotations

import pymysql
import pytest

from school import School


def test_what_is_pending_for_too_long_expires_and_frees_its_seats(school: School) -> None:
    course, other = school.course(max_students=3), school.course(max_students=1)
    payment, _ = school.begin(school.user(), course)
    order, _ = school.place(school.cart(course, other))
    school.run("UPDATE payments SET created_at = created_at - INTERVAL 31 MINUTE")
    school.run("UPDATE orders SET created_at = created_at - INTERVAL 31 MINUTE")
    fresh, _ = school.begin(school.user(), course)

    assert school.expire(30) == 2

    assert school.run("SELECT payment_id, status, reason FROM payments ORDER BY payment_id") == [
        (payment, "failed", "expired"), (fresh, "pending", None)
    ]
    assert school.run("SELECT event_type FROM payment_events WHERE payment_id = %s ORDER BY event_id", payment) == [
        ("initiated",), ("payment_gateway_called",), ("failed",)
    ]
    assert school.run("SELECT order_id, status, failure_reason FROM orders") == [(order, "cancelled", "expired")]
    assert (school.seats(course), school.seats(other)) == (1, 0)
    assert school.expire(30) == 0


def test_nothing_pending_is_nothing_done(school: School) -> None:
    school.purchase(school.user(), school.course())
    payment, _ = school.begin(school.user(), school.course())
    school.complete(payment)
    before = school.everything()

    assert school.expire(0) == 0
    assert school.everything() == before


@pytest.mark.parametrize("autocommit", [True, False])
def test_inside_a_transaction_it_is_refused_and_changes_nothing(school: School, autocommit: bool) -> None:
    school.begin(school.user(), school.course())
    session = school.session(autocommit=autocommit)
    session.run("START TRANSACTION")
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        session.expire()

    assert error.value.args == (
        30009, "reconcile_pending_payments commits as it goes: call it outside a transaction"
    )
    assert school.everything() == before


@pytest.mark.parametrize(
    ("minutes", "number", "text"),
    [
        (None, 30001, "p_older_than_minutes is NULL or empty: give a value"),
        (-1, 30065, "p_older_than_minutes -1 is out of range: see the parameters of the procedure"),
    ],
)
def test_a_time_that_is_none_is_an_error(school: School, minutes: int | None, number: int, text: str) -> None:
    school.begin(school.user(), school.course())
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.expire(minutes)

    assert error.value.args == (number, text)
    assert school.everything() == before


def test_a_time_longer_than_there_is_expires_nothing(school: School) -> None:
    school.begin(school.user(), school.course())

    assert school.expire(2**32 - 1) == 0


def test_one_that_cannot_expire_stops_no_other_and_is_told(school: School) -> None:
    course = school.course(max_students=5)
    stuck, *others = (school.begin(school.user(), course)[0] for _ in range(3))

    with school.failing("payments", "UPDATE", f"NEW.payment_id = {stuck}"), pytest.raises(pymysql.Error) as error:
        school.expire()

    assert error.value.args == (30031, "1 pending payments or orders did not expire: the others did; run it again")
    assert school.seats(course) == 1
    assert school.expire() == 1


def test_runs_at_once_expire_each_only_once(school: School) -> None:
    course = school.course(max_students=20)
    for _ in range(8):
        school.begin(school.user(), course)
    for _ in range(4):
        school.place(school.cart(course, school.course()))

    expired = school.at_once([lambda session: session.expire()] * 3)

    assert sum(expired) == 12
    assert (school.seats(course), school.count("payment_events", "event_type = 'failed'")) == (0, 8)


def test_of_an_answer_and_the_time_one_wins(school: School) -> None:
    course = school.course(max_students=30)
    payments = [school.begin(school.user(), course)[0] for _ in range(6)]
    acts = [lambda session, payment=payment: session.complete(payment)[1] for payment in payments]

    *words, expired = school.at_once([*acts, lambda session: session.expire()])

    assert words.count("REFUND_DUE") == expired == len(school.due())
    assert words.count("SUCCESS") == 6 - expired == school.seats(course)


def test_money_that_bought_nothing_is_given_back_once(school: School) -> None:
    student = school.user()
    payment = school.insert("payments", user_id=student, amount="20", status="completed", transaction_id="ch_1")

    assert school.give_back(payment, None) == "SUCCESS: Refunded $20.00"
    before = school.everything()
    assert school.give_back(payment) == "ERROR: Already refunded"
    assert school.everything() == before
    assert school.run("SELECT event_type FROM payment_events") == [("refunded",)]


@pytest.mark.parametrize("status", ["pending", "failed"])
def test_money_that_was_not_taken_is_not_given_back(school: School, status: str) -> None:
    payment = school.insert("payments", user_id=school.user(), amount="20", status=status)
    before = school.everything()

    assert school.give_back(payment) == "ERROR: No completed payment found"
    assert school.give_back(4711) == "ERROR: No completed payment found"
    assert school.everything() == before


def test_a_refund_is_not_given_back(school: School) -> None:
    payment = school.insert("payments", user_id=school.user(), amount="20", status="completed")
    school.give_back(payment)
    refund = school.value("SELECT payment_id FROM payments WHERE kind = 'refund'")

    assert school.give_back(refund) == "ERROR: No completed payment found"


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize("status", ["active", "completed", "expired"])
def test_where_there_is_an_enrollment_the_enrollment_is_refunded_instead(school: School, status: str) -> None:
    school.purchase(school.user(), school.course())
    school.run("UPDATE enrollments SET status = %s", status)
    payment = school.value("SELECT payment_id FROM payments")
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.give_back(payment)

    text = f"payment {payment} paid for an enrollment: refund the enrollment with process_refund"
    assert error.value.args == (30030, text)
    assert school.everything() == before


def test_an_enrollment_paid_twice_is_listed_and_the_second_payment_given_back(school: School) -> None:
    student = school.user()
    enrollment, _ = school.purchase(student, school.course("49.99"), "ch_1")
    twice = school.insert(
        "payments", user_id=student, enrollment_id=enrollment, amount="49.99", status="completed", transaction_id="ch_2"
    )

    assert school.due() == [("ch_2", "PAID_TWICE")]
    assert school.give_back(twice) == "SUCCESS: Refunded $49.99"
    assert school.due() == []
    with pytest.raises(pymysql.Error):
        school.give_back(school.value("SELECT payment_id FROM payments WHERE transaction_id = 'ch_1'"))


def test_money_left_for_a_refunded_enrollment_is_listed(school: School) -> None:
    student = school.user()
    enrollment, _ = school.purchase(student, school.course("49.99"), "ch_1")
    twice = school.insert(
        "payments", user_id=student, enrollment_id=enrollment, amount="49.99", status="completed", transaction_id="ch_2"
    )
    school.refund(enrollment)

    assert school.due() == [("ch_2", "ENROLLMENT_REFUNDED")]
    assert school.give_back(twice) == "SUCCESS: Refunded $49.99"


@pytest.mark.breaks("an_enrollment_is_paid_at_most_once")
def test_whichever_charge_of_an_enrollment_completes_last_the_later_one_is_listed(school: School) -> None:
    student = school.user()
    first = school.insert("payments", user_id=student, amount="20", transaction_id="ch_1")
    enrollment, _ = school.purchase(student, school.course("20"), "ch_2")
    assert school.due() == []

    school.run("UPDATE payments SET status = 'completed', enrollment_id = %s WHERE payment_id = %s", enrollment, first)
    assert school.due() == [("ch_2", "PAID_TWICE")]


@pytest.mark.breaks("an_enrollment_is_paid_at_most_once")
def test_an_enrollment_refunded_by_hand_leaves_its_charge_to_give_back(school: School) -> None:
    enrollment, _ = school.purchase(school.user(), school.course("20"), "ch_1")
    school.run("UPDATE enrollments SET status = 'refunded' WHERE enrollment_id = %s", enrollment)

    assert school.due() == [("ch_1", "ENROLLMENT_REFUNDED")]


@pytest.mark.breaks("an_enrollment_is_paid_at_most_once")
def test_a_charge_for_a_refunded_enrollment_is_listed(school: School) -> None:
    student = school.user()
    enrollment = school.insert("enrollments", student_id=student, course_id=school.course(), status="refunded")
    late = {"user_id": student, "enrollment_id": enrollment, "amount": "20", "transaction_id": "ch_1"}
    school.insert("payments", **late, status="completed")

    assert school.due() == [("ch_1", "ENROLLMENT_REFUNDED")]


def test_what_bought_its_enrollment_is_not_even_looked_at(school: School) -> None:
    student, course = school.user(), school.course("20")
    enrollment, _ = school.purchase(student, course)
    school.complete(school.begin(school.user(), course)[0])
    school.refund(enrollment)
    school.purchase(student, course)

    assert (school.due(), school.count("payments_to_check")) == ([], 0)


@pytest.mark.breaks("an_enrollment_is_paid_at_most_once")
def test_a_charge_moved_to_an_enrollment_that_was_paid_for_is_listed(school: School) -> None:
    student = school.user()
    paid, other = (school.purchase(student, school.course("20"), key)[0] for key in ("ch_1", "ch_2"))
    school.run("UPDATE payments SET enrollment_id = %s WHERE enrollment_id = %s", paid, other)

    assert school.due() == [("ch_2", "PAID_TWICE")]


@pytest.mark.breaks("an_enrollment_is_paid_at_most_once")
def test_the_second_charge_of_the_session_that_enrolled_is_listed_too(school: School) -> None:
    student = school.user()
    enrollment, _ = school.enroll(student, school.course("20"))
    for key in ("ch_1", "ch_2"):
        charge = {"user_id": student, "enrollment_id": enrollment, "amount": "20", "transaction_id": key}
        school.insert("payments", **charge, status="completed")

    assert school.due() == [("ch_2", "PAID_TWICE")]


@pytest.mark.parametrize(
    ("given", "number", "text"),
    [
        ((None, "why"), 30001, "p_payment_id is NULL or empty: give a value"),
        ((-1, "why"), 30065, "p_payment_id -1 is out of range: see the parameters of the procedure"),
        ((1, "w" * 501), 30063, "p_reason: more than 500 characters: shorten it"),
    ],
)
def test_misuse_is_an_error(school: School, given: tuple, number: int, text: str) -> None:
    with pytest.raises(pymysql.Error) as error:
        school.give_back(*given)
    assert error.value.args == (number, text)


def test_eight_refunds_at_once_give_back_once(school: School) -> None:
    payment = school.insert("payments", user_id=school.user(), amount="20", status="completed")

    results = school.at_once([lambda session: session.give_back(payment)] * 8)

    assert sorted(results) == ["ERROR: Already refunded"] * 7 + ["SUCCESS: Refunded $20.00"]
    assert school.count("payments", "kind = 'refund'") == 1
