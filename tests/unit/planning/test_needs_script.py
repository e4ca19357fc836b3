"""Does the first HTML tell that a browser is needed?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.planning.needs_script import needs_script

LONG = "A long enough paragraph of honest text about bread and cakes. " * 8
SCRIPT = '<script src="/app.js"></script>'
FOOTER = '<footer><a href="/imprint">Imprint</a></footer>'


@pytest.mark.parametrize(
    ("html", "has_profiles", "is_needed", "signal"),
    [
        pytest.param(f"<p>{LONG}</p>{FOOTER}", False, False, "no scripts", id="nothing can change the page"),
        pytest.param(
            '<script type="application/ld+json">{}</script><div id="root"></div>',
            False,
            False,
            "no scripts",
            id="a data block is no script",
        ),
        pytest.param(f'<div id="root"></div>{SCRIPT}', False, True, "empty mount point #root", id="react shell"),
        pytest.param(
            f"<app-root></app-root>{SCRIPT}", False, True, "empty mount point <app-root>", id="angular shell"
        ),
        pytest.param(
            f'<div id="root"><noscript>You need JavaScript</noscript></div>{SCRIPT}',
            False,
            True,
            "empty mount point #root",
            id="a notice does not fill a mount",
        ),
        pytest.param(
            f'<div id="root"><p>{LONG}</p></div>{FOOTER}{SCRIPT}',
            False,
            False,
            "document is complete",
            id="prerendered",
        ),
        pytest.param(f"<p>Loading</p>{SCRIPT}", False, True, "only 7 characters of text", id="thin"),
        pytest.param(
            f"<p>{LONG}</p><footer><div></div></footer>{SCRIPT}", True, True, "footer is empty", id="empty footer"
        ),
        pytest.param(
            f"<p>{LONG}</p><footer>Imprint</footer>{SCRIPT}", False, True, "footer without links", id="bare footer"
        ),
        pytest.param(
            f"<p>{LONG}</p><site-footer></site-footer>{FOOTER}{SCRIPT}",
            True,
            True,
            "custom element <site-footer> is empty",
            id="found, and a footer to come",
        ),
        pytest.param(
            f"<p>{LONG}</p><price-list></price-list>{FOOTER}{SCRIPT}",
            False,
            True,
            "custom element <price-list> is empty",
            id="web component",
        ),
        pytest.param(
            f"<p>{LONG}</p><price-list></price-list>{FOOTER}{SCRIPT}",
            True,
            False,
            "profiles stand in the document",
            id="found, and a web component of something else",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<a href="#" class="fa-facebook"></a>{SCRIPT}',
            False,
            True,
            "social icons without targets",
            id="icon that leads nowhere yet",
        ),
        pytest.param(
            f"<p>{LONG}</p>{FOOTER}{SCRIPT}", True, False, "profiles stand in the document", id="found already"
        ),
        pytest.param(
            f'<div id="root"></div>{SCRIPT}', True, True, "empty mount point #root", id="found, and more to come"
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<ul class="social-links"> </ul>{SCRIPT}',
            True,
            True,
            "social icons without targets",
            id="found, and a block for more",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<a href="#" class="fa-twitter"></a><div class="social-share"></div>{SCRIPT}',
            True,
            False,
            "profiles stand in the document",
            id="found, and a template's leavings",
        ),
        pytest.param(
            f'<a href="https://x.com/harbour">X</a>{SCRIPT}',
            True,
            False,
            "profiles stand in the document",
            id="a visiting card",
        ),
        pytest.param(f"<p>Loading</p>{SCRIPT}", True, True, "only 7 characters of text", id="found in data alone"),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<script>show("https://www.instagram.com/harbour/")</script>',
            False,
            True,
            "profile named in a script",
            id="profile in a script",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<script type="application/json">{{"ig":"https:\\/\\/instagram.com\\/harbour"}}</script>{SCRIPT}',
            False,
            True,
            "profile named in a script",
            id="hydration data",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<script>share("https://www.facebook.com/sharer.php?u=")</script>',
            False,
            False,
            "document is complete",
            id="share button in a script",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<script>$("#f").load("parts/footer.html")</script>',
            False,
            True,
            "part of the page is loaded by a script",
            id="jQuery include",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<script>fetch("/data.json")</script>',
            False,
            False,
            "document is complete",
            id="fetch of data",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<div w3-include-html="x.html"></div>{SCRIPT}',
            False,
            True,
            "part of the page is in another file",
            id="include by attribute",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<script src="https://static.elfsight.com/platform.js"></script>',
            False,
            True,
            "script known to add to pages (elfsight)",
            id="icon widget",
        ),
        pytest.param(
            f"<p>{LONG}</p><p>{{{{ company.name }}}}</p>{FOOTER}{SCRIPT}",
            False,
            True,
            "placeholder {{ company.name }} in the text",
            id="template in the browser",
        ),
        pytest.param(
            f'<p>{LONG}</p><ul><li v-for="a in all"></li></ul>{FOOTER}{SCRIPT}',
            False,
            True,
            "links bound to data by a script",
            id="bound list",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<div id="site-bottom"></div>{SCRIPT}',
            False,
            True,
            "empty element #site-bottom",
            id="an element that waits",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<div id="map"></div>{SCRIPT}',
            False,
            False,
            "document is complete",
            id="a map that waits",
        ),
        pytest.param(
            f"<p>{LONG[:300]}</p>{FOOTER}<script>{'x' * 9000}</script>",
            False,
            True,
            "96% of the document is script",
            id="mostly script",
        ),
        pytest.param(f"<p>{LONG}</p>{SCRIPT}", False, True, "no footer in the document", id="no footer"),
        pytest.param("", False, False, "no scripts", id="nothing at all"),
    ],
)
def test_needs_script(html: str, has_profiles: bool, is_needed: bool, signal: str) -> None:
    need = needs_script(html, has_profiles=has_profiles)

    assert (need.is_needed, need.signal) == (is_needed, signal)


@given(st.text(), st.booleans())
def test_any_text_gets_an_answer(html: str, has_profiles: bool) -> None:
    assert needs_script(html, has_profiles=has_profiles).signal
