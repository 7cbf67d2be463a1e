"""Words that callers and colleagues may send: on every screen they are words, and nothing of them runs."""

from __future__ import annotations

import pytest
from playwright.async_api import Page
from sqlalchemy import text

from pbx_crm.db import deal_notes
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.person import Role
from pbx_crm.pages.site import ROUTES
from tests import builders
from tests.browser.screens import Office
from tests.builders import NOW
from tests.call_rows import CallRows

pytestmark = pytest.mark.browser

TAKE = "document.documentElement.dataset.taken=1"
HOSTILE = (
    f"<script>{TAKE}</script>",
    f'"><img src=x onerror="{TAKE}">',
    f"'><svg/onload={TAKE}>",
    f'" autofocus onfocus="{TAKE}" x="',
    f"</textarea><script>{TAKE}</script>",
    f"</title><script>{TAKE}</script>",
    f"<a href=javascript:{TAKE}>go</a>",
    f"<div hx-on:load='{TAKE}' hx-get=/me hx-trigger=load>",
    f"<hx-partial hx-target=body hx-swap=innerHTML><script>{TAKE}</script></hx-partial>",
    f"{{{{ self.__init__.__globals__ }}}}<iframe srcdoc='<script>parent.{TAKE}</script>'>",
    "%(name)s %s {0} {name}",
    "<style>*{display:none}</style>",
)
PAGES = sorted(
    route.path
    for route in ROUTES
    if route.method == "GET"
    and "{" not in route.path
    and not route.path.startswith(("/static/", "/live", "/health", "/metrics", "/api/", "/popup", "/banner"))
    and not route.path.endswith((".csv", ".xlsx"))
)


async def stock(office: Office) -> tuple[list[int], list[int]]:
    """A deal and an answered call for each of the words, in every place that takes words."""

    def write(tx: Transaction) -> tuple[list[int], list[int]]:
        deals, calls = [], []
        for words in HOSTILE:
            seller = builders.person(tx, words)
            client = builders.contact(tx, words)
            deal = builders.deal(
                tx, office.funnel, seller, contact_id=client, title=words[:200], source=words[:100]
            )
            deal_notes.add(tx, deal, seller.id, words, NOW)
            call = CallRows(tx, caller_name=words, queue=words, contact_id=client, deal_id=deal)
            call.ring(seller).answer(seller).end(60, Outcome.ANSWERED)
            deals.append(deal)
            calls.append(call.id)
        tx.execute(
            text("UPDATE stages SET reached_when = :words, what_to_do = :words"), {"words": HOSTILE[1]}
        )
        return deals, calls

    return await office.crm.database.write(write)


async def is_taken(page: Page) -> bool:
    found: bool = await page.evaluate("'taken' in document.documentElement.dataset")
    return found


async def test_no_screen_runs_what_a_caller_is_called(office: Office) -> None:
    deals, calls = await stock(office)
    head = await office.crm.database.write(
        lambda tx: builders.person(tx, f"Olga {HOSTILE[1]}", Role.HEAD, is_admin=True)
    )
    page = await office.screen(head)
    addresses = [*PAGES, "/search?q=script", *(f"/deals/{deal}" for deal in deals)]
    addresses += [f"/calls/{call}" for call in calls]
    for address in addresses:
        await page.goto(str(office.crm.server.make_url(address)))
        assert not await is_taken(page), address


async def test_no_part_of_the_board_runs_what_a_caller_is_called(office: Office) -> None:
    deals, _ = await stock(office)
    page = await office.screen(office.crm.cast.olga)
    for deal in deals:
        await page.locator(f"#name-{deal}").click()
        await page.locator(f"#drawer #deal-{deal}").wait_for()
        await page.keyboard.press("Escape")
        await page.locator(f"#name-{deal}").focus()
        await page.keyboard.press("m")
        await page.locator(".stage-choice").nth(1).click()
        await page.locator("#toasts .toast").wait_for()
        await page.locator("#dialog").wait_for(state="hidden")
        assert not await is_taken(page), deal
