"""How every public procedure is called so that it does its work."""

from __future__ import annotations

from collections.abc import Callable

from school import School


def progress(school: School) -> dict[str, object]:
    student, course = school.user(), school.course()
    school.enroll(student, course)
    return {"p_student_id": student, "p_updates": f'[{{"lesson_id": {school.lesson(course)}, "completed": true}}]'}


# Arguments by name, made on a school; the OUT parameters stand behind them.
GOOD: dict[str, Callable[[School], dict[str, object]]] = {
    "process_course_purchase": lambda school: {
        "p_user_id": school.user(),
        "p_course_id": school.course(),
        "p_payment_method": "paypal",
        "p_transaction_id": "ch_1",
    },
    "process_refund": lambda school: {"p_enrollment_id": school.purchase(school.user(), school.course())[0]},
    "enroll_in_flash_sale": lambda school: {"p_user_id": school.user(), "p_sale_id": school.sale(school.course())},
    "check_fraud": lambda school: {"p_user_id": school.user(), "p_amount": "600.00"},
    "enroll_student": lambda school: {"p_student_id": school.user(), "p_course_id": school.course()},
    "check_enrollment_eligibility": lambda school: {"p_student_id": school.user(), "p_course_id": school.course()},
    "record_progress": progress,
    "renew_subscription": lambda school: {"p_subscription_id": school.subscription("2025-01-01", "2025-02-01")},
    "renew_due_subscriptions": lambda school: {"p_on": "2025-02-01"},
    "archive_course": lambda school: {"p_course_id": school.course(), "p_reason": "over"},
    "soft_delete_user": lambda school: {"p_user_id": school.user(), "p_reason": "over"},
    "summarize_daily_revenue": lambda school: {"p_day": "2025-02-01"},
    "fold_counters": lambda school: {},
    "refresh_star": lambda school: {"p_day": "2025-01-31"},
    "create_payouts": lambda school: {"p_period_end": "2025-01-31"},
    "archive_payments": lambda school: {"p_before": "2025-01-31", "p_batch": 100},
    "maintain_partitions": lambda school: {"p_years_ahead": 1, "p_keep_years": 100},
}
OUT: dict[str, tuple[str, ...]] = {
    "process_course_purchase": ("p_enrollment_id", "p_status"),
    "process_refund": ("p_result",),
    "enroll_in_flash_sale": ("p_result",),
    "check_fraud": ("p_fraud_score", "p_should_block"),
    "enroll_student": ("p_enrollment_id", "p_result"),
    "check_enrollment_eligibility": ("p_status",),
    "renew_due_subscriptions": ("p_renewed", "p_failed"),
    "create_payouts": ("p_payouts",),
    "archive_payments": ("p_moved",),
}
