"""A web server that sends the bytes it is told to, at the pace it is told to; for the tests of hostile sites.

Each site is a host name below ``localhost`` with a script: a function of the request that yields what is sent, piece by
piece.  Every request is kept.
"""

import contextlib
import socket
import socketserver
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True)
class Asked:
    """One request: the name before ``.localhost``, the path, the whole head, and the server."""

    site: str
    path: str
    head: bytes
    server: "RawServer"


Script = Callable[[Asked], Iterator[bytes]]


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        with contextlib.suppress(OSError):
            self.request.settimeout(20)
            head = b""
            while b"\r\n\r\n" not in head:
                piece = self.request.recv(65536)
                if not piece:
                    return
                head += piece
            server: Any = self.server
            self._answer(head, server)

    def _answer(self, head: bytes, server: "RawServer") -> None:
        first, _, rest = head.partition(b"\r\n")
        host = next(line[6:] for line in rest.split(b"\r\n") if line.lower().startswith(b"host: ")).decode()
        asked = Asked(host.partition(".")[0], first.split(b" ")[1].decode(), head, server)
        server.asked[asked.site, asked.path.partition("?")[0]] += 1
        script = server.scripts.get(asked.site)
        if script is None or asked.path == "/robots.txt":
            self.request.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return
        for piece in script(asked):
            self.request.sendall(piece)


class RawServer(socketserver.ThreadingTCPServer):
    """Listens on a free port of this machine; a context manager."""

    daemon_threads = True
    request_queue_size = 256

    def __init__(self, scripts: dict[str, Script]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.scripts = scripts
        self.asked: Counter[tuple[str, str]] = Counter()
        self.ended = threading.Event()
        self._thread = threading.Thread(target=self.serve_forever, args=(0.05,))

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def get_request(self) -> tuple[socket.socket, Any]:
        client, address = super().get_request()
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return client, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Connections that break are part of the tests."""


def reply(body: bytes | str, *headers: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    """Write a whole answer, the length included."""
    data = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status}", *([f"Content-Type: {kind}"] if kind else []), *headers]
    return "\r\n".join([*lines, f"Content-Length: {len(data)}", "Connection: close", "", ""]).encode() + data


def once(answer: bytes) -> Script:
    """Send one answer to every request."""

    def script(_: Asked) -> Iterator[bytes]:
        yield answer

    return script


def slowly(start: bytes, piece: bytes) -> Script:
    """Send ``start`` and then ``piece`` five times a second until the test ends."""

    def script(asked: Asked) -> Iterator[bytes]:
        yield start
        while not asked.server.ended.wait(0.2):
            yield piece

    return script


def endlessly(start: bytes, piece: bytes) -> Script:
    """Send ``start`` and then ``piece`` as fast as it is taken."""

    def script(asked: Asked) -> Iterator[bytes]:
        yield start
        while not asked.server.ended.is_set():
            yield piece

    return script
