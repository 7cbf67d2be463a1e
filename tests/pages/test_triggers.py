"""Triggers in the settings: rules written as a sentence of choices; a slip comes back with its reason."""

from __future__ import annotations

import re

import pytest

from pbx_crm.db import triggers
from pbx_crm.db.tables import audit
from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Count, NewOwner, Trigger
from tests.site import Browser, Crm


def form(funnel: Funnel, **changes: str) -> dict[str, str]:
    """A rule about the third try in vain."""
    filled = {
        "funnel_id": str(funnel.id),
        "name": "Cannot be reached",
        "direction": "out",
        "outcome": "no_answer",
        "least_talk_seconds": "0",
        "count": "try",
        "nth": "3",
        "to_stage_id": str(funnel.stages[-1].id),
        "loss_reason_id": str(funnel.loss_reasons[0].id),
        "task_kind": "feedback",
        "task_minutes": "1440",
        "priority": "low",
        "new_owner": "talker",
        "stops": "yes",
    }
    return {**filled, **changes}


async def stored(crm: Crm) -> list[Trigger]:
    return await crm.database.read(triggers.everything)


async def test_a_fresh_funnel_shows_the_rule_it_is_shipped_with(head: Browser) -> None:
    page = await (await head.get("/settings/triggers")).text()
    assert "A conversation sorts the card" in page
    assert "talk of 20 s or more" in page


async def test_the_head_writes_a_rule(crm: Crm, funnel: Funnel, head: Browser) -> None:
    answer = await head.post("/settings/triggers", data=form(funnel), allow_redirects=False)
    assert (answer.status, answer.headers["Location"]) == (303, "/settings/triggers")
    made = (await stored(crm))[-1]
    assert made == Trigger(
        made.id,
        funnel.id,
        "Cannot be reached",
        position=1,
        direction=Direction.OUT,
        outcome=Outcome.NO_ANSWER,
        count=Count.TRY,
        nth=3,
        to_stage_id=funnel.stages[-1].id,
        loss_reason_id=funnel.loss_reasons[0].id,
        task_kind=TaskKind.FEEDBACK,
        task_minutes=1440,
        priority=Priority.LOW,
        new_owner=NewOwner.TALKER,
        stops=True,
    )
    page = await (await head.get("/settings/triggers")).text()
    assert "n-th unanswered try in a row" in page


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"name": ""}, "A name is 1 to 100 characters."),
        (
            {"name": "A conversation sorts the card"},
            "There is a trigger of this name in this funnel already.",
        ),
        ({"direction": "sideways"}, "This is none of the choices."),
        ({"count": "often"}, "This is none of the choices."),
        ({"least_talk_seconds": "-1"}, "This is not a number within its limits."),
        ({"least_talk_seconds": "99999"}, "0 seconds to a day."),
        ({"nth": "101"}, "1 to 100."),
        ({"line_id": "77"}, "There is no such line."),
        ({"stage_id": "7777"}, "Choose a stage of this funnel."),
        ({"to_stage_id": "x"}, "This is not a number within its limits."),
        ({"loss_reason_id": ""}, "Lost: choose why."),
        ({"new_owner": "person"}, "Choose who gets the card."),
        ({"task_minutes": "0"}, "This is not a number within its limits."),
    ],
)
async def test_a_slip_is_told_and_the_rest_of_the_form_stays(
    crm: Crm, funnel: Funnel, head: Browser, wrong: dict[str, str], reason: str
) -> None:
    answer = await head.post("/settings/triggers", data=form(funnel, **wrong))
    page = await answer.text()
    assert answer.status == 422
    assert reason in page
    assert re.search(r'<option value="low" selected', page)
    assert len(await stored(crm)) == 1


async def test_a_rule_that_does_nothing_is_refused(funnel: Funnel, head: Browser) -> None:
    answer = await head.post("/settings/triggers", data={"funnel_id": str(funnel.id), "name": "Idle"})
    assert answer.status == 422
    assert "Say what is to happen" in await answer.text()


async def test_no_rule_says_for_how_much_a_deal_is_won(funnel: Funnel, head: Browser) -> None:
    won = str(funnel.stages[-2].id)
    answer = await head.post("/settings/triggers", data=form(funnel, to_stage_id=won))
    assert answer.status == 422
    assert "only a person can say" in await answer.text()


async def test_rules_change_their_order_are_switched_off_and_removed(
    crm: Crm, funnel: Funnel, head: Browser
) -> None:
    await head.post("/settings/triggers", data=form(funnel))
    first, second = await stored(crm)
    await head.post(f"/settings/triggers/{second.id}/shift", data={"way": "up"})
    await head.post(f"/settings/triggers/{second.id}/shift", data={"way": "up"})
    assert [one.id for one in await stored(crm)] == [second.id, first.id]
    await head.post(f"/settings/triggers/{first.id}/switch", data={"active": "no"})
    assert [one.id for one in await crm.database.read(triggers.in_force)] == [second.id]
    changed = form(funnel, name="Renamed")
    await head.post(f"/settings/triggers/{first.id}", data=changed)
    kept = (await stored(crm))[1]
    assert (kept.name, kept.position, kept.is_active) == ("Renamed", 1, False), "its place and switch stay"
    await head.post(f"/settings/triggers/{second.id}/drop")
    assert [one.id for one in await stored(crm)] == [first.id]
    rows = await crm.database.read(lambda tx: tx.execute(audit.select().order_by(audit.c.id)).all())
    acts = ["trigger added", "trigger up", "trigger off", "trigger changed", "trigger dropped"]
    assert [row.act for row in rows] == acts


@pytest.mark.parametrize("path", ["77", "x", "77/switch", "77/shift", "77/drop"])
async def test_a_rule_that_does_not_exist_is_not_found(head: Browser, funnel: Funnel, path: str) -> None:
    data = form(funnel, active="no", way="up")
    assert (await head.post(f"/settings/triggers/{path}", data=data)).status == 404


async def test_a_rule_of_no_funnel_is_not_found(head: Browser, funnel: Funnel) -> None:
    assert (await head.get("/settings/triggers/new?funnel=77")).status == 404
    assert (await head.post("/settings/triggers", data=form(funnel, funnel_id="77"))).status == 404


async def test_whoever_only_sets_up_telephony_has_no_such_page(crm: Crm, funnel: Funnel) -> None:
    peter = await crm.browser(crm.cast.peter)
    assert (await peter.get("/settings/triggers")).status == 403
    assert "/settings/triggers" not in await (await peter.get("/settings/people")).text()


async def test_a_copied_funnel_has_the_same_rules_about_its_own_stages(
    crm: Crm, funnel: Funnel, head: Browser
) -> None:
    await head.post("/settings/triggers", data=form(funnel))
    await head.post("/settings/funnels", data={"body": f"funnel-{funnel.id}", "name": "Twin"})
    rules = await stored(crm)
    old, new = ([one for one in rules if (one.funnel_id == funnel.id) is is_old] for is_old in (True, False))
    assert [one.name for one in new] == [one.name for one in old]
    assert not {one.to_stage_id for one in new} & {one.to_stage_id for one in old}
