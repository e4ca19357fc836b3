"""Does every labelled block come out right, in whatever order its links stand?"""

import random
from collections.abc import Iterable

import pytest

from crawler.core.judging import ranking
from crawler.core.reading import links
from crawler.records import Page, SiteInput
from tests.blocks import Block, blocks, keys_of

FILES: dict[str, list[Block]] = {}
for _block in blocks():
    FILES.setdefault(_block.id.partition(":")[0], []).append(_block)


def test_there_are_enough_of_them() -> None:
    ids = [block.id for each in FILES.values() for block in each]

    assert len(ids) >= 120
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("file", FILES)
@pytest.mark.faults(71)
def test_blocks(file: str) -> None:
    assert not _wrong((block, block.page) for block in FILES[file])


@pytest.mark.parametrize("file", FILES)
def test_a_footer_may_stand_at_the_top(file: str) -> None:
    assert not _wrong((block, _with_footer_first(block.page)) for block in FILES[file] if "<footer" in block.html)


@pytest.mark.parametrize("file", FILES)
def test_the_order_of_candidates_does_not_matter(file: str) -> None:
    for block in FILES[file]:
        pages = [*block.before, block.page]
        found = list(ranking.candidates(block.page, links.extract(block.page)))
        first = ranking.choose(SiteInput(0, pages[0].url), found, pages)
        for seed in range(5):
            random.Random(seed).shuffle(found)
            assert ranking.choose(SiteInput(0, pages[0].url), found, pages) == first, block.id


def _wrong(pages: Iterable[tuple[Block, Page]]) -> dict[str, dict[str, frozenset[str]]]:
    """The blocks that come out otherwise than labelled, with both answers."""
    return {
        block.id: {"own": block.own, "chosen": chosen}
        for block, page in pages
        if (chosen := keys_of([*block.before, page])) != block.own
    }


def _with_footer_first(page: Page) -> Page:
    start, end = page.html.index("<body>") + len("<body>"), page.html.index("</main>") + len("</main>")
    head, main, foot = page.html[:start], page.html[start:end], page.html[end : -len("</body></html>")]
    return Page(page.requested_url, page.url, page.engine, page.status, f"{head}{foot}{main}</body></html>")
