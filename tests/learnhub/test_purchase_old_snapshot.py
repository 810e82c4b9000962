"""process_course_purchase inside a caller's old snapshot: what is decided is what is true now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pymysql
import pytest

from school import School, Session

pytestmark = pytest.mark.breaks("a_completed_enrollment_is_at_100_percent")


@dataclass
class Scene:
    """A limited course that requires another one, which the student has completed."""

    school: School
    student: int
    other: int
    required: int
    course: int
    old: Session

    def look(self) -> None:
        """From now on the old session sees the world as it is at this moment."""
        self.old.run("START TRANSACTION WITH CONSISTENT SNAPSHOT")

    def buy(self, transaction: str | None = None) -> tuple[int | None, str]:
        bought = self.old.purchase(self.student, self.course, transaction)
        self.old.run("COMMIT")
        return bought


@pytest.fixture
def scene(school: School) -> Iterator[Scene]:
    required, course = school.course(), school.course("49.99", max_students=3)
    school.insert("course_prerequisites", course_id=course, prerequisite_course_id=required)
    student, other = school.users(2)
    school.insert("enrollments", student_id=student, course_id=required, status="completed")
    school.insert("enrollments", student_id=other, course_id=required, status="completed")
    yield Scene(school, student, other, required, course, school.session())


def test_a_repeat_returns_the_first_outcome_and_changes_nothing(scene: Scene) -> None:
    scene.look()
    first = scene.school.purchase(scene.student, scene.course, "ch_1")
    before = scene.school.everything()

    assert scene.buy("ch_1") == first
    assert scene.school.everything() == before


def test_a_key_used_meanwhile_by_somebody_else_is_an_error(scene: Scene) -> None:
    scene.look()
    scene.school.purchase(scene.other, scene.course, "ch_1")

    with pytest.raises(pymysql.Error) as error:
        scene.buy("ch_1")

    assert error.value.args == (30005, "key ch_1 was used with other arguments: use a new key")


def test_another_key_is_not_a_second_purchase(scene: Scene) -> None:
    scene.look()
    scene.school.purchase(scene.student, scene.course)
    before = scene.school.everything()

    assert scene.buy() == (None, "ALREADY_ENROLLED")
    assert scene.school.everything() == before


def test_a_user_deleted_meanwhile_buys_nothing(scene: Scene) -> None:
    scene.look()
    scene.school.call("soft_delete_user", scene.student, "left")

    with pytest.raises(pymysql.Error) as error:
        scene.buy()

    assert error.value.args[0] == 30003


def test_a_user_and_a_course_that_are_new_buy_and_are_sold(scene: Scene) -> None:
    scene.look()
    scene.student, scene.course = scene.school.user(), scene.school.course()

    assert scene.buy()[1] == "SUCCESS"


def test_the_price_is_the_one_in_force(scene: Scene) -> None:
    scene.look()
    scene.school.run("UPDATE courses SET price = 59.99 WHERE course_id = %s", scene.course)

    assert scene.buy()[1] == "SUCCESS"
    assert scene.school.run("SELECT CAST(amount AS CHAR) FROM payments") == [("59.99",)]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ("UPDATE courses SET status = 'archived' WHERE course_id = {course}", "COURSE_NOT_AVAILABLE"),
        ("INSERT INTO enrollments (student_id, course_id) VALUES ({student}, {course})", "ALREADY_ENROLLED"),
        ("UPDATE enrollments SET status = 'refunded' WHERE course_id = {required}", "MISSING_PREREQUISITES"),
        ("DELETE FROM enrollments WHERE course_id = {required}", "MISSING_PREREQUISITES"),
        ("UPDATE courses SET max_students = 1 WHERE course_id = {course}", "COURSE_FULL"),
    ],
)
def test_what_stands_against_it_since_the_snapshot_is_seen(scene: Scene, change: str, word: str) -> None:
    third = scene.school.user()
    scene.school.insert("enrollments", student_id=third, course_id=scene.course)
    scene.look()
    scene.school.run(change.format(**vars(scene)))

    assert scene.buy() == (None, word)


@pytest.mark.parametrize(
    ("obstacle", "mend"),
    [
        ("UPDATE courses SET status = 'draft'", "UPDATE courses SET status = 'active'"),
        (
            "INSERT INTO enrollments (student_id, course_id) VALUES ({student}, {course})",
            "UPDATE enrollments SET status = 'refunded' WHERE course_id = {course}",
        ),
        (
            "DELETE FROM enrollments WHERE student_id = {student}",
            "INSERT INTO enrollments (student_id, course_id, status) VALUES ({student}, {required}, 'completed')",
        ),
        (
            "INSERT INTO course_prerequisites VALUES ({course}, {unfinished})",
            "DELETE FROM course_prerequisites WHERE prerequisite_course_id = {unfinished}",
        ),
        ("UPDATE courses SET max_students = 1 WHERE course_id = {course}", "UPDATE courses SET max_students = 2"),
    ],
)
def test_what_no_longer_stands_against_it_is_not_seen(scene: Scene, obstacle: str, mend: str) -> None:
    facts = vars(scene) | {"unfinished": scene.school.course()}
    scene.school.insert("enrollments", student_id=scene.school.user(), course_id=scene.course)
    scene.school.run(obstacle.format(**facts))
    refused = scene.school.purchase(scene.student, scene.course)[1]
    assert refused != "SUCCESS"
    scene.look()
    scene.school.run(mend.format(**facts))

    assert scene.buy()[1] == "SUCCESS"


def test_an_enrollment_since_the_snapshot_comes_before_a_seat_that_is_gone(scene: Scene) -> None:
    scene.school.run("UPDATE courses SET max_students = 2 WHERE course_id = %s", scene.course)
    scene.look()
    scene.school.purchase(scene.student, scene.course)
    scene.school.purchase(scene.other, scene.course)

    assert scene.buy() == (None, "ALREADY_ENROLLED")


def test_a_purchase_refused_since_the_snapshot_leaves_no_alert(scene: Scene) -> None:
    scene.school.run("UPDATE courses SET price = 600 WHERE course_id = %s", scene.course)
    scene.look()
    scene.school.purchase(scene.student, scene.course)
    before = scene.school.everything()

    assert scene.buy() == (None, "ALREADY_ENROLLED")
    assert scene.school.everything() == before


def test_a_sale_ended_since_the_snapshot_gives_its_seats_back(scene: Scene) -> None:
    sale = scene.school.sale(scene.course, seats=3)
    scene.look()
    scene.school.run(
        "UPDATE flash_sales SET end_time = UTC_TIMESTAMP(6) - INTERVAL 1 SECOND WHERE sale_id = %s", sale
    )

    assert scene.buy()[1] == "SUCCESS"


def test_payments_since_the_snapshot_count_for_fraud(scene: Scene) -> None:
    scene.look()
    scene.school.run("UPDATE fraud_detection_rules SET action = 'block' WHERE rule_id = 1")
    for _ in range(6):
        scene.school.insert("payments", user_id=scene.student, amount="1", status="completed")

    assert scene.buy() == (None, "FRAUD_BLOCKED")
