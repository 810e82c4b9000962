"""soft_delete_user, and what a password hash must look like."""

from __future__ import annotations

import pymysql
import pytest

from school import School

BCRYPT = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"
ARGON2 = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHQ$RdescudvJCsgt3ub+b4dWRWJTmaaJObG"


def test_a_closed_account_keeps_its_enrollments_and_payments_and_loses_its_email(school: School) -> None:
    user, course = school.user(email="Ann@Example.org"), school.course()
    school.purchase(user, course)
    running, late, ended = (
        school.subscription("2025-01-01", "2025-02-01", user_id=user, status=status)
        for status in ("active", "past_due", "expired")
    )
    kept = "SELECT * FROM enrollments JOIN payments USING (enrollment_id) JOIN payment_events USING (payment_id)"
    before = school.run(kept)

    school.call("soft_delete_user", user, "it's -- over; 'really'")

    row = school.row(
        "SELECT email, deletion_reason, TIMESTAMPDIFF(SECOND, deleted_at, UTC_TIMESTAMP()) AS age FROM users"
        " WHERE user_id = %s",
        user,
    )
    assert (row["email"], row["deletion_reason"]) == (f"deleted_{user}@deleted.com", "it's -- over; 'really'")
    assert 0 <= row["age"] < 60
    assert school.run(kept) == before
    assert school.run("SELECT subscription_id, status FROM subscriptions ORDER BY 1") == [
        (running, "cancelled"),
        (late, "cancelled"),
        (ended, "expired"),
    ]
    assert user not in [row["user_id"] for row in school.rows("SELECT user_id FROM active_users")]
    assert school.user(email="ann@example.org")  # the address is free for a new account


def test_a_closed_account_can_do_nothing_more(school: School) -> None:
    user, course = school.user(), school.course()
    sale = school.sale(course)
    school.call("soft_delete_user", user, None)
    before = school.everything()

    for act in (
        lambda: school.purchase(user, course),
        lambda: school.enroll(user, course),
        lambda: school.eligibility(user, course),
        lambda: school.call("record_progress", user, "[]"),
        lambda: school.call("soft_delete_user", user, "again"),
    ):
        with pytest.raises(pymysql.Error) as caught:
            act()
        assert caught.value.args == (30003, f"user {user} is deleted: a deleted user can do nothing more")
    assert school.flash(user, sale) == "NOT_ELIGIBLE"
    assert school.everything() == before


@pytest.mark.parametrize("table", ["reviews", "wishlist_items"])
def test_a_closed_account_reviews_and_wishes_nothing_more(school: School, table: str) -> None:
    user, other, course = school.user(), school.user(), school.course()
    row = {"course_id": course} | ({"rating": 5} if table == "reviews" else {})
    school.call("soft_delete_user", user, None)
    told = (30003, f"user {user} is deleted: a deleted user can do nothing more")

    with pytest.raises(pymysql.Error) as caught:
        school.insert(table, student_id=user, **row)
    assert caught.value.args == told
    school.insert(table, student_id=other, **row)
    if table == "reviews":
        with pytest.raises(pymysql.Error) as caught:
            school.run("UPDATE reviews SET student_id = %s", user)
        assert caught.value.args == told
        school.run("UPDATE reviews SET rating = 1")


def test_a_review_waits_for_an_account_that_is_being_closed(school: School) -> None:
    user, course, closing = school.user(), school.course(), school.session(autocommit=False)
    closing.call("soft_delete_user", user, None)
    review = school.waiting(lambda session: session.insert("reviews", student_id=user, course_id=course, rating=5))
    closing.run("COMMIT")

    assert review.exception(timeout=20).args[0] == 30003
    assert school.count("reviews") == 0


@pytest.mark.parametrize(
    ("user", "error"),
    [
        (None, (30001, "p_user_id is NULL or empty: give a value")),
        (999999, (30002, "there is no user 999999: check the id")),
        (0, (30002, "there is no user 0: check the id")),
    ],
)
def test_nobody_is_no_account_to_close(school: School, user: object, error: tuple[int, str]) -> None:
    before = school.everything()
    with pytest.raises(pymysql.Error) as caught:
        school.call("soft_delete_user", user, None)

    assert caught.value.args == error
    assert school.everything() == before


def test_of_two_at_once_one_closes_the_account(school: School) -> None:
    user = school.user()
    results = school.at_once([lambda session: session.call("soft_delete_user", user, None)] * 2)

    assert results.count({}) == 1
    assert {error.args[0] for error in results if error != {}} == {30003}


def test_a_failure_half_way_leaves_the_account_open(school: School) -> None:
    user = school.user()
    school.subscription("2025-01-01", "2025-02-01", user_id=user)
    before = school.everything()
    with school.failing("subscriptions", "UPDATE"), pytest.raises(pymysql.Error) as caught:
        school.call("soft_delete_user", user, None)

    assert caught.value.args == (1644, "injected")
    assert school.everything() == before


def test_an_account_closed_while_a_purchase_is_open_waits_for_it(school: School) -> None:
    user, course = school.user(), school.course()
    buyer = school.session(autocommit=False)
    buyer.purchase(user, course)
    school.run("SET innodb_lock_wait_timeout = 1")

    with pytest.raises(pymysql.Error) as caught:
        school.call("soft_delete_user", user, None)
    assert caught.value.args[0] == 1205
    buyer.run("COMMIT")
    school.call("soft_delete_user", user, None)
    assert school.count("enrollments") == 1


@pytest.mark.parametrize(
    "password_hash",
    [
        None,
        BCRYPT,
        BCRYPT.replace("$2b$", "$2a$"),
        BCRYPT.replace("$2b$", "$2y$"),
        ARGON2,
        ARGON2.replace("argon2id", "argon2i"),
        ARGON2.replace("argon2id", "argon2d"),
    ],
)
def test_a_bcrypt_or_argon2_hash_is_stored_as_it_is(school: School, password_hash: str | None) -> None:
    user = school.user(password_hash=password_hash)

    assert school.value("SELECT password_hash FROM users WHERE user_id = %s", user) == password_hash


@pytest.mark.parametrize(
    "password_hash",
    [
        "",
        "secret",
        "5f4dcc3b5aa765d61d8327deb882cf99",  # MD5
        "a" * 64,
        "$1$salt$qJH7.N4xYta3aEG/dfqo/0",
        "$2b$12$tooshort",
        BCRYPT + "x",
        BCRYPT[:-1] + "!",
        " " + BCRYPT,
        BCRYPT + "\n",
        "secret\n" + BCRYPT,
        BCRYPT.replace("$2b$", "$2B$"),
        BCRYPT.replace("$2b$", "$2x$"),
        "$argon2id$",
        ARGON2.replace("argon2id", "argon2x"),
        ARGON2.upper(),
        ARGON2.replace("v=19", "v="),
        "argon2id",
    ],
)
def test_anything_else_is_refused(school: School, password_hash: str) -> None:
    user = school.user()
    for act in (
        lambda: school.user(password_hash=password_hash),
        lambda: school.run("UPDATE users SET password_hash = %s WHERE user_id = %s", password_hash, user),
    ):
        with pytest.raises(pymysql.Error) as caught:
            act()
        assert caught.value.args == (3819, "Check constraint 'a_password_is_hashed' is violated.")
