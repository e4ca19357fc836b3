"""How does a process end with the one that started it, even where that is killed and cannot say so?

The kernel is asked to send a signal then (Linux, ``PR_SET_PDEATHSIG`` of prctl(2)); elsewhere nothing is done here.
Used for forks by their own code, and for foreign programs by a few words before their command.
"""

import ctypes
import platform
import signal
import sys

_PR_SET_PDEATHSIG = 1

IS_KNOWN_HERE = platform.system() == "Linux"
"""Whether the kernel can be asked."""


def end_with_parent(number: signal.Signals) -> None:
    """Have the kernel send this process a signal once its parent has ended; one that ended before is not noticed."""
    if IS_KNOWN_HERE:
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)


def ending_with_parent(number: signal.Signals) -> list[str]:
    """Return what to put before a foreign program's command so that a signal ends it with its parent.

    A hook between fork and exec would do the same and is unsafe beside threads.
    """
    if not IS_KNOWN_HERE:
        return []
    ask = f"ctypes.CDLL(None).prctl({_PR_SET_PDEATHSIG}, {int(number)}, 0, 0, 0)"
    return [sys.executable, "-I", "-S", "-c", f"import ctypes, os, sys\n{ask}\nos.execv(sys.argv[1], sys.argv[1:])"]
