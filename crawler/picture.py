"""How does one get a picture of a page?

Chromium takes it in a process of its own (:mod:`crawler.engines.screenshot`), so that a process that serves others
holds no browser, and is not held up by one.
"""

import asyncio
import json
import os
import sys
from collections.abc import Sequence

from crawler.config import HARMLESS_VARIABLES, Settings
from crawler.engines.find import find_chromium

START_S = 10.0
"""Most time for the process and its browser to start, in seconds, beside ``render_timeout_s`` for the page."""

MAX_PICTURE_BYTES = 4_000_000
"""Largest picture that is handed on, in bytes."""


class PictureError(Exception):
    """No picture could be taken; the message says why."""


async def picture_of(url: str, settings: Settings, *, marked: Sequence[str] = (), is_png: bool = False) -> bytes:
    """Take a picture of the whole page, as JPEG.

    Args:
        url: the page.
        settings: the operator's settings.
        marked: addresses; the links to them get a frame.
        is_png: PNG in place of JPEG.

    Raises:
        PictureError: there is no Chromium, the page does not load in time, or the picture is too large.
    """
    if not find_chromium(settings):
        raise PictureError("a screenshot needs Chromium; `socials doctor` says how to get it")
    order = {"url": url, "settings": settings.environment(), "marked": list(marked), "is_png": is_png}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "crawler.engines.screenshot",
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if name in HARMLESS_VARIABLES},
        start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(settings.render_timeout_s + START_S):
            picture, problem = await process.communicate(json.dumps(order).encode())
    except TimeoutError:
        raise PictureError("no screenshot: no answer in time") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        lines = problem.decode("utf-8", "replace").strip().splitlines() or ["the browser ended"]
        raise PictureError(f"no screenshot: {lines[-1][:200]}")
    if len(picture) > MAX_PICTURE_BYTES:
        raise PictureError("no screenshot: it is too large")
    return picture
