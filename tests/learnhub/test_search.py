"""search_courses: by words, category and price, page by page, through its indexes."""

from __future__ import annotations

import json
import re

import pymysql
import pytest

from headers import program_files
from school import School, Session

PROGRAMS = program_files("procedures")
FIRST_PAGE = {"p_enrollments": "2147483647", "p_course_id": "18446744073709551615", "p_limit": "20"}
VALUES = {"p_text": "'sql'", "p_path": "'/data/'", "p_min_price": "0", "p_max_price": "99999999.99"} | FIRST_PAGE


def search(session: Session, text: object = None, **where: object) -> list[dict]:
    arguments = {"category": None, "low": None, "high": None, "after": None, "limit": 20} | where
    return session.rows("CALL search_courses(%s, %s, %s, %s, %s, %s)", text, *arguments.values())


def titles(session: Session, text: object = None, **where: object) -> list[str]:
    return [row["title"] for row in search(session, text, **where)]


def refusal(session: Session, text: object = None, **where: object) -> tuple:
    with pytest.raises(pymysql.Error) as caught:
        search(session, text, **where)
    return caught.value.args


@pytest.fixture
def shop(school: School) -> dict[str, int]:
    """Four courses in two categories and one below; the enrolled of each: 2, 1, 1, 0."""
    data = school.insert("categories", name="Data")
    sql = school.insert("categories", name="SQL", parent_id=data)
    arts = school.insert("categories", name="Arts")
    made = {}
    for title, description, price, category, enrolled in (
        ("Joins", "Ask a database in SQL", "10.00", sql, 2),
        ("Statistics", "Samples and noise", "20.00", data, 1),
        ("Colour", "Light on a painting", "30.00", arts, 1),
        ("SQL portraits", "Painting queries", "0.00", arts, 0),
    ):
        made[title] = school.course(price, title=title, description=description)
        school.insert("course_categories", course_id=made[title], category_id=category)
        for _ in range(enrolled):
            school.enroll(school.user(), made[title])
    school.call("fold_counters")
    return made | {"data": data, "sql": sql, "arts": arts}


def test_without_any_wish_it_shows_all_the_most_enrolled_first(school: School, shop: dict[str, int]) -> None:
    assert titles(school) == titles(school, "  ") == ["Joins", "Colour", "Statistics", "SQL portraits"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("sql", ["Joins", "SQL portraits"]),
        ("SQL", ["Joins", "SQL portraits"]),
        ("painting", ["Colour", "SQL portraits"]),
        ("noise light", ["Colour", "Statistics"]),
        ("nothing", []),
        ('+-"(<@>)~*', []),
        ("'; DROP TABLE courses; -- sql", ["Joins", "SQL portraits"]),
    ],
)
def test_words_are_found_in_titles_and_descriptions(
    school: School, shop: dict[str, int], text: str, found: list[str]
) -> None:
    assert titles(school, text) == found


def test_a_category_means_those_below_it_too(school: School, shop: dict[str, int]) -> None:
    school.insert("course_categories", course_id=shop["Joins"], category_id=shop["data"])  # in both, and shown once

    assert titles(school, category=shop["data"]) == ["Joins", "Statistics"]
    assert titles(school, category=shop["sql"]) == ["Joins"]
    assert titles(school, "sql", category=shop["arts"]) == ["SQL portraits"]
    school.call("move_category", shop["sql"], shop["arts"])
    assert titles(school, category=shop["data"]) == ["Joins", "Statistics"]
    assert titles(school, "sql", category=shop["arts"]) == ["Joins", "SQL portraits"]


@pytest.mark.parametrize(
    ("low", "high", "found"),
    [
        (None, "20", ["Joins", "Statistics", "SQL portraits"]),
        ("20", None, ["Colour", "Statistics"]),
        ("10", "20.00", ["Joins", "Statistics"]),
        ("0", "0", ["SQL portraits"]),
        ("20", "10", []),
    ],
)
def test_prices_have_a_lowest_and_a_highest(
    school: School, shop: dict[str, int], low: str | None, high: str | None, found: list[str]
) -> None:
    assert titles(school, low=low, high=high) == found
    assert titles(school, "sql", low=low, high=high) == [each for each in found if each in ("Joins", "SQL portraits")]
    in_data = [each for each in found if each in ("Joins", "Statistics")]
    assert titles(school, category=shop["data"], low=low, high=high) == in_data


@pytest.mark.parametrize("status", ["draft", "archived"])
def test_only_what_is_sold_is_found(school: School, shop: dict[str, int], status: str) -> None:
    school.run("UPDATE courses SET status = %s WHERE title = 'Joins'", status)

    assert "Joins" not in titles(school) + titles(school, "sql") + titles(school, category=shop["sql"])


def test_a_row_says_what_a_shop_shows(school: School, shop: dict[str, int]) -> None:
    row = search(school, "noise")[0]
    teacher = school.row("SELECT u.* FROM users u JOIN courses ON instructor_id = user_id WHERE title = 'Statistics'")

    assert (row["course_id"], row["total_enrollments"], str(row["price"])) == (shop["Statistics"], 1, "20.00")
    assert (row["instructor_id"], row["instructor_name"]) == (teacher["user_id"], teacher["name"])
    assert json.loads(row["page_key"]) == {"total_enrollments": 1, "course_id": shop["Statistics"]}


@pytest.mark.parametrize("text", [None, "common"])
@pytest.mark.parametrize("size", [1, 3, 7])
def test_pages_show_every_course_once_and_in_order(school: School, text: str | None, size: int) -> None:
    category = school.insert("categories", name="Data")
    for number in range(10):
        course = school.course(title=f"common {number}")
        school.insert("course_categories", course_id=course, category_id=category)
        for _ in range(number % 3):
            school.insert("enrollments", student_id=school.user(), course_id=course)
    school.call("fold_counters")
    for where in ({}, {"category": category}):
        whole = [row["course_id"] for row in search(school, text, **where)]
        pages: list[int] = []
        key = None
        while rows := search(school, text, after=key, limit=size, **where):
            pages += [row["course_id"] for row in rows]
            key = rows[-1]["page_key"]
            assert len(rows) == size or len(pages) == 10
        assert pages == whole
        assert len(set(whole)) == 10


@pytest.mark.parametrize(
    ("where", "told"),
    [
        ({"limit": 0}, "a page of 0 rows"),
        ({"limit": 101}, "a page of 101 rows"),
        ({"low": "-0.01"}, "a price below 0"),
        ({"high": "-1"}, "a price below 0"),
        ({"after": "[]"}, "p_after is no page_key"),
        ({"after": '{"course_id": 7}'}, "p_after is no page_key"),
        ({"after": '{"course_id": 7, "total_enrollments": "1 OR 1=1"}'}, "p_after is no page_key"),
        ({"after": '{"course_id": -7, "total_enrollments": 1}'}, "p_after is no page_key"),
    ],
)
def test_what_cannot_be_is_refused(school: School, where: dict[str, object], told: str) -> None:
    assert refusal(school, **where) == (30050, f"search refused: {told}: correct the arguments")


def test_an_unknown_category_and_a_missing_limit_are_errors(school: School) -> None:
    assert refusal(school, category=999999) == (30046, "there is no category 999999: check the id")
    assert refusal(school, limit=None) == (30001, "p_limit is NULL or empty: give a value")


def test_it_reads_only(school: School, shop: dict[str, int]) -> None:
    before, writer = school.everything(), school.session(autocommit=False)
    writer.run("UPDATE courses SET price = 1")  # and waits for nobody who writes
    school.run("SET innodb_lock_wait_timeout = 1")
    assert len(titles(school)) == 4 and len(titles(school, "sql")) == 2
    writer.run("ROLLBACK")
    assert school.everything() == before


def plan(school: School, program: str) -> dict[str, dict]:
    """How the server goes about the query of a program, by table."""
    query = re.search(r"SELECT .*?;", PROGRAMS[program].body, re.DOTALL)[0].rstrip(";")
    for name, value in VALUES.items():
        query = re.sub(rf"\b{name}\b", value, query)
    return {row["table"]: row for row in school.rows(f"EXPLAIN FORMAT=TRADITIONAL {query}")}


def test_words_are_found_by_their_index(school: School, shop: dict[str, int]) -> None:
    course = plan(school, "search_by_words")["course"]
    assert (course["type"], course["key"]) == ("fulltext", "courses_by_words")


def test_a_page_by_rank_is_read_off_the_index_in_order(school: School, shop: dict[str, int]) -> None:
    course = plan(school, "search_by_rank")["course"]
    assert course["key"] == "top_courses_first"
    assert "filesort" not in (course["Extra"] or "") and "Backward index scan" in course["Extra"]


def test_a_category_is_a_range_of_paths(school: School) -> None:
    for number in range(60):
        category = school.insert("categories", name=f"Category {number}")
        school.insert("course_categories", course_id=school.course(), category_id=category)
    data = school.insert("categories", name="Data")
    school.insert("course_categories", course_id=school.course(), category_id=data)
    school.run("ANALYZE TABLE categories, course_categories, courses")

    tables = plan(school, "search_by_category")
    assert (tables["categories"]["type"], tables["categories"]["key"]) == ("range", "one_category_per_path")
    assert tables["course_categories"]["key"] == "courses_in_category"
    assert (tables["course"]["type"], tables["course"]["key"]) == ("eq_ref", "PRIMARY")
