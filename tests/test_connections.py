"""Which database is meant, and as whom: the URL, its environment variable, option files, a password file."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

import small_project
from learnhub_db.cli import main
from learnhub_db.connection import login
from learnhub_db.connection.tls import Tls
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import CannotConnect, NoServer, UsageError
from learnhub_db.server import client_command

FORM = "write it as mysql://user:password@host:port/database, an @ in the password as %40"
WORD = "pä§/@:?#%&+ ss"


@pytest.fixture
def account(server: Target, empty_database: Target):
    """May do everything in the empty database; its password holds every sign that a URL or a file could trip over."""
    name = empty_database.database
    with connect(server) as connection:
        rows(connection, f"CREATE USER {name} IDENTIFIED BY %s", (WORD,))
        rows(connection, f"GRANT ALL ON {name}.* TO {name}")
        yield replace(empty_database, user=name, password=WORD)
        rows(connection, f"DROP USER {name}")


def whole(target: Target) -> str:
    """All of the account in the group that the stock client reads too."""
    return (
        f"[client]\nuser={target.user}\npassword='{target.password}'\n"
        f"host={target.host}\nport={target.port}\ndefault-character-set=latin1\n"
    )


def file(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)
    return path


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    """The command line on an empty project, without a URL: exit code, stdout and stderr."""
    monkeypatch.delenv("LEARNHUB_DB_URL", raising=False)
    (tmp_path / "project").mkdir()

    def run(*words: object) -> tuple[int, str, str]:
        capsys.readouterr()
        try:
            main(["--project", str(tmp_path / "project"), *map(str, words)])
            code = 0
        except SystemExit as stop:
            code = stop.code
        return (code, *capsys.readouterr())

    return run


EMPTY = (0, "the project holds no files\n", "")


def without_password(target: Target) -> str:
    return replace(target, password="").url


@pytest.mark.parametrize(
    ("url", "target"),
    [
        ("mysql://u:p%40%2F%C3%A4@h:1/d", Target("h", 1, "u", "p@/ä", "d")),
        ("mysql://h/d", Target("h", 3306, "root", "", "d")),
        ("mysql://u@[::1]:1/d", Target("::1", 1, "u", "", "d")),
        ("mysql://h/d?unix_socket=/a%20b", Target("h", 3306, "root", "", "d", "/a b")),
        ("mysql://h/d?ssl-mode=required", Target("h", 3306, "root", "", "d", tls=Tls("REQUIRED"))),
        ("mysql://h/d?ssl-ca=/ca", Target("h", 3306, "root", "", "d", tls=Tls("VERIFY_CA", "/ca"))),
        (
            "mysql://h/d?unix_socket=/s&ssl-mode=VERIFY_IDENTITY&ssl-ca=/a%26b&ssl-cert=/c&ssl-key=/k",
            Target("h", 3306, "root", "", "d", "/s", Tls("VERIFY_IDENTITY", "/a&b", "/c", "/k")),
        ),
    ],
)
def test_a_url_is_read_and_written_again(url, target):
    assert Target.parse(url) == target
    assert Target.parse(target.url) == target


@pytest.mark.parametrize(
    ("url", "line"),
    [
        ("mysql://u:s3c/r3t@h:1/d", f"the URL cannot be read\nhint: {FORM}"),
        ("mysql://u:s3c#r3t@h:1/d", f"the URL cannot be read\nhint: {FORM}"),
        ("mysql://u:s3c?r3t@h:1/d", f"the URL cannot be read\nhint: {FORM}"),
        ("mysql://u:33/r3t@h:1/d", f"the URL cannot be read\nhint: {FORM}"),
        ("mysql://u:33?r3t@h:1/d", f"the URL cannot be read\nhint: {FORM}"),
        ("mysql://u:s3c[r3t@h:1/d", f"the URL cannot be read\nhint: {FORM}"),
        ("mysql://u@h:s3cr3t/d", f"the URL's port is no number up to 65535\nhint: {FORM}"),
        ("mysql://u:s3cr3t@h:70000/d", f"the URL's port is no number up to 65535\nhint: {FORM}"),
        ("mysql://u:s3cr3t@h", f"the URL does not name a MySQL database\nhint: {FORM}"),
        ("mysql://u:s3cr3t@/d", f"the URL does not name a MySQL database\nhint: {FORM}"),
        ("postgres://u:s3cr3t@h/d", f"the URL does not name a MySQL database\nhint: {FORM}"),
        (
            "mysql://h/d?sslca=/ca",
            "the URL has an unknown option sslca\nhint: known: unix_socket, ssl-mode, ssl-ca, ssl-cert, ssl-key",
        ),
        (
            "mysql://h/d?ssl-mode=on",
            "there is no ssl-mode ON\nhint: known: DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY",
        ),
        ("mysql://h/d?ssl-mode=VERIFY_CA", "ssl-mode VERIFY_CA needs a CA\nhint: name its file in ssl-ca"),
        (
            "mysql://h/d?ssl-mode=REQUIRED&ssl-ca=/ca",
            "ssl-ca is not checked under ssl-mode REQUIRED\nhint: write VERIFY_CA, or leave it out",
        ),
        (
            "mysql://h/d?ssl-mode=DISABLED&ssl-cert=/c",
            "ssl-cert is not sent under ssl-mode DISABLED\nhint: leave one of them out",
        ),
        (
            "mysql://h/d?ssl-key=/k",
            "ssl-key is without its certificate\nhint: name the certificate's file in ssl-cert",
        ),
    ],
)
def test_a_url_that_cannot_be_is_refused_without_a_word_of_its_password(url, line):
    with pytest.raises(UsageError) as refused:
        Target.parse(url)
    assert str(refused.value) == line


def test_the_environment_names_the_database(run, account, monkeypatch):
    monkeypatch.setenv("LEARNHUB_DB_URL", account.url)
    assert run("status") == EMPTY


def test_the_url_goes_before_the_environment(run, account, monkeypatch):
    monkeypatch.setenv("LEARNHUB_DB_URL", replace(account, port=1).url)
    assert run("--url", account.url, "status") == EMPTY


def test_a_url_without_a_password_and_a_file_that_holds_it(run, account, tmp_path):
    path = file(tmp_path / "word", f"{WORD}\n")
    assert run("--url", without_password(account), "--password-file", path, "status") == EMPTY


def test_the_password_file_goes_before_the_url_and_the_option_file(run, account, tmp_path):
    word = file(tmp_path / "word", WORD)
    options = file(tmp_path / "my.cnf", "[client]\npassword=wrong\n")
    wrong = replace(account, password="wrong too").url
    assert run("--url", wrong, "--defaults-file", options, "--password-file", word, "status") == EMPTY


def test_the_password_may_come_through_a_pipe(account, tmp_path):
    command = '"$0" -m learnhub_db --project "$1" --url "$2" --password-file <(printf %s "$WORD") status'
    words = ["bash", "-c", command, sys.executable, tmp_path, without_password(account)]
    answer = subprocess.run(words, env={"WORD": WORD, "PATH": "/usr/bin:/bin"}, capture_output=True, text=True, cwd=".")
    assert (answer.returncode, answer.stdout, answer.stderr) == EMPTY


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "the file holds no password ({path})\nhint: write the password, and nothing else, on one line"),
        ("\n", "the file holds no password ({path})\nhint: write the password, and nothing else, on one line"),
        ("s3cr3t\nmore\n", "the file holds no password ({path})\nhint: write the password, and nothing else, on one line"),
    ],
)
def test_a_password_file_holds_one_line(run, account, tmp_path, text, line):
    path = file(tmp_path / "word", text)
    assert run("--url", account.url, "--password-file", path, "status") == (2, "", f"error: {line.format(path=path)}\n")


def test_a_password_file_that_others_may_read_is_told(run, account, tmp_path):
    path = file(tmp_path / "word", WORD, 0o444)
    warning = f"warning: everybody on this machine may read the password, {path}, chmod o-r {path}\n"
    assert run("--url", account.url, "--password-file", path, "status") == (*EMPTY[:2], warning)


@pytest.mark.parametrize("option", ["--password-file", "--defaults-file"])
def test_a_file_that_others_may_write_is_refused(run, account, tmp_path, option):
    path = file(tmp_path / "word", WORD, 0o606)
    line = f"error: everybody may write to the file ({path})\nhint: chmod o-w {path}\n"
    assert run("--url", account.url, option, path, "status") == (2, "", line)


def test_an_option_file_alone_names_everything(run, account, tmp_path):
    text = whole(account) + f"[learnhub-db]\ndatabase={account.database}\n"
    assert run("--defaults-file", file(tmp_path / "my.cnf", text), "status") == EMPTY


def test_the_database_of_the_settings_is_meant_where_the_option_file_names_none(run, account, tmp_path):
    small_project.write(tmp_path / "project", {"learnhub-db.toml": f'database = "{account.database}"\n'})
    assert run("--defaults-file", file(tmp_path / "my.cnf", whole(account)), "status") == EMPTY


def test_the_url_goes_before_the_option_file(run, account, tmp_path):
    wrong = whole(replace(account, user="nobody", port=1, host="localhost")) + "socket=/nowhere\n"
    assert run("--url", account.url, "--defaults-file", file(tmp_path / "my.cnf", wrong), "status") == EMPTY


def test_the_option_file_gives_what_the_url_leaves_out(run, account, tmp_path):
    options = file(tmp_path / "my.cnf", whole(account))
    assert run("--url", f"mysql:///{account.database}", "--defaults-file", options, "status") == EMPTY


def test_an_option_file_that_others_may_read_is_told_only_of_its_password(run, account, tmp_path):
    path = file(tmp_path / "my.cnf", "[client]\npassword=wrong\n", 0o644)
    warning = f"warning: everybody on this machine may read the password, {path}, chmod o-r {path}\n"
    assert run("--url", account.url, "--defaults-file", path, "status") == (*EMPTY[:2], warning)
    file(path, "[client]\nssl-mode=REQUIRED\n", 0o644)
    assert run("--url", account.url, "--defaults-file", path, "status") == EMPTY


def test_the_groups_count_in_the_order_of_the_file_and_others_do_not(tmp_path):
    text = "[client]\nuser=a\nport=1\n[mysqld]\nuser=m\n[learnhub-db]\nuser=b\n[ client ]\nport = 2\n[mysql]\nport=3\n"
    assert login.options(file(tmp_path / "my.cnf", text)) == {"user": "b", "port": "2", "host": "localhost"}


def test_the_socket_of_an_option_file_is_for_this_machine(tmp_path):
    path = file(tmp_path / "my.cnf", "[client]\nsocket=/s\nssl_mode=DISABLED\n")
    assert login.options(path) == {"socket": "/s", "ssl-mode": "DISABLED", "host": "localhost"}
    assert Target.parse("mysql:///d", login.options(path)).unix_socket == "/s"
    assert Target.parse("mysql://h/d", login.options(path)).unix_socket is None
    assert login.options(file(path, "[client]\nsocket=/s\nhost=h\n")) == {"host": "h"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "[client]\nloose-x=1\n\n[learnhub-db]\n# a remark\n; another\npasswort=s3cr3t\n",
            "there is no option passwort ({path}:7)\nhint: known: user, password, host, port, socket, database, "
            "ssl-mode, ssl-ca, ssl-cert, ssl-key",
        ),
        ("[client]\n!include /etc/s3cr3t\n", "the option file includes others ({path}:2)\nhint: give the included one itself"),
        ("[client]\nport=s3cr3t\n", "the port is s3cr3t\nhint: give a number up to 65535"),
    ],
)
def test_an_option_file_that_cannot_be_is_refused_by_its_line(run, account, tmp_path, text, line):
    path = file(tmp_path / "my.cnf", text)
    words = ("--url", f"mysql://{account.host}/d", "--defaults-file", path, "status")
    assert run(*words) == (2, "", f"error: {line.format(path=path)}\n")


VALUES = r"""
plain
a # remark
a#b
"a # b"   # remark
'it''s'
"a" b"
a'#'b
'a\'b'
"a\"b"
'un
a;b
'a#b
a\#b
c\sd\\e\tf
\xa
x   y
'a"b'
'a' 'b'
''
"""


def test_values_are_read_as_the_stock_client_reads_them(tmp_path):
    for value in VALUES.split("\n")[1:-1]:
        path = file(tmp_path / "my.cnf", f"[client]\nuser = {value}\n")
        assert f"--user={login.options(path)['user']} " in f"{told_by_the_client(path)} ", value


def told_by_the_client(path: Path) -> str:
    try:
        client = client_command()
    except NoServer as error:
        pytest.skip(str(error))
    program = max(number for number, word in enumerate(client) if not word.startswith("--"))
    command = [*client[: program + 1], f"--defaults-file={path}", "--print-defaults"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]


def test_a_socket_that_is_not_there_is_named():
    with pytest.raises(CannotConnect) as refused:
        connect(Target.parse("mysql://me:s3cr3t@h/d?unix_socket=/nowhere"))
    assert str(refused.value) == "no MySQL answers (me@/nowhere/d)\nhint: start it, or correct the URL's unix_socket"


def test_nothing_named_is_told_with_the_ways_to_name_it(run):
    mend = "give --url or --defaults-file, set LEARNHUB_DB_URL, or run learnhub-db server start"
    assert run("status") == (2, "", f"error: no database is named\nhint: {mend}\n")


def test_a_socket_goes_before_host_and_port_and_needs_no_encryption(server):
    with connect(server) as connection:
        ((path,),) = rows(connection, "SELECT IF(@@socket LIKE '/%%', @@socket, CONCAT(@@datadir, @@socket))")
    if not Path(path).is_socket() or len(path) > 100:
        pytest.skip("the server's socket is not on this machine")
    with connect(replace(server, host="localhost", port=1, unix_socket=path)) as connection:
        assert rows(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'") == [("Ssl_cipher", "")]
