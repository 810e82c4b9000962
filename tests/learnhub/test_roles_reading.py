"""Who sees what: readers nothing personal, instructors their own students."""

from __future__ import annotations

from collections.abc import Iterator

import pymysql
import pytest

from accounts import Account, account, tables, views
from school import School

MARK = "personalmark"


@pytest.fixture
def reader(school: School) -> Iterator[Account]:
    with account(school, "learnhub_readonly") as session:
        yield session


def columns(school: School, personal: bool) -> list[tuple[str, str]]:
    return school.run(
        "SELECT table_name, column_name FROM information_schema.columns JOIN information_schema.tables"
        " USING (table_schema, table_name) WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        f" AND table_name NOT LIKE '\\\\_%' AND column_comment {'' if personal else 'NOT'} LIKE '%(personal)'"
    )


def test_a_reader_reads_every_column_that_is_not_personal(school: School, reader: Account) -> None:
    assert [each for each in columns(school, False) if reader.refusal("SELECT {1} FROM {0}".format(*each))] == []


def test_a_reader_reads_no_personal_column(school: School, reader: Account) -> None:
    personal = columns(school, True)
    met = {reader.refusal("SELECT {1} FROM {0}".format(*each)) for each in personal}

    assert len(personal) >= 6
    assert met == {1143}


@pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")
def test_no_view_shows_a_reader_what_is_personal(school: School, reader: Account) -> None:
    student = school.user(name=MARK, email=f"{MARK}@example.org", deletion_reason=MARK)
    teacher = school.user("instructor", name=f"{MARK} too", email=f"{MARK}2@example.org")
    course = school.course(instructor_id=teacher)
    school.purchase(student, course)
    school.run("UPDATE payments SET payment_method_token = %s, reason = %s", MARK, MARK)
    school.fail_order(school.place(school.cart(course))[0], MARK)
    school.insert("reviews", student_id=student, course_id=course, rating=5, comment=MARK)
    school.sale(course)
    school.run("UPDATE enrollments SET status = 'completed'")
    everything = {view: reader.refusal(f"SELECT * FROM {view}") for view in views(school)}
    readable = {view for view, number in everything.items() if number is None}

    assert readable == {
        "flash_sale_status",
        "course_progress",
        "v_counter_drift",
        "v_payments_to_reconcile",
        "sales_facts",
    }
    assert [view for view in readable if MARK in repr(reader.run(f"SELECT * FROM {view}"))] == []
    for table in tables(school):
        if reader.refusal(f"SELECT * FROM {table}") is None:
            assert MARK not in repr(reader.run(f"SELECT * FROM {table}")), table


def test_a_reader_writes_nothing(school: School, reader: Account) -> None:
    for table in tables(school):
        assert reader.refusal(f"DELETE FROM {table}") == 1142
        assert reader.refusal(f"INSERT INTO {table} VALUES ()") == 1142
    assert reader.refusal("UPDATE policies SET value = 0") == 1142
    assert reader.refusal("CALL fold_counters()") == 1370
    assert reader.refusal("LOCK TABLES courses WRITE") == 1044


class TestInstructors:
    """Two instructors with accounts of their own, a student each and one between them."""

    @pytest.fixture
    def ann(self, school: School) -> Iterator[Account]:
        with account(school, "learnhub_instructor") as session:
            yield session

    @pytest.fixture
    def ben(self, school: School) -> Iterator[Account]:
        with account(school, "learnhub_instructor") as session:
            yield session

    def teach(self, school: School, teacher: Account, host: str = "%") -> tuple[int, int]:
        """The instructor's user id and an enrollment in a course of theirs."""
        user = school.user("instructor")
        school.insert("instructor_accounts", account=f"{teacher.target.user}@{host}", user_id=user)
        enrollment, _ = school.enroll(school.user(name="Cleo"), school.course(instructor_id=user))
        return user, enrollment

    def seen(self, teacher: Account) -> list[int]:
        return [row[0] for row in teacher.run("SELECT * FROM instructor_enrollments ORDER BY enrollment_id")]

    def test_each_sees_only_their_own_students(self, school: School, ann: Account, ben: Account) -> None:
        (ann_id, of_ann), (ben_id, of_ben) = self.teach(school, ann), self.teach(school, ben)

        assert (self.seen(ann), self.seen(ben)) == ([of_ann], [of_ben])
        row = ann.row("SELECT * FROM instructor_enrollments")
        assert (row["instructor_id"], row["student_name"]) == (ann_id, "Cleo")
        assert ann.run("SELECT * FROM instructor_enrollments WHERE instructor_id = %s", ben_id) == []

    def test_no_variable_makes_one_instructor_another(self, school: School, ann: Account, ben: Account) -> None:
        ben_id, _ = self.teach(school, ben)
        for variable in ("@user_id", "@instructor_id", "@current_user", "@account"):
            ann.run(f"SET {variable} = %s", ben_id)

        assert self.seen(ann) == []
        assert ann.refusal("SELECT * FROM instructor_accounts") == 1142
        assert ann.refusal("INSERT INTO instructor_accounts (account, user_id) VALUES (USER(), %s)", ben_id) == 1142

    def test_an_account_may_be_given_with_a_host_or_without(self, school: School, ann: Account) -> None:
        host = ann.value("SELECT SUBSTRING_INDEX(USER(), '@', -1)")
        exact = self.teach(school, ann, host)[1]
        elsewhere = school.user("instructor")
        school.insert("instructor_accounts", account=f"{ann.target.user}@10.1.%", user_id=elsewhere)
        school.enroll(school.user(), school.course(instructor_id=elsewhere))
        bare = school.user("instructor")
        school.insert("instructor_accounts", account=ann.target.user, user_id=bare)
        of_bare, _ = school.enroll(school.user(), school.course(instructor_id=bare))

        assert self.seen(ann) == [exact, of_bare]

    @pytest.mark.parametrize("name", ["{0}x@%", "x{0}@%", "%@%", "test\\_%@%", "@%", "{1}@%"])
    def test_a_similar_account_is_another_one(self, school: School, ann: Account, name: str) -> None:
        user = school.user("instructor")
        account_name = name.format(ann.target.user, ann.target.user.upper())
        school.insert("instructor_accounts", account=account_name, user_id=user)
        school.enroll(school.user(), school.course(instructor_id=user))

        assert self.seen(ann) == []

    def test_an_instructor_changes_nothing_through_the_view(self, school: School, ann: Account) -> None:
        self.teach(school, ann)
        for change in (
            "UPDATE instructor_enrollments SET progress_percentage = 100",
            "DELETE FROM instructor_enrollments",
            "INSERT INTO instructor_enrollments (student_id) VALUES (1)",
        ):
            with pytest.raises(pymysql.Error) as caught:
                ann.run(change)
            assert caught.value.args[0] == 1142
