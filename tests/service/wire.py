"""A wire to Redis that can be cut: replies are lost where a test says so, as when a network fails."""

import socket
import threading
from contextlib import suppress
from typing import Self
from urllib.parse import unquote, urlsplit


class Wire:
    """Listens on a port of this machine and passes on to a Redis on a socket; a context manager."""

    def __init__(self, redis_url: str) -> None:
        target = urlsplit(redis_url)
        self._path = unquote(target.path)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://:{target.password}@127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._connections: list[socket.socket] = []
        self._marks: dict[bytes, int] = {}
        self.is_cut_after_loss = False
        """Whether nothing more passes once a reply was lost."""

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()

    def lose_replies_to(self, mark: str, count: int) -> None:
        """Lose the replies to the next commands that hold a text: Redis runs them, and the connection breaks."""
        self._marks[mark.encode()] = count

    def cut(self) -> None:
        """Refuse all connections from now on."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes who waits for the next one
        self._listener.close()
        for each in self._connections:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                self._connections += [client, server]
                is_lost = threading.Event()
                threading.Thread(target=self._send, args=(client, server, is_lost), daemon=True).start()
                threading.Thread(target=self._reply, args=(server, client, is_lost), daemon=True).start()

    def _send(self, client: socket.socket, server: socket.socket, is_lost: threading.Event) -> None:
        with suppress(OSError), client, server:
            while data := client.recv(1 << 20):
                for mark, count in self._marks.items():
                    if count > 0 and mark in data:
                        self._marks[mark] = count - 1
                        is_lost.set()
                server.sendall(data)

    def _reply(self, server: socket.socket, client: socket.socket, is_lost: threading.Event) -> None:
        with suppress(OSError):
            while data := server.recv(1 << 20):
                if is_lost.is_set():
                    if self.is_cut_after_loss:
                        self.cut()
                    break
                client.sendall(data)
        with suppress(OSError):
            client.shutdown(socket.SHUT_RDWR)
