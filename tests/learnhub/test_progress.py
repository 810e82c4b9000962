"""record_progress: what a batch stores, and what follows from it."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from school import School, Session


def record(session: Session, student: int, *entries: dict) -> None:
    session.call("record_progress", student, json.dumps(entries))


def sections_of(school: School, lesson: int) -> list[int]:
    rows = school.run("SELECT section_id FROM lesson_sections WHERE lesson_id = %s ORDER BY order_index", lesson)
    return [section for (section,) in rows]


def lesson_state(school: School, student: int, lesson: int) -> tuple[int, int]:
    """Minutes and completed."""
    row = school.row(
        "SELECT time_spent_minutes, completed FROM lesson_progress WHERE student_id = %s AND lesson_id = %s",
        student,
        lesson,
    )
    return row["time_spent_minutes"], row["completed"]


def enrollment_state(school: School, student: int, course: int) -> tuple[Decimal, str, bool]:
    """Percentage, status and whether a completion time stands."""
    row = school.row(
        "SELECT progress_percentage, status, completed_at FROM enrollments WHERE student_id = %s AND course_id = %s",
        student,
        course,
    )
    return row["progress_percentage"], row["status"], row["completed_at"] is not None


@pytest.fixture
def course(school: School) -> int:
    return school.course()


@pytest.fixture
def student(school: School, course: int) -> int:
    student = school.user()
    school.enroll(student, course)
    return student


def test_minutes_add_up_for_the_section_and_for_its_lesson(school: School, student: int, course: int) -> None:
    lesson = school.lesson(course, sections=2)
    first, second = sections_of(school, lesson)

    record(school, student, {"section_id": first, "time_spent_minutes": 4})
    record(
        school,
        student,
        {"section_id": first, "time_spent_minutes": 3},
        {"section_id": second, "time_spent_minutes": 5},
    )
    record(school, student, {"lesson_id": lesson, "time_spent_minutes": 1})

    assert school.run("SELECT section_id, time_spent_minutes, completed FROM section_progress ORDER BY 1") == [
        (first, 7, 0),
        (second, 5, 0),
    ]
    assert lesson_state(school, student, lesson) == (13, 0)


def test_a_lesson_and_its_section_in_one_batch_both_count(school: School, student: int, course: int) -> None:
    lesson = school.lesson(course, sections=1)
    (section,) = sections_of(school, lesson)

    record(
        school,
        student,
        {"lesson_id": lesson, "time_spent_minutes": 2},
        {"section_id": section, "time_spent_minutes": 3, "completed": True},
    )

    assert lesson_state(school, student, lesson) == (5, 1)


def test_a_lesson_with_sections_is_complete_when_all_are(school: School, student: int, course: int) -> None:
    lesson = school.lesson(course, sections=3)
    sections = sections_of(school, lesson)

    record(school, student, *({"section_id": section, "completed": True} for section in sections[:2]))
    assert lesson_state(school, student, lesson) == (0, 0)
    assert enrollment_state(school, student, course) == (Decimal("0.00"), "active", False)

    record(school, student, {"section_id": sections[2], "completed": True})
    assert lesson_state(school, student, lesson) == (0, 1)
    assert enrollment_state(school, student, course) == (Decimal("100.00"), "completed", True)


def test_the_percentage_is_lessons_completed_of_all_lessons(school: School, student: int, course: int) -> None:
    lessons = [school.lesson(course) for _ in range(3)]
    seen = []
    for lesson in lessons:
        record(school, student, {"lesson_id": lesson, "completed": True})
        seen.append(enrollment_state(school, student, course))

    assert seen == [
        (Decimal("33.33"), "active", False),
        (Decimal("66.67"), "active", False),
        (Decimal("100.00"), "completed", True),
    ]


def test_completed_never_goes_back_and_keeps_its_time(school: School, student: int, course: int) -> None:
    plain, sectioned = school.lesson(course), school.lesson(course, sections=1)
    (section,) = sections_of(school, sectioned)
    record(school, student, {"lesson_id": plain, "completed": True}, {"section_id": section, "completed": True})
    times = "SELECT completed_at FROM lesson_progress UNION ALL SELECT completed_at FROM section_progress"
    before = school.run(times)

    record(school, student, {"lesson_id": plain, "completed": False}, {"section_id": section, "completed": False})
    record(school, student, {"lesson_id": plain, "completed": True}, {"section_id": section, "completed": True})

    assert school.run(times) == before
    assert len(before) == 3 and (None,) not in before
    assert enrollment_state(school, student, course) == (Decimal("100.00"), "completed", True)


def test_a_completed_course_stays_completed_when_a_lesson_is_added(school: School, student: int, course: int) -> None:
    record(school, student, {"lesson_id": school.lesson(course), "completed": True})
    record(school, student, {"lesson_id": school.lesson(course), "time_spent_minutes": 5})

    assert enrollment_state(school, student, course) == (Decimal("100.00"), "completed", True)


def test_completing_a_course_opens_what_requires_it(school: School, student: int, course: int) -> None:
    advanced = school.course()
    school.insert("course_prerequisites", course_id=advanced, prerequisite_course_id=course)
    assert school.eligibility(student, advanced) == "MISSING_PREREQUISITES"

    record(school, student, {"lesson_id": school.lesson(course), "completed": True})

    assert school.eligibility(student, advanced) == "CAN_ENROLL"


def test_one_batch_may_speak_of_several_courses(school: School, student: int, course: int) -> None:
    other = school.course()
    school.enroll(student, other)
    here, there = school.lesson(course), school.lesson(other)
    school.lesson(other)

    record(school, student, {"lesson_id": here, "completed": True}, {"lesson_id": there, "completed": True})

    assert enrollment_state(school, student, course) == (Decimal("100.00"), "completed", True)
    assert enrollment_state(school, student, other) == (Decimal("50.00"), "active", False)


def test_nobody_elses_progress_moves(school: School, student: int, course: int) -> None:
    lesson, neighbour = school.lesson(course), school.user()
    school.enroll(neighbour, course)

    record(school, student, {"lesson_id": lesson, "completed": True})

    assert enrollment_state(school, neighbour, course) == (Decimal("0.00"), "active", False)
    assert school.count("lesson_progress") == 1


def test_a_refunded_enrollment_beside_a_new_one_does_not_move(school: School, course: int) -> None:
    student = school.user()
    old, _ = school.purchase(student, course)
    school.refund(old)
    new, _ = school.purchase(student, course)

    record(school, student, {"lesson_id": school.lesson(course), "completed": True})

    assert school.run("SELECT enrollment_id, status, progress_percentage FROM enrollments ORDER BY 1") == [
        (old, "refunded", Decimal("0.00")),
        (new, "completed", Decimal("100.00")),
    ]


def test_an_empty_batch_stores_nothing(school: School, student: int) -> None:
    before = school.everything()
    record(school, student)
    assert school.everything() == before


def test_500_entries_cost_no_more_statements_than_one_but_for_the_certificate(school: School, student: int, course: int) -> None:
    lessons = [school.lesson(course, sections=10) for _ in range(50)]
    entries = [
        {"section_id": section, "time_spent_minutes": 1, "completed": True}
        for lesson in lessons
        for section in sections_of(school, lesson)
    ]
    single = statements_of(school, student, entries[:1])
    whole = statements_of(school, student, entries)

    assert whole <= single + 10 < 100
    assert school.count("section_progress", "completed") == 500
    assert school.count("lesson_progress", "completed AND time_spent_minutes >= 10") == 50
    assert enrollment_state(school, student, course) == (Decimal("100.00"), "completed", True)


def statements_of(school: School, student: int, entries: list[dict]) -> int:
    """How many SQL statements one call of record_progress runs, as the server counts them."""
    counted = school.session()
    thread = counted.value("SELECT PS_CURRENT_THREAD_ID()")
    executed = (
        "SELECT SUM(count_star) FROM performance_schema.events_statements_summary_by_thread_by_event_name"
        f" WHERE thread_id = {thread}"
    )
    instruments = "name LIKE 'statement/sp/%' AND name <> 'statement/sp/stmt'"  # the server has that one on by itself
    school.run(f"UPDATE performance_schema.setup_instruments SET enabled = 'YES' WHERE {instruments}")
    try:
        before = school.value(executed)
        record(counted, student, *entries)
        return int(school.value(executed) - before)
    finally:
        school.run(f"UPDATE performance_schema.setup_instruments SET enabled = 'NO' WHERE {instruments}")


def test_two_reports_at_once_lose_no_minute(school: School, student: int, course: int) -> None:
    lesson = school.lesson(course, sections=1)
    (section,) = sections_of(school, lesson)

    def report(session: Session) -> None:
        for _ in range(10):
            record(session, student, {"section_id": section, "time_spent_minutes": 1})

    assert school.at_once([report] * 4) == [None] * 4
    assert school.value("SELECT time_spent_minutes FROM section_progress") == 40
    assert lesson_state(school, student, lesson) == (40, 0)


def test_sections_completed_by_two_devices_at_once_complete_the_lesson(
    school: School, student: int, course: int
) -> None:
    lesson = school.lesson(course, sections=2)
    first, second = sections_of(school, lesson)

    results = school.at_once(
        [
            lambda session: record(session, student, {"section_id": first, "completed": True}),
            lambda session: record(session, student, {"section_id": second, "completed": True}),
        ]
    )

    assert results == [None, None]
    assert enrollment_state(school, student, course) == (Decimal("100.00"), "completed", True)


def test_an_old_snapshot_of_the_caller_hides_neither_new_sections_nor_a_new_enrollment(school: School) -> None:
    student, course = school.user(), school.course()
    old = school.session(autocommit=False)
    old.run("SELECT * FROM enrollments")
    school.enroll(student, course)
    lesson = school.lesson(course, sections=1)
    (section,) = sections_of(school, lesson)

    record(old, student, {"section_id": section, "completed": True})
    old.run("COMMIT")

    assert lesson_state(school, student, lesson) == (0, 1)
    assert enrollment_state(school, student, course) == (Decimal("100.00"), "completed", True)


def test_an_old_snapshot_does_not_lose_what_another_device_completed(school: School, student: int, course: int) -> None:
    lesson = school.lesson(course, sections=2)
    first, second = sections_of(school, lesson)
    old = school.session(autocommit=False)
    old.run("SELECT * FROM section_progress")
    record(school, student, {"section_id": first, "completed": True})

    record(old, student, {"section_id": second, "completed": True})
    old.run("COMMIT")

    assert lesson_state(school, student, lesson) == (0, 1)
