"""What is installed and working on this machine, and which command fixes the rest?

Behind ``socials doctor``.  Starts each program only as far as it takes to hear its version.
"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from crawler.config import Settings
from crawler.engines.find import find_chromium, find_driver, find_engines, has_light, sandbox
from crawler.engines.install import chromium_fix, light_fix
from crawler.records import Render
from worker.process.embedded_redis import RedisMissing, find_redis_server
from worker.process.redis_checks import check_redis

ANSWER_TIMEOUT_S = 20
"""Longest wait for a program to say its version, in seconds."""

MIN_FILES_COUNT = 1024
"""Open files that a worker with its browsers may need; chosen."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One check; ``fix`` says what to do where it failed."""

    name: str
    is_ok: bool
    detail: str
    fix: str = ""
    is_needed: bool = True
    """Whether the service cannot work as configured without it."""


def examine(settings: Settings) -> Iterator[Finding]:
    """Run every check, one finding at a time."""
    yield Finding("Python", sys.version_info >= (3, 11), sys.version.split()[0], "install Python 3.11 or newer")
    if settings.redis_url:
        for check in check_redis(settings.redis_url):
            yield Finding(check.name, check.is_ok, check.detail, check.fix, check.is_needed)
    else:
        yield _redis()
    light, chromium = _light(settings), _chromium(settings)
    yield light
    yield chromium
    driver = _driver()
    yield driver
    has_browser = (settings.light_enabled and light.is_ok) or (settings.chromium_enabled and chromium.is_ok)
    has_engine = driver.is_ok and has_browser
    yield _rendering(settings, has_engine)
    if has_engine:
        yield _guard(settings)
    if settings.chromium_enabled:
        yield _sandbox(settings)
    yield _files()


def _redis() -> Finding:
    try:
        server = find_redis_server()
    except RedisMissing as error:
        return Finding("Redis", False, "not found", str(error))
    return Finding("Redis", True, _version([server, "--version"]) or server)


def _light(settings: Settings) -> Finding:
    if not settings.light_enabled:
        return Finding("light engine", True, "disabled by SOCIALS_LIGHT_ENABLED", is_needed=False)
    if not has_light():
        return Finding("light engine", False, "not installed", light_fix(), is_needed=False)
    from lightpanda.client import find_binary

    version = _version([str(find_binary()), "version"])
    fix = "pip install --force-reinstall lightpanda"
    return Finding("light engine", bool(version), f"Lightpanda {version}" if version else "does not start", fix, False)


def _chromium(settings: Settings) -> Finding:
    if not settings.chromium_enabled:
        return Finding("Chromium", True, "disabled by SOCIALS_CHROMIUM_ENABLED", is_needed=False)
    path = find_chromium(settings)
    if not path:
        return Finding("Chromium", False, "not found", chromium_fix(), is_needed=False)
    version = _version([path, "--version"])
    return Finding("Chromium", bool(version), version or f"{path} does not start", chromium_fix(), is_needed=False)


def _driver() -> Finding:
    node = find_driver()
    version = _version([node, "--version"])
    # Slim images lack a library that it is linked against.
    fix = "sudo apt-get install libatomic1" if shutil.which("apt-get") else "pip install --force-reinstall playwright"
    return Finding("browser driver", bool(version), f"Node.js {version}" if version else "does not start", fix, False)


def _rendering(settings: Settings, has_engine: bool) -> Finding:
    if has_engine:
        return Finding("rendering", True, f"SOCIALS_RENDER={settings.render}")
    if settings.render is Render.NEVER:
        return Finding("rendering", True, "off (SOCIALS_RENDER=never)")
    return Finding(
        "rendering",
        False,
        "no browser engine works; sites built by JavaScript stay empty",
        "install or enable one of the two engines above, or set SOCIALS_RENDER=never",
    )


def _guard(settings: Settings) -> Finding:
    from crawler.engines.self_test import unguarded_engines

    problems = [f"{engine}: {problem}" for engine, problem in unguarded_engines(settings).items()]
    fix = "disable the engine, and report it: this must not happen"
    return Finding("egress guard", not problems, "; ".join(problems) or "every engine goes through it", fix)


def _sandbox(settings: Settings) -> Finding:
    is_on, detail = sandbox(find_engines(settings)[0])
    return Finding("sandbox", is_on, detail, "" if is_on else "run as another user", is_needed=settings.production)


def _files() -> Finding:
    try:
        import resource
    except ImportError:  # not a Unix system
        return Finding("open files", True, "limit unknown", is_needed=False)
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    is_ok = soft == resource.RLIM_INFINITY or soft >= MIN_FILES_COUNT
    return Finding("open files", is_ok, f"limit {soft}", f"ulimit -n {MIN_FILES_COUNT}", is_needed=False)


def _version(command: list[str]) -> str:
    """First line a program says of itself, ``""`` where it does not run."""
    if shutil.which(command[0]) is None:
        return ""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=ANSWER_TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    lines = (done.stdout or done.stderr).strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else ""
