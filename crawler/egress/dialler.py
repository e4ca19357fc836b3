"""Which connection may be opened for a target, and where does it really go?

Asked by :mod:`crawler.egress.proxy` for every request.  Resolves a name once, has all its addresses judged by
:mod:`crawler.egress.policy`, and connects to one of those very addresses; this is the only file that connects to a
site.
"""

import asyncio
from collections.abc import Callable, Collection
from ipaddress import ip_address

import psutil

from crawler.egress.policy import Address, Allow, Verdict, is_localhost, judge_host, judge_target, literal
from crawler.egress.resolver import Resolver
from crawler.egress.streams import CHUNK_BYTES, End
from crawler.records import Failure, Reason

_LOOPBACK = (ip_address("127.0.0.1"),)
_ADDRESSES_COUNT = 4
"""Addresses of one name that are tried; chosen, not measured."""


class Dialler:
    """Opens vetted connections; what it answers for a name holds for that one connection only."""

    def __init__(
        self,
        resolver: Resolver,
        allow: Allow,
        *,
        ports: Collection[int],
        blocked_hosts: frozenset[str],
        timeout_s: float,
    ) -> None:
        """See :class:`crawler.egress.proxy.EgressProxy`; ``timeout_s`` is for all addresses of a target together."""
        self._resolver = resolver
        self._allow = allow
        self._ports = frozenset(ports)
        self._blocked_hosts = set(blocked_hosts)
        self._timeout_s = timeout_s
        self._own_addresses = _interface_addresses()

    def unblock(self, hosts: Collection[str]) -> None:
        """Refuse some of the blocked hosts no longer."""
        self._blocked_hosts.difference_update(hosts)

    async def dial(self, host: str, port: int, on_try: Callable[[Address], None]) -> End | Failure:
        """Vet a target and connect to it, its best address first; ``on_try`` hears of each address beforehand."""
        addresses = await self._vetted(host, port)
        if isinstance(addresses, Failure):
            return addresses
        failure = Failure(Reason.CONNECT_ERROR, "no connection")
        tried = addresses[:_ADDRESSES_COUNT]
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._timeout_s
        for place, address in enumerate(tried):
            on_try(address)
            try:
                # Each address gets its share of the time left, so that a dead first one leaves some for the next.
                async with asyncio.timeout((ends_at - loop.time()) / (len(tried) - place)):
                    return End(*await asyncio.open_connection(str(address), port, limit=CHUNK_BYTES))
            except TimeoutError:
                failure = Failure(Reason.TIMEOUT, "no connection in time")
            except OSError:
                failure = Failure(Reason.CONNECT_ERROR, "no connection")
        return failure

    async def _vetted(self, host: str, port: int) -> tuple[Address, ...] | Failure:
        if self._is_blocked(host):
            return Failure(Reason.BLOCKED_ADDRESS, "blocked_host (list of hosts not to load)")
        early = judge_host(host, port, self._allow, ports=self._ports)
        if not early.is_allowed:
            return _refused_by(early)
        address = literal(host)
        if address is not None:
            addresses: tuple[Address, ...] = (address,)
        elif is_localhost(host):
            # RFC 6761 6.3: these names are loopback, and no resolver is to be asked for them.
            addresses = _LOOPBACK
        else:
            try:
                addresses = await self._resolver.addresses(host)
            except OSError:
                return Failure(Reason.DNS_ERROR, "name does not resolve")
        verdict = judge_target(
            host, port, addresses, self._allow, ports=self._ports, own_addresses=self._own_addresses
        )
        return addresses if verdict.is_allowed else _refused_by(verdict)

    def _is_blocked(self, host: str) -> bool:
        labels = host.split(".")
        return any(".".join(labels[place:]) in self._blocked_hosts for place in range(len(labels)))


def _refused_by(verdict: Verdict) -> Failure:
    return Failure(Reason.BLOCKED_ADDRESS, f"{verdict.name} ({verdict.source})")


def _interface_addresses() -> frozenset[Address]:
    texts = [row.address.partition("%")[0] for rows in psutil.net_if_addrs().values() for row in rows]
    # Hardware addresses stand among them and are no literals.
    return frozenset(address for text in texts if (address := literal(text)) is not None)
