"""What shows a caller why these profiles were chosen?

JSON for ``include=evidence``, ``--evidence`` and ``explain``.  Pure; judges nothing itself.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from crawler.core.dossier import Dossier, Visit
from crawler.core.judging.given import Settled
from crawler.core.judging.judgement import Judgement
from crawler.core.judging.order import why_second
from crawler.records import Candidate, Choice, Network

ALTERNATES_COUNT = 5
"""Profiles that lost, per network, shown unless more are asked for."""

MAX_FOUND_COUNT = 20
"""Most profiles shown for one page."""


def evidence(
    chosen: Mapping[Network, Choice],
    judged: Sequence[Judgement],
    candidates: Sequence[Candidate],
    dossier: Dossier,
    alternates_count: int = ALTERNATES_COUNT,
    settled: Mapping[Network, Settled] = MappingProxyType({}),
) -> dict[str, Any]:
    """Return the evidence of one result, JSON-able.

    Args:
        chosen: the choices.
        judged: all profiles, best first.
        candidates: where they were found, in the order of the pages.
        dossier: the pages that were asked for, and why no more.
        alternates_count: most profiles that lost, per network.
        settled: what became of the values that the item already carried.

    Returns:
        Per network that had any profile ``{"chosen": {url, score, reasons, page, place, engine} or null,
        "alternates": [the same, with ``why_second``]}``, with ``given`` saying what became of the item's own value;
        ``"pages"``: ``[{url, engine, status, why, reason, elapsed_ms, bytes, found}]``, with ``render_skipped`` saying
        why a page needs no browser, ``wall`` where the document stood in for the page, ``missing_feature`` where its
        scripts missed part of the web platform and ``tls_invalid`` where the certificate was bad; and
        ``"stop_reason"``: why no more was read.
    """
    networks: dict[str, Any] = {}
    for network in Network:
        choice = chosen.get(network)
        lost = [each for each in judged if each.profile.network is network]
        if choice is not None:
            lost = [each for each in lost if each.profile.key != choice.profile.key]
        given = settled.get(network)
        if choice is None and not lost and given is None:
            continue
        winner = _judgement_of(choice, judged)
        networks[network.value] = {
            "chosen": _shown(choice.profile.url, choice.score, choice.reasons, choice.candidate) if choice else None,
            "alternates": [
                {
                    **_shown(each.profile.url, each.score, each.reasons, each.candidate),
                    "why_second": why_second(each, winner) if choice is None or winner else _OTHERWISE,
                }
                for each in lost[:alternates_count]
            ],
            **({"given": given.reason} if given else {}),
        }
    pages = [_visit(visit, candidates) for visit in dossier.visits]
    return {**networks, "pages": pages, "stop_reason": dossier.stop_reason}


_OTHERWISE = "the profile chosen was not found on a page"


def _judgement_of(choice: Choice | None, judged: Sequence[Judgement]) -> Judgement | None:
    """What was thought of the profile chosen; a website that is itself a profile was never judged."""
    return next((each for each in judged if choice is not None and each.profile.key == choice.profile.key), None)


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


def _visit(visit: Visit, candidates: Sequence[Candidate]) -> dict[str, Any]:
    page = visit.page
    found = (each for each in candidates if each.page_url == page.url and each.engine is page.engine)
    return {
        "url": page.url,
        "engine": page.engine.value,
        "status": page.status or None,
        "why": visit.why,
        "reason": page.failure.reason.value if page.failure else None,
        "elapsed_ms": page.elapsed_ms,
        "bytes": page.size_bytes,
        "found": list(dict.fromkeys(each.profile.url for each in found))[:MAX_FOUND_COUNT],
        **({"render_skipped": visit.render_skipped} if visit.render_skipped else {}),
        **({"wall": page.wall.value} if page.wall else {}),
        **({"missing_feature": page.missing_feature} if page.missing_feature else {}),
        **({"tls_invalid": True} if page.is_tls_invalid else {}),
    }
