"""Is a Chromium without its sandbox said, and refused in production?"""

import os

import pytest
from click.testing import CliRunner

from api.cli.main import cli
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


@pytest.mark.parametrize("command", ["serve", "api", "worker"])
def test_production_without_a_sandbox_does_not_start(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    environment = {
        "SOCIALS_PRODUCTION": "true",
        "SOCIALS_SECRET": STRONG,
        "SOCIALS_REDIS_URL": "redis://127.0.0.1:1/0",
        "SOCIALS_CHROMIUM_PATH": "/usr/bin/chromium",
    }

    done = CliRunner().invoke(cli, [command], env=environment)

    assert done.exit_code == 1
    assert "sandbox off: Chromium cannot use it as root. Fix:" in done.output
