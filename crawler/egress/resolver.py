"""Which addresses does a name stand for right now?

Asked by :mod:`crawler.egress.proxy` once per connection; it judges every address and connects to one of those very
addresses. This file must not judge.
"""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

from crawler.egress.policy import Address

Resolve = Callable[[str], Awaitable[tuple[Address, ...]]]
"""Name to all its addresses, best first; raises ``OSError`` (``socket.gaierror`` is one) where it has none."""

_NAMES_COUNT = 4096
_FAILURE_KEPT_S = 5.0


class Resolver:
    """Look-ups with a deadline, each answer kept for a short while and shared by all who ask meanwhile."""

    def __init__(self, resolve: Resolve | None, *, timeout_s: float, ttl_s: float, threads_count: int = 32) -> None:
        """Use ``resolve`` or the system's resolver in threads of its own.

        A thread can hang in the system's resolver for half a minute; in the loop's shared pool (6 threads on 2 cores)
        six dead names would hold up every other.
        """
        self._threads = ThreadPoolExecutor(threads_count, "proxy-dns") if resolve is None else None
        self._resolve = resolve or self._ask_system
        self._timeout_s = timeout_s
        self._ttl_s = ttl_s
        self._answers: OrderedDict[str, tuple[float, asyncio.Task[tuple[Address, ...]]]] = OrderedDict()

    async def addresses(self, name: str) -> tuple[Address, ...]:
        """Give the addresses of ``name``, best first, at least one.

        Raises:
            OSError: the name has none, or nobody answered in time.
        """
        now = asyncio.get_running_loop().time()
        asked_at, task = self._answers.get(name, (0.0, None))
        if task is None or (task.done() and now - asked_at > self._kept_s(task)):
            task = asyncio.create_task(self._look_up(name))
            self._answers[name] = (now, task)
            self._answers.move_to_end(name)
            while len(self._answers) > _NAMES_COUNT:
                self._answers.popitem(last=False)
        found = await asyncio.shield(task)
        if not found:
            raise OSError("name does not resolve")
        return found

    def _kept_s(self, task: asyncio.Task[tuple[Address, ...]]) -> float:
        # A failure is kept just long enough for the other scheme of the same site to fail at once.
        return self._ttl_s if task.result() else min(self._ttl_s, self._timeout_s + _FAILURE_KEPT_S)

    async def _look_up(self, name: str) -> tuple[Address, ...]:
        # A failure is kept as an empty answer: a task whose exception nobody fetches would complain.
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._resolve(name)
        except (OSError, UnicodeError):
            return ()

    async def _ask_system(self, name: str) -> tuple[Address, ...]:
        rows = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
        )
        return tuple(dict.fromkeys(ip_address(row[4][0]) for row in rows))

    async def aclose(self) -> None:
        """End what is under way; a thread inside the system's resolver is left to end by itself."""
        tasks = [task for _, task in self._answers.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._answers.clear()
        if self._threads:
            self._threads.shutdown(wait=False, cancel_futures=True)
