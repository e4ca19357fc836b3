"""Does the story of a crawl tell each fetch, its engine, the deciding signal, time, bytes and what was found?"""

from api.cli.explain import story, view_of
from crawler.core.dossier import Dossier, Visit
from crawler.core.planning import plan
from crawler.core.planning.results import result_of
from crawler.core.planning.website import website
from crawler.core.reading import links
from crawler.records import Engine, Failure, Page, Reason, SiteInput, Wall

HOME = "https://studio-atlas.example/"
ROW = '<footer><a href="https://x.com/studioatlas">X</a><a href="https://www.instagram.com/studioatlas">I</a></footer>'


def told(*visits: Visit, ended: str) -> str:
    dossier = Dossier((SiteInput(0, HOME),), website(HOME), visits, ended)
    return story(view_of(HOME, result_of(dossier, dossier.inputs[0], plan.candidates(dossier))), 80)


def visit(page: Page, why: str, render_skipped: str = "") -> Visit:
    return Visit(page, links.extract(page), why, render_skipped=render_skipped)


def test_the_story_of_a_site_that_needs_a_browser() -> None:
    shell = Page(HOME, HOME, Engine.STATIC, 200, "<div id=root></div>", elapsed_ms=21, size_bytes=19)
    rendered = Page(HOME, HOME, Engine.LIGHT, 200, ROW, elapsed_ms=640, size_bytes=40_123)

    shown = told(visit(shell, "home page"), visit(rendered, "empty mount point #root"), ended="profiles found")

    assert shown.startswith(
        "1. static   https://studio-atlas.example/\n"
        "   because: home page\n"
        "   answer: 200, 21 ms, 19 bytes\n"
        "   found: nothing\n"
        "2. light    https://studio-atlas.example/\n"
        "   because: empty mount point #root\n"
        "   answer: 200, 640 ms, 40,123 bytes\n"
        "   found:\n"
        "     https://x.com/studioatlas\n"
        "     https://www.instagram.com/studioatlas/\n"
        "End: profiles found\n"
    )
    assert "social_twitter: https://x.com/studioatlas" in shown


def test_the_story_of_what_went_wrong() -> None:
    gone = Failure(Reason.HTTP_ERROR, "the page says that it was not found")
    page = Page(HOME, HOME, Engine.STATIC, 200, "<h1>404</h1>", failure=gone, wall=Wall.NOT_FOUND, is_tls_invalid=True)

    shown = told(visit(page, "home page", "no scripts"), ended="no more pages to look at")

    assert "   answer: http_error, soft 404, invalid certificate, 0 ms, 0 bytes\n" in shown
    assert "   no browser: no scripts\n" in shown
    assert "http_error (the page says that it was not found)" in shown
