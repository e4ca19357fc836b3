"""Are phrases found as people write them, only where they are, and in linear time?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.languages import lexicon, table
from crawler.languages.folding import breadth, fold
from crawler.languages.lexicon import find, kinds
from crawler.languages.table import Entry, Kind, LanguageError, Sense


@pytest.mark.parametrize(
    ("text", "kind", "is_there"),
    [
        pytest.param("İLETİŞİM", Kind.CONTACT, True, id="dotted capital I"),
        pytest.param("ILETISIM", Kind.CONTACT, True, id="dotless capital I, no marks"),
        pytest.param("ΕΠΙΚΟΙΝΩΝΙΑ", Kind.CONTACT, True, id="capitals without accents"),
        pytest.param("Ｃｏｎｔａｃｔ", Kind.CONTACT, True, id="full width"),
        pytest.param("nocontact", Kind.CONTACT, False, id="inside a word"),
        pytest.param("Contact lenses", Kind.CONTACT, False, id="something else that begins alike"),
        pytest.param("Kontaktlinsen", Kind.CONTACT, False, id="the same in one word"),
        pytest.param("ข้อมูลโรคติดต่อ", Kind.CONTACT, False, id="inside a compound that means something else"),
        pytest.param("전문의 소개", Kind.CONTACT, False, id="a medical specialist is no inquiry"),
        pytest.param("会社へのお問い合わせはこちら", Kind.CONTACT, True, id="without spaces"),
        pytest.param("תפריט\u200f צור קשר", Kind.CONTACT, True, id="direction marks"),
        pytest.param("اِتّصِلْ بِنا", Kind.CONTACT, True, id="vowel signs"),
        pytest.param("إتصل بنا", Kind.CONTACT, True, id="another alef"),
        pytest.param("وتواصل معنا", Kind.CONTACT, True, id="and, written together"),
        pytest.param("شبکه\u200cهای اجتماعی", Kind.SOCIAL, True, id="zero width non-joiner"),
        pytest.param("شبكه هاي اجتماعي", Kind.SOCIAL, True, id="Arabic letters in Persian"),
        pytest.param("Zapratite nas na Fejsbuku", Kind.FOLLOW, True, id="Serbian in Latin"),
        pytest.param("Запратите нас на Фејсбуку", Kind.FOLLOW, True, id="Serbian in Cyrillic"),
        pytest.param("Our Instagram", Kind.FOLLOW, True, id="a network's name"),
        pytest.param("Our products", Kind.FOLLOW, False, id="another word"),
        pytest.param("Мы в Фейсбуке", Kind.NETWORK, True, id="a network's name in another script"),
        pytest.param("Share our story", Kind.SHARE, False, id="what is asked for is something else"),
        pytest.param("follow | us", Kind.FOLLOW, False, id="across a bar"),
        pytest.param("فِيسبوك", Kind.NETWORK, True, id="vowel signs in a network's name"),
        pytest.param("Siga-nos no", Kind.BY, False, id="a short word of another language"),
    ],
)
def test_as_people_write(text: str, kind: Kind, is_there: bool) -> None:
    assert (kind in kinds(text)) is is_there


def test_the_declared_language_helps_and_does_not_decide() -> None:
    assert Kind.BY in kinds("Izdelava: Novak, od", "sl")
    assert Kind.BY not in kinds("Izdelava: Novak, od")
    assert Kind.CONTACT in kinds("Kontakty", "ja")
    assert Kind.SOCIAL in kinds("Du ser oss i some", "no")
    assert Kind.SOCIAL not in kinds("some of us")


@pytest.mark.parametrize(
    ("segment", "kind"),
    [
        ("o-nas", Kind.ABOUT),
        ("hakkimizda", Kind.ABOUT),
        ("kontakty", Kind.CONTACT),
        ("iletisim", Kind.CONTACT),
        ("obratnaya svyaz", Kind.CONTACT),
        ("контакты", Kind.CONTACT),
        ("lianxiwomen", Kind.CONTACT),
        ("otoiawase", Kind.CONTACT),
        ("lien he", Kind.CONTACT),
        ("yhteystiedot", Kind.CONTACT),
    ],
)
def test_parts_of_addresses(segment: str, kind: Kind) -> None:
    assert kind in kinds(segment, is_slug=True)


def test_whole_means_whole() -> None:
    assert Kind.ABOUT in kinds("关于")
    assert Kind.ABOUT not in kinds("关于放假的通知")


def test_is_only() -> None:
    words = {Kind.ICON, Kind.NETWORK, Kind.FOLLOW}

    assert lexicon.is_only("Obserwuj nas na Facebooku!", words)
    assert lexicon.is_only("…", words)
    assert lexicon.is_only("", words)
    assert not lexicon.is_only("Ormaldea on Facebook", words)


def test_ends_with() -> None:
    assert lexicon.ends_with("© Ormaldea. Site by:", Kind.BY)
    assert not lexicon.ends_with("by Ormaldea", Kind.BY)


def test_places_are_those_of_the_folded_text() -> None:
    text = "NUESTRO EQUIPO DE TRABAJO"
    match = next(match for match in find(text) if match.kind is Kind.OTHERS)

    assert fold(text)[match.start : match.end] == "nuestro equipo"


@given(st.text())
def test_folding_ends(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert breadth(text) >= len(text)


@given(st.text(max_size=300), st.sampled_from(["", "lv", "he"]))
def test_any_text_is_read(text: str, language: str) -> None:
    folded = fold(text)
    for match in find(text, language):
        assert 0 <= match.start < match.end <= len(folded)
        assert folded[match.start : match.end].strip()


def test_time_is_linear() -> None:
    """A text of words that begin phrases is bounded like any other: as many steps a word, whatever stands beside it."""
    text = "follow find join our my the team our core meet the " * 8

    assert len(find(text)) <= 8 * len(text.split())


def test_files_hold_usable_phrases() -> None:
    for entry in table.entries():
        for phrase, _ in entry.phrases():
            forms = list(table.spelt_out(phrase))
            odd = [word for form in forms for word in form.split() if "*" in word[:-1] or word == "*"]
            assert not odd, f"{entry.where}: {phrase!r}: * ends a word"
            assert len(forms) <= 1000, f"{entry.where}: {phrase!r} has {len(forms)} forms"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"contcat": "kontakt"}, "xx.toml: contcat: no such kind"),
        ({"contact": ["kontakt"]}, "xx.toml: contact: must be one text"),
        ({"slugs": {"contact": 7}}, "xx.toml: slugs.contact: must be one text"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(document: dict[str, object], message: str) -> None:
    with pytest.raises(LanguageError, match=message):
        list(table.entries_of("xx", document))


@pytest.mark.parametrize("phrase", ["(a|b", "a|b", "{net}", "*kontakt"])
def test_a_phrase_that_cannot_be_used_is_named(phrase: str) -> None:
    with pytest.raises(LanguageError, match=r"xx.toml: contact: .* is no phrase"):
        list(Entry("xx.toml: contact", Sense(Kind.CONTACT), phrase).phrases())
