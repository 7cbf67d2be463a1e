"""Every page for every reader: nothing cut off, nothing a screen reader or a colour-blind eye would miss."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page, expect

from pbx_crm.pages.access import Access
from pbx_crm.pages.site import ROUTES
from tests.browser.screens import AXE, PHONE, Office

pytestmark = pytest.mark.browser

SMALL = {"width": 320, "height": 640}
EVERY_LOOK = [(language, theme) for language in ("en", "fa") for theme in ("light", "dark")]
LOOKS = [("en", "light"), ("fa", "dark")]
"""Contrast hangs on the theme and layout on the direction: each once, for pages other than the main one."""


async def violations(page: Page) -> list[str]:
    """What axe finds against WCAG 2.2 A and AA, by rule and place."""
    await page.evaluate(AXE)
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found: dict[str, Any] = await page.evaluate(
        "(tags) => axe.run(document, {runOnly: {type: 'tag', values: tags}})", tags
    )
    return [
        f"{violation['id']}: {node['target']} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


async def filled(office: Office) -> int:
    """A board with something in it; the deal to open."""
    first = await office.deal("ООО «Вектор»", amount=48000)
    await office.deal("علی رضایی", stage=1)
    await office.deal("Vector Limited Liability Company of Great Yarmouth", stage=2, amount=123456789)
    await office.deal("Orion", stage=4, amount=5, owner=office.crm.cast.boris)
    return first


@pytest.mark.parametrize(("language", "theme"), EVERY_LOOK)
async def test_everybody_can_use_the_board_and_the_card(office: Office, language: str, theme: str) -> None:
    deal = await filled(office)
    values = {"language": language, "theme": theme}
    await office.crm.services.accounts.change_own(office.crm.cast.olga, values)
    page = await office.screen(office.crm.cast.olga, reduced_motion="reduce")
    assert await violations(page) == []
    await page.locator(f"#card-{deal} .card-link").click()
    await expect(page.locator("#drawer article")).to_be_visible()
    assert await violations(page) == []
    for url in (f"/deals/{deal}", "/deals/new", "/search?q=o", f"/search?stage={office.funnel.stages[0].id}"):
        await page.goto(str(office.crm.server.make_url(url)))
        assert await violations(page) == [], url


@pytest.mark.parametrize("viewport", [PHONE, SMALL], ids=["390", "320"])
@pytest.mark.parametrize("language", ["en", "ru", "fa", "zh"])
async def test_a_phone_shows_every_page_without_sideways_scrolling(
    office: Office, viewport: dict[str, int], language: str
) -> None:
    deal = await filled(office)
    await office.crm.services.accounts.change_own(office.crm.cast.olga, {"language": language})
    page = await office.screen(office.crm.cast.olga, viewport=viewport)
    for url in ("/board", f"/deals/{deal}", "/deals/new", "/search?q=o", "/search?q=", "/login"):
        await page.goto(str(office.crm.server.make_url(url)))
        width = await page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"], url


NAMELESS = [
    route.path
    for route in ROUTES
    if route.method == "GET"
    and route.access not in (Access.PUBLIC, Access.PBX, Access.ADMIN)
    and "{" not in route.path
    and "." not in route.path.rpartition("/")[2]
    and not route.path.startswith("/api/")
]
"""Every page that names no record; those of one thing are opened by the tests above."""


@pytest.mark.parametrize("language", ["en", "fa"])
async def test_no_page_scrolls_sideways_on_a_phone(office: Office, language: str) -> None:
    await filled(office)
    for number in range(10):
        await office.deal(f"Vector {number}", stage=2)  # so many that the board has something to advise
    await office.crm.services.accounts.change_own(office.crm.cast.olga, {"language": language})
    page = await office.screen(office.crm.cast.olga, viewport=PHONE)
    too_wide = []
    for path in NAMELESS:
        await page.goto(str(office.crm.server.make_url(path)), wait_until="domcontentloaded")
        width = await page.evaluate("document.documentElement.scrollWidth")
        if width > PHONE["width"]:
            too_wide.append(f"{path}: {width}")
    assert too_wide == []
