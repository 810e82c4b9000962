"""Certificates: issued at 100 %, revoked on refund; and the steps that an enrollment may take."""

from __future__ import annotations

import json
import re

import pymysql
import pytest

from school import School

REFUND = "UPDATE enrollments SET status = 'refunded', progress_percentage = 0, completed_at = NULL"
LEGAL = {
    ("active", "completed"),
    ("active", "refunded"),
    ("active", "expired"),
    ("completed", "refunded"),
    ("expired", "refunded"),
}
STATUSES = ("active", "completed", "refunded", "expired")


def completed(school: School) -> tuple[int, int]:
    """A student and a bought course whose only lesson is done."""
    student, course = school.user(), school.course()
    school.purchase(student, course)
    school.call("record_progress", student, json.dumps([{"lesson_id": school.lesson(course), "completed": True}]))
    return student, course


def test_the_last_lesson_brings_the_certificate(school: School) -> None:
    student, course = school.user(), school.course()
    school.enroll(student, course)
    first, last = (json.dumps([{"lesson_id": school.lesson(course), "completed": True}]) for _ in range(2))

    school.call("record_progress", student, first)
    assert school.count("certificates") == 0
    school.call("record_progress", student, last)
    row = school.row(
        "SELECT student_id, course_id, code, revoked_at, TIMESTAMPDIFF(SECOND, issued_at, UTC_TIMESTAMP()) AS age"
        " FROM certificates JOIN enrollments USING (enrollment_id)"
    )
    assert (row["student_id"], row["course_id"], row["revoked_at"]) == (student, course, None)
    assert 0 <= row["age"] < 60
    assert re.fullmatch("[0-9a-f]{32}", row["code"])


def test_more_progress_brings_no_second_certificate(school: School) -> None:
    student, course = completed(school)
    code = school.value("SELECT code FROM certificates")
    school.call("record_progress", student, json.dumps([{"lesson_id": school.lesson(course), "completed": True}]))

    assert school.run("SELECT code, revoked_at FROM certificates") == [(code, None)]


def test_two_last_reports_at_once_bring_one_certificate(school: School) -> None:
    student, course = school.user(), school.course()
    school.enroll(student, course)
    reports = [json.dumps([{"lesson_id": school.lesson(course), "completed": True}]) for _ in range(4)]

    answers = school.at_once(
        [lambda session, report=report: session.call("record_progress", student, report) for report in reports]
    )

    assert answers == [{}] * 4
    assert school.count("certificates", "revoked_at IS NULL") == 1


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_codes_do_not_follow_from_each_other(school: School) -> None:
    for _ in range(40):
        school.insert("enrollments", student_id=school.user(), course_id=school.course(), status="completed")
    codes = [code for (code,) in school.run("SELECT code FROM certificates ORDER BY certificate_id")]

    assert len(set(codes)) == 40
    assert codes != sorted(codes)
    for place in range(32):
        assert len({code[place] for code in codes}) > 4  # no character of it is fixed


def test_a_code_is_a_certificates_own_and_never_a_short_one(school: School) -> None:
    completed(school)
    completed(school)
    with pytest.raises(pymysql.Error) as caught:
        school.run("UPDATE certificates SET code = '7'")
    assert caught.value.args[0] == 3819 and "a_code_cannot_be_guessed" in caught.value.args[1]
    with pytest.raises(pymysql.Error) as caught:
        school.run("UPDATE certificates SET code = REPEAT('a', 32)")
    assert caught.value.args[0] == 1062 and "one_certificate_per_code" in caught.value.args[1]


def test_a_refund_revokes_the_certificate(school: School) -> None:
    completed(school)
    school.run("UPDATE policies SET value = 100 WHERE name = 'refund_progress_limit'")

    assert school.refund(school.value("SELECT enrollment_id FROM enrollments")) == "SUCCESS: Refunded $49.99"
    assert school.count("certificates", "revoked_at IS NOT NULL") == 1


@pytest.mark.breaks("an_enrollment_is_paid_at_most_once")
@pytest.mark.breaks("an_enrollment_is_paid_at_most_once")  # refunded past process_refund
def test_who_buys_and_completes_again_gets_a_new_certificate(school: School) -> None:
    student, course = completed(school)
    school.run(REFUND)
    school.purchase(student, course)
    school.call("record_progress", student, json.dumps([{"lesson_id": school.lesson(course), "completed": True}]))

    assert school.run("SELECT revoked_at IS NULL FROM certificates ORDER BY certificate_id") == [(0,), (1,)]


def test_what_fails_to_be_certified_is_not_completed(school: School) -> None:
    student, course = school.user(), school.course()
    school.enroll(student, course)
    report = json.dumps([{"lesson_id": school.lesson(course), "completed": True}])
    before = school.everything()
    with school.failing("certificates"), pytest.raises(pymysql.Error) as caught:
        school.call("record_progress", student, report)

    assert caught.value.args == (1644, "injected")
    assert school.everything() == before


def test_an_enrollment_that_is_deleted_takes_its_certificate_along(school: School) -> None:
    school.insert("enrollments", student_id=school.user(), course_id=school.course(), status="completed")
    school.run("DELETE FROM enrollments")

    assert school.count("certificates") == 0


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize("after", STATUSES)
@pytest.mark.parametrize("before", STATUSES)
def test_an_enrollment_takes_only_legal_steps(school: School, before: str, after: str) -> None:
    enrollment = school.insert("enrollments", student_id=school.user(), course_id=school.course(), status=before)
    step = f"UPDATE enrollments SET status = '{after}'"

    if before == after or (before, after) in LEGAL:
        school.run(step)
        assert school.value("SELECT status FROM enrollments") == after
        assert school.count("certificates", "revoked_at IS NULL") == (after == "completed")
    else:
        with pytest.raises(pymysql.Error) as caught:
            school.run(step)
        told = f"enrollment {enrollment}: {before} to {after} is no legal step: begin a new enrollment instead"
        assert caught.value.args == (30043, told)
        assert school.value("SELECT status FROM enrollments") == before
