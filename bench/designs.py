"""The ways to sell a seat that are compared, and the school in which they do it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pymysql.connections import Connection

from learnhub_db import deployment, statements
from learnhub_db.database import Target, connect, rows
from learnhub_db.project import Project

ROOT = Path(__file__).parent.parent
OURS_SQL = ROOT / "procedures/commerce/enroll_in_flash_sale.sql"
CLAIM = "CALL claim_sale_seat("
BUYERS = 400_000
ONCE = 150_001  # the first of those who buy once only, so that no fraud rule fires
SEATS = 1_000_000

PEOPLE = """
    SET SESSION cte_max_recursion_depth = 10000000;
    INSERT INTO users (name, email)
    WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {how_many})
    SELECT CONCAT('Buyer ', number), CONCAT('buyer', number, '@example.org') FROM numbers
"""
COURSES = """
    INSERT INTO courses (instructor_id, title, price)
    WITH RECURSIVE numbers (number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM numbers WHERE number < {how_many})
    SELECT 1, CONCAT('Course ', number), 49.99 FROM numbers
"""
SALE = """
    INSERT INTO flash_sales (course_id, max_seats, discount_price, start_time, end_time)
    VALUES ({course}, {seats}, 19.99, UTC_TIMESTAMP(6) - INTERVAL 1 HOUR, UTC_TIMESTAMP(6) + INTERVAL 1 DAY)
"""
PLAIN_SALE = """
    INSERT INTO plain_sales
    SELECT sale_id, course_id, max_seats, 0, discount_price, start_time, end_time
      FROM flash_sales WHERE sale_id = {sale}
"""
STOCK = "SELECT CAST(seats_taken AS SIGNED) FROM {table} WHERE sale_id = {sale}"


@dataclass(frozen=True)
class Design:
    """One way to sell a seat; `counted` is the table that says how many were sold, "" for none."""

    name: str
    call: str
    counted: str = "plain_sales"
    enrolls: bool = True


OURS = Design("enroll_in_flash_sale", "CALL enroll_in_flash_sale({user}, SALE, @result)", "flash_sale_status")
LIMIT = Design("the same, no seat claimed", "CALL enroll_in_flash_sale_unclaimed({user}, SALE, @result)", "")
TEXTBOOK = Design("textbook", "CALL sell_by_the_textbook({user}, SALE, @result)")
INCREMENT = Design("conditional increment last", "CALL sell_by_increment({user}, SALE, @result)")
BARE = Design(
    "bare UPDATE of one row", "UPDATE plain_sales SET seats_taken = seats_taken + 1 WHERE sale_id = SALE", enrolls=False
)
DESIGNS = (LIMIT, OURS, BARE, INCREMENT, TEXTBOOK)


@dataclass(frozen=True)
class School:
    """The LearnHub database with many buyers; every sale in it is of a course of its own."""

    connection: Connection

    def one(self, sql: str) -> int:
        """The only value of a query."""
        ((value,),) = rows(self.connection, sql)
        return value

    def insert(self, sql: str) -> int:
        """Run an INSERT; the first id that it made."""
        rows(self.connection, sql)
        return self.connection.insert_id()

    def courses(self, how_many: int) -> int:
        """New courses without a limit; the first one's id."""
        return self.insert(COURSES.format(how_many=how_many))

    def sale(self, seats: int = SEATS) -> int:
        """A running sale of a new course, kept both ways; its id."""
        sale = self.insert(SALE.format(course=self.courses(1), seats=seats))
        self.insert(PLAIN_SALE.format(sale=sale))
        return sale

    def next_buyer(self) -> int:
        """The first of those who have bought nothing."""
        return max(ONCE, 1 + self.one("SELECT MAX(student_id) FROM enrollments"))

    def sold(self, design: Design, sale: int) -> set[int]:
        """How many seats a sale sold: by its stock and by its enrollments, which should be one number."""
        found = set()
        if design.counted:
            found.add(self.one(STOCK.format(table=design.counted, sale=sale)))
        if design.enrolls:
            course = self.one(f"SELECT course_id FROM flash_sales WHERE sale_id = {sale}")
            found.add(self.one(f"SELECT COUNT(*) FROM enrollments WHERE course_id = {course}"))
        return found

    def fold_every_second(self, wanted: bool) -> None:
        """Switch the event that folds counters on or off."""
        ((owner,),) = rows(
            self.connection,
            "SELECT definer FROM information_schema.events"
            " WHERE event_schema = DATABASE() AND event_name = 'fold_counters'",
        )
        rows(self.connection, f"ALTER DEFINER = {owner} EVENT fold_counters {'ENABLE' if wanted else 'DISABLE'}")


@contextmanager
def school(target: Target, buyers: int = BUYERS) -> Iterator[School]:
    """The database built anew, with its buyers and the competitors' SQL."""
    with connect(target, select_database=False) as connection:
        rows(connection, f"DROP DATABASE IF EXISTS {target.database}")
        rows(connection, f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")
    deployment.apply(Project(ROOT), target)
    with connect(target) as connection:
        ours = School(connection)
        ours.fold_every_second(False)
        for text in [PEOPLE.format(how_many=buyers), *competitors()]:
            for statement in statements.split(text):
                rows(connection, statement.text)
        yield ours


@contextmanager
def again(target: Target) -> Iterator[School]:
    """The database as it was left."""
    with connect(target) as connection:
        yield School(connection)


def competitors() -> Iterator[str]:
    """The SQL of the other designs; our own limit is our procedure with the line that claims a seat replaced."""
    yield from (path.read_text(encoding="utf-8") for path in sorted((ROOT / "bench/sql").glob("*.sql")))
    ours = OURS_SQL.read_text(encoding="utf-8")
    (claim,) = (line for line in ours.splitlines() if CLAIM in line)
    ours = ours.replace(claim, "    SET v_claimed = TRUE;")
    yield ours.replace("PROCEDURE enroll_in_flash_sale(", "PROCEDURE enroll_in_flash_sale_unclaimed(")
