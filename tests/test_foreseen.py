"""Which statements the journal may know of before they run: those that cannot be mistaken for another."""

from __future__ import annotations

import pytest

from learnhub_db.database import connect, rows
from learnhub_db.runner import creations, steps
from learnhub_db.statements import split


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ("CREATE TABLE a (n INT); CREATE INDEX i ON a (n); CREATE TABLE b (n INT); DO 1", 3),
        ("CREATE TABLE old (n INT); CREATE TABLE b (n INT)", 0),
        ("CREATE TABLE IF NOT EXISTS a (n INT)", 0),
        ("CREATE TABLE a LIKE old", 0),
        ("CREATE TABLE a (LIKE old)", 0),
        ("CREATE TABLE a (n INT); CREATE TABLE a (n INT)", 1),
        ("CREATE TABLE a (n INT); CREATE INDEX i ON old (n)", 1),
        (f"CREATE TABLE {'a' * 60} (n INT)", 0),
        ("CREATE TABLE a (n INT, KEY i (n)); CREATE INDEX I ON a (n)", 1),
        ("CREATE TABLE a (n INT, KEY (n), KEY (n, n2)); CREATE INDEX n_2 ON a (n)", 1),
        ("CREATE TABLE a (n INT); ALTER TABLE a ADD m INT", 1),
        ("CREATE TABLE a (n INT) AS SELECT 1 AS n", 0),
        ("CREATE TABLE a (n INT) TABLE old", 0),
        ("CREATE TABLE a (n INT) /*+ note\n; CREATE TABLE b (n INT) /* note */", 0),
        ("CREATE TABLE a (n INT) /*!99999 note\n; CREATE TABLE b (n INT) -- */", 0),
        ("CREATE TABLE a (/*!80000 LIKE old */)", 0),
        ('CREATE TABLE a ("x" INT UNIQUE)', 0),
        ("CREATE TABLE a (n INT DEFAULT (@n))", 0),
        ("CREATE TABLE `a (x` (n INT)", 0),
        ("CREATE TABLE İ (n INT)", 0),
        ("CREATE TABLE `a` (n INT, FULLTEXT KEY t (x) WITH PARSER ngram) COMMENT 'SELECT'", 1),
        ("CREATE TABLE a (n INT, KEY ((n+1)), KEY ((n+2))); CREATE INDEX functional_index_2 ON a (n)", 1),
        ("CREATE TABLE a (n INT KEY); CREATE INDEX `PRIMARY` ON a (n)", 1),
        ("; ".join(f"CREATE TABLE t{number} (n INT)" for number in range(300)), creations.AT_ONCE),
        ("CREATE TABLE a (n INT COMMENT 'it\\'s'); CREATE TABLE b (n INT)", 0),
        ("DELIMITER $$\nCREATE TABLE a (n INT) $$ CREATE TABLE b (n INT); CREATE TABLE c (n INT) $$", 1),
    ],
)
def test_the_journal_knows_what_cannot_be_mistaken(empty_database, text, known):
    with connect(empty_database) as connection:
        rows(connection, "CREATE TABLE old (n INT)")
        assert len(creations.leading(connection, steps.read(split(text), "a.sql"))) == known
