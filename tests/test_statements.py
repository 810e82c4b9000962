"""Splitting SQL text gives what the stock mysql client sends."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from learnhub_db.errors import UsageError
from learnhub_db.server import client_command
from learnhub_db.statements import Statement, code_only, split

SNIPPETS = sorted((Path(__file__).parent / "statements").glob("*.sql"))
LEADING_COMMENTS = re.compile(r"(?:\s+|/\*(?![!+]).*?\*/|(?:#|--(?=\s|$))[^\n]*)*", re.DOTALL)
TRAILING_COMMENT = re.compile(r"[ \t]*(?:#|--(?=\s|$))[^\n]*\Z")


@pytest.fixture(scope="module")
def client(server) -> list[str]:
    """The stock client's command line for the test server; it selects no database, so that nothing is created."""
    login = [f"--host={server.host}", f"--port={server.port}", f"--user={server.user}", "--protocol=tcp"]
    return [*client_command(), *login, "--comments", "--force", "--verbose"]


def sent_by(client: list[str], password: str, path: Path) -> list[str]:
    """The statements that the stock client echoes as it sends them, without the comments before them."""
    environment = os.environ | {"MYSQL_PWD": password}
    with path.open("rb") as text:
        answer = subprocess.run(client, stdin=text, env=environment, capture_output=True, check=False)
    echoed = re.findall(r"^-{14}\n(.*?)\n-{14}$", answer.stdout.decode(), re.DOTALL | re.MULTILINE)
    bare = [LEADING_COMMENTS.sub("", statement, count=1).rstrip() for statement in echoed]
    return [statement for statement in bare if statement]


def without_client_marks(statement: str) -> str:
    """The client appends a comment that follows the delimiter, and writes a space behind each comment."""
    while statement != (shorter := TRAILING_COMMENT.sub("", statement).rstrip()):
        statement = shorter
    return re.sub(r"\*/\s*", "*/ ", statement).rstrip()


def test_the_corpus_is_worth_its_name():
    assert len(SNIPPETS) >= 30


@pytest.mark.parametrize("path", SNIPPETS, ids=lambda path: path.stem)
def test_splitting_equals_the_stock_client(server, client, path):
    ours = [without_client_marks(statement.text) for statement in split(path.read_bytes().decode())]
    assert ours == [without_client_marks(statement) for statement in sent_by(client, server.password, path)]
    assert ours, "a snippet without statements shows nothing"


def test_a_statement_knows_its_line_and_offset():
    text = "-- head\n\nSELECT 1;\r\n\r\n/* two */ SELECT\r\n 2;"
    assert split(text) == [Statement("SELECT 1", 3, 9), Statement("SELECT\n 2", 5, 30)]
    assert split("\ufeffSELECT 1;") == [Statement("SELECT 1", 1, 0)]


def test_empty_statements_and_lone_comments_are_dropped():
    assert split(";; -- one\n # two\n /* three */ ; \n;") == []
    assert split("") == []


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("SELECT 1;\nSELECT 'abc;\nSELECT 2;", 2, "a quote is not closed"),
        ("SELECT 1;\n\nSELECT `abc;", 3, "a quote is not closed"),
        ("SELECT 1 /* abc;\n", 1, "a comment is not closed"),
        ("SELECT $js$ abc;\n", 1, "a dollar quote is not closed"),
        ("DELIMITER\nSELECT 1;", 1, "DELIMITER names no delimiter"),
        ("DELIMITER \\\\\nSELECT 1;", 1, "DELIMITER names no delimiter"),
        ("SELECT 1; DELIMITER $$\nSELECT 2$$", 1, "DELIMITER follows a statement"),
        ("  -- indented\nDELIMITER $$\nSELECT 2$$", 2, "the mysql client does not see this DELIMITER"),
        ("/* a */\n-- b\nDELIMITER $$\nSELECT 2$$", 3, "the mysql client does not see this DELIMITER"),
        ("SELECT 1\\G\nSELECT 2;", 1, "a backslash outside quotes"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(text, line, words):
    with pytest.raises(UsageError) as refusal:
        split(text, "sql/x.sql")
    assert refusal.value.what == words
    assert refusal.value.where == f"sql/x.sql:{line}"
    assert refusal.value.exit_code == 2


def test_code_without_comments_and_strings_keeps_names():
    sql = "SELECT `a b`, 'c' /* d */ FROM e -- f\n WHERE \"g\" = h # i"
    assert code_only(sql).split() == ["SELECT", "`a", "b`,", "FROM", "e", "WHERE", "=", "h"]
