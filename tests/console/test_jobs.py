"""From a list to a download, with a browser: what people with a list do."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from crawler.config import Settings
from tests.console.conftest import EMAIL, PASSWORD, Service

pytestmark = pytest.mark.console


def cafes(service: Service, count: int = 6) -> bytes:
    """A list as a person has it: a column name of his own, semicolons, a comment without a website."""
    lines = ["Name;Web;City", *(f"{item['name']};{item['site_web']};{item['city']}" for item in service.items[:count])]
    return ("\ufeff" + "\r\n".join([*lines, "Closed for good;;Lyon"]) + "\r\n").encode()


def give(page: Page, data: bytes, name: str = "cafes.csv") -> None:
    page.goto("/")
    page.get_by_label("File", exact=True).set_input_files({"name": name, "mimeType": "text/csv", "buffer": data})
    page.wait_for_url("**/new/*")


def start(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Start job")).click()
    page.wait_for_url("**/jobs/*")


def is_done(page: Page) -> None:
    expect(page.locator("#live .tag-done")).to_be_visible(timeout=60_000)


def download(page: Page, name: str) -> bytes:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    path = waiting.value.path()
    return Path(path).read_bytes()


def test_from_the_file_to_the_opened_download(signed_in: Page, service: Service) -> None:
    give(signed_in, cafes(service))
    expect(signed_in.locator("dl.summary")).to_contain_text("Web")
    expect(signed_in.locator("dl.summary")).to_contain_text("no website given")
    expect(signed_in.get_by_role("cell", name="Lyon")).to_be_visible()

    start(signed_in)
    expect(signed_in.get_by_role("heading", level=1)).to_have_text("cafes.csv")
    is_done(signed_in)

    first = signed_in.locator("#rows tbody tr").first
    expect(first).to_contain_text(service.items[0]["name"])
    as_it_came = download(signed_in, "cafes.csv, as uploaded").decode("utf-8-sig").split("\r\n")
    assert as_it_came[0].startswith("Name;Web;City;social_facebook;"), "in the dialect that came in"
    assert as_it_came[7].startswith("Closed for good;;Lyon;"), "rows that were left out are kept"
    found = download(signed_in, "JSON")
    rows = json.loads(found)
    assert rows[0]["Web"] == service.items[0]["site_web"]
    assert download(signed_in, "CSV").splitlines()[0].decode().startswith("Name,Web,City,site_web,")
    assert download(signed_in, "XLSX")[:2] == b"PK"
    assert json.loads(download(signed_in, "JSONL").splitlines()[0])["City"] == service.items[0]["city"]
    assert "social_evidence" in json.loads(download(signed_in, "JSON + evidence"))[0]


def test_a_pasted_list(signed_in: Page, service: Service) -> None:
    addresses = [item["site_web"] for item in service.items[:2]]
    signed_in.get_by_label("Or paste a list").fill("\n".join([*addresses, "nothing to see"]))
    signed_in.get_by_role("button", name="Check the list").click()
    signed_in.wait_for_url("**/new/*")
    expect(signed_in.get_by_role("button", name="Start job with 2 places")).to_be_visible()
    expect(signed_in.locator("dl.summary")).to_contain_text("not a website")


def test_nothing_given_and_what_cannot_be_read(signed_in: Page) -> None:
    signed_in.get_by_role("button", name="Check the list").click()
    expect(signed_in.get_by_role("alert")).to_contain_text("Choose a file or paste a list.")
    expect(signed_in.get_by_role("alert")).to_be_focused()
    assert signed_in.title().startswith("Error: ")

    signed_in.get_by_label("File", exact=True).set_input_files(
        {"name": "broken.xlsx", "mimeType": "application/octet-stream", "buffer": b"PK\x03\x04 no workbook"}
    )
    expect(signed_in.get_by_role("alert")).to_contain_text("file:")


def test_evidence_a_wrong_mark_and_the_export(signed_in: Page, service: Service, job_id: str) -> None:
    page = signed_in
    page.goto(f"/jobs/{job_id}?outcome=found&sort=name")
    row = page.locator("#rows tbody tr").first
    index = int(row.get_attribute("data-index") or 0)
    row.get_by_role("rowheader").get_by_role("link").click()
    panel = page.locator("#panel")
    expect(panel).to_be_visible()
    expect(panel.get_by_role("list", name="Signals with their weights").first).to_contain_text("+")
    network = panel.locator("[data-network]").first.get_attribute("data-network")

    panel.get_by_role("button", name="Wrong").first.click()
    expect(panel.get_by_text("marked wrong")).to_be_visible()
    with service.client() as client:
        rows: list[dict[str, Any]] = client.get(f"/api/jobs/{job_id}/results").json()
        assert rows[index][f"social_{network}"] == ""
    expect(row.locator(".marked")).to_have_count(1)

    settings = Settings(redis_url=service.redis_url, allow_hosts=service.allow_hosts)
    blocks = subprocess.run(
        [sys.executable, "-c", "from api.cli.main import main; main()", "feedback", "export", "ada"],
        env={**os.environ, **settings.environment()},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert blocks.startswith(f"<!-- block: feedback {job_id[:8]} row {index + 1} | site: ")

    panel.get_by_role("button", name="Undo").click()
    expect(panel.get_by_text("marked wrong")).to_have_count(0)
    box = panel.locator(f"#right-{network}")
    box.fill("https://www.example.org/nobody")
    panel.locator(f"#{network}").get_by_role("button", name="Save").click()
    expect(panel.get_by_role("alert")).to_contain_text("must be the address of a profile on")
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(row.get_by_role("rowheader").get_by_role("link")).to_be_focused()


def test_the_keyboard_alone(signed_in: Page, job_id: str) -> None:
    page = signed_in
    page.goto(f"/jobs/{job_id}")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    page.keyboard.press("Enter")
    page.locator("#rows tbody a").first.focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    panel = page.locator("#panel")
    expect(panel).to_be_visible()
    title = panel.get_by_role("heading").first
    first = title.inner_text()
    page.keyboard.press("j")
    expect(title).not_to_have_text(first)
    page.keyboard.press("k")
    expect(title).to_have_text(first)
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    expect(page.get_by_label("Search names, websites and profiles")).to_be_focused()
    page.keyboard.type("jjj")  # letters are letters where one writes
    page.keyboard.press("Enter")
    expect(page.get_by_text("No rows match.")).to_be_visible()


def test_filters_search_and_sort_stand_in_the_address(signed_in: Page, job_id: str) -> None:
    page = signed_in
    page.goto(f"/jobs/{job_id}")
    page.get_by_role("link", name=re.compile("^failed 3")).click()
    page.wait_for_url("**outcome=failed**")
    assert page.title().startswith("Failed")
    expect(page.locator("#rows tbody tr")).to_have_count(3)
    page.get_by_role("columnheader", name="Name").get_by_role("link").click()
    page.wait_for_url("**sort=name**")
    expect(page.get_by_role("columnheader", name="Name")).to_have_attribute("aria-sort", "ascending")
    page.goto(f"/jobs/{job_id}?q=KRUIMELWOUD")
    expect(page.locator("#rows tbody tr")).to_have_count(1)


def test_retry_and_cancel(signed_in: Page, service: Service, job_id: str) -> None:
    page = signed_in
    page.goto(f"/jobs/{job_id}")
    page.get_by_role("button", name="Retry 3 failed rows").click()
    page.wait_for_url(lambda url: job_id not in url)
    expect(page.get_by_role("link", name=job_id[:8])).to_be_visible()

    page.on("dialog", lambda dialog: dialog.accept())
    with service.client() as client:
        # An address that swallows packets keeps the job running until it is cancelled.
        items = [{"site_web": f"{service.items[0]['site_web']}slow-{n}", "n": n} for n in range(300)]
        running = client.post("/api/jobs/socials", json={"items": items}).json()["id"]
    page.goto(f"/jobs/{running}")
    cancel = page.get_by_role("button", name="Cancel job")
    if cancel.count():
        cancel.click()
    expect(page.locator("#live").get_by_text(re.compile("cancelled|done")).first).to_be_visible()


def test_without_a_script_state_and_downloads_are_there(browser: Any, service: Service, job_id: str) -> None:
    with browser.new_context(base_url=service.url, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(f"/jobs/{job_id}")
        page.get_by_label("E-mail").fill(EMAIL)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()
        assert page.url.endswith(f"/jobs/{job_id}"), "back to where one wanted to go"
        expect(page.locator("#live .tag-done")).to_be_visible()
        expect(page.locator("#rows tbody tr")).to_have_count(len(service.items))
        assert download(page, "CSV").startswith(b"name,")
        page.locator("#rows tbody th a").first.click()
        expect(page.get_by_role("heading", name="Pages read")).to_be_visible()
        page.locator("summary", has_text="Add a profile").or_(page.get_by_role("button", name="Wrong")).first.click()
        page.goto("/")
        page.get_by_label("Or paste a list").fill(service.items[0]["site_web"])
        page.get_by_role("button", name="Check the list").click()
        page.get_by_role("button", name="Start job with 1 place").click()
        expect(page.locator("#live")).to_be_visible()


def test_nothing_stands_out_at_360_pixels(signed_in: Page, job_id: str) -> None:
    page = signed_in
    page.set_viewport_size({"width": 360, "height": 740})
    for path in ("/", "/jobs", f"/jobs/{job_id}", f"/jobs/{job_id}/items/0", "/sign-in"):
        page.goto(path)
        width = page.evaluate("document.scrollingElement.scrollWidth")
        assert width <= 360, (path, width)
