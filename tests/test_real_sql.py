"""SQL that nobody here wrote applies as it is, and becomes what the stock client makes of the same files."""

from __future__ import annotations

import re
import secrets
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import small_project
from learnhub_db import deployment
from learnhub_db.contents import Contents
from learnhub_db.database import SESSION, Target, connect, rows
from learnhub_db.inspection import schema
from learnhub_db.project import Project
from learnhub_db.server import client_command

FOLDERS = {"procedure": "procedures", "function": "procedures", "trigger": "triggers", "view": "views"}
DUMP = Path(__file__).parent / "real" / "rental.sql"
ROUTINES = 2000
ROUTINE = """DELIMITER {delimiter}
CREATE {kind} r{number}({way}p_turns INT) {returns}
    COMMENT 'number {number}; {delimiter} is none' DETERMINISTIC NO SQL
BEGIN
    DECLARE v_turns INT DEFAULT 0; -- it's; {number}
    outermost: LOOP
        REPEAT /* until /* is no end; */ SET v_turns = v_turns + 1; UNTIL v_turns >= p_turns END REPEAT;
        CASE WHEN v_turns > {number} THEN LEAVE outermost; ELSE SET p_turns = p_turns + {number} + 1; END CASE;
    END LOOP outermost;
    {answer}
END{delimiter}
"""


@pytest.fixture
def other_database(server: Target) -> Iterator[Target]:
    target = server.named(f"test_{secrets.token_hex(6)}")
    with connect(server) as connection:
        rows(connection, f"CREATE DATABASE {target.database} COLLATE utf8mb4_0900_ai_ci")
        yield target
        rows(connection, f"DROP DATABASE {target.database}")


@pytest.fixture
def client_builds(other_database: Target) -> Callable[[Path], Target]:
    """Feed a project's files as they are to the stock client, under the session that the toolkit has."""
    target = other_database
    login = [f"--host={target.host}", f"--port={target.port}", f"--user={target.user}"]
    command = [*client_command(), "--protocol=tcp", "--comments", *login, target.database]

    def build(root: Path) -> Target:
        parts = [f"{SESSION};", *((root / path).read_text("utf-8") for path in Contents.read(Project(root)).paths)]
        text = "\nDELIMITER ;\n".join(parts).encode()
        subprocess.run(command, input=text, env={"MYSQL_PWD": target.password}, check=True, timeout=120)
        return target

    return build


def built(target: Target) -> dict[schema.Key, list[str]]:
    with connect(target) as connection:
        return {key: found.lines() for key, found in schema.read(connection, target.database).items()}


def sys_files(target: Target) -> dict[str, str]:
    """MySQL's own sys schema as a project, its name and its definer taken off."""
    with connect(target.named("sys")) as connection:
        found = schema.read(connection, "sys")
    files = {}
    for (kind, name), definition in found.items():
        sql = re.sub(r"(?<!@)(?:`sys`|\bsys)\.(?=[`\w])", "", definition.sql)
        path = f"{FOLDERS[kind]}/{name}.sql" if kind in FOLDERS else "sql/migrations/0001-tables.sql"
        files[path] = f"DELIMITER $$\n{sql}$$\n"
    return files


def test_the_sys_schema_of_the_server(server, tmp_path, empty_database, client_builds):
    root = small_project.write(tmp_path, sys_files(server))
    deployment.apply(Project(root), empty_database)
    ours = built(empty_database)
    assert len(ours) > 140
    assert ours == built(client_builds(root))
    assert deployment.apply(Project(root), empty_database) == []


def test_a_file_as_dumps_and_samples_are_written(tmp_path, empty_database, client_builds):
    root = small_project.write(tmp_path, {"sql/migrations/0001-rental.sql": DUMP.read_text("utf-8")})
    deployment.apply(Project(root), empty_database)
    theirs = client_builds(root)
    assert built(empty_database) == built(theirs)
    with connect(empty_database) as one, connect(theirs) as other:
        for table in ("film", "film_text", "payment"):
            sql = f"SELECT * FROM {table} ORDER BY 1"
            assert rows(one, sql) == rows(other, sql) != []
        assert rows(one, "CALL wait_for(7)") == rows(other, "CALL wait_for(7)") == [("7; /* ; */ $$",)]


def test_thousands_of_routines(tmp_path, empty_database, client_builds):
    kinds = [
        {"kind": "PROCEDURE", "way": "INOUT ", "returns": "", "answer": "SELECT p_turns;"},
        {"kind": "FUNCTION", "way": "", "returns": "RETURNS INT", "answer": "RETURN p_turns;"},
    ]
    delimiters = ["$$", "//", ";;", "end_of_it"]
    for number in range(ROUTINES):
        text = ROUTINE.format(number=number, delimiter=delimiters[number % 4], **kinds[number // 4 % 2])
        small_project.write(tmp_path, {f"procedures/{number % 7}/r{number}.sql": text})
    acts = deployment.apply(Project(tmp_path), empty_database)
    assert len(acts) == ROUTINES
    assert built(empty_database) == built(client_builds(tmp_path))
    assert deployment.apply(Project(tmp_path), empty_database) == []
