"""Robots, their advice and calendars on real screens: written by the head, answered by the seller."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.async_api import expect

from pbx_crm.db import calendars, robots
from pbx_crm.domain.robot import Robot
from tests.browser.screens import Office
from tests.browser.test_looks import LOOKS, SMALL, violations
from tests.site import INSTALLATION

pytestmark = pytest.mark.browser
PAGES = ("/settings/robots", "/settings/robots/new", "/settings/calendars", "/settings/calendars/1")


async def advised(office: Office) -> int:
    """Anna's card with a robot's advice on it."""
    crm = office.crm
    robot = Robot(None, office.funnel.id, "Waker", hours=2, advice="Go on with it, or lower it")
    robot_id = await crm.database.write(robots.add, robot)
    await crm.services.automation.robots.switch(crm.cast.olga, robot_id, True)
    deal_id = await office.deal("Vector", stage=1)
    crm.clock.go_on(timedelta(hours=3))
    assert await crm.services.automation.robots.sweep() == 1
    return deal_id


async def test_the_head_writes_a_robot_and_switches_it_on(office: Office) -> None:
    page = await office.screen(office.crm.cast.olga, "/settings/robots")
    await page.get_by_role("link", name="New robot").click()
    await page.get_by_label("Name of the robot").fill("Offer unanswered")
    await page.get_by_label("It waits until").select_option("entered")
    await page.get_by_label("Number n").fill("18")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Say what is to happen")).to_be_visible()
    assert await page.get_by_label("Number n").input_value() == "18", "nothing typed is lost"
    await page.get_by_label("Advice for its owner").fill("Call them")
    await page.get_by_role("button", name="Save").click()
    row = page.get_by_role("row").filter(has_text="Offer unanswered")
    await row.get_by_role("button", name="Switch on").click()
    await expect(row.get_by_role("button", name="Switch off")).to_be_visible()


async def test_advice_is_followed_from_the_card(office: Office) -> None:
    deal_id = await advised(office)
    page = await office.screen(office.crm.cast.anna, f"/deals/{deal_id}")
    advice = page.locator(".advice")
    await expect(advice).to_contain_text("Go on with it, or lower it")
    await advice.get_by_role("button", name="Lower").click()
    await expect(page.get_by_text("The priority is low now.")).to_be_visible()
    await expect(advice).to_have_count(0)
    assert (await office.stored(deal_id)).priority == "low"


async def test_advice_is_put_off_in_today(office: Office) -> None:
    await advised(office)
    page = await office.screen(office.crm.cast.anna, "/today")
    hints = page.get_by_role("region", name="Hints")
    await expect(hints).to_contain_text("nothing had happened for 2 working hours")
    await hints.get_by_role("button", name="Later").click()
    await expect(page.get_by_text("You will be told again tomorrow.")).to_be_visible()
    await expect(hints).to_have_count(0)


async def test_advice_leads_to_the_move(office: Office) -> None:
    await advised(office)
    page = await office.screen(office.crm.cast.anna, "/today")
    await page.get_by_role("region", name="Hints").get_by_role("link", name="Move").click()
    await expect(page.get_by_role("dialog").get_by_role("button", name="Presentation")).to_be_visible()


@pytest.mark.parametrize(("language", "theme"), LOOKS)
async def test_everybody_can_set_robots_and_calendars(office: Office, language: str, theme: str) -> None:
    olga = office.crm.cast.olga
    await office.crm.database.write(calendars.first, INSTALLATION)
    await office.crm.services.accounts.change_own(olga, {"language": language, "theme": theme})
    page = await office.screen(olga, "/settings/robots", reduced_motion="reduce")
    for path in PAGES:
        await page.goto(str(office.crm.server.make_url(path)))
        assert await violations(page) == [], path


@pytest.mark.parametrize("language", ["ru", "fa"])
async def test_a_phone_shows_robots_and_calendars_without_sideways_scrolling(
    office: Office, language: str
) -> None:
    olga = office.crm.cast.olga
    await office.crm.services.accounts.change_own(olga, {"language": language})
    await advised(office)
    await office.crm.database.write(calendars.first, INSTALLATION)
    page = await office.screen(olga, "/settings/robots", viewport=SMALL)
    for path in (*PAGES, "/today?who=all"):
        await page.goto(str(office.crm.server.make_url(path)))
        assert await page.evaluate("document.documentElement.scrollWidth") <= SMALL["width"], path
