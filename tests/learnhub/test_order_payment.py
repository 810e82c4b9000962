"""confirm_order, fail_order: one charge per course, seats become enrollments, money is never lost."""

from __future__ import annotations

import pymysql
import pytest

from school import School

STATES = ["pending_payment", "confirmed", "payment_failed", "cancelled", "refunded"]
ALLOWED = {
    ("pending_payment", "confirmed"),
    ("pending_payment", "payment_failed"),
    ("pending_payment", "cancelled"),
    ("confirmed", "refunded"),
}
CHARGES = "SELECT transaction_id, CAST(amount AS CHAR), status FROM payments WHERE kind = 'charge' ORDER BY payment_id"


def changes(school: School, order: int) -> list[tuple]:
    return school.run("SELECT from_status, to_status FROM order_events WHERE order_id = %s ORDER BY event_id", order)


def test_a_confirmed_order_enrolls_in_all_with_one_charge_per_course(school: School) -> None:
    student, first, second = school.user(), school.course("49.99", max_students=1), school.course("10", max_students=1)
    free = school.course("0")
    cart, other = school.cart(first, second, free, user=student), school.cart(first, user=student)
    order, _ = school.place(cart)

    assert school.confirm(order, "ch_1") == "CONFIRMED"

    assert school.run("SELECT course_id FROM enrollments WHERE student_id = %s ORDER BY course_id", student) == [
        (first,), (second,), (free,)
    ]
    assert school.run(CHARGES) == [(f"ch_1#{first}", "49.99", "completed"), (f"ch_1#{second}", "10.00", "completed")]
    assert school.run(
        "SELECT payment.course_id = enrollment.course_id, order_id FROM payments payment"
        " JOIN enrollments enrollment USING (enrollment_id)"
    ) == [(1, order)] * 2
    assert school.run("SELECT event_type, COUNT(*) FROM payment_events GROUP BY 1 ORDER BY MIN(event_id)") == [
        ("initiated", 2), ("payment_gateway_success", 2), ("enrollment_created", 2), ("completion_confirmed", 2)
    ]
    assert changes(school, order) == [(None, "pending_payment"), ("pending_payment", "confirmed")]
    assert (school.seats(first), school.seats(second), school.count("seat_holds"), school.due()) == (1, 1, 0, [])
    assert school.count("cart_items", f"cart_id IN ({cart}, {other})") == 0
    assert school.place(cart) == (None, "CART_EMPTY")


def test_a_failed_order_gives_everything_back(school: School) -> None:
    course = school.course(max_students=1)
    cart = school.cart(course)
    order, _ = school.place(cart)

    assert school.fail_order(order, "card declined") == "FAILED"
    assert school.run("SELECT status, failure_reason FROM orders") == [("payment_failed", "card declined")]
    assert changes(school, order) == [(None, "pending_payment"), ("pending_payment", "payment_failed")]
    assert (school.seats(course), school.count("payments"), school.count("enrollments")) == (0, 0, 0)
    assert school.fail_order(order) == "ALREADY_FAILED"
    assert school.place(cart)[1] == "PENDING"


def test_a_repeated_confirmation_returns_the_first_outcome_and_changes_nothing(school: School) -> None:
    order, _ = school.place(school.cart(school.course(), school.course()))
    school.confirm(order, "ch_1")
    before = school.everything()

    assert school.confirm(order, "ch_1") == "CONFIRMED"
    assert school.fail_order(order) == "ALREADY_CONFIRMED"
    assert school.everything() == before


def test_a_second_transaction_for_a_confirmed_order_is_due_back(school: School) -> None:
    course = school.course()
    order, _ = school.place(school.cart(course))
    school.confirm(order, "ch_1")

    assert school.confirm(order, "ch_2") == "ALREADY_CONFIRMED"
    assert school.confirm(order, "ch_2") == "ALREADY_CONFIRMED"
    assert school.due() == [(f"ch_2#{course}", "NO_ENROLLMENT")]
    assert school.count("enrollments") == 1


@pytest.mark.parametrize(("expired", "word"), [(False, "ALREADY_FAILED"), (True, "REFUND_DUE")])
def test_money_for_an_order_that_is_over_is_due_back(school: School, expired: bool, word: str) -> None:
    course = school.course(max_students=1)
    order, _ = school.place(school.cart(course))
    if expired:
        assert school.expire() == 1
    else:
        school.fail_order(order)

    assert school.confirm(order, "ch_1") == word
    assert school.confirm(order, "ch_1") == word
    assert (school.due(), school.seats(course)) == ([(f"ch_1#{course}", "NO_ENROLLMENT")], 0)
    assert school.value("SELECT status FROM orders") == ("cancelled" if expired else "payment_failed")
    assert school.fail_order(order) == "ALREADY_FAILED"
    assert school.give_back(school.value("SELECT payment_id FROM payments")) == "SUCCESS: Refunded $49.99"
    assert school.due() == []


def test_a_course_that_is_no_longer_possible_stops_no_other(school: School) -> None:
    student, gone, owned, left = school.user(), school.course(), school.course(), school.course("10")
    order, _ = school.place(school.cart(gone, owned, left, user=student))
    school.call("archive_course", gone, "over")
    school.enroll(student, owned)

    assert school.confirm(order, "ch_1") == "REFUND_DUE"
    assert school.confirm(order, "ch_1") == "REFUND_DUE"
    assert school.due() == [(f"ch_1#{gone}", "NO_ENROLLMENT"), (f"ch_1#{owned}", "NO_ENROLLMENT")]
    assert school.count("enrollments", f"course_id = {left}") == 1
    assert school.value("SELECT status FROM orders") == "confirmed"


def test_one_course_of_an_order_can_be_refunded_and_all_make_it_refunded(school: School) -> None:
    first, second, free = school.course("49.99"), school.course("10"), school.course("0")
    order, _ = school.place(school.cart(first, second, free))
    school.confirm(order, "ch_1")
    enrollments = school.run("SELECT enrollment_id FROM enrollments WHERE course_id <> %s ORDER BY course_id", free)

    assert school.refund(enrollments[0][0]) == "SUCCESS: Refunded $49.99"
    assert school.value("SELECT status FROM orders") == "confirmed"
    assert school.refund(enrollments[1][0]) == "SUCCESS: Refunded $10.00"
    assert changes(school, order)[-1] == ("confirmed", "refunded")
    assert school.run("SELECT transaction_id, order_id FROM payments WHERE kind = 'refund' ORDER BY 1") == [
        (f"refund_ch_1#{first}", order), (f"refund_ch_1#{second}", order)
    ]
    assert school.confirm(order, "ch_1") == "CONFIRMED"
    assert school.fail_order(order) == "ALREADY_CONFIRMED"


def test_a_transaction_pays_for_one_order(school: School) -> None:
    course = school.course()
    first, second = (school.place(school.cart(course))[0] for _ in range(2))
    payment, _ = school.begin(school.user(), course)
    school.confirm(first, "ch_1")
    before = school.everything()

    for act in (lambda: school.confirm(second, "ch_1"), lambda: school.complete(payment, "ch_1")):
        with pytest.raises(pymysql.Error) as error:
            act()
        assert error.value.args == (30005, "key ch_1 was used with other arguments: use a new key")
        assert school.everything() == before


def test_a_transaction_that_paid_for_a_single_course_pays_for_no_order(school: School) -> None:
    school.purchase(school.user(), school.course(), "ch_1")
    order, _ = school.place(school.cart(school.course()))
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.confirm(order, "ch_1")

    assert error.value.args[0] == 30005
    assert school.everything() == before


def test_a_charge_of_that_name_that_stands_already_is_an_error(school: School) -> None:
    course = school.course()
    order, _ = school.place(school.cart(course))
    school.insert("payments", user_id=school.user(), amount="5", transaction_id=f"ch_1#{course}")
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.confirm(order, "ch_1")

    assert error.value.args == (30005, f"key ch_1#{course} was used with other arguments: use a new key")
    assert school.everything() == before


@pytest.mark.parametrize("table", ["payments", "payment_events", "enrollments"])
def test_a_database_error_leaves_an_order_pending_and_it_can_be_confirmed_later(school: School, table: str) -> None:
    order, _ = school.place(school.cart(school.course(), school.course(max_students=1)))
    before = school.everything()

    with school.failing(table), pytest.raises(pymysql.Error) as error:
        school.confirm(order, "ch_1")
    assert error.value.args[0] == 1644
    assert school.everything() == before

    assert school.confirm(order, "ch_1") == "CONFIRMED"


@pytest.mark.breaks("an_order_is_refunded_when_all_its_charges_are")
@pytest.mark.parametrize("after", STATES)
@pytest.mark.parametrize("before", STATES)
def test_an_orders_status_goes_one_way(school: School, before: str, after: str) -> None:
    order = school.insert("orders", user_id=school.user(), status=before)

    if (before, after) in ALLOWED or before == after:
        school.run("UPDATE orders SET status = %s", after)
        assert changes(school, order) == [(None, before)] + [(before, after)] * (before != after)
        return
    with pytest.raises(pymysql.Error) as error:
        school.run("UPDATE orders SET status = %s", after)
    mend = "open to confirmed, failed or cancelled; confirmed to refunded"
    assert error.value.args == (30029, f"an order cannot go from {before} to {after}: {mend}")
    assert changes(school, order) == [(None, before)]


@pytest.mark.parametrize(
    ("statement", "number", "text"),
    [
        ("UPDATE orders SET user_id = user_id + 1", 30021,
         "buyer, promotion or amounts of an order cannot be changed: add a new row instead"),
        ("UPDATE orders SET subtotal = 1, total = 1", 30021,
         "buyer, promotion or amounts of an order cannot be changed: add a new row instead"),
        ("UPDATE order_items SET unit_price = 1", 30021,
         "an item of an order cannot be changed: add a new row instead"),
        ("UPDATE order_events SET to_status = 'refunded'", 30022, "order_events is append-only: add a new row instead"),
        ("DELETE FROM order_events", 30022, "order_events is append-only: add a new row instead"),
    ],
)
def test_what_was_ordered_stays_as_it_was(school: School, statement: str, number: int, text: str) -> None:
    school.place(school.cart(school.course()))
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.run(statement)

    assert error.value.args == (number, text)
    assert school.everything() == before
