"""place_order: what is ordered, what is refused, what it comes to."""

from __future__ import annotations

import pymysql
import pytest

from school import School

MISSING = "is NULL or empty: give a value"
AMOUNTS = """
    SELECT CAST(subtotal AS CHAR), CAST(discount_amount AS CHAR), CAST(tax_amount AS CHAR), CAST(total AS CHAR)
      FROM orders
"""
PARTS = """
    SELECT CAST(unit_price AS CHAR), CAST(discount_amount AS CHAR), CAST(tax_amount AS CHAR), CAST(amount AS CHAR)
      FROM order_items ORDER BY course_id
"""


def promotion(school: School, **columns: object) -> int:
    return school.insert("promotions", **{"code": "SPRING", "amount": "10"} | columns)


def test_an_order_freezes_prices_and_holds_a_seat_of_every_course(school: School) -> None:
    student, first, second = school.user(), school.course("49.99", max_students=1), school.course("10")
    cart = school.cart(second, first, user=student)

    order, status = school.place(cart)

    assert status == "PENDING"
    assert school.run("SELECT order_id, user_id, promotion_id, status FROM orders") == [
        (order, student, None, "pending_payment")
    ]
    assert school.run(AMOUNTS) == [("59.99", "0.00", "0.00", "59.99")]
    school.run("UPDATE courses SET price = 99")
    assert school.run(PARTS) == [("49.99", "0.00", "0.00", "49.99"), ("10.00", "0.00", "0.00", "10.00")]
    assert school.run("SELECT from_status, to_status FROM order_events") == [(None, "pending_payment")]
    assert (school.seats(first), school.count("payments"), school.count("enrollments")) == (1, 0, 0)
    assert school.run("SELECT course_id, order_id FROM seat_holds ORDER BY course_id") == [
        (first, order), (second, order)
    ]
    assert school.enroll(school.user(), first) == (None, "COURSE_FULL")


def test_an_order_of_free_courses_is_confirmed_at_once(school: School) -> None:
    courses = [school.course("0", max_students=1), school.course("0")]
    cart = school.cart(*courses)

    order, status = school.place(cart, key="key_1")

    assert status == "CONFIRMED"
    assert school.place(cart, key="key_1") == (order, "CONFIRMED")
    assert (school.count("enrollments"), school.count("payments"), school.count("cart_items")) == (2, 0, 0)
    assert (school.seats(courses[0]), school.count("seat_holds")) == (1, 0)
    assert school.run("SELECT from_status, to_status FROM order_events ORDER BY event_id") == [
        (None, "pending_payment"), ("pending_payment", "confirmed")
    ]
    assert school.confirm(order) == "ALREADY_CONFIRMED"
    assert school.due() == []


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_the_words_are_checked_in_the_order_listed_over_the_whole_cart(school: School) -> None:
    student, other = school.users(2)
    required, draft, owned = school.course(), school.course(status="draft"), school.course()
    guarded, full = school.course(), school.course(max_students=1)
    school.insert("course_prerequisites", course_id=guarded, prerequisite_course_id=required)
    taken = school.insert("enrollments", student_id=other, course_id=full)
    school.insert("enrollments", student_id=student, course_id=owned)
    spring = promotion(school, max_uses=1, min_purchase=1000)
    cart = school.cart(user=student)

    assert school.place(cart, "SPRING") == (None, "CART_EMPTY")
    for course in (full, guarded, owned, draft):
        school.insert("cart_items", cart_id=cart, course_id=course)
    assert school.place(cart, "NONE") == (None, "COURSE_NOT_AVAILABLE")
    school.run("DELETE FROM cart_items WHERE course_id = %s", draft)
    assert school.place(cart, "NONE") == (None, "ALREADY_ENROLLED")
    school.run("DELETE FROM cart_items WHERE course_id = %s", owned)
    assert school.place(cart, "NONE") == (None, "MISSING_PREREQUISITES")
    school.insert("enrollments", student_id=student, course_id=required, status="completed")
    assert school.place(cart, "NONE") == (None, "COURSE_FULL")
    school.run("UPDATE enrollments SET status = 'refunded' WHERE enrollment_id = %s", taken)
    assert school.place(cart, "NONE") == (None, "PROMOTION_INVALID")
    used = school.insert("orders", user_id=other, promotion_id=spring)
    school.insert("promotion_uses", promotion_id=spring, order_id=used, user_id=other)
    assert school.place(cart, "SPRING") == (None, "PROMOTION_EXHAUSTED")
    school.run("UPDATE promotions SET max_uses = 2")
    assert school.place(cart, "SPRING") == (None, "BELOW_MINIMUM")
    school.run("UPDATE promotions SET min_purchase = 99.98")
    assert (school.count("orders"), school.count("seat_holds"), school.count("receipts")) == (1, 0, 0)
    assert school.place(cart, "SPRING")[1] == "PENDING"


def test_a_repeated_order_returns_the_first_outcome_and_changes_nothing(school: School) -> None:
    cart = school.cart(school.course(), school.course())
    promotion(school)
    first = school.place(cart, "SPRING", "key_1")
    school.insert("cart_items", cart_id=cart, course_id=school.course())
    before = school.everything()

    assert school.place(cart, "SPRING", "key_1") == first
    assert school.everything() == before


@pytest.mark.parametrize("changed", ["cart", "code"])
def test_a_key_used_with_other_arguments_is_an_error(school: School, changed: str) -> None:
    given = {"cart": school.cart(school.course()), "code": None, "key": "key_1"}
    school.place(**given)
    other = {"cart": school.cart(school.course()), "code": "SPRING"}[changed]
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.place(**given | {changed: other})

    assert error.value.args == (30005, "key key_1 was used with other arguments: use a new key")
    assert school.everything() == before


@pytest.mark.parametrize(
    ("procedure", "given", "number", "text"),
    [
        ("place_order", (None, None, "k"), 30001, f"p_cart_id {MISSING}"),
        ("place_order", (1, None, None), 30001, f"p_idempotency_key {MISSING}"),
        ("place_order", (1, None, ""), 30001, f"p_idempotency_key {MISSING}"),
        ("place_order", (4711, None, "k"), 30027, "there is no cart 4711: check the id"),
        ("place_order", (1, "c" * 101, "k"), 30063, "p_promotion_code: more than 100 characters: shorten it"),
        ("place_order", (1, None, "k" * 121), 30063, "p_idempotency_key: more than 120 characters: shorten it"),
        ("confirm_order", (None, "ch_1"), 30001, f"p_order_id {MISSING}"),
        ("confirm_order", (1, None), 30001, f"p_transaction_id {MISSING}"),
        ("confirm_order", (1, ""), 30001, f"p_transaction_id {MISSING}"),
        ("confirm_order", (1, "refund_1"), 30006,
         "transaction id refund_1 is reserved for refunds: do not begin it with refund_"),
        ("confirm_order", (4711, "ch_1"), 30028, "there is no order 4711: check the id"),
        ("confirm_order", (1, "t" * 101), 30063, "p_transaction_id: more than 100 characters: shorten it"),
        ("fail_order", (None, "why"), 30001, f"p_order_id {MISSING}"),
        ("fail_order", (4711, "why"), 30028, "there is no order 4711: check the id"),
        ("fail_order", (1, "w" * 501), 30063, "p_reason: more than 500 characters: shorten it"),
    ],
)
def test_misuse_is_an_error_and_leaves_no_trace(
    school: School, procedure: str, given: tuple, number: int, text: str
) -> None:
    school.place(school.cart(school.course()))
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.call(procedure, *given, out=("first", "second")[: 1 + (procedure == "place_order")])

    assert error.value.args == (number, text)
    assert school.everything() == before


def test_a_deleted_user_orders_nothing(school: School) -> None:
    student = school.user()
    cart = school.cart(school.course(), user=student)
    school.call("soft_delete_user", student, None)
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.place(cart)

    assert error.value.args == (30003, f"user {student} is deleted: a deleted user can do nothing more")
    assert school.everything() == before


@pytest.mark.parametrize("table", ["orders", "order_items", "order_events", "seat_holds", "promotion_uses"])
def test_a_database_error_leaves_nothing_ordered(school: School, table: str) -> None:
    cart = school.cart(school.course(max_students=1))
    promotion(school)
    before = school.everything()

    with school.failing(table), pytest.raises(pymysql.Error) as error:
        school.place(cart, "SPRING")

    assert error.value.args[0] == 1644
    assert school.everything() == before


@pytest.mark.parametrize(
    ("prices", "code", "tax", "order", "parts"),
    [
        # a third of a cent each: the parts differ by a cent and add up
        (("10", "10", "10"), {"discount_type": "fixed_amount", "amount": "10"}, 0, ("30.00", "10.00", "0.00", "20.00"),
         [("10.00", "3.33", "0.00", "6.67"), ("10.00", "3.34", "0.00", "6.66"), ("10.00", "3.33", "0.00", "6.67")]),
        # half a cent rounds up
        (("0.05",), {"amount": "50"}, 0, ("0.05", "0.03", "0.00", "0.02"), [("0.05", "0.03", "0.00", "0.02")]),
        (("49.99", "19.99", "0"), {"amount": "15"}, "7.25", ("69.98", "10.50", "4.31", "63.79"),
         [("49.99", "7.50", "3.08", "45.57"), ("19.99", "3.00", "1.23", "18.22"), ("0.00", "0.00", "0.00", "0.00")]),
        (("0.01", "0.01", "0.01"), {"amount": "50"}, 0, ("0.03", "0.02", "0.00", "0.01"),
         [("0.01", "0.01", "0.00", "0.00"), ("0.01", "0.00", "0.00", "0.01"), ("0.01", "0.01", "0.00", "0.00")]),
        (("10", "5"), None, "10", ("15.00", "0.00", "1.50", "16.50"),
         [("10.00", "0.00", "1.00", "11.00"), ("5.00", "0.00", "0.50", "5.50")]),
    ],
)
def test_amounts_are_right_to_the_cent_and_the_parts_add_up(
    school: School, prices: tuple, code: dict | None, tax: object, order: tuple, parts: list
) -> None:
    school.run("UPDATE policies SET value = %s WHERE name = 'tax_percent'", tax)
    cart = school.cart(*(school.course(price) for price in prices))
    if code:
        promotion(school, **code)

    assert school.place(cart, "SPRING" if code else None)[1] == "PENDING"

    assert school.run(AMOUNTS) == [order]
    assert school.run(PARTS) == parts


def test_however_odd_the_amounts_the_parts_add_up(school: School) -> None:
    school.run("UPDATE policies SET value = 8.87 WHERE name = 'tax_percent'")
    for number in range(1, 13):
        code = f"CODE{number}"
        kind = ("percentage", "fixed_amount")[number % 2]
        promotion(school, code=code, discount_type=kind, amount=f"{number * 7.77:.2f}")
        prices = [f"{(number * 37 + place * 101) % 977 / 13:.2f}" for place in range(number)]
        assert school.place(school.cart(*map(school.course, prices)), code)[1] in ("PENDING", "CONFIRMED")

    assert school.run(
        "SELECT order_id FROM orders JOIN order_items USING (order_id) GROUP BY order_id"
        " HAVING SUM(unit_price) <> MAX(subtotal) OR SUM(order_items.discount_amount) <> MAX(orders.discount_amount)"
        " OR SUM(order_items.tax_amount) <> MAX(orders.tax_amount) OR SUM(amount) <> MAX(total)"
    ) == []


def test_a_course_put_into_the_cart_meanwhile_waits_for_the_order(school: School) -> None:
    cart, more, buyer = school.cart(school.course()), school.course(), school.session()
    buyer.run("START TRANSACTION")
    buyer.place(cart)

    waiting = school.waiting(lambda session: session.insert("cart_items", cart_id=cart, course_id=more))
    buyer.run("COMMIT")
    waiting.result(timeout=20)

    assert school.count("order_items") == 1
