"""A migration that breaks a deployed program is told before it runs, and a view follows the table behind it."""

from __future__ import annotations

from pathlib import Path
from shutil import copyfile, copytree

import pytest

import small_project
from learnhub_db import planning, soundness
from learnhub_db.contents import Contents
from learnhub_db.database import connect, rows
from learnhub_db.inspection.schema import NAMES
from learnhub_db.project import Project

ROOT = Path(__file__).parent.parent
FILES = {
    "sql/migrations/0001-a.sql": """\
CREATE TABLE t (id INT PRIMARY KEY, old_name INT, more INT);
CREATE TABLE log (n INT, what VARCHAR(20));
CREATE FUNCTION made_by_migration() RETURNS INT NO SQL RETURN 1;
""",
    "triggers/tg.sql": "CREATE TRIGGER tg BEFORE INSERT ON t FOR EACH ROW SET NEW.old_name = COALESCE(NEW.old_name, 0);\n",
    "views/v.sql": "CREATE VIEW v AS SELECT id, more FROM t;\n",
    "views/vv.sql": "CREATE VIEW vv AS SELECT more FROM v;\n",
    "sql/events/e.sql": "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM log WHERE n < 0;\n",
    "procedures/p.sql": """\
-- Copies.
DELIMITER //
CREATE PROCEDURE p(IN p_id INT, OUT p_found INT)
BEGIN
    DECLARE v_n, more INT DEFAULT 0;
    DECLARE c CURSOR FOR SELECT id FROM v WHERE id > p_id;
    DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_n = -1;
    IF EXISTS (SELECT 1 FROM t WHERE id = p_id) THEN
        SELECT COUNT(*), MAX(id) INTO p_found, v_n FROM t LIMIT 1;
    ELSEIF v_n = (SELECT MAX(n) FROM log) THEN
        INSERT INTO log VALUES (v_n, 'seen') ON DUPLICATE KEY UPDATE n = v_n;
    END IF;
    SET v_n = made_by_migration();
END//
DELIMITER ;
""",
}
CHANGE = "sql/migrations/0002-r.sql"


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return small_project.write(tmp_path, FILES)


@pytest.fixture(autouse=True)
def _applied(run) -> None:
    assert run("apply").code == 0


BREAKS = {
    "a column of a trigger": (
        "ALTER TABLE t RENAME COLUMN old_name TO new_name;\n",
        "trigger tg (triggers/tg.sql:1): 1054: Unknown column 'old_name' in 'NEW'",
    ),
    "a column of a view": (
        "ALTER TABLE t DROP COLUMN more;\n",
        "view v (views/v.sql:1): 1054: Unknown column 'more' in 'field list'",
    ),
    "a column of an event": (
        "ALTER TABLE log CHANGE n m INT;\n",
        "event e (sql/events/e.sql:1): 1054: Unknown column 'n' in 'where clause'",
    ),
    "a query in a condition": (
        "ALTER TABLE log CHANGE n m INT;\n",
        "procedure p (procedures/p.sql:10): 1054: Unknown column 'n' in 'field list'",
    ),
    "an insert without its columns": (
        "ALTER TABLE log ADD COLUMN at DATETIME;\n",
        "procedure p (procedures/p.sql:11): 1136: Column count doesn't match value count at row 1",
    ),
    "a table": ("DROP TABLE log;\n", "event e (sql/events/e.sql:1): 1146: Table '{}.log' doesn't exist"),
    "a table's name": (
        "ALTER TABLE log RENAME TO logs;\n",
        "event e (sql/events/e.sql:1): 1146: Table '{}.log' doesn't exist",
    ),
}


@pytest.mark.parametrize("change", BREAKS)
def test_what_a_migration_breaks_is_told_before_anything_runs(run, shop, sql, empty_database, change):
    statement, line = BREAKS[change]
    line = line.format(empty_database.database)
    small_project.write(shop, {CHANGE: f"CREATE TABLE first (id INT);\n{statement}"})
    plan = run("plan")
    assert plan.code == 1
    assert f"needs --allow-broken: breaks {line}; by {CHANGE}:2" in plan.out
    assert line.split(" (")[0].split()[1] in [one["name"] for one in run("--json", "plan").document["breaks"]]
    refused = run("apply")
    assert refused.code == 2
    assert "break" in refused.err and "or apply --allow-broken" in refused.err
    assert sql("SHOW TABLES LIKE 'first'") == []


def test_it_is_applied_all_the_same_where_somebody_must_and_not_forgotten(run, shop, sql):
    small_project.write(shop, {CHANGE: "ALTER TABLE t RENAME COLUMN old_name TO new_name;\n"})
    shown = run("apply", "--allow-broken")
    broken = "broken trigger tg (triggers/tg.sql:1: 1054: Unknown column 'old_name' of t)\n"
    assert (shown.code, shown.out.endswith(broken)) == (0, True)
    assert run("apply").out == broken
    assert "broken   trigger tg" in run("status").out
    small_project.change(shop, "triggers/tg.sql", "old_name", "new_name")
    assert "replaced trigger tg" in run("apply").out
    assert run("apply").out == "nothing to do\n"
    assert "broken" not in run("status").out


def test_what_somebody_broke_by_hand_is_told_by_apply_and_status(run, sql):
    assert run("apply").out == "nothing to do\n"
    sql("ALTER TABLE log DROP COLUMN n")
    assert "broken event e" in run("apply").out
    assert "broken   event e" in run("status").out


def test_a_program_whose_file_changes_with_the_table_is_not_asked_for(run, shop):
    small_project.write(shop, {CHANGE: "ALTER TABLE t RENAME COLUMN old_name TO new_name;\n"})
    text = FILES["triggers/tg.sql"].replace("old_name", "new_name")
    small_project.write(shop, {"triggers/tg.sql": text})
    assert run("apply").code == 0
    assert (run("verify").out, run("apply").out) == ("no difference\n", "nothing to do\n")


def test_what_a_later_migration_makes_good_again_breaks_nothing(run, shop):
    small_project.write(shop, {CHANGE: "ALTER TABLE t RENAME COLUMN old_name TO new_name;\n"})
    small_project.write(shop, {"sql/migrations/0003-b.sql": "ALTER TABLE t RENAME COLUMN new_name TO old_name;\n"})
    assert run("apply").code == 0


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE t ADD COLUMN other INT;\n",
        "ALTER TABLE t MODIFY more BIGINT, ADD INDEX (more);\n",
        "CREATE TABLE other (id INT);\n",
        "INSERT INTO t (id) VALUES (1);\n",
    ],
)
def test_a_change_that_breaks_nothing_is_applied(run, shop, statement):
    small_project.write(shop, {CHANGE: statement})
    assert "needs" not in run("plan").out
    assert run("apply").code == 0


def test_a_program_that_was_broken_before_is_no_reason_to_refuse(run, shop, sql):
    small_project.write(shop, {"procedures/q.sql": "CREATE PROCEDURE q() SELECT nothing FROM t;\n"})
    assert run("apply").code == 0
    small_project.write(shop, {CHANGE: "ALTER TABLE t ADD COLUMN other INT;\n"})
    assert run("apply").code == 0


class TestViews:
    """Views on SELECT * have the columns that the table has."""

    @pytest.fixture
    def starred(self, run, shop) -> Path:
        files = {"views/s.sql": "-- comment above\nCREATE VIEW s AS SELECT * FROM t;\n-- touched\n"}
        files["views/ss.sql"] = "CREATE VIEW ss AS SELECT s.*, COUNT(*) OVER () AS n FROM s;\n"
        small_project.write(shop, files)
        assert run("apply").code == 0
        small_project.write(shop, {CHANGE: "ALTER TABLE t ADD COLUMN b INT;\n"})
        return shop

    def test_they_are_planned_and_made_anew_with_a_migration(self, starred, run):
        plan = run("plan").out
        assert "replace view s  views/s.sql\n" in plan
        assert "+    `t`.`b` AS `b`" in plan
        shown = run("apply").out
        assert "replaced view s (what it reads has other columns)\n" in shown
        assert "replaced view ss (what it reads has other columns)\n" in shown
        assert (run("verify").out, run("apply").out) == ("no difference\n", "nothing to do\n")

    def test_one_that_is_old_already_is_told_and_made_anew(self, starred, run, sql):
        sql("ALTER TABLE t ADD COLUMN b INT")
        assert run("baseline", "0002").code == 0
        assert "drifted  view s  views/s.sql what it reads has other columns" in run("status").out
        assert "replace view s  views/s.sql\n" in run("plan").out
        assert "replaced view s (" in run("apply").out
        assert (run("verify").out, run("apply").out) == ("no difference\n", "nothing to do\n")


def test_no_program_of_the_project_is_called_broken_also_when_every_table_changes(empty_database, run, tmp_path, capsys):
    from command_line import runner

    with connect(empty_database) as connection:
        connection.query(f"DROP DATABASE {empty_database.database}")
        connection.query(f"CREATE DATABASE {empty_database.database} COLLATE utf8mb4_0900_ai_ci")
    assert runner(empty_database, capsys, "--project", str(ROOT))("apply").code == 0
    contents = Contents.read(Project(ROOT))
    files = contents.programs, contents.migrations
    with connect(empty_database) as connection:
        assert [str(one) for one in soundness.broken(connection, *files)] == []
        tables = [name for kind, name in rows(connection, NAMES) if kind == "table" and not name.startswith("_")]
    for folder in ("procedures", "triggers", "views", "sql"):
        copytree(ROOT / folder, tmp_path / "school" / folder)
    copyfile(ROOT / "learnhub-db.toml", tmp_path / "school/learnhub-db.toml")
    number = f"{len(contents.migrations) + 1:04}"
    change = "".join(f"ALTER TABLE {name} ADD COLUMN one_more_{at} INT;\n" for at, name in enumerate(tables))
    small_project.write(tmp_path / "school", {f"sql/migrations/{number}-more.sql": change})
    plan = planning.read(Project(tmp_path / "school"), empty_database)
    assert (len(plan.statements), plan.breaks, plan.programs) == (len(tables), [], [])
