"""What is the answer for one input?

Puts the dossier of a site, the candidates found on it and what the input itself carried together into the one
:class:`SiteResult`.  Asked by the pipelines; chooses nothing itself.
"""

from collections.abc import Collection, Mapping, Sequence

from crawler.core.dossier import Dossier
from crawler.core.judging import ranking
from crawler.core.judging.evidence import ALTERNATES_COUNT, evidence
from crawler.core.judging.given import Settled, given_profile, settle
from crawler.core.judging.judgement import THRESHOLD, Judgement
from crawler.core.planning.needs_script import is_shell
from crawler.core.planning.website import is_elsewhere
from crawler.networks.canonical import profile_of
from crawler.networks.vendors import is_vendor
from crawler.records import (
    Candidate,
    Choice,
    Failure,
    Link,
    Network,
    Page,
    Profile,
    Reason,
    SiteInput,
    SiteResult,
    Source,
    Wall,
)
from crawler.urls import registrable_domain


def result_of(
    dossier: Dossier,
    site_input: SiteInput,
    candidates: Sequence[Candidate],
    common: Collection[str] = (),
    alternates_count: int = ALTERNATES_COUNT,
) -> SiteResult:
    """Answer one input.

    Args:
        dossier: what was read for its site.
        site_input: the input; one of ``dossier.inputs``.
        candidates: all profiles found on the site.
        common: merge keys of the profiles that stand on many unrelated sites of the run.
        alternates_count: most profiles that lost, per network, that the evidence shows.

    Returns:
        The result; it has a failure exactly when nothing was found and something went wrong.  A given profile that
        stays is among the profiles, and no finding: an item whose site was not reached has failed all the same.
    """
    known = _known(site_input)
    everything = (*candidates, *known.values())
    pages = [visit.page for visit in dossier.read]
    judged = ranking.judge(site_input, everything, pages, common)
    chosen = ranking.best_of(judged)
    is_read = _is_read(dossier) or any(choice.candidate.page_url for choice in chosen.values())
    if not is_read:
        # What only the item itself says is no finding.
        chosen = {network: choice for network, choice in chosen.items() if choice.candidate.link.source is not _GIVEN}
    if (own := _website_profile(dossier)) is not None:
        chosen[own.profile.network] = own
    failure = None if chosen else _failure(dossier)
    # The item's own word must not hide what the pages say of the same account.
    on_pages = ranking.judge(site_input, candidates, pages, common) if known else []
    against = {network: _contradiction(each.profile, on_pages, dossier) for network, each in known.items()}
    settled = _settled(site_input, chosen, against, is_read=is_read)
    for network, each in settled.items():
        if network in known and network not in chosen and each.value:
            chosen[network] = Choice(known[network].profile, 0.0, (each.reason,), known[network])
    return SiteResult(
        index=site_input.index,
        profiles={network: chosen[network].profile.url for network in Network if network in chosen},
        failure=failure,
        engine=dossier.engine,
        pages_count=len(dossier.visits),
        evidence=evidence(chosen, judged, everything, dossier, alternates_count, settled),
        given={network: each.value for network, each in settled.items()},
    )


def _settled(
    site_input: SiteInput, chosen: Mapping[Network, Choice], against: Mapping[Network, str], *, is_read: bool
) -> dict[Network, Settled]:
    """What becomes of each value that the item already carried."""
    return {
        network: settle(
            text,
            network,
            is_read=is_read,
            found=chosen[network].profile.url if network in chosen else "",
            contradiction=against.get(network, ""),
        )
        for network, text in site_input.known
    }


_GIVEN = Source.INPUT
_READABLE_WALLS = frozenset({None, Wall.CONSENT})


def _is_read(dossier: Dossier) -> bool:
    """Whether a page of the site itself was read, so that what it does not say counts too."""
    return any(
        visit.page.failure is None
        and visit.page.wall in _READABLE_WALLS
        and not is_elsewhere(visit.page)
        and not _is_shell(visit.page)
        for visit in dossier.read
    )


def _contradiction(profile: Profile, judged: Sequence[Judgement], dossier: Dossier) -> str:
    """What the pages read say against a given profile, ``""`` where they do not."""
    if not isinstance(dossier.site, Failure) and is_vendor(profile, registrable_domain(dossier.site.host)):
        return "account of a vendor of site tools"
    for each in judged:
        if each.profile.key == profile.key and each.score < THRESHOLD:
            return next((signal.label for signal in each.signals if signal.is_contradiction), "")
    return ""


def _failure(dossier: Dossier) -> Failure | None:
    """Why nothing was found, where something went wrong: a site that was read and names no profile is no failure.

    A shell that no browser could fill was not read.
    """
    whole = [visit.page for visit in dossier.read if visit.page.failure is None]
    if whole and (dossier.failure is None or not all(_is_shell(page) for page in whole)):
        return None
    if not dossier.visits and dossier.failure is None:
        return Failure(Reason.BUDGET_EXHAUSTED, "the site was not reached in time")
    return dossier.failure


def _is_shell(page: Page) -> bool:
    return is_shell(page.html)


def _known(site_input: SiteInput) -> dict[Network, Candidate]:
    """The values that the item already carried, where they are profiles of the network they are given for."""
    found = {}
    for network, text in site_input.known:
        profile = given_profile(text, network)
        if profile is not None:
            found[network] = Candidate(profile, Link(href=text, url=text, source=_GIVEN), "", None)
    return found


def _website_profile(dossier: Dossier) -> Choice | None:
    """A website that is itself a profile, or leads to one, fills its column: people give their own, not another's."""
    if isinstance(dossier.site, Failure):
        return None
    urls = {dossier.site.url: "the website given is this profile"}
    if dossier.visits:
        urls.setdefault(dossier.home.url, "the website given leads to this profile")
    for url, reason in urls.items():
        profile = profile_of(url)
        if isinstance(profile, Profile):
            return Choice(profile, 1.0, (reason,), Candidate(profile, Link(url, url, Source.INPUT), "", None))
    return None
