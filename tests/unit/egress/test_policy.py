"""Does the guard say the right thing at both ends of every range, and for every spelling of a target?"""

import csv
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.egress import policy
from crawler.egress.policy import Allow, judge, judge_host, judge_target, literal

TABLE = Path(__file__).parents[3] / "fixtures" / "addresses.tsv"
with TABLE.open(encoding="ascii") as lines:
    ROWS = [tuple(row.values()) for row in csv.DictReader(lines, delimiter="\t")]

NOTHING = Allow()


@pytest.mark.faults(33)
def test_addresses() -> None:
    wrong = [
        f"{address}: {got.name} ({got.source}), expected {verdict} ({rfc})"
        for address, verdict, rfc in ROWS
        if ((got := judge(address)).name, got.source, got.is_allowed) != (verdict, rfc, verdict == "public")
        or judge(ip_address(address)) != got
    ]

    assert not wrong, "\n".join(wrong)


def test_the_table_holds_both_ends_of_every_range_and_both_neighbours() -> None:
    edges = {
        type(network[0])(number)
        for network in map(ip_network, (row[0] for row in policy._RANGES))
        for first, last in [(int(network[0]), int(network[-1]))]
        for number in (first - 1, first, last, last + 1)
        if 0 <= number < 2**network.max_prefixlen
    }

    assert edges <= {ip_address(address) for address, _, _ in ROWS}


@given(st.ip_addresses(v=4).filter(lambda address: not address.is_global))
def test_nothing_that_python_calls_private_is_public(address: IPv4Address) -> None:
    """Our table is stricter than the standard library's, never laxer."""
    assert not judge(address).is_allowed


@given(st.ip_addresses(v=6))
def test_ipv6_outside_global_unicast_is_refused(address: IPv6Address) -> None:
    """RFC 4291 2.4: only 2000::/3 is handed out."""
    assert not judge(address).is_allowed or (int(address) >> 125 == 1 and address.is_global)


@given(st.ip_addresses(v=4))
@pytest.mark.faults(34)
def test_ipv4_inside_ipv6_is_refused(address: IPv4Address) -> None:
    """However an IPv4 address is wrapped, public or not, the wrapping is refused."""
    for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::"):
        assert not judge(IPv6Address(int(IPv6Address(prefix)) + int(address))).is_allowed
    for prefix in ("2002::", "2001::"):
        shift = 80 if prefix == "2002::" else 0
        assert not judge(IPv6Address(int(IPv6Address(prefix)) + (int(address) << shift))).is_allowed


@pytest.mark.parametrize(
    ("host", "want"),
    [
        pytest.param("127.1", "127.0.0.1", id="two parts"),
        pytest.param("127.0.1", "127.0.0.1", id="three parts"),
        pytest.param("2130706433", "127.0.0.1", id="one number"),
        pytest.param("0x7f.1", "127.0.0.1", id="hexadecimal"),
        pytest.param("0X7F000001", "127.0.0.1", id="hexadecimal, upper case"),
        pytest.param("0177.0.0.1", "127.0.0.1", id="octal"),
        pytest.param("127.0.0.1.", "127.0.0.1", id="dot at the end"),
        pytest.param("0x.0x.0", "0.0.0.0", id="empty hexadecimal is nought"),
        pytest.param("0", "0.0.0.0", id="nought"),
        pytest.param("4294967295", "255.255.255.255", id="largest number"),
        pytest.param("4294967296", None, id="one too many"),
        pytest.param("256.0.0.1", None, id="part over 255"),
        pytest.param("1.2.65536", None, id="last part over its bytes"),
        pytest.param("1.2.3.4.5", None, id="five parts"),
        pytest.param("08.0.0.1", None, id="no octal digit"),
        pytest.param("127..1", None, id="empty part"),
        pytest.param("", None, id="nothing"),
        pytest.param("9" * 5000, None, id="more digits than Python reads"),
        pytest.param("1.example", None, id="a name"),
        pytest.param("[::1]", "::1", id="brackets"),
        pytest.param("::ffff:127.0.0.1", "::ffff:7f00:1", id="mapped, dotted"),
        pytest.param("[fe80::1%25eth0]", "fe80::1%eth0", id="zone as in a URL"),
        pytest.param("[::1", "::1", id="half a bracket is read all the same"),
        pytest.param("[:::1]", None, id="no IPv6"),
    ],
)
@pytest.mark.faults(33, 34)
def test_literal(host: str, want: str | None) -> None:
    assert literal(host) == (want and ip_address(want))


@given(st.ip_addresses())
def test_literal_reads_every_standard_spelling(address: IPv4Address | IPv6Address) -> None:
    assert literal(str(address)) == literal(f"[{address}]" if address.version == 6 else str(address)) == address


@pytest.mark.parametrize(
    ("host", "port", "want"),
    [
        pytest.param("example.com", 80, "public", id="name"),
        pytest.param("EXAMPLE.com.", 443, "public", id="case and final dot do not count"),
        pytest.param("8.8.8.8", 443, "public", id="public address"),
        pytest.param("a_b.example", 80, "public", id="underscore occurs in the wild"),
        pytest.param("xn--bcher-kva.example", 8443, "public", id="A-label"),
        *(
            pytest.param("example.com", port, "port", id=f"port {port}")
            for port in (22, 25, 110, 445, 3306, 5432, 6379, 9200, 11211)
        ),
        pytest.param("8.8.8.8", 22, "port", id="port on an address"),
        pytest.param("10.0.0.1", 22, "private_use", id="the address counts before the port"),
        pytest.param("localhost", 80, "localhost_name", id="localhost"),
        pytest.param("LOCALHOST.", 80, "localhost_name", id="localhost, shouted"),
        pytest.param("a.b.localhost", 80, "localhost_name", id="below localhost"),
        pytest.param("notlocalhost", 80, "public", id="label-wise"),
        pytest.param("localhost.example", 80, "public", id="localhost as another label"),
        pytest.param("metadata.google.internal", 80, "metadata_name", id="cloud metadata"),
        pytest.param("metadata", 80, "metadata_name", id="cloud metadata, short"),
        pytest.param("metadata.example", 80, "public", id="metadata elsewhere"),
        pytest.param("redis.internal", 80, "private_name", id="private suffix"),
        pytest.param("printer.local", 80, "private_name", id="multicast DNS"),
        pytest.param("nas.home.arpa", 80, "private_name", id="home network"),
        pytest.param("notlocal", 80, "public", id="look-alike of a private suffix"),
        pytest.param("169.254.169.254", 80, "link_local", id="metadata address"),
        pytest.param("0x7f.1", 80, "loopback", id="odd spelling"),
        pytest.param("[::7f00:1]", 80, "ipv4_compatible", id="IPv6 literal"),
        pytest.param("1.2.3.4.5", 80, "malformed_host", id="ends in a number, no address"),
        pytest.param("example.0x7f", 80, "malformed_host", id="ends in a hexadecimal number"),
        pytest.param("a b", 80, "malformed_host", id="space"),
        pytest.param("bücher.example", 80, "malformed_host", id="not encoded"),
        pytest.param("127。0。0。1", 80, "malformed_host", id="ideographic dots"),
        pytest.param("", 80, "malformed_host", id="nothing"),
        pytest.param("a..b", 80, "malformed_host", id="empty label"),
        pytest.param("-a.example", 80, "malformed_host", id="leading hyphen"),
        pytest.param("a" * 64 + ".example", 80, "malformed_host", id="label of 64"),
        pytest.param("a" * 63 + ".example", 80, "public", id="label of 63"),
        pytest.param(".".join(["a" * 49] * 5) + ".aaaa", 80, "malformed_host", id="name of 254"),
        pytest.param(".".join(["a" * 49] * 5) + ".aaa", 80, "public", id="name of 253"),
    ],
)
@pytest.mark.faults(35)
def test_host(host: str, port: int, want: str) -> None:
    got = judge_host(host, port, NOTHING)

    assert (got.name, got.is_allowed) == (want, want == "public")


@pytest.mark.parametrize(
    ("entries", "host", "port", "addresses", "want"),
    [
        pytest.param((), "example.com", 443, ("93.184.216.34",), "public", id="one public address"),
        pytest.param((), "example.com", 443, ("93.184.216.34", "2606:4700::1"), "public", id="both families"),
        pytest.param((), "example.com", 443, ("93.184.216.34", "127.0.0.1"), "loopback", id="one internal: whole"),
        pytest.param((), "example.com", 443, ("10.0.0.1", "93.184.216.34"), "private_use", id="internal first"),
        pytest.param((), "example.com", 443, ("93.184.216.34", "::ffff:1.1.1.1"), "ipv4_mapped", id="mapped AAAA"),
        pytest.param((), "example.com", 443, (), "no_address", id="no address"),
        pytest.param((), "example.com", 22, ("93.184.216.34",), "port", id="port"),
        pytest.param((), "example.com", 443, ("9.9.9.9",), "own_address", id="address of this machine"),
        pytest.param((), "a.localhost", 80, ("93.184.216.34",), "localhost_name", id="localhost with a public answer"),
        pytest.param(("a.localhost:80",), "a.localhost", 80, ("127.0.0.1",), "fixture", id="exact name"),
        pytest.param(("A.Localhost:80",), "a.LOCALHOST.", 80, ("127.0.0.1",), "fixture", id="names have no case"),
        pytest.param(("a.localhost:80",), "b.localhost", 80, ("127.0.0.1",), "localhost_name", id="another name"),
        pytest.param(("a.localhost:80",), "x.a.localhost", 80, ("127.0.0.1",), "localhost_name", id="name below"),
        pytest.param(("a.localhost:80",), "a.localhost", 81, ("127.0.0.1",), "localhost_name", id="next port"),
        pytest.param(("*.localhost:80",), "x.a.localhost", 80, ("127.0.0.1",), "fixture", id="suffix"),
        pytest.param(("*.localhost:80",), "localhost", 80, ("127.0.0.1",), "localhost_name", id="suffix itself"),
        pytest.param(("*.localhost:80",), "xlocalhost", 80, ("127.0.0.1",), "loopback", id="suffix is label-wise"),
        pytest.param(("*:8099",), "site.test", 8099, ("127.0.0.1",), "fixture", id="any name"),
        pytest.param(("*:8099",), "site.test", 8099, ("127.0.0.1", "::1"), "fixture", id="any name, both loopbacks"),
        pytest.param(("*:8099",), "site.test", 8099, ("127.0.0.1", "1.1.1.1"), "port", id="not a mixed name"),
        pytest.param(("*:80",), "site.test", 80, ("127.0.0.1", "1.1.1.1"), "loopback", id="not a mixed name on 80"),
        pytest.param(("*:80",), "site.test", 80, ("10.0.0.1",), "private_use", id="loopback only, not private"),
        pytest.param(("*:80",), "site.test", 80, ("169.254.169.254",), "link_local", id="loopback only, not metadata"),
        pytest.param(("*:80",), "site.test", 80, ("0.0.0.0",), "this_network", id="loopback only, not nought"),
        pytest.param(("*:80",), "site.test", 80, ("::ffff:127.0.0.1",), "ipv4_mapped", id="loopback only, not mapped"),
        pytest.param(("*:8099",), "example.com", 8099, ("1.1.1.1",), "port", id="opens no port on public addresses"),
        pytest.param(("127.0.0.1:80",), "127.0.0.1", 80, ("127.0.0.1",), "fixture", id="address"),
        pytest.param(("127.0.0.1:80",), "0x7f.1", 80, ("127.0.0.1",), "fixture", id="address, oddly spelt"),
        pytest.param(("127.0.0.1:80",), "site.test", 80, ("127.0.0.1",), "fixture", id="address under a name"),
        pytest.param(("127.0.0.1:80",), "site.test", 80, ("127.0.0.2",), "loopback", id="next address"),
        pytest.param(("[::1]:80",), "[::1]", 80, ("::1",), "fixture", id="IPv6"),
        pytest.param(("[::1]:80",), "127.0.0.1", 80, ("127.0.0.1",), "loopback", id="the other loopback"),
    ],
)
def test_target(entries: tuple[str, ...], host: str, port: int, addresses: tuple[str, ...], want: str) -> None:
    got = judge_target(host, port, addresses, Allow.parse(entries), own_addresses={ip_address("9.9.9.9")})

    assert (got.name, got.is_allowed) == (want, want in ("public", "fixture"))


@given(st.ip_addresses(), st.integers(1, 65535))
@pytest.mark.faults(51)
def test_allow_opens_loopback_alone(address: IPv4Address | IPv6Address, port: int) -> None:
    """The widest allowance there is changes the answer for loopback addresses and for no other."""
    with_it = judge_target("site.test", port, (address,), Allow.parse([f"*:{port}"]))
    without = judge_target("site.test", port, (address,), NOTHING)

    assert with_it.name == "fixture" if judge(address).name == "loopback" else with_it == without


@pytest.mark.parametrize(
    ("entries", "host", "port", "want"),
    [
        pytest.param(("a.localhost:81",), "a.localhost", 81, "fixture", id="named"),
        pytest.param(("127.0.0.1:81",), "a.localhost", 81, "fixture", id="may turn out to be the address"),
        pytest.param(("127.0.0.1:81",), "127.0.0.2", 81, "loopback", id="another address is known to be wrong"),
        pytest.param(("a.localhost:81",), "a.localhost", 82, "localhost_name", id="another port"),
    ],
)
def test_host_with_allowance(entries: tuple[str, ...], host: str, port: int, want: str) -> None:
    assert judge_host(host, port, Allow.parse(entries)).name == want


@pytest.mark.parametrize(
    "entry",
    ["", "a", "a:", ":80", "a:0", "a:65536", "a:b", "a:-1", "a:٣", "*a:80", "a.*:80", "*.:80", "10.0.0.1:80", "::1"],
)
def test_bad_allowance_is_an_error(entry: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        Allow.parse([entry])


@given(st.text(), st.integers(1, 65535))
def test_every_host_has_a_verdict(host: str, port: int) -> None:
    """No text, however odd, raises; text outside ASCII is never let through."""
    verdict = judge_host(host, port, NOTHING)

    assert host.isascii() or not verdict.is_allowed
