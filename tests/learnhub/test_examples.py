"""The example callers, run: what they print, what they ask for again, what they do not."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from breaking_way import breaking_way
from learnhub_db.database import Target
from learnhub_db.server import client_command
from school import School

ROOT = Path(__file__).parent.parent.parent
EXAMPLES = ROOT / "examples"
SECONDS = 60
CALLERS = {".sql", ".sh", ".py", ".mjs", ".go", ".java", ".php"}
WAITERS = "SELECT 1 FROM performance_schema.data_lock_waits WHERE blocking_thread_id = PS_CURRENT_THREAD_ID()"
QUOTED = re.compile(r"^```\w+ (examples/\S+)\n(.*?)^```$", re.M | re.S)


@dataclass(frozen=True)
class Example:
    """A program that buys a course, as `buyer`, with the words USER COURSE TRANSACTION_ID."""

    command: list[str]
    buyer: Target
    options: str = ""

    def start(self, *words: object, at: Target | None = None) -> subprocess.Popen[str]:
        target = at or self.buyer
        command = [*self.command, *map(str, words)]
        if self.command[-1].endswith(".sh"):
            command += client(target)
        environment = {**os.environ, "LEARNHUB_DB_URL": target.url + self.options, "MYSQL_PWD": target.password}
        return subprocess.Popen(
            command, env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    def run(self, *words: object, at: Target | None = None) -> tuple[int, str, str]:
        """Its exit code, the words it printed, its errors."""
        return ended(self.start(*words, at=at))


def ended(program: subprocess.Popen[str]) -> tuple[int, str, str]:
    try:
        out, told = program.communicate(timeout=SECONDS)
    finally:
        program.kill()
    return program.returncode, " ".join(out.split()), told


def client(target: Target) -> list[str]:
    """The stock client on `target`; the password is in MYSQL_PWD."""
    return [*client_command(), f"--host={target.host}", f"--port={target.port}", "--user", target.user, target.database]


def python(_: Path) -> list[str]:
    return [sys.executable, "examples/call.py"]


def shell(_: Path) -> list[str]:
    return ["sh", "examples/call.sh"]


def node(_: Path) -> list[str]:
    mend = "npm install --prefix examples --no-save mysql2"
    needs("node", "--input-type=module", "--eval", "import 'mysql2/promise'", mend=mend)
    return ["node", "examples/call.mjs"]


def go(folder: Path) -> list[str]:
    needs("go", "list", "github.com/go-sql-driver/mysql", mend="go get github.com/go-sql-driver/mysql")
    subprocess.run(["go", "build", "-o", folder / "call", "call.go"], cwd=EXAMPLES, check=True)
    return [str(folder / "call")]


def java(_: Path) -> list[str]:
    needs("javac", "--version", mend="install a JDK")
    if not os.environ.get("CLASSPATH"):
        pytest.skip("CLASSPATH names no JDBC driver: set it to the jar of Connector/J or MariaDB Connector/J")
    return ["java", "examples/Call.java"]


def php(_: Path) -> list[str]:
    needs("php", "-r", "exit(extension_loaded('pdo_mysql') ? 0 : 1);", mend="install php-cli and php-mysql")
    return ["php", "examples/call.php"]


def needs(*command: str, mend: str) -> None:
    """Skips the test where the language or its driver is not on this machine."""
    if not shutil.which(command[0]):
        pytest.skip(f"no {command[0]} on this machine")
    if subprocess.run(command, cwd=EXAMPLES, capture_output=True).returncode:
        pytest.skip(f"{command[0]} lacks the driver: {mend}")


@pytest.fixture
def buyer(school: School) -> Iterator[Target]:
    """An account with no right but the role's, its password one that a URL must quote."""
    name = f"buyer{secrets.token_hex(4)}"
    school.run(f"CREATE USER {name} IDENTIFIED BY 'p@ss/word'")
    school.run(f"GRANT learnhub_app TO {name}")
    school.run(f"SET DEFAULT ROLE learnhub_app TO {name}")
    yield replace(school.target, user=name, password="p@ss/word", unix_socket=None)
    school.run(f"DROP USER {name}")


@pytest.fixture(params=[python, shell, node, go, java, php], ids=lambda language: language.__name__)
def example(request: pytest.FixtureRequest, buyer: Target, tmp_path: Path) -> Example:
    options = "?allowPublicKeyRetrieval=true&permitMysqlScheme=true" if request.param is java else ""
    return Example(request.param(tmp_path), buyer, options)


@pytest.fixture
def one_second_for_locks(school: School) -> Iterator[None]:
    """For connections made from now on; the tests' own sessions say theirs."""
    seconds = school.value("SELECT @@GLOBAL.innodb_lock_wait_timeout")
    school.run("SET GLOBAL innodb_lock_wait_timeout = 1")
    yield
    school.run("SET GLOBAL innodb_lock_wait_timeout = %s", seconds)


def calls(school: School) -> int:
    """How often process_course_purchase was called since the server started."""
    return school.value(
        "SELECT COALESCE(SUM(count_star), 0) FROM performance_schema.events_statements_summary_by_program"
        " WHERE object_schema = DATABASE() AND object_name = 'process_course_purchase'"
    )


def errors(school: School, number: int, buyer: Target) -> int:
    """How often the server has given `buyer` this error."""
    return school.value(
        "SELECT COALESCE(SUM(sum_error_raised), 0) FROM performance_schema.events_errors_summary_by_user_by_error"
        " WHERE user = %s AND error_number = %s",
        buyer.user,
        number,
    )


def wait_for(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def sold(school: School, enrollment: str) -> int:
    return school.count("payments", f"enrollment_id = {int(enrollment)} AND status = 'completed'")


def test_a_purchase_and_its_repeat_print_one_enrollment(example: Example, school: School) -> None:
    student, course = school.user(), school.course("49.99")

    first, again = (example.run(student, course, "ch_3AbC") for _ in range(2))

    code, words, told = first
    assert (code, told) == (0, "")
    enrollment, status = words.split()
    assert (status, sold(school, enrollment)) == ("SUCCESS", 1)
    assert again == first
    assert school.count("enrollments") == 1


def test_a_refusal_is_an_answer(example: Example, school: School) -> None:
    student, course = school.user(), school.course(status="draft")

    assert example.run(student, course, "ch_1") == (0, "NULL COURSE_NOT_AVAILABLE", "")


def test_misuse_is_told_with_its_number_and_not_repeated(example: Example, school: School) -> None:
    student = school.user()
    school.purchase(student, school.course(), "ch_1")
    before = calls(school)

    code, words, told = example.run(student, school.course(), "ch_1")

    assert (code, words) == (1, "")
    assert "30005" in told
    assert "key ch_1 was used with other arguments: use a new key" in told
    assert calls(school) == before + 1


def test_a_wrong_password_is_told_with_its_number_and_not_printed(example: Example, school: School) -> None:
    code, words, told = example.run(1, 1, "ch_1", at=replace(example.buyer, password="mistaken"))

    assert (code, words) == (1, "")
    assert "1045" in told
    assert "mistaken" not in told
    assert errors(school, 1045, example.buyer) <= 1


def test_a_lock_wait_timeout_is_asked_again(example: Example, school: School, one_second_for_locks: None) -> None:
    student, course = school.user(), school.course()
    holder = school.session(autocommit=False)
    holder.run("SELECT name FROM users WHERE user_id = %s FOR UPDATE", student)

    program = example.start(student, course, "ch_1")
    wait_for(lambda: errors(school, 1205, example.buyer) or program.poll() is not None)
    holder.connection.rollback()
    code, words, _ = ended(program)

    assert (code, words.split()[1:]) == (0, ["SUCCESS"])
    assert errors(school, 1205, example.buyer) >= 1


def test_a_deadlock_is_asked_again(example: Example, school: School) -> None:
    student, course = school.user(), school.course()
    holder = school.session(autocommit=False)
    for number in range(30):  # the server ends the transaction that has changed less
        holder.insert("users", name="Heavy", email=f"heavy{number}@example.org", user_type="student")
    holder.run("SELECT title FROM courses WHERE course_id = %s FOR UPDATE", course)

    program = example.start(student, course, "ch_1")
    wait_for(lambda: holder.run(WAITERS) or program.poll() is not None)
    holder.run("SELECT name FROM users WHERE user_id = %s FOR UPDATE", student)
    holder.connection.rollback()
    code, words, _ = ended(program)

    assert (code, words.split()[1:]) == (0, ["SUCCESS"])
    assert errors(school, 1213, example.buyer) == 1


def test_a_sale_whose_answer_is_lost_on_the_way_is_asked_for_again_and_not_doubled(
    example: Example, school: School
) -> None:
    student, course = school.user(), school.course()
    witness, before = school.session(), calls(school)

    with breaking_way(example.buyer, lambda: bool(witness.run("SELECT 1 FROM payments"))) as (target, broken):
        code, words, _ = example.run(student, course, "ch_1", at=target)

    assert broken.is_set()
    assert code == 0
    enrollment, status = words.split()
    assert (status, sold(school, enrollment)) == ("SUCCESS", 1)
    assert (school.count("payments"), school.count("enrollments")) == (1, 1)
    assert calls(school) == before + 2


def test_the_stock_client_runs_the_sql_file(school: School, buyer: Target) -> None:
    student, course = school.user(), school.course()
    values = f"SET @user_id = {student}, @course_id = {course}, @transaction_id = 'ch_3AbC'"

    done = subprocess.run(
        [*client(buyer), "--batch"],
        input=f"{values};\n{(EXAMPLES / 'call.sql').read_text()}",
        env={**os.environ, "MYSQL_PWD": buyer.password},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )

    assert (done.returncode, done.stderr) == (0, "")
    enrollment = school.value("SELECT enrollment_id FROM enrollments WHERE student_id = %s", student)
    assert done.stdout == f"enrollment_id\tstatus\n{enrollment}\tSUCCESS\n"


def test_the_documents_quote_the_examples_as_they_are() -> None:
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    quotes = [(page.name, *quote) for page in pages for quote in QUOTED.findall(page.read_text(encoding="utf-8"))]

    wrong = [(page, path) for page, path, text in quotes if text not in (ROOT / path).read_text(encoding="utf-8")]

    assert wrong == []
    assert {path for page, path, _ in quotes if page == "calling.md"} == {
        f"examples/{path.name}" for path in EXAMPLES.iterdir() if path.suffix in CALLERS
    }
