from datetime import UTC, datetime
from ipaddress import ip_address

import pytest

from crawler.core.planning.manners import keys_of, retry_after_s

NOW = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        pytest.param("5", 5.0, id="seconds"),
        pytest.param(" 0 ", 0.0, id="at once"),
        pytest.param("86400", 86400.0, id="a day"),
        pytest.param("9" * 40, 999999999.0, id="for ever"),
        pytest.param("Sat, 31 Jan 2026 12:00:07 GMT", 7.0, id="a date"),
        pytest.param("Sat, 31 Jan 2026 11:00:00 GMT", 0.0, id="a date in the past"),
        pytest.param("-5", None, id="negative"),
        pytest.param("1.5", None, id="no whole number"),
        pytest.param("soon", None, id="a word"),
        pytest.param("", None, id="nothing"),
        pytest.param("٣", None, id="digits of another script"),
    ],
)
@pytest.mark.faults(129)
def test_retry_after(value: str, want: float | None) -> None:
    assert retry_after_s(value, NOW) == want


@pytest.mark.parametrize(
    ("host", "address", "want"),
    [
        pytest.param("www.a.example", "192.0.2.1", ("domain:a.example", "address:192.0.2.1"), id="a site"),
        pytest.param("b.github.io", "192.0.2.1", ("domain:b.github.io", "address:192.0.2.1"), id="private suffix"),
        pytest.param("a.localhost", "127.0.0.1", ("domain:a.localhost",), id="this machine"),
        pytest.param("a.example", None, ("domain:a.example",), id="unknown address"),
    ],
)
def test_what_a_request_keeps_busy(host: str, address: str | None, want: tuple[str, ...]) -> None:
    assert keys_of(host, ip_address(address) if address else None) == want
