"""Is a profile that many unrelated sites of a run have taken for nobody's own, unless the site bears its name?"""

import asyncio

import pytest

from crawler.core.dossier import Dossier, Visit
from crawler.core.reading import links
from crawler.pipelines import COMMON_SITES_COUNT, Finished, Rank
from crawler.records import Engine, Network, Page, SiteInput, SiteResult
from crawler.urls import SiteUrl, site_url


def finished(number: int, name: str, handle: str) -> Finished:
    url = f"https://{name.lower().replace(' ', '-')}{number}.example/"
    site = site_url(url)
    assert isinstance(site, SiteUrl)
    html = (
        f"<!doctype html><title>{name}</title><body><main><p>We have been here for a long time.</p></main><footer>"
        f'<a href="https://www.facebook.com/{handle}"><i class="fa fa-facebook"></i></a>'
        f'<a href="https://www.instagram.com/site{number}/"><i class="fa fa-instagram"></i></a></footer>'
    )
    page = Page(url, url, Engine.STATIC, 200, html)
    dossier = Dossier((SiteInput(number, url),), site, (Visit(page, links.extract(page), "home page"),))
    return Finished(dossier)


def run(sites: list[Finished]) -> list[SiteResult]:
    async def rank() -> list[SiteResult]:
        pipeline = Rank()
        return [result for site in sites for result in (await pipeline.process_item(site)).results]

    return asyncio.run(rank())


def test_a_stranger_on_many_sites_is_dropped() -> None:
    names = ["Oak Tree", "Blue Door", "Red Kite", "Old Forge", "High Moor", "Low Tide", "Wild Plum"]

    results = run([finished(number, name, "pixelagency") for number, name in enumerate(names)])

    found = [Network.FACEBOOK in result.profiles for result in results]
    assert found == [True] * (COMMON_SITES_COUNT - 1) + [False] * (len(names) - COMMON_SITES_COUNT + 1)
    assert all(Network.INSTAGRAM in result.profiles for result in results)


@pytest.mark.parametrize("count", [COMMON_SITES_COUNT + 2])
def test_the_page_of_a_chain_stays(count: int) -> None:
    results = run([finished(number, "Burger Barn", "burgerbarn") for number in range(count)])

    assert all(Network.FACEBOOK in result.profiles for result in results)


def test_many_pages_of_one_site_are_one_site() -> None:
    results = run([finished(1, "Oak Tree", "pixelagency") for _ in range(COMMON_SITES_COUNT + 2)])

    assert all(Network.FACEBOOK in result.profiles for result in results)
