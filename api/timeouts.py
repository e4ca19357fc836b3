"""How long may one client hold a connection without using it?

Uvicorn's protocol with three deadlines that it lacks (0.54): for a request that comes too slowly, for an answer that
is not taken, and for a body that goes on after its answer.  One place for all routes: a route sends and receives, and
learns that the client has gone.  Asked by :mod:`api.cli.serve`.
"""

import asyncio
import json
import socket
import sys
import uuid
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from api.errors import body_of, invalid
from crawler.config import Settings

WRITE_BUFFER_BYTES = 16 * 1024
"""Bytes of an answer buffered for a slow client before the code that makes the answer has to wait; with the rest of an
event stream well under 50 kB."""

SLOWEST_BYTES_PER_S = 16 * 1024
"""A large body has its first deadline and a second more for so many bytes; chosen: a bad mobile connection."""

LINGER_S = 5.0
"""How long the rest of a request is taken in and thrown away after its refusal, in seconds, so that the client can
read why: closing on bytes that were not read resets the connection, answer and all (RFC 9112, section 9.6)."""


def connection_class(settings: Settings) -> type[H11Protocol]:
    """Return the protocol for Uvicorn to speak."""
    return type("Connection", (_Connection,), {"settings": settings})


class _Requests(h11.Connection):
    """Refuses every major version but 1, which h11 (0.16) would answer as if it were 1 (RFC 9112, section 2.3)."""

    def next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        event = super().next_event()
        if isinstance(event, h11.Request) and not event.http_version.startswith(b"1."):
            raise h11.RemoteProtocolError("another major version of HTTP")
        return event


class _Connection(H11Protocol):
    settings: Settings

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.conn = _Requests(h11.SERVER)
        self._reading_since: float | None = None
        self._received_bytes = 0
        self._reading: asyncio.TimerHandle | None = None
        self._writing: asyncio.TimerHandle | None = None
        self._is_refused = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        transport.set_write_buffer_limits(high=WRITE_BUFFER_BYTES)
        self._drop_if_it_vanishes(transport.get_extra_info("socket"))
        self._begin_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._end_reading()
        self._end_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        self._received_bytes += len(data)
        super().data_received(data)
        self._look_at_reading()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            self._linger()
        else:
            self._look_at_reading()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._writing = self.loop.call_later(self.settings.send_timeout_s, self.transport.abort)

    def resume_writing(self) -> None:
        self._end_writing()
        super().resume_writing()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP in the one shape of all errors."""
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.close()
            return
        request_id = uuid.uuid4().hex
        body = json.dumps(body_of(invalid(f"{msg.removesuffix('.')}."), request_id)).encode()
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", request_id.encode()),
            (b"connection", b"close"),
        ]
        for event in (
            h11.Response(status_code=400, headers=headers, reason=b"Bad Request"),
            h11.Data(data=body),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self._is_refused = True
        self.transport.write_eof()
        if self.cycle is not None:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self._linger()

    def _drop_if_it_vanishes(self, connection: socket.socket | None) -> None:
        """Have the system give up a client that takes in nothing and does not say goodbye."""
        if sys.platform == "linux" and connection is not None and connection.family != socket.AF_UNIX:
            timeout_ms = round(self.settings.send_timeout_s * 1000)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_ms)

    def _look_at_reading(self) -> None:
        """Have a deadline while a request is coming, and none while it is answered or nothing is asked."""
        if self._is_refused:
            return
        is_coming = self.conn.their_state is h11.SEND_BODY or (
            self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])
        )
        if not is_coming or self.transport.is_closing():
            self._end_reading()
        elif self._reading is None:
            self._begin_reading()

    def _begin_reading(self) -> None:
        self._reading_since = self.loop.time()
        self._received_bytes = 0
        self._reading = self.loop.call_later(self.settings.receive_timeout_s, self._give_up_reading)

    def _linger(self) -> None:
        """Close when the client does, or after a while; nothing more of it is looked at."""
        self._end_reading()
        self._reading = self.loop.call_later(LINGER_S, self.transport.abort)

    def _give_up_reading(self) -> None:
        allowed_s = self.settings.receive_timeout_s + self._received_bytes / SLOWEST_BYTES_PER_S
        left_s = (self._reading_since or 0) + allowed_s - self.loop.time()
        if left_s <= 0:
            self.transport.abort()
        else:
            self._reading = self.loop.call_later(max(left_s, 0.01), self._give_up_reading)

    def _end_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None

    def _end_writing(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            self._writing = None
