"""Bad input to every procedure that somebody may call: a clear error or a listed word, and nothing changed."""

from __future__ import annotations

import re
from pathlib import Path

import pymysql
import pytest

from calling import GOOD
from school import School

ROOT = Path(__file__).parent.parent.parent
# By the type of the parameter: what no value of it can be, and the server's own numbers for that.
BAD: dict[str, list[object]] = {
    "bigint": [0, -1, 999999, 2**64, "", "7; DROP TABLE users", 1e300],
    "decimal": [0, -1, 10**9, "", "much"],
    "tinyint": [1000, "", "perhaps"],
    "int": [0, -1, 999999, 2**40, "", "many"],
    "date": ["", "2025-02-30", "soon", "0000-00-00"],
    "json": ["", "{", '"text"', "7"],
    "varchar": ["", "  "],
    "text": [],
}
# What would be bad elsewhere and is good here.
FITTING: dict[tuple[str, str], set[object]] = {
    ("submit_quiz_attempt", "p_score"): {0},
    ("maintain_partitions", "p_years_ahead"): {0},
    ("reconcile_pending_payments", "p_older_than_minutes"): {0, 999999},
}
# Out of range, text behind a number, no such value, no number, too long, no JSON.
NUMBERS = {1264, 1265, 1292, 1366, 1406, 3140}
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


def bad_values(parameter: dict, free_text: bool) -> list[object]:
    """What is wrong for a parameter."""
    values = list(BAD[parameter["data_type"]])
    if parameter["character_maximum_length"]:
        values.append("x" * (parameter["character_maximum_length"] + 1))
    if parameter["character_set_name"] == "ascii":
        values.append("ключ")
    if free_text:
        return [value for value in values if value and str(value).strip()]
    return [None, *values]


def unchanged(school: School, procedure: str, arguments: dict[str, object], out: list[str]) -> str:
    """What the call answered: its error's number, or its words. It must have changed nothing."""
    before = school.everything()
    try:
        answer = school.call(procedure, *arguments.values(), out=out)
    except pymysql.Error as error:
        number, text = error.args
        assert 30000 <= number <= 32767 or number in NUMBERS, error
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
def test_each_bad_argument_in_turn_is_refused_and_changes_nothing(school: School, procedure: str) -> None:
    known = parameters(school, procedure)
    out = [each["parameter_name"] for each in known if each["parameter_mode"] == "OUT"]
    incoming = [each for each in known if each["parameter_mode"] == "IN"]
    good = GOOD[procedure](school)
    assert list(good) == [each["parameter_name"] for each in incoming]

    for parameter in incoming:
        name = parameter["parameter_name"]
        free_text = re.search(rf"^--   {name} .*{FREE_TEXT}", header(procedure), re.MULTILINE) is not None
        for value in bad_values(parameter, free_text):
            if value not in FITTING.get((procedure, name), ()):
                unchanged(school, procedure, good | {name: value}, out)


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
