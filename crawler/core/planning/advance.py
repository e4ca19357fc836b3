"""What does an answer make of a site, and what comes next?

All that looks into a page, in one step, so that the spider can have it done where a page can do no harm
(:mod:`crawler.readers`): the document is judged, its links are read, the plan is asked, and where it is done the
results are put together.  Pure.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from crawler.core.dossier import Dossier, Visit
from crawler.core.planning import plan
from crawler.core.planning.missing_features import missing_feature_in, silent_feature_in
from crawler.core.planning.results import result_of
from crawler.core.reading import links
from crawler.core.reading.interstitials import wall_of
from crawler.records import Engine, Failure, Limits, Link, Page, Reason, SiteResult, Wall

MAX_BARE_COUNT = 2000
"""Characters up to which a document may be a browser's empty page."""

_BARE = re.compile(
    r"\s*+(<!doctype[^>]*+>)?\s*+<html[^>]*+>\s*+<head>\s*+(<meta[^>]*+>)?\s*+</head>\s*+<body[^>]*+>\s*+</body>\s*+"
    r"</html>\s*+",
    re.IGNORECASE,
)
"""What a browser makes of an empty answer."""

WALL_FAILURES = {
    Wall.CHALLENGE: Failure(Reason.BLOCKED_BY_SITE, "the site answered with a bot challenge"),
    Wall.CONSENT: Failure(Reason.BLOCKED_BY_SITE, "the site shows nothing before consent is given"),
    Wall.NOT_FOUND: Failure(Reason.HTTP_ERROR, "the page says that it was not found"),
}
"""Why a document is not a page of the site; a parked domain is one, but another owner's."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A page as it came, before anybody has looked into it, and why it was asked for (see :class:`Visit`)."""

    page: Page
    """Its ``html`` is the decoded body, whatever that is."""
    why: str = ""
    via: Link | None = None
    frame_of: str = ""
    is_rendered: bool = False
    is_cut: bool = False
    """Whether the document was longer than what was read of it."""
    script_errors: tuple[str, ...] = ()
    refusal: Failure | None = None
    """Why an address was refused that the page itself went to; it is read where it stood."""


@dataclass(frozen=True, slots=True)
class Judged:
    """The results of a site, and the merge keys of all profiles found on it."""

    keys: frozenset[str]
    results: tuple[SiteResult, ...]


@dataclass(frozen=True, slots=True)
class Advanced:
    """How far a site is: what is known, what comes next, and with the end of it the results."""

    dossier: Dossier
    step: plan.Step
    judged: Judged | None = None


def page_of(answer: Answer) -> Page:
    """Look at a document for the first time.

    What is no document gives the failure ``not_html``; a status of 400 and more gives ``http_error`` beside the
    document, since a footer on an error page still names profiles.
    """
    page = answer.page
    if page.failure is not None:
        return page
    html = page.html if page.html.strip() and not (answer.is_rendered and _is_bare(page.html)) else ""
    wall = wall_of(html, page.status)
    failure = WALL_FAILURES.get(wall) if wall else None
    if failure is None and page.status >= 400:
        failure = Failure(Reason.HTTP_ERROR, f"the site answered {page.status}")
    elif failure is None and not html:
        failure = Failure(Reason.NOT_HTML, "the answer is not a web page")
    elif failure is None and answer.is_cut:
        failure = Failure(Reason.TOO_LARGE, "the document was read in part")
    elif failure is None:
        failure = answer.refusal
    missing = missing_feature_in(answer.script_errors)
    missing = missing or (silent_feature_in(html) if page.engine is Engine.LIGHT else "")
    return replace(page, html=html, wall=wall, failure=failure, missing_feature=missing)


def _is_bare(html: str) -> bool:
    return len(html) <= MAX_BARE_COUNT and _BARE.fullmatch(html) is not None


def advance(
    dossier: Dossier, answer: Answer, limits: Limits, engines: Sequence[Engine], alternates_count: int
) -> Advanced:
    """Take an answer and decide what to do next.

    Args:
        dossier: what was known of the site before.
        answer: what came.
        limits: what the job may spend on it.
        engines: those that can be used, cheapest first.
        alternates_count: as :func:`crawler.core.planning.results.result_of` has it.
    """
    page = page_of(answer)
    visit = Visit(page, links.extract(page), answer.why, answer.via, frame_of=answer.frame_of)
    dossier = dossier.with_visit(visit)
    step = plan.next_step(dossier, limits, engines, dossier.spent_s)
    dossier = dossier.with_render_skipped(step.render_skipped)
    if not isinstance(step, plan.Done):
        return Advanced(dossier, step)
    dossier = replace(dossier, stop_reason=step.why)
    return Advanced(dossier, step, judge(dossier, (), alternates_count))


def judge(dossier: Dossier, common: Collection[str], alternates_count: int) -> Judged:
    """Put a site's results together.

    Args:
        dossier: all that is known of it.
        common: merge keys of the profiles that stand on many unrelated sites of the run.
        alternates_count: as :func:`crawler.core.planning.results.result_of` has it.
    """
    candidates = plan.candidates(dossier)
    results = (result_of(dossier, each, candidates, common, alternates_count) for each in dossier.inputs)
    return Judged(frozenset(each.profile.key for each in candidates), tuple(results))
