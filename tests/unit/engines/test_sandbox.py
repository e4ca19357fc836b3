"""Is a Chromium without its sandbox said, and refused in production?"""

import os
from contextlib import nullcontext

import click
import pytest

from api.cli.main import _refuse_insecure
from crawler.config import Settings
from crawler.engines.find import sandbox
from crawler.records import Engine

STRONG = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("user", "engines", "is_on"),
    [
        pytest.param(0, (Engine.STATIC, Engine.CHROMIUM), False, id="root"),
        pytest.param(1000, (Engine.STATIC, Engine.CHROMIUM), True, id="user"),
        pytest.param(0, (Engine.STATIC, Engine.LIGHT), True, id="root-without-chromium"),
    ],
)
def test_sandbox(monkeypatch: pytest.MonkeyPatch, user: int, engines: tuple[Engine, ...], is_on: bool) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: user)

    assert sandbox(engines)[0] is is_on


@pytest.mark.parametrize("is_chromium_enabled", [True, False])
@pytest.mark.faults(84)
def test_production_without_a_sandbox_does_not_start(
    monkeypatch: pytest.MonkeyPatch, is_chromium_enabled: bool
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    settings = Settings(
        production=True, secret=STRONG, chromium_path="/usr/bin/chromium", chromium_enabled=is_chromium_enabled
    )

    with pytest.raises(click.ClickException, match=r"sandbox off: .* Fix:") if is_chromium_enabled else nullcontext():
        _refuse_insecure(settings)
