"""archive_payments: closed charges move with their refunds and events, and everything reads both places."""

from __future__ import annotations

from decimal import Decimal

import pymysql
import pytest

from school import School, Session

LONG_AGO = "2024-03-05 08:00:00"


def archive(session: Session, before: object = "2025-01-01", batch: object = 100) -> int:
    return session.call("archive_payments", before, batch, out=("p_moved",))["p_moved"]


def sell(school: School, course: int, moment: str = LONG_AGO, given_back: bool = False, key: str | None = None) -> int:
    """The enrollment of a sale made at a moment, given back on the next day or not."""
    seller = school.session()
    seller.clock(moment)
    enrollment, status = seller.purchase(school.user(), course, key)
    assert status == "SUCCESS"
    if given_back:
        seller.run("SET timestamp = @@timestamp + 86400")
        assert seller.refund(enrollment).startswith("SUCCESS")
    return enrollment


def both(school: School) -> tuple[int, int]:
    """How many payments stand hot, and how many in the history."""
    return school.count("payments"), school.count("payments_history")


def test_a_closed_charge_moves_whole_with_its_refund_and_events(school: School) -> None:
    course = school.course()
    sell(school, course)
    sell(school, course, given_back=True)
    columns = "payment_id, user_id, enrollment_id, kind, amount, status, transaction_id, refund_of, processed_at"
    before = school.run(f"SELECT {columns} FROM payments ORDER BY 1")
    events = school.run("SELECT event_id, payment_id, event_type, event_data, created_at FROM payment_events ORDER BY 1")

    assert archive(school) == 2

    assert both(school) == (0, 3)
    assert school.run(f"SELECT {columns} FROM payments_history ORDER BY 1") == before
    kept = "SELECT event_id, payment_id, event_type, event_data, created_at FROM payment_events_history ORDER BY 1"
    assert school.run(kept) == events
    assert len(events) == 9
    assert school.count("payment_events") == 0
    assert archive(school) == 0


def test_a_refund_in_the_next_year_lies_in_the_year_of_its_charge(school: School) -> None:
    sell(school, school.course(), "2024-12-31 12:00:00", given_back=True)
    assert archive(school, "2025-01-02") == 1
    assert school.value("SELECT COUNT(*) FROM payments_history PARTITION (p2024)") == 2


@pytest.mark.parametrize(
    ("columns", "moves"),
    [
        ({"status": "pending"}, 0),
        ({"status": "failed"}, 1),
        ({"status": "completed"}, 0),  # money for nothing: it is due back
        ({"status": "completed", "created_at": "2025-01-01 00:00:00"}, 0),
        ({"status": "failed", "created_at": "2025-01-01 00:00:00"}, 0),
        ({"status": "failed", "created_at": "2024-12-31 23:59:59"}, 1),
    ],
)
def test_what_is_closed_and_old_enough_moves(school: School, columns: dict, moves: int) -> None:
    school.insert("payments", **{"user_id": school.user(), "amount": 10, "created_at": LONG_AGO} | columns)
    assert archive(school) == moves
    assert both(school) == (1 - moves, moves)


def test_what_can_still_be_given_back_stays(school: School) -> None:
    student, course = school.user(), school.course()
    enrollment, _ = school.purchase(student, course)
    assert archive(school, "2099-01-01") == 0
    assert school.refund(enrollment) == "SUCCESS: Refunded $49.99"


def test_earnings_revenue_payouts_and_the_fraud_average_read_both_places(school: School) -> None:
    course = school.course(100)
    sell(school, course)
    buyer = school.value("SELECT user_id FROM payments")
    sell(school, course, given_back=True)
    sell(school, course, "2026-01-10 08:00:00")

    def figures() -> list[object]:
        for day in ("2024-03-05", "2024-03-06", "2026-01-10"):
            school.call("summarize_daily_revenue", day)
        days = "SELECT summary_date, total_revenue, total_transactions, refund_amount FROM daily_revenue_summary"
        fraud = school.call("sum_payments", buyer, out=("payments", "spent", "average"))
        return [school.run("SELECT * FROM instructor_earnings"), school.run(days), fraud["average"]]

    before = figures()
    assert archive(school) == 2

    assert figures() == before
    assert before[2] == 100
    assert school.row("SELECT total_revenue, refunded FROM instructor_earnings") == {
        "total_revenue": Decimal("300.00"),
        "refunded": Decimal("100.00"),
    }
    assert school.call("create_payouts", "2026-01-31", out=("p_payouts",)) == {"p_payouts": 1}
    assert school.run("SELECT amount, items FROM payouts") == [(140, 4)]


def test_an_old_transaction_id_replayed_later_charges_nothing(school: School) -> None:
    course, student = school.course(), school.user()
    sell(school, course, key="ch_old")
    school.insert("payments", user_id=student, amount=1, idempotency_key="k", status="failed", created_at=LONG_AGO)
    archive(school)
    school.run("DELETE FROM receipts")  # as if they were kept for a while only

    with pytest.raises(pymysql.Error) as error:
        school.purchase(student, course, "ch_old")
    assert error.value.args[0] == 30005
    for column, key in (("transaction_id", "ch_old"), ("idempotency_key", "k")):
        with pytest.raises(pymysql.Error, match="payment_keys.PRIMARY"):
            school.insert("payments", **{"user_id": student, "amount": 1, column: key})
    assert both(school) == (0, 2)
    assert school.count("enrollments") == 1


def test_a_transaction_id_given_later_is_kept_too(school: School) -> None:
    payment = school.insert("payments", user_id=school.user(), amount=1)
    school.run("UPDATE payments SET transaction_id = 'ch_1', idempotency_key = 'k' WHERE payment_id = %s", payment)
    school.run("UPDATE payments SET transaction_id = 'ch_2'")
    assert school.run("SELECT key_type, payment_key FROM payment_keys ORDER BY 1, 2") == [
        ("transaction_id", "ch_1"),
        ("transaction_id", "ch_2"),
        ("idempotency_key", "k"),
    ]


def test_an_event_goes_only_when_its_copy_stands_in_the_history(school: School) -> None:
    sell(school, school.course())
    (event,) = school.rows("SELECT event_id, payment_id, event_type FROM payment_events LIMIT 1")
    school.insert("payment_events_history", **event | {"charged_at": LONG_AGO})
    with pytest.raises(pymysql.Error) as error:
        school.run("DELETE FROM payment_events WHERE event_id <> %s", event["event_id"])
    assert error.value.args == (30022, "payment_events is append-only: add a new row instead")
    school.run("DELETE FROM payment_events WHERE event_id = %s", event["event_id"])
    assert school.count("payment_events") == 3
    for change in ("DELETE FROM payment_events_history", "UPDATE payment_events_history SET event_data = NULL"):
        with pytest.raises(pymysql.Error) as error:
            school.run(change)
        assert error.value.args == (30022, "payment_events_history is append-only: add a new row instead")


def test_a_question_about_one_year_reads_one_partition(school: School) -> None:
    plan = school.row(
        "EXPLAIN FORMAT=TRADITIONAL SELECT SUM(amount) FROM payments_history"
        " WHERE charged_at >= '2025-01-01' AND charged_at < '2026-01-01'"
    )
    assert plan["partitions"] == "p2025"


@pytest.mark.parametrize("batch", [0, -1, 10001])
def test_a_batch_out_of_range_is_refused(school: School, batch: int) -> None:
    with pytest.raises(pymysql.Error) as error:
        archive(school, batch=batch)
    assert error.value.args == (30061, f"a batch of {batch} is out of range: give 1 to 10000")


def test_it_refuses_inside_a_transaction(school: School) -> None:
    sell(school, school.course())
    caller = school.session()
    caller.run("START TRANSACTION")
    with pytest.raises(pymysql.Error) as error:
        archive(caller)
    assert error.value.args == (30009, "archive_payments commits as it goes: call it outside a transaction")
    assert both(school) == (1, 0)
