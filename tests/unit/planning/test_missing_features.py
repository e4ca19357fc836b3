import pytest

from crawler.core.planning.missing_features import BUILT_IN, missing_feature_in, silent_feature_in


@pytest.mark.parametrize(
    ("error", "want"),
    [
        pytest.param("ReferenceError: caches is not defined", "caches", id="a name that is not there"),
        pytest.param(
            "Uncaught ReferenceError: RTCPeerConnection is not defined", "RTCPeerConnection", id="Chromium's words"
        ),
        pytest.param(
            "TypeError: window.AudioContext is not a constructor", "AudioContext", id="a member that is not there"
        ),
        pytest.param(
            "TypeError: document.startViewTransition is not a function", "startViewTransition", id="a method"
        ),
        pytest.param(
            "TypeError: Cannot read properties of undefined (reading 'createPolicy')",
            "trustedTypes",
            id="read of nothing",
        ),
        pytest.param(
            "TypeError: Cannot read properties of undefined (reading 'push')", "", id="read of nothing in particular"
        ),
        pytest.param("ReferenceError: gtag is not defined", "", id="a tracker that was blocked"),
        pytest.param("ReferenceError: cachesOfMine is not defined", "", id="whole names only"),
        pytest.param("", "", id="nothing said"),
    ],
)
def test_lacking(error: str, want: str) -> None:
    assert missing_feature_in([error]) == want


def test_first_one_counts() -> None:
    assert missing_feature_in(["$ is not defined", "caches is not defined", "MediaSource is not defined"]) == "caches"


def test_customised_built_in_elements_fail_in_silence() -> None:
    rows = {
        '<ul is="social-list"></ul>': BUILT_IN,
        "<footer class=site\n is='site-footer'>": BUILT_IN,
        "<p>What is=good-for you": "",
        '<button is="plain">': "",
        "<site-footer></site-footer>": "",
    }

    assert {html: silent_feature_in(html) for html in rows} == rows
