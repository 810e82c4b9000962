"""maintain_partitions: a partition for every coming year, and the years past keeping dropped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pymysql
import pytest

from grants import revoke_all
from learnhub_db import deployment, drift
from learnhub_db.contents import Contents
from learnhub_db.database import Target, connect
from learnhub_db.project import Project
from school import School

ROOT = Path(__file__).parent.parent.parent
TABLES = ("payments_history", "payment_events_history")


@pytest.fixture
def own(empty_database: Target) -> Iterator[School]:
    """A school of its own, since changed tables cannot be reset; its clock stands in 2026."""
    deployment.apply(Project(ROOT), empty_database)
    school = School(empty_database)
    school.clock("2026-06-01")
    yield school
    school.send_home()
    school.connection.close()
    with connect(empty_database) as connection, connection.cursor() as cursor:
        revoke_all(cursor, empty_database.database)


def years(school: School) -> list[str]:
    """The partitions, the same of both tables."""
    found = [
        school.run(
            "SELECT partition_name FROM information_schema.partitions"
            " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY partition_ordinal_position",
            table,
        )
        for table in TABLES
    ]
    assert found[0] == found[1]
    return [name for (name,) in found[0]]


def test_coming_years_are_added_years_past_keeping_dropped_and_again_nothing_changes(own: School) -> None:
    for year in (2022, 2023, 2024, 2025):
        own.insert("payments_history", payment_id=year, charged_at=f"{year}-07-01", user_id=1, amount=1)
    assert years(own) == ["p2023", "p2024", "p2025", "p2026", "p2027"]
    for _ in range(2):
        own.call("maintain_partitions", 4, 2)
        assert years(own) == ["p2024", "p2025", "p2026", "p2027", "p2028", "p2029", "p2030"]
    assert own.run("SELECT payment_id FROM payments_history ORDER BY 1") == [(2024,), (2025,)]

    own.clock("2027-01-01")
    own.call("maintain_partitions", 0, 1)
    assert years(own) == ["p2026", "p2027", "p2028", "p2029", "p2030"]
    assert own.count("payments_history") == 0


def test_the_transaction_ids_of_a_dropped_year_stay_used(own: School) -> None:
    seller = own.session()
    seller.clock("2023-03-01")
    course, student = own.course(), own.user()
    assert seller.purchase(student, course, "ch_2023")[1] == "SUCCESS"
    own.call("archive_payments", "2024-01-01", 10, out=("p_moved",))
    own.call("maintain_partitions", 1, 1)

    assert (own.count("payments"), own.count("payments_history")) == (0, 0)
    with pytest.raises(pymysql.Error, match="payment_keys.PRIMARY"):
        own.insert("payments", user_id=student, amount=1, transaction_id="ch_2023")


def test_two_runs_at_once_and_one_that_archives_meanwhile(own: School) -> None:
    results = own.at_once([lambda session: session.call("maintain_partitions", 30, 50)] * 3)
    assert results == [{}] * 3
    assert years(own)[-1] == f"p{own.session().value('SELECT YEAR(UTC_DATE())') + 30}"


def test_somebody_who_uses_the_table_is_waited_for_ten_seconds_at_most(own: School) -> None:
    reader = own.session()
    reader.run("START TRANSACTION")
    reader.run("SELECT COUNT(*) FROM payments_history")
    with pytest.raises(pymysql.Error) as error:
        own.call("maintain_partitions", 9, 10)
    assert error.value.args[0] == 1205
    assert own.value("SELECT @@SESSION.lock_wait_timeout") == 20
    reader.run("COMMIT")
    own.call("maintain_partitions", 9, 10)
    assert years(own)[-1] == "p2035"


@pytest.mark.parametrize(("ahead", "keep", "wrong"), [(-1, 5, -1), (51, 5, 51), (2, 0, 0), (2, 101, 101)])
def test_years_out_of_range_are_refused(school: School, ahead: int, keep: int, wrong: int) -> None:
    with pytest.raises(pymysql.Error) as error:
        school.call("maintain_partitions", ahead, keep)
    assert error.value.args == (30062, f"{wrong} years are out of range: give 0 to 50 ahead, 1 to 100 to keep")


def test_it_refuses_inside_a_transaction(school: School) -> None:
    caller = school.session()
    caller.run("START TRANSACTION")
    with pytest.raises(pymysql.Error) as error:
        caller.call("maintain_partitions", 2, 10)
    assert error.value.args == (30009, "maintain_partitions commits as it goes: call it outside a transaction")


def test_the_daily_job_is_no_drift(own: School, empty_database: Target) -> None:
    own.call("maintain_partitions", 2, 10)
    own.call("maintain_partitions", 9, 1)
    assert drift.find(Contents.read(Project(ROOT)), Project(ROOT).settings, empty_database).differences == []
