"""Scripts of the head keep stages, gates, answers after a talk and loss reasons; sellers read them."""

from __future__ import annotations

from typing import Any

import pytest

from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.pages.test_api import Script, script
from tests.pages.test_api_settings import acts
from tests.site import Crm


@pytest.fixture
async def funnel(crm: Crm) -> Funnel:
    return await crm.database.write(builders.funnel)


@pytest.fixture
async def head(crm: Crm, funnel: Funnel) -> Script:
    return await script(crm, crm.cast.olga)


async def stage_now(head: Script, stage_id: int) -> Any:
    """The stage as the list of funnels tells it."""
    (funnel,) = (await head.get("funnels"))["funnels"]
    return next(stage for stage in funnel["stages"] if stage["id"] == stage_id)


async def test_of_a_stage_only_what_is_named_changes(crm: Crm, head: Script, funnel: Funnel) -> None:
    stage = funnel.stages[1]
    before = await stage_now(head, stage.id)
    wish = {"hue": 3, "idle_hours": 48, "what_to_do": "Ask who decides"}
    status, told = await head.ask("PATCH", f"stages/{stage.id}", json=wish)
    assert (status, told) == (200, {**before, **wish})
    assert await stage_now(head, stage.id) == told
    status, told = await head.ask("PATCH", f"stages/{stage.id}", json={"idle_hours": None})
    assert (told["idle_hours"], told["hue"]) == (None, 3)
    assert await acts(crm) == ["stage changed", "stage changed"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"hue": 10**30}, "hue"),
        ({"probability": 101}, "probability"),
        ({"idle_hours": 0}, "idle_hours"),
        ({"name": " "}, "name"),
        ({"what_to_do": "x" * 1001}, "what_to_do"),
        ({"kind": "won"}, "kind"),
    ],
)
async def test_a_stage_nobody_could_draw_is_refused(
    head: Script, funnel: Funnel, wrong: dict[str, Any], field: str
) -> None:
    stage_id = funnel.stages[1].id
    before = await stage_now(head, stage_id)
    status, told = await head.ask("PATCH", f"stages/{stage_id}", json=wrong)
    assert (status, list(told["details"])) == (422, [field])
    assert await stage_now(head, stage_id) == before


async def test_a_gate_is_put_up_asked_for_and_taken_down(crm: Crm, head: Script, funnel: Funnel) -> None:
    stage_id = funnel.stages[2].id
    needs = [{"kind": "call", "seconds": 60}, {"kind": "field", "detail": "amount"}, {"kind": "note"}]
    status, told = await head.ask("PUT", f"stages/{stage_id}/gate", json={"needs": needs, "is_binding": True})
    assert (status, told["gate"]["is_binding"]) == (200, True)
    assert [need["kind"] for need in told["gate"]["needs"]] == ["field", "call", "note"]
    deal_id = await crm.database.write(lambda tx: builders.deal(tx, funnel, crm.cast.anna))
    anna = await script(crm, crm.cast.anna)
    move = {"to_stage_id": stage_id, "version": 1}
    status, refused = await anna.ask("POST", f"deals/{deal_id}/moves", json=move)
    assert (status, refused["error"], len(refused["missing"])) == (409, "gate_closed", 3)
    status, told = await head.ask("PUT", f"stages/{stage_id}/gate", json={"needs": []})
    assert (status, told["gate"]) == (200, None)
    assert (await anna.ask("POST", f"deals/{deal_id}/moves", json=move))[0] == 200


@pytest.mark.parametrize(
    ("needs", "field"),
    [
        ([{"kind": "field", "detail": "shoe size"}], "needs"),
        ([{"kind": "task", "detail": "dance"}], "needs"),
        ([{"kind": "call"}], "call_seconds"),
        ([{"kind": "call", "seconds": 3601}], "needs.0.seconds"),
        ([{"kind": "call", "seconds": 1}, {"kind": "call", "seconds": 2}], "needs"),
        ([{"kind": "sign"}], "needs.0.kind"),
    ],
)
async def test_a_gate_asks_for_nothing_that_cannot_be(
    head: Script, funnel: Funnel, needs: list[dict[str, Any]], field: str
) -> None:
    stage_id = funnel.stages[2].id
    status, told = await head.ask("PUT", f"stages/{stage_id}/gate", json={"needs": needs})
    assert (status, list(told["details"])) == (422, [field])
    assert (await stage_now(head, stage_id))["gate"] is None


async def test_nobody_is_kept_from_new_calls_by_a_gate(head: Script, funnel: Funnel) -> None:
    gate = {"needs": [{"kind": "note"}]}
    status, told = await head.ask("PUT", f"stages/{funnel.unsorted.id}/gate", json=gate)
    assert (status, list(told["details"])) == (422, ["needs"])


@pytest.mark.parametrize(
    ("path", "field", "key"),
    [("answers", "outcome", "answers"), ("loss-reasons", "reason", "loss_reasons")],
)
async def test_what_sellers_choose_from_is_added_renamed_and_retired(
    head: Script, funnel: Funnel, path: str, field: str, key: str
) -> None:
    here = f"funnels/{funnel.id}/{path}"
    before = (await head.get(f"funnels/{funnel.id}/choices"))[key]
    status, told = await head.ask("POST", here, json={field: "Too far away"})
    made = told[key][-1]
    assert (status, made["name"], len(told[key])) == (201, "Too far away", len(before) + 1)
    status, told = await head.ask("POST", here, json={field: "Too far away"})
    assert (status, list(told["details"])) == (422, [field])
    status, told = await head.ask("PUT", f"{path}/{made['id']}", json={field: "Far away"})
    assert (status, told[key][-1]["name"]) == (200, "Far away")
    status, told = await head.ask("DELETE", f"{path}/{made['id']}")
    assert (status, told[key]) == (200, before)


async def test_the_last_answer_and_the_last_loss_reason_stay(head: Script, funnel: Funnel) -> None:
    choices = await head.get(f"funnels/{funnel.id}/choices")
    for path, key in (("answers", "answers"), ("loss-reasons", "loss_reasons")):
        statuses = [(await head.ask("DELETE", f"{path}/{one['id']}"))[0] for one in choices[key]]
        assert statuses[-1] == 409, path
        assert set(statuses[:-1]) <= {200}, path
        assert len((await head.get(f"funnels/{funnel.id}/choices"))[key]) == 1


async def test_a_seller_reads_the_choices_and_changes_nothing(crm: Crm, head: Script, funnel: Funnel) -> None:
    anna = await script(crm, crm.cast.anna)
    choices = await anna.get(f"funnels/{funnel.id}/choices")
    assert choices["answers"][0].keys() == {"id", "name", "suggests"}
    stage_id = funnel.stages[1].id
    for method, path, body in (
        ("PATCH", f"stages/{stage_id}", {"name": "Mine"}),
        ("PUT", f"stages/{stage_id}/gate", {"needs": []}),
        ("POST", f"funnels/{funnel.id}/answers", {"outcome": "Mine"}),
        ("DELETE", f"answers/{choices['answers'][0]['id']}", None),
    ):
        assert (await anna.ask(method, path, json=body))[0] == 403, path
    assert await head.get(f"funnels/{funnel.id}/choices") == choices


async def test_what_is_not_there_is_not_found(head: Script) -> None:
    for method, path, body in (
        ("PATCH", "stages/99999", {"name": "Nowhere"}),
        ("PUT", "stages/99999/gate", {"needs": [{"kind": "note"}]}),
        ("GET", "funnels/99999/choices", None),
        ("PUT", "answers/99999", {"outcome": "Nothing"}),
        ("DELETE", "loss-reasons/99999", None),
    ):
        assert (await head.ask(method, path, json=body))[0] == 404, path
