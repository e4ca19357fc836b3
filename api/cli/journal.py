"""How does an interrupted run go on where it was?

Each finished result is kept in a file beside the output the moment it exists.  Asked by ``socials enrich``.
"""

import json
import os
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from worker.jobs import json_text

SUFFIX = ".unfinished.jsonl"


class JournalError(Exception):
    """The journal that is there does not fit; the message says what to do."""


def journal_path(output: str) -> Path:
    """Where the journal of an output file lies: beside it."""
    return Path(output + SUFFIX)


class Journal:
    """Keeps finished results.  The first line names the items it belongs to, each further line is one result.

    Args:
        path: the file.
        fingerprint: names the items and options; a journal of others is refused.
        is_resuming: go on from what the file holds.

    Raises:
        JournalError: on entry, where the file and ``is_resuming`` do not fit.
    """

    def __init__(self, path: Path, fingerprint: str, *, is_resuming: bool) -> None:
        self.path = path
        self.results: dict[int, Mapping[str, Any]] = {}
        self.notes: list[str] = []
        """Notices about what was read, for people."""
        self.run = uuid.uuid4().hex
        """Names the run, from its first start to its end."""
        self._fingerprint = fingerprint
        self._is_resuming = is_resuming
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        """Read what is there and open the file for more."""
        if self.path.exists():
            if not self._is_resuming:
                raise JournalError(
                    f"{self.path} holds the finished part of an interrupted run: "
                    "continue it with --resume, or delete it to start over"
                )
            self._load()
        self._file = self.path.open("a", encoding="utf-8")
        if self._file.tell() == 0:
            self._write(self._head())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file; it stays, unless it holds nothing that was worth an error."""
        if self._file is not None:
            self._file.close()
            if kind is not None and not self.results:
                self.path.unlink(missing_ok=True)

    def add(self, index: int, result: Mapping[str, Any]) -> None:
        """Keep one result for good."""
        self.results[index] = result
        self._write({"index": index, "result": result})

    def _write(self, line: Mapping[str, Any]) -> None:
        assert self._file is not None  # noqa: S101  # entered
        self._file.write(json_text.dumps(line) + "\n")
        self._file.flush()

    def _head(self) -> dict[str, str]:
        return {"items": self._fingerprint, "run": self.run}

    def _load(self) -> None:
        lines = self.path.read_bytes().split(b"\n")
        if lines == [b""]:
            return  # begun, and nothing more
        head, *rest = [_parsed(line) for line in lines[:-1]] or [None]
        if isinstance(head, dict) and head.get("items") not in (None, self._fingerprint):
            raise JournalError(f"{self.path} belongs to other items or options; delete it to start over")
        is_ours = isinstance(head, dict) and head.get("items") == self._fingerprint
        if isinstance(head, dict) and is_ours:
            self.run = str(head.get("run", self.run))
        for line in rest if is_ours else ():
            if _is_result(line):
                self.results[line["index"]] = line["result"]
        damaged_count = sum(not _is_result(line) for line in rest) if is_ours else 1
        if damaged_count:
            kept = f"{len(self.results)} results of it are kept" if is_ours else "nothing of it can be used"
            self.notes.append(f"{self.path} is damaged: {kept}, the rest is crawled again")
        if damaged_count or lines[-1]:
            # A line without its end was being written when the run was cut off.
            self._rewrite()

    def _rewrite(self) -> None:
        draft = self.path.with_name(f".{self.path.name}.draft")
        texts = [json_text.dumps(self._head())]
        texts += [json_text.dumps({"index": index, "result": result}) for index, result in self.results.items()]
        draft.write_text("\n".join(texts) + "\n", "utf-8")
        os.replace(draft, self.path)  # noqa: PTH105  # one call that says what it is for


def _parsed(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_result(line: Any) -> bool:
    if not isinstance(line, dict) or not isinstance(line.get("index"), int):
        return False
    result = line.get("result")
    return isinstance(result, dict) and isinstance(result.get("profiles"), dict) and "reason" in result
