"""Which engines does this machine have?

Asked at the start of a worker and of a crawl, by ``socials doctor``, ``/readyz`` and the tests.  Starts and installs
nothing.
"""

import importlib.util
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from crawler.config import Settings
from crawler.records import Engine

CHROMIUM_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Programs looked for on the path, best first: the headless shell starts fastest and takes least memory."""


def find_engines(settings: Settings) -> tuple[tuple[Engine, ...], str]:
    """Say which engines can be used.

    Returns:
        The engines, cheapest first (``static`` is always there), and the Chromium to run, ``""`` without one.
    """
    engines = [Engine.STATIC]
    if settings.light_enabled and has_light():
        engines.append(Engine.LIGHT)
    chromium = find_chromium(settings) if settings.chromium_enabled else ""
    if chromium:
        engines.append(Engine.CHROMIUM)
    return tuple(engines), chromium


def describe_engines(settings: Settings, engines: Sequence[Engine]) -> str:
    """Say in one line which engines were found, and which is wanted but missing."""
    wanted = {Engine.LIGHT: settings.light_enabled, Engine.CHROMIUM: settings.chromium_enabled}
    missing = [engine for engine, is_wanted in wanted.items() if is_wanted and engine not in engines]
    return ", ".join(engines) + (f"; missing: {', '.join(missing)} (see socials doctor)" if missing else "")


def sandbox(engines: Sequence[Engine]) -> tuple[bool, str]:
    """Say whether pages run in a sandbox wherever Chromium would run them, and in a few words why."""
    if Engine.CHROMIUM not in engines:
        return True, "not needed: Chromium is not used"
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return False, "off: Chromium cannot use it as root"
    return True, "on"


def has_light() -> bool:
    """Whether the wheel that carries the light engine is installed; it has none for some platforms."""
    return importlib.util.find_spec("lightpanda") is not None


def find_chromium(settings: Settings) -> str:
    """Return the Chromium to run, ``""`` without one.

    The order: the setting (taken at its word, so that a wrong path shows as an error instead of another browser),
    Playwright's own download, the path.
    """
    if settings.chromium_path:
        return settings.chromium_path
    downloads = (found for pattern in _DOWNLOADS for found in sorted(_downloads_dir().glob(pattern), reverse=True))
    on_path = (found for name in CHROMIUM_NAMES if (found := shutil.which(name)))
    return next((str(found) for found in downloads if os.access(found, os.X_OK)), next(on_path, ""))


_DOWNLOADS = (
    "chromium_headless_shell-*/chrome-headless-shell-*/chrome-headless-shell",
    "chromium_headless_shell-*/chrome-*/headless_shell",
    "chromium-*/chrome-linux*/chrome",
    "chromium-*/chrome-mac*/*.app/Contents/MacOS/*",
)
"""Where Playwright unpacks its browsers, by platform and release; a newer revision sorts last."""


def _downloads_dir() -> Path:
    """Playwright's own rule for the place of its downloads."""
    if chosen := os.environ.get("PLAYWRIGHT_BROWSERS_PATH", ""):
        return Path(chosen)
    home = Path.home()
    return home / "Library/Caches/ms-playwright" if sys.platform == "darwin" else home / ".cache/ms-playwright"


def find_driver() -> str:
    """Return the path of the Node.js that runs Playwright's driver, or where it should be.

    Playwright has no public name for it (1.65), and importing it would start what a mere look need not.
    """
    spec = importlib.util.find_spec("playwright")
    folder = Path(spec.origin).parent if spec and spec.origin else Path()
    return os.environ.get("PLAYWRIGHT_NODEJS_PATH") or str(folder / "driver" / "node")
