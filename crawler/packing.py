"""How do our values travel between a crawl and the processes that read its pages?

Packed with pickle, and unpacked as our own kinds of values alone.  Asked by :mod:`crawler.readers`.
"""

import io
import operator
import pickle
from collections.abc import Callable, Sequence
from dataclasses import fields
from enum import Enum
from pickle import UnpicklingError
from typing import Any, overload

from crawler.core.dossier import Visit
from crawler.records import Candidate, Failure, Link, Page, Profile


class SealedLinks(Sequence[Link]):
    """Links as they came from a child, unpacked only where they are looked at, which the crawl itself never does."""

    def __init__(self, packed: bytes) -> None:
        self.packed = packed
        self._links: tuple[Link, ...] | None = None

    def _opened(self) -> tuple[Link, ...]:
        if self._links is None:
            self._links = loaded(self.packed)
        return self._links

    @overload
    def __getitem__(self, index: int) -> Link: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Link]: ...
    def __getitem__(self, index: int | slice) -> Link | Sequence[Link]:
        """Return a link, or some."""
        return self._opened()[index]

    def __len__(self) -> int:
        """Count the links."""
        return len(self._opened())


def _quick(kind: type) -> Callable[[Any], tuple[Callable[..., Any], tuple[Any, ...]]]:
    """How a frozen value is packed: dataclasses with slots do it field by field in Python, which takes five times."""
    values = operator.attrgetter(*(each.name for each in fields(kind)))
    return lambda value: (kind, values(value))


def _packed_visit(visit: Visit) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """A visit with its links sealed, however often it is sent."""
    links = visit.links.packed if isinstance(visit.links, SealedLinks) else dumped(tuple(visit.links))
    return unpacked_visit, (visit.page, links, visit.why, visit.via, visit.render_skipped, visit.frame_of)


def unpacked_visit(page: Page, packed: bytes, *rest: Any) -> Visit:
    """Put a visit together again."""
    return Visit(page, SealedLinks(packed), *rest)


_PACKED_BY: dict[type, Callable[[Any], tuple[Callable[..., Any], tuple[Any, ...]]]] = {
    **{kind: _quick(kind) for kind in (Link, Page, Profile, Candidate, Failure)},
    Visit: _packed_visit,
}


def dumped(value: Any) -> bytes:
    """Pack one of our values."""
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, protocol=5)
    pickler.dispatch_table = _PACKED_BY
    pickler.dump(value)
    return buffer.getvalue()


class _OwnValues(pickle.Unpickler):
    """Unpacks our own values alone: a child that a page has taken over cannot have anything else made."""

    def find_class(self, module: str, name: str) -> Any:
        if module.startswith("crawler.") and "." not in name:
            found = super().find_class(module, name)
            if isinstance(found, type) or found is unpacked_visit:
                return found
        if (module, name) in {("builtins", "frozenset"), ("builtins", "set")}:
            return super().find_class(module, name)
        if (module, name) == ("builtins", "getattr"):
            return _member
        raise UnpicklingError(f"{module}.{name} is none of our values")


def _member(kind: object, name: str) -> Any:
    """A member of an enumeration, which Python 3.11.2 (Debian 12) packs as an attribute of its class."""
    if isinstance(kind, type) and issubclass(kind, Enum) and name in kind.__members__:
        return kind[name]
    raise UnpicklingError(f"{name} is no member of an enumeration")


def loaded(data: bytes) -> Any:
    """Unpack what :func:`dumped` made.

    Raises:
        UnpicklingError: it holds something else than our values.
    """
    return _OwnValues(io.BytesIO(data)).load()
