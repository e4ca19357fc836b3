"""Is whoever made a site told by the credit, and nobody else?"""

import pytest

from crawler.core.judging.makers import makers_of


@pytest.mark.parametrize(
    ("html", "names"),
    [
        pytest.param(
            '<p>Theme by <a href="https://github.com/mardevik">Mardevik</a></p>', {"Mardevik", "mardevik"}, id="theme"
        ),
        pytest.param(
            '<p>Webdesign: <a href="https://www.studio-kranewald.example/x">zur Agentur</a></p>',
            {"zur Agentur", "studio-kranewald"},
            id="agency",
        ),
        pytest.param(
            '<p>© 2026 Atlas | Réalisation <span><a href="https://quill.example">Quill</a></span></p>',
            {"Quill", "quill"},
            id="after the copyright",
        ),
        pytest.param(
            '<p>Site by <a href="https://www.instagram.com/quill.co/"><img alt=""></a></p>', {"quill.co"}, id="account"
        ),
        pytest.param(
            '<p>Powered by <a href="https://gohugo.io/">Hugo</a> &amp; <a href="https://github.com/x/klar">Klar</a> by '
            '<a href="https://github.com/nordhelm">Nordhelm</a></p>',
            {"Hugo", "gohugo", "Klar", "klar", "Nordhelm", "nordhelm"},
            id="by whom the theme is",
        ),
        pytest.param(
            '<p>Powered by Hugo, © <a href="https://atlas-holding.example">Holding</a></p>',
            {"hugo"},
            id="ends at rights",
        ),
        pytest.param(
            '<p><a href="https://www.bgm.example"><img alt="blaugrau medien &ndash; Webdesign"></a></p>',
            {"bgm", "blaugrau medien"},
            id="an agency's logo",
        ),
        pytest.param(
            '<a href="https://www.bgm.example" title="Webdesign: Blaugrau"><svg></svg></a>',
            {"bgm", "blaugrau"},
            id="title",
        ),
        pytest.param('<a href="/webdesign">Webdesign</a>', set(), id="a page about it"),
        pytest.param(
            '<p>Powered by <a href="https://gohugo.io">Hugo</a> | Theme <a href="https://github.com/nordhelm/klar">Klar</a>'
            ' | <a href="https://github.com/atlas">code</a></p>',
            {"Hugo", "gohugo", "Klar", "nordhelm", "klar"},
            id="a repository in the line of a credit",
        ),
        pytest.param('<p>Fork it: <a href="https://github.com/x/y">here</a></p>', set(), id="a repository"),
        pytest.param("<p>Proudly built. Theme by Vestal Themes.</p>", {"vestal themes"}, id="words"),
        pytest.param("<p>Designed by Ada Lund for Atlas</p>", {"ada lund"}, id="ends before for whom"),
        pytest.param('<p>© 2026 by <a href="https://atlas.example">Atlas</a></p>', set(), id="copyright"),
        pytest.param('<p>Designed by Ada, see <a href="https://atlas.example">Atlas</a></p>', {"ada"}, id="goes on"),
        pytest.param('<p>Follow us: <a href="https://x.com/atlas">X</a></p>', set(), id="no credit"),
        pytest.param('<p>Theme by <a href="#">me</a></p>', set(), id="no name"),
        pytest.param("", set(), id="nothing"),
    ],
)
def test_makers(html: str, names: set[str]) -> None:
    assert set(makers_of(html)) == names


def test_only_the_end_of_a_page_is_read() -> None:
    links = '<a href="/a">a</a>' * 200

    assert makers_of(f'Theme by <a href="https://quill.example">Quill</a>{links}') == ()
    assert makers_of(f'{links}<p>Theme by <a href="https://quill.example">Quill</a></p>') == ("Quill", "quill")
