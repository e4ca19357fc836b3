"""What happens to a process whose parent dies without a word, or that is signalled while it waits?

It must not live on: a killed process cannot end its children.  Asked by the worker, its horses and the courier.
"""

import os
import signal
import threading
import time
from types import FrameType

from crawler.orphans import IS_KNOWN_HERE, end_with_parent

_LOOK_EVERY_S = 1.0
"""Pause between two looks at the parent where the system does not report its end, in seconds."""


def die_with_parent(number: signal.Signals, parent: int | None = None) -> None:
    """Have this process get a signal the moment its parent ends, or at once if it has ended already.

    Args:
        number: the signal; SIGKILL where nothing is to be tidied up.
        parent: process id of the parent, for a program that imports for a while before it can ask: by then its parent
            may be another.  ``None`` is the parent of this moment.
    """
    parent = os.getppid() if parent is None else parent
    if IS_KNOWN_HERE:
        end_with_parent(number)
        if os.getppid() != parent:
            os.kill(os.getpid(), number)  # the parent ended before the call
        return

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_LOOK_EVERY_S)
        os.kill(os.getpid(), number)

    threading.Thread(target=watch, name="parent", daemon=True).start()


def exit_on_signals(*numbers: signal.Signals) -> None:
    """Have signals end this process, by ``SystemExit(0)``.

    RQ's worker puts handlers of its own in their place and leaves them there when it ends: a signal that came while
    Redis was away would then reach a worker that is over, and nothing else.
    """

    def leave(_number: int, _frame: FrameType | None) -> None:
        raise SystemExit(0)

    for number in numbers:
        signal.signal(number, leave)
