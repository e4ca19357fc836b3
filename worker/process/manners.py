"""Who waits until a site is free, over all workers?

:class:`crawler.manners.Manners`, kept in Redis.  Steps that come while one is under way go together in the next, so
that a busy crawl sends a command for some dozen requests.  Without Redis a crawl goes on as if it were alone.
"""

import asyncio
import json
from collections.abc import Sequence
from typing import Any

from crawler.manners import LOOK_S, LocalManners
from worker.connection import Unavailable, guarded
from worker.jobs.keys import MANNERS_PREFIX
from worker.jobs.scripts import MANNERS

MAX_LOOK_S = 0.25
"""Longest pause between two looks at a site that is busy, in seconds: whoever holds it may be done at any time."""


class SharedManners:
    """Manners of several workers.

    Args:
        connection: an asynchronous connection of this process alone.
        holder: names this process; what it holds when it dies is released by that name.
    """

    def __init__(self, connection: Any, holder: str) -> None:
        self._script = connection.register_script(MANNERS)
        self._token = holder
        self._waiting: list[tuple[str, asyncio.Future[int]]] = []
        self._sending: asyncio.Task[None] | None = None
        self._local = LocalManners()

    async def enter(self, keys: Sequence[str], most_s: float) -> None:
        """See :class:`crawler.manners.Manners`."""
        await self._local.enter(keys, most_s)
        try:
            while (wait_ms := await self._ask("enter", keys, most_s)) > 0:  # noqa: ASYNC110  # in another process
                await asyncio.sleep(min(max(wait_ms / 1000, LOOK_S), MAX_LOOK_S))
        except Unavailable:
            return
        except asyncio.CancelledError:
            await self._local.leave(keys, 0)
            raise

    async def leave(self, keys: Sequence[str], pause_s: float) -> None:
        """See :class:`crawler.manners.Manners`; does not wait for Redis."""
        await self._local.leave(keys, pause_s)
        self._put("leave", keys, pause_s)

    async def _ask(self, kind: str, keys: Sequence[str], seconds: float) -> int:
        return await self._put(kind, keys, seconds)

    def _put(self, kind: str, keys: Sequence[str], seconds: float) -> "asyncio.Future[int]":
        step = json.dumps([kind, self._token, round(1000 * seconds), *(MANNERS_PREFIX + key for key in keys)])
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())  # a leave is not waited for
        self._waiting.append((step, answer))
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send())
        return answer

    async def _send(self) -> None:
        while self._waiting:
            steps, self._waiting = self._waiting, []
            try:
                with guarded():
                    waits = await self._script(args=[step for step, _ in steps])
            except Unavailable as error:
                for _, answer in steps:
                    if not answer.done():
                        answer.set_exception(error)
            else:
                for (_, answer), wait_ms in zip(steps, waits, strict=True):
                    if not answer.done():
                        answer.set_result(int(wait_ms))
