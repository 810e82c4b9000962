"""Purchases around a gateway and orders by many callers at once, and against transactions that are still open."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import wait
from functools import partial

import pymysql
import pytest

from school import School, Session


def begin(user: int, course: int, session: Session) -> str:
    return session.begin(user, course)[1]


def complete(payment: int, transaction: str, session: Session) -> str:
    return session.complete(payment, transaction)[1]


def confirm(order: int, transaction: str, session: Session) -> str:
    return session.confirm(order, transaction)


def buy_all(cart: int, session: Session) -> list[str]:
    """Place an order and confirm it, or, every other one, let it fail."""
    order, word = session.place(cart)
    if word != "PENDING":
        return [word]
    return [word, session.confirm(order) if order % 2 else session.fail_order(order)]


def words(results: list[object]) -> Counter:
    return Counter(map(str, results))


def test_the_last_seat_is_held_by_one_of_many(school: School) -> None:
    course = school.course(max_students=1)

    assert words(school.at_once([partial(begin, user, course) for user in school.users(10)])) == {
        "PENDING": 1, "COURSE_FULL": 9
    }
    assert school.seats(course) == 1


def test_a_seat_goes_to_one_purchase_order_or_enrollment(school: School) -> None:
    course = school.course(max_students=3)
    acts: list[Callable] = [partial(begin, user, course) for user in school.users(4)]
    acts += [lambda session, cart=school.cart(course): session.place(cart)[1] for _ in range(4)]
    acts += [lambda session, user=user: session.enroll(user, course)[1] for user in school.users(4)]

    results = words(school.at_once(acts))

    assert results["COURSE_FULL"] == 9 and results["PENDING"] + results["SUCCESS"] == 3
    assert school.seats(course) == 3


def test_eight_begins_at_once_with_one_key_hold_one_seat(school: School) -> None:
    student, course = school.user(), school.course(max_students=5)

    results = school.at_once([lambda session: session.begin(student, course, "key_1")] * 8)

    assert results == [(school.value("SELECT payment_id FROM payments"), "PENDING")] * 8
    assert (school.seats(course), school.count("payment_events")) == (1, 2)


def test_eight_begins_at_once_with_keys_of_their_own_hold_one_seat(school: School) -> None:
    student, course = school.user(), school.course()

    assert words(school.at_once([partial(begin, student, course)] * 8)) == {"PENDING": 1, "ALREADY_ENROLLED": 7}


def test_one_key_for_eight_users_at_once_serves_one_of_them(school: School) -> None:
    course = school.course(max_students=8)

    results = school.at_once([lambda s, user=user: s.begin(user, course, "key_1") for user in school.users(8)])

    errors = [result.args for result in results if isinstance(result, pymysql.Error)]
    assert errors == [(30005, "key key_1 was used with other arguments: use a new key")] * 7
    assert (school.count("payments"), school.seats(course)) == (1, 1)


def test_one_answer_told_eight_times_at_once_completes_once(school: School) -> None:
    payment, _ = school.begin(school.user(), school.course())

    assert words(school.at_once([partial(complete, payment, "ch_1")] * 8)) == {"SUCCESS": 8}
    assert (school.count("payments"), school.count("enrollments"), school.due()) == (1, 1, [])


def test_two_gateways_that_answer_the_same_payment_at_once_sell_once(school: School) -> None:
    payment, _ = school.begin(school.user(), school.course())

    results = words(school.at_once([partial(complete, payment, f"ch_{number}") for number in (1, 2)]))

    assert results == {"SUCCESS": 1, "ALREADY_COMPLETED": 1}
    assert (school.count("enrollments"), len(school.due())) == (1, 1)


def test_of_success_and_failure_told_at_once_one_is_first(school: School) -> None:
    for number in range(5):
        payment, _ = school.begin(school.user(), school.course(max_students=1))
        acts = [partial(complete, payment, f"ch_{number}"), lambda session, payment=payment: session.fail(payment)]

        assert tuple(school.at_once(acts)) in {("SUCCESS", "ALREADY_COMPLETED"), ("ALREADY_FAILED", "SUCCESS")}


def test_one_transaction_for_two_payments_at_once_pays_for_one(school: School) -> None:
    course = school.course()
    payments = [school.begin(school.user(), course)[0] for _ in range(2)]

    results = school.at_once([partial(complete, payment, "ch_1") for payment in payments])

    assert sorted(str(result)[:7] for result in results) == ["(30005,", "SUCCESS"]
    assert school.count("enrollments") == 1


def test_two_who_waited_for_a_key_that_was_given_up_claim_it_in_turn(school: School) -> None:
    """Both may have it when its first holder is refused: were it first shared between them, they would deadlock."""
    course, holder = school.course(), school.session(isolation="READ COMMITTED")
    payments = [school.begin(school.user(), course)[0] for _ in range(2)]
    holder.run("START TRANSACTION")
    holder.call("claim_receipt", "gateway_answer", "ch_1", "payment|0", out=("p_outcome",))

    results = [school.waiting(partial(complete, payment, "ch_1")) for payment in payments]
    holder.run("DELETE FROM receipts WHERE receipt_key = 'ch_1'")
    holder.run("COMMIT")

    wait(results)
    assert sorted(str(result.exception() or result.result())[:7] for result in results) == ["(30005,", "SUCCESS"]


def test_one_confirmation_told_eight_times_at_once_confirms_once(school: School) -> None:
    order, _ = school.place(school.cart(school.course(), school.course()))

    assert words(school.at_once([partial(confirm, order, "ch_1")] * 8)) == {"CONFIRMED": 8}
    assert (school.count("payments"), school.count("enrollments"), school.due()) == (2, 2, [])


def test_two_carts_of_one_buyer_with_the_same_course_hold_it_once(school: School) -> None:
    student, course = school.user(), school.course()
    carts = [school.cart(course, school.course(), user=student) for _ in range(6)]

    results = words(school.at_once([lambda session, cart=cart: session.place(cart)[1] for cart in carts]))

    assert results == {"PENDING": 1, "ALREADY_ENROLLED": 5}


@pytest.mark.parametrize("limit", [None, 12])
def test_many_carts_with_the_same_courses_in_other_orders_check_out_without_a_deadlock(
    school: School, limit: int | None
) -> None:
    courses = [school.course(max_students=limit) for _ in range(6)]
    school.insert("promotions", code="SPRING", amount="10")
    shuffle = random.Random(4).shuffle
    carts = []
    for _ in range(24):
        shuffle(courses)
        carts.append(school.cart(*courses))
    folds = [lambda session: session.call("fold_counters")] * 2

    results = school.at_once([*(partial(buy_all, cart) for cart in carts), *folds])

    assert [result for result in results if isinstance(result, pymysql.Error)] == []
    sold = results.count(["PENDING", "CONFIRMED"])
    full = results.count(["COURSE_FULL"])
    assert sold + full + results.count(["PENDING", "FAILED"]) == 24 and sold >= 1
    assert full == 0 or limit
    assert school.count("enrollments") == 6 * sold == school.count("payments")


def test_carts_purchases_refunds_and_limits_that_change_go_on_without_a_deadlock(school: School) -> None:
    courses = [school.course(max_students=40) for _ in range(4)]
    acts: list[Callable] = [partial(buy_all, school.cart(*courses[::step])) for step in (1, -1) * 6]
    acts += [partial(begin, user, course) for user, course in zip(school.users(8), courses * 2, strict=True)]
    bought = [school.purchase(school.user(), course)[0] for course in courses]
    acts += [lambda session, enrollment=enrollment: session.refund(enrollment) for enrollment in bought]
    acts += [
        lambda session, course=course, to=to: session.run(
            "UPDATE courses SET max_students = %s WHERE course_id = %s", to, course
        )
        for course, to in zip(courses, (None, 41, None, 42), strict=True)
    ]

    results = school.at_once(acts)

    assert [result for result in results if isinstance(result, pymysql.Error)] == []


@pytest.mark.parametrize(("end", "word"), [("COMMIT", "COURSE_FULL"), ("ROLLBACK", "PENDING")])
def test_who_wants_the_last_seat_waits_for_who_is_at_it(school: School, end: str, word: str) -> None:
    (first, second), course, buyer = school.users(2), school.course(max_students=1), school.session()
    buyer.run("START TRANSACTION")
    buyer.begin(first, course)

    waiting = school.waiting(partial(begin, second, course))
    buyer.run(end)

    assert waiting.result(timeout=20) == word


def test_completing_never_frees_the_seat_in_between(school: School) -> None:
    (first, second), course, buyer = school.users(2), school.course(max_students=1), school.session()
    payment, _ = school.begin(first, course)
    buyer.run("START TRANSACTION")
    buyer.complete(payment)

    waiting = school.waiting(lambda session: session.enroll(second, course)[1])
    buyer.run("COMMIT")

    assert waiting.result(timeout=20) == "COURSE_FULL"


def test_a_buyer_killed_while_it_waits_holds_nothing(school: School) -> None:
    (first, second), course = school.users(2), school.course(max_students=2)
    holder, killed = school.session(), school.session()
    holder.run("START TRANSACTION")
    holder.begin(first, course)

    waiting = school.waiting(partial(begin, second, course), killed)
    school.run(f"KILL {killed.connection.thread_id()}")
    assert waiting.exception(timeout=20) is not None
    holder.run("COMMIT")

    assert school.seats(course) == 1
