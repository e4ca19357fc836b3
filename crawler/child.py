"""Crawls what standard input asks for and writes the results to standard output; run by :mod:`crawler.library`.

A Twisted reactor runs once per process, and in no process that has an event loop of its own, such as a notebook: so a
crawl gets a process.  The first line of standard input is the order; the crawl ends early when standard input ends,
which it also does when the parent dies.  Standard output has a line per result and an empty object at the end.
"""

import json
import os
import sys
import threading
from typing import IO

from crawler.exchange import read_order, result_line
from crawler.logs import configure
from crawler.records import SiteResult
from crawler.run import crawl

END_GRACE_S = 20.0
"""Time for an unwanted crawl to end in order, in seconds; then the process ends as it is."""


class _LineSink:
    def __init__(self, output: IO[str]) -> None:
        self._output = output
        self._is_wanted = True

    async def put(self, result: SiteResult) -> None:
        self._output.write(result_line(result) + "\n")
        self._output.flush()

    async def is_wanted(self) -> bool:
        return self._is_wanted

    def watch(self, source: IO[str]) -> None:
        """Wait for the end of standard input."""
        source.read()
        self._is_wanted = False
        threading.Event().wait(END_GRACE_S)
        os._exit(1)


def main() -> None:
    """Run one crawl."""
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever a library prints must not stand among the results
    inputs, settings, limits = read_order(sys.stdin.readline())
    configure(settings, "crawl", "WARNING")
    sink = _LineSink(output)
    threading.Thread(target=sink.watch, args=(sys.stdin,), daemon=True).start()
    crawl(inputs, sink, settings, limits)
    try:
        output.write(json.dumps({}) + "\n")
        output.close()
    except BrokenPipeError:
        os._exit(1)
    os._exit(0)  # the watching thread holds standard input


if __name__ == "__main__":
    main()
