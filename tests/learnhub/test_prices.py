"""bulk_discount, and the history of every price."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pymysql
import pytest

from school import School, Session


def prices(school: School) -> list[str]:
    return [price for (price,) in school.run("SELECT CAST(price AS CHAR) FROM courses ORDER BY course_id")]


def history(school: School) -> list[tuple]:
    return school.run(
        "SELECT course_id, CAST(price_before AS CHAR), CAST(price_after AS CHAR) FROM price_history ORDER BY change_id"
    )


@pytest.fixture
def category(school: School) -> int:
    return school.insert("categories", name="Data")


@pytest.fixture
def priced(school: School, category: int) -> Callable[..., list[int]]:
    """Put courses of these prices into the category."""

    def put(*amounts: str, where: int | None = None, **columns: object) -> list[int]:
        courses = [school.course(amount, **columns) for amount in amounts]
        for course in courses:
            school.insert("course_categories", course_id=course, category_id=where or category)
        return courses

    return put


def discount(session: Session, category: object, percent: object, cap: object = None) -> int:
    return session.call("bulk_discount", category, percent, cap, out=("p_changed",))["p_changed"]


def refusal(act: Callable[..., object], *arguments: object) -> tuple:
    with pytest.raises(pymysql.Error) as caught:
        act(*arguments)
    return caught.value.args


def test_every_change_of_a_price_is_written_down(school: School) -> None:
    course = school.course("10.00")
    school.run("UPDATE courses SET price = 12.50")
    school.run("UPDATE courses SET price = 12.50, title = 'Same price'")
    school.run("UPDATE courses SET price = 0")

    assert history(school) == [(course, "10.00", "12.50"), (course, "12.50", "0.00")]
    row = school.rows("SELECT changed_by, TIMESTAMPDIFF(SECOND, changed_at, UTC_TIMESTAMP()) AS age FROM price_history")[0]
    assert row["changed_by"] == school.value("SELECT USER()")
    assert 0 <= row["age"] < 60


def test_the_history_of_prices_is_not_rewritten(school: School) -> None:
    school.course("10.00")
    school.run("UPDATE courses SET price = 12.50")

    assert refusal(school.run, "UPDATE price_history SET price_after = 1") == (
        30022,
        "price_history is append-only: add a new row instead",
    )


def test_a_course_that_nobody_bought_goes_with_its_prices(school: School) -> None:
    school.course("10.00")
    school.run("UPDATE courses SET price = 12.50")
    school.run("DELETE FROM courses")

    assert school.count("price_history") == 0


@pytest.mark.parametrize(
    ("percent", "cap", "before", "after"),
    [
        ("20", None, "49.99", "39.99"),
        ("50", None, "9.99", "5.00"),
        ("33.3333", None, "100.00", "66.67"),
        ("10", None, "0.05", "0.05"),
        ("50", None, "0.01", "0.01"),
        ("100", None, "49.99", "0.00"),
        ("50", "10", "49.99", "39.99"),
        ("50", "24.99", "49.99", "25.00"),
        ("50", "1000", "49.99", "25.00"),
        ("12.5", None, "0.20", "0.18"),
    ],
)
def test_a_price_falls_by_the_percentage_half_up_and_no_more_than_the_cap(
    school: School, category: int, priced: Callable, percent: str, cap: str | None, before: str, after: str
) -> None:
    priced(before)
    assert discount(school, category, percent, cap) == (before != after)
    assert prices(school) == [after]
    assert school.count("price_history") == (before != after)


def test_all_of_the_category_and_below_it_and_nothing_else(school: School, category: int, priced: Callable) -> None:
    below = school.insert("categories", name="SQL", parent_id=category)
    beside = school.insert("categories", name="Data science")
    first, second = priced("10.00", "20.00")
    (third,) = priced("30.00", where=below)
    priced("40.00", where=beside)
    priced("50.00", status="archived")
    priced("0.00")
    school.insert("course_categories", course_id=first, category_id=below)  # in both, and cheaper once
    (draft,) = priced("60.00", status="draft")

    assert discount(school, category, 10) == 4
    assert prices(school) == ["9.00", "18.00", "27.00", "40.00", "50.00", "0.00", "54.00"]
    assert {row[0] for row in history(school)} == {first, second, third, draft}


def test_a_category_without_courses_changes_nothing(school: School, category: int) -> None:
    assert discount(school, category, 10) == 0


def test_one_price_that_cannot_change_keeps_all_as_they_are(school: School, category: int, priced: Callable) -> None:
    *_, last = priced("10.00", "20.00", "30.00")
    before = school.everything()
    with school.failing("courses", "UPDATE", when=f"NEW.course_id = {last}"):
        assert refusal(discount, school, category, 10) == (1644, "injected")

    assert school.everything() == before


def test_misuse_is_told(school: School, category: int, priced: Callable) -> None:
    priced("10.00")
    before = school.everything()

    for percent in ("0", "-5", "100.01"):
        number, text = refusal(discount, school, category, percent)
        assert number == 30048
        assert text == f"percent {Decimal(percent):.4f} is not above 0 and up to 100: give a percentage"
    assert refusal(discount, school, category, 10, 0) == (30008, "amount 0.00 is not above 0: give a positive amount")
    assert refusal(discount, school, 999999, 10) == (30046, "there is no category 999999: check the id")
    assert refusal(discount, school, None, 10)[0] == refusal(discount, school, category, None)[0] == 30001
    assert school.everything() == before


def test_discounts_at_once_follow_each_other(school: School, category: int, priced: Callable) -> None:
    priced(*["100.00"] * 8)
    assert school.at_once([lambda session: discount(session, category, 50)] * 3) == [8, 8, 8]
    assert prices(school) == ["12.50"] * 8


def test_discounts_and_purchases_at_once_do_not_deadlock(school: School, category: int, priced: Callable) -> None:
    courses, users = priced(*["100.00"] * 6), school.users(8)
    acts = [lambda session: discount(session, category, 1)] * 2
    acts += [lambda session, user=user: [session.purchase(user, course)[1] for course in courses] for user in users]

    answers = school.at_once(acts)

    assert answers == [6, 6] + [["SUCCESS"] * 6] * 8
