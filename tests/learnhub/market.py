"""A small school in the middle of its business, on whose few rows many callers meet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from school import School


@dataclass(frozen=True)
class Market:
    """The ids that callers draw from, and the days on which things were bought."""

    name: str
    days: Sequence[str]
    users: Sequence[int]
    courses: Sequence[int]
    lessons: Sequence[int]
    sections: Sequence[int]
    quizzes: Sequence[int]
    categories: Sequence[int]
    carts: Sequence[int]
    sales: Sequence[int]
    codes: Sequence[str]
    subscriptions: Sequence[int]
    # These begin with what is there, and go on to what the callers make.
    payments: range
    orders: range
    enrollments: range


def open_market(school: School, name: str, day: str) -> Market:
    """Courses with and without a limit, carts, codes, sales; some things bought long ago, some not paid yet."""
    users = school.users(6)
    categories = _categories(school, name)
    courses = _courses(school, categories)
    lessons = [school.lesson(course, sections=2 * (place % 2)) for place, course in enumerate(courses)]
    carts = [school.cart(courses[(place + 1) % 3], courses[3], user=user) for place, user in enumerate(users)]
    return Market(
        name=name,
        days=[day, str(school.value("SELECT UTC_DATE()"))],
        users=users,
        courses=courses,
        lessons=lessons,
        sections=[each for (each,) in school.run("SELECT section_id FROM lesson_sections WHERE lesson_id >= %s", lessons[0])],
        quizzes=[school.insert("quizzes", lesson_id=lesson, title="Quiz", passing_score=60) for lesson in lessons],
        categories=categories,
        carts=carts,
        sales=[school.sale(courses[5], seats=2), school.sale(courses[0], seats=3, price=0)],
        codes=_codes(school, name, categories[0]),
        subscriptions=[
            school.subscription("2025-01-31", "2025-02-28", user_id=user, cancel_at_period_end=user == users[2])
            for user in users[:3]
        ],
        enrollments=_bought(school, users, courses, day),
        payments=_begun(school, users, courses[5]),
        orders=_placed(school, carts[:3]),
    )


def _categories(school: School, name: str) -> list[int]:
    data, art = (school.insert("categories", name=f"{name} {word}") for word in ("Data", "Art"))
    return [data, art, school.insert("categories", name=f"{name} SQL", parent_id=data)]


def _courses(school: School, categories: list[int]) -> list[int]:
    teachers = [school.user("instructor") for _ in range(2)]
    wares = [(30, None), (20, 4), (10, 2), (0, 6), ("49.99", None), (40, 8)]
    courses = [
        school.course(price, max_students=limit, instructor_id=teachers[place % 2])
        for place, (price, limit) in enumerate(wares)
    ]
    for place, course in enumerate(courses):
        school.insert("course_categories", course_id=course, category_id=categories[place % 3])
    school.insert("course_prerequisites", course_id=courses[4], prerequisite_course_id=courses[3])
    return courses


def _codes(school: School, name: str, category: int) -> list[str]:
    codes = [f"{name}-ALL", f"{name}-DATA"]
    school.insert("promotions", code=codes[0], amount=25, max_uses=3, per_customer=1)
    school.insert("promotions", code=codes[1], discount_type="fixed_amount", amount=50, category_id=category)
    return codes


def _bought(school: School, users: list[int], courses: list[int], day: str) -> range:
    """What was bought long ago, one of it given back, one failed."""
    seller = school.session()
    seller.clock(f"{day} 08:00:00")
    enrollments = [seller.purchase(user, courses[place % 3])[0] for place, user in enumerate(users[:4])]
    seller.refund(enrollments[0])
    seller.fail(seller.begin(users[4], courses[0])[0])
    school.send_home()
    return range(enrollments[0], enrollments[0] + 20)


def _begun(school: School, users: list[int], course: int) -> range:
    payments = [school.begin(user, course)[0] for user in users[:3]]
    return range(payments[0] - 4, payments[0] + 16)


def _placed(school: School, carts: list[int]) -> range:
    orders = [school.place(cart)[0] for cart in carts]
    return range(min(filter(None, orders)), min(filter(None, orders)) + 8)
