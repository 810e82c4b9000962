"""enroll_in_flash_sale by many callers at once, and against transactions that are still open."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from school import School, Session


def buy(user: int, sale: int, session: Session) -> str:
    return session.flash(user, sale)


def buy_and_commit(user: int, sale: int, session: Session) -> str:
    word = session.flash(user, sale)
    session.run("COMMIT")
    return word


def callers(school: School, how_many: int, sale: int) -> list:
    return [partial(buy, user, sale) for user in school.users(how_many)]


@pytest.mark.parametrize("limit", [None, 100])
def test_of_300_callers_for_100_seats_100_buy_and_200_are_told_that_it_is_sold_out(
    school: School, limit: int | None
) -> None:
    course = school.course(max_students=limit)
    sale = school.sale(course, seats=100)

    words = Counter(school.at_once(callers(school, 300, sale)))

    assert words == {"SUCCESS": 100, "SOLD_OUT": 200}
    assert (school.count("enrollments"), school.count("payments"), school.count("payment_events")) == (100, 100, 400)
    assert school.run("SELECT seats_taken, seats_left FROM flash_sale_status") == [(100, 0)]


@pytest.mark.parametrize("seats", [1, 2, 3])
def test_many_callers_for_a_few_seats(school: School, seats: int) -> None:
    sale = school.sale(school.course(), seats=seats)

    words = Counter(school.at_once(callers(school, 40, sale)))

    assert words == {"SUCCESS": seats, "SOLD_OUT": 40 - seats}


def test_as_many_callers_as_seats_all_buy(school: School) -> None:
    sale = school.sale(school.course(), seats=40)

    assert Counter(school.at_once(callers(school, 40, sale))) == {"SUCCESS": 40}


def test_eight_calls_at_once_of_one_student_take_one_seat(school: School) -> None:
    student, sale = school.user(), school.sale(school.course(), seats=8)

    words = Counter(school.at_once([partial(buy, student, sale)] * 8))

    assert words == {"SUCCESS": 1, "ALREADY_ENROLLED": 7}
    assert school.run("SELECT seats_taken FROM flash_sale_status") == [(1,)]


def test_callers_with_transactions_of_their_own_share_a_sale_without_a_deadlock(school: School) -> None:
    sale = school.sale(school.course(), seats=10)
    acts = [partial(buy_and_commit, user, sale) for user in school.users(20)]

    words = Counter(map(str, school.at_once(acts, autocommit=False)))

    assert words == {"SUCCESS": 10, "SOLD_OUT": 10}


def test_folding_while_a_sale_runs_loses_nothing(school: School) -> None:
    sale = school.sale(school.course(max_students=30), seats=30)
    folds = [lambda session: session.call("fold_counters")] * 4

    words = Counter(map(str, school.at_once([*folds, *callers(school, 40, sale)])))

    assert words == {"SUCCESS": 30, "SOLD_OUT": 10, "{}": 4}


def test_a_sale_resized_while_it_runs_sells_what_it_has_in_the_end(school: School) -> None:
    sale = school.sale(school.course(), seats=10)
    resize = [lambda session: session.run("UPDATE flash_sales SET max_seats = max_seats + 5")] * 2

    words = Counter(map(str, school.at_once([*resize, *callers(school, 40, sale)])))

    sold = words["SUCCESS"]
    assert 10 <= sold <= 20 and words == {"[]": 2, "SUCCESS": sold, "SOLD_OUT": 40 - sold}
    assert school.run("SELECT max_seats, seats_taken FROM flash_sale_status") == [(20, sold)]


@pytest.mark.parametrize("autocommit", [True, False])
@pytest.mark.parametrize(("end", "word"), [("ROLLBACK", "SUCCESS"), ("COMMIT", "SOLD_OUT")])
def test_the_last_seat_in_an_open_transaction_is_waited_for(
    school: School, end: str, word: str, autocommit: bool
) -> None:
    (first, second), sale, holder = school.users(2), school.sale(school.course(), seats=1), school.session()
    holder.run("START TRANSACTION")
    assert holder.flash(first, sale) == "SUCCESS"

    waiting = school.waiting(partial(buy_and_commit, second, sale), school.session(autocommit))
    holder.run(end)

    assert waiting.result(timeout=20) == word


def test_a_seat_held_by_a_killed_caller_is_free_again(school: School) -> None:
    (first, second), sale, holder = school.users(2), school.sale(school.course(), seats=1), school.session()
    holder.run("START TRANSACTION")
    holder.flash(first, sale)

    waiting = school.waiting(partial(buy, second, sale))
    school.run(f"KILL {holder.connection.thread_id()}")

    assert waiting.result(timeout=20) == "SUCCESS"
    assert school.run("SELECT student_id FROM enrollments") == [(second,)]


def test_a_caller_killed_while_it_waits_takes_nothing(school: School) -> None:
    (first, second, third), sale = school.users(3), school.sale(school.course(), seats=2)
    holder, killed = school.session(), school.session()
    holder.run("START TRANSACTION")
    holder.run("SELECT * FROM flash_sale_stock FOR UPDATE")

    waiting = school.waiting(partial(buy, second, sale), killed)
    school.run(f"KILL {killed.connection.thread_id()}")
    assert waiting.exception(timeout=20) is not None
    holder.run("ROLLBACK")

    assert [school.flash(first, sale), school.flash(third, sale)] == ["SUCCESS", "SUCCESS"]


def test_a_held_seat_stands_in_nobodys_way_while_another_is_free(school: School) -> None:
    (first, *others), sale, holder = school.users(3), school.sale(school.course(), seats=3), school.session()
    holder.run("START TRANSACTION")
    holder.flash(first, sale)
    school.run("SET innodb_lock_wait_timeout = 1")

    assert [school.flash(student, sale) for student in others] == ["SUCCESS", "SUCCESS"]
    holder.run("ROLLBACK")


def test_a_sold_out_sale_is_seen_without_waiting(school: School) -> None:
    (first, second), sale, holder = school.users(2), school.sale(school.course(), seats=1), school.session()
    school.flash(first, sale)
    holder.run("START TRANSACTION")
    holder.run("SELECT * FROM flash_sale_stock FOR UPDATE")
    school.run("SET innodb_lock_wait_timeout = 1")

    assert school.flash(second, sale) == "SOLD_OUT"
    holder.run("ROLLBACK")


def test_who_wants_a_seat_of_an_ended_sale_waits_for_its_last_buyer(school: School) -> None:
    (first, second), course = school.users(2), school.course(max_students=1)
    sale, buyer, late = school.sale(course, seats=1), school.session(), school.session()
    buyer.run("START TRANSACTION")
    buyer.flash(first, sale)
    late.clock(school.value("SELECT end_time + INTERVAL 1 SECOND FROM flash_sales"))

    waiting = school.waiting(lambda session: session.enroll(second, course)[1], late)
    buyer.run("ROLLBACK")

    assert waiting.result(timeout=20) == "SUCCESS"


def test_a_fold_of_an_ended_sale_waits_for_its_last_buyer(school: School) -> None:
    (first, second), course = school.users(2), school.course(max_students=1)
    sale, buyer, late = school.sale(course, seats=1), school.session(), school.session()
    buyer.run("START TRANSACTION")
    buyer.flash(first, sale)
    late.clock(school.value("SELECT end_time + INTERVAL 1 SECOND FROM flash_sales"))

    waiting = school.waiting(lambda session: session.call("fold_counters"), late)
    buyer.run("COMMIT")
    waiting.result(timeout=20)

    assert school.enroll(second, course)[1] == "COURSE_FULL"


def test_a_seat_sold_since_the_snapshot_is_not_sold_again(school: School) -> None:
    (first, second), sale, old = school.users(2), school.sale(school.course(), seats=1), school.session()
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    school.flash(first, sale)

    assert old.flash(second, sale) == "SOLD_OUT"


def test_a_seat_added_since_the_snapshot_is_sold(school: School) -> None:
    (first, second), sale, old = school.users(2), school.sale(school.course(), seats=1), school.session()
    school.flash(first, sale)
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    school.run("UPDATE flash_sales SET max_seats = 2")

    assert old.flash(second, sale) == "SUCCESS"
    old.run("COMMIT")


def test_an_old_snapshot_sees_a_sale_that_began_since_and_one_that_ended(school: School) -> None:
    student, ended, old = school.user(), school.sale(school.course()), school.session()
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    begun = school.sale(school.course())
    school.run("UPDATE flash_sales SET end_time = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE sale_id = %s", ended)

    assert (old.flash(student, begun), old.flash(student, ended)) == ("SUCCESS", "NOT_ACTIVE")
    old.run("COMMIT")
