"""The last seats of a limited course, wanted by several at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import pymysql
import pytest

from school import School, Session


def purchase(user: int, course: int, session: Session) -> str:
    return session.purchase(user, course)[1]


def enroll(user: int, course: int, session: Session) -> str:
    return session.enroll(user, course)[1]


def flash(user: int, sale: int, session: Session) -> str:
    return session.flash(user, sale)


def committed(act: Callable[[Session], str], session: Session) -> str:
    word = act(session)
    session.run("COMMIT")
    return word


def words(results: list[object]) -> Counter:
    """How often each outcome was returned; an error counts by its text."""
    return Counter(map(str, results))


def in_force(school: School, course: int) -> int:
    return school.count("enrollments", f"course_id = {course} AND in_force = 1")


@pytest.mark.parametrize("acts", [[purchase] * 2, [enroll] * 2, [purchase, enroll], [purchase, enroll] * 10])
def test_the_last_seat_goes_to_exactly_one(school: School, acts: list) -> None:
    course = school.course(max_students=1)

    results = school.at_once([partial(act, school.user(), course) for act in acts])

    assert words(results) == {"SUCCESS": 1, "COURSE_FULL": len(acts) - 1}
    assert in_force(school, course) == 1


def test_three_seats_go_to_three_of_twenty(school: School) -> None:
    course = school.course(max_students=5)
    for student in school.users(2):
        school.purchase(student, course)

    results = school.at_once([partial(act, school.user(), course) for act in [purchase, enroll] * 10])

    assert words(results) == {"SUCCESS": 3, "COURSE_FULL": 17}
    assert in_force(school, course) == 5


@pytest.mark.parametrize("limit", [None, 20])
@pytest.mark.parametrize("act", [purchase, enroll])
def test_twenty_callers_for_twenty_seats_all_get_one(school: School, act: Callable, limit: int | None) -> None:
    course = school.course(max_students=limit)

    results = school.at_once([partial(act, user, course) for user in school.users(20)])

    assert words(results) == {"SUCCESS": 20}


def test_a_student_who_tries_every_way_at_once_is_enrolled_once(school: School) -> None:
    student, course = school.user(), school.course(max_students=9)
    sale = school.sale(course, seats=3)
    acts = [partial(purchase, student, course), partial(enroll, student, course), partial(flash, student, sale)]

    results = school.at_once(acts * 3)

    assert words(results) == {"SUCCESS": 1, "ALREADY_ENROLLED": 8}
    assert in_force(school, course) == 1


def test_a_sale_and_the_open_market_each_sell_their_own_seats(school: School) -> None:
    course = school.course(max_students=10)
    sale = school.sale(course, seats=4)
    buyers = [partial(purchase, user, course) for user in school.users(20)]
    hunters = [partial(flash, user, sale) for user in school.users(20)]

    results = school.at_once([act for pair in zip(buyers, hunters, strict=True) for act in pair])

    assert words(results[::2]) == {"SUCCESS": 6, "COURSE_FULL": 14}
    assert words(results[1::2]) == {"SUCCESS": 4, "SOLD_OUT": 16}
    assert in_force(school, course) == 10


def test_seats_of_refunds_go_to_others_and_never_twice(school: School) -> None:
    course = school.course(max_students=5)
    enrollments = [school.purchase(user, course)[0] for user in school.users(5)]
    refunds = [lambda session, enrollment=enrollment: session.refund(enrollment) for enrollment in enrollments]

    results = school.at_once([*refunds, *(partial(purchase, user, course) for user in school.users(15))])

    assert words(results[:5]) == {"SUCCESS: Refunded $49.99": 5}
    sold = words(results[5:])
    assert set(sold) <= {"SUCCESS", "COURSE_FULL"} and sold["SUCCESS"] == in_force(school, course) <= 5
    late = [purchase(user, course, school) for user in school.users(6 - sold["SUCCESS"])]
    assert late == ["SUCCESS"] * (5 - sold["SUCCESS"]) + ["COURSE_FULL"]


def test_a_sale_created_amid_buyers_takes_no_seat_that_is_sold(school: School) -> None:
    course = school.course(max_students=10)
    create = [lambda session: session.insert(
        "flash_sales", course_id=course, max_seats=5, discount_price=1,
        start_time="2020-01-01", end_time="2120-01-01")]

    created, *bought = school.at_once([*create, *(partial(purchase, user, course) for user in school.users(10))])

    refused = isinstance(created, pymysql.Error)
    assert not refused or created.args[0] == 30019
    assert words(bought)["SUCCESS"] == (10 if refused else 5)
    assert in_force(school, course) <= 10


def test_folding_amid_buyers_disturbs_nobody(school: School) -> None:
    course = school.course(max_students=20)
    folds = [lambda session: session.call("fold_counters")] * 4

    results = school.at_once([*folds, *(partial(act, school.user(), course) for act in [purchase, enroll] * 10)])

    assert words(results) == {"{}": 4, "SUCCESS": 20}


@pytest.mark.parametrize("act", [purchase, enroll])
@pytest.mark.parametrize(("end", "word"), [("ROLLBACK", "SUCCESS"), ("COMMIT", "COURSE_FULL")])
def test_the_last_seat_in_an_open_transaction_is_waited_for(
    school: School, end: str, word: str, act: Callable
) -> None:
    (first, second), course, holder = school.users(2), school.course(max_students=1), school.session()
    holder.run("START TRANSACTION")
    assert act(first, course, holder) == "SUCCESS"

    waiting = school.waiting(partial(act, second, course))
    holder.run(end)

    assert waiting.result(timeout=20) == word


def test_a_seat_held_by_a_killed_caller_is_free_again(school: School) -> None:
    (first, second), course, holder = school.users(2), school.course(max_students=1), school.session()
    holder.run("START TRANSACTION")
    purchase(first, course, holder)

    waiting = school.waiting(partial(purchase, second, course))
    school.run(f"KILL {holder.connection.thread_id()}")

    assert waiting.result(timeout=20) == "SUCCESS"
    assert school.run("SELECT student_id FROM enrollments") == [(second,)]


def test_a_limit_that_rises_while_somebody_waits_is_seen(school: School) -> None:
    course, raiser = school.course(max_students=1), school.session()
    school.purchase(school.user(), course)
    raiser.run("START TRANSACTION")
    raiser.run("UPDATE courses SET max_students = 2 WHERE course_id = %s", course)

    waiting = school.waiting(partial(purchase, school.user(), course))
    raiser.run("COMMIT")

    assert waiting.result(timeout=20) == "SUCCESS"


@pytest.mark.parametrize("act", [purchase, enroll])
def test_callers_with_transactions_of_their_own_do_not_deadlock(school: School, act: Callable) -> None:
    courses = [school.course(), school.course(max_students=20)]
    acts = [partial(committed, partial(act, user, courses[user % 2])) for user in school.users(24)]

    assert words(school.at_once(acts, autocommit=False)) == {"SUCCESS": 24}
