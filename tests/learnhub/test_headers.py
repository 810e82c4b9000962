"""The header of a procedure says what its body does: parameters, outcomes, errors; and every word of it is tested."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from headers import PARTS, ProgramFile, program_files
from school import School

FILES = program_files("procedures")
TRIGGERS = program_files("triggers")
TESTS = sorted(Path(__file__).parent.glob("test_*.py"))
PASSED_ON_AS_ANOTHER = {"CAN_ENROLL"}  # who asks admit_student makes it SUCCESS
OF_A_BROKEN_DATABASE = {"NO_SUCH_POLICY"}
PASSES_IT_ON = {"admit_buyer"}
TURNS_EVERY_ERROR_INTO_A_WORD = {"renew_next_period", "expire_pending"}
# Errors that a called program knows and that cannot happen here.
CANNOT_HAPPEN = {
    "process_refund": {"NO_SUCH_USER", "BAD_REFUND"},  # an enrollment has a student, a refund its charge
    "sell_course": {"MISSING_ARGUMENT", "NO_SUCH_USER", "BAD_AMOUNT"},  # the caller has locked the user; a price is > 0
    "lock_purchase": {"NO_SUCH_USER"},  # what belongs to a user has one
    "lock_order": {"NO_SUCH_USER"},
    "lock_cart": {"NO_SUCH_USER"},
    "refund_payment": {"NO_SUCH_USER", "BAD_REFUND"},
    "write_order": {"KEY_REUSED"},  # an order of total 0 has no charges
    "record_failed_purchase": {"NO_SUCH_USER"},  # the purchase that failed had locked the user
    "settle_flash_sale": {"SEATS_NOT_FREE"},  # it gives seats back
    "withdraw_flash_sale": {"SEATS_NOT_FREE"},
}


def public(school: School) -> list[str]:
    granted = school.run("SELECT DISTINCT routine_name FROM mysql.procs_priv WHERE db = DATABASE() ORDER BY 1")
    return [name for (name,) in granted]


def catalogue(school: School) -> dict[str, int]:
    return dict(school.run("SELECT name, errno FROM error_catalogue"))


def returned(file: ProgramFile) -> set[str]:
    """The words that a procedure can return, those included that another one gives its word parameter."""
    words: set[str] = set()
    for parameter in file.word_parameters:
        words |= file.words_in(parameter)
        for name, arguments in file.calls(set(FILES)).items():
            if re.search(rf"\b{parameter}\b", arguments):
                words |= returned(FILES[name]) - (set() if file.name in PASSES_IT_ON else PASSED_ON_AS_ANOTHER)
    if file.word_parameters and "v_receipt" in file.body:
        words |= file.words_of_receipts.union(*(FILES[name].words_of_receipts for name in file.calls(set(FILES))))
    return words


def raised(file: ProgramFile, known: set[str]) -> set[str]:
    """The errors that a program can raise, those of the programs it uses included."""
    if file.name in TURNS_EVERY_ERROR_INTO_A_WORD:
        return set()
    names = file.literals & known
    for name in file.calls(set(FILES)):
        names |= raised(FILES[name], known) - OF_A_BROKEN_DATABASE
    return names - CANNOT_HAPPEN.get(file.name, set())


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_header_has_its_parts_in_order(file: ProgramFile) -> None:
    assert file.purpose.endswith(".")
    wanted = {"Example"} | ({"Parameters"} if file.parameters else set())
    if returned(file):
        wanted.add("Outcomes")
    assert set(file.parts) - {"Errors"} == wanted
    assert file.parts == [part for part in PARTS if part in file.parts]
    assert file.name in "\n".join(file.part("Example"))


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_header_speaks_of_every_parameter(file: ProgramFile) -> None:
    assert file.described == file.parameters


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_program_says_how_it_is_run(file: ProgramFile) -> None:
    clauses = r"COMMENT '(?:[^']|'')+'\n  SQL SECURITY DEFINER (NOT )?DETERMINISTIC (CONTAINS|NO|READS|MODIFIES) SQL"
    assert re.search(clauses, file.path.read_text())


@pytest.mark.parametrize("file", [file for file in FILES.values() if returned(file)], ids=lambda file: file.name)
def test_outcomes_are_the_words_it_can_return(file: ProgramFile) -> None:
    assert file.promised_words == returned(file)


def test_errors_are_those_it_can_raise(school: School) -> None:
    numbers = catalogue(school)
    wrong = {}
    for file in FILES.values():
        if file.name != "raise_error":
            can = {(numbers[name], name) for name in raised(file, set(numbers))}
            if can != file.promised_errors:
                wrong[file.name] = {"promised": file.promised_errors - can, "raised": can - file.promised_errors}
    assert wrong == {}


def test_no_program_asks_for_the_time_of_the_session() -> None:
    programs = [*FILES.values(), *TRIGGERS.values(), *program_files("views").values(), *program_files("sql").values()]
    local = re.compile(r"\b(NOW|CURDATE|CURTIME|SYSDATE|CURRENT_(DATE|TIME|TIMESTAMP)|LOCALTIME|UNIX_TIMESTAMP)\b")
    assert [file.name for file in programs if local.search(file.path.read_text())] == []


def test_every_error_of_the_catalogue_is_raised_somewhere(school: School) -> None:
    used = set().union(*(file.literals for file in [*FILES.values(), *TRIGGERS.values()]))
    assert set(catalogue(school)) - used == set()


def test_every_error_fits_its_message(school: School) -> None:
    for name, errno, message, mend in school.run("SELECT name, errno, message, mend FROM error_catalogue"):
        whole = f"{message.replace('{}', 'x' * 40)}: {mend}"
        assert 30000 <= errno <= 32767 and len(whole) <= 128, name


def test_every_public_procedure_and_each_of_its_words_has_a_test(school: School) -> None:
    tested = [(ast.get_docstring(ast.parse(text)) or "", text) for text in (path.read_text() for path in TESTS)]
    untested = {}
    for name in public(school):
        about = "".join(text for subject, text in tested if name in subject)
        missing = {word for word in FILES[name].promised_words if word not in about}
        if missing or not about:
            untested[name] = missing
    assert untested == {}


def test_every_error_has_a_test(school: School) -> None:
    tests = "".join(path.read_text() for path in TESTS if path.name != "test_headers.py")
    assert {name: errno for name, errno in catalogue(school).items() if str(errno) not in tests} == {}
