"""learnhub-db call: values that fit reach the procedure unchanged, all others are told before anything runs."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from command_line import Run, runner
from learnhub_db.database import Target, connect


@pytest.fixture
def call(empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    run = runner(empty_database, capsys, "--json")
    return lambda *words: run("call", *words)


@pytest.fixture
def call_in_words(empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    run = runner(empty_database, capsys)
    return lambda *words: run("call", *words)


@contextmanager
def account(server: Target, database: str, rights: str) -> Iterator[Target]:
    """A login that has nothing but `rights`, gone afterwards."""
    with connect(server) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE USER {database}@'%' IDENTIFIED BY 'its password'")
        cursor.execute(f"GRANT {rights} TO {database}@'%'")
        try:
            yield Target(server.host, server.port, database, "its password", database, server.unix_socket)
        finally:
            cursor.execute(f"DROP USER {database}@'%'")


PAY = "CREATE PROCEDURE pay(p_student_id INT, p_amount DECIMAL(10,2), OUT p_status VARCHAR(20), p_note TEXT) "
PAY_SAYS = PAY + "BEGIN SET p_status = 'paid'; SELECT p_student_id AS student, p_amount AS amount, p_note AS note; END"
SIGNATURE = "pay(p_student_id int, p_amount decimal(10,2), OUT p_status varchar(20), p_note text)"


@pytest.mark.parametrize(
    "words",
    [
        ("7", "9.50", "thanks"),
        ("p_student_id=7", "p_amount=9.50", "p_note=thanks"),
        ("7", "note=thanks", "amount=9.50"),
        ("7", "P_NOTE=thanks", "Amount=9.50"),
        ("--", "7", "9.50", "thanks"),
    ],
)
def test_values_are_given_by_position_or_by_name(sql, call, words):
    sql(PAY_SAYS)
    assert call("pay", *words).document == {
        "out": {"p_status": "paid"},
        "results": [[{"student": 7, "amount": "9.50", "note": "thanks"}]],
    }


@pytest.mark.parametrize("note", ["a=b", "see https://x.org/?note=1", "p=1", "=", "-- x", "--", "-5", "--json", "-h"])
def test_a_text_with_an_equals_sign_or_a_dash_stays_a_text(sql, call, note):
    sql(PAY_SAYS)
    assert call("pay", "7", "1", note).document["results"][0][0]["note"] == note


def test_a_text_that_looks_like_a_name_is_given_by_name(sql, call):
    sql(PAY_SAYS)
    assert call("pay", "7", "1", "note=p_nope=5").document["results"][0][0]["note"] == "p_nope=5"


@pytest.mark.parametrize(
    "words, error",
    [
        ((), f"pay takes 3 values, not 0 ({SIGNATURE})"),
        (("7", "1"), f"pay takes 3 values, not 2 ({SIGNATURE})"),
        (("7", "1", "x", "y"), f"pay takes 3 values, not 4 ({SIGNATURE})"),
        (("7", "amount=1"), f"pay takes 3 values, not 2 ({SIGNATURE})"),
        (("7", "1", "student_id=8"), f"p_student_id is given twice ({SIGNATURE})"),
        (("7", "amount=1", "p_amount=1"), f"p_amount is given twice ({SIGNATURE})"),
        (("7", "1", "status=paid"), f"p_status is an OUT parameter and takes no value ({SIGNATURE})"),
        (("7", "amuont=1", "x"),
         f"there is no parameter amuont ({SIGNATURE})\nhint: did you mean p_amount? (a text with = in it: give it by name)"),
        (("7", "amount=1", "colour=x"), f"there is no parameter colour ({SIGNATURE})"),
        (("7", "amount=1", "x"), f"'x' stands after a named value ({SIGNATURE})\nhint: name it too, or put it first"),
    ],
)  # fmt: skip
def test_arguments_that_do_not_match_the_parameters_are_told_with_the_signature(sql, call, words, error):
    sql(PAY + "DO 0")
    ran = call("pay", *words)
    assert (ran.code, list(ran.document), ran.err) == (2, ["error"], f"error: {error}\n")


def test_a_name_without_its_p_is_not_taken_where_another_parameter_has_it(sql, call):
    sql("CREATE FUNCTION pair(p_other INT) RETURNS INT DETERMINISTIC RETURN 1")
    sql("CREATE PROCEDURE pair(p_id INT, id INT) SELECT p_id, id")
    assert call("pair", "id=1", "p_id=2").document["results"] == [[{"p_id": 2, "id": 1}]]


def test_an_unknown_procedure_is_told_with_the_nearest_name(sql, call, empty_database):
    sql("CREATE PROCEDURE process_refund() DO 0")
    sql("CREATE PROCEDURE renew() DO 0")
    sql("CREATE FUNCTION proces_refund() RETURNS INT DETERMINISTIC RETURN 1")
    where = f"in {empty_database.database}"
    ran = call("proces_refund")
    assert (ran.code, ran.err) == (
        2, f"error: there is no procedure proces_refund ({where})\nhint: did you mean process_refund?\n"
    )  # fmt: skip
    assert call("x😀").err == f"error: there is no procedure x😀 ({where})\nhint: there are: process_refund, renew\n"


def test_a_database_without_procedures_says_so(call, empty_database):
    assert call("pay").err == (
        f"error: there is no procedure pay (in {empty_database.database})\nhint: the account may call none there\n"
    )


def test_tables_and_out_values_are_printed_in_words(sql, call_in_words):
    sql(
        "CREATE PROCEDURE report(OUT p_total DECIMAL(10,2), OUT p_nothing INT, INOUT p_step INT) BEGIN"
        " SELECT 'Ada' AS name, 5 AS courses UNION ALL SELECT NULL, 12;"
        " SELECT 1 AS id FROM DUAL WHERE FALSE;"
        " SELECT JSON_OBJECT('a', 'é') AS j, X'00ff' AS b, '1e5' AS t;"
        " SET p_total = 10, p_step = p_step + 1; END"
    )
    assert call_in_words("report", "-5").out.splitlines() == [
        "name      courses",
        "------  ---------",
        "Ada             5",
        "NULL           12",
        "",
        "id",
        "----",
        "",
        "j           b       t",
        "----------  ------  ---",
        '{"a": "é"}  0x00ff  1e5',
        "",
        "p_total = 10.00",
        "p_nothing = NULL",
        "p_step = -4",
    ]


def test_three_result_sets_are_three_lists_and_an_empty_one_is_empty(sql, call):
    sql("CREATE PROCEDURE three() BEGIN SELECT 1 AS a; SELECT 2 AS a FROM DUAL WHERE FALSE; SELECT 3 AS a; END")
    assert call("three").document == {"out": {}, "results": [[{"a": 1}], [], [{"a": 3}]]}


def test_columns_of_one_name_are_all_kept(sql, call):
    sql("CREATE PROCEDURE same() SELECT 1 AS a, 2 AS a_2, 3 AS a")
    assert call("same").document["results"] == [[{"a": 1, "a_2": 2, "a_3": 3}]]


def test_a_procedure_without_parameters_or_results_says_that_it_is_done(sql, call_in_words):
    sql("CREATE PROCEDURE quiet() DO 0")
    assert call_in_words("QUIET").out == "done, it returns nothing\n"


def test_names_with_backticks_spaces_and_percent_signs_are_called(sql, call):
    sql("CREATE PROCEDURE `we``ird %s \"name`(`a b` INT, OUT `select` INT) SET `select` = `a b` + 1")
    assert call('we`ird %s "name', "a b=-5").document == {"out": {"select": -4}, "results": []}


def test_what_a_procedure_signals_is_told_with_number_and_text_and_changes_nothing(sql, call):
    sql("CREATE TABLE sales (id INT)")
    sql(
        "CREATE PROCEDURE refuse() BEGIN START TRANSACTION; INSERT INTO sales VALUES (1); SELECT 1 AS early;"
        " SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 30001, MESSAGE_TEXT = 'The course is full'; END"
    )
    sql("CREATE PROCEDURE high() SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 50000, MESSAGE_TEXT = 'above 32767'")
    ran = call("refuse")
    assert (ran.code, ran.document["error"]["code"], ran.err) == (3, "30001", "error: 30001: The course is full\n")
    assert call("high").err == "error: 50000: above 32767\n"
    assert sql("SELECT * FROM sales") == []


def test_a_connection_lost_in_the_middle_is_told(sql, call):
    sql("CREATE PROCEDURE vanish() BEGIN KILL CONNECTION_ID(); DO SLEEP(1); END")
    ran = call("vanish")
    assert ran.code == 3
    assert ran.err.startswith(("error: 1317: Query execution was interrupted", "error: 2013: Lost connection"))


def test_warnings_are_told_and_leave_the_document_clean(sql, call):
    sql("CREATE PROCEDURE warn() SIGNAL SQLSTATE '01000' SET MYSQL_ERRNO = 31000, MESSAGE_TEXT = 'careful'")
    ran = call("warn")
    assert (ran.code, ran.document, ran.err) == (0, {"out": {}, "results": []}, "warning: 31000: careful\n")


def test_a_transaction_left_open_is_told(sql, call):
    sql("CREATE PROCEDURE sell() BEGIN START TRANSACTION; DO 0; END")
    assert call("sell").err == "warning: the procedure left a transaction open, what it changed there is lost\n"


def test_what_a_procedure_changes_stays(sql, call):
    sql("CREATE TABLE sales (id INT)")
    sql("CREATE PROCEDURE sell(p_id INT) INSERT INTO sales VALUES (p_id)")
    assert call("sell", "5").code == 0
    assert sql("SELECT id FROM sales") == [(5,)]


def test_an_account_with_nothing_but_execute_can_call(sql, server, empty_database, capsys):
    sql(PAY_SAYS)
    sql("CREATE PROCEDURE secret() SELECT 'hidden'")
    database = empty_database.database
    with account(server, database, f"EXECUTE ON PROCEDURE {database}.pay") as login:
        run = runner(login, capsys, "--json")
        assert run("call", "pay", "7", "1", "NULL").document["out"] == {"p_status": "paid"}
        assert run("call", "secret").err == f"error: there is no procedure secret (in {database})\nhint: there are: pay\n"


def test_parameters_of_other_character_sets_and_collations_are_called(sql, call, empty_database):
    sql(f"ALTER DATABASE {empty_database.database} CHARACTER SET latin1 COLLATE latin1_swedish_ci")
    sql(
        "CREATE PROCEDURE greet(p_name VARCHAR(20), INOUT p_last VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,"
        " OUT p_same BOOLEAN) BEGIN SET p_same = (p_name = 'ÉVA'), p_last = CONCAT(p_last, '😀'); END"
    )
    assert call("greet", "éva", "Ł").document["out"] == {"p_last": "Ł😀", "p_same": 1}


def test_the_installed_command_calls_too(sql, empty_database):
    sql(PAY_SAYS)
    note = "Zoë's 😀\n" + "x" * 60_000
    command = [sys.executable, "-m", "learnhub_db", "--json", "call", "pay", "-7", "0.10", note]
    environment = os.environ | {"LEARNHUB_DB_URL": empty_database.url}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert '"student": -7' in done.stdout and '"amount": "0.10"' in done.stdout and "x" * 60_000 in done.stdout
