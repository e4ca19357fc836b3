"""May the crawler open a connection to this target, and if not, which rule forbids it?

Asked by :mod:`crawler.egress.dialler` before every connection.  Pure:
nothing is resolved and no clock is read.  The caller brings the addresses a name stands for, and must connect to those
very addresses, because a second look-up may answer something else.

The table is made from the IANA special-purpose address registries.  ``ipaddress.is_global`` is no guard: it calls
224.0.0.1, fec0::1, 64:ff9b::a00:1 and 2002:a00:1::1 global (ran, Python 3.11).  Ranges are refused whole, also those
that embed an IPv4 address (mapped, NAT64, 6to4, Teredo): where the packet ends is then decided elsewhere.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Self

Address = IPv4Address | IPv6Address


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one address or target: its name, where the rule comes from, and whether to go on."""

    name: str
    source: str
    is_allowed: bool = False


PUBLIC = Verdict("public", "RFC 6890", is_allowed=True)
FIXTURE = Verdict("fixture", "allow_hosts", is_allowed=True)
UNALLOCATED = Verdict("unallocated", "RFC 4291 2.4")
MALFORMED_HOST = Verdict("malformed_host", "RFC 1123 2.1")
LOCALHOST_NAME = Verdict("localhost_name", "RFC 6761 6.3")
PRIVATE_NAME = Verdict("private_name", "RFC 6762, RFC 8375, ICANN 2024-07-29 (.internal)")
METADATA_NAME = Verdict("metadata_name", "manuals of cloud vendors")
OWN_ADDRESS = Verdict("own_address", "interfaces of this machine")
NO_ADDRESS = Verdict("no_address", "RFC 1035")
PORT = Verdict("port", "ports open to the crawler")

DEFAULT_PORTS = frozenset({80, 443, 8080, 8443})
"""Ports that websites are served on; chosen, not measured.  Anything else on a public address is refused."""

_RANGES = (
    ("0.0.0.0/8", "this_network", "RFC 791 3.2"),
    ("10.0.0.0/8", "private_use", "RFC 1918"),
    ("100.64.0.0/10", "carrier_grade_nat", "RFC 6598"),
    ("127.0.0.0/8", "loopback", "RFC 1122 3.2.1.3"),
    # Azure's wire server is machine-local but has a public address: learn.microsoft.com, "IP address 168.63.129.16".
    ("168.63.129.16/32", "cloud_metadata", "Azure manual"),
    ("169.254.0.0/16", "link_local", "RFC 3927"),
    ("172.16.0.0/12", "private_use", "RFC 1918"),
    ("192.0.0.0/24", "protocol_assignments", "RFC 6890 2.1"),
    ("192.0.2.0/24", "documentation", "RFC 5737"),
    ("192.31.196.0/24", "as112", "RFC 7535"),
    ("192.52.193.0/24", "amt", "RFC 7450"),
    ("192.88.99.0/24", "sixtofour_relay", "RFC 7526"),
    ("192.168.0.0/16", "private_use", "RFC 1918"),
    ("192.175.48.0/24", "as112", "RFC 7534"),
    ("198.18.0.0/15", "benchmarking", "RFC 2544"),
    ("198.51.100.0/24", "documentation", "RFC 5737"),
    ("203.0.113.0/24", "documentation", "RFC 5737"),
    ("224.0.0.0/4", "multicast", "RFC 5771"),
    ("240.0.0.0/4", "reserved", "RFC 1112 4"),
    ("255.255.255.255/32", "broadcast", "RFC 919 7"),
    ("::/96", "ipv4_compatible", "RFC 4291 2.5.5.1"),
    ("::/128", "unspecified", "RFC 4291 2.5.2"),
    ("::1/128", "loopback", "RFC 4291 2.5.3"),
    ("::ffff:0:0/96", "ipv4_mapped", "RFC 4291 2.5.5.2"),
    ("::ffff:0:0:0/96", "ipv4_translated", "RFC 2765 2.1"),
    ("64:ff9b::/96", "nat64", "RFC 6052"),
    ("64:ff9b:1::/48", "nat64_local", "RFC 8215"),
    ("100::/64", "discard_only", "RFC 6666"),
    ("100:0:0:1::/64", "dummy_prefix", "RFC 9780"),
    ("2001::/23", "protocol_assignments", "RFC 2928"),
    ("2001::/32", "teredo", "RFC 4380"),
    ("2001:2::/48", "benchmarking", "RFC 5180"),
    ("2001:3::/32", "amt", "RFC 7450"),
    ("2001:4:112::/48", "as112", "RFC 7535"),
    ("2001:10::/28", "orchid", "RFC 4843"),
    ("2001:20::/28", "orchid", "RFC 7343"),
    ("2001:30::/28", "drone_remote_id", "RFC 9374"),
    ("2001:db8::/32", "documentation", "RFC 3849"),
    ("2002::/16", "sixtofour", "RFC 3056"),
    ("2620:4f:8000::/48", "as112", "RFC 7534"),
    ("3ffe::/16", "sixbone", "RFC 3701"),
    ("3fff::/20", "documentation", "RFC 9637"),
    ("5f00::/16", "segment_routing", "RFC 9602"),
    ("fc00::/7", "unique_local", "RFC 4193"),
    ("fe80::/10", "link_local", "RFC 4291 2.5.6"),
    ("fec0::/10", "site_local", "RFC 3879"),
    ("ff00::/8", "multicast", "RFC 4291 2.7"),
)


def _table(version: int) -> tuple[tuple[IPv4Network | IPv6Network, Verdict], ...]:
    rows = ((ip_network(text), Verdict(name, source)) for text, name, source in _RANGES)
    # The narrowest range names the verdict: ::1 is loopback before it is an IPv4-compatible address.
    return tuple(sorted((row for row in rows if row[0].version == version), key=lambda row: -row[0].prefixlen))


_V4 = _table(4)
_V6 = _table(6)
_V6_ALLOCATED = IPv6Network("2000::/3")

# Names that cloud machines answer their credentials under; the address is checked too, this only saves the look-up.
_METADATA_NAMES = frozenset(
    {
        "metadata",
        "metadata.goog",
        "metadata.google.internal",
        "metadata.azure.com",
        "metadata.tencentyun.com",
        "metadata.packet.net",
        "metadata.platformequinix.com",
        "instance-data",
        "instance-data.ec2.internal",
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
    }
)
_PRIVATE_SUFFIXES = ("internal", "local", "localdomain", "home.arpa")
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")


def judge(address: str | Address) -> Verdict:
    """Name the kind of one address.

    Args:
        address: an address, or its standard text as a resolver gives it; a zone (``%eth0``) does not count.

    Returns:
        ``PUBLIC``, or the refusing verdict of the narrowest special range that holds the address, or
        ``MALFORMED_HOST`` for text that is no address.

    >>> judge("100.64.0.1").name
    'carrier_grade_nat'
    """
    if isinstance(address, str):
        try:
            address = ip_address(address)
        except ValueError:
            return MALFORMED_HOST
    for network, verdict in _V4 if isinstance(address, IPv4Address) else _V6:
        if address in network:
            return verdict
    if isinstance(address, IPv6Address) and address not in _V6_ALLOCATED:
        return UNALLOCATED
    return PUBLIC


def literal(host: str) -> Address | None:
    """Read a host as an address in every spelling a client may send, ``None`` where it is a name.

    IPv4 in one to four decimal, octal or hexadecimal parts as in the WHATWG URL standard (host parsing), so that
    ``127.1``, ``2130706433`` and ``0x7f.1`` are what a browser takes them for; IPv6 with or without brackets.
    A host that ends in a number but is no address is a name here, and :func:`judge_host` refuses it.
    """
    bare = host.removeprefix("[").removesuffix("]")
    if ":" in bare:
        try:
            return IPv6Address(bare.replace("%25", "%", 1))
        except ValueError:
            return None
    parts = host.removesuffix(".").split(".")
    if len(parts) > 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    try:
        numbers = [_number(part) for part in parts]
    except ValueError:
        return None
    *high, low = numbers
    if any(number > 255 for number in high) or low >= 256 ** (5 - len(numbers)):
        return None
    return IPv4Address(sum(number << 8 * (3 - place) for place, number in enumerate(high)) + low)


def _number(part: str) -> int:
    if part[:2] in ("0x", "0X"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if part.startswith("0") else 10)


@dataclass(frozen=True, slots=True)
class Allow:
    """``HOST:PORT`` pairs on this machine's loopback that are let through; for fixtures, empty by default.

    HOST is an exact name, ``*`` (any name), ``*.suffix`` (names below it), or a loopback address: that opens the
    address at that port under whatever name resolves to it.  No entry opens anything but a loopback address.
    """

    pairs: frozenset[tuple[str, int]] = frozenset()

    @classmethod
    def parse(cls, entries: Iterable[str]) -> Self:
        """Read the entries of ``Settings.allow_hosts``.

        Raises:
            ValueError: an entry is no ``HOST:PORT``, or its HOST is an address but not loopback; the message names it.
        """
        pairs = set()
        for entry in entries:
            host, _, port = entry.strip().rpartition(":")
            address = literal(host)
            name = _plain(host)
            is_host = (
                judge(address).name == "loopback" if address else host == "*" or is_hostname(name.removeprefix("*."))
            )
            if not is_host or not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
                raise ValueError(f"not a HOST:PORT pair on this machine: {entry!r}")
            pairs.add((str(address) if address else name, int(port)))
        return cls(frozenset(pairs))

    def permits(self, host: str, port: int, address: Address) -> bool:
        """Say whether ``address``, which ``host`` stands for, may be reached at ``port`` although it is loopback."""
        names = (*_names_of(host), str(address))
        return judge(address).name == "loopback" and any((name, port) in self.pairs for name in names)

    def might_permit(self, host: str, port: int) -> bool:
        """Say whether :meth:`permits` could hold for this name, once its addresses are known."""
        if any((name, port) in self.pairs for name in _names_of(host)):
            return True
        return any(at == port and literal(name) is not None for name, at in self.pairs)


def _plain(host: str) -> str:
    return host.lower().removesuffix(".")


def _names_of(host: str) -> tuple[str, ...]:
    labels = _plain(host).split(".")
    return ("*", ".".join(labels), *("*." + ".".join(labels[i:]) for i in range(1, len(labels))))


def is_hostname(host: str) -> bool:
    """Say whether a resolver may be asked for ``host``: lower-case A-labels, no dot at the end; underscores occur."""
    labels = host.split(".")
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not _NUMBER.fullmatch(labels[-1])


def is_localhost(host: str) -> bool:
    """Say whether RFC 6761 6.3 makes ``host`` this machine itself, whatever a resolver answers."""
    return _plain(host).split(".")[-1] == "localhost"


def judge_host(host: str, port: int, allow: Allow, *, ports: Collection[int] = DEFAULT_PORTS) -> Verdict:
    """Judge what is known of a target before its name is resolved.

    Returns:
        A refusal, or ``PUBLIC`` or ``FIXTURE``; these are final for an address only, for a name
        :func:`judge_target` has the last word.
    """
    address = literal(host)
    if allow.permits(host, port, address) if address else allow.might_permit(host, port):
        return FIXTURE
    verdict = judge(address) if address else _judge_name(_plain(host))
    return PORT if verdict.is_allowed and port not in ports else verdict


def _judge_name(name: str) -> Verdict:
    if is_localhost(name):
        return LOCALHOST_NAME
    if not is_hostname(name):
        return MALFORMED_HOST
    if name in _METADATA_NAMES:
        return METADATA_NAME
    if any(name == suffix or name.endswith("." + suffix) for suffix in _PRIVATE_SUFFIXES):
        return PRIVATE_NAME
    return PUBLIC


def judge_target(
    host: str,
    port: int,
    addresses: Collection[str | Address],
    allow: Allow,
    *,
    ports: Collection[int] = DEFAULT_PORTS,
    own_addresses: Collection[Address] = frozenset(),
) -> Verdict:
    """Judge a target with every address its name stands for.

    Args:
        host: name or address as the client wrote it, any case.
        port: 1 to 65535.
        addresses: all addresses the resolver gave, as objects or standard text; one refused address refuses all.
        allow: fixture pairs; they count only if they cover every address.
        ports: ports open on public addresses.
        own_addresses: addresses of this machine's interfaces, refused like its loopback.

    Returns:
        ``PUBLIC`` or ``FIXTURE``, or the refusal that came first.

    Raises:
        ValueError: an address is no address, which no resolver answers.
    """
    known = [ip_address(address) if isinstance(address, str) else address for address in addresses]
    if known and all(allow.permits(host, port, address) for address in known):
        return FIXTURE
    verdict = judge_host(host, port, Allow(), ports=ports)
    if not verdict.is_allowed:
        return verdict
    if not known:
        return NO_ADDRESS
    for address in known:
        verdict = OWN_ADDRESS if address in own_addresses else judge(address)
        if not verdict.is_allowed:
            return verdict
    return PUBLIC
