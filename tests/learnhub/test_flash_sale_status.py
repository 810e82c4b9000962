"""flash_sale_status while a sale sells, grows and shrinks: exact in every snapshot; and how large a sale may be."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from school import School, Session

STATUS = "SELECT max_seats, seats_taken, seats_left FROM flash_sale_status WHERE sale_id = %s"


def buy(user: int, sale: int, session: Session) -> str:
    return session.flash(user, sale)


def resize(seats: int, sale: int, session: Session) -> str:
    """Change the number of seats by `seats`, again and again; "resized"."""
    for _ in range(5):
        session.run("UPDATE flash_sales SET max_seats = max_seats + %s WHERE sale_id = %s", seats, sale)
    return "resized"


def watch(sale: int, session: Session) -> list[tuple]:
    """The status beside the enrollments in the same snapshot, many times."""
    seen = []
    for _ in range(50):
        session.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
        seen += session.run(f"{STATUS.replace('SELECT', 'SELECT (SELECT COUNT(*) FROM enrollments), ')}", sale)
        session.run("COMMIT")
    return seen


@pytest.mark.parametrize(("by", "seats"), [(4, 60), (-4, 40)])
def test_the_status_is_exact_in_every_snapshot_while_seats_are_sold_added_and_taken_back(
    school: School, by: int, seats: int
) -> None:
    sale = school.sale(school.course(), seats=60 - 5 * by if by > 0 else 60)
    buyers = [partial(buy, user, sale) for user in school.users(20)]

    *_, resized, watched = school.at_once([*buyers, partial(resize, by, sale), partial(watch, sale)])

    assert resized == "resized"
    assert [row for row in watched if not (row[0] == row[2] and row[2] + row[3] == row[1])] == []
    assert school.run(STATUS, sale) == [(seats, 20, seats - 20)]


def test_seats_taken_back_while_the_last_are_sold_are_sold_to_nobody(school: School) -> None:
    sale = school.sale(school.course(), seats=30)
    acts = [*(partial(buy, user, sale) for user in school.users(40)), partial(resize, -2, sale)]

    words = Counter(map(str, school.at_once(acts)))

    sold = words["SUCCESS"]
    ((most, taken, left),) = school.run(STATUS, sale)
    assert (taken, left) == (sold, most - sold) and left >= 0
    assert words["SUCCESS"] + words["SOLD_OUT"] == 40


def test_added_seats_are_sold_at_once(school: School) -> None:
    sale, students = school.sale(school.course(), seats=1), school.users(3)
    assert [school.flash(student, sale) for student in students] == ["SUCCESS", "SOLD_OUT", "SOLD_OUT"]

    school.run("UPDATE flash_sales SET max_seats = 3")

    assert [school.flash(student, sale) for student in students] == ["ALREADY_ENROLLED", "SUCCESS", "SUCCESS"]


@pytest.mark.parametrize(("seats", "rows"), [(1, 1), (100, 100), (128, 128), (1_000_000, 128), (2**32 - 1, 128)])
def test_a_sale_is_never_more_than_128_rows(school: School, seats: int, rows: int) -> None:
    sale = school.sale(school.course(), seats=seats)

    assert school.count("flash_sale_stock") == rows
    assert school.run("SELECT slots FROM flash_sale_terms") == [(rows,)]
    assert school.run(STATUS, sale) == [(seats, 0, seats)]
    assert school.flash(school.user(), sale) == "SUCCESS"


def test_a_sale_of_a_million_seats_grows_and_shrinks_in_place(school: School) -> None:
    sale = school.sale(school.course(), seats=1_000_000)

    for seats in (3_000_000, 200):
        school.run("UPDATE flash_sales SET max_seats = %s", seats)
        assert school.run(STATUS, sale) == [(seats, 0, seats)]
    assert school.count("flash_sale_stock") == 128
