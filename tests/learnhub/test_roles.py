"""What each role may do and what not, tried by real accounts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from accounts import Account, account, calls, tables, views
from school import School

PUBLIC = {
    "process_course_purchase",
    "begin_purchase",
    "complete_purchase",
    "fail_purchase",
    "place_order",
    "confirm_order",
    "fail_order",
    "refund_payment",
    "process_refund",
    "enroll_in_flash_sale",
    "check_fraud",
    "enroll_student",
    "check_enrollment_eligibility",
    "record_progress",
    "submit_quiz_attempt",
    "subscribe",
    "cancel_subscription",
    "renew_subscription",
    "archive_course",
    "search_courses",
    "move_category",
    "bulk_discount",
    "soft_delete_user",
    "erase_user",
}
SCHEDULED = {
    "fold_counters",
    "renew_due_subscriptions",
    "reconcile_pending_payments",
    "summarize_daily_revenue",
    "expire_access",
    "create_payouts",
    "archive_payments",
    "maintain_partitions",
    "refresh_star",
}
PARTS = {
    "lesson_sections",
    "quizzes",
    "course_tags",
    "course_categories",
    "course_prerequisites",
    "reviews",
    "wishlist_items",
    "carts",
    "cart_items",
}
CONTENT = PARTS | {"users", "courses", "categories", "lessons"}
READABLE = {"certificates", "price_history", "policies", "subscription_plans", "error_catalogue"}
NO_DDL = {
    "CREATE TABLE mine (id INT PRIMARY KEY)": 1142,
    "DROP TABLE reviews": 1142,
    "ALTER TABLE courses ADD mine INT": 1142,
    "TRUNCATE TABLE reviews": 1142,
    "CREATE VIEW mine AS SELECT 1": 1142,
    "DROP VIEW active_users": 1142,
    "CREATE PROCEDURE mine() SELECT 1": 1044,
    "DROP PROCEDURE process_refund": 1370,
    "ALTER PROCEDURE process_refund SQL SECURITY INVOKER": 1370,
    "CREATE TRIGGER mine BEFORE INSERT ON reviews FOR EACH ROW SET @a = 1": 1142,
    "CREATE EVENT mine ON SCHEDULE EVERY 1 DAY DO SELECT 1": 1044,
    "GRANT SELECT ON reviews TO CURRENT_USER()": 1142,
    "CREATE USER mine": 1227,
    "SET GLOBAL event_scheduler = OFF": 1227,
}


@pytest.fixture
def app(school: School) -> Iterator[Account]:
    with account(school, "learnhub_app") as session:
        yield session


@pytest.mark.parametrize("role", ["learnhub_app", "learnhub_instructor", "learnhub_readonly", "learnhub_jobs"])
def test_no_role_but_the_migrators_changes_the_schema(school: School, role: str) -> None:
    with account(school, role) as session:
        assert {statement: session.refusal(statement) for statement in NO_DDL} == NO_DDL


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("learnhub_app", PUBLIC),
        ("learnhub_jobs", SCHEDULED),
        ("learnhub_instructor", set()),
        ("learnhub_readonly", set()),
    ],
)
def test_a_role_calls_its_procedures_and_no_other_routine(school: School, role: str, allowed: set[str]) -> None:
    with account(school, role) as session:
        met = {name: session.refusal(call) for name, call in calls(school).items()}

    assert {name for name, number in met.items() if number is None} == allowed
    assert {number for number in met.values() if number} == {1370}


@pytest.mark.parametrize(
    ("role", "writes"),
    [
        ("learnhub_app", CONTENT - {"users"}),
        ("learnhub_instructor", set()),
        ("learnhub_readonly", set()),
        ("learnhub_jobs", set()),
    ],
)
def test_a_role_deletes_from_its_tables_and_no_other(school: School, role: str, writes: set[str]) -> None:
    with account(school, role) as session:
        met = {table: session.refusal(f"DELETE FROM {table}") for table in tables(school)}

    assert {table for table, number in met.items() if number is None} == writes
    assert {number for number in met.values() if number} == {1142}


@pytest.mark.parametrize(
    ("role", "writes"),
    [
        ("learnhub_app", PARTS),
        ("learnhub_instructor", set()),
        ("learnhub_readonly", set()),
        ("learnhub_jobs", set()),
    ],
)
def test_a_role_writes_every_column_of_its_tables_and_of_no_other(school: School, role: str, writes: set[str]) -> None:
    columns = school.run(
        "SELECT table_name, GROUP_CONCAT(column_name), GROUP_CONCAT(column_name, ' = DEFAULT')"
        " FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)"
        " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND generation_expression = ''"
        " GROUP BY table_name"
    )
    with account(school, role) as session:
        free = {
            table
            for table, names, changes in columns
            if session.refusal(f"INSERT INTO {table} ({names}) SELECT {names} FROM {table} WHERE FALSE") is None
            or session.refusal(f"UPDATE {table} SET {changes} WHERE FALSE") is None
        }
    assert free == writes


def test_the_application_edits_content(school: School, app: Account) -> None:
    teacher = app.insert("users", name="Ann", email="ann@example.org", user_type="instructor")
    course = app.insert("courses", instructor_id=teacher, title="SQL", price=10, max_students=3, status="draft")
    other = app.insert("courses", instructor_id=teacher, title="Go", price=0)
    lesson = app.insert("lessons", course_id=course, title="Tables", order_index=1)
    section = app.insert("lesson_sections", lesson_id=lesson, title="Rows", type="video")
    quiz = app.insert("quizzes", lesson_id=lesson, title="Quiz")
    app.insert("course_tags", course_id=course, tag="sql")
    app.insert("course_prerequisites", course_id=course, prerequisite_course_id=other)
    review = app.insert("reviews", student_id=teacher, course_id=course, rating=5)
    category = app.insert("categories", name="Data")
    app.insert("course_categories", course_id=course, category_id=category)
    app.insert("wishlist_items", student_id=teacher, course_id=course)
    app.run("UPDATE categories SET name = 'Data!' WHERE category_id = %s", category)
    app.run("UPDATE users SET name = 'Anna', email = 'anna@example.org', password_hash = NULL")
    app.run("UPDATE courses SET title = 'SQL!', price = 12, status = 'active', max_students = NULL")
    app.run("UPDATE lessons SET title = 'Tables!' WHERE lesson_id = %s", lesson)
    app.run("UPDATE lesson_sections SET content = 'text' WHERE section_id = %s", section)
    app.run("UPDATE quizzes SET passing_score = 50 WHERE quiz_id = %s", quiz)
    app.run("UPDATE reviews SET rating = 4 WHERE review_id = %s", review)

    assert school.run("SELECT title, price, status, updated_by FROM courses WHERE course_id = %s", course) == [
        ("SQL!", 12, "active", app.value("SELECT USER()"))
    ]
    for table in (*sorted(PARTS, reverse=True), "categories", "lessons", "courses"):
        app.run(f"DELETE FROM {table}")
        assert school.count(table) == 0


def test_the_application_sells_and_refunds_through_procedures(school: School, app: Account) -> None:
    student, course = school.user(), school.course()
    sale = school.sale(school.course())

    enrollment, status = app.purchase(student, course)
    assert (status, app.refund(enrollment)) == ("SUCCESS", "SUCCESS: Refunded $49.99")
    assert app.flash(student, sale) == "SUCCESS"
    assert app.eligibility(student, course) == "CAN_ENROLL"
    assert app.enroll(student, course)[1] == "SUCCESS"
    assert app.fraud(student, 1)[1] == 0
    app.call("renew_subscription", school.subscription("2025-01-01", "2025-02-01"))
    app.call("archive_course", course, None)
    app.call("soft_delete_user", student, None)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE courses SET enrolled_students = 1",
        "UPDATE courses SET total_enrollments = 1",
        "UPDATE courses SET rating_sum = 1",
        "UPDATE courses SET review_count = 1",
        "UPDATE courses SET last_enrollment_date = NULL",
        "UPDATE courses SET created_by = 'me'",
        "INSERT INTO courses (instructor_id, title, price, enrolled_students) VALUES (1, 'SQL', 0, 9)",
        "UPDATE categories SET parent_id = NULL",
        "INSERT INTO categories (name, path) VALUES ('Data', '/')",
        "UPDATE users SET deleted_at = NULL",
        "UPDATE users SET user_type = 'admin'",
        "INSERT INTO users (name, email, deleted_at) VALUES ('Ann', 'ann@example.org', NULL)",
        "SELECT deletion_reason FROM users",
    ],
)
def test_the_application_does_not_touch_counters_and_what_procedures_decide(app: Account, statement: str) -> None:
    assert app.refusal(statement) == 1143


def test_the_application_reads_its_content_its_views_and_its_numbers(school: School, app: Account) -> None:
    readable = {table for table in tables(school) if app.refusal(f"SELECT 1 FROM {table}") is None}
    assert readable == CONTENT | READABLE
    assert {view for view in views(school) if app.refusal(f"SELECT * FROM {view}") is None} == set(views(school)) - {
        "instructor_enrollments",
        "sales_facts",
    }


@pytest.mark.parametrize("role", ["learnhub_jobs", "learnhub_instructor"])
def test_jobs_and_instructors_read_no_table(school: School, role: str) -> None:
    with account(school, role) as session:
        met = {session.refusal(f"SELECT 1 FROM {table}") for table in tables(school)}
        seen = {view for view in views(school) if session.refusal(f"SELECT * FROM {view}") is None}

    assert met == {1142}
    assert seen == ({"instructor_enrollments"} if role == "learnhub_instructor" else set())


def test_jobs_do_their_work(school: School) -> None:
    course = school.course()
    school.enroll(school.user(), course)
    school.subscription("2025-01-15", "2025-06-15")
    with account(school, "learnhub_jobs") as jobs:
        jobs.call("fold_counters")
        jobs.call("summarize_daily_revenue", "2026-01-01")
        done = jobs.call("renew_due_subscriptions", "2025-06-30", out=("p_renewed", "p_failed"))
        ended = jobs.call("expire_access", out=("p_expired",))

    assert (done, ended) == ({"p_renewed": 1, "p_failed": 0}, {"p_expired": 0})
    assert school.value("SELECT enrolled_students FROM courses WHERE course_id = %s", course) == 1


def test_an_account_without_a_role_sees_nothing(school: School, app: Account) -> None:
    app.run("SET ROLE NONE")
    assert {app.refusal(f"SELECT 1 FROM {table}") for table in tables(school)} == {1142}
