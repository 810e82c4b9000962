"""Procedures in their callers' transactions: they join, and never decide what is not theirs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pymysql
import pytest

from school import School, Session


@dataclass(frozen=True)
class Act:
    """A call that succeeds, and what it locks: first the user's row, then another."""

    run: Callable[[Session], str]
    user: int
    then: str
    table: str


def purchase(school: School) -> Act:
    user, course = school.user(), school.course()
    then = f"SELECT * FROM courses WHERE course_id = {course} FOR UPDATE"
    return Act(lambda session: session.purchase(user, course, "ch_1")[1], user, then, "receipts")


def refund(school: School) -> Act:
    user = school.user()
    enrollment, _ = school.purchase(user, school.course())
    then = f"SELECT * FROM enrollments WHERE enrollment_id = {enrollment} FOR UPDATE"
    return Act(lambda session: session.refund(enrollment), user, then, "payment_events")


def flash(school: School) -> Act:
    user, course = school.user(), school.course()
    sale, then = school.sale(course), f"SELECT * FROM courses WHERE course_id = {course} FOR UPDATE"
    return Act(lambda session: session.flash(user, sale), user, then, "payment_events")


def enroll(school: School) -> Act:
    user, course = school.user(), school.course()
    then = f"SELECT * FROM courses WHERE course_id = {course} FOR UPDATE"
    return Act(lambda session: session.enroll(user, course)[1], user, then, "course_access")


@pytest.fixture(params=[purchase, refund, flash, enroll], ids=lambda prepare: prepare.__name__)
def act(request: pytest.FixtureRequest, school: School) -> Act:
    return request.param(school)


@pytest.fixture(params=["START TRANSACTION", "SET autocommit = 0"])
def joined(request: pytest.FixtureRequest, school: School) -> Session:
    """A caller with a transaction of its own that has done some work."""
    session = school.session()
    session.run(request.param)
    work(session, "earlier")
    return session


def work(session: Session, name: str) -> None:
    """Something of the caller's own, that no procedure looks at."""
    session.run("INSERT INTO policies (name, value) VALUES (%s, -1)", name)


def worked(school: School) -> list[str]:
    return [name for (name,) in school.run("SELECT name FROM policies WHERE value = -1 ORDER BY name")]


def all_else(school: School) -> dict:
    return {table: rows for table, rows in school.everything().items() if table != "policies"}


def transactions(school: School, session: Session) -> object:
    return school.value(
        "SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_mysql_thread_id = %s",
        session.connection.thread_id(),
    )


def test_outside_a_transaction_it_commits_its_own(school: School, act: Act) -> None:
    session, before = school.session(), school.everything()

    assert act.run(session).startswith("SUCCESS")

    assert transactions(school, session) == 0
    after = school.everything()
    assert after != before
    session.run("ROLLBACK")
    assert school.everything() == after


def test_it_joins_and_is_undone_when_the_caller_rolls_back(school: School, act: Act, joined: Session) -> None:
    before = school.everything()

    assert act.run(joined).startswith("SUCCESS")

    assert school.everything() == before
    joined.run("ROLLBACK")
    assert school.everything() == before
    assert act.run(school).startswith("SUCCESS")


def test_it_joins_and_lasts_when_the_caller_commits(school: School, act: Act, joined: Session) -> None:
    before = all_else(school)

    act.run(joined)
    work(joined, "later")
    joined.run("COMMIT")

    assert worked(school) == ["earlier", "later"]
    assert all_else(school) != before


def test_inside_the_callers_savepoint_it_is_undone_alone(school: School, act: Act, joined: Session) -> None:
    before = all_else(school)
    joined.run("SAVEPOINT mine")
    work(joined, "inside")

    act.run(joined)
    joined.run("ROLLBACK TO SAVEPOINT mine")
    joined.run("COMMIT")

    assert worked(school) == ["earlier"]
    assert all_else(school) == before


def test_the_callers_savepoint_outlives_it(school: School, act: Act, joined: Session) -> None:
    joined.run("SAVEPOINT mine")
    act.run(joined)

    joined.run("RELEASE SAVEPOINT mine")
    joined.run("COMMIT")

    assert worked(school) == ["earlier"]


def test_several_in_one_transaction_share_its_end(school: School, joined: Session) -> None:
    acts = [prepare(school) for prepare in (purchase, refund, flash, enroll)]
    before = school.everything()

    assert all(act.run(joined).startswith("SUCCESS") for act in acts)
    joined.run("ROLLBACK")
    assert school.everything() == before
    assert all(act.run(joined).startswith("SUCCESS") for act in acts)
    joined.run("COMMIT")
    assert (school.count("enrollments"), school.count("payments")) == (4, 4)


def test_a_caller_who_undoes_the_last_of_several_keeps_the_others(school: School, joined: Session) -> None:
    first, last = purchase(school), enroll(school)

    first.run(joined)
    joined.run("SAVEPOINT mine")
    last.run(joined)
    joined.run("ROLLBACK TO SAVEPOINT mine")
    joined.run("COMMIT")

    assert school.run("SELECT student_id FROM enrollments") == [(first.user,)]


def test_a_refusal_leaves_the_callers_work_and_nothing_else(school: School, joined: Session) -> None:
    student, draft = school.user(), school.course(status="draft")
    before = all_else(school)

    assert joined.purchase(student, draft)[1] == joined.enroll(student, draft)[1] == "COURSE_NOT_AVAILABLE"
    assert joined.flash(student, 4711) == "NOT_ACTIVE"
    assert joined.refund(4711) == "ERROR: Enrollment not found"
    joined.run("COMMIT")

    assert worked(school) == ["earlier"]
    assert all_else(school) == before


def test_an_error_leaves_the_callers_work_and_nothing_else(school: School, act: Act, joined: Session) -> None:
    before = all_else(school)

    with school.failing(act.table):
        with pytest.raises(pymysql.Error) as error:
            act.run(joined)
        joined.run("COMMIT")

    assert error.value.args == (1644, "injected")
    assert worked(school) == ["earlier"]
    assert all_else(school) == before


@pytest.mark.parametrize(
    "misuse",
    [
        lambda session: session.purchase(None, None),
        lambda session: session.refund(None),
        lambda session: session.flash(None, None),
        lambda session: session.enroll(None, None),
    ],
)
def test_misuse_leaves_the_callers_work_and_its_savepoint(school: School, misuse: Callable, joined: Session) -> None:
    joined.run("SAVEPOINT mine")

    with pytest.raises(pymysql.Error) as error:
        misuse(joined)

    assert error.value.args[0] == 30001
    joined.run("ROLLBACK TO SAVEPOINT mine")
    joined.run("COMMIT")
    assert worked(school) == ["earlier"]


@pytest.mark.parametrize("begin", ["SET autocommit = 1", "START TRANSACTION", "SET autocommit = 0"])
def test_a_deadlock_is_passed_on_and_nothing_remains(school: School, act: Act, begin: str) -> None:
    before, victim, other = school.everything(), school.session(), school.session()
    victim.run(begin)
    if begin != "SET autocommit = 1":
        work(victim, "earlier")
    other.run("START TRANSACTION")
    for number in range(200):  # the transaction that has done less is the victim
        work(other, f"work {number}")
    other.run(act.then)

    waiting = school.waiting(act.run, victim)
    other.run("SELECT * FROM users WHERE user_id = %s FOR UPDATE", act.user)

    error = waiting.exception(timeout=20)
    assert error.args == (1213, "Deadlock found when trying to get lock; try restarting transaction")
    other.run("ROLLBACK")
    victim.run("COMMIT")
    assert school.everything() == before
    assert act.run(victim).startswith("SUCCESS")


def test_a_lock_timeout_is_passed_on_and_leaves_the_callers_work(school: School, act: Act) -> None:
    before, joined, other = all_else(school), school.session(autocommit=False), school.session()
    work(joined, "earlier")
    other.run("START TRANSACTION")
    other.run(act.then)
    joined.run("SET innodb_lock_wait_timeout = 1")

    with pytest.raises(pymysql.Error) as error:
        act.run(joined)

    assert error.value.args == (1205, "Lock wait timeout exceeded; try restarting transaction")
    other.run("ROLLBACK")
    joined.run("COMMIT")
    assert worked(school) == ["earlier"]
    assert all_else(school) == before


def test_a_lock_timeout_outside_a_transaction_leaves_nothing(school: School, act: Act) -> None:
    before, session, other = school.everything(), school.session(), school.session()
    other.run("START TRANSACTION")
    other.run(act.then)
    session.run("SET innodb_lock_wait_timeout = 1")

    with pytest.raises(pymysql.Error) as error:
        act.run(session)

    assert error.value.args[0] == 1205
    assert transactions(school, session) == 0
    other.run("ROLLBACK")
    assert school.everything() == before


def test_a_killed_caller_leaves_nothing(school: School, act: Act) -> None:
    before, session, other = school.everything(), school.session(), school.session()
    other.run("START TRANSACTION")
    other.run(act.then)

    waiting = school.waiting(act.run, session)
    school.run(f"KILL {session.connection.thread_id()}")

    assert waiting.exception(timeout=20) is not None
    other.run("ROLLBACK")
    assert school.everything() == before
    assert act.run(school).startswith("SUCCESS")
