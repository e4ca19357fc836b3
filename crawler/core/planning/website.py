"""Is an address the organisation's own website?

Asked when inputs are read, and about where a redirect ended.  Pure.
"""

from crawler.networks.canonical import profile_of
from crawler.networks.directories import is_directory
from crawler.networks.match import opened
from crawler.records import Failure, Kind, Page, Profile, Reason
from crawler.urls import SiteUrl, host_of, registrable_domain, site_url

MAX_OPENED = 3
"""Redirect wrappers opened one inside the other; more is a maze (chosen, as for links)."""


def website(text: str) -> SiteUrl | Failure:
    """Read a posted website; redirect wrappers are opened, and a directory's page is no website of its own."""
    site = site_url(text)
    for _ in range(MAX_OPENED):
        inner = opened(site.url) if isinstance(site, SiteUrl) else None
        if inner is None:
            break
        site = site_url(inner)
    if isinstance(site, SiteUrl) and is_directory(site.host):
        return Failure(Reason.INVALID_URL, "a page of a directory, not a website of its own")
    return site


def is_elsewhere(page: Page) -> bool:
    """Say whether a page has led away to what is not the site's own: a social network or a directory.

    Any other domain that a site redirects to is the site's own from then on.
    """
    asked, ended = host_of(page.requested_url), host_of(page.url)
    if registrable_domain(asked) == registrable_domain(ended):
        return False
    found = profile_of(page.url)
    return (
        isinstance(found, Profile) or found.network is not None or found.kind is Kind.DIRECTORY or is_directory(ended)
    )
