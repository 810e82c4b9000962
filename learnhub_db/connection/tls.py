"""Encrypted connections, named as the stock client names them: ssl-mode, ssl-ca, ssl-cert, ssl-key."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from learnhub_db.errors import UsageError

MODES = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
VERIFYING = ("VERIFY_CA", "VERIFY_IDENTITY")
OPTIONS = ("ssl-mode", "ssl-ca", "ssl-cert", "ssl-key")

# OpenSSL's numbers, for which Python's ssl has no names.
_EXPIRED = 10
_OF_ANOTHER_HOST = (62, 64)


@dataclass(frozen=True)
class Tls:
    """How to encrypt; the files are PEM. PREFERRED encrypts where the server can, and checks nothing."""

    mode: str = "PREFERRED"
    ca: str | None = None
    cert: str | None = None
    key: str | None = None

    @classmethod
    def of(cls, options: Mapping[str, str]) -> Tls:
        """As `options` say by the stock client's names: a CA alone means VERIFY_CA; UsageError for what cannot be."""
        ca, cert, key = (options.get(name) for name in OPTIONS[1:])
        mode = options.get("ssl-mode", "VERIFY_CA" if ca else "PREFERRED").upper()
        if mode not in MODES:
            raise UsageError(f"there is no ssl-mode {mode}", "", f"known: {', '.join(MODES)}")
        if mode in VERIFYING and not ca:
            raise UsageError(f"ssl-mode {mode} needs a CA", "", "name its file in ssl-ca")
        if ca and mode not in VERIFYING:
            raise UsageError(f"ssl-ca is not checked under ssl-mode {mode}", "", "write VERIFY_CA, or leave it out")
        if cert and mode == "DISABLED":
            raise UsageError("ssl-cert is not sent under ssl-mode DISABLED", "", "leave one of them out")
        if key and not cert:
            raise UsageError("ssl-key is without its certificate", "", "name the certificate's file in ssl-cert")
        return cls(mode, ca, cert, key)

    @property
    def options(self) -> dict[str, str]:
        """By the stock client's names, those that differ from none given."""
        values = (None if self.mode == "PREFERRED" else self.mode, self.ca, self.cert, self.key)
        return {name: value for name, value in zip(OPTIONS, values) if value}

    def context(self, *, on_socket: bool) -> ssl.SSLContext | None:
        """What the driver encrypts with, or None for not at all; UsageError for a file that cannot be read.

        A unix socket is not encrypted unless it is asked for: nobody is in between.
        """
        if self.mode == "DISABLED" or (on_socket and self == Tls()):
            return None
        return _context(self)


@cache
def _context(tls: Tls) -> ssl.SSLContext:
    """One for all connections: PyMySQL's own, made anew for each, reads the system's CAs each time."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = tls.mode == "VERIFY_IDENTITY"
    context.verify_mode = ssl.CERT_REQUIRED if tls.mode in VERIFYING else ssl.CERT_NONE
    if tls.ca:
        with _reading("ssl-ca", tls.ca):
            context.load_verify_locations(tls.ca)
    if tls.cert:
        with _reading("ssl-cert", tls.cert if not tls.key else f"{tls.cert} with {tls.key}"):
            context.load_cert_chain(tls.cert, tls.key, password=_no_passphrase)
    return context


@contextmanager
def _reading(option: str, path: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        if isinstance(error, ssl.SSLError):
            why = error.reason or "not PEM"
        raise UsageError(f"{option} cannot be read ({why})", path, "name a PEM file") from None


def _no_passphrase() -> bytes:
    """In place of OpenSSL's own question at the terminal."""
    raise ValueError("its key has a passphrase: write one without")


def refusal(error: ssl.SSLError, host: str) -> tuple[str, str]:
    """What went wrong between the two sides, and the hint."""
    if not isinstance(error, ssl.SSLCertVerificationError):
        return f"TLS fails ({error.reason or error})", "compare the versions and ciphers of both sides"
    if error.verify_code in _OF_ANOTHER_HOST:
        return f"the server's certificate does not name {host}", "connect by a name in it, or use ssl-mode=VERIFY_CA"
    if error.verify_code == _EXPIRED:
        return "the server's certificate has expired", "have it renewed"
    what = f"ssl-ca did not sign the server's certificate ({error.verify_message})"
    return what, "name the CA that did: of a certificate that the server made itself, ca.pem in its data directory"
