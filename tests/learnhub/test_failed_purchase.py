"""process_course_purchase when the database fails it: FAILED, with a trace; or the error, without one."""

from __future__ import annotations

import json

import pymysql
import pytest

from school import School

FAILURES = [
    ("enrollments", "TRUE"),
    ("course_access", "TRUE"),
    ("course_deltas", "TRUE"),
    ("payments", "NEW.status = 'completed'"),
    ("payment_events", "NEW.event_type = 'initiated'"),
    ("payment_events", "NEW.event_type = 'completion_confirmed'"),
]


@pytest.mark.parametrize(("table", "when"), FAILURES)
def test_a_failed_purchase_leaves_a_failed_payment_and_its_event(school: School, table: str, when: str) -> None:
    student, course = school.user(), school.course("49.99", max_students=1)
    before = school.everything()

    with school.failing(table, when=when):
        assert school.purchase(student, course, "ch_1", "paypal") == (None, "FAILED")

    after = school.everything()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"payments", "payment_events", "payment_keys", "payment_clocks", "receipts"}
    payment = school.row("SELECT * FROM payments")
    expected = {
        "user_id": student,
        "enrollment_id": None,
        "kind": "charge",
        "payment_method": "paypal",
        "status": "failed",
        "transaction_id": "ch_1",
    }
    assert payment | expected == payment
    assert str(payment["amount"]) == "49.99"
    event = school.row("SELECT payment_id, event_type, event_data FROM payment_events")
    assert (event["payment_id"], event["event_type"]) == (payment["payment_id"], "failed")
    assert json.loads(event["event_data"]) == {"course_id": course, "amount": 49.99, "errno": 1644}
    assert school.run("SELECT receipt_key, outcome->>'$.status' FROM receipts") == [("ch_1", "FAILED")]


def test_a_failed_purchase_leaves_no_alert_and_no_seat_taken(school: School) -> None:
    student, other, course = school.user(), school.user(), school.course("600", max_students=1)

    with school.failing("course_access"):
        assert school.purchase(student, course)[1] == "FAILED"

    assert school.count("fraud_alerts") == 0
    assert school.purchase(other, course)[1] == "SUCCESS"


def test_four_calls_at_once_with_one_key_fail_once(school: School) -> None:
    student, course = school.user(), school.course()

    with school.failing("enrollments"):
        results = school.at_once([lambda session: session.purchase(student, course, "ch_1")] * 4)

    assert results == [(None, "FAILED")] * 4
    assert (school.count("payments"), school.count("payment_events")) == (1, 1)


def test_a_call_that_fails_while_another_with_its_key_succeeds_returns_that_success(school: School) -> None:
    student, course, holder, unlucky = school.user(), school.course(), school.session(), school.session()
    holder.run("START TRANSACTION")
    holder.run("SELECT * FROM courses WHERE course_id = %s FOR UPDATE", course)

    with school.failing("enrollments", when=f"CONNECTION_ID() = {unlucky.connection.thread_id()}"):
        failing = school.waiting(lambda session: session.purchase(student, course, "ch_1"), unlucky)
        succeeding = school.waiting(lambda session: session.purchase(student, course, "ch_1"))
        holder.run("COMMIT")
        outcomes = [failing.result(timeout=20), succeeding.result(timeout=20)]

    assert outcomes == [(school.value("SELECT enrollment_id FROM enrollments"), "SUCCESS")] * 2
    assert school.run("SELECT status FROM payments") == [("completed",)]


def test_a_failure_does_not_stop_another_purchase(school: School) -> None:
    student, course = school.user(), school.course()
    with school.failing("enrollments"):
        school.purchase(student, course, "ch_1")

    assert school.purchase(student, course, "ch_2")[1] == "SUCCESS"
    assert school.run("SELECT transaction_id, status FROM payments ORDER BY payment_id") == [
        ("ch_1", "failed"),
        ("ch_2", "completed"),
    ]


@pytest.mark.parametrize("autocommit", [True, False])
def test_in_the_callers_transaction_a_failure_lasts_if_the_caller_commits(school: School, autocommit: bool) -> None:
    student, course, session = school.user(), school.course(), school.session(autocommit)
    before = school.everything()

    with school.failing("enrollments"):
        for end, payments in (("ROLLBACK", 0), ("COMMIT", 1)):
            session.run("START TRANSACTION")
            session.insert("course_tags", course_id=course, tag=end)
            assert session.purchase(student, course, "ch_1") == (None, "FAILED")
            assert school.everything() == before
            session.run(end)
            assert school.count("payments", "status = 'failed'") == payments

    assert school.run("SELECT tag FROM course_tags") == [("COMMIT",)]
    assert school.purchase(student, course, "ch_1") == (None, "FAILED")


def test_in_the_callers_transaction_a_rolled_back_failure_is_forgotten(school: School) -> None:
    student, course, session = school.user(), school.course(), school.session()
    with school.failing("enrollments"):
        session.run("START TRANSACTION")
        session.purchase(student, course, "ch_1")
        session.run("ROLLBACK")

    assert session.purchase(student, course, "ch_1")[1] == "SUCCESS"


@pytest.mark.parametrize("table", ["payments", "payment_events", "receipts"])
@pytest.mark.parametrize("joined", [False, True])
def test_an_error_while_recording_the_failure_is_passed_on(school: School, table: str, joined: bool) -> None:
    student, course, session = school.user(), school.course(), school.session()
    if joined:
        session.run("START TRANSACTION")
        session.insert("course_tags", course_id=course, tag="earlier work")
    before = school.everything()

    with school.failing(table):
        with pytest.raises(pymysql.Error) as error:
            session.purchase(student, course, "ch_1")
        assert school.everything() == before
        session.run("COMMIT")

    assert error.value.args == (1644, "injected")
    assert (school.count("course_tags"), school.count("payments"), school.count("receipts")) == (joined, 0, 0)


def test_a_receipt_that_cannot_be_completed_passes_the_error_on(school: School) -> None:
    student, course = school.user(), school.course()
    before = school.everything()

    with school.failing("receipts", "UPDATE"), pytest.raises(pymysql.Error) as error:
        school.purchase(student, course)

    assert error.value.args == (1644, "injected")
    assert school.everything() == before


def test_without_a_price_there_is_no_payment_to_fail_and_the_error_is_passed_on(school: School) -> None:
    student, course = school.user(), school.course("0")
    before = school.everything()

    with school.failing("enrollments"), pytest.raises(pymysql.Error) as error:
        school.purchase(student, course, "ch_1")

    assert error.value.args == (1644, "injected")
    assert school.everything() == before
    assert school.purchase(student, course, "ch_1")[1] == "SUCCESS"


def test_a_missing_policy_is_an_error_and_not_a_failed_payment(school: School) -> None:
    student, course = school.user(), school.course()
    school.run("DELETE FROM policies WHERE name = 'access_months'")
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.purchase(student, course)

    assert error.value.args == (30011, "there is no policy access_months: add the row to policies")
    assert school.everything() == before


def test_a_failed_payment_cannot_be_refunded(school: School) -> None:
    student, course = school.user(), school.course()
    with school.failing("enrollments"):
        school.purchase(student, course)
    given, _ = school.enroll(student, course)

    assert school.refund(given) == "ERROR: No completed payment found"
