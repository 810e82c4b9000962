"""enroll_student and check_enrollment_eligibility: who may enter a course, and in which order it is asked."""

from __future__ import annotations

import pymysql
import pytest

from school import School, Session

# What can stand against an enrollment, in the order in which it is checked. The last entry stands against nothing.
OBSTACLES = ["COURSE_NOT_AVAILABLE", "ALREADY_ENROLLED", "MISSING_PREREQUISITES", "COURSE_FULL"]


def put_in_the_way(school: School, obstacle: str, student: int, course: int) -> None:
    if obstacle == "COURSE_NOT_AVAILABLE":
        school.run("UPDATE courses SET status = 'draft' WHERE course_id = %s", course)
    elif obstacle == "ALREADY_ENROLLED":
        school.insert("enrollments", student_id=student, course_id=course)
    elif obstacle == "MISSING_PREREQUISITES":
        school.insert("course_prerequisites", course_id=course, prerequisite_course_id=school.course())
    else:
        school.insert("enrollments", student_id=school.user(), course_id=course)


def complete(school: School, student: int, course: int) -> int:
    return school.insert(
        "enrollments", student_id=student, course_id=course, status="completed", progress_percentage=100
    )


def test_a_student_is_enrolled_without_a_payment_and_gets_a_year_of_access(school: School) -> None:
    student, course = school.user(), school.course("49.99")

    enrollment, result = school.enroll(student, course)

    assert result == "SUCCESS"
    assert school.rows("SELECT * FROM payments") == []
    stored = school.row(
        "SELECT student_id, course_id, status, progress_percentage, completed_at, flash_sale_id,"
        " ABS(TIMESTAMPDIFF(SECOND, enrolled_at, UTC_TIMESTAMP())) < 60 AS just_now"
        " FROM enrollments WHERE enrollment_id = %s",
        enrollment,
    )
    assert stored == {
        "student_id": student,
        "course_id": course,
        "status": "active",
        "progress_percentage": 0,
        "completed_at": None,
        "flash_sale_id": None,
        "just_now": 1,
    }
    assert school.value(
        "SELECT DATE(access_expires_at) = UTC_DATE() + INTERVAL 12 MONTH FROM course_access"
        " WHERE student_id = %s AND course_id = %s",
        student,
        course,
    )


@pytest.mark.breaks("no_seat_is_taken_twice")
@pytest.mark.parametrize("obstacle", OBSTACLES)
def test_each_obstacle_refuses_before_those_behind_it_and_changes_nothing(school: School, obstacle: str) -> None:
    student, course = school.user(), school.course(max_students=1)
    for later in reversed(OBSTACLES[OBSTACLES.index(obstacle) :]):
        if (obstacle, later) != ("ALREADY_ENROLLED", "COURSE_FULL"):  # the student's own seat is the only one
            put_in_the_way(school, later, student, course)
    before = school.everything()

    assert school.enroll(student, course) == (None, obstacle)
    assert school.eligibility(student, course) == obstacle
    assert school.everything() == before


@pytest.mark.parametrize("status", ["draft", "archived", None])
def test_a_course_that_is_not_active_is_not_available(school: School, status: str | None) -> None:
    student, course = school.user(), school.course(status=status) if status else 999999

    assert school.enroll(student, course) == (None, "COURSE_NOT_AVAILABLE")
    assert school.eligibility(student, course) == "COURSE_NOT_AVAILABLE"


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize("status", ["active", "completed"])
def test_an_enrollment_in_force_stands_against_a_second_one(school: School, status: str) -> None:
    student, course = school.user(), school.course()
    school.insert("enrollments", student_id=student, course_id=course, status=status)

    assert school.enroll(student, course) == (None, "ALREADY_ENROLLED")
    assert school.count("enrollments") == 1


@pytest.mark.parametrize("status", ["refunded", "expired"])
def test_an_ended_enrollment_does_not_stop_a_new_one(school: School, status: str) -> None:
    student, course = school.user(), school.course()
    school.insert("enrollments", student_id=student, course_id=course, status=status)

    assert school.eligibility(student, course) == "CAN_ENROLL"
    assert school.enroll(student, course)[1] == "SUCCESS"
    assert school.count("enrollments") == 2


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize("status", ["active", "refunded", "expired"])
def test_only_a_completed_course_satisfies_a_prerequisite(school: School, status: str) -> None:
    student, course, required = school.user(), school.course(), school.course()
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    school.insert(
        "enrollments", student_id=student, course_id=required, status=status, progress_percentage=100
    )

    assert school.eligibility(student, course) == "MISSING_PREREQUISITES"
    assert school.enroll(student, course) == (None, "MISSING_PREREQUISITES")


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_every_prerequisite_must_be_completed(school: School) -> None:
    student, course = school.user(), school.course()
    first, second = school.course(), school.course()
    for required in (first, second):
        school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    complete(school, student, first)

    assert school.enroll(student, course) == (None, "MISSING_PREREQUISITES")
    complete(school, student, second)
    assert school.eligibility(student, course) == "CAN_ENROLL"
    assert school.enroll(student, course)[1] == "SUCCESS"


def test_an_instructor_or_admin_may_learn_too(school: School) -> None:
    course = school.course()

    assert [school.enroll(school.user(kind), course)[1] for kind in ("instructor", "admin")] == ["SUCCESS", "SUCCESS"]


def test_the_last_seat_goes_to_exactly_one_of_eight_callers(school: School) -> None:
    course = school.course(max_students=3)
    for student in school.users(2):
        school.enroll(student, course)

    def enroll(student: int):
        return lambda session: session.enroll(student, course)[1]

    results = school.at_once([enroll(student) for student in school.users(8)])

    assert sorted(results) == ["COURSE_FULL"] * 7 + ["SUCCESS"]
    assert school.count("enrollments") == 3


def test_one_student_by_two_callers_at_once_is_enrolled_once(school: School) -> None:
    student, course = school.user(), school.course()

    results = school.at_once([lambda session: session.enroll(student, course)[1]] * 2)

    assert sorted(results) == ["ALREADY_ENROLLED", "SUCCESS"]
    assert school.count("enrollments") == 1


def test_a_seat_that_comes_free_is_given_again(school: School) -> None:
    course = school.course(max_students=1)
    enrollment, _ = school.purchase(school.user(), course)
    waiting = school.user()

    assert school.enroll(waiting, course) == (None, "COURSE_FULL")
    school.refund(enrollment)
    assert school.eligibility(waiting, course) == "CAN_ENROLL"
    assert school.enroll(waiting, course)[1] == "SUCCESS"


def test_seats_that_a_running_sale_has_set_aside_are_not_free(school: School) -> None:
    course = school.course(max_students=3)
    school.sale(course, seats=2)
    student = school.user()

    assert school.enroll(student, course)[1] == "SUCCESS"
    assert school.eligibility(school.user(), course) == "COURSE_FULL"
    assert school.enroll(school.user(), course) == (None, "COURSE_FULL")


def test_seats_of_an_ended_sale_are_free_before_anything_settled_it(school: School) -> None:
    course = school.course(max_students=2)
    sale = school.sale(course, seats=2)
    school.run("UPDATE flash_sales SET end_time = UTC_TIMESTAMP(6) - INTERVAL 1 MINUTE WHERE sale_id = %s", sale)

    assert school.eligibility(school.user(), course) == "CAN_ENROLL"
    assert [school.enroll(student, course)[1] for student in school.users(3)] == ["SUCCESS", "SUCCESS", "COURSE_FULL"]


def test_looking_changes_nothing_and_waits_for_nobody(school: School) -> None:
    student, course = school.user(), school.course(max_students=1)
    holder = school.session(autocommit=False)
    holder.enroll(student, course)
    before = school.everything()

    school.run("SET innodb_lock_wait_timeout = 1")
    assert school.eligibility(student, course) == "CAN_ENROLL"
    assert school.everything() == before
    holder.run("ROLLBACK")


def test_a_callers_old_snapshot_neither_doubles_an_enrollment_nor_sells_a_taken_seat(school: School) -> None:
    student, course, full = school.user(), school.course(), school.course(max_students=1)
    old = school.session(autocommit=False)
    old.run("SELECT * FROM enrollments")
    school.enroll(student, course)
    school.enroll(school.user(), full)

    assert old.enroll(student, course) == (None, "ALREADY_ENROLLED")
    assert old.enroll(student, full) == (None, "COURSE_FULL")
    old.run("COMMIT")
    assert school.count("enrollments") == 2


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_a_callers_old_snapshot_sees_a_new_prerequisite_and_a_refund_of_an_old_one(school: School) -> None:
    student, course, required = school.user(), school.course(), school.course()
    bought, _ = school.purchase(student, course)
    done = complete(school, student, required)
    old = school.session(autocommit=False)
    old.run("SELECT * FROM enrollments")
    school.refund(bought)
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    school.run("UPDATE enrollments SET status = 'refunded' WHERE enrollment_id = %s", done)

    assert old.enroll(student, course) == (None, "MISSING_PREREQUISITES")
    old.run("ROLLBACK")


@pytest.mark.parametrize("procedure", ["enroll_student", "check_enrollment_eligibility"])
@pytest.mark.parametrize(
    ("who", "error"),
    [
        ("unknown", (30002, "there is no user 999999: check the id")),
        ("deleted", (30003, "user {} is deleted: a deleted user can do nothing more")),
    ],
)
def test_a_user_who_is_not_there_is_an_error(school: School, procedure: str, who: str, error: tuple[int, str]) -> None:
    course, user = school.course(), 999999
    if who == "deleted":
        user = school.user()
        school.call("soft_delete_user", user, None)
    out = ("p_enrollment_id", "p_result") if procedure == "enroll_student" else ("p_status",)
    before = school.everything()

    with pytest.raises(pymysql.Error) as caught:
        school.call(procedure, user, course, out=out)

    assert caught.value.args == (error[0], error[1].format(user))
    assert school.everything() == before


def test_an_open_admission_makes_the_next_caller_wait_and_then_refuses(school: School) -> None:
    course = school.course(max_students=1)
    first, second = school.users(2)
    holder: Session = school.session(autocommit=False)
    holder.enroll(first, course)
    school.run("SET innodb_lock_wait_timeout = 1")

    with pytest.raises(pymysql.Error) as caught:
        school.enroll(second, course)
    assert caught.value.args[0] == 1205
    holder.run("COMMIT")
    assert school.enroll(second, course) == (None, "COURSE_FULL")
