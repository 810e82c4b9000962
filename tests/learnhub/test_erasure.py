"""erase_user: nothing of the person is found anywhere, money stays; and every text column says what it is."""

from __future__ import annotations

import json

import pymysql
import pytest

from school import School

MARK = "zerlinda"
TEXT = "data_type IN ('char', 'varchar', 'tinytext', 'text', 'mediumtext', 'longtext', 'json')"
OURS = "table_schema = DATABASE() AND table_name NOT LIKE '\\\\_%'"
BASE = f"SELECT table_name FROM information_schema.tables WHERE {OURS} AND table_type = 'BASE TABLE'"
COLUMNS = f"SELECT table_name, column_name FROM information_schema.columns WHERE {OURS} AND table_name IN ({BASE})"
HASH = "$2b$12$R9h/cIPz0gi.URNNX3kh2OPST9/PgBkqquzi.Ss7KIUgO2t0jWMUW"


def places(school: School, value: str) -> set[tuple[str, str]]:
    """Every text column of every table in which a value stands somewhere."""
    columns = school.run(f"{COLUMNS} AND {TEXT}")
    return {each for each in columns if school.count(each[0], f"LOCATE('{value}', {each[1]})")}


def personal(school: School) -> set[tuple[str, str]]:
    return set(school.run(f"{COLUMNS} AND column_comment LIKE '%(personal)'"))


@pytest.fixture
def person(school: School) -> int:
    """Somebody who has left a value in every personal column, and something everywhere else."""
    user = school.user("instructor", name=f"{MARK} Kahn", email=f"{MARK}@example.org", password_hash=HASH)
    school.run("UPDATE users SET deletion_reason = %s WHERE user_id = %s", f"{MARK} said so", user)
    course = school.course()
    section = school.insert("lesson_sections", lesson_id=school.lesson(course), title="Rows")
    quiz = school.insert("quizzes", lesson_id=school.lesson(course), title="Quiz")
    school.purchase(user, course)
    school.run("UPDATE payments SET payment_method_token = %s", f"tok_{MARK}")
    school.insert("reviews", student_id=user, course_id=course, rating=4, comment=f"{MARK} was here")
    school.insert("wishlist_items", student_id=user, course_id=course)
    school.insert("instructor_accounts", account=f"{MARK}@%", user_id=user)
    school.call("record_progress", user, json.dumps([{"section_id": section, "completed": True}]))
    school.call("submit_quiz_attempt", user, quiz, 80, out=("p_passed",))
    school.subscription("2025-01-01", "2025-02-01", user_id=user)
    school.call("check_fraud", user, 900, out=("p_fraud_score", "p_should_block"))
    return user


def fill(school: School, user: int) -> None:
    """A value in those personal columns, too, that somebody adds later."""
    for table, column in personal(school) - places(school, MARK):
        owner = "student_id" if (table, "student_id") in set(school.run(COLUMNS)) else "user_id"
        if table != "users":
            school.run(f"UPDATE {table} SET {column} = '{MARK}' WHERE {owner} = {user}")


def erase(school: School, user: object, requested_by: object = "desk", reason: object = "request 1") -> None:
    school.call("erase_user", user, requested_by, reason)


def refusal(school: School, *arguments: object) -> tuple:
    with pytest.raises(pymysql.Error) as caught:
        erase(school, *arguments)
    return caught.value.args


@pytest.mark.parametrize("closed", [False, True])
def test_nothing_of_the_person_is_found_anywhere(school: School, person: int, closed: bool) -> None:
    if closed:
        school.call("soft_delete_user", person, f"{MARK} wrote a letter")
    fill(school, person)
    found = places(school, MARK)
    assert {("users", "name"), ("reviews", "comment"), ("payments", "payment_method_token")} < found

    erase(school, person)

    assert places(school, MARK) == places(school, HASH) == set()
    row = school.row("SELECT name, email, password_hash, deletion_reason, deleted_at FROM users WHERE user_id = %s", person)
    assert row["name"] == row["email"] == f"deleted_{person}@deleted.com"
    assert (row["password_hash"], row["deletion_reason"]) == (None, None)
    assert row["deleted_at"] is not None


def test_nothing_is_found_of_who_ordered_learned_and_was_archived(school: School) -> None:
    user, course = school.user(name=f"{MARK} Kahn", email=f"{MARK}@example.org"), school.course()
    lesson = school.lesson(course)
    school.cart(course, user=user)
    order, _ = school.place(school.cart(course, user=user))
    school.fail_order(order, f"{MARK} rang up")
    school.fail(school.begin(user, course)[0], f"{MARK} has no money")
    school.give_back(school.insert("payments", user_id=user, amount=5, status="completed"), f"{MARK} paid twice")
    school.purchase(user, course)
    school.call("record_progress", user, json.dumps([{"lesson_id": lesson, "completed": True}]))
    school.run("UPDATE payments SET processed_at = '2024-03-05', payment_method_token = %s", f"tok_{MARK}")
    school.call("refresh_star", "2024-03-05")
    school.call("archive_course", course, "over")
    assert school.call("archive_payments", "2025-01-01", 10, out=("p_moved",)) == {"p_moved": 3}
    found = places(school, MARK)
    assert found > {("orders", "failure_reason"), ("payments_history", "reason")}
    assert ("payments_history", "payment_method_token") in found
    money = school.run("SELECT payment_id, user_id, amount, status FROM payments_history ORDER BY 1")

    erase(school, user)

    assert places(school, MARK) == set()
    assert school.run("SELECT payment_id, user_id, amount, status FROM payments_history ORDER BY 1") == money
    assert [school.count(table) for table in ("carts", "cart_items", "certificates", "dim_user")] == [0, 0, 1, 1]
    assert school.value("SELECT kept->>'$.payments' FROM erasure_log") == "4"


def test_a_personal_column_added_later_is_covered(school: School, person: int) -> None:
    school.run("ALTER TABLE quiz_attempts ADD COLUMN essay TEXT COMMENT 'In their words (personal)'")
    school.run("ALTER TABLE enrollments ADD COLUMN diploma_name VARCHAR(100) NOT NULL DEFAULT '' COMMENT 'x (personal)'")
    try:
        school.run(f"UPDATE quiz_attempts SET essay = '{MARK}'")
        school.run(f"UPDATE enrollments SET diploma_name = '{MARK}'")
        assert places(school, MARK) > {("quiz_attempts", "essay"), ("enrollments", "diploma_name")}
        erase(school, person)
        assert places(school, MARK) == set()
    finally:
        school.run("ALTER TABLE quiz_attempts DROP COLUMN essay")
        school.run("ALTER TABLE enrollments DROP COLUMN diploma_name")


def test_money_stays_and_what_nobody_must_keep_goes(school: School, person: int) -> None:
    money = "SELECT payment_id, user_id, enrollment_id, amount, status, transaction_id FROM payments"
    kept = ("payment_events", "enrollments", "receipts", "fraud_alerts")
    before = school.run(money), [school.run(f"SELECT * FROM {table}") for table in kept]

    erase(school, person)

    assert (school.run(money), [school.run(f"SELECT * FROM {table}") for table in kept]) == before
    gone = ("wishlist_items", "course_access", "section_progress", "lesson_progress", "quiz_attempts")
    assert [school.count(table) for table in (*gone, "instructor_accounts")] == [0] * 6
    assert school.run("SELECT rating, comment FROM reviews") == [(4, None)]
    assert school.run("SELECT status FROM subscriptions") == [("cancelled",)]


def test_the_others_keep_theirs(school: School, person: int) -> None:
    other, course = school.user(name="Ida"), school.course()
    school.purchase(other, course)
    school.run("UPDATE payments SET payment_method_token = 'tok_ida' WHERE user_id = %s", other)
    school.insert("reviews", student_id=other, course_id=course, rating=5, comment="Ida says so")
    school.insert("wishlist_items", student_id=other, course_id=course)
    theirs = [
        f"SELECT * FROM {table} WHERE {owner} = {other}"
        for table, owner in (("users", "user_id"), ("payments", "user_id"), ("reviews", "student_id"),
                             ("wishlist_items", "student_id"), ("course_access", "student_id"))
    ]  # fmt: skip
    before = [school.run(query) for query in theirs]

    erase(school, person)

    assert [school.run(query) for query in theirs] == before


def test_the_log_says_who_when_on_whose_request_and_what_stayed(school: School, person: int) -> None:
    erase(school, person, "Data protection desk", "it's -- request 7; 'really'")

    row = school.row("SELECT *, TIMESTAMPDIFF(SECOND, erased_at, UTC_TIMESTAMP()) AS age FROM erasure_log")
    assert (row["user_id"], row["requested_by"], row["reason"]) == (
        person,
        "Data protection desk",
        "it's -- request 7; 'really'",
    )
    assert 0 <= row["age"] < 60
    kept = json.loads(row["kept"])
    assert (kept["payments"], kept["enrollments"], kept["subscriptions"]) == (1, 1, 1)


def test_who_is_erased_can_do_nothing_and_is_not_erased_again(school: School, person: int) -> None:
    course = school.course()
    erase(school, person, "desk", None)
    before = school.everything()

    assert refusal(school, person) == (30049, f"user {person} is erased already: nothing to do")
    for act in (lambda: school.purchase(person, course), lambda: school.enroll(person, course)):
        with pytest.raises(pymysql.Error) as caught:
            act()
        assert caught.value.args[0] == 30003
    assert school.everything() == before


def test_misuse_is_told(school: School, person: int) -> None:
    before = school.everything()
    assert refusal(school, None) == (30001, "p_user_id is NULL or empty: give a value")
    assert refusal(school, person, None) == (30001, "p_requested_by is NULL or empty: give a value")
    assert refusal(school, 999999) == (30002, "there is no user 999999: check the id")
    assert school.everything() == before


def test_of_many_at_once_one_erases(school: School, person: int) -> None:
    answers = school.at_once([lambda session: session.call("erase_user", person, "desk", None)] * 4)

    assert answers.count({}) == 1
    assert {answer.args[0] for answer in answers if answer != {}} == {30049}
    assert school.count("erasure_log") == 1


def test_what_is_put_into_a_cart_meanwhile_is_forgotten_too(school: School, person: int) -> None:
    cart, course, shop = school.cart(user=person), school.course(), school.session()
    shop.run("START TRANSACTION")
    shop.run("SELECT cart_id FROM carts WHERE cart_id = %s FOR SHARE", cart)
    erased = school.waiting(lambda session: session.call("erase_user", person, "desk", None))
    shop.insert("cart_items", cart_id=cart, course_id=course)
    shop.run("COMMIT")

    assert erased.result(timeout=20) == {}
    assert (school.count("carts"), school.count("cart_items")) == (0, 0)
    with pytest.raises(pymysql.Error) as caught:
        school.cart(course, user=person)
    assert caught.value.args == (30003, f"user {person} is deleted: a deleted user can do nothing more")


def test_a_failure_half_way_leaves_the_person_as_they_were(school: School, person: int) -> None:
    before = school.everything()
    with school.failing("payments", "UPDATE"):
        assert refusal(school, person) == (1644, "injected")
    assert school.everything() == before


def test_every_text_column_says_whether_it_is_personal(school: School) -> None:
    """Closed lists, ascii keys and database accounts need no mark; what is generated follows its source."""
    keys = (
        "SELECT 1 FROM information_schema.statistics s WHERE s.table_schema = c.table_schema"
        " AND s.table_name = c.table_name AND s.column_name = c.column_name"
    )
    unmarked = school.run(
        f"SELECT table_name, column_name FROM information_schema.columns c WHERE {OURS} AND table_name IN ({BASE})"
        f" AND {TEXT} AND column_comment NOT LIKE '%(personal)' AND column_comment NOT LIKE '%(not personal)'"
        " AND generation_expression = '' AND COALESCE(column_default, '') <> 'user()'"
        f" AND NOT (character_set_name <=> 'ascii' AND EXISTS ({keys}))"
    )
    assert unmarked == [], "end the comment in (personal) or (not personal)"


def test_every_personal_column_has_somebody_it_belongs_to(school: School) -> None:
    """Erasure finds them by user_id or student_id, through an index."""
    found = school.run(
        "SELECT DISTINCT table_name FROM information_schema.statistics"
        f" WHERE {OURS} AND column_name IN ('user_id', 'student_id') AND seq_in_index = 1"
    )
    assert {table for table, _ in personal(school)} - {table for (table,) in found} == set()
