"""complete_purchase and fail_purchase: what a gateway answers too late, twice, or in contradiction to itself.

Money is never lost, nothing is sold twice.
"""

from __future__ import annotations

import pymysql
import pytest

from school import School

OTHER_ARGUMENTS = (30005, "key ch_1 was used with other arguments: use a new key")


def test_a_repeated_answer_returns_the_first_outcome_and_changes_nothing(school: School) -> None:
    payment, _ = school.begin(school.user(), school.course())
    first = school.complete(payment, "ch_1")
    before = school.everything()

    assert school.complete(payment, "ch_1") == first == (first[0], "SUCCESS")
    assert school.fail(payment) == "ALREADY_COMPLETED"
    assert school.everything() == before


def test_a_second_transaction_for_a_completed_purchase_is_due_back(school: School) -> None:
    payment, _ = school.begin(school.user(), school.course("49.99"))
    enrollment, _ = school.complete(payment, "ch_1")

    assert school.complete(payment, "ch_2") == (None, "ALREADY_COMPLETED")
    assert school.complete(payment, "ch_2") == (None, "ALREADY_COMPLETED")
    assert school.due() == [("ch_2", "NO_ENROLLMENT")]
    twice = school.row("SELECT payment_id, answers, status FROM payments WHERE transaction_id = 'ch_2'")
    assert (twice["answers"], twice["status"]) == (payment, "completed")
    assert school.give_back(twice["payment_id"]) == "SUCCESS: Refunded $49.99"
    assert school.due() == []
    assert school.value("SELECT status FROM enrollments WHERE enrollment_id = %s", enrollment) == "active"


def test_money_for_a_purchase_that_was_told_to_have_failed_is_due_back(school: School) -> None:
    course = school.course("49.99", max_students=1)
    payment, _ = school.begin(school.user(), course)
    school.fail(payment)

    assert school.complete(payment, "ch_1") == (None, "ALREADY_FAILED")
    assert school.complete(payment, "ch_1") == (None, "ALREADY_FAILED")
    assert school.fail(payment) == "ALREADY_FAILED"
    assert (school.due(), school.seats(course)) == ([("ch_1", "NO_ENROLLMENT")], 0)
    assert school.value("SELECT status FROM payments WHERE payment_id = %s", payment) == "failed"
    assert school.give_back(payment) == "SUCCESS: Refunded $49.99"
    assert school.give_back(payment) == "ERROR: Already refunded"
    assert school.due() == []


def test_an_answer_after_the_time_was_up_is_due_back(school: School) -> None:
    course = school.course("49.99", max_students=1)
    payment, _ = school.begin(school.user(), course)
    assert school.expire() == 1
    assert school.purchase(school.user(), course)[1] == "SUCCESS"

    assert school.complete(payment, "ch_late") == (None, "REFUND_DUE")
    assert school.complete(payment, "ch_late") == (None, "REFUND_DUE")
    assert (school.due(), school.seats(course)) == ([("ch_late", "NO_ENROLLMENT")], 1)
    assert school.run(
        "SELECT event_type FROM payment_events JOIN payments USING (payment_id) WHERE answers = %s", payment
    ) == [("payment_gateway_success",)]
    assert school.give_back(payment) == "SUCCESS: Refunded $49.99"
    assert school.due() == []


def test_a_failure_told_after_the_time_was_up_changes_nothing(school: School) -> None:
    payment, _ = school.begin(school.user(), school.course())
    school.expire()
    before = school.everything()

    assert school.fail(payment) == "ALREADY_FAILED"
    assert school.everything() == before


@pytest.mark.parametrize("change", ["archived", "draft", "enrolled", "deleted"])
def test_what_is_no_longer_possible_is_due_back(school: School, change: str) -> None:
    student, course = school.user(), school.course("49.99", max_students=5)
    payment, _ = school.begin(student, course)
    match change:
        case "archived":
            school.call("archive_course", course, "over")
        case "draft":
            school.run("UPDATE courses SET status = 'draft'")
        case "enrolled":
            assert school.enroll(student, course)[1] == "SUCCESS"
        case "deleted":
            school.call("soft_delete_user", student, "left")

    assert school.complete(payment, "ch_1") == (None, "REFUND_DUE")
    assert school.complete(payment, "ch_1") == (None, "REFUND_DUE")

    assert school.run("SELECT payment_id, status, enrollment_id FROM payments") == [(payment, "completed", None)]
    assert school.due() == [("ch_1", "NO_ENROLLMENT")]
    assert school.seats(course) == (1 if change == "enrolled" else 0)
    assert school.give_back(payment, "off the market") == "SUCCESS: Refunded $49.99"
    assert school.run(
        "SELECT status, CAST(amount AS CHAR), transaction_id, reason FROM payments ORDER BY payment_id"
    ) == [
        ("refunded", "49.99", "ch_1", None), ("refunded", "-49.99", "refund_ch_1", "off the market")
    ]
    assert school.due() == []


def test_a_lower_seat_limit_or_a_lost_prerequisite_does_not_break_what_was_promised(school: School) -> None:
    student, required, course = school.user(), school.course(), school.course(max_students=5)
    done = school.insert("enrollments", student_id=student, course_id=required, status="completed")
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    payment, _ = school.begin(student, course)
    school.enroll(school.user(), required)
    school.run("UPDATE courses SET max_students = 1 WHERE course_id = %s", course)
    school.run("UPDATE enrollments SET status = 'refunded' WHERE enrollment_id = %s", done)

    assert school.complete(payment)[1] == "SUCCESS"


def test_a_transaction_answers_one_payment(school: School) -> None:
    course = school.course()
    first, second = (school.begin(school.user(), course)[0] for _ in range(2))
    school.complete(first, "ch_1")
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.complete(second, "ch_1")

    assert error.value.args == OTHER_ARGUMENTS
    assert school.everything() == before
    assert school.complete(second, "ch_2")[1] == "SUCCESS"


@pytest.mark.parametrize("decided", [False, True])
def test_a_transaction_that_paid_for_something_else_is_an_error(school: School, decided: bool) -> None:
    course = school.course()
    school.purchase(school.user(), course, "ch_1")
    payment, _ = school.begin(school.user(), course)
    if decided:
        school.fail(payment)
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.complete(payment, "ch_1")

    assert error.value.args == OTHER_ARGUMENTS
    assert school.everything() == before


def test_a_payment_of_process_course_purchase_is_decided_already(school: School) -> None:
    school.purchase(school.user(), school.course(), "ch_1")
    payment = school.value("SELECT payment_id FROM payments")

    assert school.complete(payment, "ch_1") == (None, "ALREADY_COMPLETED")
    assert school.fail(payment) == "ALREADY_COMPLETED"
    assert (school.count("payments"), school.due()) == (1, [])


def test_a_refund_is_no_purchase(school: School) -> None:
    enrollment, _ = school.purchase(school.user(), school.course())
    school.refund(enrollment)
    refund = school.value("SELECT payment_id FROM payments WHERE kind = 'refund'")

    with pytest.raises(pymysql.Error) as error:
        school.complete(refund, "ch_9")

    assert error.value.args == (30025, f"there is no charge {refund}: check the id")


def test_what_enrolls_a_student_meanwhile_leaves_the_held_seat_held(school: School) -> None:
    student, course = school.user(), school.course(max_students=2)
    payment, _ = school.begin(student, course)

    assert school.purchase(student, course)[1] == "SUCCESS"
    assert school.seats(course) == 2
    assert school.complete(payment)[1] == "REFUND_DUE"
    assert school.seats(course) == 1


def test_a_course_that_becomes_limited_counts_the_seats_that_are_held(school: School) -> None:
    course = school.course()
    payment, _ = school.begin(school.user(), course)
    school.run("UPDATE courses SET max_students = 1 WHERE course_id = %s", course)

    assert (school.seats(course), school.enroll(school.user(), course)[1]) == (1, "COURSE_FULL")
    school.run("UPDATE courses SET max_students = NULL WHERE course_id = %s", course)
    assert school.complete(payment)[1] == "SUCCESS"


def test_a_flash_sale_cannot_set_aside_seats_that_are_held(school: School) -> None:
    course = school.course(max_students=3)
    school.begin(school.user(), course)

    with pytest.raises(pymysql.Error) as error:
        school.sale(course, seats=3)

    assert error.value.args[0] == 30019
    school.sale(course, seats=2)
    assert school.begin(school.user(), course) == (None, "COURSE_FULL")


def test_a_held_seat_is_never_moved(school: School) -> None:
    school.begin(school.user(), school.course())

    with pytest.raises(pymysql.Error) as error:
        school.run("UPDATE seat_holds SET course_id = course_id + 1")

    assert error.value.args == (30021, "a held seat cannot be changed: add a new row instead")
