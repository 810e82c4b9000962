"""What eight connections do at once, drawn from a seed: all public procedures, edits of content, what strikes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from random import Random

from calling import OUT
from market import Market

CONNECTIONS = 8
UNITS = 5  # of a connection: a call alone, or a transaction of some
VANISH = "vanish"


@dataclass(frozen=True)
class Step:
    """One statement, and what strikes its connection so many seconds later."""

    sql: str
    values: tuple = ()
    strike: str = ""
    after: float = 0

    def __str__(self) -> str:
        struck = f"  -- {self.strike} after {1000 * self.after:.1f} ms" if self.strike else ""
        return f"{self.sql} {self.values or ''}{struck}"


@dataclass(frozen=True)
class Part:
    """All that one connection does."""

    autocommit: bool
    isolation: str
    units: list[list[Step]]

    def __str__(self) -> str:
        lines = [f"    {step}" for unit in self.units for step in unit]
        return "\n".join([f"  autocommit {self.autocommit:d}, {self.isolation}", *lines])


Draw = Callable[[Random, Market], tuple]


def progress(dice: Random, market: Market) -> str:
    place = dice.choice([("lesson_id", market.lessons), ("section_id", market.sections)])
    return json.dumps([{place[0]: dice.choice(place[1]), "completed": True, "time_spent_minutes": 3}])


def key(dice: Random, market: Market) -> str:
    return f"{market.name}-{dice.randint(1, 30)}"


def sale(dice: Random, market: Market) -> tuple:
    method = dice.choice(["paypal", "stripe"])
    return dice.choice(market.users), dice.choice(market.courses), method, key(dice, market)


def pair(dice: Random, market: Market) -> tuple:
    return dice.choice(market.users), dice.choice(market.courses)


CALLS: dict[str, Draw] = {
    "process_course_purchase": sale,
    "begin_purchase": sale,
    "complete_purchase": lambda dice, market: (dice.choice(market.payments), key(dice, market)),
    "fail_purchase": lambda dice, market: (dice.choice(market.payments), "declined"),
    "reconcile_pending_payments": lambda dice, market: (dice.choice([0, 30]),),
    "refund_payment": lambda dice, market: (dice.choice(market.payments), "due"),
    "place_order": lambda dice, market: (
        dice.choice(market.carts), dice.choice([None, *market.codes]), key(dice, market)
    ),
    "confirm_order": lambda dice, market: (dice.choice(market.orders), key(dice, market)),
    "fail_order": lambda dice, market: (dice.choice(market.orders), None),
    "process_refund": lambda dice, market: (dice.choice(market.enrollments),),
    "enroll_in_flash_sale": lambda dice, market: (dice.choice(market.users), dice.choice(market.sales)),
    "check_fraud": lambda dice, market: (dice.choice(market.users), dice.choice(["20.00", "600.00"])),
    "enroll_student": pair,
    "check_enrollment_eligibility": pair,
    "record_progress": lambda dice, market: (dice.choice(market.users), progress(dice, market)),
    "submit_quiz_attempt": lambda dice, market: (
        dice.choice(market.users), dice.choice(market.quizzes), dice.randint(0, 100)
    ),
    "subscribe": lambda dice, market: (
        dice.choice(market.users), dice.choice(["monthly", "annual"]), key(dice, market)
    ),
    "cancel_subscription": lambda dice, market: (dice.choice(market.subscriptions), dice.random() < 0.5),
    "renew_subscription": lambda dice, market: (dice.choice(market.subscriptions),),
    "renew_due_subscriptions": lambda dice, market: (dice.choice(["2025-03-01", "2025-06-30"]),),
    "archive_course": lambda dice, market: (dice.choice(market.courses[4:]), "over"),
    "search_courses": lambda dice, market: ("course", dice.choice(market.categories), None, None, None, 5),
    "move_category": lambda dice, market: (dice.choice(market.categories), dice.choice([None, *market.categories])),
    "bulk_discount": lambda dice, market: (dice.choice(market.categories), 10, None),
    "soft_delete_user": lambda dice, market: (dice.choice(market.users[4:]), "asked"),
    "erase_user": lambda dice, market: (dice.choice(market.users[4:]), "desk", "request"),
    "summarize_daily_revenue": lambda dice, market: (dice.choice(market.days),),
    "expire_access": lambda dice, market: (),
    "fold_counters": lambda dice, market: (),
    "refresh_star": lambda dice, market: (dice.choice(market.days),),
    "create_payouts": lambda dice, market: (dice.choice([*market.days, "2099-12-31"]),),
    "archive_payments": lambda dice, market: ("2026-01-01", dice.choice([1, 2, 100])),
    "maintain_partitions": lambda dice, market: (1, 100),
}
# The till: where callers get in each other's way most.
BUSY = (
    "process_course_purchase", "begin_purchase", "complete_purchase", "place_order", "confirm_order", "process_refund",
    "record_progress",
)  # fmt: skip
EDITS: list[tuple[str, Draw]] = [
    ("UPDATE courses SET price = %s WHERE course_id = %s",
     lambda dice, market: (dice.randint(5, 60), dice.choice(market.courses))),
    ("UPDATE courses SET max_students = %s WHERE course_id = %s",
     lambda dice, market: (dice.choice([None, 3, 9]), dice.choice(market.courses))),
    ("INSERT INTO cart_items (cart_id, course_id) VALUES (%s, %s)",
     lambda dice, market: (dice.choice(market.carts), dice.choice(market.courses))),
    ("INSERT INTO reviews (rating, student_id, course_id) VALUES (%s, %s, %s)",
     lambda dice, market: (dice.randint(1, 5), *pair(dice, market))),
    ("UPDATE reviews SET rating = %s WHERE course_id = %s",
     lambda dice, market: (dice.randint(1, 5), dice.choice(market.courses))),
    ("DELETE FROM reviews WHERE student_id = %s", lambda dice, market: (dice.choice(market.users),)),
    ("UPDATE flash_sales SET max_seats = %s WHERE sale_id = %s",
     lambda dice, market: (dice.randint(1, 5), dice.choice(market.sales))),
    ("INSERT INTO lessons (course_id, title) VALUES (%s, 'Late')", lambda dice, market: (dice.choice(market.courses),)),
]  # fmt: skip


def draw(seed: int, market: Market) -> list[Part]:
    """What each connection does; the same for the same seed."""
    dice = Random(seed)
    return [_part(dice, market) for _ in range(CONNECTIONS)]


def _part(dice: Random, market: Market) -> Part:
    autocommit, struck = dice.random() < 0.75, dice.random() < 0.4
    units = [list(_unit(dice, market, autocommit, struck)) for _ in range(UNITS)]
    return Part(autocommit, dice.choice(["REPEATABLE READ", "READ COMMITTED"]), units)


def _unit(dice: Random, market: Market, autocommit: bool, struck: bool) -> Iterator[Step]:
    if autocommit and dice.random() < 0.7:
        yield _act(dice, market, struck)
        return
    if autocommit:
        yield Step("START TRANSACTION")
    for _ in range(dice.randint(2, 3)):
        yield _act(dice, market, struck)
    yield Step(dice.choice(["COMMIT", "COMMIT", "ROLLBACK"]))


def _act(dice: Random, market: Market, struck: bool) -> Step:
    strike = dice.choice(["KILL QUERY", "KILL CONNECTION", VANISH]) if struck and dice.random() < 0.3 else ""
    after = dice.uniform(0, 0.02)
    if dice.random() < 0.15:
        sql, values = dice.choice(EDITS)
        return Step(sql, values(dice, market), strike, after)
    name = dice.choice(BUSY) if dice.random() < 0.4 else dice.choice(list(CALLS))
    values = CALLS[name](dice, market)
    marks = ["%s"] * len(values) + [f"@{word}" for word in OUT.get(name, ())]
    return Step(f"CALL {name}({', '.join(marks)})", values, strike, after)
