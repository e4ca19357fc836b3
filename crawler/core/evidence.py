"""What shows a caller why these profiles were chosen?

JSON for ``include=evidence``, ``--evidence`` and ``explain``.  Pure; judges nothing itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crawler.core.dossier import Visit
from crawler.core.ranking import Judgement
from crawler.records import Candidate, Choice, Network

ALTERNATES_COUNT = 5
"""Profiles that lost, per network, that are shown where nobody asks for more."""


def evidence(
    chosen: Mapping[Network, Choice],
    judged: Sequence[Judgement],
    visits: Sequence[Visit],
    alternates_count: int = ALTERNATES_COUNT,
) -> dict[str, Any]:
    """Return the evidence of one result, JSON-able.

    Args:
        chosen: the choices.
        judged: all profiles, best first.
        visits: the pages that were asked for.
        alternates_count: most profiles that lost, per network.

    Returns:
        Per network that had any profile ``{"chosen": {url, score, reasons, page, place, engine} or null,
        "alternates": [the same]}``, and ``"pages"``: ``[{url, engine, status, why, reason, elapsed_ms, bytes}]``, with
        ``wall`` where the document stood in for the page and ``tls_invalid`` where the certificate was bad.
    """
    networks: dict[str, Any] = {}
    for network in Network:
        choice = chosen.get(network)
        lost = [each for each in judged if each.profile.network is network]
        if choice is not None:
            lost = [each for each in lost if each.profile.key != choice.profile.key]
        if choice is None and not lost:
            continue
        networks[network.value] = {
            "chosen": _shown(choice.profile.url, choice.score, choice.reasons, choice.candidate) if choice else None,
            "alternates": [
                _shown(each.profile.url, each.score, each.reasons, each.candidate) for each in lost[:alternates_count]
            ],
        }
    return {**networks, "pages": [_visit(visit) for visit in visits]}


def _shown(url: str, score: float, reasons: Sequence[str], candidate: Candidate) -> dict[str, Any]:
    link = candidate.link
    return {
        "url": url,
        "score": round(score, 3),
        "reasons": list(reasons),
        "page": candidate.page_url,
        "place": f"{link.source.value} in {link.region.value}",
        "engine": candidate.engine.value if candidate.engine else None,
    }


def _visit(visit: Visit) -> dict[str, Any]:
    page = visit.page
    return {
        "url": page.url,
        "engine": page.engine.value,
        "status": page.status or None,
        "why": visit.why,
        "reason": page.failure.reason.value if page.failure else None,
        "elapsed_ms": page.elapsed_ms,
        "bytes": page.size_bytes,
        **({"wall": page.wall.value} if page.wall else {}),
        **({"tls_invalid": True} if page.is_tls_invalid else {}),
    }
