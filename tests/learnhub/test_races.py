"""Staff and buyers at the same time: who waits, and what nobody gets."""

from __future__ import annotations

import pymysql
import pytest

from school import School, Session


def test_a_sale_that_ends_while_buyers_wait_is_over_for_them(school: School) -> None:
    course = school.course(max_students=2)
    sale = school.sale(course, seats=2)
    buyers, enrolled, staff = school.users(2), school.users(2), school.session()
    staff.run("START TRANSACTION")
    staff.run("UPDATE flash_sales SET discount_price = 5 WHERE sale_id = %s", sale)
    waiting = [school.waiting(lambda session, buyer=buyer: session.flash(buyer, sale)) for buyer in buyers]
    staff.run("UPDATE flash_sales SET end_time = UTC_TIMESTAMP(6) WHERE sale_id = %s", sale)
    assert [staff.enroll(student, course)[1] for student in enrolled] == ["SUCCESS", "SUCCESS"]
    staff.run("COMMIT")

    assert [answer.result(timeout=30) for answer in waiting] == ["NOT_ACTIVE", "NOT_ACTIVE"]
    assert school.count("enrollments", "in_force = 1") == 2


def test_changing_a_limit_and_resizing_a_sale_do_not_deadlock(school: School) -> None:
    course = school.course()
    sale = school.sale(course, seats=50)

    def limit(session: Session) -> None:
        for turn in range(60):
            session.run("UPDATE courses SET max_students = %s WHERE course_id = %s", [None, 500][turn % 2], course)

    def resize(session: Session) -> None:
        for turn in range(60):
            session.run("UPDATE flash_sales SET max_seats = %s WHERE sale_id = %s", 40 + turn % 7, sale)

    assert school.at_once([limit, resize, resize]) == [None, None, None]


def test_replacing_the_prerequisites_of_two_courses_at_once_does_not_deadlock(school: School) -> None:
    courses = [school.course() for _ in range(4)]

    def replace(session: Session, course: int, required: int) -> None:
        for _ in range(20):
            session.run("START TRANSACTION")
            session.run("DELETE FROM course_prerequisites WHERE course_id = %s", course)
            session.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
            session.run("COMMIT")

    for course in courses[:2]:
        school.insert("course_prerequisites", course_id=course, prerequisite_course_id=courses[3])
    acts = [lambda session, course=course: replace(session, course, courses[2]) for course in courses[:2]]

    assert school.at_once(acts) == [None, None]


def test_a_limit_below_what_a_running_sale_has_set_aside_is_refused(school: School) -> None:
    limited, unlimited = school.course(max_students=30), school.course()
    for course in (limited, unlimited):
        school.sale(course, seats=20)

    for course in (limited, unlimited):
        with pytest.raises(pymysql.Error) as error:
            school.run("UPDATE courses SET max_students = 5 WHERE course_id = %s", course)
        assert error.value.args[0] == 30019
    school.run("UPDATE courses SET max_students = 20 WHERE course_id = %s", limited)


def test_one_locked_course_does_not_keep_the_fold_from_the_others(school: School) -> None:
    locked, free = school.course(), school.course()
    for course in (locked, free):
        school.enroll(school.user(), course)
    editor, folder = school.session(), school.session()
    editor.run("START TRANSACTION")
    editor.run("UPDATE courses SET title = 'new' WHERE course_id = %s", locked)
    folder.run("SET innodb_lock_wait_timeout = 1")

    with pytest.raises(pymysql.Error) as error:
        folder.call("fold_counters")

    assert error.value.args == (1205, "Lock wait timeout exceeded; try restarting transaction")
    assert school.value("SELECT enrolled_students FROM courses WHERE course_id = %s", free) == 1
    editor.run("ROLLBACK")


def test_nobody_can_take_the_address_that_a_deleted_user_will_have(school: School) -> None:
    victim = school.user()

    with pytest.raises(pymysql.Error) as error:
        school.user(email=f"deleted_{victim}@deleted.com")

    assert error.value.args == (3819, "Check constraint 'deleted_addresses_are_for_the_deleted' is violated.")
    school.call("soft_delete_user", victim, "asked for it")


def test_a_course_with_enrollments_stays_also_without_foreign_keys(school: School) -> None:
    course = school.course()
    school.enroll(school.user(), course)
    school.run("SET foreign_key_checks = 0")

    with pytest.raises(pymysql.Error) as error:
        school.run("DELETE FROM courses WHERE course_id = %s", course)

    assert error.value.args == (30040, f"course {course} has enrollments: archive it instead")
