"""What does Prometheus read?

The counters of this process (requests, streams, memory) and those of the whole service, kept in Redis by the workers.
"""

from collections.abc import Iterable, Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from worker.jobs.metrics import ServiceStats

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
"""Bounds of the histogram of waiting times, in seconds."""

_COUNTERS = {
    "jobs": ("socials_jobs", "Jobs that have ended.", "status"),
    "items": ("socials_items", "Items that have their result.", "outcome"),
    "failures": ("socials_item_failures", "Failed items.", "reason"),
    "engines": ("socials_items_settled", "Items by the most expensive engine they needed.", "engine"),
    "pages": ("socials_pages", "Pages asked for.", "engine"),
    "seconds": ("socials_page_seconds", "Time spent on pages, one after the other.", "engine"),
    "unreadable": (
        "socials_pages_unreadable",
        "Pages whose reading took too much time or memory, or broke.",
        "engine",
    ),
    "unreadable_seconds": ("socials_page_unreadable_seconds", "Time lost on pages that could not be read.", "engine"),
    "browsers": ("socials_browser_restarts", "Browsers that were lost, or ended after their share.", "cause"),
}


class ProcessMetrics:
    """The counters of this process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "socials_http_requests", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.seconds = Histogram(
            "socials_http_seconds",
            "Time until an answer begins.",
            ("method", "route"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.streams = Gauge("socials_event_streams", "Event streams open here.", registry=self.registry)
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)


def exposition(process: ProcessMetrics, stats: ServiceStats | None, workers_count: int) -> bytes:
    """Write all metrics in Prometheus' text format.

    Args:
        process: this process's.
        stats: the service's, ``None`` where Redis cannot be reached.
        workers_count: workers that run.
    """
    registry = CollectorRegistry()
    registry.register(_Service(stats, workers_count))
    return bytes(generate_latest(process.registry) + generate_latest(registry))


class _Service:
    """The service's metrics, as the library wants them."""

    def __init__(self, stats: ServiceStats | None, workers_count: int) -> None:
        self._standing = stats
        self._workers_count = workers_count

    def collect(self) -> Iterator[Metric]:
        """Yield each metric."""
        stats = self._standing
        yield _gauge("socials_redis_up", "Whether Redis answers.", [((), float(stats is not None))])
        if stats is None:
            return
        yield _gauge("socials_workers", "Workers that run.", [((), self._workers_count)])
        yield _gauge("socials_queue_age_seconds", "Age of the oldest job not begun.", [((), stats.queue_age_s)])
        yield _gauge("socials_queue_shards", "Shards queued for a worker.", [((), stats.queued_count)])
        yield _gauge("socials_webhooks_waiting", "Webhooks not taken yet.", [((), stats.webhooks_count)])
        yield _gauge("socials_redis_memory_bytes", "Memory that Redis uses.", [((), stats.fill.used_bytes)])
        yield _gauge("socials_redis_memory_limit_bytes", "Memory that Redis may use.", [((), stats.fill.limit_bytes)])
        opened = [((status,), count) for status, count in stats.open_counts.items()]
        yield _gauge("socials_jobs_open", "Jobs that have not ended.", opened, ["status"])
        memory = [((worker,), size) for worker, size in stats.memory_bytes.items()]
        yield _gauge("socials_worker_memory_bytes", "Memory of a worker and all its children.", memory, ["worker"])
        counts = [((engine,), kept.processes_count) for engine, kept in stats.engines.items()]
        yield _gauge("socials_engine_processes", "Engine processes that workers keep.", counts, ["engine"])
        sizes = [((engine,), kept.size_bytes) for engine, kept in stats.engines.items()]
        yield _gauge("socials_engine_bytes", "Memory of the engine processes that workers keep.", sizes, ["engine"])
        for prefix, (name, words, label) in _COUNTERS.items():
            family = CounterMetricFamily(name, words, labels=[label])
            for field, value in sorted(stats.counters.items()):
                kind, _, of = field.partition(":")
                if kind == prefix:
                    family.add_metric([of], value)
            yield family


def _gauge(
    name: str, words: str, samples: Iterable[tuple[tuple[str, ...], float]], labels: Iterable[str] = ()
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=list(labels))
    for values, value in samples:
        family.add_metric(values, value)
    return family
