"""archive_payments beside everything that touches old charges: nobody meets a deadlock."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from school import School, Session

SOLD_ON = "2024-03-05"
BUYERS = 60
ARCHIVERS = 2
# What the server counts, also those that a procedure answers by trying again.
DEADLOCKS = "SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks'"

Act = Callable[[Session, int, int], object]

RIVALS: dict[str, Act] = {
    "erase_user": lambda session, user, enrollment: session.call("erase_user", user, "desk", "request"),
    "soft_delete_user": lambda session, user, enrollment: session.call("soft_delete_user", user, "asked"),
    "process_refund": lambda session, user, enrollment: session.refund(enrollment),
    "refund_payment": lambda session, user, enrollment: session.give_back(
        session.value(
            "SELECT MIN(payment_id) FROM (SELECT payment_id, enrollment_id FROM payments"
            " UNION ALL SELECT payment_id, enrollment_id FROM payments_history) charge WHERE enrollment_id = %s",
            enrollment,
        )
    ),
    "summarize_daily_revenue": lambda session, user, enrollment: session.call("summarize_daily_revenue", SOLD_ON),
    "create_payouts": lambda session, user, enrollment: session.call("create_payouts", SOLD_ON, out=("p_payouts",)),
    "refresh_star": lambda session, user, enrollment: session.call("refresh_star", SOLD_ON),
}
# refund_payment gives back nothing that paid for an enrollment.
REFUSED = {"refund_payment": 30030}


def sell(school: School) -> list[tuple[int, int]]:
    """Old charges of many people, some given back: who bought, and the enrollment."""
    seller, course = school.session(), school.course(10)
    seller.clock(f"{SOLD_ON} 08:00:00")
    sold = [(user, seller.purchase(user, course)[0]) for user in school.users(BUYERS)]
    for _, enrollment in sold[::3]:
        assert seller.refund(enrollment).startswith("SUCCESS")
    return sold


def archive(session: Session) -> int:
    return sum(session.call("archive_payments", "2025-01-01", 5, out=("p_moved",))["p_moved"] for _ in range(20))


@pytest.mark.parametrize("in_transaction", [False, True], ids=["alone", "joined"])
@pytest.mark.parametrize("rival", RIVALS)
def test_nobody_deadlocks_beside_the_archive(school: School, rival: str, in_transaction: bool) -> None:
    sold = sell(school)

    def compete(session: Session, mine: list[tuple[int, int]]) -> list[int]:
        met = []
        for user, enrollment in mine:
            if in_transaction and rival not in ("create_payouts", "refresh_star"):
                session.run("START TRANSACTION")
            try:
                RIVALS[rival](session, user, enrollment)
            except Exception as error:
                met.append(error.args[0])
            session.run("COMMIT")
        return met

    before = school.value(DEADLOCKS)
    halves = [sold[0::2][::-1], sold[1::2]]
    results = school.at_once(
        [archive] * ARCHIVERS + [lambda session, half=half: compete(session, half) for half in halves]
    )

    moved, met = results[:ARCHIVERS], results[ARCHIVERS:]
    assert {number for half in met for number in half} <= {REFUSED.get(rival)}
    assert school.value(DEADLOCKS) - before == 0
    assert sum(moved) + archive(school) == BUYERS
    assert school.count("payments") == 0
