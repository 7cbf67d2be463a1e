"""Scripts keep rules, calendars, lines and forms as the head does, and are told what is wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pbx_crm.db import robots, site_forms, triggers
from pbx_crm.db.tables import audit
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.pages.test_api import Script, script
from tests.site import Crm

ROBOT = {"name": "Idle", "occasion": "idle", "hours": 2, "priority": "low"}
TRIGGER = {"name": "Straight on", "outcome": "answered", "least_talk_seconds": 60}
WEEK = ["9:00-13:00, 14:00-18:00"] * 5 + ["", ""]
LINE = {"name": "Radio", "pbx": "office", "match_kind": "did", "match_value": "74951230001", "funnel_id": 1}


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    return await crm.database.write(builders.funnel)


@pytest.fixture
async def head(crm: Crm, funnel: Funnel) -> Script:
    return await script(crm, crm.cast.olga)


async def acts(crm: Crm) -> list[str]:
    """What the audit says was done."""
    return await crm.database.read(lambda tx: [row.act for row in tx.execute(audit.select())])


async def rules(crm: Crm) -> list[Any]:
    """Every trigger and robot there is."""
    return [*await crm.database.read(triggers.everything), *await crm.database.read(robots.everything)]


async def test_a_robot_is_made_switched_on_changed_and_dropped(
    crm: Crm, head: Script, funnel: Funnel
) -> None:
    status, made = await head.ask("POST", "robots", json={**ROBOT, "funnel_id": funnel.id})
    assert (status, made["is_active"], made["hours"], made["priority"]) == (201, False, 2, "low")
    assert "webhook_secret" not in made
    here = f"robots/{made['id']}"
    assert (await head.ask("POST", f"{here}/switch", json={"is_active": True}))[1]["is_active"]
    status, changed = await head.ask("PUT", here, json={**ROBOT, "hours": 5})
    assert (status, changed["hours"], changed["is_active"]) == (200, 5, True)
    assert made["id"] in [one["id"] for one in (await head.get("robots"))["robots"]]
    assert (await head.ask("DELETE", here)) == (200, {"done": True})
    assert (await head.ask("PUT", here, json=ROBOT))[0] == 404
    assert await acts(crm) == ["robot added", "robot on", "robot changed", "robot dropped"]


async def test_a_robot_acts_sooner_or_later_than_its_neighbours(head: Script, funnel: Funnel) -> None:
    async def order() -> list[int]:
        return [one["id"] for one in (await head.get("robots"))["robots"]]

    before = await order()
    status, told = await head.ask("POST", f"robots/{before[1]}/shift", json={"way": "up"})
    moved = [before[1], before[0], *before[2:]]
    assert (status, [one["id"] for one in told["robots"]]) == (200, moved)
    await head.ask("POST", f"robots/{before[1]}/shift", json={"way": "up"})
    assert await order() == moved, "at the end it stays"
    assert (await head.ask("POST", "robots/999/shift", json={"way": "up"}))[0] == 404


async def test_a_robots_secret_is_told_to_the_head_alone(crm: Crm, head: Script, funnel: Funnel) -> None:
    made = (await head.ask("POST", "robots", json={**ROBOT, "funnel_id": funnel.id}))[1]
    here = f"robots/{made['id']}/webhook-secret"
    secret = (await head.get(here))["secret"]
    await head.ask("PUT", f"robots/{made['id']}", json={**ROBOT, "webhook_url": "https://hooks.example/crm"})
    assert ((await head.get(here))["secret"], len(secret) > 30) == (secret, True)
    assert (await (await script(crm, crm.cast.anna)).ask("GET", here))[0] == 403
    assert (await head.ask("GET", "robots/999/webhook-secret"))[0] == 404


async def test_a_trigger_is_made_the_last_of_its_funnel(head: Script, funnel: Funnel) -> None:
    terms = {**TRIGGER, "to_stage_id": funnel.stages[2].id, "funnel_id": funnel.id}
    status, made = await head.ask("POST", "triggers", json=terms)
    assert (status, made["is_active"], made["to_stage_id"]) == (201, True, funnel.stages[2].id)
    listed = (await head.get("triggers"))["triggers"]
    assert [one["id"] for one in listed][-1] == made["id"]
    assert (await head.ask("POST", f"triggers/{made['id']}/switch", json={"is_active": False}))[0] == 200


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("robots", {**ROBOT, "priority": None}, "task_kind"),
        ("robots", {**ROBOT, "occasion": "never"}, "occasion"),
        ("robots", {**ROBOT, "hours": 10**9}, "hours"),
        ("robots", {**ROBOT, "weight": 1}, "weight"),
        ("triggers", {**TRIGGER}, "to_stage_id"),
        ("triggers", {**TRIGGER, "to_stage_id": 999}, "to_stage_id"),
    ],
)
async def test_what_is_wrong_with_a_rule_is_named(
    crm: Crm, head: Script, funnel: Funnel, path: str, body: dict[str, Any], field: str
) -> None:
    before = await rules(crm)
    for address, more in ((path, {}), (f"{path}/dry-run", {"days": 30})):
        status, told = await head.ask("POST", address, json={**body, **more, "funnel_id": funnel.id})
        assert (status, told["error"]) == (422, "bad_input"), address
        assert field in told["details"]
    assert await rules(crm) == before


async def test_a_rule_is_tried_before_it_is_kept(crm: Crm, head: Script, funnel: Funnel) -> None:
    deal_id = await crm.database.write(lambda tx: builders.deal(tx, funnel, crm.cast.anna))
    crm.clock.go_on(timedelta(hours=5))
    asked = {**ROBOT, "funnel_id": funnel.id, "days": 1}
    status, told = await head.ask("POST", "robots/dry-run", json=asked)
    assert (status, told["cards"], [act["deal_id"] for act in told["own"]]) == (200, 1, [deal_id])
    assert told["gained"] == [deal_id]
    status, told = await head.ask(
        "POST", "triggers/dry-run", json={**TRIGGER, "priority": "high", "funnel_id": funnel.id, "days": 1}
    )
    assert (status, told["calls"], told["own"]) == (200, 0, [])


async def test_a_calendar_is_kept_with_its_own_days(head: Script) -> None:
    body = {"name": "Shop", "time_zone": "Europe/Berlin", "country": "DE", "week": WEEK, "quiet": "21-8"}
    status, made = await head.ask("POST", "calendars", json=body)
    assert (status, made["week"][0], made["week"][6]) == (201, "09:00-13:00, 14:00-18:00", "")
    here = f"calendars/{made['id']}"
    day = {"day": "2026-12-31", "name": "Stocktaking"}
    told = (await head.ask("POST", f"{here}/days", json=day))[1]
    assert told["days"] == [{"day": "2026-12-31", "is_open": False, "name": "Stocktaking"}]
    for _ in range(2):
        status, told = await head.ask("DELETE", f"{here}/days/2026-12-31")
        assert (status, told["days"]) == (200, []), "a day that is like any other stays so"
    assert (await head.ask("DELETE", f"{here}/days/soon"))[0] == 422
    assert (await head.ask("DELETE", "calendars/999/days/2026-12-31"))[0] == 404
    await head.ask("POST", f"{here}/days", json=day)
    status, changed = await head.ask("PUT", here, json={**body, "quiet": ""})
    assert (status, changed["quiet"], len(changed["days"])) == (200, "", 1), "its own days stay"
    for wrong, field in (({"week": ["25-26"] * 7}, "week.0"), ({"time_zone": "Mars"}, "time_zone")):
        status, told = await head.ask("POST", "calendars", json={**body, **wrong})
        assert (status, list(told["details"])) == (422, [field])


async def test_a_line_is_kept_and_the_head_stands_behind_its_missed_policy(
    crm: Crm, head: Script, funnel: Funnel
) -> None:
    sellers = [crm.cast.boris.id, crm.cast.anna.id, crm.cast.anna.id]
    body = {**LINE, "missed_policy": ["rota_line", "head", "rota_line"], "seller_ids": sellers}
    status, made = await head.ask("POST", "lines", json=body)
    assert (status, made["missed_policy"]) == (201, ["rota_line", "head"])
    assert made["seller_ids"] == sorted({crm.cast.anna.id, crm.cast.boris.id})
    status, changed = await head.ask("PUT", f"lines/{made['id']}", json={**LINE, "create_at": "never"})
    assert (status, changed["create_at"]) == (200, "never")
    assert [one["id"] for one in (await head.get("lines"))["lines"]] == [made["id"]]
    assert (await head.ask("DELETE", f"lines/{made['id']}"))[0] == 200


@pytest.mark.parametrize(
    ("wrong", "field"),
    [({"pbx": "elsewhere"}, "pbx"), ({"funnel_id": 99}, "funnel_id"), ({"seller_ids": [99]}, "sellers")],
)
async def test_a_line_that_names_what_is_not_there_is_refused(
    head: Script, wrong: dict[str, Any], field: str
) -> None:
    status, told = await head.ask("POST", "lines", json={**LINE, **wrong})
    assert (status, list(told["details"])) == (422, [field])


async def test_numbers_are_skipped_and_no_longer(head: Script) -> None:
    rule = {"name": "Bank", "kind": "number", "value": "900"}
    status, told = await head.ask("POST", "skip-rules", json=rule)
    (made,) = told["skip_rules"]
    assert (status, made["name"]) == (201, "Bank")
    assert (await head.ask("POST", "skip-rules", json=rule))[0] == 422
    assert (await head.ask("DELETE", f"skip-rules/{made['id']}"))[0] == 200
    assert (await head.get("skip-rules"))["skip_rules"] == []


async def test_a_form_of_the_site_is_kept_with_its_token(crm: Crm, head: Script) -> None:
    body = {"name": "Shop", "origins": ["https://SHOP.example/", "https://shop.example"]}
    status, made = await head.ask("POST", "site-forms", json=body)
    assert (status, made["origins"], len(made["token"]) > 20) == (201, ["https://shop.example"], True)
    here = f"site-forms/{made['id']}"
    status, changed = await head.ask("PUT", here, json={"name": "Shop", "is_active": False})
    assert (status, changed["is_active"], changed["token"]) == (200, False, made["token"])
    status, told = await head.ask("POST", "site-forms", json={"name": "X", "origins": ["shop.example"]})
    assert (status, list(told["details"])) == (422, ["origins"])
    assert (await head.ask("DELETE", here))[0] == 200
    assert await crm.database.read(site_forms.everything) == []


async def test_a_seller_keeps_no_rules(crm: Crm, funnel: Funnel) -> None:
    anna = await script(crm, crm.cast.anna)
    for path in ("robots", "triggers", "calendars", "lines", "skip-rules", "site-forms"):
        assert (await anna.ask("GET", path))[0] == 403, path
