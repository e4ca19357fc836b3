"""Are profiles found in the data that a page is built from, each with what it stands below?"""

import json
from typing import Any
from urllib.parse import quote

from crawler.core.reading.document import tree_of
from crawler.core.reading.page_data import DataLink, data_links

FB, IG = "https://www.facebook.com/atlas", "https://www.instagram.com/atlas"
ESCAPED = FB.replace("/", "\\u002F")
OWN = [DataLink(FB, 1, 2, True), DataLink(IG, 1, 2, True)]


def _json(document: Any, attributes: str = "id=__NEXT_DATA__ type=application/json") -> str:
    return f"<script {attributes}>{json.dumps(document)}</script>"


def _pushed(payload: str) -> str:
    return f"<script>self.__next_f.push([1,{json.dumps(payload)}])</script>"


LINKS = [["$", "a", "f", {"href": FB}], ["$", "a", "i", {"href": IG}]]
FOOTER = f"5:{json.dumps(['$', 'footer', None, {'children': LINKS}])}\n"
PROPS = {"props": {"pageProps": {"footer": {"social": [{"label": "f", "url": FB}, {"label": "i", "url": IG}]}}}}
ROWS: list[tuple[str, str, list[DataLink]]] = [
    ("Next, settings", _json(PROPS), OWN),
    ("keys that are networks", _json({"siteSettings": {"facebook": FB, "instagram": IG}}), OWN),
    ("React payload", _pushed(FOOTER), OWN),
    ("React payload in two chunks", _pushed(FOOTER[:60]) + _pushed(FOOTER[60:]), OWN),
    ("Angular", '<script id="ng-state" type="application/json">' + json.dumps({"globals": {"a": FB, "b": IG}}).replace('"', "&q;") + "</script>",
     [DataLink(FB, 1, 1, True), DataLink(IG, 2, 1, True)]),
    ("global", f"<script>window.__INITIAL_STATE__ = {{settings: {{links: ['{FB}', '{IG}',]}}}};</script>", OWN),
    ("function that fills a global", f'<script>window.__NUXT__=(function(a){{return {{config:{{social:[a,"{IG}"]}}}}}}("{FB}"))</script>', OWN),
    ("function that fills what it is given", f'<script>window.__NUXT__=(function(a,b,c){{a.facebook="{ESCAPED}";a.instagram=b;c[0]=a;return {{layout:"default",state:{{settings:{{links:c}}}}}}}}({{}},"{IG}",Array(1)));</script>', OWN),
    ("function whose names are another's", f'<script>window.__NUXT__=(function(a,b){{return {{data:[{{team:[{{links:[a,b]}}]}}]}}}}("{FB}","{IG}"))</script>', [DataLink(FB, 1, 2, False), DataLink(IG, 1, 2, False)]),
    ("function without a call", f'<script>window.__NUXT__=(function(){{return {{config:{{social:["{FB}","{IG}"]}}}}}})</script>', OWN),
    ("text that a script parses", "<script>window.__INITIAL_STATE__ = JSON.parse(" + json.dumps(json.dumps(PROPS)) + ");</script>", OWN),
    ("quoted otherwise", "<script>window.__INITIAL_STATE__ = JSON.parse('" + json.dumps(PROPS) + "');</script>", OWN),
    ("encoded as well", f'<script>window.__DATA = JSON.parse(decodeURIComponent("{quote(json.dumps(PROPS))}")); // facebook.com</script>', OWN),
    ("a text that is no data", '<script>window.__DATA = JSON.parse("facebook.com")</script>', []),
    ("Nuxt, a table of values", _json([["ShallowReactive", 1], {"data": 2}, ["Reactive", 3], {"siteSettings": 4}, {"facebook": 5, "instagram": 6}, FB, IG], "id=__NUXT_DATA__ type=application/json"), OWN),
    ("Nuxt, a table with a circle", _json([["Reactive", 1], {"footer": 2, "again": 0}, [3, 4, -1, 99], FB, IG]), OWN),
    ("SvelteKit", f'<script>{{__sveltekit_1 = {{base: ""}};Promise.all([import("./a.js")]).then(([kit, app]) => {{kit.start(app, element, {{node_ids: [0, 2], data: [null,{{type:"data",data:{{settings:{{facebook:"{FB}",instagram:"{IG}"}}}},uses:{{}}}}],form: null,error: null}});}});}}</script>', OWN),
    ("SvelteKit, an article's author", f'<script>{{__sveltekit_1 = {{}};kit.start(app, element, {{data: [{{type:"data",data:{{post:{{author:{{facebook:"{FB}",instagram:"{IG}"}}}}}}}}]}});}}</script>', [DataLink(FB, 1, 2, False), DataLink(IG, 1, 2, False)]),
    ("Inertia", f"<div id=app data-page='{json.dumps({'props': {'settings': {'facebook': FB, 'instagram': IG}}})}'></div>", OWN),
    ("Astro", f"<astro-island props='{json.dumps({'socials': [1, [[0, {'url': [0, FB]}], [0, {'url': [0, IG]}]]]})}'></astro-island>", OWN),
    ("Alpine", f"<footer x-data=\"{{ pages: [{{ url: '{FB}' }}, {{ url: '{IG}' }}] }}\"></footer>", [DataLink(FB, 1, 2, False), DataLink(IG, 1, 2, False)]),
    ("Alpine, in the footer", f"<footer><ul x-data=\"{{ pages: [{{ url: '{FB}' }}, {{ url: '{IG}' }}] }}\"></ul></footer>", OWN),
    ("Alpine, in a card of a team", f"<div class=team-card><p x-data=\"{{ social: ['{FB}', '{IG}'] }}\"></p></div>", [DataLink(FB, 1, 2, False), DataLink(IG, 1, 2, False)]),
    ("attribute that is no data", f'<div x-data="open(&quot;{FB}&quot;)"></div>', []),
    ("one of the settings", _json({"settings": {"page": FB}}), [DataLink(FB, 1, 1, True)]),
    ("content", _json({"page": {"text": FB}}), [DataLink(FB, 1, 1, False)]),
    ("a team", _json({"team": [{"social": {"facebook": FB, "instagram": IG}}]}), [DataLink(FB, 1, 2, False), DataLink(IG, 1, 2, False)]),
    ("a partner in the footer", _json({"footer": {"partners": [{"url": FB}]}}), [DataLink(FB, 1, 1, False)]),
    ("share button", _json({"footer": {"url": "https://www.facebook.com/sharer.php?u=a"}}), []),
    ("JSON-LD is read elsewhere", _json({"footer": FB}, "type=application/ld+json"), []),
    ("broken", "<script id=__NEXT_DATA__ type=application/json>{</script>" + FB, []),
    ("none", "<script>1</script>", []),
]  # fmt: skip


def test_data() -> None:
    found = {name: data_links(tree_of(html), html) for name, html, _ in ROWS}

    assert found == {name: want for name, _, want in ROWS}
