"""The program in docs/purchase-with-a-gateway.md, run against a gateway that these tests play."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pymysql
import pytest

from school import School

GUIDE = Path(__file__).parent.parent.parent / "docs" / "purchase-with-a-gateway.md"


@dataclass
class Answer:
    charged: bool
    transaction: str | None = None
    reason: str | None = None


@dataclass
class Gateway:
    """Charges once per key. `meanwhile` happens while it is asked."""

    declines: bool = False
    meanwhile: Callable[[], object] = lambda: None
    charges: dict[str, str] = field(default_factory=dict)

    def __call__(self, key: str, payment: int) -> Answer:
        self.meanwhile()
        if self.declines:
            return Answer(False, reason="card declined")
        return Answer(True, self.charges.setdefault(key, f"ch_{len(self.charges) + 1}"))


@pytest.fixture
def buy(school: School) -> Callable[..., str]:
    """The guide's `buy`, on connections to the school."""
    (program,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    guide: dict = {}
    exec(compile(program, GUIDE.name, "exec"), guide)
    target = school.target

    def connect() -> pymysql.connections.Connection:
        return pymysql.connect(
            host=target.host, port=target.port, user=target.user, password=target.password,
            database=target.database, unix_socket=target.unix_socket, autocommit=True,
        )

    return lambda gateway, user, course, key="key_1": guide["buy"](connect, gateway, user, course, "stripe", key)


def open_transactions(school: School) -> int:
    return school.value(
        "SELECT COUNT(*) FROM information_schema.innodb_trx JOIN information_schema.processlist"
        " ON id = trx_mysql_thread_id WHERE db = DATABASE()"
    )


def test_the_gateway_is_asked_while_the_seat_is_held_and_no_transaction_is_open(
    school: School, buy: Callable[..., str]
) -> None:
    course, seen = school.course("49.99", max_students=1), []
    gateway = Gateway(meanwhile=lambda: seen.append((school.seats(course), open_transactions(school))))

    assert buy(gateway, school.user(), course) == "SUCCESS"
    assert seen == [(1, 0)]
    assert school.run("SELECT status, transaction_id FROM payments") == [("completed", "ch_1")]


def test_run_again_it_charges_and_enrolls_once(school: School, buy: Callable[..., str]) -> None:
    gateway, student, course = Gateway(), school.user(), school.course()

    assert [buy(gateway, student, course), buy(gateway, student, course)] == ["SUCCESS", "SUCCESS"]
    assert (len(gateway.charges), school.count("payments"), school.count("enrollments")) == (1, 1, 1)


def test_a_declined_card_frees_the_seat(school: School, buy: Callable[..., str]) -> None:
    course = school.course(max_students=1)

    assert buy(Gateway(declines=True), school.user(), course) == "FAILED"
    assert buy(Gateway(), school.user(), course, "key_2") == "SUCCESS"


def test_a_refusal_and_a_free_course_do_not_ask_the_gateway(school: School, buy: Callable[..., str]) -> None:
    gateway = Gateway(meanwhile=lambda: pytest.fail("the gateway was asked"))

    assert buy(gateway, school.user(), school.course(status="draft")) == "COURSE_NOT_AVAILABLE"
    assert buy(gateway, school.user(), school.course("0")) == "SUCCESS"


def test_what_is_no_longer_possible_when_the_gateway_answers_is_given_back(
    school: School, buy: Callable[..., str]
) -> None:
    course = school.course("49.99")

    word = buy(Gateway(meanwhile=lambda: school.call("archive_course", course, "over")), school.user(), course)

    assert (word, school.due()) == ("REFUND_DUE", [])
    assert school.value("SELECT SUM(amount) FROM payments") == 0


def test_an_answer_after_the_time_was_up_is_given_back(school: School, buy: Callable[..., str]) -> None:
    word = buy(Gateway(meanwhile=school.expire), school.user(), school.course("49.99"))

    assert (word, school.due()) == ("REFUND_DUE", [])
    assert school.count("payments", "kind = 'refund'") == 1
