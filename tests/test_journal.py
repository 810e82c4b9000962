"""What the journal knows of a migration that stopped, and how it goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

import interruptions
import small_project
from applying import ask
from command_line import Run, runner
from learnhub_db import deployment
from learnhub_db.database import Target
from learnhub_db.errors import DatabaseRefused, UsageError
from learnhub_db.project import Project

FILE = "sql/migrations/0001-a.sql"
START = "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, n INT);\nINSERT INTO a (n) VALUES (1);\n"


@pytest.fixture
def run(tmp_path: Path, empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(empty_database, capsys, "--project", str(tmp_path))


def apply(root: Path, target: Target, text: str, resume: str | None = None) -> list[str]:
    small_project.write(root, {FILE: text})
    return [act.note.rsplit(",", 1)[0] for act in deployment.apply(Project(root), target, resume=resume)]


class TestAFailedMigration:
    def test_its_rest_may_be_edited_and_is_picked_up(self, tmp_path, empty_database):
        with pytest.raises(DatabaseRefused):
            apply(tmp_path, empty_database, START + "INSERT INTO b VALUES (1);\n")
        again = START + "-- mended\nINSERT INTO a (n) VALUES (2);\nINSERT INTO a (n) VALUES (3);\n"
        assert apply(tmp_path, empty_database, again) == ["from statement 3 of 4 on"]
        assert ask(empty_database, "SELECT id, n FROM a") == [(1, 1), (2, 2), (3, 3)]
        assert ask(empty_database, "SELECT * FROM _learnhub_journal") == []

    def test_an_edit_of_what_has_run_is_refused_with_its_line(self, tmp_path, empty_database):
        with pytest.raises(DatabaseRefused):
            apply(tmp_path, empty_database, START + "INSERT INTO b VALUES (1);\n")
        with pytest.raises(UsageError) as refusal:
            apply(tmp_path, empty_database, START.replace("VALUES (1)", "VALUES (5)") + "DO 1;\n")
        assert str(refusal.value) == (
            f"statement 2, which has run, has changed ({FILE}:2)\nhint: restore it: what has not run yet may be edited"
        )
        with pytest.raises(UsageError) as refusal:
            apply(tmp_path, empty_database, START.splitlines()[0])
        assert str(refusal.value).startswith(f"statement 2, which has run, is gone ({FILE})\nhint: restore it")

    def test_comments_and_lines_may_move(self, tmp_path, empty_database):
        with pytest.raises(DatabaseRefused):
            apply(tmp_path, empty_database, START + "INSERT INTO b VALUES (1);\n")
        assert apply(tmp_path, empty_database, f"-- more\n\n{START}") == ["from statement 3 of 2 on"]

    def test_a_transaction_of_the_file_is_undone_as_a_whole(self, tmp_path, empty_database):
        text = START + "START TRANSACTION;\nINSERT INTO a (n) VALUES (2);\nINSERT INTO b VALUES (1);\nCOMMIT;\n"
        with pytest.raises(DatabaseRefused) as refusal:
            apply(tmp_path, empty_database, text)
        assert refusal.value.hint == (
            "the 2 statements before it are done and stay: fix the rest of the file, then apply again"
        )
        assert ask(empty_database, "SELECT n FROM a") == [(1,)]
        apply(tmp_path, empty_database, text.replace("INTO b", "INTO a (n)"))
        assert ask(empty_database, "SELECT n FROM a") == [(1,), (2,), (1,)]

    @pytest.mark.parametrize("choice", ["done", "skip"])
    def test_its_statement_can_be_passed_over(self, tmp_path, empty_database, choice):
        text = START + "INSERT INTO b VALUES (1);\nINSERT INTO a (n) VALUES (2);\n"
        with pytest.raises(DatabaseRefused):
            apply(tmp_path, empty_database, text)
        assert apply(tmp_path, empty_database, text, choice) == ["from statement 4 of 4 on"]
        assert ask(empty_database, "SELECT n FROM a") == [(1,), (2,)]

    def test_nothing_is_resumed_where_nothing_stopped(self, tmp_path, run):
        small_project.write(tmp_path, {FILE: START})
        ran = run("apply", "--resume", "again")
        assert (ran.code, ran.err) == (2, "error: no migration has stopped half-way (--resume)\nhint: apply without it\n")


COMMITS = """\
CREATE TABLE a (n INT);
DELIMITER //
CREATE PROCEDURE steps() BEGIN INSERT INTO a VALUES (1); COMMIT; DO SLEEP(9); END //
DELIMITER ;
CALL steps();
INSERT INTO a VALUES (3);
"""


class TestAStatementNobodyCanTellOf:
    @pytest.fixture
    def killed(self, tmp_path: Path, empty_database: Target) -> Path:
        """A project whose client was killed in a procedure that had committed a part."""
        small_project.write(tmp_path, {FILE: COMMITS})
        proxy = interruptions.Proxy(empty_database)
        with proxy.open() as target:
            client = interruptions.start(interruptions.apply, target, tmp_path)
            interruptions.until(lambda: ask_quietly(empty_database, "SELECT n FROM a") == [(1,)])
            interruptions.kill_the_client(proxy, client)
            ask(empty_database, f"KILL {proxy.connection_id}")
        return tmp_path

    def test_apply_stops_with_the_three_ways_on(self, killed, run, empty_database):
        line = (
            f"error: the procedure that statement 3 calls committed a part of its work ({FILE}:5)\nhint: "
            "look at the database, then apply --resume done, again or skip\n"
        )
        ran = run("apply")
        assert (ran.code, ran.err) == (3, line)
        assert run("apply").err == line
        assert run("status").out.startswith(f"stopped  migration 0001-a  {FILE} at statement 3 of 4 (line 5)\n")
        assert run("apply", "--resume", "skip").code == 0
        assert ask(empty_database, "SELECT n FROM a") == [(1,), (3,)]

    def test_it_runs_again_where_the_operator_says_so(self, killed, run, empty_database):
        ask(empty_database, "DROP PROCEDURE steps")
        ask(empty_database, "CREATE PROCEDURE steps() INSERT INTO a VALUES (4)")
        assert run("apply", "--resume", "again").code == 0
        assert ask(empty_database, "SELECT n FROM a") == [(1,), (4,), (3,)]


    def test_rows_of_an_engine_without_transactions_are_not_guessed_at(self, tmp_path, run, empty_database):
        text = "CREATE TABLE m (n INT) ENGINE = MyISAM;\nINSERT INTO m VALUES (1), (2);\n"
        small_project.write(tmp_path, {FILE: text})
        insert = interruptions.number_of(empty_database, "INSERT INTO m", interruptions.apply, tmp_path)
        ask(empty_database, f"DROP DATABASE {empty_database.database}")
        ask(empty_database.named("mysql"), f"CREATE DATABASE {empty_database.database}")
        with interruptions.at(empty_database, insert, interruptions.apply, tmp_path) as (proxy, client):
            interruptions.kill_the_client(proxy, client)
        ran = run("apply")
        assert ran.code == 3
        assert ran.err.startswith(f"error: it cannot be told whether statement 2 ran ({FILE}:2)\nhint: look at the database")
        assert run("apply", "--resume", "done").code == 0
        assert ask(empty_database, "SELECT n FROM m") == [(1,), (2,)]


def ask_quietly(target: Target, sql: str) -> list[tuple]:
    try:
        return ask(target, sql)
    except Exception:  # the table is not there yet
        return []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("LOCK TABLES a WRITE", "the migration holds a LOCK ({})\nhint: remove it (mysqldump --skip-add-locks)"),
        ("XA START 'a'", "the migration holds a XA ({})\nhint: remove it"),
        ("SET TRANSACTION READ ONLY", "the migration sets one transaction ({})\nhint: write SET SESSION TRANSACTION"),
        ("SET max_join_size = (SELECT 5)", "a session variable is set from a query ({})\nhint: write SET @value"),
        ("SELECT ROW_COUNT()", "the migration asks for ROW_COUNT() ({})\nhint: put it and the statement that it counts"),
        (
            "CREATE TEMPORARY TABLE t (id INT);\nCREATE TABLE b (id INT);\nINSERT INTO b SELECT * FROM t",
            "a statement that may commit stands where t is in use ({})\nhint: a crash would lose the table",
        ),
    ],
)
def test_what_could_not_be_taken_up_again_is_refused_before_anything_runs(tmp_path, empty_database, text, message):
    line = 4 if "TEMPORARY" in text else 3
    with pytest.raises(UsageError) as refusal:
        apply(tmp_path, empty_database, f"{START}{text};\n")
    assert str(refusal.value).startswith(message.format(f"{FILE}:{line}"))
    assert ask(empty_database, "SHOW TABLES LIKE 'a'") == []


def test_no_state_of_a_session_passes_from_file_to_file(tmp_path, empty_database):
    files = {
        "sql/migrations/0001-a.sql": "SET @a = 5, SESSION group_concat_max_len = 7;\nSET time_zone = '+05:00';\n",
        "sql/migrations/0002-b.sql": "CREATE TABLE b AS SELECT @a AS a, @@group_concat_max_len AS l, @@time_zone z;\n",
    }
    deployment.apply(Project(small_project.write(tmp_path, files)), empty_database)
    assert ask(empty_database, "SELECT a, l, z FROM b") == [(None, 1024, "+00:00")]


REMEMBERING = """\
CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(50));
SET @a = 'x', @B := 2;
SET @c = CONCAT(@a, '-', @b), @d = @a;
SELECT 7 INTO @b;
SET @d = @b + 1, @a = @a;
PREPARE one FROM 'INSERT INTO t (v) VALUES (CONCAT(?, ''1''))';
ALTER TABLE t COMMENT 'a';
EXECUTE one USING @c;
SET @sql = CONCAT('INSERT INTO t (v) VALUES (CONCAT(?, ''', @b, '''))');
PREPARE one FROM @sql;
SET @sql = 'INSERT INTO t (v) VALUES (CONCAT(''3'', ?))';
PREPARE two FROM @sql;
SELECT 'INSERT INTO t (v) VALUES (CONCAT(''4'', ?))' INTO @sql;
PREPARE three FROM @sql;
SET @`the sign` = '"', sql_mode = 'ANSI_QUOTES';
ALTER TABLE "t" COMMENT 'b';
EXECUTE one USING @d;
EXECUTE two USING @a;
DEALLOCATE PREPARE two;
EXECUTE three USING @a;
INSERT INTO t (v) VALUES (@a), (@b), (@c), (@d), (@`the sign`), (@sql);
"""


@pytest.mark.parametrize("place", range(1, REMEMBERING.count(";\n") - 1))
def test_what_a_session_remembers_is_there_again_after_each_statement(tmp_path, empty_database, place):
    """Said by the file or computed by the server, and where one came after the other; also after a second stop."""
    statements = REMEMBERING.split(";\n")
    for stop in (place, len(statements) - 3):
        with pytest.raises(DatabaseRefused):
            apply(tmp_path, empty_database, ";\n".join([*statements[:stop], "BROKEN", *statements[stop:]]))
    apply(tmp_path, empty_database, REMEMBERING)
    seen = [v for (v,) in ask(empty_database, "SELECT v FROM t ORDER BY id")]
    assert seen[:4] == ["x-21", "87", "3x", "4x"]
    assert seen[4:] == ["x", "7", "x-2", "8", '"', "INSERT INTO t (v) VALUES (CONCAT('4', ?))"]


@pytest.mark.parametrize(
    ("before", "after", "seen"),
    [
        ("SET @a = 'en', @b = 'de'; SELECT 'en' INTO @b; SET @a = @b;", "SELECT @a", "en"),
        ("SET @q = 'DO 1', @v = 'x'; SELECT 'DO 1' INTO @v; SET @q = @v; SELECT 'DO 2' INTO @v;", "SELECT @q", "DO 1"),
        ("SET @a = 'x'; SET @a = CONCAT(@a, 'y'), @b = @a;", "SELECT CONCAT(@a, @b)", "xyx"),
        ("SET @a = 'x' COLLATE utf8mb4_bin; SET NAMES latin1;", "SELECT CONCAT(@a, COLLATION(@a))", "xutf8mb4_bin"),
        ("SET @a = 'it\\'s'; SET sql_mode = 'NO_BACKSLASH_ESCAPES';", "SELECT @a", "it's"),
        ("SET @a = _next();", "SELECT CONCAT(@a, ' of ', COUNT(*)) FROM t", "1 of 1"),
        ("SET @a = x();", "SELECT CONCAT(@a, ' of ', COUNT(*)) FROM t", "1 of 1"),
        ("SET @q = 0x444F2031; PREPARE p FROM @q; DEALLOCATE PREPARE p;", "SELECT HEX(@q)", "444F2031"),
        ("PREPARE p FROM 'INSERT INTO gone VALUES (1)'; EXECUTE p; DROP TABLE gone;", "SELECT COUNT(*) FROM t", "0"),
        ("PREPARE /* it */ p FROM 'INSERT INTO t VALUES (5)'; DO 0;", "EXECUTE p; SELECT COUNT(*) FROM t", "1"),
        ("SET @n = 1; START TRANSACTION; SELECT @n + 1 INTO @n;", "COMMIT; SELECT @n", "2"),
        ("SET @n = 0;", "INSERT INTO u SELECT 1, @n := @n + 1 UNION ALL SELECT {other}, @n := @n + 1; SELECT @n", "2"),
    ],
)
def test_what_a_failed_migration_goes_on_with(tmp_path, empty_database, before, after, seen):
    """The same as if it had not failed, in the statement after or in the middle of a transaction."""
    functions = "".join(
        f"CREATE FUNCTION {name}() RETURNS INT DETERMINISTIC MODIFIES SQL DATA"
        " BEGIN INSERT INTO t VALUES (1); RETURN (SELECT COUNT(*) FROM t); END $$\n"
        for name in ("_next", "x")
    )
    tables = "CREATE TABLE t (n INT);\nCREATE TABLE u (id INT PRIMARY KEY, n INT);\nCREATE TABLE gone (n INT);\n"
    start = f"{tables}DELIMITER $$\n{functions}DELIMITER ;\n" + before.replace("; ", ";\n")
    *steps, last = after.split("; ")
    end = ";\n".join([*steps, f"CREATE TABLE seen AS {last};\n"])
    broken = "" if "{other}" in end else "INSERT INTO missing VALUES (1);\n"
    with pytest.raises(DatabaseRefused):
        apply(tmp_path, empty_database, f"{start}\n{broken}{end}".format(other=1))
    apply(tmp_path, empty_database, f"{start}\n{end}".format(other=2))
    assert [str(one) for (one,) in ask(empty_database, "SELECT * FROM seen")] == [seen]
