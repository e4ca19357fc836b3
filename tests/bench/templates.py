"""What kinds of websites are there to find profiles on?

Each template writes the pages of one generated site with a :class:`Maker`: served whole, put together by a framework's
way of working, late, on another page, behind a redirect, or with nothing to find.  Sizes and delays are drawn from the
site's own dice, so that the same site comes out every time.
"""

import json
import random
from collections.abc import Callable
from functools import cache

WORDS = (
    "harbour lantern granite willow ember copper meadow falcon cedar amber juniper saffron pebble rowan tidal".split()
)
IMAGES_COUNT = 8
"""Pictures of a page; half of what the median page has (HTTP Archive, Web Almanac 2024, page weight)."""

AGENCY = "https://www.instagram.com/brightpixelagency/"
"""The same maker's credit on many sites: nobody's own profile."""


class Maker:
    """Writes the pages of one site.

    Args:
        dice: the site's own.
        host: its host name.
        name: what it calls itself.
        profiles: what is to be found, by network.
    """

    def __init__(self, dice: random.Random, host: str, name: str, profiles: dict[str, str]) -> None:
        self.dice, self.host, self.name, self.profiles = dice, host, name, profiles
        self.pages: dict[str, str] = {}
        self.delays_ms: dict[str, int] = {"/": dice.choice((0, 0, 0, 40, 150, 400))}
        self.statuses: dict[str, int] = {}
        self.redirects: dict[str, str] = {}
        self.also_hosts: tuple[str, ...] = ()
        self.text = "".join(
            f"<p>{' '.join(dice.choice(WORDS) for _ in range(60)).capitalize()}.</p>"
            for _ in range(dice.randint(4, 12))
        )

    def links(self) -> str:
        """The profiles as one of six usual footers shows them."""
        items = list(self.profiles.items())
        shape = self.dice.randrange(6)
        if shape == 0:
            return "".join(f'<a href="{url}" aria-label="{name}"><svg width="1"></svg></a>' for name, url in items)
        if shape == 1:
            return " | ".join(f'<a href="{url}">{name.title()}</a>' for name, url in items)
        if shape == 2:
            icons = "".join(
                f'<li><a href="{url}" target="_blank"><i class="fab fa-{name}"></i></a></li>' for name, url in items
            )
            return f'<ul class="social-icons">{icons}</ul>'
        if shape == 3:
            rows = "".join(f'<li><a href="{url}">Follow us on {name.title()}</a></li>' for name, url in items)
            return f"<h4>Follow us</h4><ul>{rows}</ul>"
        if shape == 4:
            images = "".join(f'<a href="{url}"><img src="/img/{name}.svg" alt="{name}"></a>' for name, url in items)
            return f'<div class="connect"><span>Connect</span>{images}</div>'
        icons = "".join(
            f'<a href="{url}" title="{name.title()}"><span class="icon-{name}"></span></a>' for name, url in items
        )
        return f'{icons}<p class="credit">Website by <a href="{AGENCY}">Bright Pixel</a></p>'

    def page(self, body: str, *, head: str = "", path: str = "/", weight: int = 0, script: str = "") -> "Maker":
        """Add a page with a header, pictures, and styles and scripts of a usual weight, in bytes."""
        weight = weight or self.dice.choice((8_000, 25_000, 40_000, 90_000))
        styles = f"<style>{_styles(weight // 4)}</style><link rel=stylesheet href=/site.css>"
        library = f"<script>{_library(weight // 4)}window.dataLayer=[]</script><script src=/library.js></script>"
        self.pages["/library.js"] = _library(80_000)
        self.pages["/site.css"] = _styles(60_000)
        pictures = "".join(f"<img src=/img/{n}.png width=600 height=400>" for n in range(IMAGES_COUNT))
        self.pages[path] = (
            f"<!doctype html><html lang=en><head><meta charset=utf-8><title>{self.name}</title>{styles}{head}</head>"
            f"<body><header><strong>{self.name}</strong><nav><a href=/>Home</a><a href=/contact>Contact</a></nav></header>"
            f"{body}{pictures}{library}{script}</body></html>"
        )
        return self

    def shell(self, script: str, *, mount: str = '<div id="root"></div>', head: str = "") -> "Maker":
        """Add a page that is nothing without its script, which finds ``mount()`` and ``frame`` at hand."""
        self.pages["/"] = (
            f"<!doctype html><html><head><meta charset=utf-8><title>{self.name}</title>{head}</head>"
            f"<link rel=stylesheet href=/site.css><body>{mount}<script src=/app.js></script></body></html>"
        )
        pictures = "".join(f"<img src=/img/{n}.png width=600 height=400>" for n in range(IMAGES_COUNT))
        body = f"<header><b>{self.name}</b></header><main>{self.text}{pictures}</main><footer id=foot></footer>"
        frame = json.dumps(body)
        self.pages["/site.css"] = _styles(60_000)
        library = _library(self.dice.choice((80_000, 200_000, 400_000)))
        mounted = "(document.querySelector('#root,#app,app-root')||document.body)"
        self.pages["/app.js"] = f"{library}const frame={frame};{mounted}.innerHTML=frame;{script}"
        self.delays_ms["/app.js"] = self.dice.choice((0, 0, 60, 200))
        return self.api()

    def api(self) -> "Maker":
        """Add what scripts fetch."""
        self.pages["/api/site.json"] = json.dumps({"links": self.links(), "list": list(self.profiles.items())})
        self.delays_ms["/api/site.json"] = self.dice.choice((50, 200, 600))
        return self

    def shown(self, target: str = "foot") -> str:
        """Script that shows the profiles."""
        return f"document.getElementById('{target}').innerHTML={json.dumps(self.links())};"

    def fetched(self, target: str = "foot") -> str:
        """Script that fetches the profiles and shows them."""
        return (
            "fetch('/api/site.json').then(a=>a.json())"
            f".then(d=>{{document.getElementById('{target}').innerHTML=d.links}})"
        )


@cache
def _library(size: int) -> str:
    """About ``size`` characters of script as a bundle has it: many functions, each of them run a few times."""
    function = (
        "F[{n}]=function(a,b){{var o={{k:a,v:b,n:{n}}},s=[];for(var i=0;i<12;i++){{s.push(o.k+i*{n});o['p'+i]=s.length}}"
        "return s.map(function(x){{return x%7}}).filter(Boolean).join('-')+JSON.stringify(o)}};"
    )
    one = function.format(n=1)
    body = "".join(function.format(n=number) for number in range(size // len(one)))
    return (
        f"(function(){{var F=[];{body}var r=0;for(var j=0;j<20;j++)for(var f of F)r+=f(j,r).length;window.__r=r}})();"
    )


@cache
def _styles(size: int) -> str:
    rule = ".c{n} .d{n}>a:hover{{color:#12{n:04x};margin:{n}px auto;padding:0 {n}px;display:flex}}"
    return "".join(rule.format(n=number) for number in range(size // len(rule)))


def _served(make: Maker, footer: str, **options: str) -> Maker:
    return make.page(f"<main>{make.text}</main><footer>{footer}</footer>", **options)  # type: ignore[arg-type]


def _json_ld(make: Maker) -> Maker:
    data = {"@type": "LocalBusiness", "name": make.name, "sameAs": list(make.profiles.values())}
    return _served(make, "-", head=f'<script type="application/ld+json">{json.dumps(data)}</script>')


def _contact(make: Maker) -> Maker:
    make.page(f"<main><h1>Contact</h1>{make.links()}</main><footer>-</footer>", path="/contact")
    return _served(make, "<a href=/imprint>Imprint</a>")


def _slow(make: Maker) -> Maker:
    make.delays_ms["/"] = 1200
    return _served(make, make.links())


def _status(status: int) -> Callable[[Maker], Maker]:
    def build(make: Maker) -> Maker:
        make.statuses["/"] = status
        return _served(make, make.links())

    return build


def _broken(make: Maker) -> Maker:
    make.statuses["/"] = 500
    return make.page("<h1>Error</h1>")


def _folder(make: Maker) -> Maker:
    make.redirects["/"] = "/en/"
    return make.page(f"<main>{make.text}</main><footer>{make.links()}</footer>", path="/en/")


def _moved(make: Maker) -> Maker:
    other = make.host.replace("site", "moved")
    make.also_hosts = (other,)
    make.redirects["/"] = f"//{other}:{{port}}/welcome"
    return make.page(f"<main>{make.text}</main><footer>{make.links()}</footer>", path="/welcome")


def _refresh(make: Maker) -> Maker:
    make.pages["/"] = '<!doctype html><title>-</title><meta http-equiv="refresh" content="0; url=/home.html">'
    return make.page(f"<main>{make.text}</main><footer>{make.links()}</footer>", path="/home.html")


def _hydrated(make: Maker) -> Maker:
    data = f'<script id="__NEXT_DATA__" type="application/json">{json.dumps({"props": make.profiles})}</script>'
    body = f'<div id="__next"><main>{make.text}</main><footer>{make.links()}</footer></div>'
    return make.page(f"{body}{data}")


def _partial(make: Maker) -> Maker:
    """One profile in the header; the footer that has all comes by script."""
    first = next(iter(make.profiles.values()))
    make.api()
    return make.page(
        f'<div class=top><a href="{first}" aria-label="profile"><svg></svg></a></div><main>{make.text}</main>'
        "<footer id=foot></footer>",
        script=f"<script>{make.fetched()}</script>",
    )


def _included(make: Maker) -> Maker:
    make.pages["/parts/footer.html"] = f"<div>{make.links()}</div>"
    return make.page(
        f"<main>{make.text}</main><div id=bottom></div><footer><a href=/imprint>Imprint</a></footer>",
        script="<script>fetch('parts/footer.html').then(a=>a.text()).then(t=>{bottom.innerHTML=t})</script>",
    )


def _custom_element(make: Maker) -> Maker:
    return make.page(
        f"<main>{make.text}</main><site-footer></site-footer>",
        script="<script>customElements.define('site-footer',class extends HTMLElement{connectedCallback(){"
        f"this.innerHTML={json.dumps(make.links())}}}}})</script>",
    )


def _bound(make: Maker) -> Maker:
    """The way of Alpine and Vue: a template that a small runtime repeats."""
    runtime = (
        "const t=document.querySelector('template[x-for]');"
        "fetch('/api/site.json').then(a=>a.json()).then(d=>{for(const [n,u] of d.list){"
        "const e=t.content.cloneNode(true).firstElementChild;e.href=u;e.textContent=n;t.parentNode.append(e)}})"
    )
    make.api()
    return make.page(
        f'<main>{make.text}</main><footer><a href=/imprint>Imprint</a><template x-for="p in all"><a></a></template></footer>',
        script=f"<script>{runtime}</script>",
    )


def _placeholders(make: Maker) -> Maker:
    return make.page(
        f"<main><h1>{{{{ company }}}}</h1>{make.text}</main><footer id=foot><a href=/imprint>Imprint</a></footer>",
        script=f"<script>document.querySelector('h1').textContent='Welcome';{make.shown()}</script>",
    )


def _stubs(make: Maker) -> Maker:
    """Icons whose addresses a script fills in."""
    stubs = "".join(f'<a href="#" data-n="{name}"><i class="fab fa-{name}"></i></a>' for name in make.profiles)
    filled = f"const all={json.dumps(make.profiles)};for(const a of document.querySelectorAll('[data-n]'))a.href=all[a.dataset.n];"
    return make.page(
        f"<main>{make.text}</main><footer>{stubs}<a href=/imprint>Imprint</a></footer>",
        script=f"<script>{filled}</script>",
    )


def _framed(make: Maker) -> Maker:
    make.pages["/footer.html"] = f"<!doctype html><title>-</title><body>{make.links()}</body>"
    return make.shell("document.getElementById('foot').innerHTML='<iframe src=/footer.html></iframe>';" + make.shown())


def _late(make: Maker) -> Maker:
    return make.shell(f"setTimeout(()=>{{{make.shown()}}},{make.dice.randint(300, 3000)});")


def _elements(make: Maker) -> Maker:
    """The way of React: elements made one by one in a later task, the page drawn again when its data is there."""
    build = (
        "const h=(t,p,...c)=>{const e=document.createElement(t);Object.assign(e,p);e.append(...c);return e};"
        "queueMicrotask(()=>{const f=document.getElementById('foot');f.append(h('span',{textContent:'Loading'}));"
        "fetch('/api/site.json').then(a=>a.json()).then(d=>{f.replaceChildren("
        "...d.list.map(([n,u])=>h('a',{href:u,ariaLabel:n},h('i',{className:'icon-'+n}))))})})"
    )
    return make.shell(build)


def _routed(make: Maker) -> Maker:
    return make.shell(
        "const show=()=>{document.getElementById('foot').innerHTML=location.hash==='#/contact'?"
        f"{json.dumps(make.links())}:'<a href=\"#/contact\">Contact</a>'}};addEventListener('hashchange',show);show();"
    )


def _pushed(make: Maker) -> Maker:
    """Routes without "#": the server gives the same shell for all."""
    make.shell(
        "document.getElementById('foot').innerHTML=location.pathname==='/contact'?"
        f"{json.dumps(make.links())}:'<a href=\"/contact\">Contact</a>';"
    )
    make.pages["/contact"] = make.pages["/"]
    return make


def _crashing(make: Maker) -> Maker:
    """A feature that the light engine (1.0.2) does not have, and nothing after it."""
    make.shell(make.shown())
    make.pages["/app.js"] = "new RTCPeerConnection();" + make.pages["/app.js"]
    return make


TEMPLATES: dict[str, Callable[[Maker], Maker]] = {
    "footer": lambda make: _served(make, make.links()),
    "header": lambda make: make.page(
        f"<div class=top-bar>{make.links()}</div><main>{make.text}</main><footer>-</footer>"
    ),
    "sidebar": lambda make: make.page(f"<main>{make.text}</main><aside>{make.links()}</aside><footer>-</footer>"),
    "JSON-LD": _json_ld,
    "contact page": _contact,
    "heavy page": lambda make: make.page(
        f"<main>{make.text * 20}</main><footer>{make.links()}</footer>", weight=400_000
    ),
    "slow server": _slow,
    "404 with a footer": _status(404),
    "503 with a footer": _status(503),
    "language folder": _folder,
    "moved to another domain": _moved,
    "meta refresh": _refresh,
    "hydrated": _hydrated,
    "jQuery site": lambda make: _served(make, make.links(), script="<script>document.title+=''</script>"),
    "nothing": lambda make: make.page(f"<main>{make.text}</main><footer>No links</footer>"),
    "share bar": lambda make: make.page(
        f'<main>{make.text}<div class=share><a href="https://www.facebook.com/sharer.php?u=x">f</a></div></main>'
        "<footer>-</footer>"
    ),
    "error": _broken,
    "soft 404": lambda make: make.page("<h1>Page not found</h1><p>Nothing here</p>"),
    "footer script": lambda make: make.page(
        f"<main>{make.text}</main><footer id=foot></footer>", script=f"<script>{make.shown()}</script>"
    ),
    "one served, all by script": _partial,
    "footer from a file": _included,
    "custom element": _custom_element,
    "bound list": _bound,
    "placeholders": _placeholders,
    "icons without targets": _stubs,
    "fetch": lambda make: make.shell(f"{make.fetched()};"),
    "elements": _elements,
    "vue shell": lambda make: make.shell(f"{make.fetched()};", mount="<div id=app></div>"),
    "angular shell": lambda make: make.shell(f"{make.fetched()};", mount="<app-root></app-root>"),
    "svelte shell": lambda make: make.shell(f"{make.fetched()};", mount=""),
    "meta in the shell": lambda make: make.shell(
        f"{make.fetched()};",
        head='<meta name="twitter:site" content="@' + make.profiles.get("twitter", "/x")[-6:] + '">',
    ),
    "late": _late,
    "chain of five": lambda make: make.shell(
        f"(async()=>{{for(let i=0;i<4;i++)await fetch('/api/site.json');{make.fetched()}}})();"
    ),
    "idle": lambda make: make.shell(f"requestIdleCallback(()=>{{{make.shown()}}});"),
    "in view": lambda make: make.shell(
        "new IntersectionObserver((e,o)=>{if(e[0].isIntersecting){o.disconnect();"
        f"{make.shown()}}}}}).observe(document.getElementById('foot'));"
    ),
    "shadow root": lambda make: make.shell(
        f"document.getElementById('foot').attachShadow({{mode:'open'}}).innerHTML={json.dumps(make.links())};"
    ),
    "frame": _framed,
    "ticker": lambda make: make.shell(f"setInterval(()=>{{document.title+='.'}},50);{make.fetched()};"),
    "polling": lambda make: make.shell(f"setInterval(()=>fetch('/api/ping'),300);{make.fetched()};"),
    "hash routes": _routed,
    "pushed routes": _pushed,
    "missing feature": _crashing,
}
NONE = frozenset({"nothing", "share bar", "error", "soft 404"})
"""Templates without a profile of the site's own."""
PLAIN = ("footer", "header", "sidebar", "jQuery site", "hydrated", "JSON-LD", "contact page", "nothing")
"""Kinds of which there are most: of 57 real sites 22 needed a browser."""

USUAL = ("footer", "header", "hydrated", "contact page", "footer", "fetch", "vue shell", "elements")
"""Kinds that take about as long as each other, the plain ones more often: for how many sites a minute there can be,
since one slow site at the end of a run would say more of itself than of the crawler."""
