"""Is the website that people posted the organisation's own?"""

import pytest

from crawler.core.planning.website import website
from crawler.records import Failure
from crawler.urls import SiteUrl


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("https://www.google.com/url?q=https%3A%2F%2Fa.example%2F&sa=U", "https://a.example/", id="a search"),
        pytest.param("https://l.facebook.com/l.php?u=https%3A%2F%2Fa.example&h=x", "https://a.example/", id="Facebook's host"),
        pytest.param("https://www.facebook.com/l.php?u=https%3A%2F%2Fa.example", "https://a.example/", id="Facebook's path"),
        pytest.param("https://www.youtube.com/redirect?q=a.example&event=x", "https://a.example/", id="YouTube, no scheme"),
        pytest.param("https://www.linkedin.com/redir/redirect?url=https%3A%2F%2Fa.example", "https://a.example/", id="LinkedIn"),
        pytest.param("https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fa.example&data=1", "https://a.example/", id="a mail program"),
        pytest.param("https://www.google.com/url?q=https%3A%2F%2Fl.facebook.com%2Fl.php%3Fu%3Dhttps%253A%252F%252Fa.example", "https://a.example/", id="one in another"),
        pytest.param("https://www.facebook.com/studioatlas", "https://www.facebook.com/studioatlas", id="a profile is none"),
        pytest.param("https://www.google.com/url?q=54", None, id="a number inside"),
        pytest.param("https://www.yelp.com/biz/atlas", None, id="a directory"),
        pytest.param("https://www.google.com/url?q=https%3A%2F%2Fwww.yelp.com%2Fbiz%2Fatlas", None, id="a directory inside"),
    ],
)  # fmt: skip
def test_website(text: str, expected: str | None) -> None:
    found = website(text)

    assert isinstance(found, SiteUrl if expected else Failure)
    assert getattr(found, "url", None) == expected
