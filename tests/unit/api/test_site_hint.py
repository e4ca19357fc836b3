"""Is the field that was meant named where site_web is missing?"""

from typing import Any

import pytest

from api.site_hint import site_hint

SITE = "https://studio-atlas.example"


@pytest.mark.parametrize(
    ("item", "hint"),
    [
        pytest.param({"website": SITE}, 'as site_web instead of "website"', id="the usual name"),
        pytest.param({"Site web": "studio-atlas.example"}, 'instead of "Site web"', id="as a person writes it"),
        pytest.param({"contact:website": SITE}, 'instead of "contact:website"', id="a map's key"),
        pytest.param({"tags": {"website": SITE}}, 'instead of "tags.website"', id="inside an object"),
        pytest.param({"site_web": "-", "url": SITE}, 'they look to be in "url"', id="site_web is there, without one"),
        pytest.param(
            {"website": SITE, "homepage": "https://x.example"}, '"website" or "homepage"', id="several are all named"
        ),
        pytest.param({"website": "none yet"}, "", id="called so, without a website"),
        pytest.param({"note": SITE}, "", id="a website in a field of another name"),
        pytest.param({"website": 5, "site_web": None}, "", id="a number"),
        pytest.param({}, "", id="nothing"),
    ],
)
def test_the_field_that_looks_right_is_named(item: dict[str, Any], hint: str) -> None:
    found = site_hint([item])

    assert hint in found
    assert bool(hint) == bool(found)
