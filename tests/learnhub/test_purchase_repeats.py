"""process_course_purchase called again: one after the other, and at once."""

from __future__ import annotations

import pymysql
import pytest

from school import School


@pytest.mark.parametrize("price", ["49.99", "0"])
def test_a_repeated_purchase_returns_the_first_outcome_and_changes_nothing(school: School, price: str) -> None:
    student, course = school.user(), school.course(price)
    first = school.purchase(student, course, "ch_1")
    before = school.everything()

    assert school.purchase(student, course, "ch_1") == first
    assert school.everything() == before


def test_a_purchase_refunded_since_is_still_answered_as_it_was(school: School) -> None:
    student, course = school.user(), school.course()
    first = school.purchase(student, course, "ch_1")
    school.refund(first[0])
    before = school.everything()

    assert school.purchase(student, course, "ch_1") == first
    assert school.everything() == before


def test_the_purchase_of_a_user_deleted_since_is_still_answered_as_it_was(school: School) -> None:
    student, course = school.user(), school.course()
    first = school.purchase(student, course, "ch_1")
    school.call("soft_delete_user", student, "left")

    assert school.purchase(student, course, "ch_1") == first


@pytest.mark.parametrize("changed", ["user", "course", "method"])
def test_a_key_used_with_other_arguments_is_an_error(school: School, changed: str) -> None:
    given = {"user": school.user(), "course": school.course(), "transaction": "ch_1", "method": "paypal"}
    school.purchase(**given)
    other = {"user": school.user(), "course": school.course(), "method": "stripe"}[changed]
    before = school.everything()

    with pytest.raises(pymysql.Error) as error:
        school.purchase(**given | {changed: other})

    assert error.value.args == (30005, "key ch_1 was used with other arguments: use a new key")
    assert school.everything() == before


def test_keys_that_differ_in_case_are_two_keys(school: School) -> None:
    (first, second), course = school.users(2), school.course()

    assert school.purchase(first, course, "ch_3AbC")[1] == "SUCCESS"
    assert school.purchase(second, course, "ch_3aBc")[1] == "SUCCESS"


@pytest.mark.parametrize("price", ["49.99", "0"])
def test_a_transaction_that_paid_for_something_else_is_an_error_for_a_priced_course(school: School, price: str) -> None:
    student, course = school.user(), school.course(price)
    school.insert("payments", user_id=school.user(), amount="5", status="completed", transaction_id="ch_1")
    before = school.everything()

    if price == "0":
        assert school.purchase(student, course, "ch_1")[1] == "SUCCESS"
        return
    with pytest.raises(pymysql.Error) as error:
        school.purchase(student, course, "ch_1")
    assert error.value.args == (30005, "key ch_1 was used with other arguments: use a new key")
    assert school.everything() == before


def test_a_refusal_may_be_tried_again_with_the_same_key(school: School) -> None:
    (first, second), course = school.users(2), school.course(max_students=1)
    enrollment, _ = school.purchase(first, course)

    assert school.purchase(second, course, "ch_2") == (None, "COURSE_FULL")
    school.refund(enrollment)
    assert school.purchase(second, course, "ch_2")[1] == "SUCCESS"


def test_a_key_of_a_refused_call_may_serve_another_purchase(school: School) -> None:
    student = school.user()

    assert school.purchase(student, school.course(status="draft"), "ch_1")[1] == "COURSE_NOT_AVAILABLE"
    assert school.purchase(student, school.course(), "ch_1")[1] == "SUCCESS"


def test_a_failure_is_remembered(school: School) -> None:
    student, course = school.user(), school.course()
    with school.failing("enrollments"):
        assert school.purchase(student, course, "ch_1") == (None, "FAILED")
    before = school.everything()

    assert school.purchase(student, course, "ch_1") == (None, "FAILED")
    assert school.everything() == before
    assert school.purchase(student, course, "ch_2")[1] == "SUCCESS"


def test_an_error_is_not_remembered(school: School) -> None:
    student, course = school.user(deleted_at="2026-01-01"), school.course()
    with pytest.raises(pymysql.Error):
        school.purchase(student, course, "ch_1")
    school.run("UPDATE users SET deleted_at = NULL")

    assert school.purchase(student, course, "ch_1")[1] == "SUCCESS"


def test_eight_calls_at_once_with_one_key_buy_once(school: School) -> None:
    student, course = school.user(), school.course()

    results = school.at_once([lambda session: session.purchase(student, course, "ch_1")] * 8)

    assert results == [(school.value("SELECT enrollment_id FROM enrollments"), "SUCCESS")] * 8
    assert (school.count("payments"), school.count("payment_events"), school.count("receipts")) == (1, 4, 1)


def test_eight_calls_at_once_with_keys_of_their_own_buy_once(school: School) -> None:
    student, course = school.user(), school.course()

    results = school.at_once([lambda session: session.purchase(student, course)] * 8)

    words = sorted(word for _, word in results)
    assert words == ["ALREADY_ENROLLED"] * 7 + ["SUCCESS"]
    assert (school.count("payments"), school.count("receipts")) == (1, 1)


def test_one_key_for_eight_users_at_once_serves_one_of_them(school: School) -> None:
    course = school.course()

    results = school.at_once(
        [lambda session, user=user: session.purchase(user, course, "ch_1") for user in school.users(8)]
    )

    errors = [result.args for result in results if isinstance(result, pymysql.Error)]
    assert errors == [(30005, "key ch_1 was used with other arguments: use a new key")] * 7
    assert (school.count("enrollments"), school.count("payments")) == (1, 1)


@pytest.mark.parametrize("end", ["COMMIT", "ROLLBACK"])
def test_a_repeat_waits_for_the_first_call_to_be_decided(school: School, end: str) -> None:
    student, course, first = school.user(), school.course(), school.session()
    first.run("START TRANSACTION")
    begun = first.purchase(student, course, "ch_1")

    repeated = school.waiting(lambda session: session.purchase(student, course, "ch_1"))
    first.run(end)

    enrollment, word = repeated.result(timeout=20)
    assert word == "SUCCESS" and (enrollment == begun[0]) == (end == "COMMIT")
    assert school.run("SELECT enrollment_id, transaction_id FROM payments") == [(enrollment, "ch_1")]


def test_a_repeat_in_the_same_transaction_returns_the_first_outcome(school: School) -> None:
    student, course, session = school.user(), school.course(), school.session(autocommit=False)
    first = session.purchase(student, course, "ch_1")

    assert session.purchase(student, course, "ch_1") == first
    session.run("ROLLBACK")
    assert (school.count("enrollments"), school.count("receipts")) == (0, 0)
    assert session.purchase(student, course, "ch_1")[1] == "SUCCESS"
