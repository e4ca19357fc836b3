"""Which values cross a border between files?

Frozen dataclasses and the enums they use, asked for by every package.  This file computes nothing and imports nothing
of ours, so that anyone may import it.

One word per thing: an *input* was posted, a *page* is one fetched document, a *link* stands on a page as written, a
*candidate* is a link whose URL names a profile, a *profile* is canonical, a *result* is the one answer per input.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Network(StrEnum):
    """The six networks, in the order of the output columns."""

    FACEBOOK = "facebook"
    INSTAGRAM = "instagram"
    LINKEDIN = "linkedin"
    TWITTER = "twitter"
    TIKTOK = "tiktok"
    YOUTUBE = "youtube"

    @property
    def column(self) -> str:
        """Name of the output column, ``social_facebook`` and so on."""
        return f"social_{self.value}"


COLUMNS: tuple[str, ...] = tuple(network.column for network in Network)
"""The six output columns, in order."""


class Engine(StrEnum):
    """How a page was fetched, cheapest first."""

    STATIC = "static"
    LIGHT = "light"
    CHROMIUM = "chromium"


class Render(StrEnum):
    """When a browser may be used."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


class Reason(StrEnum):
    """Why an input has no answer; the closed list of the contract."""

    INVALID_URL = "invalid_url"
    UNSUPPORTED_SCHEME = "unsupported_scheme"
    BLOCKED_ADDRESS = "blocked_address"
    DNS_ERROR = "dns_error"
    CONNECT_ERROR = "connect_error"
    TLS_ERROR = "tls_error"
    TIMEOUT = "timeout"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    HTTP_ERROR = "http_error"
    BLOCKED_BY_SITE = "blocked_by_site"
    ROBOTS_DISALLOWED = "robots_disallowed"
    NOT_HTML = "not_html"
    TOO_LARGE = "too_large"
    PAGE_CRASH = "page_crash"
    BROWSER_ERROR = "browser_error"
    BUDGET_EXHAUSTED = "budget_exhausted"
    CANCELLED = "cancelled"
    INTERNAL_ERROR = "internal_error"


class Kind(StrEnum):
    """What a URL names; everything but a profile means "emit nothing"."""

    PROFILE = "profile"
    POST = "post"
    SHARE = "share"
    SYSTEM = "system"
    SHORTLINK = "shortlink"
    DIRECTORY = "directory"
    OTHER = "other"


class Source(StrEnum):
    """Where in the document a link stood."""

    ANCHOR = "anchor"
    AREA = "area"
    REL_ME = "rel_me"
    JSON_LD = "json_ld"
    MICRODATA = "microdata"
    META = "meta"
    DATA_ATTRIBUTE = "data_attribute"
    ONCLICK = "onclick"
    IFRAME = "iframe"
    WIDGET = "widget"
    TEXT = "text"
    UNLINKED = "unlinked"
    """In the text: a handle or an address beside the network's sign."""
    SCRIPT = "script"
    DATA = "data"
    """In the data that a script builds the page from."""
    INPUT = "input"
    """Not on a page: the posted item carried the value."""


class Region(StrEnum):
    """Part of the page a link stood in."""

    HEAD = "head"
    HEADER = "header"
    NAV = "nav"
    MAIN = "main"
    ASIDE = "aside"
    FOOTER = "footer"
    COMMENT = "comment"
    BODY = "body"
    """The part could not be determined."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why something could not be had.

    ``detail`` is short, for people, and free of internal hosts, addresses, paths and tracebacks.
    """

    reason: Reason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SiteInput:
    """One posted item, as far as the crawl needs it.

    ``index`` is its place among the queued items, from 0; ``site_web`` the website as posted; ``known`` the non-empty
    ``social_*`` values that the item already carried: one more candidate each, and kept where nothing says otherwise.
    """

    index: int
    site_web: str
    name: str = ""
    known: tuple[tuple[Network, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """What one job may spend on one input; a job's options, each capped by the operator."""

    render: Render = Render.AUTO
    max_pages_count: int = 4
    item_budget_s: float = 45.0


@dataclass(frozen=True, slots=True)
class Link:
    """One link as it stands on a page, with its place.

    ``href`` is the attribute as written, ``url`` the same made absolute against the page's base (equal to ``href``
    where that could not be done). ``text`` is the visible text of the link, ``label`` its accessible name
    (aria-label, title, the ``alt`` of an image inside). ``icon`` holds the class names of an icon inside.
    ``classes`` are the class names and ids of the link and its ancestors, nearest first, lower-case. ``block`` names
    the nearest enclosing list or group; ``block_networks_count`` says how many social networks, further ones than the
    six included, have links in it.
    ``order`` counts links in document order, from 0.
    """

    href: str
    url: str
    source: Source = Source.ANCHOR
    region: Region = Region.BODY
    text: str = ""
    label: str = ""
    icon: str = ""
    rel: str = ""
    classes: tuple[str, ...] = ()
    block: str = ""
    block_text: str = ""
    """Text of the nearest element around the link, or around its row of links, that has text besides links to the
    networks: a card, a column, a paragraph; lower-case, cut at 400 characters."""
    near_text: str = ""
    """Text right around the link, of the nearest element that has more text than the link: a sentence, a list item, a
    credit line; lower-case.  ``""`` where that element holds links to other networks too."""
    before: str = ""
    """What stands before the link, lower-case, the last 160 characters; a line break where a new paragraph, list item
    or table cell begins.  Links to the networks are left out."""
    headings: tuple[str, ...] = ()
    """Headings and short labels that the link stands under, as written, nearest first."""
    path: str = ""
    """Names of the elements above the link, nearest first: equal for the cards of one grid."""
    block_networks_count: int = 0
    row: int = 0
    """Which of the page's rows of links to several networks it stands in, from 1; 0 where it stands in none."""
    node_type: str = ""
    """JSON-LD or microdata type of the node that names the link, ``""`` elsewhere."""
    is_own_node: bool | None = None
    """For JSON-LD and microdata: does the node describe the crawled site itself?  ``None`` where it does not say."""
    is_visible: bool = True
    language: str = ""
    """The language that the page says it is in: the primary subtag in lower case; ``""`` where it says none."""
    order: int = 0


class Wall(StrEnum):
    """What a document is that stands in for the page that was asked for."""

    CHALLENGE = "bot challenge"
    PARKED = "parked domain"
    CONSENT = "consent wall"
    NOT_FOUND = "soft 404"
    """An error page that came with a status of success."""


NO_CONNECTION = Failure(Reason.TIMEOUT, "no connection in time")
"""What becomes of a host that does not even take a connection."""


@dataclass(frozen=True, slots=True)
class Page:
    """One fetched document, or the failure to fetch it.

    ``requested_url`` is what was asked for, ``url`` where it ended.  ``html`` is the decoded document, ``""`` on
    failure.  A page that answers 4xx or 5xx with a body is a page *and* has a ``failure``.
    """

    requested_url: str
    url: str
    engine: Engine
    status: int = 0
    html: str = ""
    extra_hrefs: tuple[str, ...] = ()
    """Links a browser engine saw outside the serialised document: open shadow roots and frames, in document order."""
    failure: Failure | None = None
    wall: Wall | None = None
    is_tls_invalid: bool = False
    elapsed_ms: int = 0
    size_bytes: int = 0
    missing_feature: str = ""
    """Part of the web platform that the page's scripts missed in its engine, ``""`` for none."""


class ProfileType(StrEnum):
    """What sort of account a profile is; decides between several of one network."""

    PAGE = "page"
    """Facebook page or person by name, Instagram, X and TikTok account."""
    PAGE_ID = "page_id"
    """Facebook page by number."""
    GROUP = "group"
    COMPANY = "company"
    SCHOOL = "school"
    SHOWCASE = "showcase"
    PERSON = "person"
    """LinkedIn ``/in/``."""
    HANDLE = "handle"
    """YouTube ``/@name``."""
    CHANNEL = "channel"
    """YouTube ``/channel/UC...``."""
    CUSTOM = "custom"
    """YouTube ``/c/name``."""
    USER = "user"
    """YouTube ``/user/name``."""
    UNRESOLVED = "unresolved"
    """A share code or short link that stands for a profile but could not be followed."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One canonical profile.

    ``url`` is for users; ``key`` is for merging (two spellings of one account have the same key); ``handle`` is the
    name as the network spells it, without ``@``, ``""`` where the profile is only a number.
    """

    network: Network
    type: ProfileType
    url: str
    key: str
    handle: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A URL that names no profile: on which network it is (``None``: on none), what it is, and why it was refused."""

    network: Network | None
    kind: Kind
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A profile with one place it was found at."""

    profile: Profile
    link: Link
    page_url: str
    engine: Engine | None
    """``None`` for a candidate that came with the input."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The profile chosen for one network, with its score from 0.0 to 1.0 and the signals behind it."""

    profile: Profile
    score: float
    reasons: tuple[str, ...]
    candidate: Candidate


@dataclass(frozen=True, slots=True)
class SiteResult:
    """The one answer for an input.

    ``profiles`` maps each network that has one to the canonical URL, those given that stay among them.  ``failure`` is
    kept only where no profile was found.  ``engine`` is the dearest engine that was needed, ``None`` where nothing
    was fetched.  ``evidence`` is JSON (see :mod:`crawler.core.judging.evidence`).
    """

    index: int
    profiles: Mapping[Network, str] = field(default_factory=dict)
    failure: Failure | None = None
    engine: Engine | None = None
    pages_count: int = 0
    evidence: Mapping[str, Any] = field(default_factory=dict)
    given: Mapping[Network, str] = field(default_factory=dict)
    """What stands in the columns that the input had filled itself: its own value, a found profile, or ``""``."""


class Sink(Protocol):
    """Where results go; the crawler is handed one and knows nothing else of its caller."""

    async def put(self, result: SiteResult) -> None:
        """Keep one result for good; it may be called from the crawl's event loop only, and once per input."""

    async def is_wanted(self) -> bool:
        """Say whether the work should go on; asked about once a second.  ``False`` ends it early."""


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Inputs that came together, with what one of them may cost and where their results go.

    ``index`` of an input and the search for profiles that stand on many sites hold within one batch.
    """

    inputs: tuple[SiteInput, ...]
    limits: Limits
    sink: Sink


class Feed(Protocol):
    """Where work comes from: a crawl takes one batch after the other while those it has are under way."""

    async def next(self) -> Batch | None:
        """Wait for the next batch; ``None``: no more will come.

        Asked again as soon as it has answered, so the feed decides how much is in hand at a time.
        """

    async def end(self, batch: Batch, stats: Mapping[str, Any]) -> None:
        """Take a batch back: each of its inputs has its result, or it is no longer wanted and nothing of it goes on.

        Args:
            batch: the batch.
            stats: the crawl's counters so far, as Scrapy names them.
        """


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one crawl did: how it ended and counters as Scrapy names them."""

    finish_reason: str
    delivered_count: int
    stats: Mapping[str, Any] = field(default_factory=dict)
