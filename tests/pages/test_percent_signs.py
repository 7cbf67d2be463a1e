"""What people write has percent signs in it, and nothing of ours reads them as places for values."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx_crm.db import advices, robots
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import robot_runs
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.builders import NOW
from tests.pages.test_robots import form as robot_form
from tests.site import Browser, Crm

SALE = "50% off, 10% down: %(name)s %s"


async def shown(browser: Browser, address: str) -> str:
    """The page, which must be one."""
    answer = await browser.get(address)
    page = await answer.text()
    assert answer.status == 200, page
    return page


async def test_a_robot_may_promise_a_discount(crm: Crm, head: Browser, funnel: Funnel) -> None:
    wish = robot_form(funnel, name=SALE, task_title=SALE, advice=SALE)
    assert (await head.post("/settings/robots", data=wish)).status == 200
    assert SALE in await shown(head, "/settings/robots")
    robot = next(one for one in await crm.database.read(robots.everything) if one.name == SALE)
    assert SALE in await shown(head, f"/settings/robots/{robot.id}")


async def test_a_trigger_may_be_named_after_a_discount(crm: Crm, head: Browser, funnel: Funnel) -> None:
    wish = {"funnel_id": str(funnel.id), "name": SALE, "outcome": "answered", "priority": "high"}
    assert (await head.post("/settings/triggers", data=wish)).status == 200
    assert SALE in await shown(head, "/settings/triggers")


async def test_a_calendar_may_be_named_after_one(head: Browser) -> None:
    wish = {"name": SALE, "time_zone": "UTC", "hours_0": "9-18"}
    assert (await head.post("/settings/calendars", data=wish)).status == 200
    assert SALE in await shown(head, "/settings/calendars")


@pytest.mark.parametrize("where", ["/today", "/deals/{}", "/board"])
async def test_a_seller_reads_advice_and_tasks_about_a_discount(
    crm: Crm, anna: Browser, funnel: Funnel, where: str
) -> None:
    def work(tx: Transaction) -> int:
        client = builders.contact(tx, SALE)
        deal_id = builders.deal(tx, funnel, crm.cast.anna, contact_id=client, title=SALE, source=SALE)
        run = {"robot_id": robots.everything(tx)[0].id, "deal_id": deal_id, "since": NOW, "at": NOW}
        run_id = insert_new(tx, robot_runs, {**run, "owner_id": crm.cast.anna.id})
        row = {"deal_id": deal_id, "for_head": False, "run_id": run_id, "name": SALE, "text": SALE}
        stage = funnel.stages[0].id
        advices.put(tx, {**row, "occasion": "entered", "why": {}, "stage_id": stage, "at": NOW})
        return deal_id

    deal_id = await crm.database.write(work)
    crm.clock.go_on(timedelta(minutes=1))
    assert SALE in await shown(anna, where.format(deal_id))
