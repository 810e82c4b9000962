"""The other procedures join their caller's transaction, and open and commit their own where there is none."""

from __future__ import annotations

import pymysql
import pytest

from calling import GOOD, OUT
from school import School, Session

# Where each one can be made to fail half-way; test_joining.py has those that sell and refund.
BREAKS = {
    "check_fraud": ("fraud_alerts", "INSERT", "@fail"),
    "record_progress": ("enrollments", "UPDATE", "@fail"),
    "submit_quiz_attempt": ("quiz_attempts", "INSERT", "@fail"),
    "archive_course": ("courses", "UPDATE", "@fail"),
    "move_category": ("categories", "UPDATE", "@fail"),
    "bulk_discount": ("courses", "UPDATE", "@fail"),
    "soft_delete_user": ("users", "UPDATE", "@fail"),
    "erase_user": ("erasure_log", "INSERT", "@fail"),
    "subscribe": ("subscription_payments", "INSERT", "@fail"),
    "cancel_subscription": ("subscriptions", "UPDATE", "@fail"),
    "renew_subscription": ("subscription_payments", "INSERT", "@fail AND NEW.status = 'completed'"),
    "summarize_daily_revenue": ("daily_revenue_summary", "INSERT", "@fail"),
}
RECORDED = {"renew_subscription": {"subscriptions", "subscription_payments"}}  # a failed renewal is past_due


def call(session: Session, procedure: str, arguments: dict[str, object]) -> None:
    session.call(procedure, *arguments.values(), out=OUT.get(procedure, ()))


def has_a_transaction(session: Session) -> bool:
    """A savepoint lasts only inside a transaction."""
    session.run("SAVEPOINT probe")
    try:
        session.run("RELEASE SAVEPOINT probe")
    except pymysql.Error as error:
        assert error.args[0] == 1305
        return False
    return True


def seen_by(session: Session, school: School) -> dict[str, list[tuple]]:
    """Every row of every table as the session sees it inside its transaction."""
    return {table: sorted(session.run(f"SELECT * FROM {table}"), key=repr) for table in school.everything()}


@pytest.fixture(params=["START TRANSACTION", "SET autocommit = 0"])
def caller(request: pytest.FixtureRequest, school: School) -> Session:
    """Somebody with a transaction of their own; the work in it waits for `earlier`."""
    session = school.session()
    session.run(request.param)
    return session


def earlier(caller: Session) -> None:
    caller.insert("users", name="earlier", email="earlier@example.org")


@pytest.mark.parametrize("procedure", BREAKS)
def test_what_a_call_did_goes_with_its_callers_transaction(school: School, caller: Session, procedure: str) -> None:
    good = GOOD[procedure](school)
    before = school.everything()
    earlier(caller)
    call(caller, procedure, good)

    assert has_a_transaction(caller)
    assert school.everything() == before
    caller.run("ROLLBACK")
    assert school.everything() == before

    earlier(caller)
    call(caller, procedure, good)
    caller.run("COMMIT")
    after = school.everything()
    changed = {table for table in after if after[table] != before[table]}
    assert changed > {"users"} or procedure == "soft_delete_user"
    assert school.count("users", "name = 'earlier'") == 1


@pytest.mark.parametrize("procedure", BREAKS)
def test_outside_a_transaction_a_call_commits_its_own(school: School, procedure: str) -> None:
    good, alone = GOOD[procedure](school), school.session()
    before = school.everything()
    call(alone, procedure, good)

    assert not has_a_transaction(alone)
    assert school.everything() != before
    assert alone.value("SELECT @@transaction_isolation") == "REPEATABLE-READ"


@pytest.mark.parametrize("procedure", [*BREAKS, "check_enrollment_eligibility"])
def test_a_misuse_leaves_the_callers_work_and_savepoints(school: School, caller: Session, procedure: str) -> None:
    good = GOOD[procedure](school)
    earlier(caller)
    caller.run("SAVEPOINT mine")
    with pytest.raises(pymysql.Error) as caught:
        call(caller, procedure, good | {next(iter(good)): None})

    assert caught.value.args[0] == 30001
    caller.run("ROLLBACK TO SAVEPOINT mine")
    caller.run("COMMIT")
    assert school.count("users", "name = 'earlier'") == 1


@pytest.mark.parametrize("procedure", BREAKS)
def test_a_call_that_fails_half_way_undoes_itself_and_not_what_came_before(school: School, procedure: str) -> None:
    good, joining = GOOD[procedure](school), school.session()
    table, event, when = BREAKS[procedure]
    with school.failing(table, event, when), joining.connection:
        joining.run("START TRANSACTION")
        earlier(joining)
        before = seen_by(joining, school)
        joining.run("SET @fail = TRUE")
        with pytest.raises(pymysql.Error) as caught:
            call(joining, procedure, good)
        open_still, after = has_a_transaction(joining), seen_by(joining, school)

    assert caught.value.args == (1644, "injected")
    assert open_still
    assert {table for table in after if after[table] != before[table]} == RECORDED.get(procedure, set())
