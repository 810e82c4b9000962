"""A school that has grown: much that a query is not about, beside the little that it is.

What grows stands in the tables as years of business would leave it. What it is about is the same at every size: one
student, one course with its own students, and a backlog for the jobs, all of it of January 2025.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from school import School

FIRST = 1_000_000  # ids of what grows; what it is about has lower ones
LESSONS = 12
ENROLLMENTS_OF_STUDENT = 5
BACKLOG = 5
GROWTH = Path(__file__).with_name("growth.sql").read_text().split(";\n")[:-1]


@dataclass(frozen=True)
class Subject:
    """What queries are about."""

    student: int
    colleague: int  # an instructor whose courses nobody else takes
    course: int
    category: int


def settle(school: School) -> Subject:
    """What queries are about, the same at every size."""
    student, instructor, colleague = school.user(), school.user("instructor"), school.user("instructor")
    course = school.course(instructor_id=instructor, title="Zymurgy")
    category = school.insert("categories", name="Crafts")
    for below in ("Brewing", "Baking"):
        school.insert("categories", name=below, parent_id=category)
    school.insert("course_categories", course_id=course, category_id=category)
    school.insert("course_tags", course_id=course, tag="beer")
    for place in range(LESSONS):
        school.lesson(course, sections=2, order_index=place)
    for other in (course, *(school.course(instructor_id=colleague) for _ in range(ENROLLMENTS_OF_STUDENT - 1))):
        school.purchase(student, other)
    for reviewer in school.users(BACKLOG):
        school.insert("reviews", student_id=reviewer, course_id=course, rating=4, created_at="2025-01-31")
    account = school.value("SELECT SUBSTRING_INDEX(USER(), '@', 1)")
    school.insert("instructor_accounts", account=account, user_id=instructor)
    school.sale(course)
    return Subject(student, colleague, course, category)


def backlog(school: School) -> None:
    """Work for every job."""
    for _ in range(BACKLOG):
        student, course = school.user(), school.course()
        enrollment = school.insert("enrollments", student_id=student, course_id=course, enrolled_at="2025-01-31")
        school.insert("course_access", student_id=student, course_id=course, access_expires_at="2025-02-01")
        charge = {"user_id": student, "enrollment_id": enrollment, "amount": 20, "status": "completed"}
        for day in ("2025-01-30", "2025-01-31"):
            school.insert("payments", **charge, created_at=day)
        school.insert("payments", user_id=student, amount=20, status="completed", created_at="2025-02-01")
        moved = dict.fromkeys(("charged_at", "created_at", "processed_at"), "2025-01-31")
        school.insert("payments_history", payment_id=student, user_id=student, amount=20, **moved)
        school.begin(student, school.course())
        school.place(school.cart(school.course(), user=student))
        school.insert("fraud_alerts", user_id=student, rule_id=1)
        school.subscription("2025-01-01", "2025-02-01")
    school.run("UPDATE payments SET created_at = '2025-01-31' WHERE status = 'pending'")
    school.run("UPDATE orders SET created_at = '2025-01-31' WHERE status = 'pending_payment'")


def grow(school: School, size: int, course: int) -> None:
    """Bring a school to `size` enrollments, a fifth of them in `course`, with everything that belongs to them."""
    school.run("SET cte_max_recursion_depth = %s, @first = %s, @size = %s, @course = %s", size, FIRST, size, course)
    school.run("SET @now = CAST(UTC_DATE() AS DATETIME)")
    school.run("CREATE TEMPORARY TABLE numbers (n INT PRIMARY KEY)")
    school.run(
        "INSERT INTO numbers WITH RECURSIVE counted (n) AS"
        " (SELECT 0 UNION ALL SELECT n + 1 FROM counted WHERE n + 1 < @size) SELECT n FROM counted"
    )
    for statement in GROWTH:
        school.run(statement)
    school.run("DROP TEMPORARY TABLE numbers")


def refresh_statistics(school: School) -> None:
    """So that plans follow from the rows, not from when the server last counted them."""
    tables = school.run(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
    )
    school.run(f"ANALYZE TABLE {', '.join(table for (table,) in tables)}")
