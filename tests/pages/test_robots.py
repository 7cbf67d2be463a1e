"""Robots in the settings, and their advice where sellers read it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from pbx_crm.db import jobs, robots
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import advices, audit, deals
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.job import Failure, NewJob
from pbx_crm.domain.robot import Heir, Occasion, Robot
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.webhook import NotDelivered
from pbx_crm.services.robot_acts import WEBHOOK
from tests import builders
from tests.site import Browser, Crm

HERE = "/settings/robots"
HTMX = {"HX-Request": "true"}


def form(funnel: Funnel, **changes: str) -> dict[str, str]:
    """A robot that says and does a little of everything."""
    filled = {
        "funnel_id": str(funnel.id),
        "name": "Offer unanswered",
        "occasion": "entered",
        "hours": "18",
        "stage_id": str(funnel.stages[3].id),
        "task_kind": "call",
        "task_title": "Ask about the offer",
        "task_minutes": "120",
        "advice": "Call them, or lower it",
        "priority": "high",
        "heir": "fewest",
        "tells_head": "yes",
        "webhook_url": "https://hooks.example/crm",
    }
    return {**filled, **changes}


async def stored(crm: Crm, name: str = "Offer unanswered") -> Robot:
    found = await crm.database.read(robots.everything)
    return next(robot for robot in found if robot.name == name)


async def advised(crm: Crm, funnel: Funnel, name: str = "Vector", **more: Any) -> int:
    """Anna's card with advice on it that a robot gave a moment ago."""
    settings: dict[str, Any] = {"occasion": Occasion.IDLE, "hours": 2, "advice": "Go on with it", **more}

    def make(tx: Transaction) -> tuple[int, int]:
        robot_id = robots.add(tx, Robot(None, funnel.id, f"Robot of {name}", **settings))
        client = builders.contact(tx, name)
        return robot_id, builders.deal(tx, funnel, crm.cast.anna, stage=1, contact_id=client)

    robot_id, deal_id = await crm.database.write(make)
    await crm.services.automation.robots.switch(crm.cast.olga, robot_id, True)
    crm.clock.go_on(timedelta(hours=2))
    assert await crm.services.automation.robots.sweep() == 1
    return deal_id


async def advice_id(crm: Crm) -> int:
    return int(await crm.database.read(lambda tx: tx.execute(advices.select()).one().id))


async def test_a_fresh_funnel_has_robots_and_all_are_off(crm: Crm, head: Browser) -> None:
    page = await (await head.get(HERE)).text()
    for name in ("Three days without a word", "No next step", "Overdue for a day"):
        assert name in page
    assert "Switch off" not in page
    assert not any(robot.is_active for robot in await crm.database.read(robots.everything))


async def test_the_list_says_in_a_sentence_when_a_robot_acts(funnel: Funnel, head: Browser) -> None:
    text = await (await head.get("/settings/robots")).text()
    assert "nothing has happened for 27 working hours" in text
    assert "nothing has happened for longer than its stage allows" in text
    assert " for n working hours" not in text


async def test_a_robot_is_stored_as_the_form_says_and_switched_on_by_hand(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    assert (await head.post(HERE, data=form(funnel))).status == 200
    robot = await stored(crm)
    assert (robot.occasion, robot.hours, robot.stage_id) == (Occasion.ENTERED, 18, funnel.stages[3].id)
    assert (robot.task_kind, robot.task_title, robot.task_minutes) == (
        TaskKind.CALL,
        "Ask about the offer",
        120,
    )
    assert (robot.priority, robot.heir, robot.tells_head) == (Priority.HIGH, Heir.FEWEST, True)
    assert not robot.is_active
    await head.post(f"{HERE}/{robot.id}/switch", data={"active": "yes"})
    robot = await stored(crm)
    assert robot.is_active
    assert robot.active_since == crm.clock()
    await head.post(f"{HERE}/{robot.id}", data=form(funnel, hours="9", tells_head=""))
    changed = await stored(crm)
    assert (changed.hours, changed.is_active) == (9, True)
    assert changed.webhook_secret == robot.webhook_secret


async def test_the_secret_is_shown_to_the_head_only_in_the_form(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    await head.post(HERE, data=form(funnel))
    robot = await stored(crm)
    assert len(robot.webhook_secret) > 30
    assert robot.webhook_secret not in repr(robot)
    assert robot.webhook_secret in await (await head.get(f"{HERE}/{robot.id}")).text()
    assert robot.webhook_secret not in await (await head.get(HERE)).text()


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ({"name": ""}, "A name is 1 to 100 characters."),
        ({"name": "No next step"}, "There is a robot of this name in this funnel already."),
        ({"hours": "90000"}, "0 to a year."),
        ({"hours": "0", "occasion": "stepless"}, "At least one hour."),
        ({"hours": "soon"}, "This is not a number within its limits."),
        ({"stage_id": "999"}, "Choose a stage of this funnel."),
        ({"heir": "person"}, "Choose who gets the card."),
        ({"task_title": "x" * 201}, "At most 200 characters."),
        ({"advice": "x" * 301}, "At most 300 characters."),
        ({"webhook_url": "ftp://hooks.example"}, "Write an address that begins with"),
        ({"webhook_url": "https://user:pass@hooks.example"}, "Write an address that begins with"),
        ({"webhook_url": "https://"}, "Write an address that begins with"),
        ({"occasion": "full moon"}, "This is none of the choices."),
    ],
)
async def test_a_slip_is_told_and_nothing_stored(
    crm: Crm, head: Browser, funnel: Funnel, slip: dict[str, str], told: str
) -> None:
    before = await crm.database.read(robots.everything)
    answer = await head.post(HERE, data=form(funnel, **slip))
    assert answer.status == 422
    assert told in await answer.text()
    assert await crm.database.read(robots.everything) == before


async def test_a_robot_that_does_nothing_is_refused(head: Browser, funnel: Funnel) -> None:
    answer = await head.post(HERE, data={"funnel_id": str(funnel.id), "name": "Idle", "occasion": "idle"})
    assert "Say what is to happen" in await answer.text()


async def test_in_a_closed_stage_only_entering_counts(head: Browser, funnel: Funnel) -> None:
    won = str(funnel.stages[-2].id)
    assert (await head.post(HERE, data=form(funnel, stage_id=won, occasion="idle"))).status == 422
    assert (await head.post(HERE, data=form(funnel, stage_id=won))).status == 200


async def test_a_removed_robot_is_gone_with_its_advice(crm: Crm, head: Browser, funnel: Funnel) -> None:
    await advised(crm, funnel)
    robot = await stored(crm, "Robot of Vector")
    await head.post(f"{HERE}/{robot.id}/drop")
    assert await crm.database.read(lambda tx: tx.execute(advices.select()).all()) == []
    acts = await crm.database.read(lambda tx: tx.execute(audit.select()).all())
    assert [row.act for row in acts] == ["robot on", "robot dropped"]


async def test_advice_stands_on_the_card_and_in_today(crm: Crm, anna: Browser, funnel: Funnel) -> None:
    deal_id = await advised(crm, funnel)
    for path in (f"/deals/{deal_id}", "/today"):
        page = await (await anna.get(path)).text()
        assert "Go on with it" in page
        assert "nothing had happened for 2 working hours" in page
    boris = await crm.browser(crm.cast.boris)
    assert (await boris.get(f"/deals/{deal_id}")).status == 404
    assert "Go on with it" not in await (await boris.get("/today")).text()


async def test_lowered_the_card_has_low_priority_and_the_advice_is_gone(
    crm: Crm, anna: Browser, funnel: Funnel
) -> None:
    await advised(crm, funnel)
    for _ in ("a click", "a second one"):
        answer = await anna.post(f"/advice/{await advice_id(crm)}/lower", headers=HTMX)
        assert "The priority is low now." in await answer.text()
    deal = await crm.database.read(lambda tx: tx.execute(deals.select()).one())
    assert deal.priority == Priority.LOW
    assert "Go on with it" not in await (await anna.get("/today")).text()


async def test_put_off_it_comes_again_tomorrow(crm: Crm, anna: Browser, funnel: Funnel) -> None:
    await advised(crm, funnel)
    await anna.post(f"/advice/{await advice_id(crm)}/later")
    assert "Go on with it" not in await (await anna.get("/today")).text()
    crm.clock.go_on(timedelta(days=1))
    tomorrow = await crm.browser(crm.cast.anna)
    assert "Go on with it" in await (await tomorrow.get("/today")).text()


@pytest.mark.parametrize("way", ["dismiss", "move", "note", "hand over"])
async def test_a_card_that_went_on_is_advised_no_more(
    crm: Crm, anna: Browser, funnel: Funnel, way: str
) -> None:
    deal_id = await advised(crm, funnel)
    crm.clock.go_on(timedelta(minutes=1))
    version = (await crm.database.read(lambda tx: tx.execute(deals.select()).one())).version
    asked = {
        "dismiss": (f"/advice/{await advice_id(crm)}/dismiss", {}),
        "move": (
            f"/deals/{deal_id}/move",
            {"to_stage_id": str(funnel.stages[2].id), "version": str(version), "request_key": "m"},
        ),
        "note": (f"/deals/{deal_id}/notes", {"text": "called them"}),
        "hand over": (
            f"/deals/{deal_id}/owner",
            {"owner_id": str(crm.cast.boris.id), "version": str(version)},
        ),
    }[way]
    assert (await anna.post(asked[0], data=asked[1])).status == 200
    assert "Go on with it" not in await (await anna.get("/today")).text()


async def test_what_is_for_the_head_no_seller_sees(
    crm: Crm, anna: Browser, head: Browser, funnel: Funnel
) -> None:
    deal_id = await advised(crm, funnel, advice="", tells_head=True)
    for path in ("/today", "/today?who=all", f"/deals/{deal_id}"):
        assert "<b>Robot of Vector</b>" in await (await head.get(path)).text(), path
        assert "<b>Robot of Vector</b>" not in await (await anna.get(path)).text(), path
    assert (await anna.post(f"/advice/{await advice_id(crm)}/dismiss")).status == 404
    assert (await head.post(f"/advice/{await advice_id(crm)}/dismiss")).status == 200


async def test_the_history_offers_to_take_it_back(crm: Crm, anna: Browser, funnel: Funnel) -> None:
    deal_id = await advised(crm, funnel)
    page = await (await anna.get(f"/deals/{deal_id}")).text()
    assert "the robot “Robot of Vector” gave advice" in page
    assert "Take back" in page


async def test_a_copied_funnel_has_the_same_robots_switched_off(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    await head.post(HERE, data=form(funnel))
    robot = await stored(crm)
    await head.post(f"{HERE}/{robot.id}/switch", data={"active": "yes"})
    made = {"body": f"funnel-{funnel.id}", "name": "Copy", "currency": "EUR"}
    assert (await head.post("/settings/funnels", data=made)).status == 200
    twins = [one for one in await crm.database.read(robots.everything) if one.funnel_id != funnel.id]
    (twin,) = [one for one in twins if one.name == robot.name]
    assert len(twins) == 6
    assert not twin.is_active
    assert twin.stage_id not in (None, robot.stage_id)


async def test_the_head_says_which_robot_acts_first(crm: Crm, head: Browser, funnel: Funnel) -> None:
    def order(page: str) -> list[str]:
        return re.findall(r'href="/settings/robots/(\d+)"', page)

    before = order(await (await head.get(HERE)).text())
    page = await (await head.post(f"{HERE}/{before[0]}/shift", data={"way": "down"})).text()
    assert order(page) == [before[1], before[0], *before[2:]]
    rows = await crm.database.read(lambda tx: tx.execute(audit.select()).all())
    assert [row.act for row in rows] == ["robot down"]


async def test_the_head_sees_which_messages_wait_for_another_try_and_why(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    await head.post(HERE, data=form(funnel))
    robot = await stored(crm)

    def fail(tx: Transaction) -> None:
        deal_id = builders.deal(tx, funnel, crm.cast.anna)
        payload: dict[str, Any] = {"robot": robot.id, "deal": deal_id, "body": {}}
        jobs.add(tx, NewJob(WEBHOOK, "robot:1", crm.clock(), payload))
        (taken,) = jobs.take(tx, crm.clock(), 1)
        refusal = NotDelivered("The other system answered %(status)s.", status=503)
        jobs.fail(tx, taken, Failure.of(refusal), crm.clock())

    await crm.database.write(fail)
    page = await (await head.get(HERE)).text()
    told = page.split('id="undelivered"')[1].split("</section>")[0]
    assert f'href="{HERE}/{robot.id}"' in told
    assert "The other system answered 503." in told
    assert "tried 1 time, again" in told
