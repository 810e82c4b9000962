"""How learnhub-db seed shows how far it is: a bar on a terminal, lines in a log."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from command_line import runner
from learnhub_db.commands import progress
from learnhub_db.database import Target
from seed_projects import Ask, Write, writer

SLICED = """-- slices of 10: 50
INSERT INTO people
WITH RECURSIVE n (id) AS (SELECT {{ first }} UNION ALL SELECT id + 1 FROM n WHERE id < {{ last }}) SELECT id, 'x' FROM n
"""


@pytest.fixture
def ask(sql: Ask) -> Ask:
    sql("CREATE TABLE people (id INT PRIMARY KEY, name VARCHAR(40))")
    return sql


@pytest.fixture
def write(tmp_path: Path) -> Write:
    return writer(tmp_path)


def on_a_terminal(target: Target, project: Path) -> str:
    """What learnhub-db seed demo writes to a terminal."""
    ours, theirs = os.openpty()
    command = [sys.executable, "-m", "learnhub_db", "--project", str(project), "seed", "demo"]
    environment = os.environ | {"LEARNHUB_DB_URL": target.url, "COLUMNS": "120", "TERM": "xterm"}
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    text = b""
    while chunk := _read(ours):
        text += chunk
    assert process.wait(timeout=20) == 0
    os.close(ours)
    return text.decode()


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the other end is closed
        return b""


def test_a_terminal_shows_a_bar_with_the_rate_the_file_and_the_time_left(ask, write, empty_database, tmp_path):
    write("10.sql.j2", SLICED.replace("'x'", "SLEEP(0.05)"))
    shown = on_a_terminal(empty_database, tmp_path)
    assert re.search(r"\[#+-+\] +[4-9]0% +00:00:0\d +[\d,]+ rows/s +10\.sql\.j2", shown)
    assert "100%" in shown
    assert "applied" not in shown
    assert re.fullmatch(r"50 rows in .*", shown.splitlines()[-1])


def test_a_terminal_shows_no_bar_where_no_file_has_slices(ask, write, empty_database, tmp_path):
    write("10.sql", "INSERT INTO people VALUES (1, 'Ada')")
    assert on_a_terminal(empty_database, tmp_path) == "applied sql/seeds/demo/10.sql\r\n"


def test_a_log_has_a_line_now_and_then_for_a_long_file(ask, write, empty_database, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
    write("10.sql.j2", SLICED)
    lines = runner(empty_database, capsys, "--project", str(tmp_path))("seed", "demo").out.splitlines()
    told = re.compile(r"sql/seeds/demo/10\.sql\.j2: (\d+) of 50, [\d,]+ rows/s, \d+:\d\d left")
    steps = [told.fullmatch(line) for line in lines[:4]]
    assert [step[1] for step in steps] == ["10", "20", "30", "40"]
    assert lines[4] == "applied sql/seeds/demo/10.sql.j2"
    assert len(lines) == 6


def test_json_shows_nothing_meanwhile(ask, write, empty_database, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS_BETWEEN_LINES", 0)
    write("10.sql.j2", SLICED)
    assert runner(empty_database, capsys, "--json", "--project", str(tmp_path))("seed", "demo").document["rows"] == 50
