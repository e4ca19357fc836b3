"""Which hosts have just kept silent, so that a second wait for them is not worth it?

A host that takes a connection and says nothing is waited for once: not in turn for robots.txt, the page, the other
scheme and the name with ``www.``.  Pure: the clock comes in as an argument.
"""

from collections import OrderedDict
from typing import Any

from crawler.egress.policy import Address

KEPT_S = 60.0
"""How long a verdict holds, in seconds; chosen: the second attempts of one item are over by then, and the next job
that names the site asks anew."""

NAMES_COUNT = 3
"""Names of one address that must have kept silent, with no answer of any other in between, before it speaks for all
names on it.  Chosen: one slow customer of a large host must not silence its neighbours."""

_KEPT_COUNT = 4096


class Silence:
    """Verdicts on names and addresses."""

    def __init__(self) -> None:
        self._names: OrderedDict[str, float] = OrderedDict()
        self._addresses: OrderedDict[Address, dict[str, float]] = OrderedDict()

    def is_silent(self, host: str, address: Address | None, now_s: float) -> bool:
        """Say whether a host is not worth waiting for.

        Args:
            host: its name; with and without ``www.`` are one.
            address: where it was found last, if that is known.
            now_s: any clock that only goes forward, in seconds.
        """
        if now_s - self._names.get(_bare(host), -KEPT_S) < KEPT_S:
            return True
        names = self._addresses.get(address, {}) if address is not None else {}
        return sum(now_s - at_s < KEPT_S for at_s in names.values()) >= NAMES_COUNT

    def note_silence(self, host: str, address: Address | None, now_s: float) -> None:
        """Note that a host took a request and did not begin to answer in time."""
        _keep(self._names, _bare(host), now_s)
        if address is not None:
            names = self._addresses.get(address, {})
            names[_bare(host)] = now_s
            _keep(self._addresses, address, names)

    def note_answer(self, host: str, address: Address | None) -> None:
        """Note that a host has begun to answer."""
        self._names.pop(_bare(host), None)
        if address is not None:
            self._addresses.pop(address, None)


def _bare(host: str) -> str:
    return host.lower().removeprefix("www.")


def _keep(kept: OrderedDict[Any, Any], key: object, value: object) -> None:
    kept[key] = value
    kept.move_to_end(key)
    if len(kept) > _KEPT_COUNT:
        kept.popitem(last=False)
