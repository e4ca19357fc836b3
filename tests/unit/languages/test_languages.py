"""Does each language lead to the contact page, know its own profiles, and keep others' out?"""

import pytest

from crawler.core.dossier import Dossier, Visit
from crawler.core.judging import ownership, ranking
from crawler.core.judging.signals import Signal
from crawler.core.planning import plan
from crawler.core.planning.website import website
from crawler.core.reading import links
from crawler.languages import table
from crawler.records import Engine, Limits, Link, Page, SiteInput
from tests import languages
from tests.blocks import keys_of
from tests.languages import Words

ROWS = languages.rows()
UNLISTED = languages.rows("unlisted.tsv")
LISTED = [pytest.param(row, id=row.code) for row in ROWS]
ALL = [pytest.param(row, id=row.code) for row in (*ROWS, *UNLISTED)]
STRANGER = "https://www.facebook.com/brenovita"


def next_url(page: Page) -> str:
    dossier = Dossier((SiteInput(0, page.url),), website(page.url), (Visit(page, links.extract(page), ""),))
    step = plan.next_step(dossier, Limits(), (Engine.STATIC,), 0.0)
    return step.url if isinstance(step, plan.Read) else ""


def signals(**around: object) -> frozenset[Signal]:
    (candidate,) = ranking.candidates(languages.page(""), [Link(STRANGER, STRANGER, **around)])  # type: ignore[arg-type]
    return ownership.occurrence(candidate, (languages.NAME,)).others


def test_every_language_has_a_sample_page() -> None:
    assert [row.code for row in ROWS] == sorted(table.languages())
    assert not {row.code for row in UNLISTED} & set(table.languages())


@pytest.mark.parametrize("words", LISTED)
def test_contact_page_by_its_word_alone(words: Words) -> None:
    for declared in ("", "en", words.code):
        for text in (languages.TEXT, ""):
            page = languages.page(languages.home(words, text), language=declared)
            assert next_url(page) == f"{languages.HOME}p2"


@pytest.mark.parametrize("words", LISTED)
def test_follow_us_is_understood(words: Words) -> None:
    assert keys_of([languages.page(languages.follow(words))]) == {"instagram:kuvelin_74"}


@pytest.mark.parametrize("words", ALL)
def test_others_are_refused(words: Words) -> None:
    for made in (languages.credit, languages.team, languages.share):
        for declared in ("", words.code):
            assert keys_of([languages.page(made(words), language=declared)]) == frozenset(), made.__name__


@pytest.mark.parametrize("words", LISTED)
def test_words_say_what_structure_says_too(words: Words) -> None:
    assert Signal.AGENCY_CREDIT in signals(before=f"© ormaldea\n{words.credit.lower()}")
    assert Signal.HEADING_ABOUT_OTHERS in signals(headings=(words.team,))
    assert Signal.SHARE_WORDING in signals(headings=(words.share,))


@pytest.mark.parametrize("words", UNLISTED, ids=lambda row: row.code)
def test_a_language_without_a_file_falls_back_on_structure(words: Words) -> None:
    icons = (
        f'<footer><a href="{languages.OWN}"><svg></svg></a><a href="https://x.com/kuvelin_74"><svg></svg></a></footer>'
    )
    page = languages.page(f"{languages.home(words)}{languages.team(words)}{icons}", language=words.code)

    assert keys_of([page]) == {"instagram:kuvelin_74", "twitter:kuvelin_74"}
    assert next_url(languages.page(languages.home(words))) == ""
    assert next_url(languages.page(languages.home(words).replace("/p2", "/contact"))) == f"{languages.HOME}contact"
