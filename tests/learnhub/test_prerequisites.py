"""No course becomes its own prerequisite, over however many links and however they arrive."""

from __future__ import annotations

import threading

import pymysql
import pytest

from school import School, Session


def chain(school: School, length: int) -> list[int]:
    """Courses of which each requires the next."""
    courses = [school.course(instructor_id=1) for _ in range(length)]
    for course, required in zip(courses, courses[1:]):
        link(school, course, required)
    return courses


def link(session: Session, course: int, required: int) -> None:
    session.run("INSERT INTO course_prerequisites VALUES (%s, %s)", course, required)


def cycle(course: int) -> tuple[int, str]:
    return 30018, f"course {course} would become its own prerequisite: leave one of the links out"


@pytest.fixture(autouse=True)
def instructor(school: School) -> int:
    return school.insert("users", user_id=1, name="Ann", email="ann@example.org", user_type="instructor")


@pytest.mark.parametrize("length", [1, 2, 3, 50])
def test_no_cycle_of_any_length_is_stored(school: School, length: int) -> None:
    courses = chain(school, length)
    before = school.everything()

    with pytest.raises(pymysql.Error) as caught:
        link(school, courses[-1], courses[0])

    assert caught.value.args == cycle(courses[-1])
    assert school.everything() == before


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT IGNORE INTO course_prerequisites VALUES ({last}, {first})",
        "REPLACE INTO course_prerequisites VALUES ({last}, {first})",
        "INSERT INTO course_prerequisites VALUES ({free}, {first}), ({last}, {free})",
        "INSERT INTO course_prerequisites SELECT {last}, course_id FROM courses",
        "UPDATE course_prerequisites SET prerequisite_course_id = {first} WHERE prerequisite_course_id = {last}",
        "UPDATE IGNORE course_prerequisites SET prerequisite_course_id = {first} WHERE prerequisite_course_id = {last}",
    ],
)
def test_no_statement_closes_a_cycle(school: School, statement: str) -> None:
    first, _, last = chain(school, 3)
    free = school.course()
    before = school.run("SELECT * FROM course_prerequisites")

    with pytest.raises(pymysql.Error) as caught:
        school.run(statement.format(first=first, last=last, free=free))

    assert caught.value.args[0] == 30018
    assert school.run("SELECT * FROM course_prerequisites") == before


def test_a_course_may_be_required_over_two_ways(school: School) -> None:
    top, left, right, bottom = (school.course() for _ in range(4))
    for course, required in ((top, left), (top, right), (left, bottom), (right, bottom), (top, bottom)):
        link(school, course, required)

    assert school.count("course_prerequisites") == 5


def test_a_link_may_be_moved_where_it_closes_no_cycle(school: School) -> None:
    first, second = chain(school, 2)
    third = school.course()
    school.run("UPDATE course_prerequisites SET prerequisite_course_id = %s", third)

    assert school.run("SELECT * FROM course_prerequisites") == [(first, third)]
    link(school, second, first)


def test_a_link_may_be_turned_round(school: School) -> None:
    first, second = chain(school, 2)
    school.run("UPDATE course_prerequisites SET course_id = %s, prerequisite_course_id = %s", second, first)

    assert school.run("SELECT * FROM course_prerequisites") == [(second, first)]


def test_a_removed_link_no_longer_stands_against_its_opposite(school: School) -> None:
    first, second = chain(school, 2)
    school.run("DELETE FROM course_prerequisites")
    link(school, second, first)

    assert school.run("SELECT * FROM course_prerequisites") == [(second, first)]


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "READ COMMITTED"])
def test_of_two_connections_that_close_a_cycle_at_once_one_is_refused(school: School, isolation: str) -> None:
    one, two = school.course(), school.course()

    results = school.at_once(
        [lambda session: link(session, one, two), lambda session: link(session, two, one)], isolation=isolation
    )

    assert results.count(None) == 1
    (error,) = (result for result in results if result)
    assert error.args in (cycle(one), cycle(two))
    assert school.count("course_prerequisites") == 1


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "READ COMMITTED"])
def test_the_second_of_two_transactions_waits_and_sees_the_link_of_the_first(school: School, isolation: str) -> None:
    one, two, three = (school.course() for _ in range(3))
    first = school.session(autocommit=False, isolation=isolation)
    second = school.session(autocommit=False, isolation=isolation)
    second.run("SELECT * FROM course_prerequisites")  # an old snapshot shows no link
    link(first, one, two)
    link(first, two, three)
    met: list[tuple] = []

    def close() -> None:
        try:
            link(second, three, one)
        except pymysql.Error as error:
            met.append(error.args)

    closing = threading.Thread(target=close)
    closing.start()
    closing.join(0.1)
    assert closing.is_alive()
    first.run("COMMIT")
    closing.join(20)

    assert met == [cycle(three)]


@pytest.mark.parametrize(("course", "required"), [(None, 2), (1, None), (999999, 1), (1, 999999)])
def test_a_link_names_two_courses(school: School, course: int | None, required: int | None) -> None:
    chain(school, 1)
    with pytest.raises(pymysql.IntegrityError) as caught:
        link(school, course, required)

    assert caught.value.args[0] in (1048, 1452)
    assert school.count("course_prerequisites") == 0
