"""The views: their columns as callers know them, their values on a small school."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from school import School

COLUMNS = {
    "course_catalog": "course_id, title, price, level, status, instructor_id, instructor_name, enrolled_students,"
    " total_enrollments, avg_rating, review_count",
    "top_courses": "course_id, title, instructor_name, total_enrollments, avg_rating, review_count",
    "flash_sale_status": "sale_id, course_id, max_seats, seats_taken, seats_left, is_active",
    "student_dashboard": "user_id, student_name, email, enrollment_id, course_id, course_title, progress_percentage,"
    " status",
    "course_progress": "student_id, course_id, course_title, total_lessons, completed_lessons, completion_percentage",
    "course_completers": "course_id, student_id, student_name",
    "instructor_earnings": "instructor_id, instructor_name, course_id, course_title, total_enrollments, total_revenue,"
    " refunded, average_rating, review_count",
    "instructor_enrollments": "enrollment_id, student_id, student_name, student_email, enrolled_at,"
    " progress_percentage, course_id, instructor_id",
}


def columns(school: School, table: str) -> list[str]:
    rows = school.run(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s"
        " ORDER BY ordinal_position",
        table,
    )
    return [name for (name,) in rows]


@pytest.mark.parametrize("view", COLUMNS)
def test_a_view_has_the_columns_that_callers_know_in_their_order(school: School, view: str) -> None:
    assert columns(school, view) == COLUMNS[view].split(", ")


def test_active_users_has_every_column_of_users_and_every_user_that_is_not_deleted(school: School) -> None:
    staying, leaving = school.users(2)
    school.call("soft_delete_user", leaving, None)

    assert columns(school, "active_users") == columns(school, "users")
    assert school.rows("SELECT * FROM active_users") == school.rows("SELECT * FROM users WHERE user_id = %s", staying)


def test_the_catalogue_lists_every_course_with_its_counters_at_this_moment(school: School) -> None:
    ann = school.user("instructor", name="Ann")
    busy = school.course("49.99", instructor_id=ann, title="Busy", level="advanced")
    draft = school.course(0, instructor_id=ann, title="Draft", status="draft")
    refunded, _ = school.purchase(school.user(), busy)
    for rating in (5, 4, 4):
        student = school.user()
        school.purchase(student, busy)
        school.insert("reviews", student_id=student, course_id=busy, rating=rating)
    school.call("fold_counters")
    school.refund(refunded)

    assert school.run("SELECT * FROM course_catalog ORDER BY course_id") == [
        (busy, "Busy", Decimal("49.99"), "advanced", "active", ann, "Ann", 3, 4, Decimal("4.33"), 3),
        (draft, "Draft", Decimal("0.00"), "beginner", "draft", ann, "Ann", 0, 0, None, 0),
    ]


def test_top_courses_are_the_active_ones_the_most_enrolled_first_straight_from_the_columns(school: School) -> None:
    ann = school.user("instructor", name="Ann")
    one, two, archived = (school.course(instructor_id=ann, title=title) for title in ("One", "Two", "Archived"))
    for course, students in ((one, 1), (two, 2), (archived, 3)):
        for student in school.users(students):
            school.enroll(student, course)
    school.call("archive_course", archived, None)
    assert [row["total_enrollments"] for row in school.rows("SELECT * FROM top_courses")] == [0, 0]

    school.call("fold_counters")
    assert school.run("SELECT * FROM top_courses") == [(two, "Two", "Ann", 2, None, 0), (one, "One", "Ann", 1, None, 0)]


def test_a_flash_sale_shows_its_seats_at_this_moment_and_whether_it_is_on(school: School) -> None:
    course, archived = school.course(), school.course()
    elsewhere = school.sale(archived, 3)
    running, coming, over = (school.sale(course, 3, hours=hours) for hours in ((-1, 1), (1, 2), (-2, -1)))
    school.call("archive_course", archived, None)
    school.flash(school.user(), running)

    assert school.run("SELECT * FROM flash_sale_status ORDER BY sale_id") == [
        (elsewhere, archived, 3, 0, 3, 0),
        (running, course, 3, 1, 2, 1),
        (coming, course, 3, 0, 3, 0),
        (over, course, 3, 0, 3, 0),
    ]


def test_the_dashboard_shows_every_student_also_one_without_a_course(school: School) -> None:
    teacher = school.user("instructor", name="Ann", email="ann@example.org")
    busy, idle = (school.user(name=name, email=f"{name}@example.org") for name in ("Bob", "Cleo"))
    course = school.course(instructor_id=teacher, title="SQL")
    taught = school.course(instructor_id=teacher, title="Go")
    first, _ = school.enroll(busy, course)
    second, _ = school.enroll(busy, taught)
    school.call("record_progress", busy, json.dumps([{"lesson_id": school.lesson(course), "completed": True}]))

    assert school.run("SELECT * FROM student_dashboard ORDER BY user_id, enrollment_id") == [
        (busy, "Bob", "Bob@example.org", first, course, "SQL", Decimal("100.00"), "completed"),
        (busy, "Bob", "Bob@example.org", second, taught, "Go", Decimal("0.00"), "active"),
        (idle, "Cleo", "Cleo@example.org", None, None, None, None, None),
    ]


def test_progress_is_shown_per_student_in_force_and_course(school: School) -> None:
    course, empty = school.course(title="SQL"), school.course(title="Empty")
    lessons = [school.lesson(course) for _ in range(3)]
    student, refunded = school.users(2)
    school.enroll(student, course)
    school.enroll(student, empty)
    gone, _ = school.purchase(refunded, course)
    school.refund(gone)
    school.call("record_progress", student, json.dumps([{"lesson_id": lessons[0], "completed": True}]))

    assert school.run("SELECT * FROM course_progress ORDER BY course_id") == [
        (student, course, "SQL", 3, 1, Decimal("33.33")),
        (student, empty, "Empty", 0, 0, Decimal("0.00")),
    ]


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_completers_are_those_who_have_completed_and_kept_a_course(school: School) -> None:
    course = school.course()
    done, active, refunded = (school.user(name=name) for name in ("Bob", "Cleo", "Dan"))
    for student, status in ((done, "completed"), (active, "active"), (refunded, "refunded")):
        school.insert("enrollments", student_id=student, course_id=course, status=status)

    assert school.run("SELECT * FROM course_completers") == [(course, done, "Bob")]


def test_earnings_count_each_payment_once_however_many_reviews_there_are(school: School) -> None:
    ann = school.user("instructor", name="Ann")
    course = school.course("50.00", instructor_id=ann, title="SQL")
    school.course("10.00", instructor_id=ann, title="Unsold")
    for rating in (5, 4, 3, 2):
        student = school.user()
        enrollment, _ = school.purchase(student, course)
        school.insert("reviews", student_id=student, course_id=course, rating=rating)
    school.refund(enrollment)
    for status in ("pending", "failed"):
        school.insert("payments", user_id=student, enrollment_id=enrollment, amount=50, status=status)

    assert [row[1:2] + row[3:] for row in school.run("SELECT * FROM instructor_earnings ORDER BY course_id")] == [
        ("Ann", "SQL", 4, Decimal("200.00"), Decimal("50.00"), Decimal("3.50"), 4),
        ("Ann", "Unsold", 0, Decimal("0.00"), Decimal("0.00"), None, 0),
    ]


def test_earnings_hold_what_a_sale_brought_in_at_its_own_price(school: School) -> None:
    course = school.course("50.00")
    school.flash(school.user(), school.sale(course, price="19.99"))
    school.flash(school.user(), school.sale(course, price=0))
    school.purchase(school.user(), course)

    assert school.run("SELECT total_enrollments, total_revenue, refunded FROM instructor_earnings") == [
        (3, Decimal("69.99"), Decimal("0.00"))
    ]


def test_an_administrator_who_is_no_instructor_sees_no_instructors_enrollments(school: School) -> None:
    school.enroll(school.user(), school.course())

    assert school.run("SELECT * FROM instructor_enrollments") == []


def test_the_best_rated_of_a_category_stand_first_those_below_it_included(school: School) -> None:
    data = school.insert("categories", name="Data")
    sql = school.insert("categories", name="SQL", parent_id=data)
    good, better, often, unrated, draft = (school.course() for _ in range(5))
    for course, ratings in ((good, [4]), (better, [5]), (often, [4, 4]), (draft, [5])):
        for rating in ratings:
            school.insert("reviews", student_id=school.user(), course_id=course, rating=rating)
    for course in (good, often, unrated, draft):
        school.insert("course_categories", course_id=course, category_id=data)
    school.insert("course_categories", course_id=better, category_id=sql)
    school.insert("course_categories", course_id=better, category_id=data)  # in both, and listed once
    school.run("UPDATE courses SET status = 'draft' WHERE course_id = %s", draft)
    school.call("fold_counters")

    listed = "SELECT category_path, place, course_id FROM top_rated_courses ORDER BY category_path, place"
    assert school.run(listed) == [
        ("/data/", 1, better),
        ("/data/", 2, often),
        ("/data/", 3, good),
        ("/data/sql/", 1, better),
    ]
