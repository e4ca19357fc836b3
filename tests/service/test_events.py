"""Does every follower of a job see each event once and in order, wherever he is connected, and can he hurt nobody?"""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import redis

from tests.service.running import DEADLINE_S, Api, Hand, api_process, client_of, create, follow
from worker.jobs.keys import JobKeys
from worker.process.embedded_redis import EmbeddedRedis

pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def api(redis_server: EmbeddedRedis) -> Iterator[Api]:
    with Api(redis_server.url, heartbeat_s=0.2, send_timeout_s=0.5) as api:
        yield api


def run(redis_url: str, job_id: str, count: int) -> None:
    with Hand(redis_url, job_id) as hand:
        for index in range(count):
            hand.fail(index) if index % 5 == 4 else hand.find(index)


def types(events: list[tuple[str, str, Any]]) -> list[str]:
    return [kind for _, kind, _ in events]


def stored(redis_url: str, job_id: str) -> list[tuple[str, str, Any]]:
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        entries: Any = connection.xrange(JobKeys("local", job_id).events)
    return [(entry_id, fields["type"], json.loads(fields["data"])) for entry_id, fields in entries]


def wait_until(condition: Any) -> None:
    end = time.monotonic() + DEADLINE_S
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.faults(104)
def test_a_stream_opened_before_the_job_tells_all_of_it(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 10)
    with follow(client, job_id) as stream:
        first = stream.next()
        assert (first[0], first[1], first[2]["status"]) == ("0-0", "snapshot", "pending")
        run(redis_url, job_id, 10)
        events = list(stream)

    assert events == stored(redis_url, job_id)
    assert types(events)[-1] == "done"
    assert types(events).count("item") == 10
    assert sorted(data["index"] for _, kind, data in events if kind == "item") == list(range(10))


def test_a_stream_opened_in_the_middle_begins_with_what_is_done(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 10)
    with Hand(redis_url, job_id) as hand:
        for index in range(5):
            hand.find(index)
        with follow(client, job_id) as stream:
            _, kind, snapshot = stream.next()
            for index in range(5, 10):
                hand.find(index)
            events = list(stream)

    assert (kind, snapshot["status"], snapshot["processed_count"]) == ("snapshot", "running", 5)
    assert [data["index"] for _, kind, data in events if kind == "item"] == [5, 6, 7, 8, 9]
    assert types(events)[-1] == "done"


def test_streams_go_on_after_a_failover(client: httpx.Client, redis_url: str) -> None:
    """A Redis that becomes a replica ends commands that wait, with an error of its own."""
    job_id = create(client, 2)
    with Hand(redis_url, job_id) as hand, follow(client, job_id) as stream, redis.Redis.from_url(redis_url) as raw:
        stream.next()
        hand.find(0)
        while stream.next()[1] != "item":
            pass

        def is_unblocked() -> bool:
            waiting = [each["id"] for each in raw.client_list() if each["cmd"] == "xread" and "b" in each["flags"]]
            return bool(waiting) and raw.client_unblock(int(waiting[0]), error=True) == 1

        wait_until(is_unblocked)
        hand.find(1)

        assert types(list(stream))[-1] == "done"


@pytest.mark.parametrize("end", ["done", "cancelled"])
@pytest.mark.faults(104)
def test_a_stream_opened_after_the_end_tells_how_it_ended(client: httpx.Client, redis_url: str, end: str) -> None:
    job_id = create(client, 3)
    client.post(f"/api/jobs/{job_id}/cancel") if end == "cancelled" else run(redis_url, job_id, 3)

    with follow(client, job_id) as stream:
        events = list(stream)

    assert types(events) == ["snapshot", end]
    assert events[0][2]["status"] == end
    assert events[1] == stored(redis_url, job_id)[-1]
    seen_all = client.get(f"/api/jobs/{job_id}/events", headers={"Last-Event-ID": events[1][0]})
    assert seen_all.status_code == 204, "a client that has seen the end is not to come back"


@pytest.mark.faults(105)
def test_any_event_can_be_gone_on_from(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 6)
    run(redis_url, job_id, 6)
    all_events = stored(redis_url, job_id)

    for place in range(len(all_events) - 1):
        with follow(client, job_id, last_id=all_events[place][0]) as stream:
            assert list(stream) == all_events[place + 1 :]
    with follow(client, job_id, last_id="0-0") as stream:
        assert list(stream) == all_events


@pytest.mark.parametrize(
    "last_id",
    [
        pytest.param("x", id="malformed"),
        pytest.param("5-0", id="never given"),
        pytest.param("99999999999999-0", id="of the future"),
        pytest.param("9" * 40 + "-0", id="a huge number"),
        pytest.param("-1", id="negative"),
        pytest.param("1-1\u00b2", id="odd digits"),
        pytest.param("another job's", id="of another job"),
    ],
)
@pytest.mark.faults(105)
def test_an_unknown_id_gives_a_fresh_snapshot(client: httpx.Client, redis_url: str, last_id: str) -> None:
    job_id, other_id = create(client, 2), create(client, 2)
    run(redis_url, other_id, 2)
    run(redis_url, job_id, 2)
    if last_id == "another job's":
        last_id = stored(redis_url, other_id)[0][0]

    answer = client.get(f"/api/jobs/{job_id}/events", headers=[(b"last-event-id", last_id.encode())])

    assert [line for line in answer.text.splitlines() if line.startswith("event")] == [
        "event: snapshot",
        "event: done",
    ]


def test_a_long_past_is_read_in_pieces_and_whole(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 50)
    with follow(client, job_id) as early:
        early.next()
        run(redis_url, job_id, 50)
        with follow(client, job_id, last_id="0-0") as late:
            assert list(late) == list(early) == stored(redis_url, job_id)


def test_followers_on_two_apis_see_the_same(client: httpx.Client, redis_url: str, token: str) -> None:
    job_id = create(client, 20)
    with Api(redis_url) as other, other.client(token) as other_client:
        with follow(client, job_id) as here, follow(other_client, job_id) as there:
            here.next(), there.next()
            run(redis_url, job_id, 20)
            assert list(here) == list(there)


@pytest.mark.faults(106)
def test_an_api_killed_in_mid_stream_costs_no_event(client: httpx.Client, redis_url: str, token: str) -> None:
    job_id = create(client, 30)
    with Hand(redis_url, job_id) as hand, follow(client, job_id) as undisturbed:
        joined = []
        for part in range(3):
            with api_process(redis_url) as (process, url), client_of(url, token) as other:
                last_id = joined[-1][0] if joined else ""
                with follow(other, job_id, last_id) as stream:
                    if not joined:
                        joined.append(stream.next())
                    for index in range(part * 10, part * 10 + 10):
                        hand.find(index)
                    if part < 2:
                        while sum(kind == "item" for _, kind, _ in joined) < part * 10 + 7:
                            joined.append(stream.next())
                        process.send_signal(signal.SIGKILL)
                        with pytest.raises(httpx.HTTPError):
                            joined.extend(stream)
                    else:
                        joined.extend(stream)

        assert joined == list(undisturbed)


@pytest.mark.faults(107)
def test_silence_is_filled_with_comments(client: httpx.Client) -> None:
    job_id = create(client, 1)
    with follow(client, job_id) as stream:
        stream.next()
        stream.read_comments(2)
        client.post(f"/api/jobs/{job_id}/cancel")
        rest = list(stream)

        headers = stream.response.headers
        assert types(rest) == ["cancelled"]
        assert stream.retries == ["2000"]
        assert headers["content-type"] == "text/event-stream; charset=utf-8"
        assert headers["cache-control"] == "no-store"
        assert headers["x-accel-buffering"] == "no"
        assert "content-encoding" not in headers


def followers_count(api: Api) -> int:
    hub = api.server.config.app.state.services.events  # type: ignore[union-attr]
    return int(hub.followers_count)


@pytest.mark.parametrize("way", ["reads nothing", "reads a byte at a time"])
@pytest.mark.faults(108)
def test_a_client_that_does_not_read_is_dropped_and_the_job_goes_on(redis_url: str, way: str, token: str) -> None:
    with Api(redis_url, send_buffer_bytes=8192, send_timeout_s=0.5, heartbeat_s=5) as api, api.client(token) as client:
        job_id = create(client, 50)
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(DEADLINE_S)
        with slow, Hand(redis_url, job_id) as hand:
            slow.connect(("127.0.0.1", api.port))
            head = f"GET /api/jobs/{job_id}/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n"
            slow.sendall(head.encode())
            wait_until(lambda: followers_count(api) == 1)
            with redis.Redis.from_url(redis_url) as connection:
                for number in range(2000):  # more than all buffers between the two hold
                    connection.xadd(
                        JobKeys("local", job_id).events, {"type": "item", "data": json.dumps("x" * 200 + str(number))}
                    )
            read_count = 0

            def is_dropped() -> bool:
                nonlocal read_count
                if way == "reads a byte at a time" and followers_count(api):
                    read_count += len(slow.recv(1))
                return followers_count(api) == 0

            wait_until(is_dropped)
            for index in range(50):
                hand.find(index)

        assert client.get(f"/api/jobs/{job_id}").json()["status"] == "done"


def test_a_client_that_hangs_up_is_forgotten(api: Api, client: httpx.Client) -> None:
    job_id = create(client, 1)
    with follow(client, job_id) as stream:
        stream.next()
        wait_until(lambda: followers_count(api) == 1)

    wait_until(lambda: followers_count(api) == 0)


@pytest.mark.faults(109)
def test_streams_take_no_connections_to_redis(api: Api, client: httpx.Client, redis_url: str, token: str) -> None:
    job_ids = [create(client, 1) for _ in range(5)]
    with redis.Redis.from_url(redis_url) as connection, api.client(token) as many:
        contexts = [follow(many, job_ids[number % 5]) for number in range(50)]
        streams = [context.__enter__() for context in contexts]
        for stream in streams:
            stream.next()
        connections_count = len(connection.client_list())
        for job_id in job_ids:
            client.post(f"/api/jobs/{job_id}/cancel")
        ends = [types(list(stream)) for stream in streams]
        for context in contexts:
            context.__exit__(None, None, None)

    assert ends == [["cancelled"]] * 50
    assert connections_count < 50


def test_a_lost_connection_to_redis_costs_no_event(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 20)
    with follow(client, job_id) as stream, Hand(redis_url, job_id) as hand:
        stream.next()
        for index in range(10):
            hand.find(index)
        with redis.Redis.from_url(redis_url) as connection:
            connection.client_kill_filter(_type="normal", skipme=True)
        for index in range(10, 20):
            hand.find(index)
        assert list(stream) == stored(redis_url, job_id)


@pytest.mark.faults(95)
def test_a_job_that_is_gone_ends_its_streams(client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 1)
    with follow(client, job_id) as stream:
        stream.next()
        with redis.Redis.from_url(redis_url) as connection:
            connection.flushall()
        assert list(stream) == []


def test_open_streams_do_not_hold_up_the_end(redis_url: str, token: str) -> None:
    with (
        Api(redis_url, heartbeat_s=15) as api,
        api.client(token) as client,
        follow(client, create(client, 1)) as stream,
    ):
        stream.next()
        api.server.should_exit = True
        assert list(stream) == [], "the stream ends in order, so that the client comes back"
        api.thread.join(DEADLINE_S)
        assert not api.thread.is_alive()


@pytest.mark.faults(110)
def test_a_stopped_api_process_ends_within_the_grace_time(redis_url: str, token: str) -> None:
    with api_process(redis_url) as (process, url), client_of(url, token) as client:
        with follow(client, create(client, 1)) as stream:
            stream.next()
            os.kill(process.pid, signal.SIGTERM)
            assert list(stream) == []
            assert process.wait(DEADLINE_S) == 0


def test_nothing_of_followers_stays_in_redis(api: Api, client: httpx.Client, redis_url: str) -> None:
    job_id = create(client, 1)
    with follow(client, job_id) as stream:
        stream.next()
    with redis.Redis.from_url(redis_url) as connection:
        woken: Any = connection.keys("socials:wake:*")
        assert len(woken) == 1
        assert 0 < int(connection.ttl(woken[0])) <= 60  # type: ignore[arg-type]
