"""enroll_in_flash_sale: what is sold, what is refused, what is misuse."""

from __future__ import annotations

import pymysql
import pytest

from school import School


def status(school: School, sale: int) -> tuple:
    """Seats taken, seats left, on or not: of a sale, exactly."""
    return school.run("SELECT seats_taken, seats_left, is_active FROM flash_sale_status WHERE sale_id = %s", sale)[0]


def test_a_seat_of_a_sale_is_all_that_a_purchase_is_at_the_price_of_the_sale(school: School) -> None:
    student, course = school.user(), school.course("49.99")
    sale = school.sale(course, seats=3, price="19.99")

    assert school.flash(student, sale) == "SUCCESS"

    assert school.run("SELECT student_id, course_id, flash_sale_id, status FROM enrollments") == [
        (student, course, sale, "active")
    ]
    payment = school.row("SELECT * FROM payments")
    assert payment | {"user_id": student, "kind": "charge", "status": "completed", "currency": "USD"} == payment
    assert str(payment["amount"]) == "19.99"
    assert payment["enrollment_id"] == school.value("SELECT enrollment_id FROM enrollments")
    assert payment["transaction_id"].startswith(f"flash_{sale}_")
    assert school.run("SELECT event_type FROM payment_events ORDER BY event_id") == [
        ("initiated",), ("payment_gateway_success",), ("enrollment_created",), ("completion_confirmed",)
    ]
    assert school.value(
        "SELECT TIMESTAMPDIFF(SECOND, enrolled_at + INTERVAL 1 YEAR, access_expires_at) FROM course_access"
        " JOIN enrollments USING (student_id, course_id)"
    ) == 0
    assert status(school, sale) == (1, 2, 1)


def test_a_sale_at_price_zero_sells_without_a_payment(school: School) -> None:
    sale = school.sale(school.course("49.99"), price="0")

    assert school.flash(school.user(), sale) == "SUCCESS"
    assert (school.count("enrollments"), school.count("course_access"), school.count("payments")) == (1, 1, 0)


def test_a_sale_of_a_free_course_may_cost_something(school: School) -> None:
    assert school.flash(school.user(), school.sale(school.course("0"), price="5")) == "SUCCESS"
    assert school.run("SELECT CAST(amount AS CHAR) FROM payments") == [("5.00",)]


@pytest.mark.parametrize(
    ("now", "zone", "word"),
    [
        ("2037-12-01 08:59:59.999999", "+13:00", "NOT_ACTIVE"),
        ("2037-12-01 09:00:00", "-12:00", "SUCCESS"),
        ("2037-12-01 12:00:00", "+13:00", "SUCCESS"),
        ("2037-12-01 12:00:00.000001", "-12:00", "NOT_ACTIVE"),
    ],
)
def test_a_sale_is_on_from_its_first_moment_to_its_last(school: School, now: str, zone: str, word: str) -> None:
    sale = school.insert(
        "flash_sales", course_id=school.course(), max_seats=1, discount_price="5",
        start_time="2037-12-01 09:00:00", end_time="2037-12-01 12:00:00",
    )
    session = school.session()
    session.run("SET time_zone = %s", zone)
    session.clock(now)

    assert session.value("SELECT is_active FROM flash_sale_status") == (word == "SUCCESS")
    assert session.flash(school.user(), sale) == word


@pytest.mark.parametrize("hours", [(1, 2), (-2, -1)])
def test_a_sale_before_or_after_its_time_is_not_active(school: School, hours: tuple[int, int]) -> None:
    student, sale = school.user(), school.sale(school.course(), hours=hours)
    before = school.everything()

    assert school.flash(student, sale) == "NOT_ACTIVE"
    assert school.everything() == before


@pytest.mark.parametrize("course_status", ["draft", "archived"])
def test_a_sale_of_a_course_that_is_not_active_is_not_active(school: School, course_status: str) -> None:
    student, sale = school.user(), school.sale(school.course(status=course_status))
    before = school.everything()

    assert school.flash(student, sale) == "NOT_ACTIVE"
    assert status(school, sale) == (0, 10, 0)
    assert school.everything() == before


@pytest.mark.parametrize("unknown", [0, 4711, 2**63 - 1])
def test_an_unknown_sale_is_not_active(school: School, unknown: int) -> None:
    student = school.user()
    before = school.everything()

    assert school.flash(student, unknown) == "NOT_ACTIVE"
    assert school.everything() == before


def test_an_unknown_or_deleted_student_is_not_eligible(school: School) -> None:
    deleted, sale = school.user(deleted_at="2026-01-01"), school.sale(school.course())
    before = school.everything()

    assert [school.flash(student, sale) for student in (0, 4711, deleted)] == ["NOT_ELIGIBLE"] * 3
    assert school.everything() == before


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize(
    ("done", "word"),
    [(None, "NOT_ELIGIBLE"), ("active", "NOT_ELIGIBLE"), ("refunded", "NOT_ELIGIBLE"), ("completed", "SUCCESS")],
)
def test_prerequisites_must_be_completed(school: School, done: str | None, word: str) -> None:
    student, required, course = school.user(), school.course(), school.course()
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    if done:
        school.insert("enrollments", student_id=student, course_id=required, status=done)

    assert school.flash(student, school.sale(course)) == word


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
@pytest.mark.parametrize("enrolled", ["active", "completed"])
def test_who_is_enrolled_already_is_refused(school: School, enrolled: str) -> None:
    student, course = school.user(), school.course()
    sale = school.sale(course)
    school.insert("enrollments", student_id=student, course_id=course, status=enrolled)
    before = school.everything()

    assert school.flash(student, sale) == "ALREADY_ENROLLED"
    assert school.everything() == before


def test_who_bought_in_the_sale_buys_once(school: School) -> None:
    student, sale = school.user(), school.sale(school.course(), seats=2)

    assert [school.flash(student, sale) for _ in range(3)] == ["SUCCESS", "ALREADY_ENROLLED", "ALREADY_ENROLLED"]
    assert (status(school, sale), school.count("payments")) == ((1, 1, 1), 1)


@pytest.mark.parametrize("seats", [1, 2, 5, 130])
def test_a_sale_sells_each_of_its_seats_and_no_more(school: School, seats: int) -> None:
    sale = school.sale(school.course(), seats=seats)

    assert {school.flash(student, sale) for student in school.users(seats)} == {"SUCCESS"}
    late = school.user()
    before = school.everything()
    assert school.flash(late, sale) == "SOLD_OUT"
    assert school.everything() == before
    assert status(school, sale) == (seats, 0, 1)


def test_a_refund_does_not_give_the_seat_back_to_the_sale(school: School) -> None:
    first, second = school.users(2)
    sale = school.sale(school.course(), seats=1)
    school.flash(first, sale)

    assert school.refund(school.value("SELECT enrollment_id FROM enrollments")) == "SUCCESS: Refunded $19.99"
    assert school.flash(second, sale) == "SOLD_OUT"


def test_a_refunded_buyer_may_buy_again(school: School) -> None:
    student, sale = school.user(), school.sale(school.course(), seats=2)
    school.flash(student, sale)
    school.refund(school.value("SELECT enrollment_id FROM enrollments"))

    assert school.flash(student, sale) == "SUCCESS"
    assert status(school, sale) == (2, 0, 1)


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_the_words_are_checked_in_the_order_listed(school: School) -> None:
    student, other = school.users(2)
    required, course = school.course(), school.course(status="draft")
    sale = school.sale(course, seats=1)
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    enrollment = school.insert("enrollments", student_id=student, course_id=course)
    school.run("UPDATE flash_sale_stock SET seats_left = 0")

    assert school.flash(student, sale) == "NOT_ACTIVE"
    school.run("UPDATE courses SET status = 'active'")
    assert school.flash(student, sale) == "NOT_ELIGIBLE"
    school.insert("enrollments", student_id=student, course_id=required, status="completed")
    assert school.flash(student, sale) == "ALREADY_ENROLLED"
    school.run("UPDATE enrollments SET student_id = %s WHERE enrollment_id = %s", other, enrollment)
    assert school.flash(student, sale) == "SOLD_OUT"
    school.run("UPDATE flash_sale_stock SET seats_left = 1")
    assert school.flash(student, sale) == "SUCCESS"


@pytest.mark.parametrize(
    ("changed", "number", "text"),
    [
        ({"user": None}, 30001, "p_user_id is NULL or empty: give a value"),
        ({"sale": None}, 30001, "p_sale_id is NULL or empty: give a value"),
        ({"user": -1}, 30065, "p_user_id -1 is out of range: see the parameters of the procedure"),
        ({"sale": -1}, 30065, "p_sale_id -1 is out of range: see the parameters of the procedure"),
        ({"sale": "1' -- "}, 1265, "Data truncated for column 'p_sale_id' at row 1"),
    ],
)
def test_misuse_is_an_error_and_leaves_no_trace(school: School, changed: dict, number: int, text: str) -> None:
    given = {"user": school.user(), "sale": school.sale(school.course())} | changed
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.flash(**given)

    assert error.value.args == (number, text)
    assert school.everything() == before


@pytest.mark.parametrize("table", ["enrollments", "course_access", "payments", "payment_events"])
def test_a_database_error_gives_the_seat_back(school: School, table: str) -> None:
    student, sale = school.user(), school.sale(school.course(), seats=1)
    before = school.everything()

    with school.failing(table), pytest.raises(pymysql.Error) as error:
        school.flash(student, sale)

    assert error.value.args == (1644, "injected")
    assert school.everything() == before
    assert school.flash(student, sale) == "SUCCESS"


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"max_seats": 0}, "a_sale_has_seats"),
        ({"discount_price": "-0.01"}, "a_sale_price_is_not_negative"),
        ({"end_time": "2026-12-01"}, "a_sale_ends_after_it_starts"),
    ],
)
def test_a_sale_that_makes_no_sense_is_refused(school: School, columns: dict, constraint: str) -> None:
    sale = {"course_id": school.course(), "max_seats": 1, "discount_price": 5,
            "start_time": "2026-12-01", "end_time": "2026-12-02"}
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.insert("flash_sales", **sale | columns)

    assert error.value.args == (3819, f"Check constraint '{constraint}' is violated.")
    assert school.everything() == before


def test_a_sale_stays_with_its_course(school: School) -> None:
    school.sale(school.course())

    with pytest.raises(pymysql.Error) as error:
        school.run("UPDATE flash_sales SET course_id = %s", school.course())

    assert error.value.args == (30021, "the course of a sale cannot be changed: add a new row instead")
