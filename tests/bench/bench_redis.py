"""How much of Redis does an item take, from its creation to its result, and what is left at the end?  Prints, never judges."""

import asyncio
import time

import redis

from crawler.records import Engine, Network, SiteResult
from tests.service.running import new_job
from worker.jobs.record import Job
from worker.jobs.shards import ShardStore
from worker.jobs.store import JobStore
from worker.process.embedded_redis import EmbeddedRedis

COUNT = 10_000
SHARD_COUNT = 50
RETENTION_S = 60
EVIDENCE = {
    "facebook": {
        "profile": "https://www.facebook.com/studio-atlas",
        "score": 0.93,
        "reasons": ["names the site: studio atlas", "stands in the footer", "is in an icon row"],
        "page": "https://studio-atlas-00000.example/",
        "place": "footer",
        "engine": "light",
        "alternates": [{"profile": "https://www.facebook.com/webagency", "reason": "credits the agency"}],
    }
}


def main() -> None:
    """Measure with items of two sizes."""
    for item_bytes in (100, 5000):
        server = EmbeddedRedis(None).start()
        try:
            _measure(server.url, item_bytes)
        finally:
            server.stop()


def _measure(url: str, item_bytes: int) -> None:
    items = [
        {"site_web": f"https://studio-atlas-{number:05}.example/", "note": "x" * (item_bytes - 60)}
        for number in range(COUNT)
    ]
    with redis.Redis.from_url(url, decode_responses=True) as connection:
        empty = _used(connection)
        begun = time.perf_counter()
        job = asyncio.run(_create(url, items))
        taken_s = time.perf_counter() - begun
        created = _used(connection)
        _work(url, job)
        done = _used(connection)
        print(
            f"items of {item_bytes} bytes: {(created - empty) / COUNT:,.0f} bytes an item once created "
            f"({COUNT:,} in {taken_s:.2f} s), {(done - empty) / COUNT:,.0f} with result, evidence and events"
        )
        for key in connection.scan_iter("socials:*"):
            if connection.ttl(key) > 0:
                connection.pexpire(key, 0)  # at once: a millisecond later would race with the look below
        left = [
            key for key in connection.scan_iter("*") if not key.startswith(("socials:metrics", "socials:local:quota"))
        ]
        print(f"after their time: {len(left)} keys of the job")


async def _create(url: str, items: list[dict[str, str]]) -> Job:
    store = JobStore.connect(url)
    try:
        return await store.create(new_job("local", items, shard_items_count=SHARD_COUNT, retention_s=RETENTION_S))
    finally:
        await store.aclose()


def _work(url: str, job: Job) -> None:
    profiles = {Network.FACEBOOK: "https://www.facebook.com/studio-atlas"}
    for number in range(-(-COUNT // SHARD_COUNT)):
        shard = ShardStore(url, job.account_id, job.id, number)
        claimed = shard.claim(600)
        assert claimed is not None
        for each in claimed.inputs:
            shard.put(SiteResult(each.index, profiles, None, Engine.LIGHT, 2, EVIDENCE))
        shard.done()
        shard.close()


def _used(connection: redis.Redis) -> int:
    return int(connection.info("memory")["used_memory"])


if __name__ == "__main__":
    main()
