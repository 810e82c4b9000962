"""MySQL from the distribution's own archive, unpacked without root into the user's cache.

The newest suite of the archive holds a current MySQL. Its packages come with every library they need, the
C library and its loader too, so they run on older releases of the distribution as well.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from learnhub_db.errors import NoServer
from learnhub_db.server.lock import locked
from learnhub_db.server.say import Say

MEND = "install MySQL 8.4 or newer, or start the image mysql:9.7 with Docker and give its --url"
NEEDED_BYTES = 600 << 20
LOADERS = {
    "x86_64": ("x86_64-linux-gnu", "ld-linux-x86-64.so.2"),
    "aarch64": ("aarch64-linux-gnu", "ld-linux-aarch64.so.1"),
}


@dataclass(frozen=True)
class Suite:
    """The part of a distribution's archive that holds a current MySQL, and the keys that sign it."""

    name: str
    components: str
    keyring: str


SUITES = {
    "debian": Suite("sid", "main", "/usr/share/keyrings/debian-archive-keyring.gpg"),
    "ubuntu": Suite("devel", "main universe", "/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
}


def unpacked(say: Say) -> Path:
    """The folder of an unpacked MySQL, unpacked now if need be; a killed unpacking leaves none."""
    folder = _cache() / "mysql"
    if folder.exists():
        return folder
    if platform.machine() not in LOADERS or not shutil.which("apt-get") or not shutil.which("dpkg"):
        raise NoServer("there is no MySQL here and no Debian or Ubuntu archive to take one from", "", MEND)
    try:
        with locked(_cache() / "lock"):
            if not folder.exists():
                _unpack(folder, say)
    except OSError as error:
        raise NoServer(
            f"MySQL cannot be unpacked: {error.strerror}",
            str(_cache()),
            "make 600 MB there writable, or set XDG_CACHE_HOME",
        ) from error
    return folder


def server_command(root: Path) -> list[str]:
    """The command that runs the unpacked mysqld."""
    share = root / "usr/share/mysql"
    return [
        *_loaded(root, "usr/sbin/mysqld"),
        "--no-defaults",
        f"--basedir={root / 'usr'}",
        f"--lc-messages-dir={share}",
        f"--character-sets-dir={share / 'charsets'}",
        f"--plugin-dir={root / 'usr/lib/mysql/plugin'}",
    ]


def client_command(root: Path) -> list[str]:
    """The command that runs the unpacked stock client."""
    charsets = root / "usr/share/mysql/charsets"
    return [*_loaded(root, "usr/bin/mysql"), "--no-defaults", f"--character-sets-dir={charsets}"]


def _loaded(root: Path, program: str) -> list[str]:
    """`program` started by the loader it was built for, not by this machine's."""
    triplet, loader = LOADERS[platform.machine()]
    libraries = root / "usr/lib" / triplet
    path = f"{libraries}:{libraries / 'mysql/private'}:{root / 'lib' / triplet}"
    return [str(libraries / loader), "--library-path", path, str(root / program)]


def _cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "learnhub-db"


def _unpack(folder: Path, say: Say) -> None:
    work = folder.with_name("unpacking")
    shutil.rmtree(work, ignore_errors=True)
    (work / "root").mkdir(parents=True)
    if shutil.disk_usage(work).free < NEEDED_BYTES:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    try:
        packages = _downloaded(work, say)
        say(f"unpacking {len(packages)} packages into {folder}")
        for package in packages:
            _run(["dpkg", "-x", str(package), str(work / "root")])
        (work / "root").rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _downloaded(work: Path, say: Say) -> list[Path]:
    """The package files of MySQL and all it needs, from the first mirror that has them."""
    failures = []
    suite, mirrors = sources()
    for mirror in mirrors:
        say(f"fetching MySQL from {mirror} {suite.name}, about 70 MB")
        try:
            apt = apt_options(work, f"deb [signed-by={suite.keyring}] {mirror} {suite.name} {suite.components}\n")
            _run(["apt-get", *apt, "-qq", "update"])
            names = list(_package_names(apt))
            _run(["apt-get", *apt, "-qq", "install", "-y", "--no-install-recommends", "--download-only", *names])
            return sorted((work / "cache/archives").glob("*.deb"))
        except NoServer as failure:
            failures.append(failure)
    raise failures[0] if failures else NoServer("apt's configuration names no archive", "/etc/apt", MEND)


def sources() -> tuple[Suite, list[str]]:
    """The suite to use, and the mirrors apt is configured with, the distribution's own release first."""
    system = platform.freedesktop_os_release()
    suite = SUITES.get(system["ID"])
    if suite is None:
        raise NoServer(f"there is no MySQL here and {system['ID']} is neither Debian nor Ubuntu", "", MEND)
    found = re.findall(r"^'([^']+?)/dists/([^/']+)/InRelease'", _run(["apt-get", "update", "--print-uris"]), re.M)
    own = system.get("VERSION_CODENAME")
    return suite, list(dict.fromkeys(mirror for mirror, _ in sorted(found, key=lambda source: source[1] != own)))


def apt_options(work: Path, source: str) -> list[str]:
    """The options that keep apt-get within `work`, away from the machine's own lists and packages.

    Signatures are checked as ever; only the expiry date is not, so that a snapshot of the archive serves too.
    """
    shutil.rmtree(work / "lists", ignore_errors=True)
    for folder in ("lists/partial", "cache/archives/partial"):
        (work / folder).mkdir(parents=True, exist_ok=True)
    (work / "sources.list").write_text(source)
    (work / "status").touch()
    options = {
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": work / "lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "APT::Sandbox::User": "",
        "APT::Update::Error-Mode": "any",
        "Acquire::Check-Valid-Until": "false",
    }
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]


def _package_names(apt: list[str]) -> Iterator[str]:
    """The server's and the client's package: the one without a version in its name, else the newest."""
    for kind in ("server", "client"):
        found = _run(["apt-cache", *apt, "-n", "search", rf"^mysql-{kind}-core(-[0-9.]+)?$"])
        names = [line.split()[0] for line in found.splitlines()]
        if not names:
            raise NoServer(f"the archive has no mysql-{kind}-core", "", MEND)
        yield max(names, key=lambda name: (not name[-1].isdigit(), [int(n) for n in re.findall(r"\d+", name)]))


def _run(command: list[str]) -> str:
    """What `command` prints; NoServer with its last words where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", stdin=subprocess.DEVNULL)
    if done.returncode:
        words = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise NoServer(f"MySQL cannot be taken from the archive: {words}", f"by {command[0]}", MEND)
    return done.stdout
