"""A caller's transaction outlives every refusal: what it wrote stays, and it is still open."""

from __future__ import annotations

import pymysql
import pytest

from calling import GOOD
from school import School, Session
from test_bad_input import parameters

COMMIT_AS_THEY_GO = [
    "renew_due_subscriptions", "reconcile_pending_payments", "fold_counters", "archive_payments", "maintain_partitions",
    "refresh_star", "create_payouts", "expire_access",
]  # fmt: skip
CALLERS = [
    (True, ["START TRANSACTION"]),
    (False, []),
    (True, ["START TRANSACTION", "SAVEPOINT mine"]),
]
NO_SUCH = 999999999


def opened(school: School, autocommit: bool, statements: list[str]) -> tuple[Session, int]:
    """A session whose transaction has written a course's row."""
    session, course = school.session(autocommit=autocommit), school.course()
    for statement in statements:
        session.run(statement)
    session.run("UPDATE courses SET title = 'written by the caller' WHERE course_id = %s", course)
    return session, course


def call(session: Session, procedure: str, values: list[object], out: int) -> int:
    """The number of the error that a call met; 0: none."""
    marks = ", ".join(["%s"] * len(values) + [f"@out_{place}" for place in range(out)])
    try:
        session.run(f"CALL {procedure}({marks})", *values)
    except pymysql.Error as error:
        return error.args[0]
    return 0


def assert_the_work_stays(school: School, session: Session, course: int, statements: list[str]) -> None:
    title = "SELECT title FROM courses WHERE course_id = %s"
    assert session.value(title, course) == "written by the caller"
    assert school.value(title, course) != "written by the caller"
    if "SAVEPOINT mine" in statements:
        session.run("ROLLBACK TO SAVEPOINT mine")
        assert session.value(title, course) != "written by the caller"
    session.run("ROLLBACK")
    assert session.value(title, course) != "written by the caller"


@pytest.mark.parametrize(("autocommit", "statements"), CALLERS, ids=["transaction", "autocommit=0", "savepoint"])
@pytest.mark.parametrize("procedure", GOOD)
def test_no_bad_argument_ends_the_callers_transaction(
    school: School, procedure: str, autocommit: bool, statements: list[str]
) -> None:
    known = parameters(school, procedure)
    good = GOOD[procedure](school)
    out = len(known) - len(good)
    session, course = opened(school, autocommit, statements)

    for name in good:
        for bad in (None, NO_SUCH if name.endswith("_id") and name != "p_transaction_id" else ""):
            call(session, procedure, list((good | {name: bad}).values()), out)
    call(session, procedure, [None] * len(good), out)

    assert_the_work_stays(school, session, course, statements)


@pytest.mark.parametrize(("autocommit", "statements"), CALLERS, ids=["transaction", "autocommit=0", "savepoint"])
@pytest.mark.parametrize("procedure", COMMIT_AS_THEY_GO)
def test_what_commits_as_it_goes_refuses_and_leaves_the_callers_work(
    school: School, procedure: str, autocommit: bool, statements: list[str]
) -> None:
    good = GOOD[procedure](school)
    out = len(parameters(school, procedure)) - len(good)
    session, course = opened(school, autocommit, statements)

    assert call(session, procedure, list(good.values()), out) == 30009
    assert call(session, procedure, [None] * len(good), out) == (30001 if good else 30009)

    assert_the_work_stays(school, session, course, statements)
