"""Is a page pictured, and is there a sentence where it cannot be?"""

import asyncio

import pytest

from crawler.config import Settings
from crawler.picture import PictureError, picture_of
from crawler.records import Engine
from tests.render.site import needs, serving

pytestmark = pytest.mark.render


def test_a_page_is_pictured_and_what_is_refused_is_not() -> None:
    needs(Engine.CHROMIUM)
    with serving({"/": "<p style='height: 9000px'><a href='https://www.facebook.com/atlas'>Facebook</a>"}) as site:
        allowed = Settings(allow_hosts=(site.address,))
        picture = asyncio.run(picture_of(f"http://{site.address}/", allowed, marked=["https://facebook.com/atlas/"]))
        with pytest.raises(PictureError, match=r"^no screenshot: blocked_address: loopback"):
            asyncio.run(picture_of(f"http://{site.address}/x", Settings()))

    assert picture.startswith(b"\xff\xd8\xff")
    assert site.asked["/x"] == 0
