"""What does a site's robots.txt allow?

Asked by :mod:`crawler.middlewares`, once a host.  RFC 9309: a client error means that there are no rules (2.3.1.3),
whatever its body says; a server error or no answer means that nothing may be read for now (2.3.1.4).  Pure.
"""

from dataclasses import dataclass

from protego import Protego

from crawler.records import Failure, Reason

MAX_BYTES = 512_000
"""Bytes of a robots.txt that are read; 500 KiB is the least that RFC 9309, 2.5, asks for."""

MAX_REDIRECTS_COUNT = 5
"""Redirects followed; RFC 9309, 2.3.1.2, asks for five, and takes the file for absent beyond."""

FORBIDDEN = Failure(Reason.ROBOTS_DISALLOWED, "robots.txt forbids the page")
NO_ANSWER = Failure(Reason.ROBOTS_DISALLOWED, "robots.txt did not answer; the site is not read for now")


@dataclass(frozen=True, slots=True)
class Robots:
    """The rules of one host; without ``rules`` everything is allowed, unless ``failure`` says why nothing is."""

    rules: Protego | None = None
    failure: Failure | None = None

    def verdict(self, url: str, agent: str) -> Failure | None:
        """Say why a page may not be read, ``None`` where it may.

        Args:
            url: the page, absolute.
            agent: our ``User-Agent``; its product token is what rules name (RFC 9309, 2.2.1).
        """
        if self.failure is not None or self.rules is None:
            return self.failure
        return None if self.rules.can_fetch(url, agent.partition("/")[0]) else FORBIDDEN


def robots_from(status: int, body: bytes) -> Robots:
    """Read the answer to a request for robots.txt.

    Args:
        status: HTTP status at the end of its redirects.
        body: the file as far as it was read.
    """
    if status >= 500:
        return Robots(failure=Failure(NO_ANSWER.reason, f"robots.txt answered {status}; the site is not read for now"))
    if not 200 <= status < 300:
        return Robots()
    return Robots(Protego.parse(body[:MAX_BYTES].decode("utf-8-sig", "ignore")))


def robots_without_answer(failure: Failure) -> Robots:
    """Judge a host whose robots.txt could not be had.

    Args:
        failure: what went wrong.

    Returns:
        Where the host itself cannot be reached, that is the failure: its pages would end in the same way.
    """
    if failure.reason in _UNREACHABLE or failure.detail.startswith("no connection"):
        return Robots(failure=failure)
    return Robots() if failure.reason is Reason.TOO_MANY_REDIRECTS else Robots(failure=NO_ANSWER)


_UNREACHABLE = frozenset(
    (Reason.DNS_ERROR, Reason.BLOCKED_ADDRESS, Reason.TLS_ERROR, Reason.CANCELLED, Reason.UNSUPPORTED_SCHEME)
)
