"""Is a start page that is only a door told from a page?"""

from crawler.core.planning.splash import way_in
from crawler.records import Engine, Page

HOME = "https://studio-atlas.example/"
TEXT = "We design houses for people who like to stay at home. " * 10
DE, EN = f"{HOME}de/", f"{HOME}en/"
ROWS: list[tuple[str, str, str]] = [
    ("first language", "<a href=/de/>Deutsch</a><a href=/en/>English</a>", DE),
    ("the page's language, by hreflang", "<html lang=en><a href=/de/ hreflang=de>D</a><a href=/en/ hreflang=en>E</a>", EN),
    ("the page's language, by path", "<html lang=en-GB><a href=/de/>D</a><a href=/en/>E</a>", EN),
    ("enter", "<a href=home.html><img src=a.jpg alt=Enter></a><a href=/impressum>Impressum</a>", f"{HOME}home.html"),
    ("image map", "<map><area href=/start></map>", f"{HOME}start"),
    ("question of age", "<p>Are you 18?</p><a href=/bye>No</a><a href=/in>Yes</a>", f"{HOME}in"),
    ("below the domain", "<a href=https://de.studio-atlas.example/>Deutsch</a>", "https://de.studio-atlas.example/"),
    ("a whole page", f"<p>{TEXT}</p><a href=/de/>Deutsch</a>", ""),
    ("a menu", "".join(f"<a href=/{n}>Page {n}</a>" for n in range(20)), ""),
    ("another site", "<a href=https://quay.example/>Quay</a>", ""),
    ("itself", "<a href=/>Home</a><a href=#top>Top</a>", ""),
    ("the edge alone", "<a href=/privacy>Privacy</a><a href=/menu.pdf>Menu</a><a href=mailto:a@b.example>Mail</a>", ""),
]  # fmt: skip


def test_doors() -> None:
    found = {name: way_in(Page(HOME, HOME, Engine.STATIC, 200, html)) for name, html, _ in ROWS}

    assert found == {name: want for name, _, want in ROWS}
