"""Does a document stand in for the site instead of being it?

Bot challenges and parked domains, told by their own markup.  Asked when a page is taken in and by the plan.  Pure.
"""

import re
from functools import lru_cache

from crawler.core.document import tree_of

MAX_TEXT_COUNT = 2500
"""Characters of visible text above which a page is more than a wall; chosen: real sites mention these words too."""

MAX_LOOKED_COUNT = 60_000
"""Characters of the document that are looked at; walls name themselves early."""

_CHALLENGE = re.compile(
    r"cf-chl-|cdn-cgi/challenge-platform|cf-browser-verification|__cf_chl_|<title>\s*just a moment|"
    r"attention required! \| cloudflare|"
    r"_incapsula_resource|px-captcha|captcha-delivery\.com|ddos-guard|sucuri website firewall|aws-waf-token|"
    r"/_sec/cp_challenge|kpsdk|verifying you are human|are you a robot\?|"
    r"<title>\s*(?:access denied|robot check|captcha)",
    re.IGNORECASE,
)
"""Marks of the challenge pages of Cloudflare, Imperva, HUMAN, DataDome, DDoS-Guard, Sucuri, AWS, Akamai and Kasada."""

_PARKED = re.compile(
    r"sedoparking|parkingcrew|bodis\.com|hugedomains\.com|afternic\.com|dan\.com/buy-domain|parklogic|"
    r"parked-content\.godaddy|(?:this|the) domain (?:name )?(?:is|may be) (?:parked|for sale|available for purchase)|"
    r"buy this domain|domain (?:is )?for sale|diese domain (?:steht zum verkauf|ist geparkt|wurde registriert)|"
    r"ce (?:nom de )?domaine est (?:à vendre|enregistré)|dominio (?:è )?in vendita|este dominio está en venta|"
    r"dit domein is te koop|este domínio está à venda",
    re.IGNORECASE,
)
"""Marks of parking services, and what they say in seven languages."""


def is_challenge(html: str) -> bool:
    """Say whether a document asks the visitor to prove not to be a robot."""
    return _is_wall(html, _CHALLENGE)


@lru_cache(maxsize=32)  # the plan asks again with each page of a site
@lru_cache(maxsize=256)
def is_parked(html: str) -> bool:
    """Say whether a document is a registrar's or a parking service's: whatever it links to is not the site's own."""
    return _is_wall(html, _PARKED)


def _is_wall(html: str, marks: re.Pattern[str]) -> bool:
    looked = html[:MAX_LOOKED_COUNT]
    if not marks.search(looked):
        return False
    body = tree_of(looked).body
    if body is None:
        return True
    for node in body.css("script, style, noscript, template"):
        node.decompose()
    return len(" ".join((body.text(separator=" ") or "").split())) <= MAX_TEXT_COUNT
