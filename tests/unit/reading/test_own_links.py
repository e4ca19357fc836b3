"""Is it seen which network a link of the site itself leads to, and nothing where it leads to none?"""

import base64

from hypothesis import given
from hypothesis import strategies as st

from crawler.core.reading.links import extract
from crawler.core.reading.own_links import address_in_base64, hidden_address, network_named
from crawler.records import Engine, Link, Network, Page, Source

DOMAIN = "studio-atlas.example"
SITE = f"https://www.{DOMAIN}"
FB = "https://www.facebook.com/studioatlas"
B64 = base64.b64encode(FB.encode()).decode()

HIDDEN: list[tuple[str, str, str]] = [
    ("query", f"{SITE}/out?url={FB}", FB),
    ("query, encoded", f"{SITE}/go.php?to=https%3A%2F%2Fwww.facebook.com%2Fstudioatlas&id=3", FB),
    ("query, encoded twice", f"{SITE}/out?u=https%253A%252F%252Fwww.facebook.com%252Fstudioatlas", FB),
    ("query without a scheme", f"{SITE}/exit?link=www.facebook.com/studioatlas", "www.facebook.com/studioatlas"),
    ("query without a key", f"{SITE}/exit?{FB}", FB),
    ("query in base64", f"{SITE}/redirect.php?u={B64}", FB),
    ("path in base64", f"{SITE}/away/{B64.rstrip('=')}", FB),
    ("glued", f"{SITE}/instagram.com/studioatlas", "https://instagram.com/studioatlas"),
    ("glued below a folder", f"{SITE}/shop/de/www.facebook.com/studioatlas", FB),
    ("glued with its scheme", f"{SITE}/https://www.facebook.com/studioatlas", FB),
    ("glued with half a scheme", f"{SITE}/https:/www.facebook.com/studioatlas", FB),
    (
        "glued with a query",
        f"{SITE}/www.facebook.com/profile.php?id=123",
        "https://www.facebook.com/profile.php?id=123",
    ),
    ("glued to the name", f"https://{DOMAIN}https://www.facebook.com/studioatlas", FB),
    ("another site", f"https://quay.example/out?url={FB}", ""),
    ("another site's name in front", "https://quay.examplehttps://www.facebook.com/studioatlas", ""),
    ("a share page", f"{SITE}/share?url={FB}", ""),
    ("a sign-in", f"{SITE}/login?next={FB}", ""),
    ("an address elsewhere", f"{SITE}/out?url=https://quay.example/facebook.com", ""),
    ("a text about it", f"{SITE}/search?q=our+facebook.com+page", ""),
    ("the name as a word", f"{SITE}/facebook.com-alternatives", ""),
    ("the host deep in the site", f"{SITE}/a/b/c/d/e/facebook.com/x", ""),
    ("base64 of something else", f"{SITE}/out?u={base64.b64encode(b'https://quay.example/').decode()}", ""),
]

NAMED: list[tuple[str, tuple[str, str, str, str, str], Network | None]] = [
    ("path", (f"{SITE}/website/social/facebook", "", "", "", ""), Network.FACEBOOK),
    ("path with a verb", (f"{SITE}/go-linkedin.php", "", "", "", ""), Network.LINKEDIN),
    ("path of one word", (f"{SITE}/youtube", "", "", "", ""), Network.YOUTUBE),
    ("query", (f"{SITE}/out?to=instagram", "", "", "", ""), Network.INSTAGRAM),
    ("short name in a folder", (f"{SITE}/go/x", "", "", "", ""), Network.TWITTER),
    ("label", (f"{SITE}/l/7", "", "Follow us on TikTok", "", ""), Network.TIKTOK),
    ("icon", (f"{SITE}/l/7", "", "", "", "i fa fa-twitter"), Network.TWITTER),
    ("text", (f"{SITE}/l/7", "", "", "Facebook", ""), Network.FACEBOOK),
    ("class of the link", (f"{SITE}/l/7", "icon icon-youtube", "", "", "svg"), Network.YOUTUBE),
    ("a service", (f"{SITE}/services/facebook-marketing", "", "", "Facebook marketing", ""), None),
    ("an article", (f"{SITE}/blog/why-we-left-twitter", "", "", "Why we left Twitter", ""), None),
    ("a closing cross", (f"{SITE}/close", "", "", "", "i fa fa-x"), None),
    ("one letter", (f"{SITE}/x", "", "", "", ""), None),
    ("its own share page", (f"{SITE}/share/facebook", "", "Facebook", "", ""), None),
    ("sign in with", (f"{SITE}/auth/facebook", "", "Facebook", "", ""), None),
    ("a plain page", (f"{SITE}/kontakt", "", "", "Kontakt", ""), None),
]


def test_hidden_addresses() -> None:
    found = {name: hidden_address(url, DOMAIN) for name, url, _ in HIDDEN}

    assert found == {name: want for name, _, want in HIDDEN}


def test_networks_named() -> None:
    found = {name: network_named(*given) for name, given, _ in NAMED}

    assert found == {name: want for name, _, want in NAMED}


@given(st.text(max_size=80))
def test_any_text_is_looked_into(text: str) -> None:
    hidden_address(f"{SITE}/{text}", DOMAIN)
    hidden_address(f"{SITE}/a?{text}", DOMAIN)
    address_in_base64(text)
    network_named(f"{SITE}/{text}", text, text, text, text)


SCRIPT = "<script src=/site.js></script>"
CARRIED: list[tuple[str, str, Source | None]] = [
    ("handler without a scheme", "<b onclick=\"window.location='www.facebook.com/studioatlas'\">f</b>", Source.ONCLICK),
    ("handler with a double quote", "<b onmousedown='open(\"//facebook.com/studioatlas\")'>f</b>", Source.ONCLICK),
    ("script as an address", "<a href=\"javascript:window.open('www.facebook.com/studioatlas')\">f</a>", Source.ONCLICK),
    ("handler in base64", f"<b onclick=\"go(atob('{B64}'))\">f</b>", Source.ONCLICK),
    ("script that opens it", "<b>f</b><script>f.onclick=()=>open('www.facebook.com/studioatlas')</script>", Source.ONCLICK),
    ("script that goes there", f"<b>f</b><script>f.onclick=()=>{{location.href='{FB}'}}</script>", Source.ONCLICK),
    ("attribute in base64, opened by a file", f'<span data-o="{B64}">f</span>{SCRIPT}', Source.DATA_ATTRIBUTE),
    ("attribute in base64, opened on the page", f'<span rel="{B64}">f</span><script>atob(1)</script>', Source.DATA_ATTRIBUTE),
    ("attribute in base64, opened by nobody", f'<span data-o="{B64}">f</span><script>1</script>', None),
    ("comment", f'<!-- <a href="{FB}">f</a> -->{SCRIPT}', None),
    ("document in the document", f"<iframe srcdoc=\"<a href='{FB}'>f</a>\"></iframe>", Source.ANCHOR),
    ("declarative shadow root", f'<x-f><template shadowrootmode="open"><a href="{FB}">f</a></template></x-f>', Source.ANCHOR),
    ("shadow root in a shadow root", f'<template shadowroot=open><p><template shadowrootmode=closed><a href="{FB}">f</a></template></template>', Source.ANCHOR),
    ("template in a shadow root", f'<template shadowrootmode=open><template><a href="{FB}">f</a></template></template>', None),
    ("plain template", f'<template><a href="{FB}">f</a></template>{SCRIPT}', None),
]  # fmt: skip


def _found(html: str) -> Link | None:
    page = Page(f"{SITE}/", f"{SITE}/", Engine.STATIC, 200, f"<body>{html}</body>")
    named = (link for link in extract(page) if link.url.partition("//")[2].endswith("facebook.com/studioatlas"))
    named_without_scheme = (link for link in extract(page) if link.href.endswith("facebook.com/studioatlas"))
    return next((*named, *named_without_scheme).__iter__(), None)


def test_what_elements_carry() -> None:
    found = {name: link.source if (link := _found(html)) else None for name, html, _ in CARRIED}

    assert found == {name: want for name, _, want in CARRIED}
