"""Categories are a tree: what a new one gets, move_category, and that no cycle can be stored."""

from __future__ import annotations

from collections.abc import Callable

import pymysql
import pytest

from school import School


def category(school: School, name: str, parent: int | None = None, **columns: object) -> int:
    return school.insert("categories", name=name, parent_id=parent, **columns)


def tree(school: School) -> dict[str, int]:
    """Depth by path."""
    return dict(school.run("SELECT path, depth FROM categories"))


def refusal(act: Callable[..., object], *arguments: object) -> tuple:
    with pytest.raises(pymysql.Error) as caught:
        act(*arguments)
    return caught.value.args


@pytest.fixture
def data(school: School) -> dict[str, int]:
    """/data/ with /data/sql/ and /data/sql/mysql/, and /arts/, by slug."""
    data = category(school, "Data")
    sql = category(school, "SQL", data)
    return {"data": data, "sql": sql, "mysql": category(school, "MySQL", sql), "arts": category(school, "Arts")}


def test_a_new_category_gets_its_path_and_depth(school: School, data: dict[str, int]) -> None:
    assert tree(school) == {"/data/": 0, "/data/sql/": 1, "/data/sql/mysql/": 2, "/arts/": 0}


@pytest.mark.parametrize(
    ("columns", "slug"),
    [
        ({"name": "C++ & friends!"}, "c-friends"),
        ({"name": "Économie 101"}, "économie-101"),
        ({"name": "データ分析"}, "データ分析"),
        ({"name": "हिन्दी"}, "हिन्दी"),
        ({"name": "100%_sure"}, "100-sure"),
        ({"name": "Data", "slug": "Big Data"}, "big-data"),
    ],
)
def test_a_slug_is_made_of_the_words_of_the_name(school: School, columns: dict[str, str], slug: str) -> None:
    school.insert("categories", **columns)
    assert school.run("SELECT slug, path FROM categories") == [(slug, f"/{slug}/")]


def test_a_name_without_a_word_makes_no_category(school: School) -> None:
    assert refusal(category, school, "!!!") == (3819, "Check constraint 'a_slug_is_words_and_hyphens' is violated.")


def test_two_of_one_slug_stand_below_different_parents_only(school: School, data: dict[str, int]) -> None:
    category(school, "SQL", data["arts"])
    error = refusal(category, school, "sql", data["data"])
    assert error[0] == 1062 and "one_category_per_path" in error[1]


def test_below_what_is_not_there_or_itself_there_is_nothing(school: School) -> None:
    assert refusal(category, school, "Data", 999999) == (30046, "there is no category 999999: check the id")
    itself = {"category_id": 7, "parent_id": 7, "name": "Data"}
    assert refusal(lambda: school.insert("categories", **itself))[0] == 30046


def test_what_is_moved_takes_all_below_it_along(school: School, data: dict[str, int]) -> None:
    school.call("move_category", data["sql"], data["arts"])
    assert tree(school) == {"/data/": 0, "/arts/": 0, "/arts/sql/": 1, "/arts/sql/mysql/": 2}
    school.call("move_category", data["sql"], None)
    assert tree(school) == {"/data/": 0, "/arts/": 0, "/sql/": 0, "/sql/mysql/": 1}
    school.call("move_category", data["sql"], None)
    school.call("move_category", data["arts"], data["mysql"])
    assert tree(school) == {"/data/": 0, "/sql/": 0, "/sql/mysql/": 1, "/sql/mysql/arts/": 2}
    assert school.value("SELECT parent_id FROM categories WHERE slug = 'arts'") == data["mysql"]


def test_only_the_subtree_moves_and_no_similar_path(school: School) -> None:
    data, science = category(school, "Data"), category(school, "Data science")
    category(school, "SQL", data)
    category(school, "R", science)
    category(school, "Dáta")
    school.call("move_category", data, science)

    assert tree(school) == {"/data-science/": 0, "/data-science/r/": 1, "/data-science/data/": 1,
                            "/data-science/data/sql/": 2, "/dáta/": 0}  # fmt: skip


@pytest.mark.parametrize("below", ["data", "sql", "mysql"])
def test_a_category_comes_never_below_itself(school: School, data: dict[str, int], below: str) -> None:
    before = school.everything()

    assert refusal(school.call, "move_category", data["data"], data[below]) == (
        30047,
        f"category {data['data']} would end below itself: choose a parent that is not below it",
    )
    assert school.everything() == before


def test_what_cannot_be_moved_is_told(school: School, data: dict[str, int]) -> None:
    category(school, "SQL", data["arts"])
    before = school.everything()

    assert refusal(school.call, "move_category", 999999, None)[0] == 30046
    assert refusal(school.call, "move_category", data["sql"], 999999)[0] == 30046
    assert refusal(school.call, "move_category", None, data["arts"])[0] == 30001
    assert refusal(school.call, "move_category", data["sql"], data["arts"]) == (
        30067,
        "a category sql is there already: choose another parent or rename one of them",
    )
    assert school.everything() == before


@pytest.mark.parametrize("change", ["parent_id = NULL", "path = '/x/sql/'", "depth = 7", "slug = 'x'", "category_id = 77"])
def test_a_categorys_place_is_changed_by_nobody_directly(school: School, data: dict[str, int], change: str) -> None:
    before = school.everything()
    statement = f"UPDATE categories SET {change} WHERE category_id = {data['mysql']}"

    assert refusal(school.run, statement) == (30021, "a category's place cannot be changed: add a new row instead")
    school.call("move_category", data["sql"], data["arts"])
    assert refusal(school.run, statement)[0] == 30021
    school.call("move_category", data["sql"], data["data"])
    after = school.everything()
    assert [row[:6] for row in after["categories"]] == [row[:6] for row in before["categories"]]


def test_a_category_keeps_its_place_under_a_new_name(school: School, data: dict[str, int]) -> None:
    school.run("UPDATE categories SET name = 'Structured queries' WHERE category_id = %s", data["sql"])
    assert "/data/sql/" in tree(school)


def test_of_two_moves_at_once_that_would_close_a_cycle_one_is_refused(school: School) -> None:
    for _ in range(5):
        one, two = category(school, "One"), category(school, "Two")
        answers = school.at_once(
            [
                lambda session: session.call("move_category", one, two),
                lambda session: session.call("move_category", two, one),
            ]
        )
        assert sorted(getattr(answer, "args", (0,))[0] for answer in answers) == [0, 30047]
        school.run("DELETE FROM categories WHERE depth = 1")
        school.run("DELETE FROM categories")


def test_a_move_in_an_old_snapshot_sees_the_tree_as_it_is(school: School, data: dict[str, int]) -> None:
    old = school.session(autocommit=False)
    old.run("SELECT * FROM categories")
    school.call("move_category", data["arts"], data["mysql"])

    assert refusal(old.call, "move_category", data["data"], data["arts"])[0] == 30047
    old.call("move_category", data["sql"], None)
    old.run("COMMIT")
    assert tree(school) == {"/data/": 0, "/sql/": 0, "/sql/mysql/": 1, "/sql/mysql/arts/": 2}


def test_what_is_added_while_its_parent_moves_lands_where_the_parent_is(school: School, data: dict[str, int]) -> None:
    mover = school.session(autocommit=False)
    mover.call("move_category", data["sql"], data["arts"])
    adding = school.waiting(lambda session: session.insert("categories", name="Joins", parent_id=data["mysql"]))
    mover.run("COMMIT")
    adding.result(timeout=20)

    assert tree(school)["/arts/sql/mysql/joins/"] == 3


def test_a_move_waits_for_what_is_being_added_and_takes_it_along(school: School, data: dict[str, int]) -> None:
    adder = school.session(autocommit=False)
    adder.insert("categories", name="Joins", parent_id=data["mysql"])
    moving = school.waiting(lambda session: session.call("move_category", data["sql"], None))
    adder.run("COMMIT")
    moving.result(timeout=20)

    assert tree(school)["/sql/mysql/joins/"] == 2


def test_categories_added_at_once_do_not_wait_for_each_other(school: School, data: dict[str, int]) -> None:
    first, second = school.session(autocommit=False), school.session(autocommit=False)
    first.insert("categories", name="Joins", parent_id=data["sql"])
    second.run("SET innodb_lock_wait_timeout = 1")
    second.insert("categories", name="Keys", parent_id=data["sql"])
    first.run("COMMIT")
    second.run("COMMIT")

    assert {"/data/sql/joins/", "/data/sql/keys/"} < set(tree(school))


def test_a_category_with_anything_in_it_stays(school: School, data: dict[str, int]) -> None:
    assert refusal(school.run, f"DELETE FROM categories WHERE category_id = {data['data']}")[0] == 1451
    school.insert("course_categories", course_id=school.course(), category_id=data["arts"])
    assert refusal(school.run, f"DELETE FROM categories WHERE category_id = {data['arts']}")[0] == 1451


def test_a_move_to_where_the_path_would_be_too_long_is_refused(school: School) -> None:
    parent = None
    for place in range(7):
        parent = school.insert("categories", name="x" * 97 + str(place), parent_id=parent)
    moved = school.insert("categories", name="y" * 90)
    before = school.everything()

    assert refusal(school.call, "move_category", moved, parent) == (
        30068,
        f"the path below {'y' * 40} would be too long: choose a parent that is less deep",
    )
    assert school.everything() == before
