"""submit_quiz_attempt: who may try, what is stored, what it answers."""

from __future__ import annotations

from decimal import Decimal

import pymysql
import pytest

from school import School, Session


@pytest.fixture
def course(school: School) -> int:
    return school.course()


@pytest.fixture
def quiz(school: School, course: int) -> int:
    return school.insert("quizzes", lesson_id=school.lesson(course), title="Quiz", passing_score=60)


@pytest.fixture
def student(school: School, course: int) -> int:
    student = school.user()
    school.enroll(student, course)
    return student


def submit(session: Session, student: object, quiz: object, score: object) -> object:
    return session.call("submit_quiz_attempt", student, quiz, score, out=("p_passed",))["p_passed"]


def refusal(session: Session, *arguments: object) -> tuple:
    with pytest.raises(pymysql.Error) as caught:
        submit(session, *arguments)
    return caught.value.args


@pytest.mark.parametrize(
    ("score", "passed"), [("0", 0), ("59.99", 0), ("60", 1), ("60.01", 1), ("100", 1), ("9999.99", 1)]
)
def test_a_try_is_stored_whether_it_passed_or_not(
    school: School, student: int, quiz: int, score: str, passed: int
) -> None:
    assert submit(school, student, quiz, score) == passed
    assert school.run("SELECT student_id, quiz_id, score FROM quiz_attempts") == [(student, quiz, Decimal(score))]
    assert school.count("quiz_attempts", "ABS(TIMESTAMPDIFF(SECOND, attempt_date, UTC_TIMESTAMP())) < 60") == 1


def test_every_try_counts_as_one(school: School, student: int, quiz: int) -> None:
    assert [submit(school, student, quiz, score) for score in (10, 80, 80)] == [0, 1, 1]
    assert school.count("quiz_attempts") == 3


@pytest.mark.parametrize("status", ["refunded", "expired"])
def test_only_who_is_enrolled_may_try(school: School, student: int, quiz: int, status: str) -> None:
    stranger = school.user()
    school.run("UPDATE enrollments SET status = %s", status)
    before = school.everything()

    for person in (stranger, student):
        assert refusal(school, person, quiz, 70) == (
            30017,
            f"not enrolled in the course of quiz {quiz}: report only what the student is enrolled in",
        )
    assert school.everything() == before


def test_who_has_completed_the_course_may_try_again(school: School, student: int, quiz: int) -> None:
    school.run("UPDATE enrollments SET status = 'completed', progress_percentage = 100, completed_at = UTC_TIMESTAMP(6)")
    assert submit(school, student, quiz, 70) == 1


def test_misuse_is_told_and_stores_nothing(school: School, student: int, quiz: int) -> None:
    gone = school.user()
    school.call("soft_delete_user", gone, None)
    before = school.everything()

    assert refusal(school, student, 999999, 70) == (30041, "there is no quiz 999999: check the id")
    assert refusal(school, student, quiz, "-0.01") == (30042, "score -0.01 is below 0: give the points that were reached")
    assert refusal(school, 999999, quiz, 70)[0] == 30002
    assert refusal(school, gone, quiz, 70)[0] == 30003
    for arguments in ((None, quiz, 70), (student, None, 70), (student, quiz, None)):
        assert refusal(school, *arguments)[0] == 30001
    assert school.everything() == before


def test_an_old_snapshot_does_not_let_a_refunded_student_try(school: School, student: int, quiz: int) -> None:
    old = school.session(autocommit=False)
    old.run("SELECT * FROM enrollments")
    school.run("UPDATE enrollments SET status = 'refunded'")

    assert refusal(old, student, quiz, 70)[0] == 30017


def test_tries_at_once_are_all_stored(school: School, student: int, quiz: int) -> None:
    assert school.at_once([lambda session: submit(session, student, quiz, 70)] * 6) == [1] * 6
    assert school.count("quiz_attempts") == 6
