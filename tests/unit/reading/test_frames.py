"""Which documents does a page consist of?"""

from crawler.core.reading.frames import MAX_LISTED_COUNT, frames_of
from crawler.records import Engine, Page

HOME = "https://studio-atlas.example/"
TEXT = "<p>" + "We design houses for people who like to stay at home. " * 10 + "</p>"
A, OTHER = f"{HOME}a.html", "https://quay.example/a.html"
COVER = f'<iframe src="{OTHER}" style="width: 100vw; height:100vh"></iframe>'
ROWS: list[tuple[str, str, tuple[str, ...]]] = [
    ("frameset", "<frameset><frame src=a.html><frame src=b.html></frameset>", (A, f"{HOME}b.html")),
    ("frameset over another host", f"<frameset><frame src={OTHER}></frameset>", (OTHER,)),
    ("frame of the same site", f"{TEXT}<iframe src=/a.html></iframe>", (A,)),
    ("lazy frame", f"{TEXT}<iframe data-src=/a.html></iframe>", (A,)),
    ("object", f"{TEXT}<object data=a.html type=text/html></object>", (A,)),
    ("a name below the site's", f"{TEXT}<iframe src=//www.studio-atlas.example/a></iframe>", ("https://www.studio-atlas.example/a",)),
    ("frame that is all there is", COVER, (OTHER,)),
    ("frame that fills a page with text", TEXT + COVER, ()),
    ("frame of another site", f"{TEXT}<iframe src={OTHER}></iframe>", ()),
    ("unseen frames", f"{TEXT}<iframe src=/a height=0></iframe><iframe src=/b width=1px></iframe><iframe src=/c hidden></iframe>", ()),
    ("no documents", f"{TEXT}<iframe src=/a.pdf></iframe><iframe src=about:blank></iframe><object data=/a.swf></object>", ()),
    ("itself", f"{TEXT}<iframe src=/></iframe>", ()),
    ("no frames", TEXT, ()),
]  # fmt: skip


def _page(html: str) -> Page:
    return Page(HOME, HOME, Engine.STATIC, 200, html)


def test_frames() -> None:
    assert {name: frames_of(_page(html)) for name, html, _ in ROWS} == {name: want for name, _, want in ROWS}


def test_the_number_of_frames_is_bounded() -> None:
    many = "".join(f"<frame src={n}.html>" for n in range(500))

    assert len(frames_of(_page(f"<frameset>{many}</frameset>"))) == MAX_LISTED_COUNT
