"""A client that dies at a chosen query: between it and the server stands a proxy that counts queries.

At query N the proxy has sent the query on and seen the server's answer, which the client never gets: the server has
done N queries, and the client does not know of the last. So every state that a dead client can leave behind has its N.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from pymysql.constants import CLIENT, SERVER_STATUS

from learnhub_db.connection.tls import Tls
from learnhub_db.database import Target
from learnhub_db.errors import LearnHubError

COM_QUERY = 3
PATIENCE_SECONDS = 30

READS = re.compile(r"\s*(?:SELECT|SHOW|SET|START|BEGIN|PREPARE|DEALLOCATE)\b(?!;)")  # behind a ; comes more
Client = multiprocessing.process.BaseProcess

_clients = multiprocessing.get_context("forkserver")
_clients.set_forkserver_preload(["interruptions", *(f"learnhub_db.{name}" for name in ("deployment", "application", "rollback"))])


@dataclass
class Proxy:
    """Passes one connection on to `server`; holds the answer to query `stop`, 0: of none."""

    server: Target
    stop: int = 0
    queries: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    connection_id: int = 0

    @contextmanager
    def open(self) -> Iterator[Target]:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            thread = threading.Thread(target=self._serve, args=(listener,), daemon=True)
            thread.start()
            yield replace(self.server, host="127.0.0.1", port=listener.getsockname()[1], tls=Tls("DISABLED"))
            self.cut()
            thread.join(PATIENCE_SECONDS)

    def cut(self) -> None:
        """Close both ends, as the death of either side does."""
        for end in self.ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            end.close()

    ends: list[socket.socket] = field(default_factory=list)

    def _serve(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            upstream = socket.create_connection((self.server.host, self.server.port))
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.ends += [client, upstream]
            answers = threading.Thread(target=self._answers, args=(upstream, client), daemon=True)
            answers.start()
            for header, body in packets(client):
                if header[3] == 0 and body[:1] == bytes([COM_QUERY]):
                    self.queries.append(body[1:].decode(errors="replace"))
                upstream.sendall(header + body)
        except OSError:
            pass
        finally:
            self.ended.set()
            self.cut()

    def _answers(self, upstream: socket.socket, client: socket.socket) -> None:
        try:
            header, greeting = next(packets(upstream))
            client.sendall(header + self._without_tls(greeting))
            while data := upstream.recv(65536):
                if self.stop and len(self.queries) >= self.stop:
                    if not more_follows(data):
                        self.held.set()
                else:
                    client.sendall(data)
        except OSError:
            pass
        self.cut()

    def _without_tls(self, greeting: bytes) -> bytes:
        """What the server says first: its version, the connection's number, then eight bytes, a zero, what it can."""
        number = greeting.index(b"\0", 1) + 1
        self.connection_id = int.from_bytes(greeting[number : number + 4], "little")
        abilities = number + 13
        can = int.from_bytes(greeting[abilities : abilities + 2], "little") & ~CLIENT.SSL
        return greeting[:abilities] + can.to_bytes(2, "little") + greeting[abilities + 2 :]


def packets(sender: socket.socket) -> Iterator[tuple[bytes, bytes]]:
    while header := exactly(sender, 4):
        yield header, exactly(sender, int.from_bytes(header[:3], "little"))


def more_follows(answer: bytes) -> bool:
    """Whether the server is still at the packet: the last OK (0, two short numbers, the status) says so."""
    while len(answer) > (end := 4 + int.from_bytes(answer[:3], "little")):
        answer = answer[end:]
    return answer[4] == 0 and bool(answer[7] & SERVER_STATUS.SERVER_MORE_RESULTS_EXISTS)


def exactly(sender: socket.socket, size: int) -> bytes:
    read = b""
    while len(read) < size:
        part = sender.recv(size - len(read))
        if not part:
            return b""
        read += part
    return read


def queries(server: Target, work: Callable[..., object], *arguments: object) -> list[str]:
    """What `work` sends when nothing disturbs it."""
    proxy = Proxy(server)
    with proxy.open() as target:
        work(target, *arguments)
    return proxy.queries


def boundaries(server: Target, work: Callable[..., object], *arguments: object) -> list[int]:
    """The numbers of the queries after which the server is not as before."""
    return [number for number, text in enumerate(queries(server, work, *arguments), 1) if not READS.match(text)]


def number_of(server: Target, start: str, work: Callable[..., object], *arguments: object) -> int:
    """The number of the first query that starts so, by itself or behind the guard that is sent before it."""
    found = enumerate(queries(server, work, *arguments), 1)
    return next(number for number, text in found if text.startswith(start) or f";\n{start}" in text)


@contextmanager
def at(server: Target, query: int, work: Callable[..., object], *arguments: object) -> Iterator[tuple[Proxy, Client]]:
    """While `work(target, …)` in a process of its own waits for the answer to `query`."""
    proxy = Proxy(server, query)
    with proxy.open() as target:
        client = start(work, target, *arguments)
        assert proxy.held.wait(PATIENCE_SECONDS), f"query {query} was never answered"
        yield proxy, client
        proxy.cut()
        client.join(PATIENCE_SECONDS)
        assert client.exitcode, "the client noticed nothing"


def start(work: Callable[..., object], *arguments: object) -> Client:
    client = _clients.Process(target=silently, args=(work, *arguments))
    client.start()
    return client


def kill_the_client(proxy: Proxy, client: Client) -> None:
    os.kill(client.pid, signal.SIGKILL)
    client.join(PATIENCE_SECONDS)


def silently(work: Callable[..., object], *arguments: object) -> None:
    try:
        work(*arguments)
    except LearnHubError:
        sys.exit(1)


def apply(target: Target, root: Path) -> None:
    """What a client does here, also where a gate stands already; it says nothing.

    What a migration destroys of an earlier one's rows is allowed: after a death these rows are there.
    """
    from learnhub_db import deployment
    from learnhub_db.project import Project

    deployment.apply(Project(root), target, adopt=True, allow_destroy=["stock", "old_stock"])


def rollback(target: Target, root: Path, to: str) -> None:
    """The same on the way back."""
    from learnhub_db import rollback as rollbacks
    from learnhub_db.project import Project

    rollbacks.run(Project(root), target, rollbacks.Aim(to))


def until(done: Callable[[], bool]) -> None:
    """Wait for what another process does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.01)
