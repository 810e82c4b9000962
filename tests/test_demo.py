"""The demo seed, and the calls that `make up` ends with."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from grants import revoke_all
from learnhub_db import deployment, invariants
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project
from learnhub_db.seeding import planting, seeds

ROOT = Path(__file__).parent.parent
Ask = Callable[[str], list[tuple]]


@pytest.fixture
def demo(empty_database: Target) -> Iterator[Target]:
    """The database as `apply` and `seed demo` leave it, its counters folded."""
    deployment.apply(Project(ROOT), empty_database)
    plant(empty_database)
    with connect(empty_database) as connection, connection.cursor() as cursor:
        rows(connection, "CALL fold_counters()")
        yield empty_database
        revoke_all(cursor, empty_database.database)


@pytest.fixture
def ask(demo: Target, sql: Ask) -> Ask:
    """Run one statement on the demo and return its rows."""
    return sql


def plant(target: Target) -> planting.Planted:
    with connect(target) as connection:
        return planting.plant(connection, seeds.read(Project(ROOT), "demo", target.database), lambda act: None)


def tour(target: Target) -> list[str]:
    """The answers that the tour prints."""
    environment = os.environ | {"LEARNHUB_DB_URL": target.url, "LEARNHUB": f"{sys.executable} -m learnhub_db"}
    script = ["sh", "sql/seeds/demo/tour.sh"]
    ran = subprocess.run(script, cwd=ROOT, env=environment, text=True, capture_output=True, check=True)
    return re.findall(r"^p_(?:status|result) = (.*)$", ran.stdout, re.MULTILINE)


def calls_in_the_seed(procedure: str) -> int:
    text = "".join(file.text for file in Project(ROOT).seed("demo"))
    return len(re.findall(rf"^CALL {procedure}\(", text, re.MULTILINE))


def test_the_demo_is_a_small_school(ask: Ask) -> None:
    people = {"student": 40, "instructor": 5, "admin": 1}
    assert dict(ask("SELECT user_type, COUNT(*) FROM users GROUP BY user_type")) == people
    courses = {"active": 10, "draft": 1, "archived": 1}
    assert dict(ask("SELECT status, COUNT(*) FROM courses GROUP BY status")) == courses
    lessons = "SELECT MIN(n), MAX(n) FROM (SELECT COUNT(*) AS n FROM lessons GROUP BY course_id) course"
    assert ask(lessons) == [(4, 8)]
    assert ask("SELECT seats_taken, max_students FROM course_seats JOIN courses USING (course_id)") == [(7, 8)]


def test_every_sale_and_refund_of_the_demo_succeeded(ask: Ask) -> None:
    purchases = calls_in_the_seed("process_course_purchase")
    free, sales = calls_in_the_seed("enroll_student"), calls_in_the_seed("enroll_in_flash_sale")
    sold = "operation = 'process_course_purchase' AND outcome->>'$.status' = 'SUCCESS'"
    assert ask(f"SELECT COUNT(*) FROM receipts WHERE {sold}") == [(purchases,)]
    ((ordered,),) = ask("SELECT COUNT(*) FROM order_items JOIN orders USING (order_id) WHERE status = 'confirmed'")
    assert ordered == 2
    assert ask("SELECT COUNT(*) FROM enrollments") == [(purchases + free + sales + ordered,)]
    refunds = calls_in_the_seed("process_refund")
    assert ask("SELECT COUNT(*) FROM enrollments WHERE status = 'refunded'") == [(refunds,)]


def test_planting_the_demo_again_changes_nothing(demo: Target, ask: Ask) -> None:
    before = ask("CHECKSUM TABLE users, courses, enrollments, payments, reviews, subscriptions")
    planted = plant(demo)
    assert (planted.applied, len(planted.skipped)) == ([], 14)
    assert ask("CHECKSUM TABLE users, courses, enrollments, payments, reviews, subscriptions") == before


def test_every_view_shows_something_and_no_counter_drifts(ask: Ask) -> None:
    views = [name for (name,) in ask("SELECT table_name FROM information_schema.views WHERE table_schema = DATABASE()")]
    shown = {name for name in views if ask(f"SELECT 1 FROM {name} LIMIT 1")}
    assert set(views) - shown == {"v_counter_drift", "instructor_enrollments"}  # the latter: see the next test


def test_every_invariant_holds_of_the_demo(demo: Target) -> None:
    with connect(demo) as connection:
        findings = list(invariants.check(connection, invariants.read(Project(ROOT))))
    assert len(findings) > 10
    assert [finding for finding in findings if not finding.holds] == []


def test_an_instructor_of_the_demo_sees_her_own_students(demo: Target, ask: Ask) -> None:
    name = f"ines{secrets.token_hex(4)}"
    ask(f"UPDATE instructor_accounts SET account = '{name}@%' WHERE account = 'ines@%'")
    ask(f"CREATE USER {name}@'%' IDENTIFIED BY 'of the demo' DEFAULT ROLE learnhub_instructor")
    try:
        with connect(replace(demo, user=name, password="of the demo")) as ines:
            assert rows(ines, "SELECT DISTINCT instructor_id, course_id FROM instructor_enrollments ORDER BY 2") == [
                (1001, 101),
                (1001, 102),
                (1001, 103),
            ]
    finally:
        ask(f"DROP USER {name}@'%'")


def test_nothing_in_the_demo_happens_before_it_can(ask: Ask) -> None:
    assert ask("SELECT * FROM enrollments WHERE enrolled_at > UTC_TIMESTAMP(6) OR completed_at < enrolled_at") == []
    assert ask("SELECT * FROM lesson_progress WHERE completed_at > UTC_TIMESTAMP(6)") == []
    assert ask("SELECT * FROM payments WHERE processed_at > UTC_TIMESTAMP(6)") == []
    assert ask("SELECT * FROM users JOIN enrollments ON student_id = user_id WHERE enrolled_at < users.created_at") == []
    too_early = """
        SELECT * FROM enrollments later
          JOIN course_prerequisites USING (course_id)
          JOIN enrollments earlier
            ON earlier.student_id = later.student_id AND earlier.course_id = prerequisite_course_id
         WHERE earlier.completed_at > later.enrolled_at"""
    assert ask(too_early) == []
    (spread,) = ask("SELECT MAX(enrolled_at), MIN(enrolled_at) FROM enrollments")
    assert spread[0] - spread[1] > timedelta(days=120)


def test_the_demo_has_subscriptions_in_every_state_and_some_are_due(ask: Ask) -> None:
    states = {"active": 13, "past_due": 1, "cancelled": 1, "expired": 1}
    assert dict(ask("SELECT status, COUNT(*) FROM subscriptions GROUP BY status")) == states
    ask("CALL renew_due_subscriptions(UTC_DATE(), @renewed, @failed)")
    assert ask("SELECT @renewed, @failed") == [(6, 0)]  # one was two periods late
    assert ask("SELECT COUNT(*) FROM subscriptions WHERE status = 'past_due' OR user_id = 1022 AND status = 'active'") == [
        (0,)
    ]


def test_the_demo_shows_fraud_alerts_and_the_revenue_of_the_last_days(ask: Ask) -> None:
    assert ask("SELECT user_id, rule_id, status FROM fraud_alerts ORDER BY 1, 2") == [
        (1033, 2, "pending"),
        (1033, 3, "pending"),
        (1047, 2, "false_positive"),
    ]
    days, revenue, refunds = ask("SELECT COUNT(*), SUM(total_revenue), SUM(refund_amount) FROM daily_revenue_summary")[0]
    assert days == 8
    assert revenue > 1000
    assert refunds == Decimal("69.00")


def test_the_demo_has_a_catalog_certificates_and_wishes(ask: Ask) -> None:
    assert ask("SELECT path, depth FROM categories WHERE category_id IN (206, 210) ORDER BY 1") == [
        ("/data/analysis/statistics/", 2),
        ("/data/pipelines/", 1),
    ]
    assert ask("SELECT course_id FROM courses LEFT JOIN course_categories USING (course_id) WHERE category_id IS NULL") == []
    assert [row[1] for row in ask("CALL search_courses('sql query', 201, NULL, NULL, NULL, 2)")] != []
    assert ask("SELECT price_before, price_after FROM price_history ORDER BY change_id") == [
        (Decimal("549.00"), Decimal("599.00")),
        (Decimal("599.00"), Decimal("549.00")),
    ]
    completed = ask("SELECT COUNT(*) FROM enrollments WHERE status = 'completed'")
    assert ask("SELECT COUNT(*) FROM certificates WHERE revoked_at IS NULL") == completed != [(0,)]
    assert ask("SELECT COUNT(*) FROM wishlist_items") == [(7,)]


def test_the_demo_has_an_access_that_ended_and_somebody_forgotten(ask: Ask) -> None:
    ask("CALL expire_access(@expired)")
    assert ask("SELECT @expired") == [(1,)]
    assert ask("SELECT user_id FROM erasure_log") == [(1041,)]
    assert ask("SELECT name FROM users WHERE user_id = 1041") == [("deleted_1041@deleted.com",)]


def test_the_demo_pays_its_instructors_and_its_facts_are_its_revenue(ask: Ask) -> None:
    ((batches, paid, open_items),) = ask(
        "SELECT COUNT(*), SUM(amount), (SELECT COUNT(*) FROM payout_items WHERE payout_id IS NULL) FROM payouts"
    )
    assert batches == 10  # five instructors, up to sixty and up to thirty days ago
    assert paid > 1500
    later = "SELECT COUNT(*) FROM payout_items WHERE DATE(occurred_at) > (SELECT MAX(period_end) FROM payouts)"
    assert ask(later) == [(open_items,)]
    assert open_items > 30
    revenue = "SELECT SUM(total_revenue), SUM(refund_amount) FROM daily_revenue_summary"
    facts = "SELECT SUM(IF(amount > 0, amount, 0)), SUM(IF(amount < 0, -amount, 0)) FROM fact_sales"
    assert ask(facts) == ask(revenue)


def test_the_tour_buys_refunds_and_takes_a_seat_once(demo: Target, ask: Ask) -> None:
    assert tour(demo) == ["SUCCESS", "SUCCESS", "SUCCESS: Refunded $59.00", "SUCCESS"]
    money = ask("SELECT COUNT(*), SUM(amount) FROM payments WHERE user_id = 1012")
    assert money == [(4, Decimal("58.00"))]
    assert tour(demo) == ["SUCCESS", "SUCCESS", "ERROR: Already refunded", "ALREADY_ENROLLED"]
    assert ask("SELECT COUNT(*), SUM(amount) FROM payments WHERE user_id = 1012") == money
