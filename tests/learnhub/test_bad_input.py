"""Bad input to every procedure that somebody may call: a clear error or a listed word, and nothing changed."""

from __future__ import annotations

import re
from pathlib import Path

import pymysql
import pytest

from calling import GOOD
from school import School

ROOT = Path(__file__).parent.parent.parent
# By the type of the parameter: what no value of it can be.
BAD: dict[str, list[object]] = {
    "bigint": [0, -1, 99999999, -(2**40), 2**62, 2**64, "", "7; DROP TABLE users", 1e300],
    "decimal": [0, -1, 10**9, 10**40, "", "much"],
    "date": ["", "2025-02-30", "soon", "0000-00-00", "9999-12-31"],
    "longtext": ["", "  ", "x" * 10000],
}
NO_SUCH_JSON = ["{", '"text"', "7"]
# What would be bad elsewhere and is good here.
FITTING: dict[tuple[str, str], set[object]] = {
    ("submit_quiz_attempt", "p_score"): {0},
    ("maintain_partitions", "p_years_ahead"): {0},
    ("reconcile_pending_payments", "p_older_than_minutes"): {0, 99999999},
    ("cancel_subscription", "p_at_period_end"): {0},
}
# What is not of the parameter's type at all is refused by the server before the procedure begins: these numbers.
NOT_OF_THE_TYPE = {1264, 1265, 1292, 1366}
FREE_TEXT = "may be NULL"


def header(procedure: str) -> str:
    (path,) = (ROOT / "procedures").rglob(f"{procedure}.sql")
    return path.read_text().split("DELIMITER")[0]


def outcomes(procedure: str) -> set[str]:
    """The words of the header's Outcomes."""
    part = re.search(r"^-- Outcomes\n((?:--   .*\n)+)", header(procedure), re.MULTILINE)
    return set(re.findall(r"^--   (\S(?:.*?\S)?)(?:  |\n)", part[1], re.MULTILINE)) if part else set()


def parameters(school: School, procedure: str) -> list[dict]:
    rows = school.rows(
        "SELECT parameter_name, parameter_mode, data_type, character_maximum_length,"
        " character_set_name FROM information_schema.parameters"
        " WHERE specific_schema = DATABASE() AND specific_name = %s ORDER BY ordinal_position",
        procedure,
    )
    return [{name.lower(): value for name, value in row.items()} for row in rows]


def bad_values(parameter: dict, header: str, free_text: bool) -> list[object]:
    """What is wrong for a parameter."""
    values = BAD[parameter["data_type"]] + NO_SUCH_JSON * (parameter["parameter_name"] in ("p_updates", "p_after"))
    limit = re.search(rf"^--   {parameter['parameter_name']} .*at most (\d+) characters(, ASCII)?", header, re.MULTILINE)
    if limit:
        values.append("x" * (int(limit[1]) + 1))
    if limit and limit[2]:
        values += ["ключ", "💥"]
    if limit and int(limit[1]) > 10000:
        values.remove("x" * 10000)
    if free_text:
        return [value for value in values if value and str(value).strip()]
    return [None, *values]


def of_the_type(parameter: dict, value: object) -> bool:
    """Whether the server takes a value for that parameter as it is."""
    if parameter["data_type"] in ("bigint", "decimal"):
        most = {"bigint": 2**63 - 1, "decimal": 10**63 - 1}[parameter["data_type"]]
        return value is None or (isinstance(value, int) and abs(value) <= most)
    return parameter["data_type"] == "longtext" or value in (None, "9999-12-31")


def becomes_a_number(parameter: dict, value: object) -> bool:
    """Whether a session without a strict mode makes a number of a text before the procedure begins."""
    return isinstance(value, str) and parameter["data_type"] in ("bigint", "decimal")


def unchanged(school: School, procedure: str, arguments: dict[str, object], out: list[str], numbers: set[int]) -> str:
    """What the call answered: its error's number, or its words. It must have changed nothing."""
    before = school.everything()
    try:
        answer = school.call(procedure, *arguments.values(), out=out)
    except pymysql.Error as error:
        number, text = error.args
        assert 30000 <= number <= 32767 or number in numbers, (error, arguments)
        assert 0 < len(text) <= 128
        answer = {}
    else:
        words = {value for value in answer.values() if isinstance(value, str)}
        assert words and words <= outcomes(procedure) - {"SUCCESS", "CAN_ENROLL"}, answer
    assert school.everything() == before
    return str(answer)


def test_every_procedure_that_somebody_may_call_is_tried(school: School) -> None:
    granted = school.run("SELECT DISTINCT routine_name FROM mysql.procs_priv WHERE db = DATABASE()")
    assert {name for (name,) in granted} == set(GOOD)


@pytest.mark.parametrize("procedure", [name for name in GOOD if name not in ("fold_counters", "expire_access")])
@pytest.mark.parametrize("strict", [True, False], ids=["strict", "not strict"])
def test_each_bad_argument_in_turn_is_refused_and_changes_nothing(
    school: School, procedure: str, strict: bool
) -> None:
    known = parameters(school, procedure)
    out = [each["parameter_name"] for each in known if each["parameter_mode"] == "OUT"]
    incoming = [each for each in known if each["parameter_mode"] == "IN"]
    good = GOOD[procedure](school)
    if not strict:
        school.run("SET sql_mode = ''")
    assert list(good) == [each["parameter_name"] for each in incoming]

    for parameter in incoming:
        name = parameter["parameter_name"]
        free_text = re.search(rf"^--   {name} .*{FREE_TEXT}", header(procedure), re.MULTILINE) is not None
        for value in bad_values(parameter, header(procedure), free_text):
            fits = of_the_type(parameter, value)
            if value in FITTING.get((procedure, name), ()) or (not strict and becomes_a_number(parameter, value)):
                continue
            numbers = NOT_OF_THE_TYPE if strict and not fits else set()
            unchanged(school, procedure, good | {name: value}, out, numbers)


@pytest.mark.parametrize("procedure", GOOD)
def test_the_good_arguments_are_good(school: School, procedure: str) -> None:
    """Else what is refused above would prove nothing."""
    good = GOOD[procedure](school)
    out = [each["parameter_name"] for each in parameters(school, procedure) if each["parameter_mode"] == "OUT"]
    answer = school.call(procedure, *good.values(), out=out)

    words = {value for value in answer.values() if isinstance(value, str)}
    assert words <= {"SUCCESS", "CAN_ENROLL", "SUCCESS: Refunded $49.99", "PENDING", "CONFIRMED", "FAILED"}
    assert "untouched" not in words


@pytest.mark.parametrize(
    "text", ["it's", 'say "no"', "-- gone", "/* gone */", "'; DROP TABLE users; --", "100%_\\", "ünï 🎓"]
)
def test_text_is_stored_as_it_was_given_and_never_run(school: School, text: str) -> None:
    course, user = school.course(), school.user()
    school.call("archive_course", course, text)
    school.call("soft_delete_user", user, text)

    assert school.value("SELECT reason FROM archived_courses") == text
    assert school.value("SELECT deletion_reason FROM users WHERE user_id = %s", user) == text


def test_two_authorisations_that_differ_behind_the_limit_are_not_taken_for_one(school: School) -> None:
    school.run("SET sql_mode = ''")
    buyer, courses = school.user(), [school.course(), school.course()]

    for place, course in enumerate(courses):
        with pytest.raises(pymysql.Error) as error:
            school.purchase(buyer, course, "x" * 100 + str(place))
        assert error.value.args == (30063, "p_transaction_id: more than 100 characters: shorten it")
    assert school.count("payments") == 0
    assert school.purchase(buyer, courses[0], "x" * 100)[1] == "SUCCESS"


@pytest.mark.parametrize(
    ("procedure", "name", "value", "error"),
    [
        ("begin_purchase", "p_idempotency_key", "💥",
         (30064, "p_idempotency_key is not ASCII: give a key of ASCII characters")),
        ("process_course_purchase", "p_user_id", -1,
         (30065, "p_user_id -1 is out of range: see the parameters of the procedure")),
        ("reconcile_pending_payments", "p_older_than_minutes", -1,
         (30065, "p_older_than_minutes -1 is out of range: see the parameters of the procedure")),
        ("check_fraud", "p_amount", 10**9,
         (30065, "p_amount 1000000000.00 is out of range: see the parameters of the procedure")),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["STRICT_ALL_TABLES", ""], ids=["strict", "not strict"])
def test_the_catalogue_says_what_is_wrong_whatever_the_mode(
    school: School, procedure: str, name: str, value: object, error: tuple, mode: str
) -> None:
    school.run("SET sql_mode = %s", mode)
    good = GOOD[procedure](school)
    out = [each["parameter_name"] for each in parameters(school, procedure) if each["parameter_mode"] == "OUT"]

    with pytest.raises(pymysql.Error) as raised:
        school.call(procedure, *(good | {name: value}).values(), out=out)
    assert raised.value.args == error


def test_a_day_that_no_calendar_has_is_refused_without_a_strict_mode(school: School) -> None:
    school.run("SET sql_mode = ''")
    for procedure in ("summarize_daily_revenue", "refresh_star"):
        with pytest.raises(pymysql.Error) as error:
            school.call(procedure, "2026-02-30")
        assert error.value.args == (30066, "p_day 0000-00-00 is no day of the calendar: give one as YYYY-MM-DD")
