"""A real Redis for the tests of this folder, and accounts on it."""

import asyncio
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest
import redis

from tests.service.running import Api
from worker.accounts.store import Accounts
from worker.process.embedded_redis import EmbeddedRedis


@pytest.fixture(scope="session")
def redis_server() -> Iterator[EmbeddedRedis]:
    server = EmbeddedRedis(None)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def redis_url(redis_server: EmbeddedRedis) -> str:
    """An empty Redis."""
    with redis.Redis.from_url(redis_server.url) as connection:
        connection.flushall()
    return redis_server.url


def make_account(url: str, account_id: str = "local", *, ceiling_ef: Decimal | None = None, secret: str = "") -> str:
    """Make an account; return a token of it."""

    async def make() -> str:
        accounts = Accounts.connect(url, secret)
        try:
            await accounts.add(f"{account_id}@accounts.example", None, ceiling_ef, account_id)
            return (await accounts.create_token(account_id, "test"))[0]
        finally:
            await accounts.aclose()

    return asyncio.run(make())


@pytest.fixture
def token(redis_url: str) -> str:
    """A token of the account local, on an empty Redis."""
    return make_account(redis_url)


@pytest.fixture
def client(api: Api, token: str) -> Iterator[httpx.Client]:
    """A client with that token, of the API that the module runs."""
    with api.client(token) as client:
        yield client
