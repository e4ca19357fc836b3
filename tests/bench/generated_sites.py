"""Websites for the benchmark: as many as wanted, of many templates, the same ones every time.

Each site is a host name ``site0001.localhost`` with pages of realistic size, scripts and delays, and known profiles.
"""

import asyncio
import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

WORDS = (
    "harbour lantern granite willow ember copper meadow falcon cedar amber juniper saffron pebble rowan tidal".split()
)
TRADES = "bakery studio dental cycles yoga brewery gallery garage florist museum theatre clinic".split()
LATENCY_MS = 30
"""Added to every answer; about what a site on the same continent takes."""


@dataclass(frozen=True)
class GeneratedSite:
    """One site: its pages by path, what they are delayed by, and its profiles by network."""

    host: str
    template: str
    profiles: dict[str, str]
    pages: dict[str, str]
    delays_ms: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, int] = field(default_factory=dict)


def generate(count: int) -> list[GeneratedSite]:
    """Return sites, the templates in turn."""
    return [_site(number) for number in range(count)]


def _site(number: int) -> GeneratedSite:
    dice = random.Random(number)
    word, trade = dice.choice(WORDS), dice.choice(TRADES)
    name = f"{word}{trade}{number}"
    everything = {
        "facebook": f"https://www.facebook.com/{name}",
        "instagram": f"https://www.instagram.com/{name}/",
        "linkedin": f"https://www.linkedin.com/company/{name}",
        "twitter": f"https://x.com/{name[:15]}",
        "tiktok": f"https://www.tiktok.com/@{name}",
        "youtube": f"https://www.youtube.com/@{name}",
    }
    kept = sorted(dice.sample(sorted(everything), dice.randint(2, 4)))
    profiles = {network: everything[network] for network in kept}
    template = sorted(TEMPLATES)[number % len(TEMPLATES)]
    made = TEMPLATES[template](Maker(dice, f"{word.title()} {trade.title()}", profiles))
    found = {} if template in NONE else profiles
    return GeneratedSite(f"site{number:04}.localhost", template, found, made.pages, made.delays_ms, made.statuses)


class Maker:
    """Writes the pages of one site."""

    def __init__(self, dice: random.Random, name: str, profiles: dict[str, str]) -> None:
        self.dice, self.name, self.profiles = dice, name, profiles
        self.pages: dict[str, str] = {}
        self.delays_ms: dict[str, int] = {}
        self.statuses: dict[str, int] = {}
        self.text = "".join(
            f"<p>{' '.join(dice.choice(WORDS) for _ in range(60)).capitalize()}.</p>"
            for _ in range(dice.randint(4, 12))
        )

    @property
    def icons(self) -> str:
        return "".join(
            f'<a href="{url}" aria-label="{name}"><svg width="1"></svg></a>' for name, url in self.profiles.items()
        )

    @property
    def words(self) -> str:
        return " | ".join(f'<a href="{url}">{name.title()}</a>' for name, url in self.profiles.items())

    def page(self, body: str, *, head: str = "", path: str = "/", weight: int = 40_000) -> "Maker":
        """Add a page with a header, inline styles and scripts of a usual weight."""
        styles = f"<style>{'.a{color:#123456}' * (weight // 34)}</style>"
        script = f"<script>/*{'x' * (weight // 2)}*/window.dataLayer=[]</script>"
        self.pages[path] = (
            f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{self.name}</title>{styles}{head}</head>"
            f"<body><header><strong>{self.name}</strong><nav><a href=/>Home</a><a href=/contact>Contact</a></nav></header>"
            f"{body}{script}</body></html>"
        )
        return self

    def shell(self, script: str) -> "Maker":
        """Add a page that is nothing without its script."""
        self.pages["/"] = (
            f"<!doctype html><html><head><title>{self.name}</title></head><body><div id=root></div>"
            f'<script src="/app.js"></script></body></html>'
        )
        frame = json.dumps(f"<header><b>{self.name}</b></header><main>{self.text}</main><footer id=foot></footer>")
        library = f"/*{'y' * 120_000}*/"
        self.pages["/app.js"] = f"{library}document.getElementById('root').innerHTML={frame};{script}"
        self.pages["/api/site.json"] = json.dumps({"icons": self.icons})
        self.delays_ms["/api/site.json"] = self.dice.choice((50, 200, 600))
        return self

    def shown(self) -> str:
        """Script that shows the icons."""
        return f"document.getElementById('foot').innerHTML={json.dumps(self.icons)};"


def _contact(make: Maker) -> Maker:
    make.page(f"<main><h1>Contact</h1>{make.words}</main><footer>-</footer>", path="/contact")
    return make.page(f"<main>{make.text}</main><footer>Imprint</footer>")


def _slow(make: Maker) -> Maker:
    make.delays_ms["/"] = 800
    return make.page(f"<main>{make.text}</main><footer>{make.icons}</footer>")


def _broken(make: Maker) -> Maker:
    make.statuses["/"] = 500
    return make.page("<h1>Error</h1>")


def _late(delay_ms: int) -> Callable[[Maker], Maker]:
    return lambda make: make.shell(f"setTimeout(()=>{{{make.shown()}}},{delay_ms});")


FETCH = "fetch('/api/site.json').then(a=>a.json()).then(d=>{document.getElementById('foot').innerHTML=d.icons})"

TEMPLATES: dict[str, Callable[[Maker], Maker]] = {
    "footer icons": lambda make: make.page(f"<main>{make.text}</main><footer>{make.icons}</footer>"),
    "footer words": lambda make: make.page(f"<main>{make.text}</main><footer>{make.words}</footer>"),
    "header icons": lambda make: make.page(
        f"<div class=top-bar>{make.icons}</div><main>{make.text}</main><footer>-</footer>"
    ),
    "sidebar": lambda make: make.page(
        f"<main>{make.text}</main><aside><h3>Follow us</h3>{make.words}</aside><footer>-</footer>"
    ),
    "JSON-LD": lambda make: make.page(
        f"<main>{make.text}</main><footer>-</footer>",
        head=f'<script type="application/ld+json">{json.dumps({"@type": "LocalBusiness", "name": make.name, "sameAs": list(make.profiles.values())})}</script>',
    ),
    "contact page": _contact,
    "heavy page": lambda make: make.page(
        f"<main>{make.text * 20}</main><footer>{make.icons}</footer>", weight=400_000
    ),
    "slow server": _slow,
    "nothing": lambda make: make.page(f"<main>{make.text}</main><footer>No links</footer>"),
    "share bar": lambda make: make.page(
        f'<main>{make.text}<div class=share><a href="https://www.facebook.com/sharer.php?u=x">f</a></div></main><footer>-</footer>'
    ),
    "error": _broken,
    "fetch": lambda make: make.shell(f"{FETCH};"),
    "late 1 s": _late(1000),
    "late 3 s": _late(3000),
    "chain of five": lambda make: make.shell(
        f"(async()=>{{for(let i=0;i<4;i++)await fetch('/api/site.json');{FETCH}}})();"
    ),
    "idle": lambda make: make.shell(f"requestIdleCallback(()=>{{{make.shown()}}});"),
    "in view": lambda make: make.shell(
        f"new IntersectionObserver((e,o)=>{{if(e[0].isIntersecting){{o.disconnect();{make.shown()}}}}}).observe(document.getElementById('foot'));"
    ),
    "shadow root": lambda make: make.shell(
        f"document.getElementById('foot').attachShadow({{mode:'open'}}).innerHTML={json.dumps(make.icons)};"
    ),
    "ticker": lambda make: make.shell(f"setInterval(()=>{{document.title+='.'}},50);{FETCH};"),
    "polling": lambda make: make.shell(f"setInterval(()=>fetch('/api/ping'),300);{FETCH};"),
    "route": lambda make: make.shell(
        "const show=()=>{document.getElementById('foot').innerHTML=location.hash==='#/contact'?"
        f"{json.dumps(make.words)}:'<a href=\"#/contact\">Contact</a>'}};addEventListener('hashchange',show);show();"
    ),
    "footer script": lambda make: make.page(
        f"<main>{make.text}</main><footer id=foot></footer><script>{make.shown()}</script>"
    ),
}
NONE = frozenset({"nothing", "share bar", "error"})


def application(sites: list[GeneratedSite]) -> Starlette:
    """Serve the sites by host name."""
    by_host = {site.host: site for site in sites}

    async def answer(request: Request) -> Response:
        site = by_host.get(request.url.hostname or "")
        path = request.url.path
        await asyncio.sleep((LATENCY_MS + (site.delays_ms.get(path, 0) if site else 0)) / 1000)
        if site is None or path not in site.pages:
            return Response("not found", 404, media_type="text/html")
        kind = (
            "application/javascript"
            if path.endswith(".js")
            else "application/json"
            if path.endswith("json")
            else "text/html"
        )
        return Response(site.pages[path], site.statuses.get(path, 200), media_type=kind)

    return Starlette(routes=[Route("/{path:path}", answer)])


def serve(sites: list[GeneratedSite], port: int) -> None:
    """Serve until the process is ended."""
    uvicorn.run(application(sites), host="127.0.0.1", port=port, log_level="error", access_log=False)
