"""How is the API put together?

Wires settings, job store, queue and routes into one FastAPI application; starts and ends what it holds.
"""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI

from api import errors, openapi
from api.access_log import Requests
from api.console import app as console
from api.deps import Services
from api.head import HeadAsGet
from api.metrics import ProcessMetrics
from api.routes import account, auth, events, explain, files, health, jobs, operator, results, rows
from api.row_schemas import ResultsPage
from crawler.config import Settings
from worker.accounts.rates import Rates
from worker.accounts.store import Accounts
from worker.connection import for_api
from worker.jobs.events import EventHub
from worker.jobs.marks import MarkStore
from worker.jobs.pages import JobPages
from worker.jobs.queue import ShardQueue
from worker.jobs.store import JobStore
from worker.jobs.uploads import Uploads

logger = logging.getLogger(__name__)

DESCRIPTION = """
Attaches the social profiles that an organisation runs itself to items that carry a website.

Create a job, follow it with server-sent events or by polling, and read the items back with six columns more.
"""


def create_app(settings: Settings, redis_url: str) -> FastAPI:
    """Make the application.

    Args:
        settings: the operator's settings.
        redis_url: the Redis that holds jobs and queue.
    """
    metrics = ProcessMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        connection = for_api(redis_url)
        hub = EventHub.connect(redis_url)
        queue = ShardQueue.connect(redis_url, settings.turn_timeout_s, settings.shards_per_worker_count)
        app.state.services = Services(
            settings,
            JobStore(connection),
            queue,
            hub,
            Accounts(connection, settings.secret.get_secret_value()),
            Rates(connection),
            metrics,
            JobPages(connection),
            MarkStore(connection),
            Uploads(connection),
            asyncio.Semaphore(1),
        )
        hub.start()
        try:
            yield
        finally:
            await hub.aclose()
            await connection.aclose()
            queue.close()

    app = FastAPI(
        title="Socials",
        version=version("socials"),
        description=DESCRIPTION,
        lifespan=lifespan,
        # It would build an address from the Host header, which any client can set.
        redirect_slashes=False,
        docs_url=None,  # our own page
        redoc_url=None,
        # Names that generated clients can use.
        generate_unique_id_function=lambda route: route.name,
        # Which of these a route cannot give, api.openapi takes away again.
        responses=errors.responses(400, 404, 405, 413, 415, 503),
    )
    errors.install(app)
    named = (auth, account, jobs, files, results, rows, events, explain, operator, health)
    routers = tuple(each.router for each in named)
    for router in routers:
        app.include_router(router)
    console.install(app)
    app.state.routes = [route for router in routers for route in router.routes]
    app.add_middleware(HeadAsGet)
    app.add_middleware(Requests, metrics=metrics)
    has_operator_token = bool(settings.metrics_token.get_secret_value())
    openapi.install(app, routers, (ResultsPage,), has_operator_token=has_operator_token)
    return app
