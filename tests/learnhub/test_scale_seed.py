"""The seed `scale`, at a tiny size: the same rows for a seed number, whole, and as a school that grew."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from pymysql.connections import Connection

from grants import revoke_all
from learnhub_db import deployment, invariants
from learnhub_db.database import Target, connect, identifier, rows
from learnhub_db.errors import UsageError
from learnhub_db.project import Project
from learnhub_db.seeding import planting, seeds
from learnhub_db.seeding.planting import Planted, Step
from learnhub_db.seeding.seeds import SeedFile

ROOT = Path(__file__).parent.parent.parent
TINY = ("enrollments=1200", "users=400", "courses=50")
MOST_ROWS = 50_000
WRITTEN = """
    SELECT SUM(count_write) FROM performance_schema.table_io_waits_summary_by_table WHERE object_schema = DATABASE()
"""
# What the server draws at random, counts on after a rollback, or stamps with the present.
BY_MIGRATIONS = ("fraud_detection_rules", "payout_rates", "policies", "subscription_plans")
NOT_GIVEN = {"code", "certificate_id", "payout_id", "updated_at", "changed_at", "order_events.event_id",
             "order_events.created_at", "payouts.created_at", "categories.created_at"}  # fmt: skip


@contextmanager
def built(server: Target) -> Iterator[Target]:
    """A database as `apply` builds it, its events off."""
    target = server.named(f"scale{secrets.token_hex(4)}")
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")
        try:
            deployment.apply(Project(ROOT), target)
            connection.select_db(target.database)
            events = "SELECT event_name, definer FROM information_schema.events WHERE event_schema = DATABASE()"
            for event, owner in rows(connection, events):
                cursor.execute(f"ALTER DEFINER = {owner} EVENT {identifier(event)} DISABLE")
            yield target
        finally:
            cursor.execute(f"DROP DATABASE {target.database}")
            revoke_all(cursor, target.database)


def plant(target: Target, *settings: str, watch: planting.Watch = lambda step: None) -> Planted:
    seed = seeds.read(Project(ROOT), "scale", target.database, None, TINY + settings)
    with connect(target) as connection:
        return planting.plant(connection, seed, lambda act: None, watch)


@dataclass
class Sizes:
    """Rows that a slice of each file would write if it were full, triggers' rows included, by what slices do write."""

    connection: Connection
    files: dict[str, SeedFile]
    written: int = 0
    full: dict[str, float] = field(default_factory=dict)

    def watch(self, step: Step) -> None:
        before, file = self.written, self.files[step.path]
        self.count()
        if not file.commits:
            numbers = (step.last - 1) % file.slices.size + 1
            estimate = (self.written - before) * file.slices.size / numbers
            self.full[file.name] = max(self.full.get(file.name, 0), estimate)

    def count(self) -> None:
        """Rows written to any table of the database so far, as the server's statistics tell."""
        self.written = int(rows(self.connection, WRITTEN)[0][0])


@pytest.fixture(scope="module")
def school(server: Target) -> Iterator[tuple[Target, Sizes]]:
    with built(server) as target, connect(target) as connection:
        files = seeds.read(Project(ROOT), "scale", target.database, None, TINY).files
        sizes = Sizes(connection, {file.path: file for file in files})
        sizes.count()
        plant(target, watch=sizes.watch)
        yield target, sizes


@pytest.fixture
def planted(school: tuple[Target, Sizes]) -> Target:
    return school[0]


@pytest.fixture
def ask(planted: Target) -> Iterator[Connection]:
    """Run one query on the planted database."""
    with connect(planted) as connection:
        yield lambda query: rows(connection, query)


def contents(target: Target) -> dict[str, list[tuple]]:
    """The rows of every table, without what no seed number decides."""
    columns = (
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        " AND table_name NOT LIKE '\\_%' ORDER BY table_name, ordinal_position"
    )
    with connect(target) as connection:
        given: dict[str, list[str]] = {}
        for table, column in rows(connection, columns):
            if table not in BY_MIGRATIONS and not {column, f"{table}.{column}"} & NOT_GIVEN:
                given.setdefault(table, []).append(identifier(column))
        return {
            table: sorted(rows(connection, f"SELECT {', '.join(names)} FROM {table}"), key=repr)
            for table, names in given.items()
        }


def kill_when(target: Target, condition: str) -> None:
    """Plant in a process of its own, and kill -9 it as soon as the query `condition` has a row."""
    settings = [word for setting in TINY for word in ("--set", setting)]
    command = [sys.executable, "-m", "learnhub_db", "--project", str(ROOT), "seed", "scale", *settings]
    process = subprocess.Popen(command, env=os.environ | {"LEARNHUB_DB_URL": target.url}, stdout=subprocess.DEVNULL)
    with connect(target) as connection:
        while not (rows(connection, "SHOW TABLES LIKE '\\_learnhub\\_seed\\_slices'") and rows(connection, condition)):
            assert process.poll() is None
            time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=20)


def test_a_run_killed_twice_ends_with_the_same_rows_as_one_that_was_not(planted, server):
    with built(server) as target:
        kill_when(target, "SELECT 1 FROM _learnhub_seeds WHERE file LIKE '31-%'")
        kill_when(target, "SELECT 1 FROM _learnhub_seed_slices WHERE file LIKE '51-%' AND done > 3")
        assert plant(target).skipped != []
        ours, theirs = contents(target), contents(planted)
        assert [table for table in theirs if ours[table] != theirs[table]] == []


def test_another_seed_number_gives_another_school_of_the_same_size(planted, server):
    with built(server) as target:
        plant(target, "number=2")
        ours, theirs = contents(target), contents(planted)
        same = {table for table in theirs if theirs[table] and ours[table] == theirs[table]}
        assert same & {"users", "courses", "enrollments", "payments", "reviews", "lesson_progress", "orders"} == set()
        assert [len(ours[table]) for table in ("users", "courses", "enrollments")] == [400, 50, 1200]


def test_every_invariant_holds_and_the_counters_are_folded(planted):
    with connect(planted) as connection:
        findings = list(invariants.check(connection, invariants.read(Project(ROOT))))
        assert [finding for finding in findings if not finding.holds] == []
        assert rows(connection, "SELECT * FROM v_counter_drift") == []
        assert rows(connection, "SELECT COUNT(*) FROM course_deltas") == [(0,)]
        assert rows(connection, "SELECT SUM(total_enrollments) FROM courses") == [(1200,)]


def test_an_enrollment_comes_with_all_that_belongs_to_it(ask):
    for table in (
        "course_access", "payments", "payment_events", "payment_keys", "receipts", "lesson_progress",
        "section_progress", "reviews", "certificates", "quiz_attempts", "orders", "order_items", "order_events",
        "promotion_uses", "payout_items", "payouts", "subscriptions", "subscription_payments", "wishlist_items",
        "course_seats", "daily_revenue_summary",
    ):  # fmt: skip
        assert ask(f"SELECT COUNT(*) > 0 FROM {table}") == [(1,)], table
    assert ask("SELECT DISTINCT status FROM enrollments ORDER BY status + 0") == [
        ("active",), ("completed",), ("refunded",), ("expired",)
    ]  # fmt: skip
    unpaid = (
        "SELECT COUNT(*) FROM enrollments JOIN courses USING (course_id) LEFT JOIN payments USING (enrollment_id)"
        " WHERE price > 0 AND payment_id IS NULL"
    )
    assert ask(unpaid) == [(0,)]
    assert ask("SELECT COUNT(*) > 5 FROM payments WHERE kind = 'refund'") == [(1,)]


def test_percentages_are_those_of_the_lessons_done(ask):
    wrong = """
        SELECT enrollment_id FROM enrollments
          JOIN (SELECT course_id, COUNT(*) AS lessons FROM lessons GROUP BY course_id) course USING (course_id)
          LEFT JOIN (SELECT student_id, course_id, SUM(completed) AS done
                       FROM lesson_progress JOIN lessons USING (lesson_id) GROUP BY student_id, course_id) progress
            USING (student_id, course_id)
         WHERE progress_percentage <> ROUND(100 * COALESCE(done, 0) / lessons, 2)
    """
    assert ask(wrong) == []


def test_it_lies_in_three_years_and_in_the_order_of_causes(ask):
    assert ask("SELECT MIN(enrolled_at) >= '2023-01-02', MAX(enrolled_at) < '2026-01-01' FROM enrollments") == [(1, 1)]
    early = (
        "SELECT COUNT(*) FROM enrollments JOIN users ON user_id = student_id JOIN courses USING (course_id)"
        " WHERE enrolled_at < users.created_at OR enrolled_at < courses.created_at"
    )
    assert ask(early) == [(0,)]
    for column in ("reviews.created_at", "lesson_progress.completed_at", "payments.processed_at", "users.deleted_at"):
        assert ask(f"SELECT MAX({column}) < '2026-01-01' FROM {column.partition('.')[0]}") == [(1,)], column
    years = ask("SELECT YEAR(enrolled_at) AS year, COUNT(*) AS sold FROM enrollments GROUP BY year ORDER BY sold")
    assert [year for year, _ in years] == [2023, 2024, 2025]


def test_few_courses_are_popular_and_ratings_lean_to_the_top(ask):
    sold = [count for (count,) in ask("SELECT total_enrollments FROM courses WHERE status = 'active' ORDER BY 1 DESC")]
    assert sum(sold[: len(sold) // 5]) > 1.4 * sum(sold) / 5
    bought = [count for (count,) in ask("SELECT COUNT(*) FROM enrollments GROUP BY student_id ORDER BY 1 DESC")]
    assert bought[0] >= 8 and bought[-1] <= 2
    ratings = dict(ask("SELECT rating, COUNT(*) FROM reviews GROUP BY rating"))
    assert ratings[4] + ratings[5] > 2 * sum(ratings.get(rating, 0) for rating in (1, 2, 3))


def test_a_sale_repeated_with_its_transaction_returns_its_enrollment(planted, ask):
    ((user_id, course_id, method, transaction_id, enrollment_id),) = ask(
        "SELECT user_id, enrollments.course_id, payment_method, transaction_id, enrollment_id FROM payments"
        " JOIN enrollments USING (enrollment_id) WHERE order_id IS NULL AND payments.status = 'completed' LIMIT 1"
    )
    with connect(planted) as connection:
        arguments = (user_id, course_id, method, transaction_id)
        rows(connection, "CALL process_course_purchase(%s, %s, %s, %s, @enrollment_id, @status)", arguments)
        assert rows(connection, "SELECT @status, @enrollment_id") == [("SUCCESS", enrollment_id)]


def test_no_transaction_writes_more_than_50000_rows_at_its_full_size(school):
    full = school[1].full
    assert {name: most for name, most in full.items() if most > MOST_ROWS} == {}
    assert max(full.values()) > MOST_ROWS / 2


@pytest.mark.parametrize("size, enrollments", [("s", 10_000), ("m", 100_000), ("l", 1_000_000), ("xl", 10_000_000)])
def test_each_size_is_known_and_can_be_rendered(size, enrollments):
    seed = seeds.read(Project(ROOT), "scale", "learnhub", size)
    assert seed.parameters["enrollments"] == enrollments
    for file in seed.files:
        assert file.part(len(file.slices) - 1).statements


def test_too_few_users_are_told_before_anything_runs():
    with pytest.raises(UsageError, match=r"too few users: 1200 enrollments need 68\) \(sql/seeds/scale/shapes.j2:"):
        seeds.read(Project(ROOT), "scale", "learnhub", None, ("enrollments=1200", "users=40", "courses=50"))
