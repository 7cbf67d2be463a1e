"""Scripts try lines and skip rules on past calls before they keep them, and order triggers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pbx_crm.db import gates, lines
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.gate import gate_of
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.pages.test_api import Script, script
from tests.pages.test_api_settings import LINE
from tests.pages.test_line_trials import NUMBER, card, funnel
from tests.site import Crm

__all__ = ["card", "funnel"]
SKIP = {"name": "Courier", "kind": "number", "value": NUMBER}


@pytest.fixture
async def head(crm: Crm) -> Script:
    return await script(crm, crm.cast.olga)


async def test_a_line_is_tried_and_not_kept(crm: Crm, head: Script, funnel: Funnel, card: int) -> None:
    terms = {**LINE, "funnel_id": funnel.id, "create_at": "never", "days": 30}
    status, told = await head.ask("POST", "lines/dry-run", json=terms)
    assert (status, told["looked_at"]) == (200, 1)
    (change,) = told["changes"]
    assert (change["deal_id"], change["now"]["fate"], change["then"]["fate"]) == (card, "made", "logged")
    assert change["then"]["is_own"]
    assert await crm.database.read(lines.load) == []


async def test_a_skip_rule_is_tried_and_not_kept(crm: Crm, head: Script, card: int) -> None:
    status, told = await head.ask("POST", "skip-rules/dry-run", json={**SKIP, "days": 30})
    assert (status, [one["then"]["fate"] for one in told["changes"]]) == (200, ["skipped"])
    assert await crm.database.read(lines.skip_rules_by_id) == []


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("lines", {**LINE, "days": 0}, "days"),
        ("lines", {**LINE, "pbx": "elsewhere", "days": 30}, "pbx"),
        ("skip-rules", {**SKIP, "value": "", "days": 30}, "value"),
        ("skip-rules", SKIP, "days"),
    ],
)
async def test_a_trial_names_what_is_wrong(
    head: Script, funnel: Funnel, path: str, body: dict[str, Any], field: str
) -> None:
    more = {"funnel_id": funnel.id} if path == "lines" else {}
    status, told = await head.ask("POST", f"{path}/dry-run", json={**body, **more})
    assert (status, list(told["details"])) == (422, [field])


async def test_a_line_there_is_not_is_not_tried(head: Script, funnel: Funnel) -> None:
    terms = {**LINE, "funnel_id": funnel.id, "days": 30, "id": 999}
    assert (await head.ask("POST", "lines/dry-run", json=terms))[0] == 404


async def test_who_sees_no_clients_tries_nothing(crm: Crm, funnel: Funnel) -> None:
    peter = await script(crm, crm.cast.peter)
    assert (await peter.ask("POST", "skip-rules/dry-run", json={**SKIP, "days": 30}))[0] == 403


async def test_a_trigger_that_a_gate_would_stop_is_told_what_was_missing(
    crm: Crm, head: Script, funnel: Funnel, card: int
) -> None:
    target = funnel.stages[2].id
    await crm.database.write(gates.put, target, gate_of(["field:amount"], is_binding=True))

    def talks_again(tx: Transaction) -> None:
        call = CallRows(tx, NOW + timedelta(minutes=5), deal_id=card).answer(crm.cast.anna)
        call.end(60, Outcome.ANSWERED, talk_seconds=10.0)

    await crm.database.write(talks_again)
    terms = {"name": "On", "funnel_id": funnel.id, "outcome": "answered", "to_stage_id": target, "days": 30}
    status, told = await head.ask("POST", "triggers/dry-run", json=terms)
    assert (status, told["gained"]) == (200, [])
    (act,) = told["own"]
    assert (act["deal_id"], act["to_stage_id"], act["is_stopped"]) == (card, target, True)
    (missing,) = act["missing"]
    assert (missing["stage_id"], missing["kind"], missing["detail"]) == (target, "field", "amount")
    assert missing["is_binding"]


async def test_a_trigger_is_asked_sooner_and_later(head: Script, funnel: Funnel) -> None:
    async def order() -> list[int]:
        return [one["id"] for one in (await head.get("triggers"))["triggers"]]

    for name in ("First", "Second"):
        new = {"name": name, "outcome": "answered", "priority": "high", "funnel_id": funnel.id}
        assert (await head.ask("POST", "triggers", json=new))[0] == 201
    before = await order()
    status, told = await head.ask("POST", f"triggers/{before[-1]}/shift", json={"way": "up"})
    assert status == 200
    assert [one["id"] for one in told["triggers"]] == [*before[:-2], before[-1], before[-2]]
    await head.ask("POST", f"triggers/{before[-1]}/shift", json={"way": "down"})
    assert await order() == before
    assert (await head.ask("POST", f"triggers/{before[0]}/shift", json={"way": "aside"}))[0] == 422
