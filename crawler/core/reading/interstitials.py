"""Does a document stand in for the site instead of being it?

Bot challenges, parked domains, consent walls and error pages that come with status 200, recognised by
their own markup and words.  Asked once, when a page is taken in.  Pure.
"""

import re

from selectolax.lexbor import LexborHTMLParser

from crawler.core.reading.document import texts, tree_of
from crawler.records import Wall

MAX_TEXT_COUNT = 2500
"""Characters of visible text above which a page is more than a wall; chosen: real sites mention these words too."""

MAX_LOOKED_COUNT = 60_000
"""Characters of the document that are looked at; walls name themselves early."""

_CHALLENGE = (
    *(
        "cf-chl-",
        "cdn-cgi/challenge-platform",
        "cf-browser-verification",
        "__cf_chl_",
        "attention required! | cloudflare",
    ),
    *("_incapsula_resource", "px-captcha", "captcha-delivery.com", "ddos-guard", "sucuri website firewall"),
    *("aws-waf-token", "/_sec/cp_challenge", "kpsdk", "verifying you are human", "are you a robot?"),
)
"""Marks of the challenge pages of Cloudflare, Imperva, HUMAN, DataDome, DDoS-Guard, Sucuri, AWS, Akamai and Kasada."""

_CHALLENGE_TITLE = re.compile(r"<title>\s*(?:just a moment|access denied|robot check|captcha)")

_PARKED = (
    *("sedoparking", "parkingcrew", "bodis.com", "hugedomains.com", "afternic.com", "dan.com/buy-domain", "parklogic"),
    *("parked-content.godaddy", "buy this domain", "domain for sale", "domain is for sale"),
    *(
        f"{which} domain {name}{verb} {state}"
        for which in ("this", "the")
        for name in ("", "name ")
        for verb in ("is", "may be")
        for state in ("parked", "for sale", "available for purchase")
    ),
    *("diese domain steht zum verkauf", "diese domain ist geparkt", "diese domain wurde registriert"),
    *("ce domaine est à vendre", "ce nom de domaine est à vendre"),
    *("ce domaine est enregistré", "ce nom de domaine est enregistré"),
    *("dominio in vendita", "dominio è in vendita", "este dominio está en venta"),
    *("dit domein is te koop", "este domínio está à venda"),
)
"""Marks of parking services, and what they say in seven languages."""


_NOT_FOUND = re.compile(
    r"\b(?:page|file|url|404)\b.{0,30}\bnot (?:be )?found|^\W*not found|(?:could not|cannot|can.t) be found|"
    r"(?:page|it) (?:doesn.t|does not|no longer) exist|\b404\b.{0,20}(?:error|page)|\berror\W{0,3}404\b|^\W*404\W*$|"
    r"seite (?:wurde )?nicht gefunden|seite existiert nicht|page (?:introuvable|non trouv)|"
    r"página no encontrada|página não encontrada|pagina non trovata|pagina niet gevonden|"
    r"strony nie znaleziono|siden ble ikke funnet|sidan hittades inte|見つかりません"
)
"""What the title or the first heading of an error page says, in seven languages and some more."""

_CONSENT = re.compile(
    r"before (?:you|we) (?:continue|enter|start)|(?:we|this site) uses? cookies|we value your privacy|cookie consent|"
    r"accept (?:all|cookies)|wir (?:verwenden|nutzen) cookies|alle (?:cookies )?akzeptieren|bevor sie fortfahren|"
    r"avant de continuer|nous utilisons des cookies|tout accepter|usamos cookies|antes de continuar|aceptar todo|"
    r"utilizziamo (?:i )?cookie|prima di continuare|accetta tutt|wij gebruiken cookies|voordat je verder|"
    r"alles accepteren|utilizamos cookies|aceitar tudo"
)
"""What a page says that shows itself only after consent, in seven languages."""

_CONSENT_LINKS_COUNT = 4
"""Links from which a page that speaks of cookies has something else to show as well; chosen, not measured."""

_CONSENT_TEXT_COUNT = 600
"""Characters of visible text above which it has, too; chosen, not measured."""

_CONSENT_START_COUNT = 200
"""Characters within which a wall comes to the point: banners stand below or above a page's own words."""


def wall_of(html: str, status: int = 200) -> Wall | None:
    """Name what a document stands in for the site with; ``None``: it is a page of the site.

    Args:
        html: the decoded document.
        status: HTTP status it came with; the words of an error page count only where this does not say it.
    """
    looked = html[:MAX_LOOKED_COUNT].lower()
    if (_has_any(looked, _CHALLENGE) or _CHALLENGE_TITLE.search(looked)) and _text_count(looked) <= MAX_TEXT_COUNT:
        return Wall.CHALLENGE
    if _has_any(looked, _PARKED) and _text_count(looked) <= MAX_TEXT_COUNT:
        return Wall.PARKED
    if status < 400 and _is_not_found(looked):
        return Wall.NOT_FOUND
    if ("cookie" in looked or "consent" in looked) and _is_consent(looked):
        return Wall.CONSENT
    return None


def _has_any(text: str, marks: tuple[str, ...]) -> bool:
    """Each mark by itself: one expression of all of them takes ten times as long."""
    return any(mark in text for mark in marks)


def _is_not_found(looked: str) -> bool:
    start = looked.find("<title")
    title = looked[start : start + 300].partition(">")[2].partition("</title")[0] if start >= 0 else ""
    if _NOT_FOUND.search(" ".join(title.split())):
        return True
    start = looked.find("<h1")
    heading = looked[start : start + 400].partition(">")[2].partition("</h1")[0] if start >= 0 else ""
    return bool(_NOT_FOUND.search(" ".join(_TAG.sub(" ", heading).split())))


_TAG = re.compile(r"<[^<>]*>")


def _is_consent(looked: str) -> bool:
    tree = tree_of(looked)
    text = _text(tree)
    if len(text) > _CONSENT_TEXT_COUNT or not _CONSENT.search(text[:_CONSENT_START_COUNT]):
        return False
    tree.strip_tags(["noscript", "template"], recursive=True)
    return bool(tree.css_first("button, form, input, a[href]")) and len(tree.css("a[href]")) <= _CONSENT_LINKS_COUNT


def _text_count(looked: str) -> int:
    """Characters of visible text: a wall has hardly any beside its own."""
    return len(_text(tree_of(looked)))


def _text(tree: LexborHTMLParser) -> str:
    return " ".join(" ".join(texts(tree.body)).split()) if tree.body is not None else ""
