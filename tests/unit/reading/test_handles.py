"""Are accounts found that a page names beside a network's sign, and no others?"""

import pytest

from crawler.core.reading.document import tree_of
from crawler.core.reading.handles import MAX_FOUND_COUNT, unlinked

IG = "https://www.instagram.com/atelier.mira"
X = "https://x.com/atelier_mira"


@pytest.mark.parametrize(
    ("html", "addresses"),
    [
        pytest.param('<p><i class="fab fa-instagram"></i> @atelier.mira</p>', [IG], id="sign of an icon font"),
        pytest.param(
            '<p><img src="/img/instagram.svg" alt=""><span>@atelier.mira</span></p>', [IG], id="picture's file"
        ),
        pytest.param('<p><img src="a.png" alt="Instagram"> @atelier.mira</p>', [IG], id="picture's description"),
        pytest.param("<li><svg><use href='#icon-instagram'></use></svg>@atelier.mira</li>", [IG], id="drawn"),
        pytest.param("<p>Tel. 555<br>Instagram: @atelier.mira<br>Open daily</p>", [IG], id="name in the line"),
        pytest.param("<p><b>Instagram</b>: @atelier.mira</p>", [], id="a colon outside the name, for now"),
        pytest.param("<p><b>Instagram:</b> @atelier.mira</p>", [IG], id="name in letters of its own"),
        pytest.param("<dl><dt>X</dt><dd>@atelier_mira</dd></dl>", [X], id="list of terms"),
        pytest.param("<table><tr><td>Instagram</td><td>@atelier.mira</td></tr></table>", [IG], id="cells"),
        pytest.param("<p>Instagram: instagram.com/atelier.mira</p>", ["instagram.com/atelier.mira"], id="address"),
        pytest.param("<p>www.instagram.com/atelier.mira</p>", [], id="address alone"),
        pytest.param("<p>Photos: instagram.com/atelier.mira</p>", [], id="another name before an address"),
        pytest.param("<p>@atelier.mira</p>", [], id="no sign"),
        pytest.param("<p>Photo: @atelier.mira</p>", [], id="another name"),
        pytest.param('<p><i class="fa fa-camera"></i> @atelier.mira</p>', [], id="another sign"),
        pytest.param("<p>Thanks to @atelier.mira on Instagram</p>", [], id="sentence"),
        pytest.param('<p><i class="fa fa-instagram"></i> Thanks @atelier.mira</p>', [], id="sentence after a sign"),
        pytest.param(
            '<p><i class="fa fa-instagram"></i></p><p>@atelier.mira</p>', [IG], id="sign in the element before"
        ),
        pytest.param('<a href="/p/1"><i class="fa fa-instagram"></i> @atelier.mira</a>', [], id="a link says where"),
        pytest.param('<i class="fa fa-instagram"></i> mira@instagram.example', [], id="e-mail"),
        pytest.param("<style>@media print{}</style><script>@instagram</script>", [], id="no text"),
        pytest.param("", [], id="nothing"),
    ],
)
def test_unlinked(html: str, addresses: list[str]) -> None:
    assert [address for _, address in unlinked(tree_of(html), html)] == addresses


def test_a_list_of_them_ends() -> None:
    html = '<p><i class="fa fa-instagram"></i> @atelier.mira</p>' * 50

    assert len(list(unlinked(tree_of(html), html))) == MAX_FOUND_COUNT
