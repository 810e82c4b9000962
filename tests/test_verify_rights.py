"""What verify reads of the files' grants, and what an account needs that verifies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small_project
import stocked_shop
from command_line import Run, runner
from learnhub_db import scratch_schema
from learnhub_db.database import Target, connect, rows

SQL = Callable[[str], list[tuple]]
NO_DIFFERENCE = (0, "no difference\n", "")


@pytest.fixture
def account(server: Target) -> Iterator[str]:
    with stocked_shop.account(server) as name:
        yield name


@pytest.fixture
def shop(tmp_path: Path, account: str) -> Path:
    return stocked_shop.write(tmp_path, account)


@pytest.fixture
def applied(run: Run) -> Run:
    assert run("apply").code == 0
    return run


def verified(run: Run) -> tuple[int, str, str]:
    shown = run("verify")
    print(shown.out)
    return shown.code, shown.out, shown.err


class TestAnAccountWithFewRights:
    """What is missing is told with the GRANT that mends it."""

    @pytest.fixture
    def few(self, applied, shop, server, empty_database, account, capsys) -> Iterator[tuple[Run, SQL]]:
        user = f"{account}_few"
        with connect(server) as connection:
            rows(connection, f"CREATE USER {user}@'%' IDENTIFIED BY 'secret'")
            rows(connection, f"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON {empty_database.database}.* TO {user}@'%'")
            target = Target(server.host, server.port, user, "secret", empty_database.database)
            run = runner(target, capsys, "--project", str(shop))
            yield run, lambda statement: rows(connection, statement)
            rows(connection, f"DROP USER {user}@'%'")

    def test_each_grant_that_is_asked_for_brings_it_further(self, few, account, empty_database):
        run, administrator = few
        database, user = empty_database.database, f"`{account}_few`@`%`"
        refusal = run("verify")
        assert refusal.code == 3
        mend = f"GRANT ALL ON `{scratch_schema.PATTERN}`.* TO {user}"
        assert refusal.err.startswith("error: the account may not create a scratch schema (")
        assert refusal.err.endswith(f")\nhint: {mend}\n")
        administrator(mend)
        for what, mend in [
            (f"see every function ({database})", f"SHOW_ROUTINE ON *.* TO {user}"),
            (f"see the rights of {account}@localhost (mysql)", f"SELECT ON mysql.* TO {user}"),
        ]:
            refusal = run("verify")
            assert (refusal.code, refusal.err) == (3, f"error: the account may not {what}\nhint: GRANT {mend}\n")
            administrator(f"GRANT {mend}")
        assert verified(run) == NO_DIFFERENCE

    @pytest.mark.parametrize(
        ("kind", "right", "others"),
        [
            ("trigger", "TRIGGER", ["SELECT", "SHOW VIEW", "EVENT"]),
            ("event", "EVENT", ["SELECT", "SHOW VIEW", "TRIGGER"]),
            ("table", "SELECT", ["EVENT"]),
        ],
    )
    def test_what_it_cannot_see_is_not_taken_for_missing(self, few, account, empty_database, kind, right, others):
        run, administrator = few
        database, user = empty_database.database, f"`{account}_few`@`%`"
        administrator(f"GRANT ALL ON `{scratch_schema.PATTERN}`.* TO {user}")
        administrator(f"GRANT SHOW_ROUTINE ON *.* TO {user}")
        administrator(f"REVOKE ALL ON {database}.* FROM {user}")
        administrator(f"GRANT SELECT, SHOW VIEW ON {database}.products TO {user}")
        administrator(f"GRANT {', '.join(others)} ON {database}.* TO {user}")
        refusal = run("verify")
        assert (refusal.code, refusal.err) == (
            3,
            f"error: the account may not see every {kind} ({database})\nhint: GRANT {right} ON `{database}`.* TO {user}\n",
        )

    def test_a_view_that_it_may_not_read_is_told_with_the_grant(self, few, account, empty_database):
        run, administrator = few
        database, user = empty_database.database, f"`{account}_few`@`%`"
        administrator(f"GRANT ALL ON `{scratch_schema.PATTERN}`.* TO {user}")
        administrator(f"GRANT SHOW_ROUTINE ON *.* TO {user}")
        administrator(f"REVOKE SHOW VIEW ON {database}.* FROM {user}")
        refusal = run("verify")
        assert refusal.code == 3
        assert refusal.err.startswith(f"error: 1142: SHOW VIEW command denied to user '{account}_few'@")
        assert refusal.err.endswith(f"GRANT SELECT, SHOW VIEW, TRIGGER, EVENT ON `{database}`.* TO {user}\n")


@pytest.mark.parametrize("statement", ["GRANT", "CREATE USER"])
def test_a_grant_that_breaks_off_is_told_with_its_place(applied, shop, statement):
    small_project.write(shop, {"sql/grants/30-cut.sql": f"-- cut\n{statement};\n"})
    refusal = applied("verify")
    assert (refusal.code, refusal.err) == (
        2,
        "error: the statement cannot be read (sql/grants/30-cut.sql:2)\nhint: complete it\n",
    )


def test_whoever_applied_is_not_an_account_of_the_files(shop, run):
    small_project.write(shop, {"sql/grants/30-me.sql": "GRANT SELECT ON products TO CURRENT_USER;\n"})
    assert run("apply").code == 0
    assert verified(run) == NO_DIFFERENCE


def test_an_administrator_of_the_files_has_every_right(shop, run, account):
    rights = f"GRANT ALL ON *.* TO {account}_reader WITH GRANT OPTION;\nREVOKE FILE ON *.* FROM {account}_reader;\n"
    small_project.write(shop, {"sql/grants/30-all.sql": rights})
    assert run("apply").code == 0
    assert verified(run) == NO_DIFFERENCE
