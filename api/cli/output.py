"""Where is the output written, and can it be?

Looked at before any site is asked.  A file appears whole or not at all; its mode stays, and so does a symbolic link to
it.  Asked by ``socials enrich``.
"""

import os
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


class OutputError(Exception):
    """The output cannot be written there; the message says why."""


@dataclass(frozen=True, slots=True)
class Output:
    """A place to write to; ``path`` is ``None`` for standard output."""

    name: str
    path: Path | None
    is_stream: bool
    """Whether it is written as it comes: standard output, a pipe, a device."""

    def write(self, write: Callable[[BinaryIO], Sequence[str]]) -> Sequence[str]:
        """Write there; return notes for the user."""
        if self.path is None:
            notes = write(sys.stdout.buffer)
            sys.stdout.buffer.flush()
            return notes
        if self.is_stream:
            with self.path.open("wb") as file:
                return write(file)
        draft = self.path.with_name(f".{self.path.name}.draft")
        try:
            with draft.open("wb") as file:
                notes = write(file)
                if self.path.exists():
                    os.fchmod(file.fileno(), stat.S_IMODE(self.path.stat().st_mode))
            draft.replace(self.path)
        finally:
            draft.unlink(missing_ok=True)
        return notes


def output_at(name: str) -> Output:
    """Look at a place to write to.

    Args:
        name: the path, ``-`` for standard output.

    Raises:
        OutputError: a folder, a place that is not there, or one that may not be written.
    """
    if name == "-":
        return Output(name, None, is_stream=True)
    path = Path(name)
    try:
        target = path.resolve(strict=False)
        if target.is_dir() or name.endswith(os.sep):
            raise OutputError(f"{name} is a folder; name a file in it")
        if not target.parent.is_dir():
            raise OutputError(f"{name}: the folder {target.parent} does not exist")
        if target.exists() and not os.access(target, os.W_OK):
            raise OutputError(f"{name} is not writable")
        if target.exists() and not target.is_file():
            return Output(name, path, is_stream=True)
        _try(target.with_name(f".{target.name}.draft"), name)
    except OSError as error:
        raise OutputError(f"{name}: {error.strerror}") from None
    return Output(name, target, is_stream=False)


def _try(draft: Path, name: str) -> None:
    """Make the file that the output is drafted in, and remove it: rights, full disks and read-only disks all tell."""
    try:
        draft.open("wb").close()
    except OSError as error:
        raise OutputError(f"{name} cannot be written in {draft.parent}: {error.strerror}") from None
    draft.unlink(missing_ok=True)
