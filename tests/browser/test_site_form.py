"""The form on the company's site, in a real browser: a page from elsewhere asks across origins."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from pbx_crm.db import site_forms
from pbx_crm.db.tables import deals, site_requests
from pbx_crm.domain.site_request import MOST_FROM_ONE, SiteForm
from tests.browser.screens import Office
from tests.builders import NOW

pytestmark = pytest.mark.browser

THANKS = "Thank you, we will call you back."
# A page with a style that shows every label, as many sites have one, and nothing else on it.
SITE = """<!doctype html><html lang="en"><title>Fibre for your office</title>
<style>label {{ display: block }}</style><h1>Fibre for your office</h1>
<script src="{script}" async data-send="Call me"></script>"""


@dataclass
class Visit:
    """A page of the company's site, on an origin of its own."""

    office: Office
    form: SiteForm
    port: int

    def url(self, host: str = "localhost", query: str = "") -> str:
        return f"http://{host}:{self.port}/fibre{query}"

    async def page(self, url: str) -> Page:
        """A stranger's browser that shows it."""
        page = await self.office.browser.new_page()
        await page.goto(url)
        return page

    async def send(self, page: Page, phone: str = "8 916 123-45-67", name: str = "Vera") -> None:
        await page.get_by_label("Your name").fill(name)
        await page.get_by_label("Phone").fill(phone)
        await page.get_by_label("Your question").fill("How much is fibre?")
        await page.get_by_role("button", name="Call me").click()

    async def asked(self) -> int:
        """How many requests were stored."""
        rows = await self.office.crm.database.read(lambda tx: tx.execute(site_requests.select()).all())
        return len(rows)


@pytest.fixture
async def visit(office: Office) -> AsyncIterator[Visit]:
    form = SiteForm(None, "Front page", "front-page-token")

    async def show(_request: web.Request) -> web.Response:
        script = office.crm.server.make_url(f"/site/{form.token}/form.js")
        return web.Response(text=SITE.format(script=script), content_type="text/html")

    site = web.Application()
    site.router.add_get("/fibre", show)
    async with TestServer(site, host="127.0.0.1") as server:
        form = SiteForm(None, form.name, form.token, origins=(f"http://localhost:{server.port}",))
        await office.crm.database.write(site_forms.add, form, NOW)
        assert server.port is not None
        yield Visit(office, form, server.port)


async def test_a_visitor_asks_and_the_card_lies_in_unsorted_with_all_they_said(visit: Visit) -> None:
    page = await visit.page(visit.url(query="?utm_source=ads&utm_campaign=autumn&client=7"))
    await expect(page.get_by_label("Leave this empty")).to_be_hidden()
    await visit.send(page)
    await expect(page.get_by_role("status")).to_have_text(THANKS)
    await expect(page.get_by_role("button", name="Call me")).to_be_disabled()
    assert await page.context.cookies() == []
    await page.close()

    office = visit.office
    (deal,) = await office.crm.database.read(lambda tx: tx.execute(deals.select()).all())
    assert (deal.stage_id, deal.source) == (office.funnel.stages[0].id, "ads")
    card = await office.screen(office.crm.cast.olga, f"/deals/{deal.id}")
    for words in ("Vera", "How much is fibre?", "utm_campaign=autumn", f"{visit.url()};"):
        await expect(card.get_by_role("main").get_by_text(words).first).to_be_visible()
    assert "client=7" not in await card.content(), "what else the address says is nobody's business"


async def test_a_visitor_is_told_what_to_type_otherwise_and_when_to_wait(visit: Visit) -> None:
    page = await visit.page(visit.url())
    await visit.send(page, phone="call me")
    await expect(page.get_by_role("status")).to_have_text("Write a phone number that we can call.")
    await visit.send(page)
    await expect(page.get_by_role("status")).to_have_text(THANKS)
    for _ in range(MOST_FROM_ONE):
        await page.reload()
        await visit.send(page)
        await expect(page.get_by_role("status")).not_to_be_empty()
    await expect(page.get_by_role("status")).to_contain_text("Too many requests at once")
    assert await visit.asked() == MOST_FROM_ONE
    await page.close()


async def test_another_site_and_a_program_get_nowhere(visit: Visit) -> None:
    page = await visit.page(visit.url(host="127.0.0.1"))
    await visit.send(page)
    await expect(page.get_by_role("status")).to_have_text("Not sent. Please try again.")
    await expect(page.get_by_role("button", name="Call me")).to_be_enabled()
    await page.goto(visit.url())
    await page.get_by_label("Leave this empty").evaluate(
        "(field) => { field.value = 'https://spam.example' }"
    )
    await visit.send(page)
    await expect(page.get_by_role("status")).to_have_text(THANKS)
    assert await visit.asked() == 0
    await page.close()
