"""A wire between a client and the server that kills the client at one of the steps it takes, kill -9."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from learnhub_db.connection.tls import Tls
from learnhub_db.database import Target, connect, rows

INNER = re.compile(rb";\n(?=DROP TRIGGER|CREATE DEFINER|CREATE PROCEDURE|CREATE TRIGGER|GRANT )")


class Wire:
    """Passes on what an apply says, up to step `last`, from 0; packets of several statements count as so many steps."""

    def __init__(self, target: Target, last: int, counted_from: bytes = b"") -> None:
        self.target, self.last, self.steps = target, last, 0
        self.counted_from = counted_from  # the beginning of the first query that counts
        self.process: subprocess.Popen[str] | None = None
        self.listener = socket.create_server(("127.0.0.1", 0))

    def apply(self, root: Path) -> bool:
        """Run an apply of `root`; True where it came to its end."""
        port = self.listener.getsockname()[1]
        url = replace(self.target, host="127.0.0.1", port=port, tls=Tls("DISABLED")).url
        command = [sys.executable, "-m", "learnhub_db", "--url", url, "--project", str(root), "apply"]
        relay = threading.Thread(target=self._relay, daemon=True)
        relay.start()
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        out, _ = self.process.communicate(timeout=60)
        relay.join(timeout=60)
        self._wait_until_gone()
        assert self.process.returncode in (0, -signal.SIGKILL), out
        return self.process.returncode == 0

    def _relay(self) -> None:
        client, _ = self.listener.accept()
        with client, socket.create_connection((self.target.host, self.target.port)) as server:
            client.sendall(_without_tls(server.recv(65536)))
            threading.Thread(target=_copy, args=(server, client), daemon=True).start()
            while header := _read(client, 4):
                body = _read(client, int.from_bytes(header[:3], "little"))
                if header[3] == 0 and body[:1] in (b"\x03", b"\x02"):  # a query, another database
                    stopped = self._stops_in(body)
                    if stopped is not None:
                        if stopped:
                            server.sendall(len(stopped).to_bytes(3, "little") + b"\0" + stopped)
                        os.kill(self.process.pid, signal.SIGKILL)
                        server.shutdown(socket.SHUT_RDWR)
                        return
                server.sendall(header + body)

    def _stops_in(self, body: bytes) -> bytes | None:
        """The part of a packet that the server still gets, b"" for none of it; None where all is to go on."""
        if not self.steps and not body[1:].startswith(self.counted_from):
            return None
        for end in (0, *(found.start() for found in INNER.finditer(body) if _is_packet(body))):
            if self.steps == self.last:
                return body[:end]
            self.steps += 1
        return None

    def _wait_until_gone(self) -> None:
        sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE id <> CONNECTION_ID() AND db = DATABASE()"
        with connect(self.target) as connection:
            deadline = time.monotonic() + 30
            while rows(connection, sql) != [(0,)] and time.monotonic() < deadline:
                time.sleep(0.01)


def _without_tls(greeting: bytes) -> bytes:
    """The server's greeting without the offer of TLS, under which the steps could not be read."""
    capabilities = greeting.index(b"\0", 5) + 14
    high = greeting[capabilities + 1] & ~0x08
    return greeting[: capabilities + 1] + bytes([high]) + greeting[capabilities + 2 :]


def _is_packet(body: bytes) -> bool:
    return body[1:].startswith((b"DROP ", b"LOCK TABLES"))


def _read(source: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = source.recv(size - len(found))
        if not part:
            return b""
        found += part
    return found


def _copy(source: socket.socket, sink: socket.socket) -> None:
    try:
        while part := source.recv(65536):
            sink.sendall(part)
    except OSError:
        pass  # the client is dead
