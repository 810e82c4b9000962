"""expire_access: what ends, what goes on, and that runs at once share the work."""

from __future__ import annotations

import pymysql
import pytest

from school import School, Session

END_ALL = "UPDATE course_access SET access_expires_at = UTC_TIMESTAMP(6)"


def expire(session: Session) -> object:
    return session.call("expire_access", out=("p_expired",))["p_expired"]


def statuses(school: School) -> list[str]:
    return [status for (status,) in school.run("SELECT status FROM enrollments ORDER BY enrollment_id")]


def test_an_active_enrollment_ends_with_its_access_and_is_bought_again(school: School) -> None:
    student, course = school.user(), school.course(max_students=1)
    school.purchase(student, course)
    school.run(END_ALL)

    assert school.purchase(student, course)[1] == "ALREADY_ENROLLED"
    assert expire(school) == 1
    assert statuses(school) == ["expired"]
    assert school.value("SELECT seats_taken FROM course_seats") == 0
    assert school.purchase(student, course)[1] == "SUCCESS"
    assert statuses(school) == ["expired", "active"]
    assert expire(school) == 0


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize(
    ("access", "status", "ends"),
    [
        ("UTC_TIMESTAMP(6) - INTERVAL 1 SECOND", "active", True),
        ("UTC_TIMESTAMP(6) - INTERVAL 3 YEAR", "active", True),
        ("UTC_TIMESTAMP(6) + INTERVAL 1 HOUR", "active", False),
        ("NULL", "active", False),
        ("UTC_TIMESTAMP(6) - INTERVAL 1 SECOND", "completed", False),
        ("UTC_TIMESTAMP(6) - INTERVAL 1 SECOND", "refunded", False),
        ("UTC_TIMESTAMP(6) - INTERVAL 1 SECOND", "expired", False),
    ],
)
def test_only_what_is_active_and_over_ends(school: School, access: str, status: str, ends: bool) -> None:
    school.enroll(school.user(), school.course())
    school.run(f"UPDATE course_access SET access_expires_at = {access}")
    school.run("UPDATE enrollments SET status = %s", status)

    assert expire(school) == ends
    assert statuses(school) == ["expired" if ends else status]


def test_the_end_is_by_the_utc_clock_wherever_the_session_is(school: School) -> None:
    school.enroll(school.user(), school.course())
    school.run("UPDATE course_access SET access_expires_at = UTC_TIMESTAMP(6) + INTERVAL 30 MINUTE")
    for zone in ("+14:00", "-12:00"):
        school.run("SET time_zone = %s", zone)
        assert expire(school) == 0


def test_runs_at_once_end_each_enrollment_once(school: School) -> None:
    course = school.course()
    for student in school.users(25):
        school.enroll(student, course)
    school.run(END_ALL)
    counted = school.at_once([expire] * 4)

    assert sum(counted) == 25
    assert statuses(school) == ["expired"] * 25
    assert expire(school) == 0


def test_who_is_busy_is_left_to_the_next_run(school: School) -> None:
    busy, other = school.users(2)
    for student in (busy, other):
        school.enroll(student, school.course())
    school.run(END_ALL)
    holder = school.session(autocommit=False)
    holder.run("SELECT * FROM users WHERE user_id = %s FOR UPDATE", busy)

    assert expire(school) == 1
    holder.run("ROLLBACK")
    assert expire(school) == 1


def test_access_that_was_prolonged_meanwhile_goes_on(school: School) -> None:
    student, course = school.user(), school.course()
    school.enroll(student, course)
    school.run(END_ALL)
    school.run("UPDATE course_access SET access_expires_at = UTC_TIMESTAMP(6) + INTERVAL 1 YEAR")

    assert school.call("expire_enrollment", student, course, out=("p_ended",)) == {"p_ended": 0}
    assert statuses(school) == ["active"]


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_an_end_that_was_seen_is_not_looked_at_again_until_it_moves(school: School) -> None:
    student, course = school.user(), school.course()
    school.enroll(student, course)
    school.run("UPDATE enrollments SET status = 'completed'")
    school.run(END_ALL)
    assert (expire(school), school.value("SELECT has_ended FROM course_access")) == (0, 1)

    school.run("UPDATE course_access SET access_expires_at = UTC_TIMESTAMP(6) + INTERVAL 1 YEAR")
    assert school.value("SELECT has_ended FROM course_access") == 0


def test_what_was_bought_anew_ends_anew(school: School) -> None:
    student, course = school.user(), school.course()
    for _ in range(2):
        school.enroll(student, course)
        school.run(END_ALL)
        assert expire(school) == 1

    assert statuses(school) == ["expired", "expired"]


def test_it_refuses_inside_a_transaction_and_changes_nothing(school: School) -> None:
    school.enroll(school.user(), school.course())
    school.run(END_ALL)
    for begin in ("START TRANSACTION", "SET autocommit = 0"):
        caller = school.session()
        caller.run(begin)
        caller.run("INSERT INTO policies (name, value) VALUES ('mine', 1)")
        with pytest.raises(pymysql.Error) as caught:
            expire(caller)
        assert caught.value.args == (30009, "expire_access commits as it goes: call it outside a transaction")
        caller.run("ROLLBACK")
    assert statuses(school) == ["active"]


def test_a_failure_is_told_and_what_ended_before_it_stays(school: School) -> None:
    first, last = (school.enroll(school.user(), school.course())[0] for _ in range(2))
    school.run(END_ALL)
    with school.failing("enrollments", "UPDATE", when=f"NEW.enrollment_id = {last}"), pytest.raises(pymysql.Error) as caught:
        expire(school)

    assert caught.value.args == (1644, "injected")
    assert statuses(school) == ["expired", "active"]
    assert expire(school) == 1
