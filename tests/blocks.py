"""Reads the labelled blocks of ``fixtures/blocks``; used by the calibration and by the tests."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from crawler.core.judging import ranking
from crawler.core.judging.judgement import Judgement
from crawler.core.reading import links
from crawler.networks.canonical import fallback_of, profile_of
from crawler.records import Engine, Page, Profile, SiteInput

FOLDER = Path(__file__).parents[1] / "fixtures" / "blocks"
_HEAD = re.compile(r"<!-- (block: .*?) -->\n")
_TEXT = "We have been here for many years and look forward to your visit; the door is open from nine to six. " * 3


@dataclass(frozen=True)
class Block:
    """One fragment with the site it stands on and the profiles that are the site's own."""

    id: str
    site: str
    name: str
    own: frozenset[str]
    """Merge keys: two spellings of one account are one."""
    html: str
    path: str = "/"
    """Where the fragment stands; on an inner page, the home page before it has no link to a network."""
    lang: str = ""

    @property
    def page(self) -> Page:
        """The fragment as a page would hold it: meta elements in the head, the rest in the body."""
        in_head = self.html.lstrip().startswith(("<meta", "<link"))
        title = f"<title>{self.name}</title>"
        text = f"<main><h1>{self.name}</h1><p>{_TEXT}</p></main>"
        html = (
            f"<head>{title}{self.html}</head><body>{text}</body>"
            if in_head
            else f"<head>{title}</head><body>{text}{self.html}</body>"
        )
        return self._page(html, self.path)

    @property
    def before(self) -> list[Page]:
        """What is read before the page."""
        start = f"<head><title>{self.name}</title></head><body><main><h1>{self.name}</h1></main></body>"
        return [] if self.path == "/" else [self._page(start, "/")]

    def _page(self, html: str, path: str) -> Page:
        url = f"https://{self.site}{path}"
        lang = f' lang="{self.lang}"' if self.lang else ""
        return Page(url, url, Engine.STATIC, 200, f"<!doctype html><html{lang}>{html}</html>")


def blocks() -> Iterator[Block]:
    for file in sorted(FOLDER.glob("*.html")):
        parts = _HEAD.split(file.read_text("utf-8"))[1:]
        for head, html in zip(parts[::2], parts[1::2], strict=True):
            about = dict(part.split(": ", 1) for part in head.split(" | "))
            own = frozenset() if about["own"] == "none" else frozenset(map(_key, about["own"].split()))
            name = f"{file.stem}: {about['block']}"
            yield Block(name, about["site"], about["name"], own, html, about.get("path", "/"), about.get("lang", ""))


def _key(url: str) -> str:
    profile = fallback_of(url) or profile_of(url)
    assert isinstance(profile, Profile), f"{url} is no profile"
    return profile.key


def judged(block: Block) -> list[Judgement]:
    """All profiles of a block, judged as in a crawl."""
    return judged_on([*block.before, block.page])


def judged_on(pages: list[Page]) -> list[Judgement]:
    """All profiles of some pages, judged as in a crawl."""
    found = [each for page in pages for each in ranking.candidates(page, links.extract(page))]
    # No name comes with most items: the page must do.
    return ranking.judge(SiteInput(0, pages[0].url), found, pages)


def keys_of(pages: list[Page]) -> frozenset[str]:
    """The keys of the profiles that a crawl of nothing but the pages would return."""
    return frozenset(choice.profile.key for choice in ranking.best_of(judged_on(pages)).values())
