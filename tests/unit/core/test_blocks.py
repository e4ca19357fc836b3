"""Does every labelled block come out right, in whatever order its links stand?"""

import random

import pytest

from crawler.core import links, ranking
from crawler.records import SiteInput
from tests.blocks import Block, blocks, chosen

BLOCKS = list(blocks())


def test_there_are_enough_of_them() -> None:
    assert len(BLOCKS) >= 120
    assert len({block.id for block in BLOCKS}) == len(BLOCKS)


@pytest.mark.parametrize("block", BLOCKS, ids=[block.id for block in BLOCKS])
def test_block(block: Block) -> None:
    assert chosen(block) == block.own


@pytest.mark.parametrize("block", BLOCKS, ids=[block.id for block in BLOCKS])
def test_the_order_of_candidates_does_not_matter(block: Block) -> None:
    page = block.page
    found = list(ranking.candidates(page, links.extract(page)))
    first = ranking.choose(SiteInput(0, page.url), found, [page])
    for seed in range(5):
        random.Random(seed).shuffle(found)
        assert ranking.choose(SiteInput(0, page.url), found, [page]) == first


@pytest.mark.parametrize("block", [block for block in BLOCKS if "<footer" in block.html], ids=lambda block: block.id)
def test_a_footer_may_stand_at_the_top(block: Block) -> None:
    page = block.page
    text, footer = (
        page.html[: page.html.index("<body>") + 6],
        page.html[page.html.index("</main>") + 7 : -len("</body></html>")],
    )
    body = page.html[len(text) : page.html.index("</main>") + 7]
    moved = type(page)(page.requested_url, page.url, page.engine, 200, f"{text}{footer}{body}</body></html>")
    found = ranking.candidates(moved, links.extract(moved))
    keys = frozenset(choice.profile.key for choice in ranking.choose(SiteInput(0, page.url), found, [moved]).values())

    assert keys == block.own
