"""Screens of people at work: a real Chromium on the site under test, logged in, its complaints collected."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, expect

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import Deal, MoveRequest
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person
from pbx_crm.domain.session import SessionKind
from pbx_crm.pages.request import SESSION_COOKIE
from tests import builders
from tests.site import Crm

WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
# A machine that runs other tests besides may take its time; nobody waits longer than the thing takes.
expect.set_options(timeout=40_000)
AXE = gzip.decompress((Path(__file__).parent / "axe.min.js.gz").read_bytes()).decode()


@dataclass
class Office:
    """The site with one funnel, and the screens that look at it."""

    crm: Crm
    browser: Browser
    funnel: Funnel
    complaints: list[str] = field(default_factory=list)
    loses_requests: bool = False
    """The test cuts the network, of which htmx writes to the console."""
    _contexts: list[BrowserContext] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.home = str(self.crm.server.make_url("/"))

    async def stranger(self, url: str, **options: Any) -> Page:
        """A browser in which nobody is logged in, at that page; options are Playwright's for a context."""
        return await self._opened(await self._context(options), url)

    async def screen(self, who: Person, url: str = "/board", **options: Any) -> Page:
        """This person's browser at that page; further options are Playwright's for a context."""
        context = await self._context(options)
        token = await self.crm.token(who, SessionKind.WEB)
        await context.add_cookies([{"name": SESSION_COOKIE, "value": token, "url": self.home}])
        return await self._opened(context, url)

    async def _context(self, options: dict[str, Any]) -> BrowserContext:
        made = await self.browser.new_context(**{"viewport": WIDE, **options})
        self._contexts.append(made)
        return made

    async def _opened(self, context: BrowserContext, url: str) -> Page:
        page = await context.new_page()
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._note_request)
        await page.goto(str(self.crm.server.make_url(url)))
        return page

    def _note(self, message: ConsoleMessage) -> None:
        # A refused move is a 4xx, which the browser reports by itself; that is no complaint of ours.
        is_expected = "Failed to load resource" in message.text or (
            self.loses_requests and "Failed to fetch" in message.text
        )
        if message.type in ("error", "warning") and not is_expected:
            self.complaints.append(message.text)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.home, "data:")):
            self.complaints.append(f"asked elsewhere: {request.url}")

    async def deal(self, name: str, *, stage: int = 0, amount: int = 0, owner: Person | None = None) -> int:
        """A deal with a client of this name in the funnel's n-th stage; Anna's, if not said."""
        seller = owner or self.crm.cast.anna

        def write(tx: Transaction) -> int:
            client = builders.contact(tx, name)
            return builders.deal(
                tx, self.funnel, seller, stage=stage, amount=amount, contact_id=client, source="site"
            )

        return await self.crm.database.write(write)

    async def stored(self, deal_id: int) -> Deal:
        """The deal as the server has it."""
        return await self.crm.services.deals.get(self.crm.cast.olga, deal_id)

    async def move(self, who: Person, deal_id: int, stage: int) -> None:
        """The deal moved by somebody elsewhere."""
        deal = await self.stored(deal_id)
        key = f"elsewhere-{deal_id}-{deal.version}"
        request = MoveRequest(self.funnel.stages[stage].id, deal.version, key, reason="elsewhere")
        await self.crm.services.moves.move(who, deal_id, request)

    def column(self, page: Page, stage: int) -> Any:
        """The column of the funnel's n-th stage."""
        return page.locator(f"#column-{self.funnel.stages[stage].id}")

    async def layout(self, page: Page) -> dict[int, list[int]]:
        """Ids of the cards by the number of the stage they are shown in."""
        found: dict[str, list[str]] = await page.evaluate(
            "Object.fromEntries([...document.querySelectorAll('.column')].map((column) =>"
            " [column.dataset.stage, [...column.querySelectorAll('.card')].map((card) => card.dataset.id)]))"
        )
        numbers = {stage.id: number for number, stage in enumerate(self.funnel.stages)}
        return {numbers[int(stage)]: [int(card) for card in cards] for stage, cards in found.items() if cards}

    async def close(self) -> None:
        """Closes every screen."""
        for context in self._contexts:
            await context.close()


@pytest.fixture
async def office(crm: Crm, browser: Browser) -> AsyncIterator[Office]:
    """An office whose screens have nothing to complain of: no script error, CSP report or other host."""
    made = Office(crm, browser, await crm.database.write(builders.funnel))
    yield made
    await made.close()
    assert made.complaints == []


async def eventually(check: Callable[[], Awaitable[bool]], seconds: float = 15.0) -> None:
    """Returns once the check holds; fails if it does not within the time."""
    for _ in range(int(seconds / 0.05)):
        if await check():
            return
        await asyncio.sleep(0.05)
    pytest.fail("this did not come about in time")
