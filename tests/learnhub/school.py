"""A LearnHub database as the tests of its procedures see it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from time import sleep

import pymysql
from pymysql.connections import Connection

from learnhub_db.database import SESSION, Target, identifier

LOCK_WAIT_SECONDS = 20
WAITS = """
    SELECT COUNT(*) FROM performance_schema.data_lock_waits
      JOIN performance_schema.threads ON thread_id = requesting_thread_id
     WHERE processlist_id = %s
"""
_number = count(1)


class Session:
    """One connection to the school, with autocommit on unless said otherwise."""

    def __init__(self, target: Target, autocommit: bool = True, isolation: str = "REPEATABLE READ") -> None:
        self.connection: Connection = pymysql.connect(
            host=target.host,
            port=target.port,
            user=target.user,
            password=target.password,
            database=target.database,
            unix_socket=target.unix_socket,
            ssl_disabled=True,  # a handshake costs 20 ms of CPU: too much for hundreds of callers
        )
        self.run(SESSION)
        self.run(f"SET autocommit = {autocommit:d}")
        self.run(f"SET SESSION TRANSACTION ISOLATION LEVEL {isolation}")
        self.run(f"SET innodb_lock_wait_timeout = {LOCK_WAIT_SECONDS}, lock_wait_timeout = {LOCK_WAIT_SECONDS}")

    def run(self, sql: str, *values: object) -> list[tuple]:
        """Run one statement; its rows, or none."""
        with self.connection.cursor() as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def rows(self, sql: str, *values: object) -> list[dict]:
        """The rows of a query, by column name."""
        with self.connection.cursor(pymysql.cursors.DictCursor) as cursor:
            cursor.execute(sql, values or None)
            return list(cursor.fetchall())

    def row(self, sql: str, *values: object) -> dict:
        """The only row of a query."""
        (row,) = self.rows(sql, *values)
        return row

    def value(self, sql: str, *values: object) -> object:
        """The only value of a query."""
        ((value,),) = self.run(sql, *values)
        return value

    def call(self, name: str, *values: object, out: Sequence[str] = ()) -> dict[str, object]:
        """Call a procedure with its IN values; its OUT values by the names given in `out`, in their order."""
        variables = [f"@out_{place}" for place, _ in enumerate(out)]
        for variable in variables:
            self.run(f"SET {variable} = 'untouched'")
        self.run(f"CALL {identifier(name)}({', '.join(['%s'] * len(values) + variables)})", *values)
        if not out:
            return {}
        return dict(zip(out, self.run(f"SELECT {', '.join(variables)}")[0], strict=True))

    def insert(self, table: str, **columns: object) -> int:
        """Insert one row; its auto-increment id."""
        names, marks = ", ".join(map(identifier, columns)), ", ".join(["%s"] * len(columns))
        with self.connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {identifier(table)} ({names}) VALUES ({marks})", tuple(columns.values()))
            return cursor.lastrowid

    def clock(self, moment: str) -> None:
        """From now on this session's clock stands at a moment, UTC."""
        self.run("SET timestamp = UNIX_TIMESTAMP(CONVERT_TZ(%s, '+00:00', @@time_zone))", moment)

    # The calls that most tests make.

    def purchase(
        self, user: int, course: int, transaction: str | None = None, method: str = "credit_card"
    ) -> tuple[int | None, str]:
        transaction = transaction or f"ch_{next(_number)}"
        out = self.call(
            "process_course_purchase", user, course, method, transaction, out=("p_enrollment_id", "p_status")
        )
        return out["p_enrollment_id"], out["p_status"]

    def begin(
        self, user: int, course: int, key: str | None = None, method: str = "credit_card"
    ) -> tuple[int | None, str]:
        key = key or f"key_{next(_number)}"
        return tuple(self.call("begin_purchase", user, course, method, key, out=("p_payment_id", "p_status")).values())

    def complete(self, payment: int, transaction: str | None = None) -> tuple[int | None, str]:
        transaction = transaction or f"ch_{next(_number)}"
        return tuple(self.call("complete_purchase", payment, transaction, out=("p_enrollment_id", "p_status")).values())

    def fail(self, payment: int, reason: str | None = "card declined") -> str:
        return self.call("fail_purchase", payment, reason, out=("p_status",))["p_status"]

    def place(self, cart: int, code: str | None = None, key: str | None = None) -> tuple[int | None, str]:
        key = key or f"key_{next(_number)}"
        return tuple(self.call("place_order", cart, code, key, out=("p_order_id", "p_status")).values())

    def confirm(self, order: int, transaction: str | None = None) -> str:
        transaction = transaction or f"ch_{next(_number)}"
        return self.call("confirm_order", order, transaction, out=("p_status",))["p_status"]

    def fail_order(self, order: int, reason: str | None = "card declined") -> str:
        return self.call("fail_order", order, reason, out=("p_status",))["p_status"]

    def give_back(self, payment: int, reason: str | None = "due") -> str:
        return self.call("refund_payment", payment, reason, out=("p_result",))["p_result"]

    def expire(self, minutes: int = 0) -> int:
        return self.call("reconcile_pending_payments", minutes, out=("p_expired",))["p_expired"]

    def refund(self, enrollment: int) -> str:
        return self.call("process_refund", enrollment, out=("p_result",))["p_result"]

    def enroll(self, student: int, course: int) -> tuple[int | None, str]:
        out = self.call("enroll_student", student, course, out=("p_enrollment_id", "p_result"))
        return out["p_enrollment_id"], out["p_result"]

    def flash(self, user: int, sale: int) -> str:
        return self.call("enroll_in_flash_sale", user, sale, out=("p_result",))["p_result"]

    def eligibility(self, student: int, course: int) -> str:
        return self.call("check_enrollment_eligibility", student, course, out=("p_status",))["p_status"]

    def fraud(self, user: int, amount: object) -> tuple[int, int]:
        out = self.call("check_fraud", user, amount, out=("p_fraud_score", "p_should_block"))
        return out["p_fraud_score"], out["p_should_block"]


@dataclass
class School(Session):
    """The school's own session, with what tests fill it with and ways to act at once."""

    target: Target
    sessions: list[Session] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(self.target)

    def session(self, autocommit: bool = True, isolation: str = "REPEATABLE READ") -> Session:
        """Another connection; closed with the test."""
        session = Session(self.target, autocommit, isolation)
        self.sessions.append(session)
        return session

    def send_home(self) -> None:
        """Close every other session; what one of them left open is rolled back."""
        for session in self.sessions:
            if session.connection.open:
                session.connection.close()

    def user(self, kind: str = "student", **columns: object) -> int:
        number = next(_number)
        return self.insert(
            "users", **{"name": f"User {number}", "email": f"user{number}@example.org", "user_type": kind} | columns
        )

    def users(self, how_many: int) -> list[int]:
        return [self.user() for _ in range(how_many)]

    def course(self, price: object = "49.99", **columns: object) -> int:
        instructor = columns.pop("instructor_id", None) or self.user("instructor")
        title = f"Course {next(_number)}"
        return self.insert("courses", **{"instructor_id": instructor, "title": title, "price": price} | columns)

    def lesson(self, course: int, sections: int = 0, **columns: object) -> int:
        lesson = self.insert("lessons", **{"course_id": course, "title": f"Lesson {next(_number)}"} | columns)
        for place in range(sections):
            self.insert("lesson_sections", lesson_id=lesson, title=f"Section {place}", order_index=place)
        return lesson

    def sale(self, course: int, seats: int = 10, price: object = "19.99", hours: tuple[int, int] = (-1, 1)) -> int:
        """A flash sale; it runs from `hours[0]` to `hours[1]`, counted from now."""
        begin, end = (self.value("SELECT UTC_TIMESTAMP(6) + INTERVAL %s HOUR", hour) for hour in hours)
        return self.insert(
            "flash_sales", course_id=course, max_seats=seats, discount_price=price, start_time=begin, end_time=end
        )

    def subscription(self, start: str, period_end: str, plan: str = "monthly", **columns: object) -> int:
        user = columns.pop("user_id", None) or self.user()
        dates = {"start_date": start, "current_period_end": period_end, "next_billing_date": period_end}
        return self.insert("subscriptions", **{"user_id": user, "plan_type": plan} | dates | columns)

    def cart(self, *courses: int, user: int | None = None) -> int:
        cart = self.insert("carts", user_id=user or self.user())
        for course in courses:
            self.insert("cart_items", cart_id=cart, course_id=course)
        return cart

    def seats(self, course: int) -> int:
        """Seats taken, held ones included."""
        return self.value("SELECT seats_taken FROM course_seats WHERE course_id = %s", course)

    def due(self) -> list[tuple]:
        """Transaction and reason of what is to be given back."""
        return self.run("SELECT transaction_id, reason FROM v_payments_to_reconcile ORDER BY payment_id")

    def count(self, table: str, where: str = "TRUE") -> int:
        return self.value(f"SELECT COUNT(*) FROM {identifier(table)} WHERE {where}")

    def everything(self) -> dict[str, list[tuple]]:
        """Every row of every table: what an error or a refusal must leave as it was."""
        tables = self.run(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE'"
        )
        return {table: sorted(self.run(f"SELECT * FROM {identifier(table)}"), key=repr) for (table,) in tables}

    def at_once(self, acts: Sequence[Callable[[Session], object]], **session: str) -> list[object]:
        """Run each act on a connection of its own, all begun together; their results, or the errors they met."""
        sessions = [self.session(**session) for _ in acts]
        gate = threading.Barrier(len(acts))

        def run(act: Callable[[Session], object], session: Session) -> object:
            gate.wait(timeout=60)
            try:
                return act(session)
            except pymysql.Error as error:
                return error

        with ThreadPoolExecutor(len(acts)) as pool:
            return list(pool.map(run, acts, sessions))

    def waiting(self, act: Callable[[Session], object], session: Session | None = None) -> Future:
        """Begin an act on a connection of its own; returns once it waits for a lock. Its result comes later."""
        session = session or self.session()
        connection = session.connection.thread_id()
        pool = ThreadPoolExecutor(1)
        result = pool.submit(act, session)
        pool.shutdown(wait=False)
        for _ in range(1500):
            if self.value(WAITS, connection):
                return result
            assert not result.done(), f"it waited for nothing: {result.exception() or result.result()}"
            sleep(0.02)
        raise AssertionError("neither done nor waiting after half a minute")

    @contextmanager
    def failing(self, table: str, event: str = "INSERT", when: str = "TRUE", text: str = "injected") -> Iterator[None]:
        """While open, changing `table` (where `when` holds, in terms of NEW) is a database error of number 1644."""
        self.run(
            f"CREATE TRIGGER zz_injected BEFORE {event} ON {identifier(table)} FOR EACH ROW BEGIN"
            f" IF {when} THEN SIGNAL SQLSTATE 'HY000' SET MESSAGE_TEXT = '{text}'; END IF; END"
        )
        try:
            yield
        finally:
            self.run("DROP TRIGGER zz_injected")
