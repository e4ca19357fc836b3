"""Does the guard hold whatever the environment says, and is it noticed when it does not?"""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from crawler.config import Settings
from crawler.egress.canary import Canary, UnguardedError
from crawler.egress.proxy import EgressProxy, own_loopback
from crawler.engines.find import find_chromium, has_light
from crawler.engines.self_test import provider_of, verify_engine
from crawler.records import Engine
from tests.render.site import needs

pytestmark = pytest.mark.render

PAGE = """<!doctype html><title>Harbour cafe</title><div id="root"></div>
<script>
const to = "127.0.0.1:%d";
for (const method of ["GET", "POST"]) fetch("http://" + to + "/" + method, {method, mode: "no-cors"}).catch(() => {});
try { new WebSocket("ws://" + to + "/socket"); } catch {}
try { const asked = new XMLHttpRequest(); asked.open("GET", "http://" + to + "/xhr"); asked.send(); } catch {}
document.body.append(Object.assign(new Image(), {src: "http://" + to + "/image"}));
const link = document.createElement("a");
link.href = "https://www.facebook.com/harbourcafe";
link.textContent = "Facebook";
const footer = document.createElement("footer");
footer.append(link);
document.getElementById("root").append(footer);
</script>"""

ENVIRONMENTS = [
    pytest.param({"NO_PROXY": "*"}, id="NO_PROXY all"),
    pytest.param({"no_proxy": "127.0.0.1,localhost,.localhost,10.0.0.0/8"}, id="no_proxy as companies have it"),
    pytest.param({"ALL_PROXY": "http://127.0.0.1:{canary}", "all_proxy": "http://127.0.0.1:{canary}"}, id="ALL_PROXY"),
    pytest.param(
        {"HTTP_PROXY": "http://127.0.0.1:{canary}", "http_proxy": "http://127.0.0.1:{canary}"}, id="HTTP_PROXY"
    ),
]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.faults(45)
def test_no_variable_opens_the_door(environment: dict[str, str], tmp_path: Path) -> None:
    """Each engine reads a page that asks for the canary in several ways; the page's own link is found."""

    async def crawl_all() -> tuple[int, list[str]]:
        async with Canary() as canary:

            async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                head = await reader.readline()
                body = b"" if b"robots" in head else (PAGE % canary.port).encode()
                status = b"404 Not Found" if b"robots" in head else b"200 OK"
                writer.write(b"HTTP/1.1 %b\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n%b" % (status, body))
                writer.close()

            site = await asyncio.start_server(answer, "127.0.0.1", 0)
            port = site.sockets[0].getsockname()[1]
            given = {name: value.replace("{canary}", str(canary.port)) for name, value in environment.items()}
            flags = ("SOCIALS_CHROMIUM_ENABLED", "SOCIALS_LIGHT_ENABLED")
            found = await asyncio.gather(*(enrich(given, port, flag) for flag in flags))
            site.close()
            return canary.connections_count, found

    async def enrich(given: dict[str, str], port: int, switched_off: str) -> str:
        row = json.dumps({"site_web": f"http://harbour.localhost:{port}/"})
        command = [sys.executable, "-c", "from api.cli.main import main; main()", "enrich", "-", "--format", "jsonl"]
        process = await asyncio.create_subprocess_exec(
            *command, "--render", "always", "--allow-host", f"*.localhost:{port}",
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**os.environ, **given, switched_off: "false"}, cwd=tmp_path,
        )  # fmt: skip
        out, _ = await asyncio.wait_for(process.communicate(row.encode()), 60)
        return str(json.loads(out)["social_facebook"])

    hits, found = asyncio.run(crawl_all())

    assert hits == 0
    assert found == ["https://www.facebook.com/harbourcafe"] * 2


def break_light(provider: object) -> None:
    arguments: list[str] = provider._arguments  # type: ignore[attr-defined]
    place = arguments.index("--http-proxy")
    del arguments[place : place + 2]


def break_light_twice(provider: object) -> None:
    arguments: list[str] = provider._arguments  # type: ignore[attr-defined]
    break_light(provider)
    while "--block-cidrs" in arguments:
        place = arguments.index("--block-cidrs")
        del arguments[place : place + 2]


def break_chromium(provider: object) -> None:
    provider._proxy = None  # type: ignore[attr-defined]


def break_chromium_twice(provider: object) -> None:
    break_chromium(provider)
    flags: list[str] = provider._flags  # type: ignore[attr-defined]
    flags[:] = [flag for flag in flags if not flag.startswith("--host-resolver-rules")]


@pytest.mark.parametrize(
    ("engine", "take_away", "problem"),
    [
        pytest.param(Engine.LIGHT, break_light, "does not reach", id="light"),
        pytest.param(Engine.LIGHT, break_light_twice, "connects past", id="light without its second lock"),
        pytest.param(Engine.CHROMIUM, break_chromium, "does not reach", id="chromium"),
        pytest.param(Engine.CHROMIUM, break_chromium_twice, "connects past", id="chromium without its second lock"),
        pytest.param(Engine.LIGHT, None, "", id="light as it is"),
        pytest.param(Engine.CHROMIUM, None, "", id="chromium as it is"),
    ],
)
@pytest.mark.faults(45)
def test_the_self_test_notices(engine: Engine, take_away: object, problem: str) -> None:
    settings = Settings()
    if engine is Engine.LIGHT and not has_light():
        pytest.skip("the light engine is not installed")

    async def verify() -> str:
        async with EgressProxy(address=own_loopback()) as proxy:
            provider = provider_of(engine, settings, proxy, find_chromium(settings) or "")
            if callable(take_away):
                take_away(provider)
            try:
                await verify_engine(provider, proxy)
            except UnguardedError as error:
                return str(error)
            return ""

    said = asyncio.run(verify())

    assert (problem in said) if problem else said == ""


@pytest.mark.parametrize("engine", [Engine.LIGHT, Engine.CHROMIUM])
@pytest.mark.faults(49)
def test_no_engine_takes_commands_on_a_port(engine: Engine) -> None:
    """Another user of the machine could open it; a socket in a private folder he cannot."""
    needs(engine)
    settings = Settings()

    async def look() -> tuple[list[Any], list[int]]:
        async with EgressProxy(address=own_loopback()) as proxy:
            provider = provider_of(engine, settings, proxy, find_chromium(settings) or "")
            await provider.start()
            try:
                await provider.launch_browser()
                connections = [each for process in provider.processes() for each in process.net_connections("all")]
                # A connection that was accepted has the same place as what listens.
                sockets = {Path(str(each.laddr)) for each in connections if str(each.laddr).endswith("/cdp")}
                modes = [place.stat().st_mode & 0o777 for socket in sockets for place in (socket, socket.parent)]
                return [each for each in connections if each.status == psutil.CONN_LISTEN], modes
            finally:
                await provider.close()

    listening, modes = asyncio.run(look())

    assert listening == []
    assert modes == ([0o600, 0o700] if engine is Engine.LIGHT else [])
