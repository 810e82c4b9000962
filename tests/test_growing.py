"""A view of all columns follows its tables, and until then nobody calls it well."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Run
from small_project import write

TABLE = "CREATE TABLE t (id INT PRIMARY KEY, a INT);\nCREATE TABLE u (id INT PRIMARY KEY);\n"
MORE = {"sql/migrations/0002-more.sql": "ALTER TABLE t ADD COLUMN b INT;\n"}
V = "CREATE VIEW v AS SELECT * FROM t;\n"
REPLACED = "replaced view v (what it reads has other columns)\n"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A table, and a view of all its columns."""
    return write(tmp_path, {"sql/migrations/0001-t.sql": TABLE, "views/v.sql": V})


def columns(sql, view: str) -> list[str]:
    return [name for name, *_ in sql(f"SHOW COLUMNS FROM {view}")]


def test_a_view_of_all_columns_gets_the_new_one(run: Run, shop, sql):
    assert run("apply").code == 0
    write(shop, MORE)
    plan = run("plan").out
    assert "replace view v  views/v.sql\n" in plan
    assert "+  `t`.`b`" in plan or "`t`.`b` AS `b`" in plan
    assert run("apply").out.endswith(REPLACED)
    assert columns(sql, "v") == ["id", "a", "b"]
    assert run("verify").code == 0
    assert run("apply").out == "nothing to do\n"
    assert run("plan").code == 0


def test_a_view_of_all_columns_of_such_a_view_gets_it_too(run: Run, shop, sql):
    write(shop, {"views/a.sql": "CREATE VIEW a AS SELECT v.*, 1 AS one FROM v;\n"})
    run("apply")
    write(shop, MORE)
    assert "replace view a  views/a.sql\n" in run("plan").out
    assert run("apply").out.endswith(f"{REPLACED}replaced view a (what it reads has other columns)\n")
    assert columns(sql, "a") == ["id", "a", "b", "one"]
    assert run("verify").code == 0


def test_a_new_view_may_use_what_such_a_view_gets(run: Run, shop, sql):
    run("apply")
    write(shop, MORE | {"views/w.sql": "CREATE VIEW w AS SELECT b FROM v;\n"})
    assert "REFUSED" not in run("plan").out
    assert run("apply").code == 0
    assert columns(sql, "w") == ["b"]


def test_a_column_that_is_gone_leaves_the_view_of_all_columns(run: Run, shop, sql):
    run("apply")
    write(shop, {"sql/migrations/0002-less.sql": "ALTER TABLE t DROP COLUMN a;\n"})
    assert "needs --allow-broken" not in run("plan").out
    assert run("apply").out.endswith(REPLACED)
    assert columns(sql, "v") == ["id"]
    assert run("status").out == "3 applied\nnot compared: rows\n"


OTHERS = ["CREATE TABLE more (id INT)", "ALTER TABLE u ADD COLUMN c INT", "CREATE INDEX i ON t (a)"]


@pytest.mark.parametrize("change", OTHERS)
def test_what_changes_nothing_for_the_view_does_not_touch_it(run: Run, shop, change):
    run("apply")
    write(shop, {"sql/migrations/0002-other.sql": f"{change};\n"})
    assert "view v" not in run("plan").out
    assert "view v" not in run("apply").out


def test_a_view_that_an_older_apply_left_behind_is_told_and_mended(run: Run, shop, sql):
    run("apply")
    write(shop, MORE)
    old = sql("SHOW CREATE VIEW v")[0][1]
    run("apply")
    sql(f"CREATE OR REPLACE{old.removeprefix('CREATE')}")
    sql("DELETE FROM _learnhub_schema WHERE kind = 'columns'")
    sql(
        """UPDATE _learnhub_objects SET fingerprint = (SELECT SHA2(CONCAT_WS(CHAR(31), view_definition, check_option,
               security_type, definer, character_set_client, collation_connection), 256)
               FROM information_schema.views WHERE table_schema = DATABASE() AND table_name = 'v')
           WHERE kind = 'view'"""
    )
    assert "drifted  view v  views/v.sql what it reads has other columns" in run("status").out
    assert "replace view v  views/v.sql\n" in run("plan").out
    assert run("apply").out == REPLACED
    assert columns(sql, "v") == ["id", "a", "b"]
    assert "drifted" not in run("status").out
    assert run("apply").out == "nothing to do\n"
