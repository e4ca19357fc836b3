"""Where do temporary files go, and who removes those of a process that was killed?

A process has one folder for them, which bears a lock as long as the process lives; whoever makes the next folder
removes those without an owner.  Browsers and their driver find it in ``TMPDIR``.
"""

import fcntl
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

logger = logging.getLogger(__name__)

PREFIX = "socials-"
"""What the names of the folders begin with."""

LOCK = "lock"
"""The file in a folder that its owner keeps locked; a folder without one is not ours."""


@contextmanager
def scratch_folder(parent: str | None = None) -> Iterator[Path]:
    """Make a private folder and remove it afterwards; remove those of processes that are gone as well.

    Args:
        parent: where to make it; ``None`` is the system's folder for temporary files.

    Raises:
        OSError: it cannot be made.
    """
    parent = parent or tempfile.gettempdir()
    sweep(Path(parent))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=parent))
    try:
        with (folder / f"{LOCK}.new").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            Path(lock.name).rename(folder / LOCK)  # a sweep sees it only once it is locked
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(parent: Path) -> None:
    """Remove the folders that have lost their owner; what cannot be removed stays."""
    for lock in parent.glob(f"{PREFIX}*/{LOCK}"):
        with suppress(OSError), lock.open("r+") as file:
            if os.fstat(file.fileno()).st_uid == os.geteuid():
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)


@contextmanager
def own_temporary_files() -> Iterator[None]:
    """Have the programs that are started meanwhile keep their temporary files in a folder of this process.

    Where none can be made (a full disk, one that is read only) they find what they find, and fail by themselves.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(temporary_files_in(stack.enter_context(scratch_folder())))
        except OSError as error:
            logger.warning("no folder for temporary files: %s; pages that need a browser may fail", error.strerror)
        yield


@contextmanager
def temporary_files_in(folder: Path) -> Iterator[None]:
    """Have the programs that are started meanwhile keep their temporary files in a folder."""
    before = os.environ.get("TMPDIR")
    os.environ["TMPDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before
