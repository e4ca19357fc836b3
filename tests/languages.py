"""Makes a sample site for each language of ``fixtures/languages``; used by the tests of words and by those that crawl.

Names and accounts are invented, paths are opaque: only the language's own words say what is what.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

from crawler.records import Engine, Page

FOLDER = Path(__file__).parents[1] / "fixtures" / "languages"
NAME = "Ormaldea"
HOME = "https://ormaldea.example/"
OWN = "https://www.instagram.com/kuvelin_74/"
"""An account that is not named like the site: words alone tell whose it is."""

TEXT = "Ormaldea 1984 Velkorin 12:00-18:00 Tamsel Urbeno Koravin 4a. " * 8
"""What makes a page more than a door, in no language."""

_STRANGER = "https://www.facebook.com/brenovita.studio"
_PEOPLE = ("https://www.linkedin.com/in/senna-ulvak", "https://www.linkedin.com/in/miro-tassel")


@dataclass(frozen=True)
class Words:
    """A row of the table: the language and what its pages say."""

    code: str
    contact: str
    follow: str
    credit: str
    team: str
    share: str
    news: str
    products: str


def rows(file: str = "words.tsv") -> list[Words]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        return [Words(**row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def home(words: Words, text: str = TEXT) -> str:
    """A start page without any profile of its own: three links, a credit, a share row."""
    return (
        f"<p>{NAME} {text}</p><nav><a href=/p1>{words.news}</a><a href=/p2>{words.contact}</a><a href=/p3>{words.products}</a></nav>"
        f"{share(words)}{credit(words)}"
    )


def contact(words: Words) -> str:
    """The page that says how to reach the organisation."""
    return f"<h1>{words.contact}</h1><p>+00 1 555 0100</p>{follow(words)}"


def products(words: Words) -> str:
    """A page with others' accounts."""
    return f"<h1>{words.products}</h1>{team(words)}"


def follow(words: Words) -> str:
    return f'<section><h3>{words.follow}</h3><a href="{OWN}">Instagram</a></section>'


def credit(words: Words) -> str:
    return f'<footer><p>© {NAME}</p><p>{words.credit} <a href="{_STRANGER}">Brenovita</a></p></footer>'


def team(words: Words) -> str:
    cards = "".join(
        f'<div><img alt=""><p>{url.rpartition("/")[2].replace("-", " ").title()}</p><a href="{url}"><svg></svg></a></div>'
        for url in _PEOPLE
    )
    return f"<section><h2>{words.team}</h2>{cards}</section>"


def share(words: Words) -> str:
    return (
        f"<div><span>{words.share}</span>"
        '<a href="https://www.facebook.com/sharer/sharer.php?u=https%3A%2F%2Formaldea.example%2F"><svg></svg></a>'
        '<a href="https://x.com/intent/tweet?url=https%3A%2F%2Formaldea.example%2F"><svg></svg></a>'
        '<a href="https://www.linkedin.com/shareArticle?url=https%3A%2F%2Formaldea.example%2F"><svg></svg></a></div>'
    )


def page(body: str, url: str = HOME, language: str = "") -> Page:
    """A page as read, with the language that it says it is in."""
    declared = f' lang="{language}"' if language else ""
    html = f"<!doctype html><html{declared}><meta charset=utf-8><title>{NAME}</title><body>{body}</body></html>"
    return Page(url, url, Engine.STATIC, 200, html)
