"""Which connection may be opened for a target, and where does it really go?

Asked by :mod:`crawler.egress.proxy` for every request.  Resolves a name once, has all its addresses judged by
:mod:`crawler.egress.policy`, and connects to one of those very addresses; this is the only file that connects to a
site.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Collection
from ipaddress import ip_address

import psutil

from crawler.egress.policy import Address, Allow, Verdict, is_localhost, judge_host, judge_target, literal
from crawler.egress.resolver import Resolver
from crawler.egress.silence import KEPT_S
from crawler.egress.streams import CHUNK_BYTES, End
from crawler.records import NO_CONNECTION, Failure, Reason

_LOOPBACK = (ip_address("127.0.0.1"),)
_KEPT_COUNT = 4096
NOT_PUBLIC = Failure(Reason.BLOCKED_ADDRESS, "the name leads to an address that is not public")
"""All that is said of a name that was resolved."""

SUSPECT_DIVISOR = 2
"""How much shorter the wait for a host is that took no connection at another port; chosen, not measured."""

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
        self._silent: dict[tuple[Address, int], float] = {}
        self._addresses: OrderedDict[str, Address] = OrderedDict()

    def unblock(self, hosts: Collection[str]) -> None:
        """Refuse some of the blocked hosts no longer."""
        self._blocked_hosts.difference_update(hosts)

    async def dial(self, host: str, port: int, on_try: Callable[[Address], None]) -> End | Failure:
        """Vet a target and connect to it, its best address first; ``on_try`` hears of each address beforehand."""
        addresses = await self._vetted(host, port)
        if isinstance(addresses, Failure):
            return addresses
        failure = Failure(Reason.CONNECT_ERROR, "no connection")
        loop = asyncio.get_running_loop()
        silent = self._silent_lately(loop.time())
        tried = [each for each in addresses[:_ADDRESSES_COUNT] if (each, port) not in silent]
        if not tried:
            return NO_CONNECTION
        # A host that is silent at another port is most likely so at this one too.
        is_suspect = any(each in tried for each, _ in silent)
        ends_at = loop.time() + self._timeout_s / (SUSPECT_DIVISOR if is_suspect else 1)
        for place, address in enumerate(tried):
            on_try(address)
            self._addresses[host] = address
            try:
                # Each address gets its share of the time left, so that a dead first one leaves some for the next.
                async with asyncio.timeout((ends_at - loop.time()) / (len(tried) - place)):
                    return End(*await asyncio.open_connection(str(address), port, limit=CHUNK_BYTES))
            except TimeoutError:
                self._silent[address, port] = loop.time()
                failure = NO_CONNECTION
            except OSError:
                failure = Failure(Reason.CONNECT_ERROR, "no connection")
        return failure

    async def first_address(self, host: str) -> Address | None:
        """Resolve a host; ``None`` where it has no address, or one of this machine."""
        if is_localhost(host) or literal(host) is not None:
            return literal(host)
        try:
            return (await self._resolver.addresses(host))[0]
        except OSError:
            return None

    def address_of(self, host: str) -> Address | None:
        """Return where the last connection to a host went, ``None`` where there was none lately."""
        return self._addresses.get(host)

    def _silent_lately(self, now_s: float) -> dict[tuple[Address, int], float]:
        """Addresses and ports that took no connection a moment ago; whoever's name it is need not wait again."""
        self._silent = {target: at_s for target, at_s in self._silent.items() if now_s - at_s < KEPT_S}
        while len(self._addresses) > _KEPT_COUNT:
            self._addresses.popitem(last=False)
        return self._silent

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
        if verdict.is_allowed:
            return addresses
        # Whoever posted a name knows it, and is not to learn from us where in this network it leads.
        return NOT_PUBLIC if addresses is not _LOOPBACK and address is None else _refused_by(verdict)

    def _is_blocked(self, host: str) -> bool:
        labels = host.split(".")
        return any(".".join(labels[place:]) in self._blocked_hosts for place in range(len(labels)))


def _refused_by(verdict: Verdict) -> Failure:
    return Failure(Reason.BLOCKED_ADDRESS, f"{verdict.name} ({verdict.source})")


def _interface_addresses() -> frozenset[Address]:
    texts = [row.address.partition("%")[0] for rows in psutil.net_if_addrs().values() for row in rows]
    # Hardware addresses stand among them and are no literals.
    return frozenset(address for text in texts if (address := literal(text)) is not None)
