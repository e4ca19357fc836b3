"""What may a route ask for?

``Annotated`` dependencies over what :mod:`api.app` put into the application's state.
"""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from crawler.config import Settings
from worker.events import EventReader
from worker.queue import ShardQueue
from worker.store import JobStore

LOCAL_ACCOUNT = "local"
"""The one account of a machine of its own."""


@dataclass(frozen=True, slots=True)
class Services:
    """What the application holds while it runs."""

    settings: Settings
    store: JobStore
    queue: ShardQueue
    events: EventReader


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


def _account() -> str:
    return LOCAL_ACCOUNT


ServicesDep = Annotated[Services, Depends(_services)]
AccountDep = Annotated[str, Depends(_account)]
