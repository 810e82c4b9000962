"""process_course_purchase: what is sold, what is refused, what is misuse."""

from __future__ import annotations

import pymysql
import pytest

from school import School


def test_a_purchase_enrolls_charges_and_gives_a_year_of_access(school: School) -> None:
    student, course = school.user(), school.course("49.99")

    enrollment, status = school.purchase(student, course, "ch_3AbC", "paypal")

    assert status == "SUCCESS"
    assert school.row("SELECT student_id, course_id, status FROM enrollments WHERE enrollment_id = %s", enrollment) == {
        "student_id": student,
        "course_id": course,
        "status": "active",
    }
    payment = school.row("SELECT * FROM payments")
    expected = {
        "user_id": student,
        "enrollment_id": enrollment,
        "kind": "charge",
        "currency": "USD",
        "payment_method": "paypal",
        "status": "completed",
        "transaction_id": "ch_3AbC",
        "refund_of": None,
    }
    assert payment | expected == payment
    assert str(payment["amount"]) == "49.99"
    assert payment["processed_at"] == payment["created_at"]
    assert school.run(
        "SELECT event_type FROM payment_events WHERE payment_id = %s ORDER BY event_id", payment["payment_id"]
    ) == [("initiated",), ("payment_gateway_success",), ("enrollment_created",), ("completion_confirmed",)]
    assert school.value(
        "SELECT TIMESTAMPDIFF(SECOND, enrolled_at + INTERVAL 1 YEAR, access_expires_at) FROM course_access"
        " JOIN enrollments USING (student_id, course_id)"
    ) == 0


@pytest.mark.parametrize("zone", ["+13:00", "-12:00"])
def test_what_a_purchase_stores_is_utc_in_any_time_zone(school: School, zone: str) -> None:
    session = school.session()
    session.run("SET time_zone = %s", zone)
    session.clock("2026-12-31 23:59:59.5")

    session.purchase(school.user(), school.course())

    assert session.run("SELECT CAST(enrolled_at AS CHAR) FROM enrollments") == [("2026-12-31 23:59:59.500000",)]
    assert session.run("SELECT CAST(access_expires_at AS CHAR) FROM course_access") == [("2027-12-31 23:59:59.500000",)]
    for column, table in (
        ("created_at", "payments"),
        ("processed_at", "payments"),
        ("created_at", "payment_events"),
        ("created_at", "receipts"),
    ):
        moments = session.run(f"SELECT DISTINCT CAST({column} AS CHAR) FROM {table}")
        assert moments == [("2026-12-31 23:59:59.500000",)], (table, column)


def test_a_free_course_is_sold_without_a_payment(school: School) -> None:
    enrollment, status = school.purchase(school.user(), school.course("0"), "free_1")

    assert (status, school.count("payments"), school.count("payment_events")) == ("SUCCESS", 0, 0)
    assert school.run("SELECT enrollment_id FROM enrollments") == [(enrollment,)]
    assert school.count("course_access", "access_expires_at > UTC_TIMESTAMP() + INTERVAL 1 DAY") == 1
    assert school.run("SELECT operation, receipt_key FROM receipts") == [("process_course_purchase", "free_1")]


@pytest.mark.parametrize("method", ["credit_card", "paypal", "stripe", "bank_transfer"])
def test_every_payment_method_is_taken(school: School, method: str) -> None:
    assert school.purchase(school.user(), school.course(), method=method)[1] == "SUCCESS"
    assert school.run("SELECT payment_method FROM payments") == [(method,)]


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_a_course_that_is_not_active_is_not_available(school: School, status: str) -> None:
    student, course = school.user(), school.course(status=status)
    before = school.everything()

    assert school.purchase(student, course) == (None, "COURSE_NOT_AVAILABLE")
    assert school.everything() == before


@pytest.mark.parametrize("unknown", [0, 4711, 2**63 - 1])
def test_an_unknown_course_is_not_available(school: School, unknown: int) -> None:
    student = school.user()
    before = school.everything()

    assert school.purchase(student, unknown) == (None, "COURSE_NOT_AVAILABLE")
    assert school.everything() == before


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize("status", ["active", "completed"])
def test_who_is_enrolled_already_is_refused(school: School, status: str) -> None:
    student, course = school.user(), school.course()
    school.insert("enrollments", student_id=student, course_id=course, status=status)
    before = school.everything()

    assert school.purchase(student, course) == (None, "ALREADY_ENROLLED")
    assert school.everything() == before


@pytest.mark.parametrize("status", ["refunded", "expired"])
def test_an_enrollment_that_is_over_does_not_stop_a_new_one(school: School, status: str) -> None:
    student, course = school.user(), school.course(max_students=1)
    over = school.insert("enrollments", student_id=student, course_id=course, status=status)
    school.insert("course_access", student_id=student, course_id=course, access_expires_at="2020-01-01")

    enrollment, word = school.purchase(student, course)

    assert word == "SUCCESS" and enrollment != over
    assert school.count("course_access", "access_expires_at > UTC_TIMESTAMP() + INTERVAL 1 DAY") == 1


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize(
    ("done", "word"),
    [
        (None, "MISSING_PREREQUISITES"),
        ("active", "MISSING_PREREQUISITES"),
        ("refunded", "MISSING_PREREQUISITES"),
        ("expired", "MISSING_PREREQUISITES"),
        ("completed", "SUCCESS"),
    ],
)
def test_every_prerequisite_must_be_completed(school: School, done: str | None, word: str) -> None:
    student, course, first, second = school.user(), *(school.course() for _ in range(3))
    school.insert("enrollments", student_id=student, course_id=first, status="completed")
    for required in (first, second):
        school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    if done:
        school.insert("enrollments", student_id=student, course_id=second, status=done)

    assert school.purchase(student, course)[1] == word


def test_a_full_course_refuses_the_student(school: School) -> None:
    first, second, course = school.user(), school.user(), school.course(max_students=1)
    school.purchase(first, course)
    before = school.everything()

    assert school.purchase(second, course) == (None, "COURSE_FULL")
    assert school.everything() == before


def test_blocked_as_fraud_nothing_is_sold_and_the_alert_stays(school: School) -> None:
    student, course = school.user(), school.course("600")
    school.run("UPDATE fraud_detection_rules SET action = 'block' WHERE rule_id = 2")
    before = school.everything()

    assert school.purchase(student, course) == (None, "FRAUD_BLOCKED")

    after = school.everything()
    assert {table for table in after if after[table] != before[table]} == {"fraud_alerts"}
    assert school.run("SELECT user_id, rule_id, payment_id FROM fraud_alerts") == [(student, 2, None)]


def test_a_flagged_purchase_is_sold_and_its_alert_names_the_payment(school: School) -> None:
    student, course = school.user(), school.course("600")

    assert school.purchase(student, course)[1] == "SUCCESS"
    assert school.run("SELECT user_id, rule_id, payment_id FROM fraud_alerts") == school.run(
        "SELECT user_id, 2, payment_id FROM payments"
    )


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_the_words_are_checked_in_the_order_listed(school: School) -> None:
    student, other = school.users(2)
    required, course = school.course(), school.course("600", max_students=1, status="archived")
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    taken = school.insert("enrollments", student_id=student, course_id=course)
    school.run("UPDATE fraud_detection_rules SET action = 'block' WHERE rule_id = 2")

    assert school.purchase(student, course)[1] == "COURSE_NOT_AVAILABLE"
    school.run("UPDATE courses SET status = 'active' WHERE course_id = %s", course)
    assert school.purchase(student, course)[1] == "ALREADY_ENROLLED"
    school.run("UPDATE enrollments SET student_id = %s WHERE enrollment_id = %s", other, taken)
    assert school.purchase(student, course)[1] == "MISSING_PREREQUISITES"
    school.insert("enrollments", student_id=student, course_id=required, status="completed")
    assert school.purchase(student, course)[1] == "COURSE_FULL"
    school.run("UPDATE courses SET max_students = 2 WHERE course_id = %s", course)
    assert school.purchase(student, course)[1] == "FRAUD_BLOCKED"
    school.run("UPDATE fraud_detection_rules SET action = 'flag' WHERE rule_id = 2")
    assert school.purchase(student, course)[1] == "SUCCESS"


MISSING = "is NULL or empty: give a value"


@pytest.mark.parametrize(
    ("changed", "number", "text"),
    [
        ({"user": None}, 30001, f"p_user_id {MISSING}"),
        ({"course": None}, 30001, f"p_course_id {MISSING}"),
        ({"method": None}, 30001, f"p_payment_method {MISSING}"),
        ({"method": ""}, 30001, f"p_payment_method {MISSING}"),
        ({"transaction": None}, 30001, f"p_transaction_id {MISSING}"),
        ({"transaction": ""}, 30001, f"p_transaction_id {MISSING}"),
        ({"user": 4711}, 30002, "there is no user 4711: check the id"),
        ({"user": 0}, 30002, "there is no user 0: check the id"),
        (
            {"transaction": "refund_ch_1"},
            30006,
            "transaction id refund_ch_1 is reserved for refunds: do not begin it with refund_",
        ),
        (
            {"method": "cash' -- "},
            30007,
            "unknown payment method cash' -- : credit_card, paypal, stripe or bank_transfer",
        ),
        ({"method": "paypal "}, 30007, "unknown payment method paypal : credit_card, paypal, stripe or bank_transfer"),
        ({"method": "m" * 51}, 30007, f"unknown payment method {'m' * 40}: credit_card, paypal, stripe or bank_transfer"),
        ({"transaction": "t" * 101}, 30063, "p_transaction_id: more than 100 characters: shorten it"),
        ({"transaction": "ch_ü"}, 30064, "p_transaction_id is not ASCII: give a key of ASCII characters"),
        ({"user": -1}, 30065, "p_user_id -1 is out of range: see the parameters of the procedure"),
        ({"user": "1 OR 1=1"}, 1265, "Data truncated for column 'p_user_id' at row 1"),
        ({"course": -1}, 30065, "p_course_id -1 is out of range: see the parameters of the procedure"),
    ],
)
def test_misuse_is_an_error_and_leaves_no_trace(school: School, changed: dict, number: int, text: str) -> None:
    given = {"user": school.user(), "course": school.course(), "method": "paypal", "transaction": "ch_1"} | changed
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.call("process_course_purchase", *given.values(), out=("p_enrollment_id", "p_status"))

    assert error.value.args == (number, text)
    assert school.everything() == before


def test_a_deleted_user_buys_nothing(school: School) -> None:
    student, course = school.user(deleted_at="2026-01-01"), school.course()
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.purchase(student, course)

    assert error.value.args == (30003, f"user {student} is deleted: a deleted user can do nothing more")
    assert school.everything() == before


@pytest.mark.parametrize("transaction", ["'; DROP TABLE payments; -- ", '\\"%_`', "t" * 100, "refundable_1", " t"])
def test_a_transaction_id_is_stored_as_it_was_given(school: School, transaction: str) -> None:
    assert school.purchase(school.user(), school.course(), transaction)[1] == "SUCCESS"
    assert school.run("SELECT transaction_id FROM payments") == [(transaction,)]
    assert school.run("SELECT receipt_key FROM receipts") == [(transaction,)]
