"""Are sites asked politely: one request at a time, with a pause, and again when they say so?"""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import pairwise

import pytest

from tests.crawl.child import crawl

PAGE = (
    b"<!doctype html><title>Atlas</title><p>" + b"Atlas is a bakery with enough words on its page. " * 20 + b"</p>"
    b'<a href="https://www.facebook.com/atlas">Facebook</a>'
)


class Server:
    """Notes when each request came and went; answers 429 to the first for a page of ``busy``."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, str, float, float]] = []
        self.port = 0
        self._is_ready = threading.Event()

    async def _serve(self) -> None:
        self._end, self._loop = asyncio.Event(), asyncio.get_running_loop()
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        self._is_ready.set()
        await self._end.wait()
        server.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._answer_all(reader, writer)
        writer.close()

    async def _answer_all(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await reader.readuntil(b"\r\n\r\n"):
            begun = time.monotonic()
            path = head.split(b" ")[1].decode()
            host = head.lower().partition(b"host: ")[2].partition(b":")[0].decode()
            await asyncio.sleep(0.05)
            is_first = not any(each[:2] == (host, "/") for each in self.spans)
            asked = {"busy.localhost": b"1", "closed.localhost": b"3600"}.get(host)
            if path != "/":
                answer = b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"
            elif asked and (is_first or asked == b"3600"):
                answer = b"HTTP/1.1 429 Slow down\r\nRetry-After: " + asked + b"\r\nContent-Length: 0\r\n\r\n"
            else:
                answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE) + PAGE
            self.spans.append((host, path, begun, time.monotonic()))
            writer.write(answer)
            await writer.drain()

    @contextmanager
    def serving(self) -> Iterator["Server"]:
        thread = threading.Thread(target=asyncio.run, args=(self._serve(),))
        thread.start()
        self._is_ready.wait(5)
        yield self
        self._loop.call_soon_threadsafe(self._end.set)
        thread.join(5)


@pytest.mark.faults(128, 129)
def test_sites_are_asked_politely() -> None:
    with Server().serving() as server:
        hosts = [
            *(f"{name}.shop.localhost" for name in "abc"),
            "busy.localhost",
            "closed.localhost",
            "other.localhost",
        ]
        order = {
            "items": [{"site_web": f"http://{host}:{server.port}/"} for host in hosts],
            "settings": {"allow_hosts": [f"*.localhost:{server.port}"], "site_pause_s": 0.2},
            "limits": {"render": "never"},
        }
        begun = time.monotonic()
        answer, _ = crawl(order)
        taken_s = time.monotonic() - begun

    results = {each["index"]: each for each in answer["results"]}
    assert [results[index]["reason"] for index in range(6)] == [None, None, None, None, "http_error", None]
    shop = sorted(each[2:] for each in server.spans if each[0].endswith("shop.localhost"))
    assert all(end <= begin for (_, end), (begin, _) in pairwise(shop)), "one at a time"
    pages = sorted(each[2:] for each in server.spans if each[0].endswith("shop.localhost") and each[1] == "/")
    assert all(begin - end >= 0.19 for (_, end), (begin, _) in pairwise(pages)), "with a pause"
    busy = sorted(each[2:] for each in server.spans if each[:2] == ("busy.localhost", "/"))
    assert len(busy) == 2
    assert busy[1][0] - busy[0][1] >= 0.95, "as late as it asked for"
    assert len([each for each in server.spans if each[:2] == ("closed.localhost", "/")]) == 1
    assert taken_s < 20, "an hour is not waited for"
