"""The wallboard on a screen: it follows the calls by itself, and everybody in the room can read it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from pbx_crm.db import extensions
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.endpoint import PbxShape
from pbx_crm.domain.presence import DeviceSeen, PauseSeen
from pbx_crm.domain.wallboard import WallRules
from tests.browser.screens import PHONE, Office
from tests.browser.test_looks import violations
from tests.builders import NOW
from tests.call_rows import CallRows

pytestmark = pytest.mark.browser


async def link(office: Office) -> str:
    """The address of a new board."""
    return f"/wall/{await office.crm.services.analysis.walls.make(office.crm.cast.olga, 'Hall', WallRules())}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_caller_who_waits_appears_on_the_board_by_itself(office: Office, scheme: str) -> None:
    page = await office.screen(office.crm.cast.anna, await link(office), color_scheme=scheme)
    waiting = page.locator(".wall-figure", has_text="Waiting").locator("dd")
    await expect(waiting).to_have_text("0")
    assert await violations(page) == []

    def story(tx: Transaction) -> None:
        CallRows(tx, NOW - timedelta(seconds=70), caller_name="Orbita").ring(office.crm.cast.anna)

    await office.crm.database.write(story)
    office.crm.services.live.tell({"calls"}, {office.crm.cast.anna.id})
    await expect(waiting).to_have_text("1", timeout=40_000)
    await expect(page.locator(".wall-figure.is-alarm")).to_have_count(2)
    await expect(page.get_by_text("ringing 1:09")).to_be_visible()
    assert "Orbita" not in await page.content()
    assert await violations(page) == []


async def test_a_pause_appears_by_itself_with_its_seller_and_in_the_count(office: Office) -> None:
    anna = office.crm.cast.anna
    await office.crm.database.write(extensions.link, "office", "101", anna.id, NOW - timedelta(days=1))
    page = await office.screen(anna, await link(office))
    presence = office.crm.services.telephony.presence
    presence.lost("office", PbxShape())
    for event in (DeviceSeen("PJSIP/101", "NOT_INUSE"), PauseSeen("PJSIP/101", "sales", True)):
        presence.heard("office", event)
    await presence.store("office")
    await expect(page.locator(".wall-sellers .is-paused", has_text="Anna")).to_be_visible(timeout=40_000)
    await expect(page.locator(".wall-states .is-paused b")).to_have_text("1")
    assert await violations(page) == []


async def test_the_board_fits_a_phone(office: Office) -> None:
    page = await office.screen(office.crm.cast.anna, await link(office), viewport=PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
