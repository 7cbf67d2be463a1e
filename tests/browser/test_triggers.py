"""Triggers on real screens: a rule is written, and what it did is seen and taken back on the card."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from pbx_crm.db import deals
from tests.browser.screens import Office
from tests.browser.test_looks import LOOKS, SMALL, violations
from tests.builders import NOW

pytestmark = pytest.mark.browser


async def test_the_head_writes_a_rule_and_switches_it_off(office: Office) -> None:
    page = await office.screen(office.crm.cast.olga, "/settings/triggers")
    await page.get_by_role("link", name="New trigger").click()
    await page.get_by_label("Name of the trigger").fill("Third try")
    await page.get_by_label("How it ended").select_option("no_answer")
    await page.get_by_label("Which of the card’s calls").select_option("try")
    await page.get_by_label("Number n").fill("3")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Say what is to happen")).to_be_visible()
    assert await page.get_by_label("Number n").input_value() == "3", "nothing typed is lost"
    await page.get_by_label("Its priority").select_option("low")
    await page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text="Third try")
    await expect(row).to_contain_text("n-th unanswered try in a row: 3")
    await row.get_by_role("button", name="Switch off").click()
    await expect(row.get_by_text("off", exact=True)).to_be_visible()


async def test_what_a_trigger_did_stands_on_the_card_and_is_taken_back_there(office: Office) -> None:
    deal_id = await office.deal("Vector")
    details = {"id": "trigger_priority", "name": "Third try", "was": "normal", "is": "high"}
    await office.crm.database.write(deals.add_event_once, deal_id, "trigger", NOW, details, "key")
    anna = office.crm.cast.anna
    stored = await office.crm.database.read(deals.get, deal_id, anna.scope)
    await office.crm.database.write(deals.set_fields, stored, {"priority": "high"}, NOW)
    page = await office.screen(anna, f"/deals/{deal_id}")
    await expect(page.get_by_text("the trigger “Third try” changed the priority")).to_be_visible()
    await page.get_by_role("button", name="Take back").click()
    await expect(page.get_by_role("button", name="Take back")).to_have_count(0)
    assert (await office.stored(deal_id)).priority == "normal"


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_everybody_can_write_triggers(office: Office, language: str, theme: str) -> None:
    olga = office.crm.cast.olga
    await office.crm.services.accounts.change_own(olga, {"language": language, "theme": theme})
    page = await office.screen(olga, "/settings/triggers", reduced_motion="reduce")
    assert await violations(page) == []
    await page.goto(str(office.crm.server.make_url(f"/settings/triggers/new?funnel={office.funnel.id}")))
    assert await violations(page) == []


@pytest.mark.parametrize("language", ["ru", "fa"])
async def test_a_phone_shows_triggers_without_sideways_scrolling(office: Office, language: str) -> None:
    olga = office.crm.cast.olga
    await office.crm.services.accounts.change_own(olga, {"language": language})
    page = await office.screen(olga, "/settings/triggers", viewport=SMALL)
    for url in ("/settings/triggers", f"/settings/triggers/new?funnel={office.funnel.id}"):
        await page.goto(str(office.crm.server.make_url(url)))
        assert await page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"], url
