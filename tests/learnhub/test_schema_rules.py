"""What holds for every table: comments, keys, who may refer to what, what a row must bring, UTC."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest

from school import School

pytestmark = [
    pytest.mark.usefixtures("ids_from_one"),
    pytest.mark.breaks(
        "a_receipt_has_its_outcome",
        "an_order_uses_its_promotion",
        "an_order_went_only_ways_that_are_allowed",
        "what_is_pending_holds_its_seats",
    ),
]

OURS = "table_schema = DATABASE() AND table_name NOT LIKE '\\\\_%'"
BASE = f"SELECT table_name FROM information_schema.tables WHERE {OURS} AND table_type = 'BASE TABLE'"
TABLES = f"{OURS} AND table_name IN ({BASE})"
COLUMNS = f"SELECT table_name, column_name FROM information_schema.columns WHERE {TABLES}"

# A row of each table with the columns that it must bring, and no other. Ids name the row made before it.
MINIMAL = {
    "users": {"name": "Ann", "email": "ann@example.org"},
    "instructor_accounts": {"account": "ann@%", "user_id": 1},
    "erasure_log": {"user_id": 1},
    "policies": {"name": "a_new_policy"},
    "error_catalogue": {"errno": 32000, "name": "NEW", "message": "what", "mend": "the mend"},
    "mutexes": {"name": "a_new_mutex"},
    "courses": {"instructor_id": 1, "title": "SQL", "price": 0},
    "course_deltas": {"course_id": 1},
    "course_tags": {"course_id": 1, "tag": "sql"},
    "categories": {"name": "Data"},
    "course_categories": {"course_id": 1, "category_id": 1},
    "wishlist_items": {"student_id": 1, "course_id": 1},
    "course_prerequisites": {"course_id": 1, "prerequisite_course_id": 2},
    "lessons": {"course_id": 1, "title": "Tables"},
    "lesson_sections": {"lesson_id": 1, "title": "Rows"},
    "quizzes": {"lesson_id": 1, "title": "Quiz"},
    "quiz_attempts": {"student_id": 1, "quiz_id": 1, "score": 0},
    "reviews": {"student_id": 1, "course_id": 1, "rating": 5},
    "archived_courses": {"course_id": 1},
    "flash_sales": {
        "course_id": 1,
        "max_seats": 1,
        "discount_price": 0,
        "start_time": "2026-01-01",
        "end_time": "2026-01-02",
    },
    "enrollments": {"student_id": 1, "course_id": 1},
    "course_access": {"student_id": 1, "course_id": 1},
    "lesson_progress": {"student_id": 1, "lesson_id": 1},
    "section_progress": {"student_id": 1, "section_id": 1},
    "subscription_plans": {"plan_type": "monthly", "price": 1},
    "subscriptions": {
        "user_id": 1,
        "plan_type": "annual",
        "start_date": "2026-01-01",
        "current_period_end": "2027-01-01",
        "next_billing_date": "2027-01-01",
    },
    "subscription_payments": {
        "subscription_id": 1,
        "amount": 29,
        "billing_period_start": "2026-01-01",
        "billing_period_end": "2026-02-01",
    },
    "payments": {"user_id": 1, "amount": 1},
    "payment_events": {"payment_id": 1},
    "carts": {"user_id": 1},
    "cart_items": {"cart_id": 1, "course_id": 1},
    "promotions": {"code": "SPRING", "amount": 10},
    "orders": {"user_id": 1},
    "order_items": {"order_id": 1, "course_id": 1, "unit_price": 0},
    "order_events": {"order_id": 1},
    "promotion_uses": {"promotion_id": 1, "order_id": 1, "user_id": 1},
    "receipts": {"operation": "test", "receipt_key": "a"},
    "fraud_detection_rules": {"rule_name": "new"},
    "fraud_alerts": {"user_id": 1, "rule_id": 1},
    "daily_revenue_summary": {"summary_date": "2026-01-01"},
    "payments_history": {"payment_id": 99, "charged_at": "2026-01-01", "user_id": 1, "amount": 1},
    "payment_events_history": {"event_id": 99, "charged_at": "2026-01-01", "payment_id": 99},
    "payout_rates": {},
    "dim_date": {"date_key": "2026-01-01"},
    "dim_course": {"course_id": 1, "title": "SQL"},
    "dim_user": {"user_id": 1},
    "fact_sales": {"payment_id": 1, "date_key": "2026-01-01", "user_id": 1, "amount": 1},
    "payouts": {"instructor_id": 1, "amount": 0},
}
KEPT_BY_PROGRAMS = {
    "certificates",
    "course_seats",
    "flash_sale_stock",
    "flash_sale_terms",
    "payment_clocks",
    "payment_keys",
    "payments_to_check",
    "payout_items",
    "price_history",
    "seat_holds",
}
STAMPED = (
    "users",
    "policies",
    "courses",
    "categories",
    "lessons",
    "subscription_plans",
    "fraud_detection_rules",
    "flash_sales",
    "promotions",
)
PERSONAL = {
    ("users", "name"),
    ("users", "email"),
    ("users", "password_hash"),
    ("users", "deletion_reason"),
    ("reviews", "comment"),
    ("payments", "payment_method_token"),
    ("payments", "reason"),
    ("orders", "failure_reason"),
    ("payments_history", "payment_method_token"),
    ("payments_history", "reason"),
}


@pytest.fixture
def filled(school: School) -> Iterator[School]:
    """A school with one minimal row in every table."""
    for table, row in MINIMAL.items():
        if table == "course_prerequisites":
            school.insert("courses", **MINIMAL["courses"])
        if table == "subscription_plans":
            school.run("DELETE FROM subscription_plans WHERE plan_type = 'monthly'")
        school.insert(table, **row)
    yield school


def test_every_table_and_column_says_what_it_is(school: School) -> None:
    silent = school.run(
        f"SELECT table_name, '' FROM information_schema.tables WHERE {OURS} AND table_type = 'BASE TABLE'"
        " AND table_comment = ''"
        f" UNION ALL {COLUMNS} AND column_comment = ''"
    )
    assert silent == []


def test_personal_columns_are_marked_and_no_others(school: School) -> None:
    marked = school.run(
        f"{COLUMNS} AND column_comment LIKE '%(personal)'"
    )
    assert set(marked) == PERSONAL


def test_every_table_has_a_primary_key_and_is_innodb_in_utf8mb4(school: School) -> None:
    tables = school.run(
        "SELECT t.table_name, t.engine, t.table_collation, COUNT(k.constraint_name) FROM information_schema.tables t"
        " LEFT JOIN information_schema.table_constraints k ON k.table_schema = t.table_schema"
        "   AND k.table_name = t.table_name AND k.constraint_type = 'PRIMARY KEY'"
        " WHERE t.table_schema = DATABASE() AND t.table_name NOT LIKE '\\\\_%' AND t.table_type = 'BASE TABLE'"
        " GROUP BY 1, 2, 3"
    )
    assert {row[0] for row in tables} == set(MINIMAL) | KEPT_BY_PROGRAMS
    assert {row[1:] for row in tables} == {("InnoDB", "utf8mb4_0900_ai_ci", 1)}


def test_no_foreign_key_cascades(school: School) -> None:
    rules = school.run(
        "SELECT constraint_name, update_rule, delete_rule FROM information_schema.referential_constraints"
        " WHERE constraint_schema = DATABASE()"
    )
    assert len(rules) > 30
    assert [row for row in rules if not {row[1], row[2]} <= {"NO ACTION", "RESTRICT"}] == []


def test_a_row_must_bring_only_what_is_listed(filled: School) -> None:
    assert all(filled.count(table) > 0 for table in MINIMAL)
    required = filled.run(
        f"SELECT table_name, column_name FROM information_schema.columns WHERE {TABLES} AND is_nullable = 'NO'"
        " AND column_default IS NULL AND extra NOT LIKE '%auto_increment%' AND generation_expression = ''"
    )
    assert {row for row in required if row[0] not in KEPT_BY_PROGRAMS} == {
        (table, column) for table, row in MINIMAL.items() for column in row
    }


def test_every_time_that_the_database_stamps_is_utc_also_in_another_time_zone(school: School) -> None:
    school.run("SET time_zone = '+13:00'")
    school.insert("users", name="Ann", email="ann@example.org")
    for table, row in MINIMAL.items():
        if table not in ("users", "course_prerequisites", "subscription_plans"):
            school.insert(table, **row)
    stamped = school.run(
        f"SELECT table_name, column_name FROM information_schema.columns WHERE {TABLES} AND data_type = 'datetime'"
        " AND column_default IS NOT NULL"
    )
    assert len(stamped) > 30
    late = [
        (table, column)
        for table, column in stamped
        if table in MINIMAL and school.count(table, f"ABS(TIMESTAMPDIFF(SECOND, {column}, UTC_TIMESTAMP())) > 3000")
    ]
    assert late == []


def test_every_point_in_time_is_a_datetime_with_microseconds(school: School) -> None:
    kinds = school.run(
        f"SELECT DISTINCT column_type FROM information_schema.columns WHERE {TABLES}"
        " AND data_type IN ('datetime', 'timestamp', 'time')"
    )
    assert kinds == [("datetime(6)",)]


@pytest.mark.parametrize("table", STAMPED)
def test_who_changed_a_row_and_when_is_stamped_by_trigger(filled: School, table: str) -> None:
    stamp = "updated_at" if table == "users" else "updated_at, updated_by"
    change = {
        "users": "name",
        "policies": "value",
        "courses": "title",
        "categories": "name",
        "lessons": "title",
        "subscription_plans": "price",
        "fraud_detection_rules": "rule_name",
        "flash_sales": "discount_price",
        "promotions": "amount",
    }[table]
    filled.run("SET time_zone = '+13:00'")
    filled.run(f"UPDATE {table} SET {change} = '77', updated_at = '2020-01-01'")

    row = filled.rows(f"SELECT {stamp}, TIMESTAMPDIFF(SECOND, updated_at, UTC_TIMESTAMP()) AS age FROM {table}")[0]
    assert 0 <= row["age"] < 60
    assert row.get("updated_by", filled.value("SELECT USER()")) == filled.value("SELECT USER()")


def test_money_is_decimal_and_nothing_is_a_float(school: School) -> None:
    assert school.run(
        f"{COLUMNS} AND data_type IN ('float', 'double')"
    ) == []
    money = school.run(
        f"SELECT DISTINCT data_type, numeric_scale FROM information_schema.columns WHERE {TABLES}"
        " AND (column_name LIKE '%price' OR column_name LIKE '%amount' OR column_name LIKE '%revenue')"
    )
    assert money == [("decimal", 2)]


def test_ids_from_outside_differ_by_case_and_emails_do_not(filled: School) -> None:
    filled.insert("payments", user_id=1, amount=1, transaction_id="ch_3AbC", idempotency_key="key")
    filled.insert("payments", user_id=1, amount=1, transaction_id="ch_3aBc", idempotency_key="KEY")
    filled.insert("receipts", operation="test", receipt_key="A")
    with pytest.raises(pymysql.IntegrityError) as caught:
        filled.insert("users", name="Ann", email="ANN@Example.org")
    assert "one_account_per_email" in caught.value.args[1]
    filled.insert("users", name="Änn", email="änn@example.org")

    collations = filled.run(
        f"SELECT DISTINCT collation_name FROM information_schema.columns WHERE {TABLES}"
        " AND column_name IN ('transaction_id', 'idempotency_key', 'receipt_key', 'payment_method_token', 'currency')"
    )
    assert collations == [("ascii_bin",)]


@pytest.mark.parametrize("change", ["UPDATE payment_events SET event_type = 'failed'", "DELETE FROM payment_events"])
def test_payment_events_are_append_only_for_everyone(filled: School, change: str) -> None:
    before = filled.run("SELECT * FROM payment_events")
    with pytest.raises(pymysql.Error) as caught:
        filled.run(change)

    assert caught.value.args == (30022, "payment_events is append-only: add a new row instead")
    assert filled.run("SELECT * FROM payment_events") == before


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE courses SET price = -0.01", "a_price_is_not_negative"),
        ("UPDATE courses SET max_students = 0", "a_seat_limit_is_above_zero"),
        ("UPDATE reviews SET rating = 0", "a_rating_is_one_to_five"),
        ("UPDATE reviews SET rating = 6", "a_rating_is_one_to_five"),
        ("UPDATE quiz_attempts SET score = -1", "a_score_is_not_negative"),
        ("UPDATE enrollments SET progress_percentage = 100.01", "progress_is_a_percentage"),
        ("UPDATE enrollments SET progress_percentage = -1", "progress_is_a_percentage"),
        ("UPDATE flash_sales SET max_seats = 0", "a_sale_has_seats"),
        ("UPDATE flash_sales SET discount_price = -1", "a_sale_price_is_not_negative"),
        ("UPDATE flash_sales SET end_time = start_time", "a_sale_ends_after_it_starts"),
        ("UPDATE subscription_payments SET amount = 0", "a_subscription_payment_is_above_zero"),
        ("UPDATE subscription_plans SET price = 0", "a_plan_costs_something"),
        ("UPDATE promotions SET amount = 0", "a_promotion_gives_something"),
        ("UPDATE promotions SET amount = 100.01", "a_percentage_is_at_most_all"),
        ("UPDATE promotions SET min_purchase = -1", "a_minimum_is_not_negative"),
        ("UPDATE promotions SET code = 'WHAT?'", "a_code_has_no_question_mark"),
        ("UPDATE promotions SET valid_from = '2026-01-02', valid_until = '2026-01-01'", "a_promotion_ends_after_it_starts"),
        ("UPDATE promotions SET course_id = 1, category_id = 1", "a_promotion_is_of_a_course_or_a_category"),
        ("INSERT INTO orders (user_id, total) VALUES (1, 1)", "a_total_adds_up"),
        ("INSERT INTO orders (user_id, discount_amount, total) VALUES (1, 1, -1)", "a_discount_is_at_most_the_subtotal"),
        ("INSERT INTO orders (user_id, tax_amount, total) VALUES (1, -1, -1)", "a_tax_is_not_negative"),
        ("INSERT INTO seat_holds (student_id, course_id) VALUES (1, 1)", "a_hold_is_of_a_payment_or_an_order"),
        (
            "INSERT INTO seat_holds (student_id, course_id, payment_id, order_id) VALUES (1, 1, 1, 1)",
            "a_hold_is_of_a_payment_or_an_order",
        ),
        ("INSERT INTO error_catalogue VALUES (29999, 'X', 'x', 'x')", "an_errno_fits_every_driver"),
    ],
)
def test_a_row_that_cannot_be_true_is_refused(filled: School, statement: str, rule: str) -> None:
    with pytest.raises(pymysql.Error) as caught:
        filled.run(statement)

    assert caught.value.args == (3819, f"Check constraint '{rule}' is violated.")
