"""check_fraud: rules are rows; each fires above its limit, and what fires adds up."""

from __future__ import annotations

import json
from decimal import Decimal

import pymysql
import pytest

from school import School

HOUR = "UTC_TIMESTAMP(6) - INTERVAL {} HOUR"


def charges(school: School, user: int, *amounts: object, status: str = "completed", hours_ago: int = 1) -> None:
    at = school.value(f"SELECT {HOUR.format(hours_ago)}")
    for amount in amounts:
        school.insert("payments", user_id=user, amount=amount, status=status, created_at=at)


def rule(school: School, metric: str, over: object, score: int, **columns: object) -> int:
    condition = json.dumps({"metric": metric, "over": over, "score": score})
    return school.insert("fraud_detection_rules", **{"rule_name": metric, "rule_condition": condition} | columns)


def alerts(school: School) -> list[tuple]:
    return school.run("SELECT rule_id, user_id, alert_level, payment_id, status FROM fraud_alerts ORDER BY alert_id")


def figures(school: School) -> list[dict]:
    rows = school.run("SELECT alert_data FROM fraud_alerts ORDER BY alert_id")
    return [json.loads(data, parse_float=Decimal) for (data,) in rows]


@pytest.fixture
def user(school: School) -> int:
    return school.user()


def test_a_usual_purchase_scores_nothing_and_raises_no_alert(school: School, user: int) -> None:
    assert school.fraud(user, 49.99) == (0, 0)
    assert alerts(school) == []


@pytest.mark.parametrize(
    ("amount", "score"),
    [("0.01", 0), ("499.99", 0), ("500.00", 0), ("500.01", 30), ("99999999.99", 30)],
)
def test_an_amount_is_large_above_500(school: School, user: int, amount: str, score: int) -> None:
    assert school.fraud(user, amount) == (score, 0)
    assert [row[0] for row in alerts(school)] == [2] * (score // 30)


@pytest.mark.breaks("a_refund_takes_back_exactly_its_charge")
@pytest.mark.parametrize(("payments", "score"), [(5, 0), (6, 50)])
@pytest.mark.parametrize("status", ["completed", "pending", "refunded"])
def test_payments_are_many_above_five_in_a_day(
    school: School, user: int, payments: int, score: int, status: str
) -> None:
    charges(school, user, *["100.00"] * payments, status=status)

    assert school.fraud(user, "100.00") == (score, 0)
    assert [row[0] for row in alerts(school)] == [1] * (score // 50)


def test_failed_old_foreign_and_given_back_payments_are_not_counted(school: School, user: int) -> None:
    charges(school, user, *["10.00"] * 9, status="failed")
    charges(school, user, *["10.00"] * 9, hours_ago=25)
    charges(school, school.user(), *["10.00"] * 9)
    course = school.course("10.00")
    for _ in range(5):
        enrollment, _ = school.purchase(user, course)
        school.refund(enrollment)

    assert school.fraud(user, "10.00") == (0, 0)  # five charges, and five refunds that are no charges


@pytest.mark.parametrize(("amount", "score"), [("100.00", 0), ("100.01", 40)])
def test_an_amount_is_far_above_the_average_above_five_times(
    school: School, user: int, amount: str, score: int
) -> None:
    charges(school, user, "10.00", "30.00", hours_ago=1000)

    assert school.fraud(user, amount) == (score, 0)
    assert [row[0] for row in alerts(school)] == [3] * (score // 40)


@pytest.mark.breaks("a_refund_takes_back_exactly_its_charge")
@pytest.mark.parametrize("status", ["pending", "failed", "refunded"])
def test_the_average_is_over_completed_charges_only(school: School, user: int, status: str) -> None:
    charges(school, user, "20.00", hours_ago=1000)
    charges(school, user, "1000.00", status=status, hours_ago=1000)

    assert school.fraud(user, "100.01") == (40, 0)


@pytest.mark.breaks("a_refund_takes_back_exactly_its_charge")
@pytest.mark.parametrize("status", ["pending", "failed", "refunded"])
def test_without_a_completed_charge_there_is_no_average_to_be_above(school: School, user: int, status: str) -> None:
    charges(school, user, "0.01", status=status, hours_ago=1000)

    assert school.fraud(user, "499.00") == (0, 0)


@pytest.mark.parametrize(("over", "score"), [(59, 10), (60, 0)])
def test_money_spent_in_a_day_can_be_a_rule(school: School, user: int, over: int, score: int) -> None:
    rule(school, "spent_24h", over, 10)
    charges(school, user, "20.00", "40.00")
    charges(school, user, "500.00", status="failed")
    charges(school, user, "30.00", hours_ago=25)

    assert school.fraud(user, "10.00") == (score, 0)


def test_the_scores_of_all_rules_that_fire_add_up_and_block_at_the_threshold(school: School, user: int) -> None:
    charges(school, user, *["10.00"] * 6)

    assert school.fraud(user, "500.01") == (120, 1)
    assert [(row[0], row[2]) for row in alerts(school)] == [(1, "high"), (2, "medium"), (3, "medium")]


@pytest.mark.parametrize(("threshold", "block"), [(100, 0), (90, 1), ("90.01", 0), (30, 1)])
def test_the_threshold_is_the_policys(school: School, user: int, threshold: object, block: int) -> None:
    school.run("UPDATE policies SET value = %s WHERE name = 'fraud_block_score'", threshold)
    charges(school, user, *["200.00"] * 6)
    rule(school, "amount", 100, 10)

    assert school.fraud(user, "600.00") == (90, block)


@pytest.mark.parametrize(("action", "block"), [("flag", 0), ("require_verification", 0), ("block", 1)])
def test_a_rule_that_blocks_does_so_alone(school: School, user: int, action: str, block: int) -> None:
    rule(school, "amount", 10, 0, action=action)

    assert school.fraud(user, "10.00") == (0, 0)
    assert school.fraud(user, "10.01") == (0, block)
    assert [row[2] for row in alerts(school)] == ["critical" if block else "low"]


@pytest.mark.parametrize(
    ("score", "level"),
    [(0, "low"), (29, "low"), (30, "medium"), (49, "medium"), (50, "high"), (99, "high"), (100, "critical")],
)
def test_the_level_of_an_alert_follows_its_score(school: School, user: int, score: int, level: str) -> None:
    rule(school, "amount", 1, score)

    assert school.fraud(user, "2.00") == (score, int(score >= 100))
    assert [row[2] for row in alerts(school)] == [level]


def test_a_new_a_changed_and_a_removed_rule_take_effect_at_once_also_inside_an_old_snapshot(
    school: School, user: int
) -> None:
    old = school.session(autocommit=False)
    old.run("SELECT * FROM fraud_detection_rules")
    new = rule(school, "amount", 10, 7)
    assert old.fraud(user, "20.00") == (7, 0)
    old.run("COMMIT")

    school.run(
        "UPDATE fraud_detection_rules SET rule_condition = JSON_SET(rule_condition, '$.score', 8, '$.over', 19.99)"
    )
    assert school.fraud(user, "20.00")[0] == 8 * 2  # rules 2 and the new one; the others have no figure above 19.99
    school.run("DELETE FROM fraud_alerts")
    school.run("DELETE FROM fraud_detection_rules WHERE rule_id = %s", new)
    assert school.fraud(user, "20.00")[0] == 8


@pytest.mark.parametrize(
    "condition",
    [
        {"metric": "karma", "over": 5, "score": 1},
        {"metric": "amount", "over": "5", "score": 1},
        {"metric": "amount", "over": -1, "score": 1},
        {"metric": "amount", "over": None, "score": 1},
        {"metric": "amount", "over": 5, "score": 1.5},
        {"metric": "amount", "over": 5, "score": -1},
        {"metric": "amount", "over": 5, "score": 1001},
        {"metric": "amount", "over": 5},
        {"metric": "amount", "score": 5},
        {"over": 5, "score": 5},
        {"metric": "amount", "over": 5, "score": 1, "and": "more"},
        {},
        [],
        "amount",
        7,
        None,
    ],
)
def test_a_rule_that_nothing_could_evaluate_is_refused_when_stored(school: School, condition: object) -> None:
    before = school.everything()
    for statement in (
        "INSERT INTO fraud_detection_rules (rule_name, rule_condition) VALUES ('bad', %s)",
        "UPDATE fraud_detection_rules SET rule_condition = %s",
    ):
        with pytest.raises(pymysql.Error) as caught:
            school.run(statement, json.dumps(condition))
        assert caught.value.args[0] == 3819
    assert school.everything() == before


def test_an_alert_holds_its_figures(school: School, user: int) -> None:
    charges(school, user, "10.00", "30.00", hours_ago=1000)
    school.fraud(user, "600.00")

    common = {"amount": Decimal("600.00")}
    assert figures(school) == [
        {"metric": "amount", "value": 600, "over": 500, "score": 30} | common,
        {"metric": "times_average", "value": 30, "over": 5, "score": 40} | common,
    ]
    assert alerts(school) == [(2, user, "medium", None, "pending"), (3, user, "medium", None, "pending")]


def test_the_alerts_of_a_purchase_name_its_payment(school: School, user: int) -> None:
    school.fraud(user, "600.00")  # asked before, without a payment
    _, status = school.purchase(user, school.course("600.00"), "ch_1")

    assert status == "SUCCESS"
    payment = school.value("SELECT payment_id FROM payments WHERE transaction_id = 'ch_1'")
    assert [(row[0], row[3]) for row in alerts(school)] == [(2, None), (2, payment)]


def test_a_blocked_purchase_sells_nothing_and_keeps_its_alerts(school: School, user: int) -> None:
    blocking = rule(school, "amount", 100, 5, action="block")
    course = school.course("100.01", max_students=1)
    before = school.everything()

    assert school.purchase(user, course) == (None, "FRAUD_BLOCKED")

    after = school.everything()
    assert [row[:3] for row in alerts(school)] == [(blocking, user, "critical")]
    assert {table for table in after if after[table] != before[table]} == {"fraud_alerts"}


def test_a_blocked_purchase_may_be_tried_again_under_the_same_transaction_id(school: School, user: int) -> None:
    blocking = rule(school, "amount", 1, 100)
    course = school.course("20.00")
    assert school.purchase(user, course, "ch_1") == (None, "FRAUD_BLOCKED")
    school.run("DELETE FROM fraud_alerts WHERE rule_id = %s", blocking)
    school.run("DELETE FROM fraud_detection_rules WHERE rule_id = %s", blocking)

    assert school.purchase(user, course, "ch_1")[1] == "SUCCESS"


@pytest.mark.parametrize(
    ("amount", "error"),
    [
        (None, (30001, "p_amount is NULL or empty: give a value")),
        ("0", (30008, "amount 0.00 is not above 0: give a positive amount")),
        ("0.001", (30008, "amount 0.00 is not above 0: give a positive amount")),
        ("-5", (30008, "amount -5.00 is not above 0: give a positive amount")),
    ],
)
def test_only_an_amount_above_0_is_checked(school: School, user: int, amount: object, error: tuple[int, str]) -> None:
    before = school.everything()
    with pytest.raises(pymysql.Error) as caught:
        school.fraud(user, amount)

    assert caught.value.args == error
    assert school.everything() == before


@pytest.mark.parametrize(("who", "number"), [(None, 30001), (999999, 30002)])
def test_nobody_is_checked_for_nobody(school: School, who: object, number: int) -> None:
    with pytest.raises(pymysql.Error) as caught:
        school.fraud(who, "600.00")

    assert caught.value.args[0] == number
    assert alerts(school) == []
