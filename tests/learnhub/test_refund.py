"""process_refund: money back, enrollment ended, once."""

from __future__ import annotations

import pymysql
import pytest

from school import School


def test_a_refund_gives_the_money_back_and_ends_the_enrollment(school: School) -> None:
    student, course = school.user(), school.course("49.99")
    enrollment, _ = school.purchase(student, course, "ch_1", "stripe")
    school.run("UPDATE enrollments SET progress_percentage = 15")

    assert school.refund(enrollment) == "SUCCESS: Refunded $49.99"

    charge = school.row("SELECT * FROM payments WHERE kind = 'charge'")
    refund = school.row("SELECT * FROM payments WHERE kind = 'refund'")
    assert (charge["status"], str(charge["amount"])) == ("refunded", "49.99")
    expected = {
        "user_id": student,
        "enrollment_id": enrollment,
        "currency": "USD",
        "payment_method": "stripe",
        "status": "refunded",
        "transaction_id": "refund_ch_1",
        "refund_of": charge["payment_id"],
    }
    assert refund | expected == refund
    assert str(refund["amount"]) == "-49.99"
    assert refund["processed_at"] is not None
    assert school.run(
        "SELECT payment_id, event_data->>'$.refund_id' FROM payment_events WHERE event_type = 'refunded'"
    ) == [(charge["payment_id"], str(refund["payment_id"]))]
    assert school.run("SELECT status, CAST(progress_percentage AS CHAR), completed_at FROM enrollments") == [
        ("refunded", "0.00", None)
    ]
    assert school.run("SELECT access_expires_at <= UTC_TIMESTAMP(6) FROM course_access") == [(1,)]


@pytest.mark.parametrize(("price", "word"), [("1000", "$1000.00"), ("0.01", "$0.01"), ("99999999.99", "$99999999.99")])
def test_the_answer_names_the_amount(school: School, price: str, word: str) -> None:
    enrollment, _ = school.purchase(school.user(), school.course(price))

    assert school.refund(enrollment) == f"SUCCESS: Refunded {word}"


def test_what_was_paid_comes_back_whatever_the_price_is_now(school: School) -> None:
    course = school.course("49.99")
    enrollment, _ = school.purchase(school.user(), course)
    school.run("UPDATE courses SET price = 99 WHERE course_id = %s", course)

    assert school.refund(enrollment) == "SUCCESS: Refunded $49.99"


def test_the_seat_of_a_refunded_student_is_free_again(school: School) -> None:
    (first, second), course = school.users(2), school.course(max_students=1)
    enrollment, _ = school.purchase(first, course)

    assert school.purchase(second, course)[1] == "COURSE_FULL"
    school.refund(enrollment)
    assert school.purchase(second, course)[1] == "SUCCESS"


def test_a_refunded_course_can_be_bought_and_refunded_again(school: School) -> None:
    student, course = school.user(), school.course()
    first, _ = school.purchase(student, course)
    school.refund(first)

    second, word = school.purchase(student, course)

    assert word == "SUCCESS" and second != first
    assert school.count("course_access", "access_expires_at > UTC_TIMESTAMP() + INTERVAL 1 DAY") == 1
    assert school.refund(second) == "SUCCESS: Refunded $49.99"
    assert school.count("payments", "kind = 'refund'") == 2


def test_a_refunded_course_is_not_completed_for_prerequisites(school: School) -> None:
    student, required, course = school.user(), school.course(), school.course()
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    enrollment, _ = school.purchase(student, required)
    school.run("UPDATE enrollments SET status = 'completed', completed_at = UTC_TIMESTAMP(6)")

    assert school.eligibility(student, course) == "CAN_ENROLL"
    assert school.refund(enrollment).startswith("SUCCESS")
    assert school.eligibility(student, course) == "MISSING_PREREQUISITES"
    assert school.purchase(student, course)[1] == "MISSING_PREREQUISITES"


def test_a_refund_of_an_older_enrollment_leaves_the_access_of_the_newer_one(school: School) -> None:
    student, course = school.user(), school.course()
    older, _ = school.purchase(student, course)
    school.run("UPDATE enrollments SET status = 'expired'")
    school.purchase(student, course)

    assert school.refund(older) == "SUCCESS: Refunded $49.99"
    assert school.count("course_access", "access_expires_at > UTC_TIMESTAMP() + INTERVAL 1 DAY") == 1


def test_a_deleted_user_gets_the_money_back(school: School) -> None:
    student = school.user()
    enrollment, _ = school.purchase(student, school.course())
    school.call("soft_delete_user", student, "left")

    assert school.refund(enrollment) == "SUCCESS: Refunded $49.99"


@pytest.mark.breaks(
    "a_refund_takes_back_exactly_its_charge",
    "an_enrollment_is_paid_at_most_once",
)
@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE enrollments SET status = 'refunded'", "ERROR: Already refunded"),
        ("UPDATE enrollments SET enrolled_at = enrolled_at - INTERVAL 31 DAY", "ERROR: Refund period expired"),
        ("UPDATE enrollments SET progress_percentage = 20.01", "ERROR: Course progress exceeds 20%"),
        ("UPDATE payments SET status = 'refunded'", "ERROR: No completed payment found"),
        ("UPDATE payments SET enrollment_id = NULL", "ERROR: No completed payment found"),
    ],
)
def test_what_cannot_be_refunded_is_said_and_nothing_changes(school: School, change: str, word: str) -> None:
    enrollment, _ = school.purchase(school.user(), school.course())
    school.run(change)
    before = school.everything()

    assert school.refund(enrollment) == word
    assert school.everything() == before


@pytest.mark.parametrize("status", ["failed", "pending"])
def test_money_that_was_not_taken_is_not_given_back(school: School, status: str) -> None:
    student, course = school.user(), school.course()
    enrollment = school.insert("enrollments", student_id=student, course_id=course)
    school.insert("payments", user_id=student, enrollment_id=enrollment, amount="49.99", status=status)
    before = school.everything()

    assert school.refund(enrollment) == "ERROR: No completed payment found"
    assert school.everything() == before


@pytest.mark.parametrize("unknown", [0, 4711, 2**63 - 1])
def test_an_unknown_enrollment_is_not_found(school: School, unknown: int) -> None:
    before = school.everything()

    assert school.refund(unknown) == "ERROR: Enrollment not found"
    assert school.everything() == before


def test_a_free_enrollment_has_nothing_to_give_back(school: School) -> None:
    given, _ = school.enroll(school.user(), school.course())
    free, _ = school.purchase(school.user(), school.course("0"))

    assert school.refund(given) == school.refund(free) == "ERROR: No completed payment found"


@pytest.mark.breaks(
    "a_charge_paid_for_an_enrollment_of_its_user",
    "a_completed_enrollment_is_at_100_percent",
    "an_enrollment_is_paid_at_most_once",
)
def test_the_words_are_checked_in_the_order_listed(school: School) -> None:
    enrollment, _ = school.purchase(school.user(), school.course())
    given_back, _ = school.purchase(school.user(), school.course())
    school.run("UPDATE payments SET enrollment_id = NULL")
    school.run("UPDATE enrollments SET progress_percentage = 100, enrolled_at = enrolled_at - INTERVAL 40 DAY")
    school.run("UPDATE enrollments SET status = 'refunded' WHERE enrollment_id = %s", given_back)

    assert school.refund(given_back) == "ERROR: Already refunded"
    assert school.refund(enrollment) == "ERROR: Refund period expired"
    school.run("UPDATE enrollments SET enrolled_at = enrolled_at + INTERVAL 10 DAY")
    assert school.refund(enrollment) == "ERROR: Course progress exceeds 20%"
    school.run("UPDATE enrollments SET progress_percentage = 20")
    assert school.refund(enrollment) == "ERROR: No completed payment found"
    school.run("UPDATE payments SET enrollment_id = %s", enrollment)
    assert school.refund(enrollment) == "SUCCESS: Refunded $49.99"


@pytest.mark.parametrize(
    ("enrolled", "now", "zone", "word"),
    [
        ("2026-03-01 00:00:00", "2026-03-31 23:59:59.999999", "+13:00", "SUCCESS: Refunded $49.99"),
        ("2026-03-01 00:00:00", "2026-04-01 00:00:00", "-12:00", "ERROR: Refund period expired"),
        ("2026-03-01 23:59:59.999999", "2026-03-31 23:59:59", "+13:00", "SUCCESS: Refunded $49.99"),
        ("2026-03-01 23:59:59.999999", "2026-04-01 00:00:00", "-12:00", "ERROR: Refund period expired"),
    ],
)
def test_the_window_is_thirty_utc_days(school: School, enrolled: str, now: str, zone: str, word: str) -> None:
    enrollment, _ = school.purchase(school.user(), school.course())
    school.run("UPDATE enrollments SET enrolled_at = %s", enrolled)
    session = school.session()
    session.run("SET time_zone = %s", zone)
    session.clock(now)

    assert session.refund(enrollment) == word


def test_the_window_and_the_limit_are_policies(school: School) -> None:
    enrollment, _ = school.purchase(school.user(), school.course())
    school.run("UPDATE enrollments SET progress_percentage = 40, enrolled_at = enrolled_at - INTERVAL 50 DAY")

    school.run("UPDATE policies SET value = 50 WHERE name = 'refund_window_days'")
    assert school.refund(enrollment) == "ERROR: Course progress exceeds 20%"
    school.run("UPDATE policies SET value = 40 WHERE name = 'refund_progress_limit'")
    assert school.refund(enrollment) == "SUCCESS: Refunded $49.99"


@pytest.mark.parametrize(
    ("enrollment", "number", "text"),
    [
        (None, 30001, "p_enrollment_id is NULL or empty: give a value"),
        (-1, 30065, "p_enrollment_id -1 is out of range: see the parameters of the procedure"),
        ("1' OR 1=1 -- ", 1265, "Data truncated for column 'p_enrollment_id' at row 1"),
    ],
)
def test_misuse_is_an_error_and_leaves_no_trace(school: School, enrollment: object, number: int, text: str) -> None:
    school.purchase(school.user(), school.course())
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.refund(enrollment)

    assert error.value.args == (number, text)
    assert school.everything() == before


def test_a_database_error_leaves_the_enrollment_as_it_was(school: School) -> None:
    enrollment, _ = school.purchase(school.user(), school.course())
    before = school.everything()

    with school.failing("course_access", "UPDATE"), pytest.raises(pymysql.Error) as error:
        school.refund(enrollment)

    assert error.value.args == (1644, "injected")
    assert school.everything() == before


def test_eight_refunds_at_once_pay_back_once(school: School) -> None:
    enrollment, _ = school.purchase(school.user(), school.course(max_students=1))

    results = school.at_once([lambda session: session.refund(enrollment)] * 8)

    assert sorted(results) == ["ERROR: Already refunded"] * 7 + ["SUCCESS: Refunded $49.99"]
    assert school.count("payments", "kind = 'refund'") == 1


def test_an_old_snapshot_refunds_nothing_twice(school: School) -> None:
    enrollment, _ = school.purchase(school.user(), school.course())
    old = school.session()
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    school.refund(enrollment)

    assert old.refund(enrollment) == "ERROR: Already refunded"
    old.run("COMMIT")
    assert school.count("payments", "kind = 'refund'") == 1


def test_an_enrollment_newer_than_the_snapshot_is_refunded(school: School) -> None:
    old = school.session()
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    enrollment, _ = school.purchase(school.user(), school.course())

    assert old.refund(enrollment) == "SUCCESS: Refunded $49.99"
    old.run("COMMIT")
    assert school.count("payments", "kind = 'refund'") == 1


def test_progress_since_the_snapshot_stands_against_a_refund(school: School) -> None:
    enrollment, _ = school.purchase(school.user(), school.course())
    old = school.session()
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    school.run("UPDATE enrollments SET progress_percentage = 21")

    assert old.refund(enrollment) == "ERROR: Course progress exceeds 20%"
