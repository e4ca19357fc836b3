"""Are profiles found in the data that a page is built from, each with what it stands below?"""

import json
from typing import Any

from crawler.core.reading.document import tree_of
from crawler.core.reading.page_data import DataLink, data_links

FB, IG = "https://www.facebook.com/atlas", "https://www.instagram.com/atlas"
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
    ("function that fills a global", f'<script>window.__NUXT__=(function(a){{return {{config:{{social:[a,"{IG}"]}}}}}}("{FB}"))</script>', [DataLink(IG, 1, 1, True)]),
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
