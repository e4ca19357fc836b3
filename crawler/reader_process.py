"""What does a process do that reads pages for a crawl?

It is forked by :mod:`crawler.readers`, keeps nothing of its parent's but the way to it, limits its own memory, and
works on one order after the other, each with a limit on processor time.  The kernel ends it at these limits, so that
nothing depends on what the code in it is doing.
"""

import gc
import os
import pickle
import resource
import signal
import socket
import struct
import sys
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from crawler.orphans import end_with_parent
from crawler.packing import dumped, loaded

MAX_GROWTH_BYTES = 256 * 1024 * 1024
"""Memory that a child may take beyond what it was forked with; the longest page that is read takes half of it."""

RETIRED_FROM_BYTES = 48 * 1024 * 1024
"""Growth from which a child is replaced: memory that one page needed is not kept for the next."""

HEADER = struct.Struct("!Qd")
"""Before an order: its length in bytes and its time in seconds.  Before an answer: its length, and the sum of
:data:`IS_RETIRED` and :data:`HAS_FAILED`."""

IS_RETIRED, HAS_FAILED = 1, 2

NO_MEMORY = 9
"""Exit status of a child that could not even say that its memory was used up."""


def serve(orders: socket.socket, parent: int) -> NoReturn:
    """Work on orders until there are no more; the life of a child."""
    try:
        _alone(orders)
        # What was forked along stays shared, and a child is replaced long before cycles of its own take much.
        gc.freeze()
        gc.disable()
        if os.getppid() != parent:  # it ended before the kernel was asked to say so
            os._exit(0)
        first_bytes = _resident_bytes()
        while header := _received(orders, HEADER.size):
            size, time_s = HEADER.unpack(header)
            order = _received(orders, size)
            signal.setitimer(signal.ITIMER_PROF, time_s)
            is_done, answer = _worked(order)
            is_retired = _resident_bytes() - first_bytes > RETIRED_FROM_BYTES
            signal.setitimer(signal.ITIMER_PROF, 0)
            orders.sendall(HEADER.pack(len(answer), (0 if is_done else HAS_FAILED) + is_retired) + answer)
        os._exit(0)
    except MemoryError:
        os._exit(NO_MEMORY)
    except BaseException:  # noqa: BLE001  # whatever it is, nothing of the parent's code may run here
        os._exit(1)


def _worked(order: bytes) -> tuple[bool, bytes]:
    try:
        work, arguments = pickle.loads(order)  # noqa: S301  # from the process that forked this one
        return True, dumped(work(*loaded(arguments)))
    except Exception as error:  # noqa: BLE001  # the parent logs it
        import traceback

        place = traceback.extract_tb(error.__traceback__)[-1]
        text = f"{type(error).__name__} in {Path(place.filename).name}:{place.lineno}"
        return False, dumped(text)


def _alone(orders: socket.socket) -> None:
    """Keep nothing of the parent's but the way to it, and set the limits."""
    kept = orders.fileno()
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    os.closerange(3, kept)
    os.closerange(kept + 1, 1 << 16)
    for number in (signal.SIGTERM, signal.SIGPROF, signal.SIGCHLD, signal.SIGALRM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the crawl, which ends its children
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    end_with_parent(signal.SIGKILL)
    if sys.platform == "linux":
        size_bytes = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        limit = size_bytes + MAX_GROWTH_BYTES
        if hard == resource.RLIM_INFINITY or limit < hard:
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


def _received(orders: socket.socket, size: int) -> bytes:
    """The next bytes of a message, ``b""`` where there are no more messages."""
    pieces: list[bytes] = []
    while size:
        piece = orders.recv(min(size, 1 << 20))
        if not piece:
            return b""
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _resident_bytes() -> int:
    try:
        return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()
    except OSError:  # no Linux: what it has ever had
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
