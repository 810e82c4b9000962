"""How every public procedure is called so that it does its work."""

from __future__ import annotations

from collections.abc import Callable

from school import School


def progress(school: School) -> dict[str, object]:
    student, course = school.user(), school.course()
    school.enroll(student, course)
    return {"p_student_id": student, "p_updates": f'[{{"lesson_id": {school.lesson(course)}, "completed": true}}]'}


def pending(school: School) -> int:
    return school.begin(school.user(), school.course())[0]


def ordered(school: School) -> int:
    return school.place(school.cart(school.course(), school.course()))[0]


def attempt(school: School) -> dict[str, object]:
    student, course = school.user(), school.course()
    school.enroll(student, course)
    quiz = school.insert("quizzes", lesson_id=school.lesson(course), title="Quiz", passing_score=60)
    return {"p_student_id": student, "p_quiz_id": quiz, "p_score": "75.50"}


def move(school: School) -> dict[str, object]:
    below, above = (school.insert("categories", name=name) for name in ("Below", "Above"))
    return {"p_category_id": below, "p_new_parent_id": above}


def discount(school: School) -> dict[str, object]:
    category = school.insert("categories", name="Data")
    school.insert("course_categories", course_id=school.course(), category_id=category)
    return {"p_category_id": category, "p_percent": "20", "p_cap": "5.00"}


# Arguments by name, made on a school; the OUT parameters stand behind them.
GOOD: dict[str, Callable[[School], dict[str, object]]] = {
    "process_course_purchase": lambda school: {
        "p_user_id": school.user(),
        "p_course_id": school.course(),
        "p_payment_method": "paypal",
        "p_transaction_id": "ch_1",
    },
    "begin_purchase": lambda school: {
        "p_user_id": school.user(),
        "p_course_id": school.course(),
        "p_payment_method": "paypal",
        "p_idempotency_key": "key_1",
    },
    "complete_purchase": lambda school: {"p_payment_id": pending(school), "p_transaction_id": "ch_1"},
    "fail_purchase": lambda school: {"p_payment_id": pending(school), "p_reason": "card declined"},
    "reconcile_pending_payments": lambda school: {"p_older_than_minutes": 30},
    "refund_payment": lambda school: {
        "p_payment_id": school.insert("payments", user_id=school.user(), amount="49.99", status="completed"),
        "p_reason": "paid twice",
    },
    "place_order": lambda school: {
        "p_cart_id": school.cart(school.course()),
        "p_promotion_code": None,
        "p_idempotency_key": "key_1",
    },
    "confirm_order": lambda school: {"p_order_id": ordered(school), "p_transaction_id": "ch_1"},
    "fail_order": lambda school: {"p_order_id": ordered(school), "p_reason": "card declined"},
    "process_refund": lambda school: {"p_enrollment_id": school.purchase(school.user(), school.course())[0]},
    "enroll_in_flash_sale": lambda school: {"p_user_id": school.user(), "p_sale_id": school.sale(school.course())},
    "check_fraud": lambda school: {"p_user_id": school.user(), "p_amount": "600.00"},
    "enroll_student": lambda school: {"p_student_id": school.user(), "p_course_id": school.course()},
    "check_enrollment_eligibility": lambda school: {"p_student_id": school.user(), "p_course_id": school.course()},
    "record_progress": progress,
    "submit_quiz_attempt": attempt,
    "subscribe": lambda school: {
        "p_user_id": school.user(),
        "p_plan_type": "monthly",
        "p_idempotency_key": "sub_1",
    },
    "cancel_subscription": lambda school: {
        "p_subscription_id": school.subscription("2025-01-01", "2025-02-01"),
        "p_at_period_end": True,
    },
    "renew_subscription": lambda school: {"p_subscription_id": school.subscription("2025-01-01", "2025-02-01")},
    "renew_due_subscriptions": lambda school: {"p_on": "2025-02-01"},
    "archive_course": lambda school: {"p_course_id": school.course(), "p_reason": "over"},
    "search_courses": lambda school: {
        "p_text": "sql",
        "p_category_id": school.insert("categories", name="Databases"),
        "p_min_price": "10",
        "p_max_price": "99.99",
        "p_after": '{"total_enrollments": 5, "course_id": 7}',
        "p_limit": 10,
    },
    "move_category": move,
    "bulk_discount": discount,
    "soft_delete_user": lambda school: {"p_user_id": school.user(), "p_reason": "over"},
    "erase_user": lambda school: {"p_user_id": school.user(), "p_requested_by": "desk", "p_reason": "request 1"},
    "summarize_daily_revenue": lambda school: {"p_day": "2025-02-01"},
    "expire_access": lambda school: {},
    "fold_counters": lambda school: {},
    "refresh_star": lambda school: {"p_day": "2025-01-31"},
    "create_payouts": lambda school: {"p_period_end": "2025-01-31"},
    "archive_payments": lambda school: {"p_before": "2025-01-31", "p_batch": 100},
    "maintain_partitions": lambda school: {"p_years_ahead": 1, "p_keep_years": 100},
}
OUT: dict[str, tuple[str, ...]] = {
    "process_course_purchase": ("p_enrollment_id", "p_status"),
    "begin_purchase": ("p_payment_id", "p_status"),
    "complete_purchase": ("p_enrollment_id", "p_status"),
    "fail_purchase": ("p_status",),
    "reconcile_pending_payments": ("p_expired",),
    "refund_payment": ("p_result",),
    "place_order": ("p_order_id", "p_status"),
    "confirm_order": ("p_status",),
    "fail_order": ("p_status",),
    "process_refund": ("p_result",),
    "enroll_in_flash_sale": ("p_result",),
    "check_fraud": ("p_fraud_score", "p_should_block"),
    "enroll_student": ("p_enrollment_id", "p_result"),
    "check_enrollment_eligibility": ("p_status",),
    "submit_quiz_attempt": ("p_passed",),
    "subscribe": ("p_subscription_id", "p_status"),
    "cancel_subscription": ("p_status",),
    "bulk_discount": ("p_changed",),
    "renew_due_subscriptions": ("p_renewed", "p_failed"),
    "expire_access": ("p_expired",),
    "create_payouts": ("p_payouts",),
    "archive_payments": ("p_moved",),
}
