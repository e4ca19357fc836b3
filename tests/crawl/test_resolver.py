"""Do names of silent servers hold up nobody else, and does the hosts file count?"""

import asyncio
import struct
from collections.abc import Iterator
from ipaddress import ip_address

import aiodns
import pytest

from crawler.egress.resolver import Resolver

SILENT_COUNT = 200


class NameServer(asyncio.DatagramProtocol):
    """Answers every name with 203.0.113.7, except those below ``silent.example``, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        labels = list(_labels(data))
        name = ".".join(labels)
        self.asked.append(name)
        if name.endswith("silent.example"):
            return
        end = 12 + sum(1 + len(label) for label in labels) + 1 + 4
        is_a = data[end - 3] == 1
        head = data[:2] + struct.pack(">HHHHH", 0x8180, 1, int(is_a), 0, 0)
        answer = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + ip_address("203.0.113.7").packed
        self.transport.sendto(head + data[12:end] + (answer if is_a else b""), addr)  # type: ignore[attr-defined]


def _labels(data: bytes) -> Iterator[str]:
    place = 12
    while length := data[place]:
        yield data[place + 1 : place + 1 + length].decode()
        place += 1 + length


@pytest.mark.faults(30)
def test_silent_names_hold_up_no_neighbour() -> None:
    async def look_up() -> tuple[list[object], list[object], int]:
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(NameServer, local_addr=("127.0.0.1", 0))
        port = transport.get_extra_info("sockname")[1]
        resolver = Resolver(None, timeout_s=3, ttl_s=60)
        resolver._client = aiodns.DNSResolver(nameservers=[f"127.0.0.1:{port}"])
        silent = [
            asyncio.ensure_future(resolver.addresses(f"n{number}.silent.example")) for number in range(SILENT_COUNT)
        ]
        while not server.asked:
            await asyncio.sleep(0)
        found = await asyncio.gather(*(resolver.addresses(f"site{number}.example") for number in range(50)))
        asked = sum(name.endswith("silent.example") for name in set(server.asked))
        failed = await asyncio.gather(*silent, return_exceptions=True)
        await resolver.aclose()
        transport.close()
        return found, failed, asked

    found, failed, asked = asyncio.run(look_up())

    assert found == [(ip_address("203.0.113.7"),)] * 50
    assert all(isinstance(each, OSError) for each in failed)
    assert asked <= 8


@pytest.mark.parametrize("name", ["localhost"])
def test_the_hosts_file_counts(name: str) -> None:
    async def look_up() -> object:
        resolver = Resolver(None, timeout_s=3, ttl_s=60)
        found = await resolver.addresses(name)
        await resolver.aclose()
        return found

    assert ip_address("127.0.0.1") in asyncio.run(look_up())  # type: ignore[operator]
