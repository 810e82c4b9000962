"""Buys a course: python call.py USER COURSE TRANSACTION_ID, prints "enrollment_id status".

LEARNHUB_DB_URL=mysql://user:password@host:port/database says where. Needs PyMySQL and cryptography.
"""

import os
import random
import sys
import time
from urllib.parse import unquote, urlsplit

import pymysql

TRIES = 5
AGAIN = {1205, 1213, 1053, 2003, 2006, 2013}  # lock wait timeout, deadlock; no connection, or a lost one


def purchase(user: str, course: str, transaction: str) -> tuple[int | None, str]:
    url = urlsplit(os.environ["LEARNHUB_DB_URL"])
    connection = pymysql.connect(
        host=url.hostname,
        port=url.port or 3306,
        user=unquote(url.username or ""),
        password=unquote(url.password or ""),
        database=unquote(url.path[1:]),
        autocommit=True,  # PyMySQL's default is off: the call would join a transaction that nobody commits
    )
    with connection, connection.cursor() as cursor:
        # Not callproc(): it returns its arguments unchanged, the OUT values in @_process_course_purchase_4 and _5.
        cursor.execute(
            "CALL process_course_purchase(%s, %s, 'credit_card', %s, @enrollment_id, @status)",
            (user, course, transaction),
        )
        cursor.execute("SELECT @enrollment_id, @status")
        return cursor.fetchone()


def main(user: str, course: str, transaction: str) -> None:
    for tried in range(1, TRIES + 1):
        try:
            enrollment, status = purchase(user, course, transaction)
            print(enrollment or "NULL", status)
            return
        except pymysql.MySQLError as error:
            number, text = error.args
            if number not in AGAIN or tried == TRIES:
                sys.exit(f"error {number}: {text}")
        time.sleep(random.uniform(0, 0.1 * 2**tried))  # then again, with the SAME transaction id


main(*sys.argv[1:])
