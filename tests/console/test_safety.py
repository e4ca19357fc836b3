"""What a crawled site, a file or another page says must not run, break the layout, or act for somebody."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from crawler.records import Engine, Failure, Network, Reason, SiteResult
from tests.console.conftest import EMAIL, PASSWORD, Service, run
from tests.service.running import JOBS
from worker.accounts.store import Accounts
from worker.jobs.shards import ShardStore

pytestmark = pytest.mark.console

NASTY = (
    "<script>report('ran')</script>",
    "\"><img src=x onerror=report('ran')>",
    "'; report('ran') //",
    "{{ 7 * 7 }}${7 * 7}",
    "\u202egnirts desrever\u202c and \u200f\u061c",
    "x" * 10_000,
    "=cmd|' /C calc'!A0",
    "</script><svg onload=report('ran')>",
    "javascript:report('ran')",
    "\N{COMBINING ACUTE ACCENT}" * 400,
)


@pytest.fixture(scope="module")
def nasty_job(service: Service) -> str:
    """A finished job whose items, profiles, evidence and errors are all as nasty as can be."""
    redis_url = service.redis_url
    items = [
        {"name": text, "site_web": f"https://nasty-{n}.invalid/{text[:300]}", text[:80] or "k": text}
        for n, text in enumerate(NASTY)
    ]
    run(_freeze(redis_url, True))  # so that no worker takes it
    with service.client() as client:
        job_id: str = client.post(JOBS, json={"items": items}).raise_for_status().json()["id"]
    for number in range(-(-len(items) // 50)):
        store = ShardStore(redis_url, "ada", job_id, number)
        assert store.claim(600) is not None
        for index, text in enumerate(NASTY):
            about = {
                "url": f"https://www.facebook.com/{text[:200]}", "score": 0.4, "reasons": [text[:200]], "page": text,
                "place": text[:200], "engine": "static",
            }  # fmt: skip
            evidence: dict[str, Any] = {
                "facebook": {"chosen": {**about, "url": about["url"]}, "alternates": [about]},
                "pages": [{"url": text, "engine": "static", "status": 200, "why": text[:200], "reason": None,
                           "elapsed_ms": 1, "bytes": 1, "found": [], "wall": text[:100]}],
                "stop_reason": text[:200],
            }  # fmt: skip
            result = (
                SiteResult(index, failure=Failure(Reason.DNS_ERROR, text))
                if index % 3 == 2
                else SiteResult(index, {Network.FACEBOOK: str(about["url"])}, None, Engine.STATIC, 1, evidence)
            )
            assert store.put(result) == "kept"
        store.close()
    run(_freeze(redis_url, False))
    return job_id


async def _freeze(redis_url: str, is_frozen: bool) -> str:
    """Have the account's shards wait, or not."""
    import redis.asyncio

    async with redis.asyncio.from_url(redis_url) as connection:
        names = [f"held {n}" for n in range(1000)]
        await (
            connection.sadd("socials:ada:released", *names)
            if is_frozen
            else connection.srem("socials:ada:released", *names)
        )
    return ""


def test_nothing_runs_and_the_layout_holds(signed_in: Page, nasty_job: str) -> None:
    """The page fixture reports what runs, breaches of the policy and errors of scripts."""
    page = signed_in
    for width in (1280, 360):
        page.set_viewport_size({"width": width, "height": 800})
        for path in (f"/jobs/{nasty_job}", *(f"/jobs/{nasty_job}/items/{n}" for n in range(len(NASTY)))):
            page.goto(path)
            found = page.evaluate("document.scrollingElement.scrollWidth")
            assert found <= width, (path, found)
            assert page.locator("main img, main script, main svg[onload]").count() == 0
            assert not [
                href
                for href in page.locator("main a").evaluate_all("all => all.map(a => a.href)")
                if href.startswith("javascript")
            ]
    page.set_viewport_size({"width": 1280, "height": 800})
    page.goto(f"/jobs/{nasty_job}")
    page.locator("#rows tbody th a").first.click()
    expect(page.locator("#panel")).to_contain_text("<script>")
    page.goto(f"/jobs/{nasty_job}?q={NASTY[0]}")
    expect(page.locator("#rows tbody tr")).to_have_count(1)


@pytest.mark.parametrize(
    "name", ["<script>report('ran')<script>.csv", "\u202evsc.exe.csv", "../../etc/passwd.csv", "x" * 300 + ".csv"]
)
def test_a_nasty_file(signed_in: Page, service: Service, name: str) -> None:
    page = signed_in
    table = "\n".join(
        [
            "Web,<b>x</b>,{{ 7*7 }}",
            *(f'https://a.invalid,"{text.replace(chr(34), chr(34) * 2)}",=1+1' for text in NASTY[:8]),
        ]
    )
    page.goto("/")
    page.get_by_label("File", exact=True).set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": table.encode()}
    )
    page.wait_for_url("**/new/*")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= 1280
    expect(page.get_by_role("columnheader", name="<b>x</b>")).to_be_visible()
    expect(page.get_by_role("columnheader", name="{{ 7*7 }}")).to_be_visible()
    assert "\u202e" not in page.locator("dl.summary").inner_text()


def evil(page: Page, html: str) -> None:
    """Have another site answer with this."""
    page.unroute_all()
    page.route("https://evil.example/", lambda route: route.fulfill(body=html, content_type="text/html"))


def test_the_console_cannot_be_framed(browser: Browser, service: Service) -> None:
    with browser.new_context() as context:
        page = context.new_page()
        evil(page, f"<iframe src='{service.url}/sign-in'></iframe>")
        page.goto("https://evil.example/")
        page.wait_for_load_state("networkidle")
        frame = page.frames[1]
        assert "Sign in" not in frame.content()


def test_forged_requests_are_refused(browser: Browser, service: Service, job_id: str) -> None:
    """A form on another site, sent by a browser that is signed in."""
    with browser.new_context(base_url=service.url) as context:
        page = context.new_page()
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"{service.url}/")
        with service.client() as client:
            before = len(client.get("/api/jobs?limit=100").json()["jobs"])
        for path in (f"/jobs/{job_id}/retry", "/account/tokens", "/sign-out", "/account/webhook-secret"):
            evil(
                page,
                f"<form method=post action='{service.url}{path}'><input name=name value=x><button>go</button></form>",
            )
            page.goto("https://evil.example/")
            with page.expect_response(re.compile(re.escape(path))) as answer:
                page.get_by_role("button").click()
            assert answer.value.status in (303, 401, 403), path
        page.goto("/account")
        expect(page.get_by_role("heading", name="Account", level=1)).to_be_visible()  # still signed in
        with service.client() as client:
            assert len(client.get("/api/jobs?limit=100").json()["jobs"]) == before
            assert [each["name"] for each in client.get("/api/account/tokens").json()["tokens"]] == ["nightly import"]


def test_a_one_time_link_works_once_and_stands_in_no_log(browser: Browser, service: Service, caplog: Any) -> None:
    link = service.link()
    secret = link.partition("#")[2]
    with browser.new_context() as first, browser.new_context() as second:
        asked: list[str] = []
        page = first.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(link)
        page.wait_for_url(f"{service.url}/")
        assert not [url for url in asked if secret in url.partition("#")[0]]
        assert (
            secret not in page.evaluate("JSON.stringify(performance.getEntries().map(e => e.name))").partition("#")[0]
        )
        late = second.new_page()
        late.goto(link)
        expect(late.get_by_text("This link has been used")).to_be_visible()
        assert secret not in late.url, "not kept in the address or the history"
    assert secret not in caplog.text


def test_signing_out_everywhere_ends_all(browser: Browser, service: Service) -> None:
    with browser.new_context() as here, browser.new_context() as there:
        pages = [context.new_page() for context in (here, there)]
        for page in pages:
            page.goto(service.link())
            page.wait_for_url(f"{service.url}/")
        pages[0].goto(f"{service.url}/account")
        pages[0].get_by_role("button", name="Sign out everywhere").click()
        pages[0].wait_for_url("**/sign-in")
        pages[1].goto(f"{service.url}/jobs?status=done")
        assert pages[1].url.endswith("/sign-in?next=/jobs%3Fstatus%3Ddone")


def test_a_wrong_password_says_no_more_than_that(page: Page) -> None:
    for email in (EMAIL, "unknown@accounts.example"):
        page.goto("/sign-in")
        page.get_by_label("E-mail").fill(email)
        page.get_by_label("Password").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("The e-mail or the password is wrong.")
        expect(page.get_by_label("Password")).to_have_value("")
        expect(page.get_by_label("E-mail")).to_have_value(email)


def test_others_see_nothing(browser: Browser, service: Service, job_id: str) -> None:
    async def other() -> str:
        accounts = Accounts.connect(service.redis_url, "")
        try:
            await accounts.add("eve@accounts.example", None, None, "eve")
            return await accounts.create_link("eve")
        finally:
            await accounts.aclose()

    with browser.new_context(base_url=service.url) as context:
        page = context.new_page()
        page.goto(f"/sign-in#{run(other())}")
        page.wait_for_url(f"{service.url}/")
        expect(page.get_by_role("link", name="Operations")).to_have_count(0)
        for path in (f"/jobs/{job_id}", f"/jobs/{job_id}/items/0", "/operator", "/jobs/nothing"):
            answer = page.goto(path)
            assert answer is not None
            assert answer.status == 404, path
            expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")


def test_a_token_is_shown_once(signed_in: Page, service: Service) -> None:
    page = signed_in
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto("/account")
    page.get_by_label("What the token is for").fill("<b>import</b>")
    page.get_by_role("button", name="Make token").click()
    token = page.locator("code.secret").inner_text()
    with service.api.client(token) as client:
        assert client.get("/api/account").json()["id"] == "ada"
        page.goto("/account")
        assert token not in page.content()
        page.get_by_role("button", name="Revoke <b>import</b>").click()
        expect(page.get_by_text("<b>import</b>")).to_have_count(0)
        assert client.get("/api/account").status_code == 401
    page.get_by_role("button", name="Show secret").click()
    expect(page.locator("code.secret")).to_contain_text("whsec_")
