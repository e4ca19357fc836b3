"""What is the answer for one input?

Puts the dossier of a site, the candidates found on it and what the input itself carried together into the one
:class:`SiteResult`.  Asked by the pipelines; chooses nothing itself.
"""

from collections.abc import Collection, Sequence

from crawler.core.dossier import Dossier
from crawler.core.judging import ranking
from crawler.core.judging.evidence import ALTERNATES_COUNT, evidence
from crawler.core.planning.needs_script import needs_script
from crawler.networks.canonical import profile_of
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
)


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
        The result; it has a failure exactly when nothing was found and something went wrong.
    """
    everything = (*candidates, *_known(site_input))
    pages = [visit.page for visit in dossier.read]
    judged = ranking.judge(site_input, everything, pages, common)
    chosen = ranking.best_of(judged)
    if (own := _website_profile(dossier)) is not None:
        chosen[own.profile.network] = own
    return SiteResult(
        index=site_input.index,
        profiles={network: chosen[network].profile.url for network in Network if network in chosen},
        failure=None if chosen else _failure(dossier),
        engine=dossier.engine,
        pages_count=len(dossier.visits),
        evidence=evidence(chosen, judged, everything, dossier, alternates_count),
    )


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
    return needs_script(page.html, has_profiles=False).is_shell


def _known(site_input: SiteInput) -> list[Candidate]:
    """The values that the item already carried, where they are profiles of the network they are given for."""
    found = []
    for network, text in site_input.known:
        profile = profile_of(text)
        if isinstance(profile, Profile) and profile.network is network:
            found.append(Candidate(profile, Link(href=text, url=text, source=Source.INPUT), "", None))
    return found


def _website_profile(dossier: Dossier) -> Choice | None:
    """A website that is itself a profile, or leads to one, fills its column: people give their own, not another's."""
    if isinstance(dossier.site, Failure):
        return None
    urls = {dossier.site.url: "the website given is this profile"}
    if dossier.visits:
        urls.setdefault(dossier.visits[0].page.url, "the website given leads to this profile")
    for url, reason in urls.items():
        profile = profile_of(url)
        if isinstance(profile, Profile):
            return Choice(profile, 1.0, (reason,), Candidate(profile, Link(url, url, Source.INPUT), "", None))
    return None
