"""ssl-mode, ssl-ca, ssl-cert, ssl-key against a server's own certificates, others', and none."""

from __future__ import annotations

import ipaddress
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from learnhub_db.connection.tls import Tls
from learnhub_db.database import Target, connect, rows
from learnhub_db.errors import LearnHubError, NoServer
from learnhub_db.server import start, stop

SELF_SIGNED = "self-signed certificate in certificate chain"
NAME_THE_CA = "name the CA that did: of a certificate that the server made itself, ca.pem in its data directory"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("own") / "server"


@pytest.fixture(scope="module")
def own(home: Path) -> Iterator[Target]:
    """A server of these tests' own, whose certificates they may read and change."""
    try:
        yield start(home, "shop")
    except NoServer as error:
        pytest.skip(str(error))
    finally:
        stop(home)


@pytest.fixture
def made(home: Path, own: Target) -> Path:
    """Where the server keeps the certificates that it made itself."""
    return home / "data"


@contextmanager
def settings(server: Target, *statements: str) -> Iterator[None]:
    """The server with other TLS settings; then again with those of its start."""
    with connect(server) as connection:
        try:
            for statement in statements:
                rows(connection, statement)
            yield
        finally:
            for name, value in (("ca", "ca.pem"), ("cert", "server-cert.pem"), ("key", "server-key.pem")):
                rows(connection, f"SET GLOBAL ssl_{name} = '{value}'")
            rows(connection, "SET GLOBAL require_secure_transport = OFF")
            rows(connection, "ALTER INSTANCE RELOAD TLS")


@pytest.fixture
def without_tls(own: Target) -> Iterator[Target]:
    with settings(own, "SET GLOBAL ssl_cert = '/nowhere'", "ALTER INSTANCE RELOAD TLS NO ROLLBACK ON ERROR"):
        yield own


def cipher(target: Target, tls: Tls = Tls()) -> str:
    with connect(replace(target, tls=tls)) as connection:
        ((_, name),) = rows(connection, "SHOW SESSION STATUS LIKE 'Ssl_cipher'")
    return name


def told(target: Target, tls: Tls) -> str:
    """What the refusal says, without its place, and its hint."""
    with pytest.raises(LearnHubError) as refused:
        connect(replace(target, tls=tls))
    what, hint = str(refused.value).replace(f" ({target})", "").split("\nhint: ")
    return f"{what}, {hint}"


@pytest.mark.parametrize(("mode", "encrypted"), [("DISABLED", False), ("PREFERRED", True), ("REQUIRED", True)])
def test_modes_that_verify_nothing(own, mode, encrypted):
    assert bool(cipher(own, Tls(mode))) is encrypted


@pytest.mark.parametrize("mode", ["DISABLED", "PREFERRED"])
def test_a_server_without_tls_is_used_plain_unless_tls_is_required(without_tls, mode):
    assert cipher(without_tls, Tls(mode)) == ""


def test_a_server_without_tls_is_refused_by_required(without_tls, made):
    line = "the server offers no TLS, have it switched on, or let all in between read along: ssl-mode=PREFERRED"
    assert told(without_tls, Tls("REQUIRED")) == line
    assert told(without_tls, Tls("VERIFY_CA", str(made / "ca.pem"))) == line


def test_a_server_that_takes_only_tls_says_so(own):
    with settings(own, "SET GLOBAL require_secure_transport = ON"):
        assert told(own, Tls("DISABLED")) == "the server takes only TLS, connect with ssl-mode=REQUIRED"
        assert cipher(own)


def test_the_servers_own_ca_is_verified(own, made):
    assert cipher(own, Tls("VERIFY_CA", str(made / "ca.pem")))


def test_another_ca_is_refused(own, tmp_path):
    ca = Authority().write(tmp_path)
    for mode in ("VERIFY_CA", "VERIFY_IDENTITY"):
        line = f"ssl-ca did not sign the server's certificate ({SELF_SIGNED}), {NAME_THE_CA}"
        assert told(own, Tls(mode, ca)) == line


def test_identity_wants_the_host_in_the_certificate(own, made, tmp_path):
    mend = "connect by a name in it, or use ssl-mode=VERIFY_CA"
    line = f"the server's certificate does not name 127.0.0.1, {mend}"
    assert told(own, Tls("VERIFY_IDENTITY", str(made / "ca.pem"))) == line
    with serving(own, Authority(), tmp_path) as ca:
        assert cipher(own, Tls("VERIFY_IDENTITY", ca))
        localhost = replace(own, host="localhost")
        line = f"the server's certificate does not name localhost, {mend}"
        assert told(localhost, Tls("VERIFY_IDENTITY", ca)) == line
        assert cipher(localhost, Tls("VERIFY_CA", ca))


def test_an_expired_certificate_is_told(own, tmp_path):
    with serving(own, Authority(), tmp_path, timedelta(seconds=2)) as ca:  # an expired one the server does not take
        assert cipher(own, Tls("VERIFY_CA", ca))
        time.sleep(3)
        assert told(own, Tls("VERIFY_CA", ca)) == "the server's certificate has expired, have it renewed"
        assert cipher(own, Tls("REQUIRED"))


def test_an_account_that_requires_a_certificate(own, made):
    mine = Tls("REQUIRED", None, str(made / "client-cert.pem"), str(made / "client-key.pem"))
    with connect(own) as connection:
        rows(connection, "CREATE USER carded@'127.0.0.1' IDENTIFIED BY 'w0rd' REQUIRE X509")
        rows(connection, "GRANT SELECT ON shop.* TO carded@'127.0.0.1'")
    carded = replace(own, user="carded", password="w0rd")
    mend = "correct user and password, or give what the account REQUIREs: ssl-mode, ssl-cert"
    assert told(carded, Tls("REQUIRED")) == f"the server refuses the login, {mend}"
    assert cipher(carded, mine)
    assert cipher(carded, replace(mine, mode="PREFERRED"))
    assert cipher(carded, replace(mine, mode="VERIFY_CA", ca=str(made / "ca.pem")))


def test_a_socket_is_encrypted_only_where_it_is_asked_for(own, home, monkeypatch):
    monkeypatch.chdir(home / "data")
    socket = replace(own, host="localhost", port=1, unix_socket="mysqld.sock")
    with connect(own) as connection:
        rows(connection, "CREATE USER here@localhost IDENTIFIED BY 'w0rd'")
        rows(connection, "GRANT SELECT ON shop.* TO here@localhost")
    here = replace(socket, user="here", password="w0rd")
    assert cipher(here) == ""
    assert cipher(here, Tls("REQUIRED"))


@pytest.mark.parametrize(
    ("option", "text", "why"),
    [
        ("ssl-ca", None, "No such file or directory"),
        ("ssl-ca", "no certificate\n", "NO_CERTIFICATE_OR_CRL_FOUND"),
        ("ssl-cert", None, "No such file or directory"),
        ("ssl-cert", "no certificate\n", "not PEM"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(own, tmp_path, option, text, why):
    path = tmp_path / "file.pem"
    if text:
        path.write_text(text)
    line = f"{option} cannot be read ({why}) ({path}), name a PEM file"
    assert told(own, Tls.of({option: str(path)})) == line


def test_a_key_with_a_passphrase_is_refused_and_nobody_asked(own, made, tmp_path):
    locked = tmp_path / "key.pem"
    key = serialization.load_pem_private_key((made / "client-key.pem").read_bytes(), None)
    form, secret = serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"w0rd")
    locked.write_bytes(key.private_bytes(serialization.Encoding.PEM, form, secret))
    cert = made / "client-cert.pem"
    line = f"ssl-cert cannot be read (its key has a passphrase: write one without) ({cert} with {locked})"
    assert told(own, Tls("REQUIRED", None, str(cert), str(locked))) == f"{line}, name a PEM file"


def test_connections_with_the_same_settings_share_a_context(own, made):
    ca = str(made / "ca.pem")
    first, second = Tls("VERIFY_CA", ca).context(on_socket=False), Tls("VERIFY_CA", ca).context(on_socket=False)
    assert first is second
    assert Tls("VERIFY_IDENTITY", ca).context(on_socket=False) is not first
    assert first.verify_mode == ssl.CERT_REQUIRED


@pytest.mark.parametrize("verb", ["apply", "status"])
def test_the_command_line_tells_in_one_line(own, tmp_path, verb):
    target = replace(own, tls=Tls("VERIFY_CA", Authority().write(tmp_path)))
    line = f"error: ssl-ca did not sign the server's certificate ({SELF_SIGNED}) ({target})\nhint: {NAME_THE_CA}\n"
    assert ran("learnhub_db", "--project", tmp_path, "--url", target.url, verb) == (4, "", line)


def test_yoyos_backend_encrypts_as_the_url_says(own, made, tmp_path):
    (tmp_path / "0001-a.sql").write_text("CREATE TABLE a (id INT);\n")

    def yoyo(verb: str, tls: Tls) -> tuple[int, str, str]:
        url = replace(own, tls=tls).url.replace("mysql", "learnhub", 1)
        return ran("yoyo", verb, "--no-config-file", "--batch", "--database", url, tmp_path)

    with settings(own, "SET GLOBAL require_secure_transport = ON"):
        code, out, _ = yoyo("list", Tls("VERIFY_CA", str(made / "ca.pem")))
        assert (code, "0001-a" in out) == (0, True)
        code, _, err = yoyo("list", Tls("DISABLED"))
        assert (code, "the server takes only TLS" in err) == (1, True)
        assert own.password not in err


def ran(module: str, *words: object) -> tuple[int, str, str]:
    command = [sys.executable, "-m", module, *map(str, words)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    return answer.returncode, answer.stdout, answer.stderr


class Authority:
    """A CA made for a test."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another CA")])
        own = x509.BasicConstraints(ca=True, path_length=None)
        self.certificate = self.sign(self.key, self.name, timedelta(days=3), own)

    def sign(
        self, key: ec.EllipticCurvePrivateKey, name: x509.Name, lasts: timedelta, extension: x509.ExtensionType
    ) -> x509.Certificate:
        end = datetime.now(UTC) + lasts
        return (
            x509.CertificateBuilder(self.name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(end - timedelta(days=30))
            .not_valid_after(end)
            .add_extension(extension, critical=True)
            .sign(self.key, hashes.SHA256())
        )

    def write(self, folder: Path) -> str:
        path = folder / "another-ca.pem"
        path.write_bytes(self.certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)


@contextmanager
def serving(
    server: Target, authority: Authority, folder: Path, lasts: timedelta = timedelta(days=3)
) -> Iterator[str]:
    """The server with a certificate of `authority` for 127.0.0.1, which lasts so long; yields the CA's file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a server")])
    host = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(authority.sign(key, name, lasts, host).public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, form, serialization.NoEncryption()))
    ca = authority.write(folder)
    files = {"ca": ca, "cert": folder / "cert.pem", "key": folder / "key.pem"}
    statements = [f"SET GLOBAL ssl_{option} = '{path}'" for option, path in files.items()]
    with settings(server, *statements, "ALTER INSTANCE RELOAD TLS"):
        yield ca
