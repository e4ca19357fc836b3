"""Where is a page read, so that no page can stop the crawl?

In a child process with limits on processor time and memory.  Whatever a page does to the code that reads it, to a
regular expression or to the parser written in C, costs that page and no other: the child ends, the page has a failure,
and the next one gets a new child.  The first child is forked when it is needed, so that everything is loaded, others
where pages wait; they stay warm, and end when the process does that forked them.

Asked by the spider and the pipelines.  It knows nothing of pages: it calls functions, whose arguments and answers are
our own values.
"""

import asyncio
import heapq
import itertools
import logging
import os
import pickle
import signal
import socket
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from crawler.packing import dumped, loaded
from crawler.reader_process import HAS_FAILED, HEADER, IS_RETIRED, NO_MEMORY, serve
from crawler.records import Failure, Reason
from crawler.stream import BROKEN

logger = logging.getLogger(__name__)

MAX_COUNT = max(2, min(4, os.cpu_count() or 1))
"""Most children of one crawl."""

STUCK_S, LONG_WAIT_S = 0.6, 4.0
"""A page that waits gets a new child when none has answered for so long, or when it has waited so long, in seconds.

Each child learns the words of the sites' languages anew, a tenth of a second of processor time, where a page takes
some fifteen milliseconds.  Chosen: one child keeps up with a crawl of ordinary pages, also while it starts."""

HEAVY_LENGTH = 300_000
"""Characters from which a page may not take the last free child: short pages go before long ones."""

MIN_TIME_S, MAX_TIME_S, TIME_S_PER_CHARACTER = 1.0, 3.0, 1e-6
"""Processor time for one page, in seconds, by its length: some fifty times of what it takes, measured on the pages of
102 real sites."""

MAX_WALL_S = 15.0
"""Longest wait for an answer, in seconds, for a child that is frozen and takes no processor time."""

T = TypeVar("T")


class UnreadableError(Exception):
    """A page, or what was read of a site, could not be worked on; ``failure`` says why.

    ``spent_ms`` is the time that was lost with it, in milliseconds.
    """

    def __init__(self, failure: Failure, spent_ms: int) -> None:
        super().__init__(failure.detail)
        self.failure = failure
        self.spent_ms = spent_ms


class _KilledError(UnreadableError):
    """The child was killed from outside: by the kernel that needs memory, or by hand."""


class Readers:
    """The children of one crawl.

    Args:
        count: most of them at a time.
    """

    def __init__(self, count: int = MAX_COUNT) -> None:
        self._most_count = count
        self._children: set[_Child] = set()
        self._idle: list[_Child] = []
        self._waiting: list[tuple[int, int, asyncio.Future[_Child]]] = []
        self._numbers = itertools.count()
        self._answered_s = 0.0
        """When a child last answered or was started, by the monotonic clock."""

    async def call(self, work: Callable[..., T], *arguments: Any, length: int = 0) -> T:
        """Call a function in a child and return its answer.

        Args:
            work: a function of a module of ours, without side effects.
            arguments: values of ours.
            length: characters of the pages in question, which say how much time it may take.

        Raises:
            UnreadableError: it took too long or too much memory, ended the child, or raised an exception.
        """
        time_s = min(MAX_TIME_S, MIN_TIME_S + length * TIME_S_PER_CHARACTER)
        order = pickle.dumps((work, dumped(arguments)), protocol=5)
        began_s = time.monotonic()
        try:
            is_done, answer = await self._ask(order, time_s, length)
        except _KilledError:
            # Not by our limits, so hardly by the page: it has one more chance.
            try:
                is_done, answer = await self._ask(order, time_s, length)
            except _KilledError as error:
                raise UnreadableError(error.failure, _since(began_s)) from None
        if not is_done:
            logger.error("reading broke: %s", answer)
            is_memory = answer.startswith("MemoryError")
            raise UnreadableError(TOO_MUCH_MEMORY if is_memory else BROKEN, _since(began_s))
        return answer  # type: ignore[no-any-return]

    async def _ask(self, order: bytes, time_s: float, length: int) -> tuple[bool, Any]:
        """Have a child work on an order: whether it went well, and the answer."""
        child = await self._free(length)
        began_s = time.monotonic()
        is_kept = False
        try:
            async with asyncio.timeout(MAX_WALL_S):
                is_done, is_retired, answer = await child.ask(order, time_s)
            self._answered_s = time.monotonic()
            is_kept = not is_retired
            return is_done, answer
        except (TimeoutError, EOFError, OSError, pickle.UnpicklingError) as error:
            failure = child.failure(error, time_s)
            logger.warning("a page has ended its reader: %s", failure.detail)
            kind = _KilledError if child.was_killed else UnreadableError
            raise kind(failure, _since(began_s)) from None
        finally:
            if not is_kept:
                child.end()
                self._children.discard(child)
            self._release(child if is_kept else None)

    async def aclose(self) -> None:
        """End all children; nothing is asked any more."""
        for child in self._children:
            child.end()
        self._children.clear()
        self._idle.clear()

    async def _free(self, length: int) -> "_Child":
        if (child := self._available(length)) is not None:
            return child
        waiting: asyncio.Future[_Child] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._waiting, (length, next(self._numbers), waiting))
        began_s = time.monotonic()
        try:
            # Unlike a time limit around it, this leaves the future as it is.
            while not (await asyncio.wait((waiting,), timeout=STUCK_S))[0]:
                now_s = time.monotonic()
                is_stuck = now_s - self._answered_s >= STUCK_S
                self._hand_out(may_start=is_stuck or now_s - began_s >= LONG_WAIT_S)
            return waiting.result()
        except asyncio.CancelledError:
            if waiting.done():
                self._release(waiting.result())
            waiting.cancel()
            raise

    def _available(self, length: int, may_start: bool = False) -> "_Child | None":
        can_start = self._most_count - len(self._children)
        if length >= HEAVY_LENGTH and len(self._idle) + can_start < 2 <= self._most_count:
            return None
        if self._idle:
            return self._idle.pop()
        if not can_start or (self._children and not may_start):
            return None
        child = _Child()
        self._answered_s = time.monotonic()
        self._children.add(child)
        return child

    def _release(self, child: "_Child | None") -> None:
        if child is not None:
            self._idle.append(child)
        self._hand_out(may_start=child is None)

    def _hand_out(self, may_start: bool) -> None:
        """Give the children that are free, and where it may start some, new ones, to the pages that wait."""
        while self._waiting:
            length, _, waiting = self._waiting[0]
            if waiting.done():
                heapq.heappop(self._waiting)
                continue
            if (free := self._available(length, may_start)) is None:
                return
            heapq.heappop(self._waiting)
            waiting.set_result(free)


def _since(began_s: float) -> int:
    return round(1000 * (time.monotonic() - began_s))


TOO_MUCH_MEMORY = Failure(Reason.PAGE_CRASH, "reading the page took too much memory")


class _Child:
    """A process that reads, as seen from the one that forked it."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with warnings.catch_warnings():
            # Python 3.12 warns of threads; the child takes no lock of theirs, and never returns from here.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            serve(theirs, os.getppid())
        theirs.close()
        self._socket.setblocking(False)
        self._status: int | None = None

    async def ask(self, order: bytes, time_s: float) -> tuple[bool, bool, Any]:
        """Have an order worked on: whether it went well, whether this was the child's last, and the answer."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendall(self._socket, HEADER.pack(len(order), time_s) + order)
        size, flags = HEADER.unpack(await self._exactly(HEADER.size))
        answer = await self._exactly(size)
        return not int(flags) & HAS_FAILED, bool(int(flags) & IS_RETIRED), loaded(answer)

    async def _exactly(self, size: int) -> bytes:
        loop = asyncio.get_running_loop()
        pieces: list[bytes] = []
        while size:
            piece = await loop.sock_recv(self._socket, min(size, 1 << 20))
            if not piece:
                raise EOFError
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def end(self) -> None:
        """End it, whatever it is doing."""
        self._socket.close()
        if self._status is None:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            self._wait()

    def failure(self, error: Exception, time_s: float) -> Failure:
        """Say why no answer came."""
        too_slow = Failure(Reason.TIMEOUT, f"reading the page took more than {time_s:.1f} s of processor time")
        if isinstance(error, TimeoutError):
            return Failure(Reason.TIMEOUT, "the process that reads the page did not answer")
        if isinstance(error, EOFError | ConnectionError):
            self._wait()
        if self._status is not None and os.WIFSIGNALED(self._status):
            number = os.WTERMSIG(self._status)
            return too_slow if number == signal.SIGPROF else Failure(Reason.PAGE_CRASH, _ended_by(number))
        if self._status is not None and os.waitstatus_to_exitcode(self._status) == NO_MEMORY:
            return TOO_MUCH_MEMORY
        return Failure(Reason.PAGE_CRASH, "the process that read the page ended")

    @property
    def was_killed(self) -> bool:
        """Whether it was ended by SIGKILL, which none of its limits sends."""
        return self._status is not None and os.waitstatus_to_exitcode(self._status) == -signal.SIGKILL

    def _wait(self) -> None:
        if self._status is None:
            try:
                self._status = os.waitpid(self._pid, 0)[1]
            except ChildProcessError:  # it was waited for elsewhere
                self._status = 0


def _ended_by(number: int) -> str:
    return f"the process that read the page was ended by {signal.Signals(number).name}"
