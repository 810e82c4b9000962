"""process_course_purchase: what is sold, what is refused, what a repeated call returns."""

from __future__ import annotations

from school import School


def test_a_purchase_enrolls_charges_and_gives_a_year_of_access(school: School) -> None:
    student, course = school.user(), school.course("49.99")

    enrollment, status = school.purchase(student, course, "ch_3AbC", "paypal")

    assert status == "SUCCESS"
    assert school.row("SELECT student_id, course_id, status FROM enrollments WHERE enrollment_id = %s", enrollment) == {
        "student_id": student,
        "course_id": course,
        "status": "active",
    }
