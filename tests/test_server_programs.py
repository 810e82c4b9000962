"""Which mysqld the private server runs, and where it says it cannot have one."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from learnhub_db.errors import NoServer, UsageError
from learnhub_db.server import archive
from learnhub_db.server.programs import server_command

MARIADB = "mysqld  Ver 10.11.11-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)"
MYSQL_8_0 = "/usr/sbin/mysqld  Ver 8.0.41-0ubuntu0.24.04.1 for Linux on x86_64 ((Ubuntu))"
MYSQL_8_4 = "/usr/sbin/mysqld  Ver 8.4.5-0ubuntu0.2 for Linux on x86_64 ((Ubuntu))"


def program(folder: Path, version: str) -> str:
    """A program named mysqld that tells `version`, as another distribution's would."""
    folder.mkdir()
    path = folder / "mysqld"
    path.write_text(f"#!/bin/sh\necho '{version}'\n")
    path.chmod(0o755)
    return str(path)


class Lines(list):
    """Keeps what is said, with its stream."""

    def __call__(self, text: str, *, err: bool = False) -> None:
        self.append((text, "stderr" if err else "stdout"))


@pytest.fixture(autouse=True)
def no_named_mysqld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LEARNHUB_MYSQLD", raising=False)


def test_a_mariadb_and_an_old_mysql_on_path_are_passed_over_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mariadb = program(tmp_path / "mariadb", MARIADB)
    old = program(tmp_path / "old", MYSQL_8_0)
    current = program(tmp_path / "current", MYSQL_8_4)
    monkeypatch.setenv("PATH", f"{tmp_path}/mariadb:{tmp_path}/old:{tmp_path}/current:/bin")
    said = Lines()
    assert server_command(said) == [current, "--no-defaults"]
    assert said == [
        (f"passed over {mariadb}: it is a MariaDB, not a MySQL", "stderr"),
        (f"passed over {old}: it is MySQL 8.0.41-0ubuntu0.24.04.1, older than 8.4", "stderr"),
    ]


def test_the_named_mysqld_goes_before_the_one_on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(tmp_path / "current", MYSQL_8_4)
    named = program(tmp_path / "named", MYSQL_8_4)
    monkeypatch.setenv("PATH", f"{tmp_path / 'current'}:/bin")
    monkeypatch.setenv("LEARNHUB_MYSQLD", named)
    assert server_command() == [named, "--no-defaults"]


@pytest.mark.parametrize(
    ("version", "flaw"),
    [
        (MARIADB, "LEARNHUB_MYSQLD is a MariaDB, not a MySQL"),
        (MYSQL_8_0, "LEARNHUB_MYSQLD is MySQL 8.0.41-0ubuntu0.24.04.1, older than 8.4"),
        ("hello", "LEARNHUB_MYSQLD is not a MySQL: it does not tell its version"),
    ],
)
def test_a_named_mysqld_that_cannot_serve_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, flaw: str
) -> None:
    named = program(tmp_path / "named", version)
    monkeypatch.setenv("LEARNHUB_MYSQLD", named)
    with pytest.raises(UsageError) as refused:
        server_command()
    assert str(refused.value) == f"{flaw} ({named})\nhint: name a mysqld of MySQL 8.4 or newer, or unset it"


def test_a_named_mysqld_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEARNHUB_MYSQLD", "/nowhere/mysqld")
    with pytest.raises(UsageError, match=r"LEARNHUB_MYSQLD names no program \(/nowhere/mysqld\)\nhint: set it to the path"):
        server_command()


def test_where_no_mysql_can_be_had_one_line_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(NoServer) as refused:
        server_command()
    assert str(refused.value) == (
        "there is no MySQL here and no Debian or Ubuntu archive to take one from\nhint: "
        "install MySQL 8.4 or newer, or start the image mysql:9.7 with Docker and give its --url"
    )


needs_apt = pytest.mark.skipif(not shutil.which("apt-get"), reason="asks apt-get, and there is none here")


@needs_apt
@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("sources.list", "deb [arch=amd64] http://mirror.example/d {own} main\n"),
        ("sources.list.d/d.sources", "Types: deb\nURIs: http://mirror.example/d\nSuites: {own}\nComponents: main\n"),
    ],
)
def test_the_mirror_is_the_one_apt_is_configured_with_in_either_format(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, source: str
) -> None:
    own = archive.platform.freedesktop_os_release()["VERSION_CODENAME"]
    tmp_path.joinpath("sources.list.d").mkdir()
    tmp_path.joinpath("sources.list.d/a.list").write_text("deb http://other.example/tools stable main\n")
    tmp_path.joinpath(name).write_text(source.format(own=own))
    tmp_path.joinpath("apt.conf").write_text(f'Dir::Etc "{tmp_path}/";\n')
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    _, mirrors = archive.sources()
    assert mirrors == ["http://mirror.example/d", "http://other.example/tools"]


@needs_apt
def test_an_archive_without_a_valid_signature_is_refused(tmp_path: Path) -> None:
    release = tmp_path / "mirror/dists/sid"
    release.mkdir(parents=True)
    release.joinpath("InRelease").write_text("Origin: Debian\nSuite: sid\n")
    keyring = next(iter(archive.SUITES.values())).keyring
    options = archive.apt_options(tmp_path, f"deb [signed-by={keyring}] file:{tmp_path}/mirror sid main\n")
    done = subprocess.run(["apt-get", *options, "-qq", "update"], capture_output=True, text=True)
    assert done.returncode == 100
    assert "sid InRelease' is not signed" in done.stderr


def test_the_unpacked_client_runs_on_this_machine() -> None:
    command = archive.client_command(archive.unpacked(Lines()))
    told = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True).stdout
    assert " Ver " in told and "MariaDB" not in told
