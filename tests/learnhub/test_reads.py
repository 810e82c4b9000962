"""docs/queries.md is true: each read goes by the index it names, and reads no more in ten times larger tables."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial

import pytest

from calling import GOOD, OUT
from conftest import ROOT
from growth import Subject, backlog, grow, refresh_statistics, settle
from school import School

pytestmark = pytest.mark.breaks("an_enrollment_is_paid_at_most_once")

DOCUMENT = (ROOT / "docs/queries.md").read_text()
QUERY = re.compile(
    r"^### (?P<title>[^\n]+)\n[^#]*?about\s(?P<about>\d+)\srows?\b[^#]*?"
    r"^```sql(?: (?P<file>\S+))?\n(?P<sql>.*?)^```\n(?:```plan\n(?P<plan>.*?)^```)?",
    re.MULTILINE | re.DOTALL,
)
QUERIES = {found["title"]: found.groupdict() for found in QUERY.finditer(DOCUMENT)}
PROGRAMS = [*(ROOT / "procedures").rglob("*.sql"), *(ROOT / "views").rglob("*.sql")]
SIZES = (400, 4000)
SMALL = {"below", "noted"}  # no sale makes these larger
OF_THE_DICTIONARY = {"erase_user", "maintain_partitions"}  # they read it, and the server caches it
BY_CHANCE = 2  # rows: a flash sale begins to look for a seat anywhere in its stock
KEYS = ("p_transaction_id", "p_idempotency_key")
# What the application writes itself: each with what its triggers read.
WRITES = {
    "a course requires another": "INSERT INTO course_prerequisites VALUES (@course, 1000005)",
    "a course changes its price": "UPDATE courses SET price = price + 1 WHERE course_id = @course",
    "a review is edited": "UPDATE reviews SET rating = 5 WHERE course_id = @course AND created_at = @day",
    "a wish is added": "INSERT INTO wishlist_items (student_id, course_id) VALUES (@student, 1000005)",
    "a category is added": "INSERT INTO categories (parent_id, name) VALUES (@category, 'Cheese')",
}
# Every procedure on what is new, and those about a course also on the one that grows.
ABOUT_A_COURSE = [
    "process_course_purchase",
    "begin_purchase",
    "enroll_student",
    "check_enrollment_eligibility",
    "archive_course",
]
CALLS = {f"{name} of a popular course": name for name in ABOUT_A_COURSE} | {name: name for name in GOOD}
WHOLE_TABLE = "SELECT * FROM enrollments WHERE progress_percentage = 1"
USED = """
    SELECT object_name, index_name, count_fetch FROM performance_schema.table_io_waits_summary_by_index_usage
     WHERE object_schema = DATABASE() AND object_name NOT LIKE '\\_%' AND index_name IS NOT NULL
"""
OTHERWISE_NEEDED = """
    SELECT DISTINCT table_name, index_name FROM information_schema.statistics entry
     WHERE table_schema = DATABASE()
       AND (non_unique = 0 OR index_type = 'FULLTEXT'  -- whose reads are not counted
            OR EXISTS (SELECT 1 FROM information_schema.key_column_usage part
                        WHERE part.table_schema = entry.table_schema AND part.table_name = entry.table_name
                          AND part.column_name = entry.column_name AND part.referenced_table_name IS NOT NULL
                          AND entry.seq_in_index = 1))
"""


@dataclass
class Looks:
    """What was seen at one size: rows read by each query and each procedure, plans, indexes that nothing read."""

    reads: dict[str, int] = field(default_factory=dict)
    found: dict[str, int] = field(default_factory=dict)
    plans: dict[str, list[str]] = field(default_factory=dict)
    unread: set[tuple[str, str]] = field(default_factory=set)


Sizes = tuple[Looks, Looks]


@pytest.fixture(scope="module")
def small_and_large(open_school: Callable[[], AbstractContextManager[School]]) -> Sizes:
    small, large = (look(open_school, size) for size in SIZES)
    return small, large


def look(open_school: Callable[[], AbstractContextManager[School]], size: int) -> Looks:
    looks = Looks()
    with open_school() as school:
        subject = settle(school)
        grow(school, size, subject.course)
        backlog(school)
        refresh_statistics(school)
        set_variables(school, subject)
        before = {(table, index): count for table, index, count in school.run(USED)}
        for title, sql in [*((name, query["sql"]) for name, query in QUERIES.items()), (WHOLE_TABLE, WHOLE_TABLE)]:
            looks.plans[title] = plan(school, sql)
            looks.found[title] = len(school.run(sql))
            looks.reads[title] = rows_read(school, partial(school.run, sql))
        for name, sql in WRITES.items():
            looks.reads[name] = rows_read(school, partial(school.run, sql))
        school.call("fold_counters")
        for title, name in CALLS.items():
            arguments = {key: title if key in KEYS else value for key, value in GOOD[name](school).items()}
            arguments |= {"p_course_id": subject.course} if title != name else {}
            call = partial(school.call, name, *arguments.values(), out=OUT.get(name, ()))
            looks.reads[title] = rows_read(school, call)
        looks.unread = {(table, index) for table, index, count in school.run(USED) if count == before[table, index]}
        looks.unread -= set(school.run(OTHERWISE_NEEDED))
    return looks


def set_variables(school: School, subject: Subject) -> None:
    for name, value in {
        "student": subject.student,
        "course": subject.course,
        "category": subject.category,
        "colleague": subject.colleague,
        "tag": "beer",
        "enrollments": 50,
        "before": 2**62,
        "moment": "2999-01-01",
        "day": "2025-01-31",
        "p_older_than_minutes": 30,
        "p_on": "2025-02-01",
        "p_period_end": "2025-01-31",
        "p_before": "2025-02-01",
    }.items():
        school.run(f"SET @{name} = %s", value)


def plan(school: School, sql: str) -> list[str]:
    """How the server reaches each table; nothing for a call."""
    if sql.startswith("CALL"):
        return []
    steps = school.rows("EXPLAIN FORMAT=TRADITIONAL " + sql.replace("%", "%%"))
    return [
        f"{step['table']} {step['type']} {step['key']}" for step in steps if step["table"] and step["table"][0] != "<"
    ]


def rows_read(school: School, act: Callable[[], object]) -> int:
    """How many rows the server reads for an act.

    The engine hands over every row that it looks at, also one that it could tell by the index not to fit.
    """
    school.run("SET optimizer_switch = 'index_condition_pushdown=off'")
    school.run("FLUSH STATUS")
    act()
    reads = sum(int(count) for _, count in school.run("SHOW SESSION STATUS LIKE 'Handler_read%'"))
    school.run("SET optimizer_switch = DEFAULT")
    return reads


def whole_tables(plan: list[str]) -> list[str]:
    """The steps that read a table that grows, or an index of it, from one end to the other."""
    steps = [step.split() for step in plan]
    return [" ".join(step) for step in steps if step[1] in ("ALL", "index") and step[0] not in SMALL]


def test_every_statement_of_the_document_is_tried() -> None:
    assert len(QUERIES) == DOCUMENT.count("\n### ") == DOCUMENT.count("\n```sql") > 20


@pytest.mark.parametrize("title", QUERIES)
def test_a_query_goes_the_way_that_the_document_shows(small_and_large: Sizes, title: str) -> None:
    _, large = small_and_large
    shown = [" ".join(line.split()) for line in (QUERIES[title]["plan"] or "").splitlines()]

    assert large.plans[title] == shown
    assert whole_tables(shown) == []


@pytest.mark.parametrize("title", QUERIES)
def test_a_query_reads_few_rows_for_its_answer_and_no_more_in_larger_tables(small_and_large: Sizes, title: str) -> None:
    small, large = small_and_large

    assert large.reads[title] <= small.reads[title] <= 10 * int(QUERIES[title]["about"])
    assert small.found[title] == large.found[title] <= int(QUERIES[title]["about"])
    assert large.found[title] > 0 or QUERIES[title]["sql"].startswith(("CALL", "SELECT 1"))


@pytest.mark.parametrize("name", [*WRITES, *CALLS])
def test_a_write_or_a_procedure_reads_no_more_rows_in_larger_tables(small_and_large: Sizes, name: str) -> None:
    small, large = small_and_large

    assert large.reads[name] <= small.reads[name] * (2 if name in OF_THE_DICTIONARY else 1) + BY_CHANCE


def test_a_query_that_reads_a_whole_table_would_be_found(small_and_large: Sizes) -> None:
    small, large = small_and_large

    assert whole_tables(large.plans[WHOLE_TABLE]) == ["enrollments ALL None"]
    assert large.reads[WHOLE_TABLE] > 5 * small.reads[WHOLE_TABLE]


@pytest.mark.parametrize("title", [title for title, query in QUERIES.items() if query["file"]])
def test_a_query_of_a_procedure_stands_in_its_file(title: str) -> None:
    query = re.sub(r"@(p_\w+)", r"\1", QUERIES[title]["sql"])
    text = (ROOT / QUERIES[title]["file"]).read_text()

    assert " ".join(query.split()) in " ".join(text.split())


def test_no_list_is_paged_by_counting_rows() -> None:
    counting = re.compile(r"\bOFFSET\b|\bLIMIT\s+\w+\s*,", re.IGNORECASE)

    assert [path for path in PROGRAMS if counting.search(path.read_text())] == []
    assert [title for title, query in QUERIES.items() if counting.search(query["sql"])] == []


def test_no_index_is_covered_by_another(school: School) -> None:
    assert school.run(
        "SELECT table_name, redundant_index_name, dominant_index_name FROM sys.schema_redundant_indexes"
        " WHERE table_schema = DATABASE()"
    ) == []


def test_every_index_of_a_foreign_key_is_one_that_a_migration_names(school: School) -> None:
    """The server makes one, named like the constraint, where a migration does not."""
    assert school.run(
        "SELECT entry.table_name, index_name FROM information_schema.statistics entry"
        "  JOIN information_schema.referential_constraints rule"
        "    ON constraint_schema = table_schema AND rule.table_name = entry.table_name"
        "   AND constraint_name = index_name"
        " WHERE table_schema = DATABASE()"
    ) == []


def test_an_index_that_nothing_reads_says_why_it_is_there(small_and_large: Sizes) -> None:
    _, large = small_and_large
    explained = re.findall(r"^\| `(\w+)\.(\w+)` \|", DOCUMENT, re.MULTILINE)
    # a range over partitions is not counted
    shown = {step.split()[2] for steps in large.plans.values() for step in steps}

    assert [entry for entry in sorted(large.unread) if entry[1] not in shown] == sorted(explained)
