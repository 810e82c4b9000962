"""Buys a course on the primary and reads the buyer's courses from a replica that has the purchase.

python own_writes.py USER COURSE TRANSACTION_ID, prints where it read and what. LEARNHUB_DB_URL is the primary,
LEARNHUB_REPLICA_URL the replica: mysql://user:password@host:port/database. Needs PyMySQL and cryptography.
"""

import os
import sys
from urllib.parse import unquote, urlsplit

import pymysql
from pymysql.connections import Connection

WAIT_SECONDS = 1
COURSES = "SELECT course_title FROM student_dashboard WHERE user_id = %s AND status = 'active' ORDER BY enrollment_id"


def connect(url: str) -> Connection:
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path[1:]),
        autocommit=True,
    )


def rows(connection: Connection, sql: str, *values: object) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def committed(primary: Connection) -> str:
    """What a replica must have executed to show all that is committed now: ask it after the write."""
    return rows(primary, "SELECT @@GLOBAL.gtid_executed")[0][0]


def has(replica: Connection, transactions: str) -> bool:
    """Whether the replica has executed them, waiting a little; it does not help to wait long for one that lags."""
    return rows(replica, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, %s)", transactions, WAIT_SECONDS) == [(0,)]


def main(user: str, course: str, transaction: str) -> None:
    primary, replica = (connect(os.environ[name]) for name in ("LEARNHUB_DB_URL", "LEARNHUB_REPLICA_URL"))
    rows(primary, "CALL process_course_purchase(%s, %s, 'stripe', %s, @enrollment, @status)", user, course, transaction)
    where, reader = ("replica", replica) if has(replica, committed(primary)) else ("primary", primary)
    print(where, *(title for (title,) in rows(reader, COURSES, user)), sep="\n")


main(*sys.argv[1:])
