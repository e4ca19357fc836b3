"""What is known so far of one site?

A :class:`Dossier` rides with each request of its site and grows by returning a new value.  The spider and the
pipelines read it; :mod:`crawler.core.planning.plan` decides from it what to do next.  It computes nothing about
profiles.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from crawler.records import Engine, Failure, Link, Page, SiteInput
from crawler.urls import SiteUrl


@dataclass(frozen=True, slots=True)
class Visit:
    """One page that was asked for, with the links read from it (none where it failed)."""

    page: Page
    links: Sequence[Link] = ()
    why: str = ""
    """Why the page was asked for, for people: ``home``, ``contact page``, ``empty mount point #root`` ..."""
    via: Link | None = None
    """The short link or hub on the site that led here; ``None`` for the site's own pages.  The page's ``url`` is then
    where the first redirect points: networks are not asked for the profile itself."""
    render_skipped: str = ""
    """Why the page needs no browser, for people; ``""`` where that was not the question."""
    frame_of: str = ""
    """Address of the page that the document is a frame of, and so a part of; ``""`` for a page of its own."""


@dataclass(frozen=True, slots=True)
class Dossier:
    """All that is known of one site.

    ``inputs`` are the posted items that name this site, one or more; ``site`` is what their ``site_web`` reads as, or
    the failure to read it.  ``visits`` are in the order they were made.
    """

    inputs: tuple[SiteInput, ...]
    site: SiteUrl | Failure
    visits: tuple[Visit, ...] = ()
    stop_reason: str = ""
    """Why nothing more is read, for people; ``""`` while it goes on."""
    origin: object = field(default=None, repr=False, compare=False)
    """Whose site it is, for whoever crawls; nothing is decided by it."""

    def with_visit(self, visit: Visit) -> "Dossier":
        """Return the dossier with one more visit."""
        return replace(self, visits=(*self.visits, visit))

    def with_render_skipped(self, render_skipped: str) -> "Dossier":
        """Return the dossier with a word on why its last page needs no browser."""
        if not render_skipped or not self.pages:
            return self
        last = self.pages[-1]
        visits = (replace(visit, render_skipped=render_skipped) if visit is last else visit for visit in self.visits)
        return replace(self, visits=tuple(visits))

    @property
    def pages(self) -> tuple[Visit, ...]:
        """The visits to the site's own pages, those that failed too, without the frames in them."""
        return tuple(visit for visit in self.visits if visit.via is None and not visit.frame_of)

    @property
    def spent_s(self) -> float:
        """Seconds that its pages took, waiting for a turn not among them."""
        return sum(visit.page.elapsed_ms for visit in self.visits) / 1000

    @property
    def home(self) -> Page:
        """The first page that gave a document, else the first one asked for; there must be one."""
        return next((visit.page for visit in self.visits if visit.page.html), self.visits[0].page)

    @property
    def read(self) -> tuple[Visit, ...]:
        """The visits to the site's own pages that gave a document."""
        return tuple(visit for visit in self.visits if visit.page.html and visit.via is None)

    @property
    def failure(self) -> Failure | None:
        """The failure that explains best why nothing was found: the first one of the home page, else the first one."""
        if isinstance(self.site, Failure):
            return self.site
        own = (visit.page for visit in self.visits if visit.via is None)
        return next((page.failure for page in own if page.failure is not None), None)

    @property
    def engine(self) -> Engine | None:
        """The dearest engine that gave a document, ``None`` where none did."""
        engines = {visit.page.engine for visit in self.read}
        return max(engines, key=list(Engine).index, default=None)
