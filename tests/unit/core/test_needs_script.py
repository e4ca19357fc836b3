"""Does the first HTML tell that a browser is needed?"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.core.needs_script import needs_script

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
            f"<p>{LONG}</p><footer><div></div></footer>{SCRIPT}", False, True, "footer without links", id="bare footer"
        ),
        pytest.param(
            f"<p>{LONG}</p><site-footer></site-footer>{FOOTER}{SCRIPT}",
            False,
            True,
            "custom element <site-footer> is empty",
            id="web component",
        ),
        pytest.param(
            f'<p>{LONG}</p>{FOOTER}<a href="#" class="fa-facebook"></a>{SCRIPT}',
            False,
            True,
            "social icons without targets",
            id="icon that leads nowhere yet",
        ),
        pytest.param(
            f'<div id="root"></div>{SCRIPT}', True, False, "profiles stand in the document", id="found already"
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
