"""A way to a server that breaks once, between what the server has done and the answer that tells of it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from socketserver import BaseRequestHandler, ThreadingTCPServer

from learnhub_db.database import Target

CHUNK = 65536


@contextmanager
def breaking_way(target: Target, done: Callable[[], bool]) -> Iterator[tuple[Target, threading.Event]]:
    """A target that passes everything on, until `done`: then the connection breaks, the first time only.

    The event is set once it broke.
    """
    broken = threading.Event()

    class Way(BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((target.host, target.port)) as server, suppress(OSError):
                threading.Thread(target=pour, args=(self.request, server), daemon=True).start()
                while answer := server.recv(CHUNK):
                    if not broken.is_set() and done():
                        broken.set()
                        break
                    self.request.sendall(answer)
                self.request.shutdown(socket.SHUT_RDWR)

    with ThreadingTCPServer(("127.0.0.1", 0), Way) as way:
        way.daemon_threads = True
        threading.Thread(target=way.serve_forever, daemon=True).start()
        yield replace(target, host="127.0.0.1", port=way.server_address[1]), broken
        way.shutdown()


def pour(source: socket.socket, sink: socket.socket) -> None:
    """Passes on what comes, to its end."""
    with suppress(OSError):
        while data := source.recv(CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
