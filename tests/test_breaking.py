"""The kinds of breaking: what uses a table in which way, what a migration does to it, and what only looks broken."""

from __future__ import annotations

from pathlib import Path

import pytest

from command_line import Run
from small_project import write

TABLES = "sql/migrations/0001-tables.sql"
CHANGE = "sql/migrations/0002-change.sql"
START = """\
CREATE TABLE t (id INT PRIMARY KEY, old_name INT, other INT, KEY by_other (other));
CREATE TABLE u (id INT PRIMARY KEY, note VARCHAR(20));
CREATE FUNCTION made(p INT) RETURNS INT DETERMINISTIC RETURN p + 1;
CREATE PROCEDURE done() SET @done = 1;
CREATE TABLE parted (id INT) PARTITION BY RANGE (id)
    (PARTITION low VALUES LESS THAN (9), PARTITION high VALUES LESS THAN MAXVALUE);
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with two tables and nothing that uses them."""
    return write(tmp_path, {TABLES: START})


def routine(body: str, head: str = "PROCEDURE p(IN a INT, OUT b INT)") -> str:
    return f"-- One.\nDELIMITER $$\nCREATE {head}\nBEGIN\n{body}\nEND $$\nDELIMITER ;\n"


TRIGGER = "CREATE TRIGGER tg BEFORE INSERT ON t FOR EACH ROW SET NEW.old_name = COALESCE(NEW.old_name, 0);\n"
RENAME = "ALTER TABLE t RENAME COLUMN old_name TO new_name;\n"
F = "CREATE FUNCTION f(x INT) RETURNS INT READS SQL DATA"
ON_U = "TRIGGER tg AFTER INSERT ON u FOR EACH ROW"
P, TG, V, EV = "procedures/p.sql", "triggers/tg.sql", "views/v.sql", "sql/events/ev.sql"

BREAKS = {
    "a column of a trigger's own row": (RENAME, {TG: TRIGGER}, "trigger tg (triggers/tg.sql:1): 1054"),
    "a column in a trigger's body": (
        RENAME,
        {TG: routine("  INSERT INTO t (id, old_name) VALUES (NEW.id, 1);", ON_U)},
        "trigger tg (triggers/tg.sql:5): 1054",
    ),
    "a dropped column of a procedure": (
        "ALTER TABLE t DROP COLUMN old_name;\n",
        {P: routine("  SELECT id,\n    old_name\n  INTO a, b FROM t WHERE id = a;")},
        "procedure p (procedures/p.sql:5): 1054: Unknown column 'old_name' in 'field list'",
    ),
    "a query in a condition": (
        RENAME,
        {P: routine("  IF a > 0 THEN\n    IF EXISTS (SELECT 1 FROM t WHERE old_name = a) THEN DO 1; END IF; END IF;")},
        "procedure p (procedures/p.sql:6): 1054",
    ),
    "a query in a SET": (RENAME, {P: routine("  SET b = (SELECT MAX(old_name) FROM t);")}, "p.sql:5): 1054"),
    "a cursor": (
        RENAME,
        {P: routine("  DECLARE c CURSOR FOR SELECT old_name FROM t LIMIT a;\n  OPEN c;\n  CLOSE c;")},
        "p.sql:5): 1054",
    ),
    "a statement of a handler": (
        RENAME,
        {P: routine("  DECLARE EXIT HANDLER FOR NOT FOUND, SQLSTATE '23000' UPDATE t SET old_name = 1;\n  SET b = 1;")},
        "p.sql:5): 1054",
    ),
    "what a function returns": (
        RENAME,
        {"procedures/f.sql": f"{F}\nRETURN (SELECT MAX(old_name) FROM t);\n"},
        "function f (procedures/f.sql:2): 1054",
    ),
    "a column named like a parameter and a local": (
        RENAME,
        {P: routine("  DECLARE other INT;\n  INSERT INTO t (id, other, old_name) VALUES (a, other, b);")},
        "procedure p (procedures/p.sql:6): 1054",
    ),
    "an argument of a CALL": (
        RENAME,
        {
            P: routine("  CALL q((SELECT MAX(old_name) FROM t));"),
            "procedures/q.sql": "CREATE PROCEDURE q(x INT) DO x;\n",
        },
        "procedure p (procedures/p.sql:5): 1054",
    ),
    "a partition that is named": (
        "ALTER TABLE parted DROP PARTITION low;\n",
        {P: routine("  SELECT COUNT(*) INTO b FROM parted PARTITION (low);")},
        "procedure p (procedures/p.sql:5): 1735",
    ),
    "a procedure of a migration": (
        "DROP PROCEDURE done;\n",
        {P: routine("  CALL done();")},
        "procedure p (procedures/p.sql:5): 1305",
    ),
    "an event": (
        "DROP TABLE u;\n",
        {EV: "CREATE EVENT ev ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM u;\n"},
        "event ev (sql/events/ev.sql:1): 1146",
    ),
    "a view": (RENAME, {V: "CREATE VIEW v AS SELECT old_name FROM t;\n"}, "view v (views/v.sql:1): 1054"),
    "a view of a dropped table": (
        "DROP TABLE u;\n",
        {V: "CREATE VIEW v AS SELECT id FROM u;\n"},
        "view v (views/v.sql:1): 1146",
    ),
    "a view of all columns of a view": (
        "ALTER TABLE t DROP COLUMN old_name;\n",
        {V: "CREATE VIEW v AS SELECT * FROM t;\n", "views/w.sql": "CREATE VIEW w AS SELECT id, old_name FROM v;\n"},
        "view w (views/w.sql:1): 1054",
    ),
    "a procedure that reads such a view": (
        "ALTER TABLE t DROP COLUMN old_name;\n",
        {V: "CREATE VIEW v AS SELECT * FROM t;\n", P: routine("  SELECT old_name INTO b FROM v LIMIT 1;")},
        "procedure p (procedures/p.sql:5): 1054",
    ),
    "a table with another name": (
        "RENAME TABLE t TO t2;\n",
        {P: routine("  DELETE FROM t WHERE id = a;")},
        "procedure p (procedures/p.sql:5): 1146",
    ),
    "the table of a trigger": ("RENAME TABLE t TO t2;\n", {TG: TRIGGER}, "trigger tg (triggers/tg.sql:1): 1146"),
    "an INSERT without columns": (
        "ALTER TABLE u ADD COLUMN more INT;\n",
        {P: routine("  INSERT INTO u VALUES (a, 'x');")},
        "procedure p (procedures/p.sql:5): 1136",
    ),
    "a column of two tables": (
        "ALTER TABLE u ADD COLUMN old_name INT;\n",
        {P: routine("  SELECT old_name INTO b FROM t JOIN u USING (id) LIMIT 1;")},
        "procedure p (procedures/p.sql:5): 1052",
    ),
    "more columns than variables": (
        "ALTER TABLE u ADD COLUMN more INT;\n",
        {P: routine("  DECLARE c VARCHAR(20);\n  SELECT * INTO b, c FROM u LIMIT 1;")},
        "procedure p (procedures/p.sql:6): 1222",
    ),
    "an index that is named": (
        "ALTER TABLE t DROP KEY by_other;\n",
        {P: routine("  SELECT id INTO b FROM t FORCE INDEX (by_other) LIMIT 1;")},
        "procedure p (procedures/p.sql:5): 1176",
    ),
    "a column that becomes generated": (
        "ALTER TABLE t DROP COLUMN old_name, ADD COLUMN old_name INT AS (id + 1) STORED;\n",
        {P: routine("  UPDATE t SET old_name = a;")},
        "procedure p (procedures/p.sql:5): 3105",
    ),
    "a function of a migration": (
        "DROP FUNCTION made;\n",
        {P: routine("  SET b = made(a);")},
        "procedure p (procedures/p.sql:5): 1305",
    ),
    "a procedure that a migration has made": (
        RENAME,
        {TABLES: START + "CREATE PROCEDURE theirs() SELECT old_name FROM t;\n"},
        "procedure theirs (no file makes it): 1054",
    ),
    "a trigger that a migration has made": (
        "ALTER TABLE u DROP COLUMN note;\n",
        {TABLES: START + "CREATE TRIGGER theirs AFTER INSERT ON t FOR EACH ROW DELETE FROM u WHERE note = '';\n"},
        "trigger theirs (no file makes it): 1054",
    ),
    "a rename in a string": (
        "PREPARE s FROM 'ALTER TABLE t RENAME COLUMN old_name TO new_name';\nEXECUTE s;\nDEALLOCATE PREPARE s;\n",
        {P: routine("  DELETE FROM t WHERE old_name = a;")},
        "procedure p (procedures/p.sql:5): 1054",
    ),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_what_a_migration_breaks_is_planned_and_nothing_runs(run: Run, shop, sql, kind):
    change, programs, told = BREAKS[kind]
    write(shop, programs)
    assert run("apply").code == 0
    write(shop, {CHANGE: change})
    plan = run("plan")
    assert plan.code == 1
    breaks = [line for line in plan.out.splitlines() if line.startswith("needs --allow-broken: breaks ")]
    assert len(breaks) == 1 and told in breaks[0]
    assert f"; by {CHANGE}:" in breaks[0]
    before = sql("SHOW CREATE TABLE t")
    refused = run("apply")
    assert refused.code == 2
    assert refused.err.startswith("error: the migrations break the ")
    assert sql("SHOW CREATE TABLE t") == before


def test_it_is_applied_where_somebody_says_so_and_goes_on_to_be_told(run: Run, shop):
    write(shop, {TG: TRIGGER})
    run("apply")
    write(shop, {CHANGE: RENAME})
    applied = run("apply", "--allow-broken")
    broken = "broken trigger tg (triggers/tg.sql:1: 1054: Unknown column 'old_name' of t)\n"
    assert applied.code == 0
    assert broken in applied.out
    assert "broken   trigger tg  triggers/tg.sql:1 1054: Unknown column 'old_name' of t" in run("status").out
    assert run("apply").out == broken
    write(shop, {TG: TRIGGER.replace("old_name", "new_name")})
    assert run("apply").out == "replaced trigger tg\n"
    assert run("apply").out == "nothing to do\n"
    assert "broken" not in run("status").out


HELPER = "CREATE PROCEDURE helper() ALTER TABLE t RENAME COLUMN old_name TO new_name;\n"


def test_what_a_procedure_does_for_a_migration_is_not_foreseen_and_told_afterwards(run: Run, shop):
    write(shop, {TABLES: START + HELPER, P: routine("  DELETE FROM t WHERE old_name = a;")})
    assert run("apply").code == 0
    write(shop, {CHANGE: "CALL helper();\n"})
    assert "needs" not in run("plan").out
    applied = run("apply")
    broken = "broken procedure p (procedures/p.sql:5: 1054: Unknown column 'old_name' in 'where clause')\n"
    assert applied.out.endswith(broken)
    assert run("apply").out == broken


def test_what_somebody_breaks_past_the_files_is_told(run: Run, shop, sql):
    write(shop, {V: "CREATE VIEW v AS SELECT note FROM u;\n", P: routine("  DELETE FROM t WHERE old_name = a;")})
    run("apply")
    sql("ALTER TABLE t DROP COLUMN old_name")
    sql("DROP TABLE u")
    status = run("status").out
    assert "broken   procedure p  procedures/p.sql:5 1054" in status
    assert "broken   view v  views/v.sql:1 1356" in status


def test_a_new_file_that_waits_for_its_migration_is_not_called_broken(run: Run, shop):
    write(shop, {TG: TRIGGER})
    run("apply")
    write(shop, {CHANGE: RENAME, TG: TRIGGER.replace("old_name", "new_name")})
    assert "broken" not in run("status").out


def test_a_temporary_table_that_another_program_makes_is_not_missing(run: Run, shop, sql):
    maker = routine("  CREATE TEMPORARY TABLE told (z INT);", "PROCEDURE maker()")
    write(shop, {P: routine("  INSERT INTO told (z) VALUES (a);"), "procedures/maker.sql": maker})
    run("apply")
    sql("ALTER TABLE u ADD COLUMN more INT")
    assert run("apply").out == "nothing to do\n"
    assert "broken" not in run("status").out


def test_verify_names_the_file_that_builds_no_more(run: Run, shop, sql):
    write(shop, {TG: TRIGGER})
    run("apply")
    write(shop, {CHANGE: RENAME})
    run("apply", "--allow-broken")
    verified = run("verify")
    assert verified.code == 3
    assert verified.err.startswith(
        "error: 1054: Unknown column 'old_name' in 'NEW' (triggers/tg.sql:1)\n"
        "hint: it does not fit the tables that the migrations make\n"
    )


FITS = {
    "it breaks and repairs": {
        CHANGE: RENAME,
        "sql/migrations/0003-back.sql": "ALTER TABLE t RENAME COLUMN new_name TO old_name;\n",
    },
    "the new file fits": {CHANGE: RENAME, P: routine("  DELETE FROM t WHERE new_name = a;")},
    "a column that nobody names": {CHANGE: "ALTER TABLE t DROP COLUMN other;\n"},
    "a new column": {CHANGE: "ALTER TABLE t ADD COLUMN more INT;\n"},
    "a new table": {CHANGE: "CREATE TABLE more (id INT PRIMARY KEY);\n"},
}


@pytest.mark.parametrize("kind", FITS)
def test_what_fits_at_the_end_is_applied(run: Run, shop, kind):
    write(shop, {P: routine("  DELETE FROM t WHERE old_name = a;")})
    run("apply")
    write(shop, FITS[kind])
    assert "needs" not in run("plan").out
    assert run("apply").code == 0
    assert run("apply").out == "nothing to do\n"


QUIET = {
    "a temporary table of that name": "  CREATE TEMPORARY TABLE t (z INT);\n  INSERT INTO t (z) VALUES (a);",
    "a temporary table of its own": "  CREATE TEMPORARY TABLE mine (z INT);\n  INSERT INTO mine SELECT id FROM t;",
    "a local named like the column": "  DECLARE old_name INT;\n  SELECT id INTO old_name FROM t LIMIT 1;",
    "a string": "  SET @text = 'SELECT old_name FROM t';",
    "a comment": "  DELETE FROM t WHERE id = a;  -- not old_name",
    "a CASE among statements": (
        "  DECLARE old_name INT DEFAULT 1;\n  CASE old_name WHEN 1 THEN SET b = CASE a WHEN 2 THEN 3 ELSE 4 END;\n"
        "  ELSE BEGIN END; END CASE;\n  l: LOOP LEAVE l; END LOOP l;\n  REPEAT SET a = a + 1; UNTIL a > 5 END REPEAT;\n"
        "  WHILE a > 0 DO SET a = a - 1; END WHILE;\n  SELECT id FROM t LIMIT a, old_name;"
    ),
}


@pytest.mark.parametrize("kind", QUIET)
def test_what_only_looks_broken_is_not_told(run: Run, shop, kind):
    write(shop, {P: routine(QUIET[kind])})
    run("apply")
    write(shop, {CHANGE: RENAME})
    assert run("apply").code == 0
    assert "broken" not in run("status").out
