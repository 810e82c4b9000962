"""Seats that a flash sale sets aside on a course with a limit: set aside, returned, resized, withdrawn."""

from __future__ import annotations

import pymysql
import pytest

from school import School

NOT_FREE = "course {} has not that many free seats: a smaller sale or a higher max_students"


def seats(school: School, course: int) -> object:
    """Seats of a course that are not for sale to everybody any more."""
    return school.value("SELECT seats_taken FROM course_seats WHERE course_id = %s", course)


def end(school: School, sale: int, when: str = "UTC_TIMESTAMP(6) - INTERVAL 1 SECOND") -> None:
    school.run(f"UPDATE flash_sales SET end_time = {when} WHERE sale_id = %s", sale)


@pytest.mark.parametrize("hours", [(-1, 1), (1, 2)])
def test_a_sale_sets_its_seats_aside_when_it_is_created(school: School, hours: tuple[int, int]) -> None:
    course = school.course(max_students=3)
    school.sale(course, seats=2, hours=hours)

    assert [school.purchase(student, course)[1] for student in school.users(2)] == ["SUCCESS", "COURSE_FULL"]


def test_a_sale_sells_its_seats_though_the_course_is_full_for_others(school: School) -> None:
    course = school.course(max_students=3)
    sale = school.sale(course, seats=2)
    school.purchase(school.user(), course)

    assert [school.flash(student, sale) for student in school.users(3)] == ["SUCCESS", "SUCCESS", "SOLD_OUT"]
    assert seats(school, course) == 3


@pytest.mark.parametrize("enrolled", [0, 1])
def test_a_sale_of_seats_that_are_not_free_is_refused(school: School, enrolled: int) -> None:
    course = school.course(max_students=3)
    for student in school.users(enrolled):
        school.purchase(student, course)
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.sale(course, seats=4 - enrolled)

    assert error.value.args == (30019, NOT_FREE.format(course))
    assert school.everything() == before
    school.sale(course, seats=3 - enrolled)
    assert seats(school, course) == 3


def test_two_sales_of_a_course_do_not_share_seats(school: School) -> None:
    course = school.course(max_students=3)
    school.sale(course, seats=2)

    with pytest.raises(pymysql.Error) as error:
        school.sale(course, seats=2)

    assert error.value.args[0] == 30019


def test_a_refunded_seat_of_a_sale_is_free_for_everybody(school: School) -> None:
    course = school.course(max_students=1)
    first, second, third = school.users(3)
    sale = school.sale(course, seats=1)
    school.flash(first, sale)
    school.refund(school.value("SELECT enrollment_id FROM enrollments"))

    assert school.flash(second, sale) == "SOLD_OUT"
    assert school.purchase(third, course)[1] == "SUCCESS"


def test_what_is_left_of_an_ended_sale_comes_back_to_the_next_buyer(school: School) -> None:
    course = school.course(max_students=2)
    sale = school.sale(course, seats=2)
    assert school.purchase(school.user(), course)[1] == "COURSE_FULL"
    end(school, sale)

    assert [school.enroll(student, course)[1] for student in school.users(3)] == ["SUCCESS", "SUCCESS", "COURSE_FULL"]
    assert seats(school, course) == 2


def test_what_is_left_of_an_ended_sale_comes_back_with_a_fold(school: School) -> None:
    course = school.course(max_students=3)
    sale = school.sale(course, seats=2)
    school.flash(school.user(), sale)
    end(school, sale)

    school.call("fold_counters")
    assert seats(school, course) == 1
    assert school.value("SELECT seats_taken FROM flash_sales") == 1
    school.call("fold_counters")
    assert seats(school, course) == 1


@pytest.mark.parametrize("settled", [False, True])
def test_what_is_left_of_an_ended_sale_can_be_set_aside_by_the_next(school: School, settled: bool) -> None:
    course = school.course(max_students=2)
    end(school, school.sale(course, seats=2))
    if settled:
        school.call("fold_counters")

    school.sale(course, seats=2)

    assert seats(school, course) == 2
    assert school.purchase(school.user(), course)[1] == "COURSE_FULL"


def test_a_sale_settled_by_a_buyer_counts_right(school: School) -> None:
    course = school.course(max_students=3)
    sale = school.sale(course, seats=2)
    school.flash(school.user(), sale)
    end(school, sale)
    school.purchase(school.user(), course)
    school.call("fold_counters")

    assert school.run("SELECT seats_taken FROM flash_sales") == [(1,)]
    assert seats(school, course) == 2


@pytest.mark.parametrize("settled", [False, True])
def test_an_ended_sale_that_goes_on_sets_aside_anew_what_it_has_left(school: School, settled: bool) -> None:
    course = school.course(max_students=4)
    sale = school.sale(course, seats=3)
    school.flash(school.user(), sale)
    end(school, sale)
    if settled:
        school.call("fold_counters")

    end(school, sale, "UTC_TIMESTAMP(6) + INTERVAL 1 HOUR")

    assert seats(school, course) == 3
    assert [school.flash(student, sale) for student in school.users(3)] == ["SUCCESS", "SUCCESS", "SOLD_OUT"]


def test_an_ended_sale_does_not_go_on_when_its_seats_are_gone(school: School) -> None:
    course = school.course(max_students=2)
    sale = school.sale(course, seats=2)
    end(school, sale)
    school.purchase(school.user(), course)
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        end(school, sale, "UTC_TIMESTAMP(6) + INTERVAL 1 HOUR")

    assert error.value.args == (30019, NOT_FREE.format(course))
    assert school.everything() == before


@pytest.mark.parametrize(("more", "sold"), [(3, 4), (500, 501), (-1, 1)])
def test_a_running_sale_is_resized(school: School, more: int, sold: int) -> None:
    sale = school.sale(school.course(), seats=3)
    school.flash(school.user(), sale)

    school.run("UPDATE flash_sales SET max_seats = max_seats + %s", more)

    assert school.run("SELECT max_seats, seats_taken, seats_left FROM flash_sale_status") == [(3 + more, 1, 2 + more)]


def test_a_resized_sale_sells_as_many_seats_as_it_has(school: School) -> None:
    sale = school.sale(school.course(), seats=200)
    sold = [school.flash(student, sale) for student in school.users(20)]
    school.run("UPDATE flash_sales SET max_seats = 25")

    sold += [school.flash(student, sale) for student in school.users(6)]

    assert sold == ["SUCCESS"] * 25 + ["SOLD_OUT"]


def test_a_sale_is_not_made_smaller_than_what_it_sold(school: School) -> None:
    sale = school.sale(school.course(max_students=5), seats=3)
    for student in school.users(2):
        school.flash(student, sale)
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.run("UPDATE flash_sales SET max_seats = 1")

    assert error.value.args == (30020, f"sale {sale} has sold more seats than that: a higher max_seats")
    assert school.everything() == before


def test_a_sale_resized_on_a_limited_course_takes_or_frees_its_seats(school: School) -> None:
    course = school.course(max_students=5)
    sale = school.sale(course, seats=3)

    school.run("UPDATE flash_sales SET max_seats = 5")
    assert seats(school, course) == 5
    school.run("UPDATE flash_sales SET max_seats = 1")
    assert seats(school, course) == 1
    before = school.everything()
    with pytest.raises(pymysql.Error) as error:
        school.run("UPDATE flash_sales SET max_seats = 6")
    assert error.value.args == (30019, NOT_FREE.format(course))
    assert school.everything() == before
    assert school.flash(school.user(), sale) == "SUCCESS"


def test_an_unsold_sale_is_withdrawn_and_its_seats_come_back(school: School) -> None:
    course = school.course(max_students=2)
    school.sale(course, seats=2)

    school.run("DELETE FROM flash_sales")

    assert seats(school, course) == 0
    assert (school.count("flash_sale_stock"), school.count("flash_sale_terms")) == (0, 0)


def test_an_ended_sale_gives_its_seats_back_once_also_when_it_is_withdrawn(school: School) -> None:
    course = school.course(max_students=3)
    school.purchase(school.user(), course)
    end(school, school.sale(course, seats=2))
    school.call("fold_counters")

    school.run("DELETE FROM flash_sales")

    assert seats(school, course) == 1


def test_a_sale_with_buyers_stays(school: School) -> None:
    sale = school.sale(school.course(), seats=2)
    school.flash(school.user(), sale)
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.run("DELETE FROM flash_sales")

    assert error.value.args == (30024, f"sale {sale} has buyers: let it end instead")
    assert school.everything() == before


def test_a_course_that_becomes_limited_counts_students_and_seats_set_aside(school: School) -> None:
    course = school.course()
    school.purchase(school.user(), course)
    sale = school.sale(course, seats=2)
    school.flash(school.user(), sale)

    school.run("UPDATE courses SET max_students = 3 WHERE course_id = %s", course)

    assert seats(school, course) == 3
    assert school.purchase(school.user(), course)[1] == "COURSE_FULL"
    assert school.flash(school.user(), sale) == "SUCCESS"


def test_a_course_that_becomes_unlimited_keeps_its_sale(school: School) -> None:
    course = school.course(max_students=2)
    sale = school.sale(course, seats=2)

    school.run("UPDATE courses SET max_students = NULL WHERE course_id = %s", course)

    assert school.purchase(school.user(), course)[1] == "SUCCESS"
    assert [school.flash(student, sale) for student in school.users(3)] == ["SUCCESS", "SUCCESS", "SOLD_OUT"]
    school.run("UPDATE courses SET max_students = 4 WHERE course_id = %s", course)
    assert seats(school, course) == 3
