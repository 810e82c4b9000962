"""refresh_star of a day that is not over: buyers and the archive go on meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pymysql

from school import School, Session

BUYERS = 4
EACH = 12


def test_todays_facts_are_built_while_people_who_never_bought_before_buy(school: School) -> None:
    today, done = school.value("SELECT UTC_DATE()"), threading.Event()
    left = threading.Semaphore(0)
    pairs = [[(school.user(), school.course(10)) for _ in range(EACH)] for _ in range(BUYERS)]

    def buy(mine: list[tuple[int, int]]) -> Callable[[Session], None]:
        def act(session: Session) -> None:
            for user, course in mine:
                assert session.purchase(user, course)[1] == "SUCCESS"
            left.release()

        return act

    def build(session: Session) -> int:
        rounds = 0
        while not done.is_set():
            session.call("refresh_star", today)
            rounds += 1
        return rounds

    def wait(_: Session) -> None:
        for _ in range(BUYERS):
            left.acquire(timeout=60)
        done.set()

    results = school.at_once([*map(buy, pairs), build, build, wait])

    assert [result for result in results if isinstance(result, pymysql.Error)] == []
    school.call("refresh_star", today)
    assert school.run("SELECT COUNT(*), SUM(amount) FROM fact_sales") == [(BUYERS * EACH, 10 * BUYERS * EACH)]


def test_a_day_is_built_while_its_payments_are_archived(school: School) -> None:
    seller, course = school.session(), school.course(100)
    seller.clock("2024-03-05 08:00:00")
    for user in school.users(30):
        assert seller.purchase(user, course)[1] == "SUCCESS"

    def archive(session: Session) -> int:
        return session.call("archive_payments", "2025-01-01", 1, out=("p_moved",))["p_moved"]

    def build(session: Session) -> list[int]:
        counts = []
        for _ in range(20):
            session.call("refresh_star", "2024-03-05")
            counts.append(session.value("SELECT COUNT(*) FROM fact_sales"))
        return counts

    moved, counts = school.at_once([archive, build])
    assert moved == 30
    assert set(counts) == {30}
