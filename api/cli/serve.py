"""How does the whole service run on one machine?

Starts Redis, workers and the API together and ends them together.  Asked by ``socials serve`` and ``socials demo``.
"""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import uvicorn

from api.app import create_app
from api.cli.worker_pool import WorkerPool, ended
from api.timeouts import connection_class
from crawler.config import Settings
from worker.accounts.credentials import read
from worker.accounts.secret_check import WrongSecret
from worker.accounts.store import LOCAL_ACCOUNT, Accounts
from worker.connection import Unavailable
from worker.process.embedded_redis import EmbeddedRedis, RedisMissing, write_secret

logger = logging.getLogger(__name__)

LOOK_S = 1.0
"""Pause between two looks whether the embedded Redis runs, in seconds."""

DRAIN_TIMEOUT_S = 3
"""Time for open answers and event streams to end, in seconds."""


class ServiceError(Exception):
    """The service cannot start; the message says why and what to do."""


class ApiServer(uvicorn.Server):
    """Uvicorn without signal handlers of its own: whoever started it ends it."""

    def __init__(self, config: uvicorn.Config, before_shutdown: Callable[[], None] = lambda: None) -> None:
        super().__init__(config)
        self._before_shutdown = before_shutdown

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals alone."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End in order: event streams, which would wait on, are ended first."""
        self._before_shutdown()
        await super().shutdown(sockets)


def api_server(settings: Settings, redis_url: str) -> ApiServer:
    """Make a server of the API, not yet started."""
    app = create_app(settings, redis_url)

    def end_streams() -> None:
        app.state.services.events.end()

    return ApiServer(
        uvicorn.Config(
            app,
            http=connection_class(settings),
            # The process that runs it reports its start and stop.
            log_level="debug" if settings.log_level == "DEBUG" else "warning",
            access_log=False,
            timeout_graceful_shutdown=DRAIN_TIMEOUT_S,
            timeout_keep_alive=30,
            # Who a client says it is counts only from a proxy that the operator named.
            proxy_headers=bool(settings.trusted_proxies),
            forwarded_allow_ips=settings.trusted_proxies,
            server_header=False,
            lifespan="on",
        ),
        before_shutdown=end_streams,
    )


def token_path(data_dir: Path) -> Path:
    """Return the file that holds the token of the account ``local``."""
    return data_dir / "token"


async def local_link(redis_url: str, settings: Settings) -> str:
    """Make the secret of a link that signs the account ``local`` in, once; ``""`` where there is no such account."""
    accounts = Accounts.connect(redis_url, settings.secret.get_secret_value())
    try:
        return await accounts.create_link(LOCAL_ACCOUNT) if await accounts.get(LOCAL_ACCOUNT) else ""
    except Unavailable as error:
        raise ServiceError(f"{error}; is SOCIALS_REDIS_URL right?") from None
    finally:
        await accounts.aclose()


async def local_token(redis_url: str, settings: Settings, data_dir: Path | None) -> str:
    """Make the account ``local`` where there is no account at all, and keep a token of it in the data folder.

    Args:
        redis_url: where the accounts are.
        settings: the operator's settings.
        data_dir: where the token is kept; ``None``: nowhere.

    Returns:
        The token: the one that is kept, if it still holds, else a new one; ``""`` where there is no such account.
    """
    accounts = Accounts.connect(redis_url, settings.secret.get_secret_value())
    try:
        await accounts.check_secret()
        if not await accounts.all():
            await accounts.add("", None, None, LOCAL_ACCOUNT, is_operator=True)
        if await accounts.get(LOCAL_ACCOUNT) is None:
            return ""
        path = token_path(data_dir) if data_dir else None
        kept = read("token", path.read_text("utf-8").strip()) if path and path.exists() else None
        if kept and kept.account_id == LOCAL_ACCOUNT and await accounts.owner(kept):
            return kept.text
        text, _ = await accounts.create_token(LOCAL_ACCOUNT, "socials serve")
        if path:
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_secret(path, text + "\n")
        return text
    except WrongSecret as error:
        raise ServiceError(str(error)) from None
    except Unavailable as error:
        raise ServiceError(f"{error}; is SOCIALS_REDIS_URL right?") from None
    except OSError as error:
        raise ServiceError(
            f"cannot use {error.filename}: {error.strerror}. Fix: choose another folder with --data"
        ) from None
    finally:
        await accounts.aclose()


async def check_secret(settings: Settings) -> None:
    """Refuse a secret that is not the one of the stored tokens; a Redis that is away cannot tell.

    Raises:
        ServiceError: it is another one.
    """
    accounts = Accounts.connect(settings.redis_url, settings.secret.get_secret_value())
    try:
        await accounts.check_secret()
    except WrongSecret as error:
        raise ServiceError(str(error)) from None
    except Unavailable as error:
        logger.warning("the secret is not checked: %s", error)
    finally:
        await accounts.aclose()


def listen(host: str, port: int) -> socket.socket:
    """Take the port before anything is started.

    Raises:
        ServiceError: it is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Only where the protocol is named does asyncio switch Nagle's delay off: 40 ms an answer on a kept connection.
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(1024)
    except OSError as error:
        taken.close()
        raise ServiceError(f"cannot listen on {host}:{port}: {error.strerror}; choose another with --port") from None
    taken.setblocking(False)
    return taken


class Service:
    """API, workers and, unless one is given, a Redis of its own; an asynchronous context manager.

    Args:
        settings: the operator's settings; ``redis_url`` there is used where it is set.
        data_dir: where the embedded Redis keeps its files; ``None``: nothing is kept.

    Raises:
        ServiceError: on entry, where a part cannot start.
    """

    def __init__(self, settings: Settings, data_dir: Path | None) -> None:
        self._settings = settings
        self._data_dir = data_dir
        self._stack = contextlib.AsyncExitStack()
        self.url = ""
        """Address of the API, known after entry."""
        self.link = ""
        """Address that signs the account ``local`` in, once; empty where there is no such account."""
        self.token = ""
        """Token of the account ``local``, known after entry; empty where the operator has accounts of his own."""

    async def __aenter__(self) -> Self:
        """Start all parts."""
        async with contextlib.AsyncExitStack() as stack:
            listener = stack.enter_context(listen(self._settings.host, self._settings.port))
            host, port = listener.getsockname()[:2]
            self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            redis_url = self._settings.redis_url
            if not redis_url:
                redis = EmbeddedRedis(self._data_dir)
                redis.start()
                stack.callback(redis.stop)
                keeping = asyncio.create_task(_keep(redis))
                stack.push_async_callback(ended, [keeping])
                stack.callback(keeping.cancel)
                redis_url = redis.url
            self.token = await local_token(redis_url, self._settings, self._data_dir)
            if link := await local_link(redis_url, self._settings):
                self.link = f"{self.url}/sign-in#{link}"
            environment = {**os.environ, **self._settings.environment(), "SOCIALS_REDIS_URL": redis_url}
            await stack.enter_async_context(WorkerPool(environment, self._settings.workers_count))
            server = api_server(self._settings, redis_url)
            serving = asyncio.create_task(server.serve(sockets=[listener]))
            stack.push_async_callback(self._end_server, server, serving)
            while not server.started:
                if serving.done():
                    raise ServiceError("the API did not start; its log says why")
                await asyncio.sleep(0.01)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End all parts, the API first."""
        await self._stack.aclose()

    async def _end_server(self, server: ApiServer, serving: "asyncio.Task[None]") -> None:
        server.should_exit = True
        await ended([serving])


async def _keep(server: EmbeddedRedis) -> None:
    """Start Redis again when it dies; whoever speaks to it waits meanwhile."""
    while True:
        await asyncio.sleep(LOOK_S)
        if server.has_died:
            logger.error("Redis has ended by itself; starting it again")
            try:
                await asyncio.to_thread(server.revive)
            except RedisMissing as error:
                logger.error("Redis does not start again: %s", error)
