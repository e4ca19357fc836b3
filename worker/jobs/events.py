"""What happened to a job, in order, from any point on?

Every job has one stream in Redis; its ids are the ids of the server-sent events, so any API process can go on where
another stopped.  :class:`EventHub` serves all followers of a process: one task on one connection waits for news of
all jobs that have followers, keeps the newest events of each for a moment, and wakes their followers.  A follower
that is further behind than that reads from Redis itself.  No follower holds more than a few kilobytes, however slow
its client is.

Asked by the API.  It must not know how an event looks on the wire.
"""

import asyncio
import logging
import re
import uuid
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self

from worker.connection import ANSWER_TIMEOUT_S, Unavailable, for_api, guarded
from worker.jobs.keys import NO_EVENT, WAKE_LIFE_S, JobKeys, wake_key

logger = logging.getLogger(__name__)

BLOCK_MS = 5000
"""Longest wait for news in one go, in milliseconds; what goes wrong with waking is put right after it."""

READ_COUNT = 50
"""Events of one job read at a time, about 20 kB."""

KEPT_CHARACTERS = 20_000
"""Text of events kept per job for its followers; chosen: with the rest of a stream well under 50 kB."""

GATHER_S = 0.02
"""Pause between two reads, in seconds: jobs in full swing cost fifty reads a second at most."""

RECONNECT_S = 0.5
"""Pause before Redis is asked again after it failed, in seconds."""


_ID = re.compile(r"([0-9]{1,18})-([0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class Event:
    """One event: ``item``, ``progress``, or the last one, named after the job's end; ``data`` is JSON.

    ``at`` is the id as numbers that can be compared.
    """

    id: str
    type: str
    data: str
    at: tuple[int, int]


@dataclass(slots=True)
class _Topic:
    """A job that is followed, with its newest events: all those after ``start``, up to ``last``."""

    start: str
    last: str
    events: deque[Event] = field(default_factory=deque)
    kept_characters: int = 0
    followers: "set[Follower]" = field(default_factory=set)

    def add(self, events: list[Event]) -> None:
        for event in events:
            self.events.append(event)
            self.kept_characters += len(event.data)
            self.last = event.id
        while self.kept_characters > KEPT_CHARACTERS:
            oldest = self.events.popleft()
            self.kept_characters -= len(oldest.data)
            self.start = oldest.id

    def after(self, event_id: str) -> list[Event]:
        known = position(event_id)
        if not self.events or self.events[-1].at <= known:
            return []
        return [event for event in self.events if event.at > known]


class Follower:
    """One client's way through the events of one job; made by :meth:`EventHub.follow`, a context manager."""

    def __init__(self, hub: "EventHub", key: str, topic: _Topic, after: str) -> None:
        self._hub = hub
        self._key = key
        self._topic = topic
        self._after = after
        self.news = asyncio.Event()
        """Set where there may be something new; others may set it too, to be looked after at once."""

    def __enter__(self) -> Self:
        """Follow."""
        return self

    def __exit__(self, *_: object) -> None:
        """Follow no more."""
        self._hub.leave(self._key, self)

    async def next(self, wait_s: float) -> list[Event]:
        """Return the next events, each exactly once and in order.

        Args:
            wait_s: longest wait for the first of them, in seconds.

        Returns:
            The events; none happened, or :attr:`news` was set from outside, if it is empty.

        Raises:
            Unavailable: they must be read from Redis, which stays away.
        """
        self.news.clear()
        found = await self._found()
        if not found:
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self.news.wait()
            found = await self._found()
        if found:
            self._after = found[-1].id
        return found

    async def _found(self) -> list[Event]:
        if position(self._after) < position(self._topic.start):
            return await self._hub.read(self._key, self._after)
        return self._topic.after(self._after)


class EventHub:
    """All followers of one process.

    Args:
        waiting: a connection of its own for the reader.
        asking: connections for short questions.
    """

    def __init__(self, waiting: Any, asking: Any) -> None:
        self._waiting = waiting
        self._asking = asking
        self._topics: dict[str, _Topic] = {}
        self._has_topics = asyncio.Event()
        self._wake = wake_key(uuid.uuid4().hex)
        self._woken = NO_EVENT
        self._waking: asyncio.Task[None] | None = None
        self._is_reader_behind = False
        self._reader: asyncio.Task[None] | None = None
        self.is_ending = False
        """Whether followers should leave: the process is about to end."""

    @classmethod
    def connect(cls, url: str) -> Self:
        """Connect lazily; :meth:`start` must follow."""
        waiting = for_api(url, socket_timeout=BLOCK_MS / 1000 + ANSWER_TIMEOUT_S, max_connections=1)
        return cls(waiting, for_api(url))

    def start(self) -> None:
        """Start reading; an event loop must run."""
        self._reader = asyncio.create_task(self._read_on(), name="events")

    def end(self) -> None:
        """Ask all followers to leave: their clients will come back and go on, here or elsewhere."""
        self.is_ending = True
        for topic in self._topics.values():
            _rouse(topic)

    async def aclose(self) -> None:
        """Stop reading and close the connections."""
        for task in (self._reader, self._waking):
            if task is not None:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task
        await self._waiting.aclose()
        await self._asking.aclose()

    @property
    def followers_count(self) -> int:
        """How many follow right now."""
        return sum(len(topic.followers) for topic in self._topics.values())

    def follow(self, account_id: str, job_id: str, after: str, newest: str) -> Follower:
        """Follow a job.

        Args:
            account_id: whose job it is.
            job_id: the job.
            after: id of the last event that the client knows.
            newest: id of an event that is already there, the newer the better; ``0-0`` where there is none.
        """
        key = JobKeys(account_id, job_id).events
        topic = self._topics.get(key)
        if topic is None:
            topic = self._topics[key] = _Topic(newest, newest)
            self._has_topics.set()
            self._is_reader_behind = True
            if self._waking is None or self._waking.done():
                self._waking = asyncio.create_task(self._rouse_reader())
        follower = Follower(self, key, topic, after)
        topic.followers.add(follower)
        return follower

    def leave(self, key: str, follower: Follower) -> None:
        """Forget a follower; a job without followers is no longer read."""
        topic = self._topics.get(key)
        if topic is not None:
            topic.followers.discard(follower)
            if not topic.followers:
                del self._topics[key]

    async def read(self, key: str, after: str) -> list[Event]:
        """Return the next events after one from Redis, none if there are none yet."""
        with guarded():
            return _events(await self._asking.xrange(key, min=f"({after}", count=READ_COUNT))

    async def is_known(self, account_id: str, job_id: str, event_id: str) -> bool:
        """Say whether an id is that of an event of the job, or the one before all events."""
        if event_id == NO_EVENT:
            return True
        if position(event_id) == (0, 0):
            return False
        with guarded():
            key = JobKeys(account_id, job_id).events
            return bool(await self._asking.xrange(key, min=event_id, max=event_id, count=1))

    async def _read_on(self) -> None:
        while True:
            if not self._topics:
                self._has_topics.clear()
                await self._has_topics.wait()
            try:
                await self._read_once()
                await asyncio.sleep(GATHER_S)
            except Unavailable as error:
                logger.warning("events wait for Redis: %s", error)
                await asyncio.sleep(RECONNECT_S)
            except Exception:  # all event streams of this process hang on this task
                logger.exception("events could not be read; trying again")
                await asyncio.sleep(RECONNECT_S)

    async def _read_once(self) -> None:
        positions = {key: topic.last for key, topic in self._topics.items()}
        with guarded():
            found = await self._waiting.xread({self._wake: self._woken, **positions}, count=READ_COUNT, block=BLOCK_MS)
        for key, entries in found:
            events = _events(entries)
            topic = self._topics.get(key)
            if key == self._wake:
                self._woken = events[-1].id
            # A topic that was left and followed anew meanwhile begins elsewhere.
            elif topic is not None and topic.last == positions[key]:
                topic.add(events)
                await _rouse_in_turn(topic)

    async def _rouse_reader(self) -> None:
        """Have the reader look at all topics: it waits on one stream of its own too, and this writes to it."""
        while self._is_reader_behind:
            self._is_reader_behind = False
            # Where this fails the reader fails too, and looks at all topics when it comes back.
            with suppress(Unavailable), guarded():
                async with self._asking.pipeline(transaction=False) as step:
                    step.xadd(self._wake, {"type": "", "data": ""}, maxlen=1)
                    step.expire(self._wake, WAKE_LIFE_S)
                    await step.execute()


def position(event_id: str) -> tuple[int, int]:
    """Return an id as numbers that can be compared; ``(0, 0)`` for what is none."""
    parts = _ID.fullmatch(event_id)
    return (int(parts[1]), int(parts[2])) if parts else (0, 0)


def _rouse(topic: _Topic) -> None:
    for follower in topic.followers:
        follower.news.set()


async def _rouse_in_turn(topic: _Topic) -> None:
    """Wake one follower after another: other requests wait for one of them, not for five hundred."""
    for follower in tuple(topic.followers):
        follower.news.set()
        await asyncio.sleep(0)


def _events(entries: Any) -> list[Event]:
    return [Event(entry_id, fields["type"], fields["data"], position(entry_id)) for entry_id, fields in entries]
