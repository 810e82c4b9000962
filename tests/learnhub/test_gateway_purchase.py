"""begin_purchase, complete_purchase, fail_purchase: the seat is held while a gateway is asked."""

from __future__ import annotations

import pymysql
import pytest

from school import School

EVENTS = "SELECT event_type FROM payment_events WHERE payment_id = %s ORDER BY event_id"
MISSING = "is NULL or empty: give a value"


def events(school: School, payment: int) -> list[str]:
    return [event for (event,) in school.run(EVENTS, payment)]


def test_a_purchase_begun_holds_its_seat_and_charges_nothing_yet(school: School) -> None:
    student, course = school.user(), school.course("49.99", max_students=1)

    payment, status = school.begin(student, course, "key_1", "paypal")

    assert status == "PENDING"
    row = school.row("SELECT *, CAST(amount AS CHAR) AS cents FROM payments WHERE payment_id = %s", payment)
    expected = {"user_id": student, "course_id": course, "status": "pending", "idempotency_key": "key_1",
                "payment_method": "paypal", "transaction_id": None, "enrollment_id": None, "cents": "49.99",
                "processed_at": None}
    assert row | expected == row
    assert events(school, payment) == ["initiated", "payment_gateway_called"]
    assert (school.seats(course), school.count("enrollments"), school.count("course_access")) == (1, 0, 0)
    assert school.enroll(school.user(), course) == (None, "COURSE_FULL")
    assert school.eligibility(school.user(), course) == "COURSE_FULL"
    assert school.due() == []


def test_a_completed_purchase_turns_the_held_seat_into_the_enrollment(school: School) -> None:
    student, course = school.user(), school.course(max_students=1)
    cart = school.cart(course, user=student)
    payment, _ = school.begin(student, course)

    enrollment, status = school.complete(payment, "ch_1")

    assert status == "SUCCESS"
    assert school.run("SELECT enrollment_id, student_id, course_id, status FROM enrollments") == [
        (enrollment, student, course, "active")
    ]
    assert school.run("SELECT status, transaction_id, enrollment_id, processed_at IS NOT NULL FROM payments") == [
        ("completed", "ch_1", enrollment, 1)
    ]
    assert events(school, payment) == [
        "initiated", "payment_gateway_called", "payment_gateway_success", "enrollment_created", "completion_confirmed"
    ]
    assert school.count("course_access", "access_expires_at > UTC_TIMESTAMP() + INTERVAL 11 MONTH") == 1
    assert (school.seats(course), school.count("seat_holds"), school.due()) == (1, 0, [])
    assert school.count("cart_items", f"cart_id = {cart}") == 0
    assert school.refund(enrollment) == "SUCCESS: Refunded $49.99"
    assert school.seats(course) == 0


def test_a_failed_purchase_gives_the_seat_back(school: School) -> None:
    student, course = school.user(), school.course(max_students=1)
    payment, _ = school.begin(student, course)

    assert school.fail(payment, "card declined") == "SUCCESS"
    assert school.run("SELECT status, reason, transaction_id FROM payments") == [("failed", "card declined", None)]
    assert events(school, payment) == ["initiated", "payment_gateway_called", "payment_gateway_failed", "failed"]
    assert (school.seats(course), school.count("enrollments"), school.due()) == (0, 0, [])
    assert school.begin(student, course)[1] == "PENDING"


def test_a_free_course_needs_no_gateway(school: School) -> None:
    student, course = school.user(), school.course("0", max_students=1)

    assert school.begin(student, course, "key_1") == (None, "SUCCESS")
    assert school.begin(student, course, "key_1") == (None, "SUCCESS")
    assert (school.count("enrollments"), school.count("payments"), school.count("receipts")) == (1, 0, 1)


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_a_course_that_is_not_active_is_not_available(school: School, status: str) -> None:
    student, course = school.user(), school.course(status=status)
    before = school.everything()

    assert school.begin(student, course) == (None, "COURSE_NOT_AVAILABLE")
    assert school.begin(student, 4711) == (None, "COURSE_NOT_AVAILABLE")
    assert school.everything() == before


def test_one_student_holds_one_seat_of_a_course(school: School) -> None:
    student, course = school.user(), school.course(max_students=1)
    payment, _ = school.begin(student, course)
    before = school.everything()

    assert school.begin(student, course) == (None, "ALREADY_ENROLLED")
    assert school.place(school.cart(course, user=student)) == (None, "ALREADY_ENROLLED")
    assert school.begin(school.user(), course) == (None, "COURSE_FULL")
    after = school.everything()
    changed = {table for table in after if after[table] != before[table]}
    assert changed == {"carts", "cart_items", "users", "payment_clocks"}
    school.complete(payment)
    assert school.begin(student, course) == (None, "ALREADY_ENROLLED")


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_the_words_are_checked_in_the_order_listed(school: School) -> None:
    student, required = school.user(), school.course()
    course = school.course("600", max_students=1)
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    other = school.insert("enrollments", student_id=school.user(), course_id=course)
    school.run("UPDATE fraud_detection_rules SET action = 'block' WHERE rule_id = 2")

    assert school.begin(student, course) == (None, "MISSING_PREREQUISITES")
    school.insert("enrollments", student_id=student, course_id=required, status="completed")
    assert school.begin(student, course) == (None, "COURSE_FULL")
    school.run("UPDATE enrollments SET status = 'refunded' WHERE enrollment_id = %s", other)
    assert school.begin(student, course, "key_1") == (None, "FRAUD_BLOCKED")
    assert (school.count("payments"), school.count("seat_holds"), school.count("receipts")) == (0, 0, 0)
    assert school.run("SELECT user_id, rule_id, payment_id FROM fraud_alerts") == [(student, 2, None)]
    school.run("UPDATE fraud_detection_rules SET action = 'flag' WHERE rule_id = 2")
    payment, word = school.begin(student, course, "key_1")
    assert word == "PENDING"
    assert (payment,) in school.run("SELECT payment_id FROM fraud_alerts")


def test_a_repeated_begin_returns_the_first_payment_and_changes_nothing(school: School) -> None:
    student, course = school.user(), school.course(max_students=1)
    first = school.begin(student, course, "key_1")
    before = school.everything()
    assert school.begin(student, course, "key_1") == first
    assert school.everything() == before

    school.complete(first[0])
    assert school.begin(student, course, "key_1") == first


@pytest.mark.parametrize("changed", ["user", "course", "method"])
def test_a_key_used_with_other_arguments_is_an_error(school: School, changed: str) -> None:
    given = {"user": school.user(), "course": school.course(), "key": "key_1", "method": "paypal"}
    school.begin(**given)
    other = {"user": school.user(), "course": school.course(), "method": "stripe"}[changed]
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.begin(**given | {changed: other})

    assert error.value.args == (30005, "key key_1 was used with other arguments: use a new key")
    assert school.everything() == before


def test_a_key_that_another_payment_bears_is_an_error(school: School) -> None:
    student, course = school.user(), school.course()
    school.insert("payments", user_id=student, amount="5", idempotency_key="key_1")
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.begin(student, course, "key_1")

    assert error.value.args[0] == 30005
    assert school.everything() == before


@pytest.mark.parametrize(
    ("procedure", "given", "number", "text"),
    [
        ("begin_purchase", (None, 1, "paypal", "k"), 30001, f"p_user_id {MISSING}"),
        ("begin_purchase", (1, None, "paypal", "k"), 30001, f"p_course_id {MISSING}"),
        ("begin_purchase", (1, 1, None, "k"), 30001, f"p_payment_method {MISSING}"),
        ("begin_purchase", (1, 1, "paypal", None), 30001, f"p_idempotency_key {MISSING}"),
        ("begin_purchase", (1, 1, "paypal", ""), 30001, f"p_idempotency_key {MISSING}"),
        ("begin_purchase", (4711, 1, "paypal", "k"), 30002, "there is no user 4711: check the id"),
        ("begin_purchase", (1, 1, "cash", "k"), 30007,
         "unknown payment method cash: credit_card, paypal, stripe or bank_transfer"),
        ("begin_purchase", (1, 1, "paypal", "k" * 121), 30063, "p_idempotency_key: more than 120 characters: shorten it"),
        ("begin_purchase", (-1, 1, "paypal", "k"), 30065, "p_user_id -1 is out of range: see the parameters of the procedure"),
        ("complete_purchase", (None, "ch_1"), 30001, f"p_payment_id {MISSING}"),
        ("complete_purchase", (1, None), 30001, f"p_transaction_id {MISSING}"),
        ("complete_purchase", (1, ""), 30001, f"p_transaction_id {MISSING}"),
        ("complete_purchase", (1, "refund_1"), 30006,
         "transaction id refund_1 is reserved for refunds: do not begin it with refund_"),
        ("complete_purchase", (4711, "ch_1"), 30025, "there is no charge 4711: check the id"),
        ("complete_purchase", (1, "t" * 101), 30063, "p_transaction_id: more than 100 characters: shorten it"),
        ("complete_purchase", (-1, "ch_1"), 30065, "p_payment_id -1 is out of range: see the parameters of the procedure"),
        ("fail_purchase", (None, "why"), 30001, f"p_payment_id {MISSING}"),
        ("fail_purchase", (4711, "why"), 30025, "there is no charge 4711: check the id"),
        ("fail_purchase", (1, "w" * 501), 30063, "p_reason: more than 500 characters: shorten it"),
    ],
)
def test_misuse_is_an_error_and_leaves_no_trace(
    school: School, procedure: str, given: tuple, number: int, text: str
) -> None:
    school.course(instructor_id=school.user())
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        out = {"begin_purchase": 2, "complete_purchase": 2, "fail_purchase": 1}[procedure]
        school.call(procedure, *given, out=("first", "second")[:out])

    assert error.value.args == (number, text)
    assert school.everything() == before


def test_a_deleted_user_begins_nothing(school: School) -> None:
    student, course = school.user(deleted_at="2026-01-01"), school.course()
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.begin(student, course)

    assert error.value.args == (30003, f"user {student} is deleted: a deleted user can do nothing more")
    assert school.everything() == before


@pytest.mark.parametrize("table", ["payments", "payment_events", "seat_holds"])
def test_a_database_error_leaves_nothing_begun(school: School, table: str) -> None:
    student, course = school.user(), school.course(max_students=1)
    before = school.everything()

    with school.failing(table), pytest.raises(pymysql.Error) as error:
        school.begin(student, course)

    assert error.value.args[0] == 1644
    assert school.everything() == before


@pytest.mark.parametrize("table", ["enrollments", "course_access", "payment_events"])
def test_a_database_error_leaves_a_purchase_pending_and_it_can_be_completed_later(school: School, table: str) -> None:
    payment, _ = school.begin(school.user(), school.course(max_students=1))
    before = school.everything()

    with school.failing(table), pytest.raises(pymysql.Error) as error:
        school.complete(payment, "ch_1")
    assert error.value.args[0] == 1644
    assert school.everything() == before

    assert school.complete(payment, "ch_1")[1] == "SUCCESS"
