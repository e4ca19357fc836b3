"""Which addresses does a name stand for right now?

Asked by :mod:`crawler.egress.proxy` once per connection; it judges every address and connects to one of those very
addresses. This file must not judge.
"""

import asyncio
import socket
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from ipaddress import ip_address
from weakref import WeakValueDictionary

import aiodns

from crawler.egress.policy import Address
from crawler.urls import registrable_domain

Resolve = Callable[[str], Awaitable[tuple[Address, ...]]]
"""Name to all its addresses, best first; raises ``OSError`` (``socket.gaierror`` is one) where it has none."""

_NAMES_COUNT = 4096
_FAILURE_KEPT_S = 5.0
_OPEN_COUNT = 8
"""Names of one registrable domain that are asked for at a time; chosen: pages have more hosts on few domains only."""


class Resolver:
    """Look-ups with a deadline, each answer kept for a short while and shared by all who ask meanwhile."""

    def __init__(self, resolve: Resolve | None, *, timeout_s: float, ttl_s: float) -> None:
        """Use ``resolve``, or c-ares with the system's name servers and hosts file.

        Not the system's own resolver: it blocks a thread for each name, so that a page asking for names of silent
        servers would use up all threads and have its neighbours fail.
        """
        self._resolve = resolve or self._ask_name_servers
        self._timeout_s = timeout_s
        self._ttl_s = ttl_s
        self._answers: OrderedDict[str, tuple[float, asyncio.Task[tuple[Address, ...]]]] = OrderedDict()
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._client: aiodns.DNSResolver | None = None

    async def addresses(self, name: str) -> tuple[Address, ...]:
        """Give the addresses of ``name``, best first, at least one.

        Raises:
            OSError: the name has none, or no server answered in time.
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
        # A failure is kept as an empty answer: a task whose exception is never retrieved would complain.
        turns = self._turns.setdefault(registrable_domain(name), asyncio.Semaphore(_OPEN_COUNT))
        try:
            async with asyncio.timeout(self._timeout_s), turns:
                return await self._resolve(name)
        except (OSError, UnicodeError):
            return ()

    async def _ask_name_servers(self, name: str) -> tuple[Address, ...]:
        if self._client is None:
            self._client = aiodns.DNSResolver()
        try:
            found = await self._client.getaddrinfo(name, socket.AF_UNSPEC, type=socket.SOCK_STREAM)
        except aiodns.error.DNSError as error:
            raise OSError(str(error)) from error
        return tuple(dict.fromkeys(ip_address(_text(node.addr[0])) for node in found.nodes))

    async def aclose(self) -> None:
        """End what is under way."""
        tasks = [task for _, task in self._answers.values() if not task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._answers.clear()
        if self._client is not None:
            await self._client.close()


def _text(address: str | bytes) -> str:
    return address.decode() if isinstance(address, bytes) else address
