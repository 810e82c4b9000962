"""The values of a call: of every type what fits arrives unchanged, and what does not fit never reaches the server."""

from __future__ import annotations

import re

import pytest

from command_line import Run, runner
from learnhub_db.database import Target


@pytest.fixture
def call(empty_database: Target, capsys: pytest.CaptureFixture[str]) -> Run:
    run = runner(empty_database, capsys, "--json")
    return lambda *words: run("call", *words)


# type, what is typed, what comes back from SELECT and from OUT
FITTING = [
    ("TINYINT", "-128", -128),
    ("TINYINT UNSIGNED", "255", 255),
    ("SMALLINT", "+32767", 32767),
    ("SMALLINT UNSIGNED", "65535", 65535),
    ("MEDIUMINT", "-8388608", -8388608),
    ("MEDIUMINT UNSIGNED", "16777215", 16777215),
    ("INT", "-2147483648", -2147483648),
    ("INT UNSIGNED", "4294967295", 4294967295),
    ("BIGINT", "-9223372036854775808", -9223372036854775808),
    ("BIGINT UNSIGNED", "18446744073709551615", 18446744073709551615),
    ("BOOLEAN", "true", 1),
    ("BOOLEAN", "No", 0),
    ("TINYINT(1)", "yes", 1),
    ("TINYINT(1)", "0", 0),
    ("DECIMAL(10,2)", "-99999999.99", "-99999999.99"),
    ("DECIMAL(10,2)", "0.10", "0.10"),
    ("DECIMAL(10,2)", "007.5000", "7.50"),
    ("DECIMAL(10,2)", ".5", "0.50"),
    ("DECIMAL(2,2) UNSIGNED", "0.99", "0.99"),
    ("DECIMAL(65,30)", "12345678901234567890123456789012345.123456789012345678901234567891",
     "12345678901234567890123456789012345.123456789012345678901234567891"),
    ("FLOAT", "1.1", 1.1),
    ("FLOAT", "-3.4028e38", -3.4028e38),
    ("DOUBLE", "1e-300", 1e-300),
    ("DOUBLE", "0.1", 0.1),
    ("BIT(7)", "127", 127),
    ("BIT(64)", "0xffffffffffffffff", 18446744073709551615),
    ("BIT(3)", "0b101", 5),
    ("YEAR", "1901", 1901),
    ("YEAR", "2155", 2155),
    ("YEAR", "0000", 0),
    ("DATE", "2028-02-29", "2028-02-29"),
    ("DATE", "9999-12-31", "9999-12-31"),
    ("DATETIME(6)", "2026-03-01T12:30:00.123456", "2026-03-01 12:30:00.123456"),
    ("DATETIME(6)", "2026-03-01 12:30", "2026-03-01 12:30:00.000000"),
    ("DATETIME", "2026-03-01", "2026-03-01 00:00:00"),
    ("DATETIME", "2026-03-01 12:30:00.000", "2026-03-01 12:30:00"),
    ("TIMESTAMP", "1970-01-01 00:00:01", "1970-01-01 00:00:01"),
    ("TIMESTAMP(3)", "2038-01-19 03:14:07.499", "2038-01-19 03:14:07.499"),
    ("TIME", "838:59:59", "838:59:59"),
    ("TIME(3)", "-25:00:00.5", "-25:00:00.500"),
    ("TIME", "07:30", "07:30:00"),
    ("CHAR(3)", "äöü", "äöü"),
    ("VARCHAR(5)", "😀😀😀😀😀", "😀😀😀😀😀"),
    ("VARCHAR(40)", "it's -- \"so\"; # /* \\ %s", "it's -- \"so\"; # /* \\ %s"),
    ("VARCHAR(40)", "a\0b\nc\x1a", "a\0b\nc\x1a"),
    ("VARCHAR(40)", "", ""),
    ("VARCHAR(40)", "null", "null"),
    ("VARCHAR(40)", "'NULL'", "NULL"),
    ("VARCHAR(40)", "''NULL''", "'NULL'"),
    ("VARCHAR(40)", "1=1", "1=1"),
    ("VARCHAR(40)", "-5", "-5"),
    ("VARCHAR(40)", "--help", "--help"),
    ("VARCHAR(40) CHARACTER SET latin1", "café", "café"),
    ("TINYTEXT", "x" * 255, "x" * 255),
    ("LONGTEXT", "ß" * 3_000_000, "ß" * 3_000_000),
    ("ENUM('it''s', 'a,b', 'x\\\\y', 'two\\nlines', 'é')", "it's", "it's"),
    ("ENUM('it''s', 'a,b', 'x\\\\y', 'two\\nlines', 'é')", "x\\y", "x\\y"),
    ("ENUM('it''s', 'a,b', 'x\\\\y', 'two\\nlines', 'é')", "two\nlines", "two\nlines"),
    ("ENUM('it''s', 'a,b', 'x\\\\y', 'two\\nlines', 'é')", "É", "é"),
    ("SET('red', 'green')", "green,red", "red,green"),
    ("SET('red', 'green')", "", ""),
    ("BINARY(2)", "0x01", "0x0100"),
    ("VARBINARY(4)", "0x00ff275c", "0x00ff275c"),
    ("BLOB", "0x", "0x"),
    ("LONGBLOB", "0x" + "00ff" * 500_000, "0x" + "00ff" * 500_000),
    ("JSON", '{"price": 9.5, "tags": ["a\'b", null, true]}', {"price": 9.5, "tags": ["a'b", None, True]}),
    ("JSON", '"text"', "text"),
    ("POINT", "0x000000000101000000000000000000f03f0000000000000040",
     "0x000000000101000000000000000000f03f0000000000000040"),
    ("VECTOR(2)", "0x0000803f00000040", "0x0000803f00000040"),
]  # fmt: skip


@pytest.mark.parametrize("kind, typed, stored", FITTING, ids=lambda value: str(value)[:30])
def test_a_value_that_fits_comes_back_from_a_result_set_and_from_out_and_inout(sql, call, kind, typed, stored):
    sql(
        f"CREATE PROCEDURE echo(p_in {kind}, OUT p_out {kind}, INOUT p_both {kind})"
        " BEGIN SET p_out = p_in; SELECT p_in AS answer; END"
    )
    ran = call("echo", typed, typed)
    assert ran.code == 0, ran.err
    assert ran.document == {"out": {"p_out": stored, "p_both": stored}, "results": [[{"answer": stored}]]}


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in FITTING}))
def test_NULL_is_null_for_every_type(sql, call, kind):
    sql(f"CREATE PROCEDURE is_null(p_value {kind}, OUT p_nothing {kind}) SELECT p_value IS NULL AS answer")
    assert call("is_null", "NULL").document == {"out": {"p_nothing": None}, "results": [[{"answer": 1}]]}


# type, what is typed, the hint
MISFITS = [
    ("TINYINT", "128", "write a whole number from -128 to 127"),
    ("TINYINT UNSIGNED", "-1", "write a whole number from 0 to 255"),
    ("SMALLINT", "-32769", "write a whole number from -32768 to 32767"),
    ("MEDIUMINT", "8388608", "write a whole number from -8388608 to 8388607"),
    ("INT", "2147483648", "write a whole number from -2147483648 to 2147483647"),
    ("INT", "1.0", "write a whole number from -2147483648 to 2147483647"),
    ("INT", "", "write a whole number from -2147483648 to 2147483647"),
    ("INT", "٣", "write a whole number from -2147483648 to 2147483647"),
    ("INT", "1; DROP TABLE x", "write a whole number from -2147483648 to 2147483647"),
    ("BIGINT", "9223372036854775808", "write a whole number from -9223372036854775808 to 9223372036854775807"),
    ("BIGINT UNSIGNED", "18446744073709551616", "write a whole number from 0 to 18446744073709551615"),
    ("BOOLEAN", "perhaps", "write true, false, yes, no, or a whole number from -128 to 127"),
    ("BOOLEAN", "128", "write true, false, yes, no, or a whole number from -128 to 127"),
    ("DECIMAL(10,2)", "100000000", "write a number with at most 8 digits before the point and 2 after it"),
    ("DECIMAL(10,2)", "1.005", "write a number with at most 8 digits before the point and 2 after it"),
    ("DECIMAL(10,2)", "1,50", "write a number with at most 8 digits before the point and 2 after it"),
    ("DECIMAL(10,2)", "NaN", "write a number with at most 8 digits before the point and 2 after it"),
    ("DECIMAL(10,2)", ".", "write a number with at most 8 digits before the point and 2 after it"),
    ("DECIMAL(10,2) UNSIGNED", "-0.01", "it cannot be negative"),
    ("FLOAT", "3.5e38", "the number is too large"),
    ("DOUBLE", "1e309", "the number is too large"),
    ("DOUBLE", "inf", "write a number such as 2.5 or 1e-9"),
    ("DOUBLE UNSIGNED", "-1", "it cannot be negative"),
    ("BIT(7)", "128", "it has more than 7 bits"),
    ("BIT(7)", "b'1'", "write it as 5, 0x05 or 0b101"),
    ("YEAR", "1900", "write a year from 1901 to 2155, or 0000"),
    ("YEAR", "70", "write a year from 1901 to 2155, or 0000"),
    ("DATE", "2026-02-29", "day is out of range for month"),
    ("DATE", "1.3.2026", "write YYYY-MM-DD"),
    ("DATETIME(6)", "2026-03-01 12:30:00.1234567", "write YYYY-MM-DD HH:MM:SS in UTC, without a time zone"),
    ("DATETIME(3)", "2026-03-01 12:30:00.1234", "write at most 3 digits after the second"),
    ("DATETIME", "2026-03-01 12:30:00.5", "write at most 0 digits after the second"),
    ("DATETIME", "2026-03-01 12:30:00Z", "write YYYY-MM-DD HH:MM:SS in UTC, without a time zone"),
    ("TIMESTAMP", "1970-01-01 00:00:00", "write a moment from 1970-01-01 00:00:01 to 2038-01-19 03:14:07"),
    ("TIMESTAMP", "2038-01-19 03:14:08", "write a moment from 1970-01-01 00:00:01 to 2038-01-19 03:14:07"),
    ("TIME", "839:00:00", "write a time from -838:59:59 to 838:59:59"),
    ("TIME(1)", "-838:59:59.1", "write a time from -838:59:59 to 838:59:59"),
    ("TIME", "12:60:00", "write HH:MM:SS"),
    ("CHAR(3)", "four", "it has 4 characters, 3 fit"),
    ("VARCHAR(5)", "😀😀😀😀😀😀", "it has 6 characters, 5 fit"),
    ("VARCHAR(5)", "\udcff", "it is not UTF-8"),
    ("TINYTEXT", "ß" * 128, "it has 256 bytes, 255 fit"),
    ("ENUM('paid', 'due')", "payed", "write one of 'paid', 'due'"),
    ("ENUM('paid', 'due')", "1", "write one of 'paid', 'due'"),
    ("ENUM('paid', 'due')", "", "write one of 'paid', 'due'"),
    ("ENUM('paid', 'due') CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "Paid", "write one of 'paid', 'due'"),
    ("SET('red', 'green')", "red,blue", "write one of 'red', 'green'"),
    ("VARBINARY(2)", "0x000102", "it has 3 bytes, 2 fit"),
    ("VARBINARY(2)", "0x0", "write its bytes as 0x and two hexadecimal digits each"),
    ("BLOB", "text", "write its bytes as 0x and two hexadecimal digits each"),
    ("JSON", "{'a': 1}", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
    ("JSON", "[NaN]", "JSON knows no NaN"),
    ("JSON", "[" * 100_000, "the JSON is nested too deeply"),
]


@pytest.mark.parametrize("kind, typed, hint", MISFITS, ids=lambda value: str(value)[:30])
def test_a_value_that_does_not_fit_is_told_before_anything_runs(sql, call, kind, typed, hint):
    sql("CREATE TABLE seen (id INT)")
    sql(f"CREATE PROCEDURE see(p_id INT, p_value {kind}) INSERT INTO seen VALUES (p_id)")
    ran = call("see", "1", typed)
    assert (ran.code, list(ran.document)) == (2, ["error"])
    declared = kind.replace("BOOLEAN", "TINYINT(1)").split("(")[0].lower()
    assert re.fullmatch(rf"error: .+ does not fit p_value {declared}.*\nhint: {re.escape(hint)}\n", ran.err)
    assert sql("SELECT * FROM seen") == []


def test_a_long_value_is_shortened_in_the_error(sql, call):
    sql("CREATE PROCEDURE keep(p_name VARCHAR(5)) DO 0")
    assert call("keep", "a" * 100_000 + "z").err == (
        f"error: '{'a' * 40}…{'a' * 9}z' does not fit p_name varchar(5)\nhint: it has 100001 characters, 5 fit\n"
    )


def test_a_text_that_the_parameters_character_set_cannot_hold_is_refused_by_the_server(sql, call):
    sql("CREATE PROCEDURE keep(p_name VARCHAR(5) CHARACTER SET latin1) SELECT 'it ran'")
    ran = call("keep", "😀")
    assert (ran.code, list(ran.document)) == (3, ["error"])
    assert ran.err.startswith("error: 1366: Incorrect string value:")
