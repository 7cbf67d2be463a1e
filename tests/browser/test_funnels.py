"""The head draws the funnel, and the boards that are open draw themselves anew."""

from __future__ import annotations

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.screens import PHONE, Office
from tests.browser.test_looks import violations

pytestmark = pytest.mark.browser


def headings(page: Page) -> Locator:
    """The names over the columns."""
    return page.locator(".column-head h2")


async def test_an_open_board_follows_the_funnel_and_its_cards(office: Office) -> None:
    deal = await office.deal("Vector", stage=2)
    board = await office.screen(office.crm.cast.anna)
    page = await office.screen(office.crm.cast.olga, "/settings/funnels")
    await page.get_by_role("link", name="Telephony").click()
    await page.get_by_label("New stage").fill("Test drive")
    await page.get_by_label("New stage").press("Enter")
    await expect(headings(board)).to_have_text(
        ["Unsorted", "New", "Presentation", "Commercial offer", "Test drive", "Purchase", "Lost"]
    )
    await page.get_by_role("button", name="Up: Test drive").press("Enter")
    await expect(headings(board).nth(3)).to_have_text("Test drive")
    await page.get_by_role("link", name="Presentation").click()
    await page.get_by_label("Its cards go to").select_option("Test drive")
    await page.get_by_label("Reason", exact=True).fill("We let them drive instead")
    await page.get_by_role("button", name="Retire").click()
    await expect(page.get_by_role("button", name="Bring back: Presentation")).to_be_visible()
    await expect(headings(board)).to_have_count(6)
    await expect(board.locator(f"#card-{deal}")).to_be_visible()
    await board.locator(f"#card-{deal} .card-link").click()
    await expect(board.locator("#drawer .timeline")).to_contain_text("We let them drive instead")
    # A column that came later is a place to drop cards like any other.
    assert await board.evaluate(
        "[...document.querySelectorAll('.cards')].every((list) => Sortable.get(list))"
    )


async def test_the_texts_of_a_stage_open_over_its_column(office: Office) -> None:
    stage = office.funnel.stages[1]
    page = await office.screen(office.crm.cast.olga, f"/settings/stages/{stage.id}")
    await page.get_by_label("How to know it is reached").fill("They asked for a price")
    await page.get_by_role("button", name="Save", exact=True).click()
    board = await office.screen(office.crm.cast.anna)
    await office.column(board, 1).get_by_label("About this stage").press("Enter")
    await expect(office.column(board, 1).get_by_text("They asked for a price")).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(("language", "theme"), [("en", "light"), ("fa", "dark")])
async def test_everybody_can_use_the_settings_of_funnels(office: Office, language: str, theme: str) -> None:
    values = {"language": language, "theme": theme}
    await office.crm.services.accounts.change_own(office.crm.cast.olga, values)
    stage, whole = office.funnel.stages[1].id, office.funnel.id
    page = await office.screen(office.crm.cast.olga, viewport=PHONE)
    for url in ("/settings/funnels", f"/settings/funnels/{whole}", f"/settings/stages/{stage}"):
        await page.goto(str(office.crm.server.make_url(url)))
        assert await violations(page) == [], url
        assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], url
