from pathlib import Path

import pytest

from crawler.config import Settings
from crawler.engines import find
from crawler.engines.find import describe_engines, find_engines


@pytest.mark.parametrize(
    ("has_light", "settings", "line"),
    [
        pytest.param(True, {"chromium_path": "/a"}, "static, light, chromium", id="all"),
        pytest.param(
            False, {"chromium_path": "/a"}, "static, chromium; missing: light (see socials doctor)", id="no wheel"
        ),
        pytest.param(True, {}, "static, light; missing: chromium (see socials doctor)", id="no Chromium"),
        pytest.param(False, {}, "static; missing: light, chromium (see socials doctor)", id="neither"),
        pytest.param(True, {"chromium_enabled": False}, "static, light", id="one switched off"),
    ],
)
def test_told_engines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, has_light: bool, settings: dict[str, object], line: str
) -> None:
    """On a machine without a browser."""
    monkeypatch.setattr(find, "has_light", lambda: has_light)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    chosen = Settings(**settings)

    assert describe_engines(chosen, find_engines(chosen)[0]) == line
