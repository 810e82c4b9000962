"""The counters of courses: appended by triggers, folded by fold_counters, exact in course_catalog at any moment."""

from __future__ import annotations

from decimal import Decimal

import pytest

from school import School

COUNTERS = "enrolled_students, total_enrollments, avg_rating, review_count"


def columns(school: School, course: int) -> tuple:
    """Enrolled, ever enrolled, average and number of reviews, as the columns have them."""
    return school.run(f"SELECT {COUNTERS} FROM courses WHERE course_id = %s", course)[0]


def catalog(school: School, course: int) -> tuple:
    return school.run(f"SELECT {COUNTERS} FROM course_catalog WHERE course_id = %s", course)[0]


def review(school: School, course: int, rating: int, student: int | None = None) -> int:
    return school.insert("reviews", student_id=student or school.user(), course_id=course, rating=rating)


def check(school: School, course: int, *expected: object) -> None:
    """The catalogue is exact before the fold, the columns after it, and nothing is left to fold."""
    assert catalog(school, course) == expected
    school.call("fold_counters")
    assert columns(school, course) == catalog(school, course) == expected
    assert school.count("course_deltas") == 0
    assert school.run("SELECT * FROM v_counter_drift") == []


def test_a_course_begins_with_nothing(school: School) -> None:
    check(school, school.course(), 0, 0, None, 0)


def test_the_columns_wait_for_the_fold_and_the_catalogue_does_not(school: School) -> None:
    course = school.course()
    school.enroll(school.user(), course)
    review(school, course, 4)

    assert columns(school, course) == (0, 0, None, 0)
    check(school, course, 1, 1, Decimal("4.00"), 1)


def test_the_newest_enrollment_is_remembered(school: School) -> None:
    course, other = school.course(), school.course()
    for day in ("2026-03-02", "2026-03-05", "2026-03-01"):
        school.insert("enrollments", student_id=school.user(), course_id=course, enrolled_at=day)
    newest = "SELECT last_enrollment_date FROM courses WHERE course_id = %s"

    school.call("fold_counters")
    assert str(school.value(newest, course)) == "2026-03-05 00:00:00"
    assert school.value(newest, other) is None
    school.run("DELETE FROM enrollments WHERE enrolled_at = '2026-03-05'")
    school.call("fold_counters")
    assert str(school.value(newest, course)) == "2026-03-02 00:00:00"


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE enrollments SET status = 'completed'", (2, 2)),
        ("UPDATE enrollments SET status = 'expired' LIMIT 1", (1, 2)),
        ("UPDATE enrollments SET status = 'refunded'", (0, 2)),
        ("DELETE FROM enrollments LIMIT 1", (1, 1)),
        ("UPDATE enrollments SET progress_percentage = 50", (2, 2)),
    ],
)
def test_enrollments_count_however_they_change(school: School, change: str, expected: tuple) -> None:
    course = school.course()
    for student in school.users(2):
        school.enroll(student, course)
    school.run(change)

    check(school, course, *expected, None, 0)


def test_an_enrollment_born_ended_counts_right(school: School) -> None:
    course = school.course()
    school.insert("enrollments", student_id=school.user(), course_id=course, status="expired")

    check(school, course, 0, 1, None, 0)


def test_an_enrollment_moved_to_another_course_moves_its_counts(school: School) -> None:
    here, there = school.course(), school.course(max_students=5)
    enrollment, _ = school.enroll(school.user(), here)
    school.run("UPDATE enrollments SET course_id = %s WHERE enrollment_id = %s", there, enrollment)

    check(school, here, 0, 0, None, 0)
    check(school, there, 1, 1, None, 0)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE reviews SET rating = 1 WHERE rating = 5", (Decimal("2.50"), 2)),
        ("UPDATE reviews SET comment = 'edited'", (Decimal("4.50"), 2)),
        ("DELETE FROM reviews WHERE rating = 4", (Decimal("5.00"), 1)),
        ("DELETE FROM reviews", (None, 0)),
        ("UPDATE reviews SET rating = IF(rating = 5, 4, 5)", (Decimal("4.50"), 2)),
    ],
)
def test_reviews_count_however_they_change(school: School, change: str, expected: tuple) -> None:
    course = school.course()
    review(school, course, 5)
    review(school, course, 4)
    school.run(change)

    check(school, course, 0, 0, *expected)


def test_a_review_moved_to_another_course_counts_there(school: School) -> None:
    here, there = school.course(), school.course()
    moved = review(school, here, 2)
    review(school, there, 5)
    school.run("UPDATE reviews SET course_id = %s, rating = 3 WHERE review_id = %s", there, moved)

    check(school, here, 0, 0, None, 0)
    check(school, there, 0, 0, Decimal("4.00"), 2)


def test_insert_ignore_and_on_duplicate_key_update_count_nothing_extra(school: School) -> None:
    course, student = school.course(max_students=9), school.user()
    school.enroll(student, course)
    review(school, course, 5, student)

    school.run("INSERT IGNORE INTO enrollments (student_id, course_id) VALUES (%s, %s)", student, course)
    school.run("INSERT IGNORE INTO reviews (student_id, course_id, rating) VALUES (%s, %s, 1)", student, course)
    school.run(
        "INSERT INTO enrollments (student_id, course_id) VALUES (%s, %s)"
        " ON DUPLICATE KEY UPDATE progress_percentage = 10",
        student,
        course,
    )
    school.run(
        "INSERT INTO reviews (student_id, course_id, rating) VALUES (%s, %s, 1) ON DUPLICATE KEY UPDATE rating = 3",
        student,
        course,
    )

    check(school, course, 1, 1, Decimal("3.00"), 1)


def test_replace_counts_the_new_row_for_the_old(school: School) -> None:
    course, student = school.course(), school.user()
    review(school, course, 5, student)
    school.run("REPLACE INTO reviews (student_id, course_id, rating) VALUES (%s, %s, 2)", student, course)

    check(school, course, 0, 0, Decimal("2.00"), 1)


def test_a_refund_frees_the_seat_and_keeps_what_was_ever_enrolled(school: School) -> None:
    course = school.course()
    enrollment, _ = school.purchase(school.user(), course)
    school.purchase(school.user(), course)
    school.refund(enrollment)

    check(school, course, 1, 2, None, 0)


def test_a_bulk_load_counts_every_row(school: School) -> None:
    course = school.course()
    school.users(300)
    school.run(
        "INSERT INTO enrollments (student_id, course_id)"
        " SELECT user_id, %s FROM users WHERE user_type = 'student'",
        course,
    )
    school.run(
        "INSERT INTO reviews (student_id, course_id, rating) SELECT user_id, %s, 1 + user_id %% 5 FROM users"
        " WHERE user_type = 'student'",
        course,
    )
    average = school.value("SELECT CAST(AVG(rating) AS DECIMAL(3,2)) FROM reviews")

    check(school, course, 300, 300, average, 300)


def test_what_is_rolled_back_counts_nothing(school: School) -> None:
    course = school.course()
    careless = school.session(autocommit=False)
    careless.enroll(school.user(), course)
    careless.run("ROLLBACK")

    check(school, course, 0, 0, None, 0)


def test_12_000_changes_of_one_course_are_folded_in_one_call(school: School) -> None:
    course, student = school.course(), school.user()
    review(school, course, 1, student)
    school.run(
        "INSERT INTO course_deltas (course_id, rating_sum, reviews) WITH RECURSIVE n (i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        " SELECT %s, IF(sign.s > 0, 3, -3), sign.s FROM n, (SELECT 1 AS s UNION ALL SELECT -1) sign,"
        " JSON_TABLE('[1, 2, 3, 4, 5, 6]', '$[*]' COLUMNS (six INT PATH '$')) times",
        course,
    )
    assert school.count("course_deltas") == 12_001

    check(school, course, 0, 0, Decimal("1.00"), 1)


def test_a_fold_moves_no_stamp_and_an_edit_does(school: School) -> None:
    course = school.course(updated_at="2026-01-01", updated_by="nobody")
    stamp = "SELECT CAST(updated_at AS CHAR), updated_by FROM courses WHERE course_id = %s"
    school.enroll(school.user(), course)
    school.call("fold_counters")
    assert school.run(stamp, course) == [("2026-01-01 00:00:00.000000", "nobody")]

    school.run("UPDATE courses SET price = price + 1 WHERE course_id = %s", course)
    (changed_at, changed_by), = school.run(stamp, course)
    assert changed_at > "2026-01-02" and changed_by == school.value("SELECT USER()")


@pytest.mark.parametrize(
    ("column", "tampering"),
    [
        ("enrolled_students", "enrolled_students + 1"),
        ("total_enrollments", "total_enrollments - 1"),
        ("rating_sum", "rating_sum + 2"),
        ("review_count", "review_count + 1"),
        ("last_enrollment_date", "'2020-01-01'"),
    ],
)
def test_tampering_with_a_counter_shows(school: School, column: str, tampering: str) -> None:
    course = school.course()
    school.enroll(school.user(), course)
    review(school, course, 4)
    school.call("fold_counters")
    right = school.value(f"SELECT {column} FROM courses WHERE course_id = %s", course)

    school.run(f"UPDATE courses SET {column} = {tampering} WHERE course_id = %s", course)
    wrong = school.value(f"SELECT CAST({column} AS CHAR) FROM courses WHERE course_id = %s", course)
    drift = school.run("SELECT counter, row_id, stored_value FROM v_counter_drift")
    school.run(f"UPDATE courses SET {column} = %s WHERE course_id = %s", right, course)

    assert drift == [(f"courses.{column}", course, wrong)]


@pytest.mark.parametrize(
    ("counter", "tampering", "repair"),
    [
        (
            "course_seats.seats_taken",
            "UPDATE course_seats SET seats_taken = seats_taken + 1",
            "UPDATE course_seats SET seats_taken = seats_taken - 1",
        ),
        (
            "flash_sales.stock",
            "UPDATE flash_sale_stock SET seats_left = seats_left + 1 WHERE slot = 0",
            "UPDATE flash_sale_stock SET seats_left = seats_left - 1 WHERE slot = 0",
        ),
    ],
)
def test_tampering_with_seats_shows(school: School, counter: str, tampering: str, repair: str) -> None:
    course = school.course(max_students=10)
    school.flash(school.user(), school.sale(course, seats=2))
    school.run(tampering)
    drift = {name for (name,) in school.run("SELECT counter FROM v_counter_drift")}
    school.run(repair)

    assert counter in drift
