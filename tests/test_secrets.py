"""A password is shown to nobody: not on a process list, in no output, no trace, no table."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import pytest

import small_project
from learnhub_db.cli import VERBS
from learnhub_db.commands.session import Session
from learnhub_db.database import Target, connect, identifier, rows

WORD = "s3cr3t/@:?#%w0rd"
TELLING = ("s3cr3t", "w0rd")  # parts of it, for a URL that was cut at one of its signs
ARGUMENTS = {"call": ["sell", "1", "2"], "seed": ["some"], "server": ["status"], "new": ["more"], "baseline": ["0001"]}
ACCOUNT_IN_A_FILE = """\
CREATE USER IF NOT EXISTS {name} IDENTIFIED BY 'of-a-f1le';
ALTER USER {name} IDENTIFIED BY 'of-a-f1le' ACCOUNT LOCK;
"""


@pytest.fixture
def account(server: Target, empty_database: Target) -> Iterator[Target]:
    name = empty_database.database
    with connect(server) as connection:
        rows(connection, f"CREATE USER {name} IDENTIFIED BY %s", (WORD,))
        rows(connection, f"GRANT ALL ON *.* TO {name} WITH GRANT OPTION")
        yield replace(empty_database, user=name, password=WORD)
        rows(connection, f"DROP USER {name}")
        rows(connection, f"DROP USER IF EXISTS {name}_more, {name}_made")


@pytest.fixture
def shop(tmp_path: Path, account: Target) -> Path:
    """A project whose grant file holds a password too, and that has a seed."""
    root = small_project.write(tmp_path / "shop")
    grants = ACCOUNT_IN_A_FILE.format(name=f"{account.user}_more")
    return small_project.write(root, {"sql/grants/g.sql": grants, "sql/seeds/some/1.sql": "DELETE FROM audit;\n"})


def command(root: Path, *words: object) -> list[str]:
    return [sys.executable, "-m", "learnhub_db", "--project", str(root), *map(str, words)]


def told(root: Path, url: str, *words: object) -> tuple[int, str]:
    """Exit code and everything that is printed; the URL comes through the environment."""
    environment = os.environ | {"LEARNHUB_DB_URL": url}
    answer = subprocess.run(command(root, *words), env=environment, capture_output=True, text=True, timeout=60)
    return answer.returncode, answer.stdout + answer.stderr


def assert_silent(text: str) -> None:
    assert [part for part in TELLING if part in text] == [], text


@pytest.mark.parametrize("option", ["--debug", "--json"])
def test_no_verb_prints_the_password_whatever_happens(shop, account, option):
    told(shop, account.url, "apply")
    targets = (account, replace(account, password="s3cr3t"), replace(account, port=1), account.named("no_such"))
    for verb in sorted(VERBS):
        for target in targets:
            _, text = told(shop, target.url, option, verb, *ARGUMENTS.get(verb, []))
            assert_silent(text)
            assert verb == "script" or "f1le" not in text  # which prints the files


@pytest.mark.parametrize("sign", ["/", "#", "?", "@", "[", "%"])
@pytest.mark.parametrize("start", ["33", "s3cr3t"])
def test_a_url_with_a_bare_sign_in_its_password_is_not_shown(tmp_path, sign, start):
    """Nor is what follows the sign taken for a part of the URL that may be shown."""
    for debug in ([], ["--debug"]):
        _, text = told(tmp_path, f"mysql://user:{start}{sign}w0rd@127.0.0.1:1/d", *debug, "status")
        assert_silent(text)
        assert "error" in text.lower()


def test_a_password_option_that_is_not_there_is_refused_without_its_value(tmp_path):
    for words in (["--password=s3cr3t"], ["-ps3cr3t"], ["--password", "s3cr3t"]):
        code, text = told(tmp_path, "", *words, "status")
        assert code == 2
        assert_silent(text)


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE USER x IDENTIFIED BY 's3cr3t-w0rd' PASSWORT EXPIRE",
        "CREATE USER x IDENTIFYED BY 's3cr3t-w0rd'",
        "CREATE USER x IDENTIFIED 's3cr3t-w0rd'",
        "ALTER USER x IDENTIFIED BY BY 's3cr3t-w0rd'",
        "SET PASSWORD x = 's3cr3t-w0rd'",
        "CHANGE REPLICATION SOURCE TO SOURCE_PASSWORD 's3cr3t-w0rd'",
        "CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (PASSWORD = 's3cr3t-w0rd')",
        "SET @word = = 's3cr3t-w0rd'",
        "SET sql_mode = '', @word='s3cr3t-w0rd' = = 1",
        "SET /* x */ @word='s3cr3t-w0rd' = =",
        "SET @making = 'CREATE USER x IDENTIFYED BY ''s3cr3t-w0rd'''; PREPARE make FROM @making",
    ],
)
def test_a_broken_statement_with_a_password_is_not_shown_in_the_trace_either(tmp_path, empty_database, statement):
    root = small_project.write(tmp_path, {"sql/grants/g.sql": f"{statement};\n"})
    for debug in ([], ["--debug"]):
        code, text = told(root, empty_database.url, *debug, "apply")
        assert code == (1 if debug else 3)
        assert "1064: You have an error in your SQL syntax" in text
        assert_silent(text)


def test_no_table_holds_the_password(shop, account):
    for words in (["apply"], ["seed", "some"], ["call", "sell", "1", "2"]):
        assert told(shop, account.url, *words)[0] == 0
    with connect(account) as connection:
        names = [name for (name,) in rows(connection, "SHOW TABLES")]
        assert {"_learnhub_objects", "_learnhub_migrations", "_yoyo_log", "_yoyo_migration"} <= set(names)
        for name in names:
            content = repr(rows(connection, f"SELECT * FROM {identifier(name)}"))
            assert_silent(content)
            assert "f1le" not in content


IN_A_VARIABLE = """\
SET @word = 's3cr3t-w0rd', @a_number = 5;
SET @making = CONCAT('CREATE USER {name} IDENTIFIED BY ', QUOTE(@word));
SELECT COUNT(*) + @a_number FROM products INTO @a_number;
PREPARE make FROM @making;
PREPARE modify FROM 'ALTER USER {name} IDENTIFIED BY ''s3cr3t-w0rd''';
CREATE TABLE half (n INT);
EXECUTE make;
DEALLOCATE PREPARE make;
CREATE TABLE numbers (n INT{comma});
EXECUTE modify;
INSERT INTO numbers VALUES (@a_number), (CHAR_LENGTH(@word));
"""


def test_a_password_in_a_variable_is_not_shown_while_its_migration_stands_half_way(shop, account):
    """The file says it, so that it is taken from there when the migration is taken up again."""
    file, name = "sql/migrations/0003-account.sql", f"{account.user}_made"
    assert told(shop, account.url, "apply")[0] == 0
    small_project.write(shop, {file: IN_A_VARIABLE.format(name=name, comma=",")})
    for option in ("--json", "--debug"):
        for verb in ("plan", "apply", "status", "plan"):
            assert_silent(told(shop, account.url, option, verb)[1])
    with connect(account) as connection:
        journal = rows(connection, "SELECT state, memory FROM _learnhub_journal ORDER BY place")
        assert [state for state, _ in journal] == ["done"] * 8 + ["failed"]
        assert_silent(repr(journal))

        small_project.write(shop, {file: IN_A_VARIABLE.format(name=name, comma="")})
        assert told(shop, account.url, "apply")[0] == 0
        assert rows(connection, "SELECT n FROM numbers ORDER BY n") == [(7,), (11,)]
    with connect(replace(account, user=name, password="s3cr3t-w0rd"), select_database=False) as connection:
        assert rows(connection, "SELECT 1") == [(1,)]


@pytest.mark.parametrize(
    "statements",
    [
        "SET @w='s3cr3t'",
        "SET @w = 's3cr3t', @now = NOW()",
        "SET @w = 's3cr3t';\nSET @w = CONCAT(@w, '-w0rd')",
        "SET @w = 's3cr3t\\'';\nSET sql_mode = 'NO_BACKSLASH_ESCAPES'",
        "SET @w = 's3cr3t';\nSET NAMES binary",
        "SET @w = 's3cr3t' COLLATE utf8mb4_bin",
        "SET sql_mode = '', @w = 's3cr3t'",
        "SET /* it */ @w='s3cr3t'",
        "/*!50003 SET @w='s3cr3t' */",
        "SET @w = 'DO ''s3cr3t''';\nPREPARE p FROM @w /* it */",
        "SET @q = 'INSERT INTO products (name, price) VALUES (''s3cr3t'', 1)';\nPREPARE p FROM @q;\nEXECUTE p",
    ],
)
def test_what_a_file_says_of_a_variable_is_shown_in_no_way(shop, account, statements):
    assert told(shop, account.url, "apply")[0] == 0
    small_project.write(shop, {"sql/migrations/0003-a.sql": f"{statements};\nCREATE TABLE half (n INT);\nBROKEN;\n"})
    for option in ("--json", "--debug"):
        for verb in ("plan", "apply"):
            assert_silent(told(shop, account.url, option, verb)[1])
    with connect(account) as connection:
        assert_silent(repr(rows(connection, "SELECT * FROM _learnhub_journal")))


def test_no_process_list_shows_the_password(shop, account, tmp_path):
    """Neither the machine's nor the server's, whichever way the password came."""
    word, options = tmp_path / "word", tmp_path / "my.cnf"
    for path, text in ((word, f"{WORD}\n"), (options, f"[client]\npassword='{WORD}'\n")):
        path.write_text(text)
        path.chmod(0o600)
    plain = replace(account, password="").url
    ways = (
        ({"LEARNHUB_DB_URL": account.url}, []),
        ({}, ["--url", plain, "--password-file", word]),
        ({}, ["--url", plain, "--defaults-file", options]),
    )
    for number, (environment, way) in enumerate(ways, 3):
        small_project.write(shop, {f"sql/migrations/{number:04}-slow.sql": "DO SLEEP(2);\n"})
        process = subprocess.Popen(command(shop, *way, "apply"), env=os.environ | environment)
        seen = watched(process, account)
        assert process.wait() == 0
        assert any("learnhub_db" in line for line in seen) and any("SLEEP" in line for line in seen)
        assert_silent("\n".join(seen))


def watched(process: subprocess.Popen[bytes], account: Target) -> set[str]:
    """Command lines of all processes, and all that the server's process list says, while `process` runs."""
    seen: set[str] = set()
    with connect(account) as connection:
        while process.poll() is None:
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))
                except OSError:
                    continue  # it has ended
            seen |= {repr(row) for row in rows(connection, "SHOW FULL PROCESSLIST")}
            time.sleep(0.02)
    return seen


def test_what_stands_for_a_login_shows_none_in_a_trace(account):
    session = Session(url=account.url, project=Path(), as_json=False, debug=False)
    assert_silent(repr(account) + repr(session) + str(account))
    assert quote(WORD, safe="") in account.url
