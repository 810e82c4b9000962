"""For every invariant rows that break it, by table; a table's second row stands behind the first."""

from __future__ import annotations

from conftest import INVARIANTS
from school import School

Rows = list[tuple[str, dict[str, object]]]


def found(school: School, name: str) -> list[tuple]:
    """What breaks the invariant, also in the transaction that is open."""
    (invariant,) = (each for each in INVARIANTS if each.name == name)
    school.run("SET @first = 0, @last = 18446744073709551615")
    return school.run(invariant.query.text)


def charge(**columns: object) -> tuple[str, dict[str, object]]:
    usual = {"payment_id": 1, "user_id": 7, "kind": "charge", "amount": 10, "currency": "USD", "status": "completed"}
    return "payments", usual | {"processed_at": "2025-01-01", "created_at": "2025-01-01"} | columns


def archived(**columns: object) -> tuple[str, dict[str, object]]:
    return "payments_history", charge(charged_at="2025-01-01")[1] | columns


def refund(**columns: object) -> tuple[str, dict[str, object]]:
    usual = {"payment_id": 2, "kind": "refund", "amount": -10, "status": "refunded", "refund_of": 1}
    return charge(**usual | columns)


def enrollment(**columns: object) -> tuple[str, dict[str, object]]:
    usual = {"enrollment_id": 1, "student_id": 7, "course_id": 1, "status": "active", "in_force": 1}
    return "enrollments", usual | {"progress_percentage": 0, "enrolled_at": "2025-01-01"} | columns


def item(**columns: object) -> tuple[str, dict[str, object]]:
    usual = {"payment_id": 1, "instructor_id": 3, "course_id": 1, "occurred_at": "2025-01-31 23:00", "currency": "USD"}
    return "payout_items", usual | {"gross": 10, "share_percent": 70, "amount": 7} | columns


def payout(**columns: object) -> tuple[str, dict[str, object]]:
    usual = {"payout_id": 1, "instructor_id": 3, "period_end": "2025-01-31", "currency": "USD", "amount": 7, "items": 1}
    return "payouts", usual | columns


def fact(**columns: object) -> tuple[str, dict[str, object]]:
    usual = {"payment_id": 1, "date_key": "2025-01-01", "course_id": 0, "user_id": 7, "amount": 10}
    return "fact_sales", usual | {"instructor_share": 0, "kind": "charge"} | columns


def sold(**columns: object) -> tuple[str, dict[str, object]]:
    return "sales_facts", fact(processed_at="2025-01-01")[1] | columns


def paid(start: str, end: str) -> tuple[str, dict[str, object]]:
    period = {"billing_period_start": start, "billing_period_end": end, "status": "completed", "amount": 29}
    return "subscription_payments", {"payment_id": 1, "subscription_id": 1} | period


def order(**columns: object) -> tuple[str, dict[str, object]]:
    usual = {"order_id": 1, "user_id": 7, "status": "confirmed", "subtotal": 10, "total": 10}
    return "orders", usual | columns


def ordered(**columns: object) -> tuple[str, dict[str, object]]:
    return "order_items", {"order_id": 1, "course_id": 1, "unit_price": 10, "amount": 10} | columns


def step(event_id: int, start: str | None, end: str) -> tuple[str, dict[str, object]]:
    return "order_events", {"event_id": event_id, "order_id": 1, "from_status": start, "to_status": end}


def category(**columns: object) -> tuple[str, dict[str, object]]:
    return "categories", {"category_id": 1, "slug": "data", "path": "/data/", "depth": 0} | columns


def price(change_id: int, before: int, after: int) -> tuple[str, dict[str, object]]:
    return "price_history", {"change_id": change_id, "course_id": 1, "price_before": before, "price_after": after}


PLACED = step(1, None, "pending_payment")
CONFIRMED = step(2, "pending_payment", "confirmed")
COURSE = ("courses", {"course_id": 1, "price": 30})
USED = ("promotion_uses", {"promotion_id": 1, "order_id": 1, "user_id": 7})
BUILT = ("dim_date", {"date_key": "2025-01-01", "refreshed_at": "2025-01-02"})
SUBSCRIPTION = ("subscriptions", {"subscription_id": 1, "plan_type": "monthly", "current_period_end": "2025-03-01"})

VIOLATIONS: dict[str, list[Rows]] = {
    "counters_equal_a_recount": [[COURSE, ("v_counter_drift", {"counter": "courses.review_count", "row_id": 1})]],
    "a_refund_takes_back_exactly_its_charge": [
        [charge(status="refunded")],
        [charge(), refund()],
        [charge(status="failed"), refund()],
        [charge(status="refunded"), refund(amount=-9)],
        [charge(status="refunded"), refund(user_id=8)],
        [charge(status="refunded"), refund(currency="EUR")],
        [charge(status="refunded"), refund(status="completed")],
        [refund()],
        [charge(status="refunded"), refund(), refund(payment_id=3)],
    ],
    "one_enrollment_in_force": [[enrollment(), enrollment(enrollment_id=2, status="completed")]],
    "a_sale_sells_its_own_course": [
        [enrollment(flash_sale_id=1)],
        [("flash_sales", {"sale_id": 1, "course_id": 2, "max_seats": 1}), enrollment(flash_sale_id=1)],
    ],
    "no_seat_is_taken_twice": [[("course_seats", {"course_id": 1, "seats": 5, "seats_granted": 5, "seats_taken": 6})]],
    "an_enrollment_is_paid_at_most_once": [
        [enrollment(), charge(enrollment_id=1), charge(enrollment_id=1)],
        [enrollment(status="refunded"), charge(enrollment_id=1)],
    ],
    "a_receipt_has_its_outcome": [[("receipts", {"operation": "buy", "receipt_key": "k"})]],
    "subscription_periods_follow_each_other": [
        [SUBSCRIPTION, paid("2025-01-01", "2025-02-01"), paid("2025-02-02", "2025-03-01")],
        [SUBSCRIPTION, paid("2025-02-01", "2025-03-01"), paid("2025-02-01", "2025-03-01")],
        [SUBSCRIPTION, paid("2025-01-01", "2025-02-01")],
    ],
    "a_completed_enrollment_is_at_100_percent": [
        [enrollment(status="completed", progress_percentage=90, completed_at="2025-01-02")],
        [enrollment(status="completed", progress_percentage=100)],
        [enrollment(status="refunded", progress_percentage=10)],
    ],
    "completed_lessons_say_when": [
        [("lesson_progress", {"progress_id": 1, "completed": 1})],
        [("section_progress", {"progress_id": 1, "completed": 0, "completed_at": "2025-01-01"})],
    ],
    "prerequisites_have_no_cycle": [
        [
            ("course_prerequisites", {"course_id": 1, "prerequisite_course_id": 2}),
            ("course_prerequisites", {"course_id": 2, "prerequisite_course_id": 3}),
            ("course_prerequisites", {"course_id": 3, "prerequisite_course_id": 1}),
        ]
    ],
    "an_alert_names_a_payment_that_was": [
        [charge(), ("fraud_alerts", {"alert_id": 1, "user_id": 8, "payment_id": 1, "rule_id": 1})]
    ],
    "every_sale_has_its_share": [
        [enrollment(), charge(enrollment_id=1)],
        [enrollment(), charge(enrollment_id=1), item(gross=9, amount="6.30")],
        [enrollment(), charge(enrollment_id=1, status="failed"), item()],
        [charge(status="refunded"), item(), refund()],
    ],
    "a_share_is_the_rates": [
        [item(amount="7.01")],
        [refund(), item(), item(payment_id=2, gross=-10, amount=-7, instructor_id=4)],
    ],
    "a_payout_adds_up": [
        [payout(), item(payout_id=1, amount=6)],
        [payout(items=2), item(payout_id=1)],
        [payout(), item(payout_id=1, instructor_id=4)],
        [payout(), item(payout_id=1, occurred_at="2025-02-01")],
        [payout(), item(payout_id=1, currency="EUR")],
    ],
    "a_payment_stands_in_one_place": [
        [charge(), archived()],
        [archived(payment_id=2, kind="refund", refund_of=1)],
    ],
    "an_event_stands_in_one_place": [
        [("payment_events", {"event_id": 1}), ("payment_events_history", {"event_id": 1, "charged_at": "2025-01-01"})],
    ],
    "every_payment_has_its_keys": [
        [charge(transaction_id="ch_1")],
        [archived(idempotency_key="k")],
        [
            charge(transaction_id="k"),
            ("payment_keys", {"key_type": "transaction_id", "payment_key": "k", "payment_id": 9}),
        ],
    ],
    "facts_are_the_payments": [
        [BUILT, charge(), fact(), sold(amount=9)],
        [BUILT, charge(), fact(date_key="2025-01-02"), sold()],
        [BUILT, charge(), sold()],
        [fact()],
    ],
    "a_pending_payment_was_not_processed_and_any_other_was": [
        [charge(status="pending")],
        [charge(processed_at=None)],
    ],
    "a_hold_is_of_something_pending": [
        [charge(), ("seat_holds", {"student_id": 7, "course_id": 1, "payment_id": 1})],
        [order(), ("seat_holds", {"student_id": 7, "course_id": 1, "order_id": 1})],
        [order(status="pending_payment"), ("seat_holds", {"student_id": 8, "course_id": 1, "order_id": 1})],
    ],
    "what_is_pending_holds_its_seats": [
        [charge(status="pending", processed_at=None, course_id=1)],
        [order(status="pending_payment"), ordered()],
    ],
    "the_parts_of_an_order_add_up": [
        [order()],
        [order(), ordered(unit_price=9)],
        [order(), ordered(amount=9)],
    ],
    "a_confirmed_order_is_paid_for": [
        [order(), ordered()],
        [order(status="pending_payment"), ordered(), charge(order_id=1, course_id=1)],
        [order(), ordered(), archived(order_id=1, course_id=1, amount=9)],
        [order(), ordered(), charge(order_id=1, course_id=1, status="failed")],
        [order(), ordered(), charge(order_id=1, course_id=1, user_id=8)],
    ],
    "an_order_is_refunded_when_all_its_charges_are": [
        [order(status="refunded")],
        [order(), charge(order_id=1, status="refunded")],
        [order(), archived(order_id=1, status="refunded")],
    ],
    "an_order_went_only_ways_that_are_allowed": [
        [order()],
        [order(), PLACED],
        [order(), PLACED, step(2, "cancelled", "confirmed")],
        [order(status="cancelled"), PLACED, CONFIRMED, step(3, "confirmed", "cancelled")],
    ],
    "an_order_uses_its_promotion": [
        [order(promotion_id=1)],
        [order(promotion_id=1), USED, order(order_id=2, promotion_id=1)],
        [order(promotion_id=1, status="cancelled"), USED],
        [order(promotion_id=2), USED],
        [order(promotion_id=1, user_id=8), USED],
        [order(), USED],
    ],
    "a_charge_paid_for_an_enrollment_of_its_user": [
        [enrollment(), charge(enrollment_id=1, user_id=8)],
        [enrollment(), charge(enrollment_id=1, course_id=2)],
    ],
    "a_certificate_follows_its_enrollment": [
        [enrollment(status="completed")],
        [enrollment(), ("certificates", {"certificate_id": 1, "enrollment_id": 1})],
    ],
    "categories_are_a_tree": [
        [category(path="/other/")],
        [category(depth=1)],
        [category(parent_id=9)],
    ],
    "price_changes_follow_each_other": [
        [COURSE, price(1, 10, 20), price(2, 25, 30)],
        [COURSE, price(1, 10, 20)],
    ],
}
