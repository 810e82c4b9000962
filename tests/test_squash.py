"""Applied migrations folded into one are replaced in the history, where the database is what the new files build."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
from command_line import Run
from test_apply import yoyo_list
from test_renaming import ALICE, BOB, TABLE, migrations

SQUASHED = "CREATE TABLE t (id INT PRIMARY KEY, alice INT, bob INT);\n"
HINT = (
    "restore its text as it ran, under any name, and write a change as a new migration; "
    "where migrations were folded into one: baseline 0001 --squash"
)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, TABLE)


def fold(shop: Path, name: str = "0001-squashed", **further: str) -> None:
    (shop / "sql/migrations/0001-t.sql").unlink()
    migrations(shop, **further)
    small_project.write(shop, {f"sql/migrations/{name}.sql": SQUASHED})


@pytest.fixture
def folded(shop: Path, run: Run) -> None:
    migrations(shop, n0002_alice=ALICE, n0003_bob=BOB)
    assert run("apply").code == 0
    fold(shop)


def test_every_verb_that_meets_it_names_the_way_out(folded, run: Run):
    refused = "error: the migration 0003-bob is applied and has no file (sql/migrations/0001-squashed.sql)\n"
    for words in (["apply"], ["plan"], ["baseline", "0001"]):
        assert (run(*words).code, run(*words).err) == (2, f"{refused}hint: {HINT}\n")
    assert f"orphaned migration 0003-bob  sql/migrations/0003-bob.sql {HINT}" in run("status").out.splitlines()


def test_the_folded_migrations_are_replaced(folded, run: Run, shop, empty_database, sql):
    shown = run("baseline", "0001", "--squash")
    assert shown.code == 0
    assert shown.out.splitlines() == [
        "adopted sql/migrations/0001-squashed.sql",
        "folded 0001-t",
        "folded 0002-alice",
        "folded 0003-bob",
    ]
    assert run("apply").out == "nothing to do\n"
    assert run("plan").out == "nothing to do\n"
    assert run("verify").out == "no difference\n"
    assert run("status").out.splitlines()[0] == "1 applied"
    assert yoyo_list(shop, empty_database.url) == [["A", "0001-squashed"]]
    assert sql("SELECT id FROM _learnhub_migrations") == [("0001-squashed",)]
    assert sql("SELECT migration_id FROM _yoyo_log WHERE operation = 'squash'") == [("0001-squashed",)]


def test_the_file_may_have_the_name_of_the_first(shop, run: Run, sql):
    migrations(shop, n0002_alice=ALICE, n0003_bob=BOB)
    assert run("apply").code == 0
    fold(shop, "0001-t")
    refused = run("apply")
    assert refused.err.splitlines()[0] == "error: an applied migration has changed (sql/migrations/0001-t.sql)"
    assert refused.err.endswith("where migrations were folded into one: baseline 0001 --squash\n")
    assert run("baseline", "0001", "--squash").code == 0
    assert run("apply").out == "nothing to do\n"


def test_what_comes_after_is_applied(folded, run: Run, shop, sql):
    migrations(shop, n0002_carol="ALTER TABLE t ADD COLUMN carol INT;\n")
    assert run("baseline", "0001", "--squash").code == 0
    assert run("apply").out.startswith("applied sql/migrations/0002-carol.sql")
    assert run("verify").out == "no difference\n"


def test_the_end_of_them_may_stay_as_it_is(shop, run: Run):
    migrations(shop, n0002_alice=ALICE, n0003_bob=BOB, n0004_carol="ALTER TABLE t ADD COLUMN carol INT;\n")
    assert run("apply").code == 0
    fold(shop, n0002_carol="ALTER TABLE t ADD COLUMN carol INT;\n")
    assert run("baseline", "0002", "--squash").code == 0
    assert run("apply").out == "nothing to do\n"
    assert run("verify").out == "no difference\n"


def test_a_database_that_is_only_part_way_is_refused_with_what_to_do(shop, run: Run, sql):
    migrations(shop, n0002_alice=ALICE)
    assert run("apply").code == 0
    fold(shop)
    before = sql("SELECT * FROM _learnhub_migrations ORDER BY id")
    refused = run("baseline", "0001", "--squash")
    assert refused.code == 1
    assert refused.out.splitlines()[0] == "different table t"
    assert refused.err == (
        "hint: apply the last files before the folding first, or change the database to what the files build\n"
    )
    assert sql("SELECT * FROM _learnhub_migrations ORDER BY id") == before
    (shop / "sql/migrations/0001-squashed.sql").unlink()
    small_project.write(shop, TABLE)
    migrations(shop, n0002_alice=ALICE, n0003_bob=BOB)
    assert run("apply").code == 0
    fold(shop)
    assert run("baseline", "0001", "--squash").code == 0


def test_a_fresh_database_applies_the_folded_file(shop, run: Run):
    fold(shop)
    assert run("apply").code == 0
    assert run("verify").out == "no difference\n"


def test_programs_are_left_to_apply(folded, run: Run, shop):
    small_project.write(shop, {"views/v.sql": "CREATE VIEW v AS SELECT alice FROM t;\n"})
    assert run("baseline", "0001", "--squash").code == 0
    assert run("apply").out == "created view v\n"


def test_a_program_that_folded_migrations_made_is_compared(shop, run: Run):
    migrations(shop, n0002_alice=ALICE, n0003_bob=f"{BOB}CREATE VIEW made AS SELECT 1 AS a;\n")
    assert run("apply").code == 0
    fold(shop)
    assert run("baseline", "0001", "--squash").out.splitlines()[0] == "extra view made"


def test_where_nothing_was_folded_it_is_refused(shop, run: Run):
    assert run("apply").code == 0
    refused = run("baseline", "0001", "--squash")
    assert (refused.code, refused.err) == (
        2,
        "error: every applied migration has its file (sql/migrations)\nhint: baseline without --squash\n",
    )


def test_a_rollback_does_not_go_behind_it(folded, run: Run, shop, sql):
    migrations(shop, n0002_carol="ALTER TABLE t ADD COLUMN carol INT;\n")
    small_project.write(
        shop,
        {
            "sql/migrations/0001-squashed.rollback.sql": "DROP TABLE t;\n",
            "sql/migrations/0002-carol.rollback.sql": "ALTER TABLE t DROP COLUMN carol;\n",
        },
    )
    refused = "error: other migrations were folded into the migration (sql/migrations/0001-squashed.sql)\n"
    hint = "hint: restore a backup of before it, or undo it by a new migration\n"
    assert run("baseline", "0001", "--squash").code == 0
    assert run("apply").code == 0
    for words in (["--to", "0000"], ["--steps", "2"]):
        assert (run("rollback", *words).code, run("rollback", *words).err) == (2, refused + hint)
    assert run("rollback").code == 0
    assert (run("rollback").code, run("rollback").err) == (2, refused + hint)
    assert len(sql("SHOW COLUMNS FROM t")) == 3


def test_definitions_that_were_kept_follow(shop, run: Run, sql):
    migrations(shop, n0002_alice=ALICE, n0003_bob=BOB)
    small_project.write(shop, {"views/v.sql": "CREATE VIEW v AS SELECT id FROM t;\n"})
    assert run("apply").code == 0
    fold(shop, n0002_carol="ALTER TABLE t ADD COLUMN carol INT;\n")
    small_project.write(shop, {"sql/migrations/0002-carol.rollback.sql": "ALTER TABLE t DROP COLUMN carol;\n"})
    assert run("baseline", "0001", "--squash").code == 0
    small_project.change(shop, "views/v.sql", "id", "carol")
    assert run("apply").code == 0
    assert sql("SELECT DISTINCT migration FROM _learnhub_history ORDER BY 1") == [("0001-squashed",), ("0002-carol",)]
    assert run("rollback").code == 0
    assert "carol" not in sql("SHOW CREATE VIEW v")[0][1]
