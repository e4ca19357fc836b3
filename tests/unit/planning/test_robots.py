"""Is robots.txt obeyed as RFC 9309 has it?"""

import pytest

from crawler.core.planning.robots import FORBIDDEN, MAX_BYTES, NO_ANSWER, robots_from, robots_without_answer
from crawler.records import Failure, Reason

AGENT = "SocialsBot/0.1 (+https://socials.example)"
PAGE = "https://studio-atlas.example/kontakt"
CLOSED = b"User-agent: *\nDisallow: /"
ROWS: list[tuple[str, int, bytes, Failure | None]] = [
    ("closed", 200, CLOSED, FORBIDDEN),
    ("closed behind a byte order mark", 200, b"\xef\xbb\xbf" + CLOSED, FORBIDDEN),
    ("open", 200, b"User-agent: *\nDisallow:", None),
    ("another page", 200, b"User-agent: *\nDisallow: /admin", None),
    ("the longer rule", 200, CLOSED + b"\nAllow: /kontakt", None),
    ("a wildcard", 200, b"User-agent: *\nDisallow: /*takt$", FORBIDDEN),
    ("our own group", 200, CLOSED + b"\n\nUser-agent: socialsbot\nDisallow:", None),
    ("somebody else's group", 200, b"User-agent: github\nDisallow: /", None),
    ("HTML", 200, b"<!doctype html><title>Home</title>" + CLOSED[:9], None),
    ("not found, whatever it says", 404, CLOSED, None),
    ("forbidden, whatever it says", 403, CLOSED, None),
    ("too many requests is a client error", 429, CLOSED, None),
    ("a redirect that leads nowhere", 302, CLOSED, None),
    ("behind the part that is read", 200, b"#" * MAX_BYTES + b"\n" + CLOSED, None),
    ("not text", 200, bytes(range(256)), None),
]


@pytest.mark.faults(127)
def test_verdicts() -> None:
    found = {name: robots_from(status, body).verdict(PAGE, AGENT) for name, status, body, _ in ROWS}

    assert found == {name: want for name, _, _, want in ROWS}


@pytest.mark.parametrize("status", [500, 503, 599])
def test_a_server_error_means_not_now(status: int) -> None:
    failure = robots_from(status, b"User-agent: *\nAllow: /").verdict(PAGE, AGENT)

    assert failure is not None
    assert (failure.reason, str(status) in failure.detail) == (Reason.ROBOTS_DISALLOWED, True)


def test_without_an_answer() -> None:
    """No answer means not now; a host that nobody can reach has its own reason, which its pages would end in too."""
    unreachable = Failure(Reason.CONNECT_ERROR, "no connection")
    rows = [
        (Failure(Reason.TIMEOUT, "no answer in time"), NO_ANSWER),
        (Failure(Reason.CONNECT_ERROR, "closed before it answered"), NO_ANSWER),
        (Failure(Reason.TOO_MANY_REDIRECTS, "redirected without end"), None),
        (unreachable, unreachable),
        (Failure(Reason.DNS_ERROR, "name does not resolve"), Failure(Reason.DNS_ERROR, "name does not resolve")),
    ]

    assert [robots_without_answer(failure).verdict(PAGE, AGENT) for failure, _ in rows] == [want for _, want in rows]
