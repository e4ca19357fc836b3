"""Which column holds the websites, and which the names?

By their names in many languages first, then by what stands in them.  Pure.  A wrong guess would crawl strangers, so
several candidates are never chosen between by name alone.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from api.files.table import Candidate, Guess, TableError
from crawler.networks.canonical import profile_of
from crawler.networks.directories import is_directory, is_directory_path
from crawler.records import Profile
from crawler.urls import SiteUrl, registrable_domain, site_url

SITE_COLUMN = "site_web"
NAME_COLUMN = "name"


def folded(name: str) -> str:
    """Fold a column's name: case, accents, blanks and signs do not count; ``contact:`` and the like do not either."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(sign for sign in plain if sign.isalnum() and not unicodedata.combining(sign))
    return unicodedata.normalize("NFC", letters)


_SITE_WORDS = """
    website websites web weburl webaddress webadresse webseite webseiten weblink webpage websiteurl websiteurls
    websitelink websiteaddress webaddresse url urls siteurl site sites homepage homepages homepageurl domain
    domains domainname domaine domane dominio domein companywebsite businesswebsite officialwebsite companyurl
    companydomain contactwebsite contacturl internet internetseite internetadresse internetauftritt netz siteweb
    siteinternet adresseweb adresseinternet urlsite urldusite lienweb paginaweb sitioweb sitiointernet
    direccionweb sitoweb sitointernet indirizzoweb paginainternet enderecoweb sitedaempresa stronawww strona
    stronainternetowa adreswww www webstranka webovestranky weboldal honlap paginadeinternet internetsite
    internetadres hemsida webbplats webbsida webbadress hjemmeside nettside nettsted nettadresse kotisivu
    kotisivut verkkosivu verkkosivusto internetsitesi websitesi webadresi сайт вебсайт веб адрессайта ιστοσελιδα
    ιστοτοπος ホームページ ホームページurl ウェブサイト サイト サイトurl 公式サイト ウェブ 网站 网址 官网 網站
    網址 官網 홈페이지 웹사이트 사이트 الموقع موقعالويب אתר
    """.split()
"""Column names that say website, folded as :func:`folded` does; collected from exports of business directories,
customer databases and map tools in the languages of Europe and the largest beyond (2026-11)."""

_NAME_WORDS = tuple(
    line.split()
    for line in (
        "name",
        """
    title companyname businessname placename organisation organization organisationname organizationname company
    business firma firmenname unternehmen firmenbezeichnung nom raisonsociale entreprise societe nomentreprise
    nombre razonsocial empresa nome ragionesociale azienda denominazione denominacao naam bedrijfsnaam bedrijf
    nazwa nazwafirmy nazev nev cegnev namn foretag navn firmanavn virksomhed bedrift nimi yritys ad unvan
    название имя наименование компания επωνυμια ονομα 名前 名称 店名 会社名 施設名 社名 名稱 公司 公司名称 이름
    상호 회사명 업체명 الاسم שם
    """,
        "label displayname fullname poi place venue establishment etablissement standort filiale bezeichnung",
    )
)
"""Column names that say name, the likeliest first; folded likewise."""

_LOOKED_AT = 500
"""Rows whose values are looked at; chosen, not measured."""

_SHARED_SHARE = 0.8
"""Share of values, from 0.0 to 1.0, on one domain from which a column is that service's, not the entities' own."""


_SITE_NAMES = frozenset(map(folded, (*_SITE_WORDS, SITE_COLUMN)))
_NAME_NAMES = tuple(frozenset(map(folded, words)) for words in _NAME_WORDS)


def is_site_name(name: str) -> bool:
    """Say whether a column is called like a website."""
    return folded(name) in _SITE_NAMES or folded(re.split(r"[.:/]", name)[-1]) in _SITE_NAMES


def site_guess(columns: Sequence[str], values: Mapping[str, Iterable[Any]]) -> Guess:
    """Find the column with the websites.

    Args:
        columns: the columns' names, in order.
        values: per column called like a website, what stands in it.

    Returns:
        ``site_web`` in any spelling; else the one candidate that holds websites; else none, with the reason.
    """
    exact = [column for column in columns if folded(column) == folded(SITE_COLUMN)]
    named = exact[:1] or [column for column in columns if is_site_name(column)]
    looked = {column: _Look(column, values.get(column, ())) for column in named}
    candidates = tuple(look.candidate for look in looked.values())
    if not named:
        return Guess("", _no_column(columns))
    if exact:
        return Guess(exact[0], f"its name is {exact[0]}", candidates)
    if len(named) == 1:
        return Guess(named[0], f"{_quoted(named[0])} is the only column named like a website", candidates)
    likely = [look for look in looked.values() if not look.problem]
    if len(likely) == 1:
        others = "; ".join(f"{_quoted(look.column)} {look.problem}" for look in looked.values() if look.problem)
        return Guess(likely[0].column, f"{_quoted(likely[0].column)} holds websites ({others})", candidates)
    return Guess(
        "",
        f"several columns could hold the websites: {', '.join(map(_quoted, named))}; "
        f"choose one with --column, for example --column {_shell(named[0])}",
        candidates,
    )


def name_guess(columns: Sequence[str]) -> Guess:
    """Find the column with the names; they help to tell whose a profile is, and none is needed."""
    for names in _NAME_NAMES:
        found = [column for column in columns if folded(column) in names]
        if len(found) == 1:
            return Guess(found[0], f"its name is {found[0]}")
        if found:
            listed = ", ".join(map(_quoted, found))
            return Guess("", f"several columns could hold the names: {listed}; choose one with --name-column")
    return Guess("", "no column is named like a name")


def chosen(wanted: str, columns: Sequence[str], option: str) -> str:
    """Find the column the user named, in any case.

    Raises:
        TableError: there is none; the message lists the columns.
    """
    for same in (str, str.casefold, folded):
        for column in columns:
            if same(column.strip()) == same(wanted.strip()):
                return column
    raise TableError(f"{option}: there is no column {wanted}; the columns are: {listed(columns)}")


def listed(columns: Sequence[str]) -> str:
    """List columns for people, the first thirty."""
    more = f" and {len(columns) - 30} more" if len(columns) > 30 else ""
    return ", ".join(columns[:30]) + more if columns else "none"


class _Look:
    """What stands in a column that is called like a website."""

    def __init__(self, column: str, values: Iterable[Any]) -> None:
        self.column = column
        texts = [text for value, _ in zip(values, range(_LOOKED_AT), strict=False) if (text := _text(value))]
        sites = [site for text in texts if isinstance(site := site_url(text), SiteUrl)]
        self.candidate = Candidate(column, len(texts), len(sites))
        domains = Counter(registrable_domain(site.host) for site in sites)
        foreign = sum(_is_foreign(site) for site in sites)
        self.problem = ""
        if not texts:
            self.problem = "is empty"
        elif not sites:
            self.problem = "holds no web addresses"
        elif foreign * 2 > len(sites):
            self.problem = "holds pages of directories or networks"
        elif len(sites) >= 3 and domains.most_common(1)[0][1] >= _SHARED_SHARE * len(sites):
            self.problem = f"holds pages of {domains.most_common(1)[0][0]}"


def _is_foreign(site: SiteUrl) -> bool:
    """Whether an address is a page about an entity, or its profile: no website of its own."""
    first = urlsplit(site.url).path.strip("/").partition("/")[0]
    is_listed = is_directory(site.host) or is_directory_path(site.host, first)
    return is_listed or isinstance(profile_of(site.url), Profile)


def _no_column(columns: Sequence[str]) -> str:
    if any(isinstance(site_url(column), SiteUrl) for column in columns):
        return "the first row holds values; put a row with the columns' names above it, site_web for the websites"
    return (
        f"there is no column {SITE_COLUMN}, and none is named like a website; the columns are: {listed(columns)}. "
        "Name the one with the websites with --column"
    )


def _text(value: Any) -> str:
    return getattr(value, "url", None) or (value.strip() if isinstance(value, str) else "")


def _quoted(column: str) -> str:
    return f"“{column}”"


def _shell(column: str) -> str:
    return column if re.fullmatch(r"[\w:.\-]+", column) else f"'{column}'"
