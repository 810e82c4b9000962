"""The counters under many hands: no deadlock, nothing lost, nothing counted twice."""

from __future__ import annotations

import threading

import pymysql
import pytest

from school import School, Session

WRITERS = 8
ROUNDS = 25


def deadlocks(session: Session) -> int:
    """How many deadlocks this connection met, those included that a handler took care of."""
    return int(
        session.value(
            "SELECT COALESCE(SUM(sum_error_raised), 0)"
            " FROM performance_schema.events_errors_summary_by_thread_by_error"
            " WHERE error_number = 1213 AND thread_id = PS_CURRENT_THREAD_ID()"
        )
    )


def no_drift(school: School) -> None:
    school.call("fold_counters")
    assert school.count("course_deltas") == 0
    assert school.run("SELECT * FROM v_counter_drift") == []


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "READ COMMITTED"])
def test_8_writers_on_one_course_and_a_running_fold_never_deadlock(school: School, isolation: str) -> None:
    course, done = school.course(), threading.Event()
    students = [school.users(ROUNDS) for _ in range(WRITERS)]
    working = threading.Semaphore(0)

    def write(mine: list[int]):
        def act(session: Session) -> None:
            try:
                for student in mine:
                    session.purchase(student, course)
                    session.insert("reviews", student_id=student, course_id=course, rating=5)
                    session.run("UPDATE reviews SET rating = 3 WHERE student_id = %s", student)
            finally:
                working.release()

        return act

    def fold(session: Session) -> None:
        while not done.is_set():
            session.call("fold_counters")

    def wait(_: Session) -> None:
        for _ in range(WRITERS):
            working.acquire(timeout=60)
        done.set()

    results = school.at_once([*map(write, students), fold, fold, wait], isolation=isolation)

    assert results == [None] * (WRITERS + 3)
    assert sum(deadlocks(session) for session in school.sessions) == 0
    no_drift(school)
    assert school.run(
        "SELECT enrolled_students, total_enrollments, rating_sum, review_count FROM courses WHERE course_id = %s",
        course,
    ) == [(WRITERS * ROUNDS, WRITERS * ROUNDS, 3 * WRITERS * ROUNDS, WRITERS * ROUNDS)]


def test_the_catalogue_is_exact_while_it_is_folded(school: School) -> None:
    course, students = school.course(), school.users(40)

    def enroll(session: Session) -> None:
        for student in students:
            session.enroll(student, course)

    def fold(session: Session) -> None:
        for _ in range(40):
            session.call("fold_counters")

    def look(session: Session) -> list[int]:
        difference = """
            SELECT catalog.enrolled_students - COUNT(enrollment.enrollment_id)
              FROM course_catalog catalog LEFT JOIN enrollments enrollment USING (course_id)
             WHERE catalog.course_id = %s GROUP BY catalog.enrolled_students
        """
        return [session.value(difference, course) for _ in range(40)]

    *acts, differences = school.at_once([enroll, fold, look])

    assert acts == [None, None]
    assert set(differences) == {0}
    no_drift(school)


def test_two_folds_at_once_count_nothing_twice(school: School) -> None:
    courses = [school.course() for _ in range(5)]
    for student in school.users(10):
        for course in courses:
            school.enroll(student, course)

    assert school.at_once([lambda session: session.call("fold_counters")] * 4) == [{}] * 4
    assert school.run("SELECT DISTINCT enrolled_students FROM courses") == [(10,)]
    no_drift(school)


def test_a_fold_that_waits_too_long_for_a_buyer_passes_that_on_and_the_next_one_counts_all(school: School) -> None:
    course = school.course()
    buyer = school.session(autocommit=False)
    buyer.run("START TRANSACTION")
    buyer.insert("reviews", student_id=school.user(), course_id=course, rating=4)
    school.insert("course_deltas", course_id=course)
    school.run("SET innodb_lock_wait_timeout = 1")

    with pytest.raises(pymysql.Error) as caught:  # the review's foreign key holds the course's row
        school.call("fold_counters")
    assert caught.value.args == (1205, "Lock wait timeout exceeded; try restarting transaction")
    assert school.count("course_deltas") == 1
    buyer.run("COMMIT")
    school.call("fold_counters")
    assert school.value("SELECT review_count FROM courses WHERE course_id = %s", course) == 1


@pytest.mark.parametrize("begin", ["START TRANSACTION", "SET autocommit = 0"])
def test_a_fold_refuses_inside_a_transaction_and_changes_nothing(school: School, begin: str) -> None:
    course = school.course()
    school.enroll(school.user(), course)
    caller = school.session()
    caller.run(begin)
    caller.run("UPDATE courses SET title = 'kept by the caller' WHERE course_id = %s", course)

    with pytest.raises(pymysql.Error) as caught:
        caller.call("fold_counters")

    assert caught.value.args == (30009, "fold_counters commits as it goes: call it outside a transaction")
    assert school.count("course_deltas") == 1
    caller.run("ROLLBACK")
    assert school.count("courses", "title = 'kept by the caller'") == 0


def test_a_fold_that_is_killed_loses_nothing(school: School) -> None:
    courses = [school.course() for _ in range(20)]
    for course in courses:
        for student in school.users(3):
            school.insert("enrollments", student_id=student, course_id=course)
    victim, holder = school.session(), school.session(autocommit=False)
    connection = victim.value("SELECT CONNECTION_ID()")
    holder.run("SELECT * FROM courses WHERE course_id = %s FOR UPDATE", courses[10])
    met: list[object] = []

    def fold() -> None:
        try:
            victim.call("fold_counters")
        except pymysql.Error as error:
            met.append(error)

    folding = threading.Thread(target=fold)
    folding.start()
    for _ in range(100):
        if school.run("SELECT 1 FROM performance_schema.data_lock_waits"):
            break
        folding.join(0.05)
    school.run(f"KILL {connection}")
    folding.join(20)
    holder.run("ROLLBACK")

    assert len(met) == 1
    assert school.count("courses", "enrolled_students = 3") == 10
    no_drift(school)
    assert school.count("courses", "enrolled_students = 3") == 20
