"""archive_course: off the market with a copy of all of it, while students keep what they bought."""

from __future__ import annotations

import json
from decimal import Decimal

import pymysql
import pytest

from school import School


def document(school: School, course: int) -> dict:
    stored = school.value("SELECT course_data FROM archived_courses WHERE course_id = %s", course)
    return json.loads(stored, parse_float=Decimal)


def columns(school: School, table: str) -> set[str]:
    rows = school.run(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s", table
    )
    return {name for (name,) in rows}


def as_text(value: object) -> str | None:
    """A value as a JSON document and a table both tell it."""
    return value if value is None else str(value).removesuffix(".000000")


@pytest.fixture
def course(school: School) -> int:
    """A course with every column filled."""
    return school.course(
        "49.99",
        title="It's \"SQL\"; -- for ünïcode 🎓",
        description="line one\nline two \\ end",
        thumbnail_url="https://example.org/a.png",
        level="advanced",
        max_students=20,
    )


def test_the_document_holds_every_column_of_every_table_it_is_made_of(school: School, course: int) -> None:
    lesson = school.lesson(course, sections=1, content="text", video_url="https://example.org/v", duration_minutes=7)
    school.insert("quizzes", lesson_id=lesson, title="Quiz", passing_score="70.50")
    school.enroll(school.user(), course)
    school.call("fold_counters")
    before = {
        table: school.row(f"SELECT * FROM {table}") for table in ("courses", "lessons", "lesson_sections", "quizzes")
    }

    school.call("archive_course", course, "over")

    whole = document(school, course)
    (one_lesson,) = whole["lessons"]
    parts = {
        "courses": (whole, {"tags", "categories", "prerequisites", "lessons"}),
        "lessons": (one_lesson, {"sections", "quizzes"}),
        "lesson_sections": (one_lesson["sections"][0], set()),
        "quizzes": (one_lesson["quizzes"][0], set()),
    }
    for table, (part, extra) in parts.items():
        assert set(part) == columns(school, table) | extra
        assert {name: as_text(part[name]) for name in before[table]} == {
            name: as_text(value) for name, value in before[table].items()
        }


def test_lessons_sections_and_quizzes_stand_in_order(school: School, course: int) -> None:
    last, first, tied = (school.lesson(course, order_index=place) for place in (9, 1, 9))
    for place in (3, 1, 2, 1):
        school.insert("lesson_sections", lesson_id=first, title=f"Part {place}", order_index=place)
    quizzes = [school.insert("quizzes", lesson_id=last, title=f"Quiz {number}") for number in range(3)]

    school.call("archive_course", course, None)

    lessons = document(school, course)["lessons"]
    assert [lesson["lesson_id"] for lesson in lessons] == [first, last, tied]
    places = [(section["order_index"], section["section_id"]) for section in lessons[0]["sections"]]
    assert [place for place, _ in places] == [1, 1, 2, 3] and places == sorted(places)
    assert [quiz["quiz_id"] for quiz in lessons[1]["quizzes"]] == quizzes
    assert lessons[2]["sections"] == lessons[2]["quizzes"] == []


def test_tags_categories_and_prerequisites_are_kept(school: School, course: int) -> None:
    required = [school.course(), school.course()]
    for each in required:
        school.insert("course_prerequisites", course_id=course, prerequisite_course_id=each)
    for tag in ("sql", "data", "o'reilly"):
        school.insert("course_tags", course_id=course, tag=tag)

    categories = [school.insert("categories", name=name) for name in ("Data", "Languages")]
    for category in categories:
        school.insert("course_categories", course_id=course, category_id=category)

    school.call("archive_course", course, None)

    whole = document(school, course)
    assert sorted(whole["categories"]) == categories
    assert sorted(whole["tags"]) == ["data", "o'reilly", "sql"]
    assert sorted(whole["prerequisites"]) == required


def test_a_course_without_anything_is_kept_with_empty_lists(school: School, course: int) -> None:
    school.call("archive_course", course, None)

    whole = document(school, course)
    assert (whole["lessons"], whole["tags"], whole["categories"], whole["prerequisites"]) == ([], [], [], [])


def test_a_large_course_is_kept_whole_and_in_order(school: School, course: int) -> None:
    school.run(
        "INSERT INTO lessons (course_id, title, content, order_index) WITH RECURSIVE n (i) AS"
        " (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
        " SELECT %s, CONCAT('Lesson ', i), REPEAT('x', 5000), 300 - i FROM n",
        course,
    )
    school.call("archive_course", course, None)

    lessons = document(school, course)["lessons"]
    assert [lesson["order_index"] for lesson in lessons] == list(range(300))
    assert {len(lesson["content"]) for lesson in lessons} == {5000}


def test_it_says_who_when_and_why(school: School, course: int) -> None:
    school.call("archive_course", course, "it's -- over; 'really'")

    row = school.row(
        "SELECT archived_by, reason, TIMESTAMPDIFF(SECOND, archived_at, UTC_TIMESTAMP()) AS age FROM archived_courses"
    )
    assert row["archived_by"] == school.value("SELECT USER()")
    assert row["reason"] == "it's -- over; 'really'"
    assert 0 <= row["age"] < 60


def test_the_course_is_sold_no_more_and_students_keep_theirs(school: School, course: int) -> None:
    student = school.user()
    enrollment, _ = school.purchase(student, course)
    kept = (
        "SELECT * FROM enrollments JOIN course_access USING (student_id, course_id)"
        " JOIN payments USING (enrollment_id)"
    )
    before = school.run(kept)

    school.call("archive_course", course, None)

    assert school.value("SELECT status FROM courses WHERE course_id = %s", course) == "archived"
    assert school.run(kept) == before
    assert school.purchase(school.user(), course) == (None, "COURSE_NOT_AVAILABLE")
    school.call("record_progress", student, json.dumps([{"lesson_id": school.lesson(course), "completed": True}]))
    assert school.value("SELECT status FROM enrollments WHERE enrollment_id = %s", enrollment) == "completed"


def test_a_draft_can_be_archived_too(school: School) -> None:
    draft = school.course(status="draft")
    school.call("archive_course", draft, None)

    assert document(school, draft)["status"] == "draft"


@pytest.mark.parametrize(
    ("which", "error"),
    [
        ("archived", (30010, "course {} is archived already: nothing to do")),
        ("unknown", (30004, "there is no course 999999: check the id")),
        ("null", (30001, "p_course_id is NULL or empty: give a value")),
    ],
)
def test_what_cannot_be_archived_is_an_error(school: School, course: int, which: str, error: tuple[int, str]) -> None:
    if which == "archived":
        school.call("archive_course", course, None)
    before = school.everything()

    with pytest.raises(pymysql.Error) as caught:
        school.call("archive_course", {"archived": course, "unknown": 999999, "null": None}[which], "again")

    assert caught.value.args == (error[0], error[1].format(course))
    assert school.everything() == before


def test_of_two_at_once_one_archives(school: School, course: int) -> None:
    results = school.at_once([lambda session: session.call("archive_course", course, None)] * 2)

    assert results.count({}) == 1
    assert school.count("archived_courses") == 1
    (error,) = (result for result in results if result != {})
    assert error.args[0] == 30010


def test_a_failure_half_way_leaves_the_course_on_the_market(school: School, course: int) -> None:
    with school.failing("courses", "UPDATE"), pytest.raises(pymysql.Error) as caught:
        school.call("archive_course", course, None)

    assert caught.value.args == (1644, "injected")
    assert school.count("archived_courses") == 0
    assert school.count("courses", "status = 'active'") == 1
