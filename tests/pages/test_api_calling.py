"""Scripts dial, make the card of a call, say that it was no client's, follow advice, take a task back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from pbx_crm.db import advices, extensions, robots, tasks
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import robot_runs
from pbx_crm.db.upsert import insert_new
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.dialling import DialRules
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.task import NewTask, TaskKind
from pbx_crm.services.dialling import Outlet
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.test_api import Script, script
from tests.phones import WrittenPhones
from tests.site import Crm


@dataclass
class Day:
    """Anna's telephone, her deal with a task, and a call to her that made no card."""

    crm: Crm
    funnel: Funnel
    deal: int
    call: int
    task: int
    anna: Script
    boris: Script
    head: Script
    phones: WrittenPhones


@pytest.fixture
async def day(crm: Crm) -> Day:
    anna = crm.cast.anna

    def make(tx: Transaction) -> tuple[Funnel, int, int, int]:
        extensions.link(tx, "office", "101", anna.id, NOW - timedelta(days=1))
        funnel = builders.funnel(tx)
        client = builders.contact(tx, "Vector", "+74950000001")
        deal_id = builders.deal(tx, funnel, anna, contact_id=client)
        call = CallRows(tx, NOW, e164="+74950000009").ring(anna).answer(anna)
        call.end(60, Outcome.ANSWERED)
        task_id = tasks.add(tx, NewTask(TaskKind.OFFER, anna.id, NOW, NOW, deal_id, client))
        return funnel, deal_id, call.id, task_id or 0

    made = await crm.database.write(make)
    phones = WrittenPhones()
    crm.services.dialling.offer("office", Outlet(phones, NumberPlan("RU"), DialRules()))
    of_anna, of_boris = await script(crm, anna), await script(crm, crm.cast.boris)
    return Day(crm, *made, of_anna, of_boris, await script(crm, crm.cast.olga), phones)


async def test_ones_own_phone_rings_once_for_one_key(day: Day) -> None:
    for _ in range(2):
        status, told = await day.anna.ask(
            "POST", "calls/dial", json={"number": "8 495 000-00-01", "request_key": "once"}
        )
        assert (status, told["number"]) == (200, "+74950000001")
    assert len(day.phones.rung) == 1
    status, told = await day.anna.ask("POST", "calls/dial", json={"number": "call me"})
    assert (status, list(told["details"])) == (422, ["number"])
    status, told = await day.boris.ask("POST", "calls/dial", json={"number": "+74950000001"})
    assert (status, told["error"]) == (400, "no_phone")


async def test_a_call_without_a_card_is_given_one_and_only_one(day: Day) -> None:
    status, deal = await day.anna.ask("POST", f"calls/{day.call}/deal", json={"client_name": "Vera"})
    assert (status, deal["owner_id"]) == (201, day.crm.cast.anna.id)
    assert (await day.anna.get(f"contacts/{deal['contact_id']}"))["name"] == "Vera"
    again = (await day.anna.ask("POST", f"calls/{day.call}/deal", json={}))[1]
    assert again["id"] == deal["id"]
    assert (await day.boris.ask("POST", f"calls/{day.call}/deal", json={}))[0] == 404


async def test_a_wrong_number_loses_its_card_and_is_a_client_again_when_taken_back(day: Day) -> None:
    deal = (await day.anna.ask("POST", f"calls/{day.call}/deal", json={}))[1]
    here = f"calls/{day.call}/not-client"
    status, told = await day.head.ask("POST", here, json={"skips": True})
    assert (status, list(told["details"])) == (422, ["loss_reason_id"])
    reason = day.funnel.loss_reasons[0].id
    answer = {"loss_reason_id": reason, "skips": True, "name": "Courier"}
    marked = (await day.head.ask("POST", here, json=answer))[1]
    assert (await day.anna.get(f"deals/{deal['id']}"))["loss_reason_id"] == reason
    assert [rule["name"] for rule in (await day.head.get("skip-rules"))["skip_rules"]] == ["Courier"]
    given = {name: marked[name] for name in ("move_id", "rule_id")}
    assert (await day.head.ask("POST", f"{here}/undo", json=given))[0] == 200
    assert (await day.anna.get(f"deals/{deal['id']}"))["closed_at"] is None
    assert (await day.head.get("skip-rules"))["skip_rules"] == []


async def test_of_ones_own_client_nobody_is_told(day: Day) -> None:
    status, told = await day.anna.ask("POST", f"calls/{day.call}/tell-owner")
    assert (status, told["error"]) == (409, "nobody_to_tell")


async def test_a_task_that_was_done_by_mistake_is_open_again(day: Day) -> None:
    (before,) = (await day.anna.get("tasks"))["tasks"]
    await day.anna.ask("POST", f"tasks/{day.task}/done", json={})
    wish = {"version": before["version"] + 1, "due_at": before["due_at"]}
    assert (await day.anna.ask("POST", f"tasks/{day.task}/undo", json=wish))[0] == 200
    assert [task["due_at"] for task in (await day.anna.get("tasks"))["tasks"]] == [before["due_at"]]
    status, told = await day.anna.ask("POST", f"tasks/{day.task}/undo", json=wish)
    assert (status, told["error"]) == (409, "task_went_on")


async def test_advice_is_listed_followed_put_off_and_dismissed(day: Day) -> None:
    def advise(tx: Transaction) -> None:
        run = {"robot_id": robots.everything(tx)[0].id, "deal_id": day.deal, "since": NOW, "at": NOW}
        run_id = insert_new(tx, robot_runs, {**run, "owner_id": day.crm.cast.anna.id})
        row = {"deal_id": day.deal, "for_head": False, "run_id": run_id, "name": "Idle", "text": "Go on"}
        stage = day.funnel.stages[0].id
        advices.put(tx, {**row, "occasion": "entered", "why": {}, "stage_id": stage, "at": NOW})

    await day.crm.database.write(advise)
    (told,) = (await day.anna.get("advice"))["advice"]
    assert (told["robot"], told["text"], told["deal_id"]) == ("Idle", "Go on", day.deal)
    assert (await day.boris.get("advice"))["advice"] == []
    assert (await day.boris.ask("POST", f"advice/{told['id']}/lower"))[0] == 404
    assert (await day.anna.ask("POST", f"advice/{told['id']}/later"))[0] == 200
    assert (await day.anna.get("advice"))["advice"] == [], "until tomorrow"
    assert (await day.anna.ask("POST", f"advice/{told['id']}/lower"))[0] == 200
    assert (await day.anna.get(f"deals/{day.deal}"))["priority"] == "low"
    assert (await day.anna.ask("POST", f"advice/{told['id']}/dismiss"))[0] == 200
