"""Does a document stand in for the site instead of being it?

Bot challenges and parked domains, told by their own markup.  Asked when a page is taken in and by the plan.  Pure.
"""

import re

from crawler.core.document import tree_of

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


def is_challenge(html: str) -> bool:
    """Say whether a document asks the visitor to prove not to be a robot."""
    looked = html[:MAX_LOOKED_COUNT].lower()
    return bool(_has_any(looked, _CHALLENGE) or _CHALLENGE_TITLE.search(looked)) and _is_short(looked)


def is_parked(html: str) -> bool:
    """Say whether a document is a registrar's or a parking service's: whatever it links to is not the site's own."""
    looked = html[:MAX_LOOKED_COUNT].lower()
    return _has_any(looked, _PARKED) and _is_short(looked)


def _has_any(text: str, marks: tuple[str, ...]) -> bool:
    """Each mark by itself: one expression of all of them takes ten times as long."""
    return any(mark in text for mark in marks)


def _is_short(looked: str) -> bool:
    """Whether there is hardly more to read than the wall itself."""
    body = tree_of(looked).body
    if body is None:
        return True
    for node in body.css("script, style, noscript, template"):
        node.decompose()
    return len(" ".join((body.text(separator=" ") or "").split())) <= MAX_TEXT_COUNT
