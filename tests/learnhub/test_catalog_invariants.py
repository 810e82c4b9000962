"""The invariants of certificates, categories and prices find what breaks them."""

from __future__ import annotations

import pytest

from school import School
from violations import found

pytestmark = pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")

# What breaks each, also where triggers would not let it in.
BREAKS = {
    "a_certificate_follows_its_enrollment": [
        "UPDATE certificates SET revoked_at = UTC_TIMESTAMP(6)",
        "DELETE FROM certificates",
        "UPDATE certificates SET enrollment_id = (SELECT enrollment_id FROM enrollments WHERE status = 'active')",
    ],
    "categories_are_a_tree": [
        "UPDATE categories SET parent_id = NULL WHERE slug = 'sql'",
        "UPDATE categories SET parent_id = (SELECT category_id FROM (SELECT * FROM categories) c WHERE slug = 'sql')",
        "UPDATE categories SET depth = 5 WHERE slug = 'data'",
        "UPDATE categories SET path = '/other/sql/' WHERE slug = 'sql'",
    ],
    "price_changes_follow_each_other": [
        "INSERT INTO price_history (course_id, price_before, price_after) SELECT course_id, 1, 2 FROM price_history LIMIT 1",
        "DELETE FROM price_history WHERE price_before = 20",
    ],
}


@pytest.fixture
def filled(school: School) -> School:
    """A completed and an active enrollment, a category below another, a price that changed three times."""
    for status in ("completed", "active"):
        school.insert("enrollments", student_id=school.user(), course_id=school.course("10"), status=status)
    school.insert("categories", name="SQL", parent_id=school.insert("categories", name="Data"))
    for price in (20, 30, 40):
        school.run("UPDATE courses SET price = %s", price)
    return school


@pytest.mark.parametrize(("invariant", "breaks"), [(name, each) for name, all in BREAKS.items() for each in all])
def test_an_invariant_finds_what_breaks_it(filled: School, invariant: str, breaks: str) -> None:
    assert found(filled, invariant) == []
    filled.run("START TRANSACTION")
    filled.run("UPDATE mutexes SET held_by = CONNECTION_ID() WHERE name = 'categories'")
    filled.run(breaks)
    assert found(filled, invariant) != []
    filled.run("ROLLBACK")
