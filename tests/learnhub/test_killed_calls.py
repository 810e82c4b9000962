"""A call that is killed in the middle runs no handler: what it leaves open must not swallow the next call."""

from __future__ import annotations

import pymysql
import pytest

from school import School, Session


@pytest.fixture
def killed(school: School) -> Session:
    """A session whose purchase was killed after its first writes, before its last."""
    user, course = school.user(), school.course(max_students=5)
    sold_out, buyer = school.session(), school.session()
    sold_out.run("START TRANSACTION")
    sold_out.run("SELECT * FROM course_seats WHERE course_id = %s FOR UPDATE", course)
    answer = school.waiting(lambda session: session.purchase(user, course, "ch_killed"), buyer)
    school.run(f"KILL QUERY {buyer.connection.thread_id()}")
    with pytest.raises(pymysql.Error) as error:
        answer.result(timeout=30)
    sold_out.run("ROLLBACK")
    assert error.value.args == (1317, "Query execution was interrupted")
    assert buyer.run("SELECT receipt_key FROM receipts") == [("ch_killed",)]  # its claim is still open
    return buyer


def test_the_sale_after_a_killed_one_is_committed_and_the_killed_one_is_undone(
    school: School, killed: Session
) -> None:
    user, course = school.user(), school.course()

    enrollment, status = killed.purchase(user, course, "ch_next")

    assert status == "SUCCESS"
    assert school.run("SELECT student_id FROM enrollments") == [(user,)]
    assert school.run("SELECT user_id, enrollment_id FROM payments") == [(user, enrollment)]
    assert school.run("SELECT receipt_key FROM receipts") == [("ch_next",)]


@pytest.mark.parametrize(
    "call",
    ["fold_counters()", "renew_due_subscriptions(UTC_DATE(), @renewed, @failed)", "expire_access(@expired)"],
    ids=["fold", "renewals", "expiry"],
)
def test_a_batch_after_a_killed_call_runs(school: School, killed: Session, call: str) -> None:
    killed.run(f"CALL {call}")

    assert school.count("receipts") == 0


def test_the_same_purchase_goes_through_when_it_is_repeated(school: School, killed: Session) -> None:
    course = school.value("SELECT course_id FROM courses")
    user = school.value("SELECT MAX(user_id) FROM users")

    assert killed.purchase(user, course, "ch_killed")[1] == "SUCCESS"
    assert school.count("enrollments") == 1
