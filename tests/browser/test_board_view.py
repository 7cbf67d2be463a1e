"""The board as one person likes it: filtered, folded, by keys, and not pushed about while they read."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from pbx_crm.domain.deal import Priority
from pbx_crm.services.deals import DealForm
from tests import builders
from tests.browser.screens import PHONE, Office
from tests.browser.test_looks import violations

pytestmark = pytest.mark.browser


def new(name: str) -> DealForm:
    """A deal made elsewhere."""
    return DealForm(client_name=name)


async def focus(page: Page, deal_id: int) -> None:
    """Puts the focus on a card."""
    await page.locator(f"#card-{deal_id} .card-link").focus()


async def test_filters_stand_in_the_address_and_can_be_cleared(office: Office) -> None:
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.olga)
    await page.locator(".filter-menu summary").press("Enter")
    await page.get_by_label("Next step").select_option("today")
    await page.wait_for_url("**/board?**step=today**")
    await expect(page.locator(".card")).to_have_count(0)
    await expect(page.locator(".board-sum")).to_contain_text("0 open deals")
    await page.locator(".filter-menu summary").press("Enter")
    await page.get_by_label("Source").select_option("site")
    await page.wait_for_url("**source=site**")
    await page.get_by_role("link", name="Show all").click()
    await expect(page.locator(f"#card-{deal}")).to_be_visible()


async def test_a_folded_column_stays_folded_and_still_takes_cards(office: Office) -> None:
    deal = await office.deal("Vector", stage=1)
    await office.deal("Orion", stage=2)
    page = await office.screen(office.crm.cast.anna)
    await office.column(page, 2).get_by_role("button", name="Fold: Presentation").press("Enter")
    await expect(office.column(page, 2).locator(".card")).to_have_count(0)
    assert (await office.column(page, 2).bounding_box() or {})["width"] < 60
    await focus(page, deal)
    await page.keyboard.press("Shift+ArrowRight")
    await expect(office.column(page, 2).locator(".count")).to_have_text("2")
    assert (await office.stored(deal)).stage_id == office.funnel.stages[2].id
    await page.reload()
    await expect(office.column(page, 2).locator(".card")).to_have_count(0)
    await office.column(page, 2).get_by_role("button", name="Unfold: Presentation").press("Enter")
    await expect(office.column(page, 2).locator(".card")).to_have_count(2)


async def test_keys_set_a_step_and_a_priority_and_call(office: Office) -> None:
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.anna)
    await focus(page, deal)
    await page.keyboard.press("p")
    await expect(page.locator(f"#card-{deal} .chip.danger")).to_have_text("High")
    assert (await office.stored(deal)).priority is Priority.HIGH
    await expect(page.locator("#toasts")).to_contain_text("Priority: High")
    await page.keyboard.press("t")
    await page.locator("#dialog [name=title]").fill("Ask about the roof")
    await page.keyboard.press("Enter")
    await expect(page.locator("#toasts")).to_contain_text("The next step is set.")
    await expect(page.locator("#dialog")).to_be_hidden()
    await expect(page.locator(f"#card-{deal} .card-chips")).to_contain_text("Call back")
    # A browser without a telephone asks what to open a number with: caught before it does.
    await page.evaluate(
        "document.addEventListener('click', (event) => {"
        " const link = event.target.closest('a[href^=\"tel:\"]');"
        " if (link) { event.preventDefault(); window.dialled = link.href; } })"
    )
    await focus(page, deal)
    await page.keyboard.press("c")
    assert str(await page.evaluate("window.dialled")).startswith("tel:+7")


async def test_new_cards_wait_above_while_somebody_reads(office: Office) -> None:
    for number in range(30):
        await office.deal(f"Client {number}")
    page = await office.screen(office.crm.cast.anna)
    cards = office.column(page, 0).locator(".cards")
    await cards.evaluate("(list) => { list.scrollTop = 600; }")
    pill = office.column(page, 0).locator(".news")
    for number, name in enumerate(("Vector", "Orion"), start=1):
        await office.crm.services.deals.create(office.crm.cast.anna, new(name))
        await expect(pill).to_have_text(f"New: {number} ↑")
    assert await cards.evaluate("(list) => list.scrollTop") > 300, "what is read stays in sight"
    await pill.press("Enter")
    await expect(pill).to_be_hidden()
    assert await cards.evaluate("(list) => list.scrollTop") == 0
    await expect(page.get_by_role("link", name="Orion")).to_be_focused()


async def test_a_deal_goes_to_another_funnel_in_the_drawer(office: Office) -> None:
    there = await office.crm.database.write(builders.funnel, 1)
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.anna)
    await focus(page, deal)
    await page.keyboard.press("Enter")
    await page.locator("#drawer .other-funnel summary").press("Enter")
    await page.get_by_label("Funnel and stage").select_option("Opportunity")
    await page.locator("#drawer .other-funnel button").click()
    await expect(page.locator(f"#card-{deal}")).to_have_count(0)
    assert (await office.stored(deal)).funnel_id == there.id
    await page.locator(".filters [name=funnel]").select_option("B2B")
    await expect(page.locator(f"#card-{deal}")).to_be_visible()


@pytest.mark.parametrize(("language", "theme"), [("ru", "light"), ("fa", "dark")])
async def test_everybody_can_use_filters_and_folds(office: Office, language: str, theme: str) -> None:
    await office.deal("Vector", stage=1)
    values = {"language": language, "theme": theme}
    await office.crm.services.accounts.change_own(office.crm.cast.olga, values)
    page = await office.screen(office.crm.cast.olga, "/board?step=none&order=urgent", reduced_motion="reduce")
    await office.column(page, 2).locator(".fold button").click()
    await expect(page.locator(".is-folded")).to_have_count(1)
    await page.locator(".filter-menu summary").click()
    assert await violations(page) == []
    narrow = await office.screen(office.crm.cast.olga, "/board?step=none&order=urgent", viewport=PHONE)
    assert await narrow.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    await narrow.locator(".filter-menu summary").click()
    assert await narrow.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
