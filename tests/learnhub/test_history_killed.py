"""archive_payments stopped at any moment, or run twice at once: no row is lost and none stands twice."""

from __future__ import annotations

import random
from threading import Timer
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


@pytest.mark.parametrize("kill", ["KILL QUERY", "KILL CONNECTION"])
def test_it_is_killed_at_many_moments_and_goes_on_where_it_was(old: School, kill: str) -> None:
    before, dice, cut = money(old), random.Random(20), 0
    assert before[0][0] == before[0][1] > CHARGES
    for day in range(CHARGES // 10):
        victim, killer = old.session(), old.session()
        timer = Timer(dice.uniform(0.005, 0.05), killer.run, (f"{kill} {victim.connection.thread_id()}",))
        timer.start()
        try:
            archive(victim, dice.choice([1, 2, 5]), old.value("SELECT DATE('2024-03-02') + INTERVAL %s DAY", day))
        except pymysql.Error:
            cut += 1
        timer.join()
        old.send_home()
        wait_until_gone(old, victim.connection.thread_id())
        assert money(old) == before
    assert cut > 3

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
