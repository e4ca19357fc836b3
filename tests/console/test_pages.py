"""Every page: complete without a network, without a fault that axe-core finds, in light and dark, pictured for the docs."""

import os
import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.console.conftest import Service, watch

pytestmark = pytest.mark.console

MARKED_COUNT = """async (image) => {
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight).getContext("2d");
  canvas.drawImage(image, 0, 0);
  const { data } = canvas.getImageData(0, 0, image.naturalWidth, image.naturalHeight);
  let count = 0;
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] > 180 && data[at + 1] < 60 && data[at + 2] > 70 && data[at + 2] < 150) count += 1;
  }
  return count;
}"""
"""How many points of a picture have the colour of the frames around chosen links."""

PICTURES = Path(__file__).parents[2] / "docs" / "console"


def pages(job_id: str, file_id: str) -> dict[str, str]:
    return {
        "new": "/",
        "check": f"/new/{file_id}",
        "jobs": "/jobs",
        "job": f"/jobs/{job_id}",
        "evidence": f"/jobs/{job_id}/items/0",
        "try": "/try",
        "account": "/account",
        "operator": "/operator",
    }


@pytest.fixture(scope="module")
def file_id(service: Service) -> str:
    lines = ["Name,Web,City", *(f"{each['name']},{each['site_web']},{each['city']}" for each in service.items)]
    data = "\n".join([*lines, "Closed for good,,Lyon", "Odd,see our page,Nantes"]).encode()
    with service.client() as client:
        answer = client.post("/api/files/preview", files={"file": ("cafes.csv", data, "text/csv")})
        found: str = answer.raise_for_status().json()["id"]
        return found


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Browser, service: Service, job_id: str, file_id: str, scheme: Any) -> None:
    """On any page of ours, and the pictures of the pages are those of docs/console."""
    faults: list[str] = []
    with browser.new_context(
        base_url=service.url, color_scheme=scheme, viewport={"width": 1080, "height": 680}, reduced_motion="reduce"
    ) as context:
        watch(context, service, faults)
        page = context.new_page()
        page.goto("/sign-in")
        judge(page, "sign-in", scheme)
        page.goto(service.link())
        page.wait_for_url(f"{service.url}/")
        for name, path in pages(job_id, file_id).items():
            page.goto(path)
            if name == "try":
                page.get_by_label("Website").fill(service.items[0]["site_web"])
                page.get_by_label("Name of the place").fill(service.items[0]["name"])
                page.get_by_role("button", name="Read it").click()
                expect(page.get_by_role("heading", name="Three ways to read it")).to_be_visible(timeout=60_000)
                assert page.get_by_role("img", name="Screenshot of").evaluate(MARKED_COUNT) > 100
            judge(page, name, scheme)
        page.goto(f"/jobs/{job_id}")
        page.locator("#rows tbody th a").first.click()
        expect(page.locator("#panel")).to_be_visible()
        judge(page, "panel", scheme)
        page.set_viewport_size({"width": 360, "height": 740})
        for name, path in pages(job_id, file_id).items():
            page.goto(path)
            width = page.evaluate("document.scrollingElement.scrollWidth")
            assert width <= 360, (name, width)
            if scheme == "light":
                picture(page, f"{name}-narrow", scheme)
    assert not faults


def judge(page: Page, name: str, scheme: str) -> None:
    assert len(page.locator("h1").all()) == 1, name
    found = Axe().run(page)
    assert not found.response["violations"], (name, found.generate_report())
    picture(page, name, scheme)


def picture(page: Page, name: str, scheme: str) -> None:
    """Keep a picture where one is asked for (``PICTURES=1``)."""
    if os.environ.get("PICTURES"):
        PICTURES.mkdir(exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}-{scheme}.png")


def test_the_api_reference_comes_from_this_machine_alone(signed_in: Page, service: Service) -> None:
    page = signed_in
    page.goto("/docs")
    expect(page.locator("#operations-jobs-create_job")).to_be_visible()
    with page.expect_response("**/openapi.json"):
        page.reload()
    page.locator("#operations-jobs-list_jobs button.opblock-summary-control").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_role("button", name="Execute").click()
    expect(
        page.locator("#operations-jobs-list_jobs .live-responses-table tbody .response-col_status").first
    ).to_contain_text("200")

    found = Axe().run(page).response["violations"]
    left = {each["id"]: len(each["nodes"]) for each in found}
    print(f"axe on /docs: {left}")
    # Swagger UI's own (5.32): what cannot be styled away.
    assert set(left) <= {"button-name", "heading-order", "scrollable-region-focusable", "select-name"}, left


def test_the_reference_is_there_for_who_is_not_signed_in(page: Page) -> None:
    page.goto("/docs")
    expect(page.locator("#operations-jobs-create_job")).to_be_visible()


def test_the_first_page_is_small(signed_in: Page, service: Service, job_id: str) -> None:
    page = signed_in
    sizes: dict[str, int] = {}
    page.on("response", lambda answer: sizes.update({answer.url: len(answer.body())}) if answer.ok else None)
    page.goto("/", wait_until="networkidle")
    assert sum(sizes.values()) < 100_000, sizes
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    page.goto(f"/jobs/{job_id}", wait_until="networkidle")
    usable = page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive")
    print(
        f"first page: {sum(sizes.values()):,} bytes, first contentful paint {paint:.0f} ms; table usable after {usable:.0f} ms"
    )


def test_a_setting_that_mattered_is_named(signed_in: Page, service: Service) -> None:
    page = signed_in
    scripted = next(item for item in service.items if item["sample"] == "kavarna-mlzinka")
    page.goto("/try")
    page.get_by_label("Website").fill(scripted["site_web"])
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("heading", name="Settings that mattered")).to_be_visible(timeout=60_000)
    expect(page.locator("ol.steps li").first).to_be_visible()
    page.get_by_label("Website").fill("not a website")
    page.get_by_role("button", name="Read it").click()
    expect(page.get_by_role("alert")).to_contain_text(re.compile("website"))
