"""What sellers see in their browsers while real phones ring: popup, card, a move and its undoing."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from tests.e2e.company import Company
from tests.e2e.office import Office, office
from tests.e2e.served_crm import PASSWORD
from tests.parts.sip.dialog import Dialog

pytestmark = [
    pytest.mark.asterisk,
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.timeout(300),
]

Screen = Callable[[str], Awaitable[Page]]
"""Opens the board of this person, logged in."""


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def here(company: Company, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    """The company with its CRM on SQLite."""
    async with office(tmp_path_factory.mktemp("crm"), company, sellers=2) as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def screen(here: Office, module_browser: Browser) -> AsyncIterator[Screen]:
    """Browsers for whoever is asked for; at the end none of them may have met an error of a script."""
    errors: list[str] = []
    pages: list[Page] = []

    async def open_board(login: str) -> Page:
        page = await (await module_browser.new_context(locale="en-GB")).new_page()
        pages.append(page)
        page.on("pageerror", lambda error: errors.append(str(error)))
        await page.goto(f"{here.crm.url}/login?next=/board")
        await page.fill("input[name=login]", login)
        await page.fill("input[name=password]", PASSWORD)
        await page.click("button.primary")
        await page.goto(f"{here.crm.url}/board")
        return page

    yield open_board
    for page in pages:
        await page.context.close()
    assert errors == []


WHEN_IT_RINGS = """() => new Promise(shown => new MutationObserver((_, watch) => {
    if (!document.querySelector('#popup .is-ringing')) return;
    watch.disconnect();
    shown(Date.now() / 1000);
}).observe(document.body, {childList: true, subtree: true, attributes: true}))"""
"""The page's own clock when the popup shows: how often a test looks does not count."""


async def _ring(here: Office, client: str, seller: int = 1) -> tuple[Dialog, Dialog]:
    """The client's leg and the seller's ringing phone."""
    team = here.company.teams[2]
    calling = team.calls_in("01", client)
    return calling, await team.phone(seller).next_call()


async def _answered_card(here: Office, page: Page, client: str) -> str:
    """A client calls, seller 1 answers, both hang up; the selector of the card on the page."""
    calling, phone = await _ring(here, client)
    phone.answer()
    await calling.until_answered()
    await expect(_card(page, client)).to_be_visible()
    await calling.hang_up()
    await phone.until_ended()
    card_id = await _card(page, client).get_attribute("id")
    return f"#{card_id}"


def _card(page: Page, client: str) -> Locator:
    return page.locator(".kind-unsorted .card", has_text=_shown(client))


def _shown(client: str) -> re.Pattern[str]:
    """The number as people read it, whatever stands between the digits."""
    return re.compile(r"\D*".join(client[1:]))


async def test_the_popup_is_there_within_a_second_and_only_where_it_rings(
    here: Office, screen: Screen
) -> None:
    anna, boris = await screen("anna"), await screen("boris")
    shown = asyncio.create_task(anna.evaluate(WHEN_IT_RINGS))
    calling, phone = await _ring(here, "79261110001")
    await expect(anna.locator("#popup .is-ringing")).to_contain_text(_shown("79261110001"))
    assert phone.rang_at is not None
    assert await shown - phone.rang_at < 1.0
    await expect(boris.locator("#popup section")).to_have_count(0)
    await calling.hang_up()
    await anna.locator("#popup .is-missed [data-close]").click()
    await expect(anna.locator("#popup section")).to_have_count(0)


async def test_answering_puts_the_card_on_the_seller_s_and_the_head_s_board_and_nobody_else_s(
    here: Office, screen: Screen
) -> None:
    anna, boris, olga = await screen("anna"), await screen("boris"), await screen("olga")
    card = await _answered_card(here, anna, "79261110002")
    await expect(olga.locator(f".kind-unsorted {card}")).to_be_visible()
    await expect(boris.locator(card)).to_have_count(0)


async def test_the_popup_follows_the_call(here: Office, screen: Screen) -> None:
    anna = await screen("anna")
    calling, phone = await _ring(here, "79261110003")
    await expect(anna.locator("#popup .is-ringing")).to_be_visible()
    phone.answer()
    await expect(anna.locator("#popup .is-talking")).to_be_visible()
    await asyncio.sleep(0.5)
    await calling.hang_up()
    await expect(anna.locator("#popup .is-wrap_up")).to_be_visible()


async def test_a_card_is_dragged_and_the_move_undone(here: Office, screen: Screen) -> None:
    anna, olga = await screen("anna"), await screen("olga")
    card = await _answered_card(here, anna, "79261110004")
    await anna.locator(card).drag_to(anna.locator(".column .cards").nth(1))
    await expect(anna.locator(f".kind-unsorted {card}")).to_have_count(0)
    await expect(anna.locator(f".kind-open {card}")).to_be_visible()
    await expect(olga.locator(f".kind-open {card}")).to_be_visible()
    await anna.locator("#toasts [data-undo]").click()
    await expect(anna.locator(f".kind-unsorted {card}")).to_be_visible()
    await expect(olga.locator(f".kind-unsorted {card}")).to_be_visible()
