"""The deal's card on real screens: drafts, two writers at once, the bin, on a phone and in Persian."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC
from decimal import Decimal

import pytest
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from pbx_crm.domain.person import Person
from pbx_crm.pages.site import make_site
from pbx_crm.services.deal_people import ContactForm
from tests.browser.screens import PHONE, Office, eventually
from tests.browser.test_looks import LOOKS, violations

pytestmark = pytest.mark.browser


async def draft_of(office: Office, deal: int, who: Person) -> str:
    """What the server keeps of this person's note."""
    return (await office.crm.services.deal_cards.show(who, deal, UTC)).draft


async def test_a_note_begun_in_one_tab_goes_on_in_another(office: Office) -> None:
    deal, anna = await office.deal("Vector"), office.crm.cast.anna
    first = await office.screen(anna, f"/deals/{deal}")
    await first.fill("#note-text", "wants a discount")

    async def is_kept() -> bool:
        return await draft_of(office, deal, anna) == "wants a discount"

    await eventually(is_kept, seconds=10)
    second = await office.screen(anna, f"/deals/{deal}")
    await expect(second.locator("#note-text")).to_have_value("wants a discount")
    await second.click(".note-form .button >> nth=0")
    await expect(second.locator(".entry.is-note .entry-text")).to_have_text("wants a discount")
    await expect(second.locator("#note-text")).to_have_value("")
    await expect(second.locator("#note-text")).to_be_focused()


@asynccontextmanager
async def server_away(office: Office) -> AsyncIterator[Callable[[], AbstractAsyncContextManager[object]]]:
    """The server is stopped; what is handed over starts it again, for as long as it is entered."""
    office.loses_requests = True
    port = office.crm.server.port
    await office.crm.server.close()
    yield lambda: TestServer(make_site(office.crm.services), port=port)
    # The browser itself reports every attempt that failed meanwhile.
    office.complaints[:] = [line for line in office.complaints if "WebSocket connection" not in line]


async def test_what_i_write_while_the_server_is_away_is_saved_when_it_is_back(office: Office) -> None:
    deal, anna = await office.deal("Vector"), office.crm.cast.anna
    page = await office.screen(anna, f"/deals/{deal}")
    async with server_away(office) as back:
        await page.fill("#note-text", "three warehouses")
        await expect(page.locator(".kept-here")).to_be_visible(timeout=40_000)
        async with back():
            await expect(page.locator(".kept-here")).to_be_hidden(timeout=30_000)
            assert await draft_of(office, deal, anna) == "three warehouses"
            await page.reload()
            await expect(page.locator("#note-text")).to_have_value("three warehouses")
            await page.close()


async def test_a_note_whose_tab_was_closed_offline_is_sent_from_the_next_page(office: Office) -> None:
    deal, anna = await office.deal("Vector"), office.crm.cast.anna
    first = await office.screen(anna, f"/deals/{deal}")
    async with server_away(office) as back:
        await first.fill("#note-text", "three warehouses")
        await first.close()
        async with back():
            page = await first.context.new_page()
            await page.goto(f"{office.home}today")

            async def is_saved() -> bool:
                return await draft_of(office, deal, anna) == "three warehouses"

            await eventually(is_saved, seconds=15)
            await page.close()


async def test_signing_out_forgets_what_was_not_saved_if_i_agree(office: Office) -> None:
    deal = await office.deal("Vector")
    office.loses_requests = True
    page = await office.screen(office.crm.cast.anna, f"/deals/{deal}")
    await page.route("**/draft", lambda route: route.abort())
    await page.fill("#note-text", "three warehouses")
    await expect(page.locator(".kept-here")).to_be_visible(timeout=40_000)
    await page.click(".user-menu summary")
    page.once("dialog", lambda question: question.dismiss())
    await page.click("[action='/logout'] button")
    assert await page.evaluate("localStorage.length") == 1
    page.once("dialog", lambda question: question.accept())
    await page.click("[action='/logout'] button")
    await page.wait_for_url("**/login")
    assert await page.evaluate("localStorage.length") == 0


async def test_what_i_type_survives_a_colleagues_change_and_i_am_told(office: Office) -> None:
    deal = await office.deal("Vector", amount=100)
    anna: Page = await office.screen(office.crm.cast.anna, f"/deals/{deal}")
    olga: Page = await office.screen(office.crm.cast.olga, f"/deals/{deal}")
    await anna.fill("#deal-amount", "300")
    await anna.fill("#deal-title", "Fibre")
    await olga.fill("#deal-amount", "200")
    await olga.click(".field-grid .actions .button")
    # The live card has told Anna's page, and her words stand.
    await expect(anna.locator(".entry.is-fields")).to_contain_text("200")
    await expect(anna.locator("#deal-amount")).to_have_value("300")
    await anna.click(".field-grid .actions .button")
    await expect(anna.locator(".notice.danger")).to_contain_text("Olga")
    await expect(anna.locator("#deal-amount")).to_have_value("300")
    await anna.click(".field-grid .actions .button")
    await expect(anna.locator(".notice.danger")).to_have_count(0)
    stored = await office.stored(deal)
    assert (stored.amount, stored.title) == (Decimal(300), "Fibre")


async def test_a_deleted_deal_comes_back_in_two_clicks(office: Office) -> None:
    deal = await office.deal("Vector")
    page = await office.screen(office.crm.cast.anna, f"/deals/{deal}")
    await page.click(".delete-deal summary")
    await page.click(".delete-deal .button")
    await expect(page.locator("td", has_text="Vector").first).to_be_visible()
    await page.click("text=Put back")
    await expect(page.locator("#deal-name")).to_have_text("Vector")


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_the_card_and_the_bin_are_for_everybody(office: Office, language: str, theme: str) -> None:
    deal, anna = await office.deal("ООО «Вектор»", stage=1), office.crm.cast.anna
    await office.crm.services.accounts.change_own(anna, {"language": language, "theme": theme})
    await office.crm.services.clients.people.add(anna, deal, ContactForm("علی رضایی", "+79051112233", "x"))
    await office.crm.services.deals.add_note(anna, deal, "три склада, 40 человек")
    gone = await office.stored(await office.deal("Sara"))
    await office.crm.services.clients.bin.throw_deal(anna, gone.id, gone.version)
    for url in (f"/deals/{deal}", "/bin"):
        page = await office.screen(anna, url, viewport=PHONE, reduced_motion="reduce")
        await page.locator("h1").first.wait_for()
        assert await violations(page) == []
        wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(wide) <= 0
