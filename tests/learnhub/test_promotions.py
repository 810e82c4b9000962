"""Promotions: for whom, for what, how often."""

from __future__ import annotations

from collections import Counter
from functools import partial

import pytest

from school import School, Session
from test_orders import promotion


def discounts(school: School) -> list[str]:
    rows = school.run("SELECT CAST(discount_amount AS CHAR) FROM order_items ORDER BY course_id")
    return [value for (value,) in rows]


@pytest.mark.parametrize("code", ["spring", "NONE", "SPRÜNG", "SPR?NG", "'; DROP TABLE orders; -- "])
def test_an_unknown_code_is_invalid(school: School, code: str) -> None:
    cart = school.cart(school.course())
    promotion(school)
    before = school.everything()

    assert school.place(cart, code) == (None, "PROMOTION_INVALID")
    assert school.everything() == before


@pytest.mark.parametrize("code", [None, ""])
def test_no_code_is_no_promotion(school: School, code: str | None) -> None:
    promotion(school)

    assert school.place(school.cart(school.course()), code)[1] == "PENDING"
    assert school.run("SELECT promotion_id, CAST(total AS CHAR) FROM orders") == [(None, "49.99")]


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"is_active": 0}, "PROMOTION_INVALID"),
        ({"valid_from": "2030-06-01 00:00:00.000001"}, "PROMOTION_INVALID"),
        ({"valid_until": "2030-05-31 23:59:59.999999"}, "PROMOTION_INVALID"),
        ({"valid_from": "2030-06-01", "valid_until": "2030-06-02"}, "PENDING"),
        ({"valid_until": "2030-06-01"}, "PENDING"),
        ({"max_uses": 0}, "PROMOTION_EXHAUSTED"),
        ({"per_customer": 0}, "PROMOTION_EXHAUSTED"),
        ({"min_purchase": "50"}, "BELOW_MINIMUM"),
        ({"min_purchase": "49.99"}, "PENDING"),
    ],
)
def test_a_promotion_is_valid_from_its_first_to_its_last_moment(school: School, columns: dict, word: str) -> None:
    promotion(school, **columns)
    school.clock("2030-06-01 00:00:00")

    assert school.place(school.cart(school.course("49.99")), "SPRING")[1] == word


def test_a_promotion_of_a_course_makes_only_that_course_cheaper(school: School) -> None:
    first, second = school.course("40"), school.course("60")
    promotion(school, course_id=second, discount_type="fixed_amount", amount="100")

    assert school.place(school.cart(first), "SPRING") == (None, "PROMOTION_INVALID")
    assert school.place(school.cart(first, second), "SPRING")[1] == "PENDING"
    assert discounts(school) == ["0.00", "60.00"]


def test_a_promotion_of_a_category_is_for_the_categories_below_it_too(school: School) -> None:
    top = school.insert("categories", name="Data", slug="data")
    below = school.insert("categories", name="SQL", slug="sql", parent_id=top)
    inside, deep, outside = school.course("40"), school.course("60"), school.course("80")
    for course, category in ((inside, top), (deep, below)):
        school.insert("course_categories", course_id=course, category_id=category)
    promotion(school, category_id=top, amount="50")

    assert school.place(school.cart(outside), "SPRING") == (None, "PROMOTION_INVALID")
    assert school.place(school.cart(inside, deep, outside), "SPRING")[1] == "PENDING"
    assert discounts(school) == ["20.00", "30.00", "0.00"]


def test_a_promotion_that_pays_for_all_confirms_the_order(school: School) -> None:
    promotion(school, amount="100")

    order, status = school.place(school.cart(school.course(), school.course()), "SPRING")

    assert status == "CONFIRMED"
    assert (school.count("enrollments"), school.count("payments")) == (2, 0)
    assert school.value("SELECT uses_count FROM promotions") == 1


def test_a_promotion_is_counted_when_ordered_given_back_when_failed_and_kept_when_refunded(school: School) -> None:
    student = school.user()
    promotion(school, max_uses=1)
    order, _ = school.place(school.cart(school.course(), user=student), "SPRING")
    assert school.value("SELECT uses_count FROM promotions") == 1
    school.fail_order(order)
    assert (school.value("SELECT uses_count FROM promotions"), school.count("promotion_uses")) == (0, 0)

    order, _ = school.place(school.cart(school.course(), user=student), "SPRING")
    school.confirm(order)
    school.refund(school.value("SELECT enrollment_id FROM enrollments"))
    assert school.value("SELECT uses_count FROM promotions") == 1
    assert school.place(school.cart(school.course()), "SPRING") == (None, "PROMOTION_EXHAUSTED")


def test_each_customer_has_uses_of_their_own(school: School) -> None:
    promotion(school, per_customer=2)
    first, second = school.users(2)

    buyers = (first, first, first, second)
    words = [school.place(school.cart(school.course(), user=user), "SPRING")[1] for user in buyers]

    assert words == ["PENDING", "PENDING", "PROMOTION_EXHAUSTED", "PENDING"]


def test_an_order_of_which_the_promotion_expired_gives_its_use_back(school: School) -> None:
    promotion(school)
    school.place(school.cart(school.course()), "SPRING")

    assert school.expire() == 1
    assert (school.value("SELECT uses_count FROM promotions"), school.count("promotion_uses")) == (0, 0)


def place(cart: int, session: Session) -> str:
    return session.place(cart, "SPRING")[1]


@pytest.mark.parametrize("uses", [1, 3])
def test_the_last_use_goes_to_one_of_many_customers(school: School, uses: int) -> None:
    promotion(school, max_uses=uses)
    carts = [school.cart(school.course()) for _ in range(10)]

    words = Counter(map(str, school.at_once([partial(place, cart) for cart in carts])))

    assert words == {"PENDING": uses, "PROMOTION_EXHAUSTED": 10 - uses}
    assert (school.value("SELECT uses_count FROM promotions"), school.count("promotion_uses")) == (uses, uses)


def test_one_customer_with_many_carts_has_the_one_use(school: School) -> None:
    student = school.user()
    promotion(school, per_customer=1)
    carts = [school.cart(school.course(), user=student) for _ in range(8)]

    words = Counter(map(str, school.at_once([partial(place, cart) for cart in carts])))

    assert words == {"PENDING": 1, "PROMOTION_EXHAUSTED": 7}


@pytest.mark.parametrize(("end", "word"), [("COMMIT", "PROMOTION_EXHAUSTED"), ("ROLLBACK", "PENDING")])
def test_who_wants_the_last_use_waits_for_who_is_at_it(school: School, end: str, word: str) -> None:
    promotion(school, max_uses=1)
    first, second = school.cart(school.course()), school.cart(school.course())
    buyer = school.session()
    buyer.run("START TRANSACTION")
    buyer.place(first, "SPRING")

    waiting = school.waiting(partial(place, second))
    buyer.run(end)

    assert waiting.result(timeout=20) == word


def test_an_old_snapshot_sees_the_uses_of_now(school: School) -> None:
    promotion(school, max_uses=1)
    first, second, old = school.cart(school.course()), school.cart(school.course()), school.session()
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    school.place(first, "SPRING")

    assert place(second, old) == "PROMOTION_EXHAUSTED"
    old.run("COMMIT")


@pytest.mark.parametrize(
    "change", ["DELETE FROM course_categories", "CALL move_category({below}, NULL)"], ids=["course", "category"]
)
def test_an_old_snapshot_sees_the_categories_of_now(school: School, change: str) -> None:
    top = school.insert("categories", name="Data")
    below = school.insert("categories", name="SQL", parent_id=top)
    cart = school.cart(course := school.course())
    school.insert("course_categories", course_id=course, category_id=below)
    promotion(school, category_id=top)
    old = school.session()
    old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")
    school.run(change.format(below=below))

    assert place(cart, old) == "PROMOTION_INVALID"
    old.run("COMMIT")


def test_a_use_is_never_moved_and_does_not_stamp_the_promotion(school: School) -> None:
    promotion(school)
    school.run("UPDATE promotions SET max_uses = 9")
    stamp = school.value("SELECT updated_at FROM promotions")
    school.place(school.cart(school.course()), "SPRING")

    assert school.value("SELECT updated_at FROM promotions") == stamp
    with pytest.raises(Exception) as error:
        school.run("UPDATE promotion_uses SET user_id = user_id + 1")
    assert error.value.args == (30021, "a promotion's use cannot be changed: add a new row instead")
