"""The invariants of money, seats and orders: nothing after everything that the procedures do, a row for each breach."""

from __future__ import annotations

import pytest

from school import School
from violations import found

OURS = [
    "a_refund_takes_back_exactly_its_charge",
    "a_pending_payment_was_not_processed_and_any_other_was",
    "a_hold_is_of_something_pending",
    "what_is_pending_holds_its_seats",
    "counters_equal_a_recount",
    "the_parts_of_an_order_add_up",
    "a_confirmed_order_is_paid_for",
    "an_order_is_refunded_when_all_its_charges_are",
    "an_order_went_only_ways_that_are_allowed",
    "an_order_uses_its_promotion",
    "a_charge_paid_for_an_enrollment_of_its_user",
]


@pytest.fixture
def busy(school: School) -> School:
    """Purchases and orders in every state they can be in."""
    school.insert("promotions", code="SPRING", amount="10")
    courses = [school.course(f"{place}9.99", max_students=30) for place in range(4)]
    placed = [school.place(school.cart(*courses), code)[0] for code in ("SPRING", None, "SPRING", "SPRING", None)]
    begun = [school.begin(school.user(), courses[0])[0] for _ in range(4)]
    school.confirm(placed[0])
    school.confirm(placed[1], "ch_1")
    school.confirm(placed[1], "ch_2")
    school.fail_order(placed[2])
    school.complete(begun[0], "ch_3")
    school.complete(begun[0], "ch_4")
    school.fail(begun[1])
    school.run("UPDATE orders SET created_at = created_at - INTERVAL 1 DAY WHERE order_id = %s", placed[3])
    school.run("UPDATE payments SET created_at = created_at - INTERVAL 1 DAY WHERE payment_id = %s", begun[2])
    school.expire(60)
    school.complete(begun[2], "ch_5")
    school.give_back(begun[2])
    for (enrollment,) in school.run("SELECT enrollment_id FROM payments WHERE order_id = %s", placed[0]):
        school.refund(enrollment)
    return school


@pytest.mark.parametrize("name", OURS)
def test_what_the_procedures_do_keeps_it(busy: School, name: str) -> None:
    assert dict(busy.run("SELECT status, COUNT(*) FROM orders GROUP BY status")) == {
        "pending_payment": 1, "confirmed": 1, "payment_failed": 1, "cancelled": 1, "refunded": 1
    }
    assert found(busy, name) == []


@pytest.mark.parametrize(
    ("name", "breach"),
    [
        (
            "a_refund_takes_back_exactly_its_charge",
            "UPDATE payments SET status = 'refunded' WHERE transaction_id = 'ch_3'",
        ),
        (
            "a_pending_payment_was_not_processed_and_any_other_was",
            "UPDATE payments SET processed_at = created_at WHERE status = 'pending'",
        ),
        (
            "a_hold_is_of_something_pending",
            "UPDATE payments SET status = 'failed' WHERE status = 'pending'",
        ),
        (
            "a_hold_is_of_something_pending",
            "UPDATE orders SET status = 'cancelled' WHERE status = 'pending_payment'",
        ),
        ("what_is_pending_holds_its_seats", "DELETE FROM seat_holds WHERE payment_id IS NOT NULL"),
        ("what_is_pending_holds_its_seats", "DELETE FROM seat_holds WHERE order_id IS NOT NULL LIMIT 1"),
        ("counters_equal_a_recount", "UPDATE course_seats SET seats_taken = seats_taken + 1"),
        ("the_parts_of_an_order_add_up", "DELETE FROM order_items LIMIT 1"),
        (
            "a_confirmed_order_is_paid_for",
            "UPDATE orders SET status = 'confirmed' WHERE status = 'pending_payment'",
        ),
        (
            "an_order_is_refunded_when_all_its_charges_are",
            "INSERT INTO orders (user_id, status) SELECT MIN(user_id), 'refunded' FROM users",
        ),
        (
            "an_order_went_only_ways_that_are_allowed",
            "INSERT INTO order_events (order_id, from_status, to_status) SELECT MIN(order_id), 'confirmed', 'cancelled'"
            " FROM orders",
        ),
        ("counters_equal_a_recount", "UPDATE promotions SET uses_count = uses_count + 1"),
        ("an_order_uses_its_promotion", "DELETE FROM promotion_uses LIMIT 1"),
        (
            "a_charge_paid_for_an_enrollment_of_its_user",
            "UPDATE payments SET enrollment_id = (SELECT MIN(enrollment_id) FROM enrollments) WHERE enrollment_id IS NULL",
        ),
    ],
)
def test_a_breach_is_found(busy: School, name: str, breach: str) -> None:
    busy.run("START TRANSACTION")
    try:
        busy.run(breach)
        broken = found(busy, name)
    finally:
        busy.run("ROLLBACK")

    assert broken != []
