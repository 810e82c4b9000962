"""A migration whose file got another number is the same migration, where the text is the same."""

from __future__ import annotations

from pathlib import Path

import pytest

import small_project
from command_line import Run
from test_apply import yoyo_list

TABLE = {"sql/migrations/0001-t.sql": "CREATE TABLE t (id INT PRIMARY KEY);\n"}
ALICE = "ALTER TABLE t ADD COLUMN alice INT;\n"
BOB = "ALTER TABLE t ADD COLUMN bob INT;\n"
UNKNOWN = "the migration 0002-bob is applied and has no file"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, TABLE)


def migrations(shop: Path, **texts: str) -> None:
    """Have the files behind the first be these, `n0002_bob` for 0002-bob.sql."""
    for path in (shop / "sql/migrations").glob("000[2-9]*"):
        path.unlink()
    named = {name[1:].replace("_", "-"): text for name, text in texts.items()}
    small_project.write(shop, {f"sql/migrations/{name}.sql": text for name, text in named.items()})


@pytest.fixture
def staging(shop: Path, run: Run) -> None:
    """bob's migration ran as 0002; alice's took this number before his was merged."""
    migrations(shop, n0002_bob=BOB)
    assert run("apply").code == 0
    migrations(shop, n0002_alice=ALICE, n0003_bob=BOB)


def test_a_renumbered_migration_is_recorded_and_the_one_before_it_applied(staging, run, shop, empty_database, sql):
    assert run("status").out.splitlines()[:2] == [
        "pending  migration 0002-alice  sql/migrations/0002-alice.sql",
        "renamed  migration 0003-bob  sql/migrations/0003-bob.sql was 0002-bob: apply records the name",
    ]
    planned = run("plan")
    assert planned.code == 1
    assert planned.out.splitlines()[0] == "rename 0002-bob to 0003-bob: it has run"
    assert planned.out.splitlines()[-1] == "2 to do"
    renamed, applied = run("apply").out.splitlines()
    assert renamed == "renamed 0002-bob to 0003-bob"
    assert applied.startswith("applied sql/migrations/0002-alice.sql (1 statement, ")
    assert run("apply").out == "nothing to do\n"
    assert run("verify").code == 1  # bob's column stands before alice's
    assert [column[0] for column in sql("SHOW COLUMNS FROM t")] == ["id", "bob", "alice"]
    assert yoyo_list(shop, empty_database.url) == [["A", "0001-t"], ["A", "0002-alice"], ["A", "0003-bob"]]
    assert sql("SELECT id FROM _learnhub_migrations ORDER BY id") == [("0001-t",), ("0002-alice",), ("0003-bob",)]


def test_baseline_takes_the_name_too(staging, run, sql):
    sql("ALTER TABLE t ADD COLUMN alice INT AFTER id")
    assert run("baseline", "0002").code == 1  # bob's column is none of 0002


def test_a_plan_and_a_status_record_nothing(staging, run, sql):
    before = sql("SELECT * FROM _learnhub_migrations") + sql("SELECT * FROM _yoyo_migration")
    assert run("plan").code == 1 and run("status").code == 0
    assert sql("SELECT * FROM _learnhub_migrations") + sql("SELECT * FROM _yoyo_migration") == before


@pytest.mark.parametrize("text", [BOB + "-- later\n", BOB.replace("INT", "BIGINT")])
def test_another_text_is_refused_and_the_hint_works(run, shop, text, sql):
    migrations(shop, n0002_bob=BOB)
    assert run("apply").code == 0
    migrations(shop, n0002_alice=ALICE, n0003_bob=text)
    refused = run("apply")
    assert refused.code == 2
    assert refused.err == (
        f"error: {UNKNOWN} (sql/migrations/0002-alice.sql)\n"
        "hint: restore its text as it ran, under any name, and write a change as a new migration; "
        "where migrations were folded into one: baseline 0002 --squash\n"
    )
    assert run("plan").err == refused.err
    migrations(shop, n0002_alice=ALICE, n0003_bob=BOB)
    assert run("apply").code == 0
    assert run("apply").out == "nothing to do\n"


def test_two_files_with_the_text_of_one_that_ran_are_refused(run, shop, sql):
    migrations(shop, n0002_bob=BOB)
    assert run("apply").code == 0
    migrations(shop, n0002_alice=ALICE, n0003_bob=BOB, n0004_bob=BOB)
    refused = run("apply")
    assert refused.code == 2
    assert refused.err == (
        "error: 0002-bob ran with the text of 2 files (sql/migrations/0003-bob.sql, sql/migrations/0004-bob.sql)\n"
        "hint: leave as many files with this text as migrations ran with it: a comment sets a file apart\n"
    )


def test_migrations_of_one_text_are_renamed_in_their_order(run, shop, sql):
    migrations(shop, n0002_fold="UPDATE t SET id = id + 1;\n", n0003_again="UPDATE t SET id = id + 1;\n")
    assert run("apply").code == 0
    migrations(
        shop, n0002_alice=ALICE, n0003_fold="UPDATE t SET id = id + 1;\n", n0004_again="UPDATE t SET id = id + 1;\n"
    )
    assert run("apply").out.splitlines()[:2] == ["renamed 0002-fold to 0003-fold", "renamed 0003-again to 0004-again"]


def test_names_that_take_each_others_places_follow(run, shop, empty_database):
    migrations(shop, n0002_t=BOB, n0003_t=ALICE)
    assert run("apply").code == 0
    migrations(shop, n0002_t=ALICE, n0003_t=BOB)
    assert run("apply").out.splitlines() == ["renamed 0002-t to 0003-t", "renamed 0003-t to 0002-t"]
    assert run("apply").out == "nothing to do\n"
    assert yoyo_list(shop, empty_database.url) == [["A", "0001-t"], ["A", "0002-t"], ["A", "0003-t"]]


def test_a_chain_of_numbers_with_one_word_follows(run, shop):
    migrations(shop, n0002_fix=BOB, n0003_fix=ALICE)
    assert run("apply").code == 0
    carol = "ALTER TABLE t ADD COLUMN carol INT;\n"
    migrations(shop, n0002_fix=carol, n0003_fix=BOB, n0004_fix=ALICE)
    lines = run("apply").out.splitlines()
    assert lines[:2] == ["renamed 0002-fix to 0003-fix", "renamed 0003-fix to 0004-fix"]
    assert lines[2].startswith("applied sql/migrations/0002-fix.sql (1 statement, ")
    assert run("apply").out == "nothing to do\n"


def test_depends_lines_follow(run, shop):
    migrations(shop, n0002_bob=BOB, n0003_carol=f"-- depends: 0002-bob\n{ALICE.replace('alice', 'carol')}")
    assert run("apply").code == 0
    migrations(
        shop,
        n0002_alice=ALICE,
        n0003_bob=BOB,
        n0004_carol=f"-- depends: 0003-bob\n{ALICE.replace('alice', 'carol')}",
    )
    lines = run("apply").out.splitlines()
    assert lines[:2] == ["renamed 0002-bob to 0003-bob", "renamed 0003-carol to 0004-carol"]
    assert run("apply").out == "nothing to do\n"
    assert "pending" not in run("status").out and "changed" not in run("status").out


def test_a_rollback_waits_for_the_name_and_then_takes_the_file_of_the_new_one(staging, run, shop, sql):
    undone = {"sql/migrations/0003-bob.rollback.sql": "ALTER TABLE t DROP COLUMN bob;\n"}
    small_project.write(shop, undone)
    refused = run("rollback")
    assert (refused.code, refused.err) == (
        2,
        "error: the migration 0002-bob has another name (sql/migrations/0003-bob.sql)\n"
        "hint: apply first: it records the name\n",
    )
    assert run("apply").code == 0
    assert run("rollback").out.startswith("undone sql/migrations/0003-bob.sql")


def test_programs_of_then_follow_the_name(shop, run, sql):
    small_project.write(shop, {"views/v.sql": "CREATE VIEW v AS SELECT id FROM t;\n"})
    migrations(shop, n0002_bob=BOB)
    assert run("apply").code == 0
    migrations(shop, n0002_bobs=BOB, n0003_alice=ALICE)
    small_project.write(shop, {"sql/migrations/0003-alice.rollback.sql": "ALTER TABLE t DROP COLUMN alice;\n"})
    small_project.change(shop, "views/v.sql", "id", "alice")
    assert run("apply").code == 0
    assert sql("SELECT DISTINCT migration FROM _learnhub_history ORDER BY 1") == [("0002-bobs",), ("0003-alice",)]
    assert run("rollback").code == 0
    assert "alice" not in sql("SHOW CREATE VIEW v")[0][1]


def test_one_that_has_stopped_half_way_is_finished_under_its_name_first(run, shop, sql):
    migrations(shop, n0002_bob=f"{BOB}ALTER TABLE none ADD COLUMN x INT;\n")
    assert run("apply").code == 3
    mended = f"{BOB}ALTER TABLE t ADD COLUMN x INT;\n"
    migrations(shop, n0002_alice=ALICE, n0003_bob=mended)
    for verb in ("apply", "plan"):
        refused = run(verb)
        assert (refused.code, refused.err) == (
            3,
            "error: the migration 0002-bob has stopped half-way and has no file (sql/migrations/0002-bob.sql)\n"
            "hint: give its file this name again and apply, then rename it\n",
        )
    assert "alice" not in [row[0] for row in sql("SHOW COLUMNS FROM t")]
    migrations(shop, n0002_bob=mended)
    assert run("apply").code == 0
    migrations(shop, n0002_alice=ALICE, n0003_bob=mended)
    assert run("apply").out.splitlines()[0] == "renamed 0002-bob to 0003-bob"
