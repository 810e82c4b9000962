"""Orders and the fraud rules: an order is scored as one purchase of its total; its alerts refuse nothing."""

from __future__ import annotations

import json
from decimal import Decimal

from school import School


def alerts(school: School) -> list[tuple]:
    rows = school.run("SELECT rule_id, alert_level, payment_id, alert_data FROM fraud_alerts ORDER BY alert_id")
    return [(*row[:3], json.loads(row[3])) for row in rows]


def test_a_cart_is_scored_by_its_total_and_the_alert_names_the_order(school: School) -> None:
    order, status = school.place(school.cart(*(school.course(200) for _ in range(3))))

    assert status == "PENDING"
    figures = {"metric": "amount", "value": 600, "over": 500, "score": 30, "amount": 600, "order_id": order}
    ((rule, level, payment, data),) = alerts(school)
    assert (rule, level, payment) == (2, "medium", None)
    assert data == figures


def test_a_cart_that_no_rule_fires_on_has_no_alert(school: School) -> None:
    assert school.place(school.cart(school.course(200), school.course(200)))[1] == "PENDING"
    assert alerts(school) == []


def test_the_promotion_and_the_velocity_count(school: School) -> None:
    user = school.user()
    school.insert("promotions", code="HALF", amount=50)
    for _ in range(6):
        school.purchase(user, school.course(10))
    school.run("DELETE FROM fraud_alerts")

    assert school.place(school.cart(school.course(900), user=user), "HALF")[1] == "PENDING"
    assert [(rule, data["value"]) for rule, _, _, data in alerts(school)] == [(1, 6), (3, Decimal("45"))]


def test_a_rule_that_blocks_a_purchase_only_tells_of_an_order(school: School) -> None:
    school.insert(
        "fraud_detection_rules", rule_name="All", rule_type="amount", action="block",
        rule_condition='{"metric": "amount", "over": 1, "score": 200}',
    )  # fmt: skip
    user, course = school.user(), school.course()
    assert school.purchase(user, course) == (None, "FRAUD_BLOCKED")
    school.run("DELETE FROM fraud_alerts")

    order, status = school.place(school.cart(course, user=user))
    assert status == "PENDING"
    assert [(level, data["order_id"]) for _, level, _, data in alerts(school)] == [("critical", order)]
    assert school.confirm(order) == "CONFIRMED"


def test_a_repeated_order_is_scored_once_and_a_refused_or_free_one_never(school: School) -> None:
    cart, free = school.cart(school.course(600)), school.cart(school.course(0))
    assert school.place(cart, key="k") == school.place(cart, key="k")
    assert school.place(cart)[1] == "ALREADY_ENROLLED"
    assert school.place(free)[1] == "CONFIRMED"
    assert len(alerts(school)) == 1


def test_an_order_dearer_than_any_course_can_be_is_scored_too(school: School) -> None:
    order, status = school.place(school.cart(*(school.course("99999999.99") for _ in range(2))))
    assert (status, alerts(school)[0][3]["value"]) == ("PENDING", 199999999.98)
