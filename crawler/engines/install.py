"""How does a machine get its browser engines?

Run by ``make setup`` as ``python -m crawler.engines.install``: quick and silent where nothing is missing.  A machine
that can have no Chromium still works on the light engine, so this never fails; it says what is missing and how to fix
it.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence

from crawler.config import Settings
from crawler.engines.find import find_chromium, has_light

TIMEOUT_S = 600
"""Longest time for one download, in seconds."""

PACKAGES = ("chromium-headless-shell", "chromium")
"""Debian's names, best first; Ubuntu has a package ``chromium`` only, as a snap."""


def main() -> None:
    """Get what is missing and say so on standard error."""
    settings = Settings()
    if settings.chromium_enabled and not find_chromium(settings):
        _say("==> Getting Chromium (Playwright's own download)")
        if not _download() and not _install_package():
            _say(f"Chromium is not available: only the light engine renders pages. To add it: {chromium_fix()}")
    if settings.light_enabled and not has_light():
        _say(light_fix())


def chromium_fix() -> str:
    """The command that gets Chromium."""
    if shutil.which("apt-get"):
        return "sudo apt-get install chromium-headless-shell"
    return f"{sys.executable} -m playwright install --with-deps chromium-headless-shell"


def light_fix() -> str:
    """What to do where the light engine has no wheel."""
    return "The light engine (wheel lightpanda) is not available for this platform. Fix: install Chromium."


def _download() -> bool:
    """Playwright's own download, with the system libraries it needs where we may install them."""
    with_dependencies = ["--with-deps"] if _is_root() and shutil.which("apt-get") else []
    return (
        _run([sys.executable, "-m", "playwright", "install", "chromium-headless-shell", "--no-progress"])
        and (not with_dependencies or _run([sys.executable, "-m", "playwright", "install-deps", "chromium"]))
        and bool(find_chromium(Settings()))
    )


def _install_package() -> bool:
    """The distribution's package, where we are root."""
    if not (_is_root() and shutil.which("apt-get")):
        return False
    _say("==> Playwright's download cannot be reached; installing the distribution's Chromium")
    _run(["apt-get", "update", "-q"])
    # Without recommended packages: they are a desktop's.
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends"]
    return any(_run([*install, package]) and find_chromium(Settings()) for package in PACKAGES)


def _run(command: Sequence[str]) -> bool:
    """Run one command, silent unless it works; its failure has a next step and its words would only confuse."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False, env=environment)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)  # noqa: T201  # a program that speaks to a person


if __name__ == "__main__":
    main()
