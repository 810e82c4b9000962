"""archive_payments stopped inside any statement, or run twice at once: no row is lost and none stands twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from time import sleep

import pymysql
import pytest

from school import School, Session

CHARGES = 400


@pytest.fixture
def old(school: School) -> School:
    """A school with old charges: a third given back, a third failed; each has its events."""
    course, student = school.course(100), school.user()
    rows = "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < %s) "
    school.run("SET SESSION cte_max_recursion_depth = 5000")
    school.run("INSERT INTO enrollments (student_id, course_id, status, enrolled_at) " + rows +
               "SELECT %s, %s, IF(n %% 3, 'expired', 'refunded'), DATE('2024-03-01') + INTERVAL n DIV 10 DAY FROM n", CHARGES, student, course)
    school.run("INSERT INTO payments (user_id, enrollment_id, amount, status, transaction_id, created_at)"
               " SELECT student_id, enrollment_id, 100, IF(status = 'refunded' OR enrollment_id % 3 = 1, 'completed',"
               " 'failed'), CONCAT('ch_', enrollment_id), enrolled_at FROM enrollments")
    school.run("INSERT INTO payment_events (payment_id, event_type) SELECT payment_id, event_type FROM payments"
               " JOIN (SELECT 'initiated' AS event_type UNION ALL SELECT 'completion_confirmed') types")
    given_back = school.run("SELECT payment_id FROM payments JOIN enrollments USING (enrollment_id)"
                            " WHERE enrollments.status = 'refunded' AND payments.status = 'completed'")
    for (payment,) in given_back:
        school.call("give_back", payment)
    return school


def archive(session: Session, batch: int, before: object = "2026-01-01") -> int:
    return session.call("archive_payments", before, batch, out=("p_moved",))["p_moved"]


def wait_until_gone(school: School, connection: int) -> None:
    """Until the server has undone what it was at: until then its rows are passed over."""
    while school.value("SELECT COUNT(*) FROM performance_schema.processlist WHERE id = %s", connection):
        sleep(0.01)


def money(school: School) -> tuple:
    """Every payment and event wherever it stands, counted and summed; with duplicates they would be more."""
    payments = "SELECT payment_id, amount FROM payments UNION ALL SELECT payment_id, amount FROM payments_history"
    events = "SELECT event_id FROM payment_events UNION ALL SELECT event_id FROM payment_events_history"
    return (
        school.run(f"SELECT COUNT(*), COUNT(DISTINCT payment_id), SUM(amount) FROM ({payments}) payment")[0],
        school.run(f"SELECT COUNT(*), COUNT(DISTINCT event_id) FROM ({events}) event")[0],
    )


@contextmanager
def asleep(school: School, table: str, event: str, payment: int) -> Iterator[Callable[[int], bool]]:
    """While open, who changes that payment's row of `table` falls asleep there; yields whether a connection has."""
    row = "NEW" if event == "INSERT" else "OLD"
    school.run(
        f"CREATE TRIGGER zz_asleep BEFORE {event} ON {table} FOR EACH ROW"
        f" BEGIN IF {row}.payment_id = {payment} THEN DO SLEEP(60); END IF; END"
    )
    state = "SELECT COUNT(*) FROM performance_schema.processlist WHERE id = %s AND state = 'User sleep'"
    yield lambda connection: school.value(state, connection) == 1
    school.run("DROP TRIGGER zz_asleep")


@pytest.mark.parametrize("kill", ["KILL QUERY", "KILL CONNECTION"])
@pytest.mark.parametrize(
    ("table", "event"),
    [
        ("payments_history", "INSERT"),
        ("payment_events_history", "INSERT"),
        ("payment_events", "DELETE"),
        ("payments", "DELETE"),
    ],
)
def test_it_is_killed_inside_a_statement_and_goes_on_where_it_was(old: School, table: str, event: str, kill: str) -> None:
    before, victim = money(old), old.session()
    assert before[0][0] == before[0][1] > CHARGES
    number = victim.connection.thread_id()
    charge = old.value("SELECT MIN(payment_id) + %s FROM payments WHERE kind = 'charge'", CHARGES // 2)

    with asleep(old, table, event, charge) as fell_asleep, ThreadPoolExecutor(1) as pool:
        result = pool.submit(archive, victim, 5)
        while not fell_asleep(number):
            assert not result.done(), result.exception() or result.result()
            sleep(0.01)
        old.run(f"{kill} {number}")
        assert isinstance(result.exception(), pymysql.Error)
        old.send_home()
        wait_until_gone(old, number)

    assert money(old) == before
    assert 0 < old.count("payments_history") < CHARGES
    assert old.count("payments_history", f"payment_id = {charge}") == 0

    archive(old, 50)
    assert money(old) == before
    assert old.count("payments") == 0


def test_four_runs_at_once_move_each_charge_once(old: School) -> None:
    before = money(old)
    results = old.at_once([lambda session: archive(session, 3)] * 4)
    assert sum(results) == CHARGES
    assert money(old) == before
    assert old.count("payments") == 0


def test_a_batch_that_fails_half_way_leaves_everything_where_it_was(old: School) -> None:
    everything = old.everything()
    with old.failing("payments", "DELETE", when="OLD.kind = 'charge'"), pytest.raises(pymysql.Error) as error:
        archive(old, 50)
    assert error.value.args == (1644, "injected")
    assert old.everything() == everything
