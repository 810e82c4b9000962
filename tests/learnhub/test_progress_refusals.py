"""record_progress: a batch that is wrong anywhere is refused whole, with one clear message."""

from __future__ import annotations

import json

import pymysql
import pytest

from school import School

STORED = "nothing was stored; correct the batch"
FORM = (30016, f"progress update refused: an entry has the wrong form: {STORED}")
TWICE = (30016, f"progress update refused: an id stands twice: {STORED}")
NO_ARRAY = (30016, f"progress update refused: not a JSON array: {STORED}")
TOO_MANY = (30016, f"progress update refused: more entries than policy allows: {STORED}")


def refusal(school: School, student: object, updates: str | None) -> tuple[int, str]:
    """The error that a batch meets; it must have changed nothing."""
    before = school.everything()
    with pytest.raises(pymysql.Error) as caught:
        school.call("record_progress", student, updates)
    assert school.everything() == before
    return caught.value.args


@pytest.fixture
def lesson(school: School) -> int:
    return school.lesson(school.course())


@pytest.fixture
def student(school: School, lesson: int) -> int:
    """Somebody who is enrolled in the course of the lesson."""
    student = school.user()
    school.enroll(student, school.value("SELECT course_id FROM lessons WHERE lesson_id = %s", lesson))
    return student


def test_a_batch_of_the_wrong_shape_is_refused(school: School, student: int, lesson: int) -> None:
    good = {"lesson_id": lesson, "time_spent_minutes": 1}
    wrong = {
        NO_ARRAY: [json.dumps(good), "null", "7", '"text"', "true", "{}"],
        FORM: [
            json.dumps([good, entry])
            for entry in (
                7,
                None,
                [],
                {},
                {"time_spent_minutes": 4},
                {"lesson_id": 1, "section_id": 1},
                {"lesson_id": None},
                {"lesson_id": "1"},
                {"lesson_id": 1.5},
                {"lesson_id": 0},
                {"lesson_id": -1},
                {"section_id": [1]},
                {"section_id": 1, "time_spent_minutes": -1},
                {"section_id": 1, "time_spent_minutes": 100001},
                {"section_id": 1, "time_spent_minutes": "4"},
                {"section_id": 1, "time_spent_minutes": None},
                {"section_id": 1, "completed": 1},
                {"section_id": 1, "completed": "true"},
                {"section_id": 1, "completed": None},
                {"section_id": 1, "complete": True},
                {"lesson_id": "1'; DROP TABLE users; --"},
            )
        ],
        TWICE: [json.dumps([good, good]), json.dumps([good, {"section_id": 5}, {"section_id": 5}])],
    }

    for error, batches in wrong.items():
        for batch in batches:
            assert (batch, refusal(school, student, batch)) == (batch, error)


@pytest.mark.parametrize("updates", ["", "[", "[{]", "{'lesson_id': 1}", "\\", "[1] --", "[1"])
def test_text_that_is_no_json_is_refused(school: School, student: int, updates: str) -> None:
    error = (30016, "progress update refused: not JSON: nothing was stored; correct the batch")
    assert refusal(school, student, updates) == error


@pytest.mark.parametrize("entry", [{"lesson_id": 2**64}, {"lesson_id": 2**63}, {"section_id": 10**40}])
def test_an_id_that_no_column_could_hold_is_refused(school: School, student: int, entry: dict) -> None:
    number, text = refusal(school, student, json.dumps([entry]))

    assert number in (30016, 3904, 3156), text


def test_a_batch_that_names_nothing_or_nobody_is_refused(school: School, student: int, lesson: int) -> None:
    batch = json.dumps([{"lesson_id": lesson}])

    assert refusal(school, student, None) == (30001, "p_updates is NULL or empty: give a value")
    assert refusal(school, None, batch) == (30001, "p_student_id is NULL or empty: give a value")
    assert refusal(school, 999999, batch) == (30002, "there is no user 999999: check the id")


def test_a_deleted_student_reports_nothing(school: School, student: int, lesson: int) -> None:
    school.call("soft_delete_user", student, None)

    assert refusal(school, student, json.dumps([{"lesson_id": lesson, "completed": True}])) == (
        30003,
        f"user {student} is deleted: a deleted user can do nothing more",
    )


@pytest.mark.parametrize("kind", ["lesson", "section"])
def test_one_unknown_id_refuses_the_whole_batch(school: School, student: int, lesson: int, kind: str) -> None:
    batch = [{"lesson_id": lesson, "completed": True}, {f"{kind}_id": 999999}]

    assert refusal(school, student, json.dumps(batch)) == (
        30016,
        f"progress update refused: there is no {kind} 999999: {STORED}",
    )


@pytest.mark.parametrize("kind", ["lesson", "section"])
def test_one_entry_of_a_course_that_is_not_the_students_refuses_the_whole_batch(
    school: School, student: int, lesson: int, kind: str
) -> None:
    foreign = school.lesson(school.course(), sections=1)
    if kind == "section":
        foreign = school.value("SELECT section_id FROM lesson_sections WHERE lesson_id = %s", foreign)

    batch = [{"lesson_id": lesson, "completed": True}, {f"{kind}_id": foreign}]
    assert refusal(school, student, json.dumps(batch)) == (
        30017,
        f"not enrolled in the course of {kind} {foreign}: report only what the student is enrolled in",
    )


@pytest.mark.parametrize("status", ["refunded", "expired"])
def test_an_ended_enrollment_takes_no_more_progress(school: School, student: int, lesson: int, status: str) -> None:
    school.run("UPDATE enrollments SET status = %s", status)

    assert refusal(school, student, json.dumps([{"lesson_id": lesson, "completed": True}]))[0] == 30017


def test_a_lesson_with_sections_is_not_completed_by_word_alone(school: School, student: int, lesson: int) -> None:
    school.insert("lesson_sections", lesson_id=lesson, title="Only one")

    assert refusal(school, student, json.dumps([{"lesson_id": lesson, "completed": True}])) == (
        30016,
        f"progress update refused: lesson {lesson} is completed by its sections: {STORED}",
    )


def test_the_first_wrong_entry_is_the_one_that_is_told(school: School, student: int, lesson: int) -> None:
    batch = [{"lesson_id": lesson}, {"section_id": 888888}, {"lesson_id": 999999}]

    assert "there is no section 888888" in refusal(school, student, json.dumps(batch))[1]


def test_a_batch_above_the_policys_limit_is_refused_whole(school: School, student: int, lesson: int) -> None:
    school.run("UPDATE policies SET value = 2 WHERE name = 'progress_batch_limit'")
    lessons = [lesson, *(school.lesson(school.value("SELECT course_id FROM enrollments")) for _ in range(2))]
    entries = [{"lesson_id": each} for each in lessons]

    assert refusal(school, student, json.dumps(entries)) == TOO_MANY
    school.call("record_progress", student, json.dumps(entries[:2]))
    assert school.count("lesson_progress") == 2


def test_100_000_entries_are_refused_whole_with_one_message(school: School, student: int) -> None:
    entries = [{"section_id": place + 1, "time_spent_minutes": 1, "completed": True} for place in range(100_000)]

    assert refusal(school, student, json.dumps(entries)) == TOO_MANY


def test_more_minutes_than_the_column_holds_are_an_error(school: School, student: int, lesson: int) -> None:
    school.insert("lesson_progress", student_id=student, lesson_id=lesson, time_spent_minutes=2**32 - 1)

    assert refusal(school, student, json.dumps([{"lesson_id": lesson, "time_spent_minutes": 1}]))[0] in (1264, 1690)
