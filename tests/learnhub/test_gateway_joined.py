"""Purchases around a gateway and orders inside a caller's transaction, and inside an old snapshot."""

from __future__ import annotations

from collections.abc import Callable

import pymysql
import pytest

from school import School, Session

A_USER = {"users", "payment_clocks"}  # what a new one changes


def everything_but(school: School, before: dict) -> set[str]:
    after = school.everything()
    return {table for table in after if after[table] != before[table]}


@pytest.fixture(params=["begin", "complete", "fail", "place", "confirm", "fail_order", "give_back"])
def act(school: School, request: pytest.FixtureRequest) -> Callable[[Session], object]:
    """One call of each procedure, ready to be made."""
    student, course = school.user(), school.course(max_students=9)
    if request.param == "begin":
        return lambda session: session.begin(student, course, "key_1")
    if request.param in ("complete", "fail"):
        payment, _ = school.begin(student, course)
        completes = request.param == "complete"
        return lambda session: session.complete(payment, "ch_1") if completes else session.fail(payment)
    if request.param == "give_back":
        payment = school.insert("payments", user_id=student, amount="5", status="completed", transaction_id="ch_1")
        return lambda session: session.give_back(payment)
    cart = school.cart(course, school.course(), user=student)
    if request.param == "place":
        return lambda session: session.place(cart, None, "key_1")
    order, _ = school.place(cart)
    return lambda session: session.confirm(order, "ch_1") if request.param == "confirm" else session.fail_order(order)


@pytest.mark.parametrize("autocommit", [True, False])
def test_it_joins_the_callers_transaction_and_leaves_its_end_to_the_caller(
    school: School, act: Callable, autocommit: bool
) -> None:
    session, before = school.session(autocommit=autocommit), school.everything()
    if autocommit:
        session.run("START TRANSACTION")
    session.insert("users", name="Ann", email="ann@example.org")
    session.run("SAVEPOINT of_the_caller")
    act(session)
    assert everything_but(school, before) == set()

    session.run("ROLLBACK TO SAVEPOINT of_the_caller")
    session.run("COMMIT")
    assert everything_but(school, before) == A_USER
    act(session)
    session.run("COMMIT")
    assert everything_but(school, before) > A_USER


def test_an_error_in_a_joined_call_undoes_that_call_alone(school: School) -> None:
    student, course, session = school.user(), school.course(max_students=1), school.session(autocommit=False)
    session.insert("users", name="Ann", email="ann@example.org")
    payment, _ = session.begin(student, course)
    session.run("COMMIT")
    before = school.everything()
    session.insert("users", name="Ben", email="ben@example.org")

    with school.failing("course_access"):
        with pytest.raises(pymysql.Error):
            session.complete(payment)
        session.run("COMMIT")

    assert everything_but(school, before) == A_USER


def test_a_whole_purchase_inside_one_transaction_is_undone_with_it(school: School) -> None:
    student, course, session = school.user(), school.course(max_students=1), school.session()
    cart = school.cart(school.course())
    before = school.everything()
    session.run("START TRANSACTION")
    payment, _ = session.begin(student, course)
    assert session.complete(payment)[1] == "SUCCESS"
    order, _ = session.place(cart)
    assert session.confirm(order) == "CONFIRMED"
    session.run("ROLLBACK")

    assert everything_but(school, before) == set()


@pytest.fixture
def old(school: School) -> Session:
    """A session that sees the world as it was when `look` was called."""
    return school.session()


def look(old: Session) -> None:
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")


def test_an_old_snapshot_completes_a_purchase_begun_since(school: School, old: Session) -> None:
    look(old)
    payment, _ = school.begin(school.user(), school.course(max_students=1))

    enrollment, word = old.complete(payment, "ch_1")
    old.run("COMMIT")

    assert word == "SUCCESS"
    assert school.complete(payment, "ch_1") == (enrollment, "SUCCESS")


def test_an_old_snapshot_sees_what_was_answered_since(school: School, old: Session) -> None:
    payments = [school.begin(school.user(), school.course())[0] for _ in range(4)]
    look(old)
    first = school.complete(payments[0], "ch_1")
    school.fail(payments[1])
    school.fail(payments[2])
    school.run("UPDATE payments SET created_at = created_at - INTERVAL 1 HOUR WHERE payment_id = %s", payments[3])
    school.expire(30)

    assert old.complete(payments[0], "ch_1") == first
    assert old.fail(payments[0]) == "ALREADY_COMPLETED"
    assert old.fail(payments[1]) == "ALREADY_FAILED"
    assert old.complete(payments[2], "ch_3")[1] == "ALREADY_FAILED"
    assert old.complete(payments[3], "ch_4")[1] == "REFUND_DUE"
    old.run("COMMIT")


def test_an_old_snapshot_holds_no_second_seat(school: School, old: Session) -> None:
    student, course = school.user(), school.course(max_students=5)
    cart = school.cart(course, user=student)
    look(old)
    school.begin(student, course)

    assert old.begin(student, course) == (None, "ALREADY_ENROLLED")
    assert old.place(cart) == (None, "ALREADY_ENROLLED")
    old.run("COMMIT")
    assert (school.seats(course), school.count("payments"), school.count("orders")) == (1, 1, 0)


def test_an_old_snapshot_repeats_what_was_begun_since(school: School, old: Session) -> None:
    student, course = school.user(), school.course()
    cart = school.cart(school.course(), user=student)
    look(old)
    begun, placed = school.begin(student, course, "key_1"), school.place(cart, None, "key_2")

    assert old.begin(student, course, "key_1") == begun
    assert old.place(cart, None, "key_2") == placed
    assert old.confirm(placed[0], "ch_1") == "CONFIRMED"
    old.run("COMMIT")
    assert school.count("enrollments") == 1


def test_an_old_snapshot_orders_what_lies_in_the_cart_now_at_the_price_of_now(school: School, old: Session) -> None:
    first, second = school.course("10"), school.course("20", max_students=1)
    cart = school.cart(first)
    look(old)
    school.insert("cart_items", cart_id=cart, course_id=second)
    school.run("UPDATE courses SET price = price + 1")

    assert old.place(cart)[1] == "PENDING"
    old.run("COMMIT")

    assert school.run("SELECT CAST(unit_price AS CHAR) FROM order_items ORDER BY course_id") == [("11.00",), ("21.00",)]
    assert school.run("SELECT CAST(total AS CHAR) FROM orders") == [("32.00",)]
    assert school.seats(second) == 1


def test_an_old_snapshot_orders_a_cart_that_is_new(school: School, old: Session) -> None:
    look(old)

    assert old.place(school.cart(school.course()))[1] == "PENDING"
    old.run("COMMIT")


def test_an_old_snapshot_gives_back_money_that_came_since_once(school: School, old: Session) -> None:
    student = school.user()
    look(old)
    payment = school.insert("payments", user_id=student, amount="5", status="completed")

    assert old.give_back(payment) == "SUCCESS: Refunded $5.00"
    assert old.give_back(payment) == "ERROR: Already refunded"
    old.run("COMMIT")
