"""Scripts of the head draw funnels as the pages do; what still needs them is said, and history stays."""

from __future__ import annotations

from typing import Any

import pytest

from pbx_crm.db import deals
from pbx_crm.db.tables import stage_moves
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.builders import EVERYTHING
from tests.pages.test_api import Script, script
from tests.pages.test_api_funnel_settings import funnel, head
from tests.pages.test_api_settings import acts
from tests.site import Crm

__all__ = ["funnel", "head"]


def names(told: Any) -> list[str]:
    """The stages on the board, in order."""
    stages = sorted(told["stages"], key=lambda stage: stage["position"])
    return [stage["name"] for stage in stages if not stage["is_retired"]]


async def test_a_funnel_is_made_of_a_preset_or_copied_with_its_body(head: Script, funnel: Funnel) -> None:
    status, made = await head.ask(
        "POST", "funnels", json={"body": "aida", "name": "Fairs", "currency": "EUR"}
    )
    assert (status, made["name"], made["currency"]) == (201, "Fairs", "EUR")
    assert "Desire" in names(made)
    await head.ask("PUT", f"stages/{funnel.stages[2].id}/gate", json={"needs": [{"kind": "note"}]})
    status, copied = await head.ask("POST", "funnels", json={"body": f"funnel-{funnel.id}", "name": "Again"})
    assert (status, names(copied)) == (201, [stage.name for stage in funnel.stages])
    assert copied["stages"][2]["gate"]["needs"][0]["kind"] == "note"
    assert copied["loss_reasons"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"body": "pyramid", "name": "X"}, "body"),
        ({"body": "funnel-1"}, "name"),
        ({"body": "aida", "name": "X" * 101}, "name"),
        ({"body": "aida", "currency": "euro"}, "currency"),
        ({}, "body"),
    ],
)
async def test_a_funnel_nobody_could_draw_is_refused(head: Script, wrong: dict[str, Any], field: str) -> None:
    status, told = await head.ask("POST", "funnels", json=wrong)
    assert (status, list(told["details"])) == (422, [field])
    assert len((await head.get("funnels/all"))["funnels"]) == 1


async def test_a_funnel_is_renamed_retired_and_brought_back(crm: Crm, head: Script, funnel: Funnel) -> None:
    here = f"funnels/{funnel.id}"
    assert (await head.ask("PATCH", here, json={"name": "Calls"}))[1]["name"] == "Calls"
    status, told = await head.ask("POST", f"{here}/retire")
    assert (status, told["error"]) == (409, "still_needed")
    assert told["message"] == "It is the only funnel: calls need somewhere to go."
    await head.ask("POST", "funnels", json={"body": "aida"})
    assert (await head.ask("POST", f"{here}/retire"))[1]["is_retired"]
    assert funnel.id not in [one["id"] for one in (await head.get("funnels"))["funnels"]]
    retired = {one["id"]: one["is_retired"] for one in (await head.get("funnels/all"))["funnels"]}
    assert retired[funnel.id], "where it can be found to be brought back"
    for _ in range(2):
        assert not (await head.ask("POST", f"{here}/restore"))[1]["is_retired"]
    assert (await acts(crm))[:3] == ["funnel renamed", "funnel made", "funnel retired"]


async def test_a_funnel_with_open_deals_says_how_many_keep_it(crm: Crm, head: Script, funnel: Funnel) -> None:
    await head.ask("POST", "funnels", json={"body": "aida"})
    await crm.database.write(lambda tx: builders.deal(tx, funnel, crm.cast.anna))
    status, told = await head.ask("POST", f"funnels/{funnel.id}/retire")
    assert (status, told["message"]) == (409, "Open deals here: 1. Close them or move them first.")


async def test_a_stage_is_added_the_last_of_its_kind_and_changes_its_place(
    head: Script, funnel: Funnel
) -> None:
    wish = {"name": "Trial", "hue": 2, "probability": 60, "idle_hours": 24, "what_to_do": "Call daily"}
    status, made = await head.ask("POST", f"funnels/{funnel.id}/stages", json=wish)
    assert (status, made["kind"], made["idle_hours"]) == (201, "open", 24)
    before = names(await head.get(f"funnels/{funnel.id}"))
    place = before.index("Trial")
    assert before[place + 1] == "Purchase", "before the won ones"
    status, told = await head.ask("POST", f"stages/{made['id']}/shift", json={"way": "up"})
    assert names(told).index("Trial") == place - 1
    for _ in range(9):
        status, told = await head.ask("POST", f"stages/{made['id']}/shift", json={"way": "down"})
    assert (status, names(told)) == (200, before), "at the end it stays"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "New"}, "name"),
        ({"name": ""}, "name"),
        ({"name": "X", "kind": "unsorted"}, "kind"),
        ({"name": "X", "kind": "maybe"}, "kind"),
        ({"name": "X", "probability": 101}, "probability"),
        ({"hue": 1}, "name"),
    ],
)
async def test_a_stage_that_cannot_be_is_not_added(
    head: Script, funnel: Funnel, wrong: dict[str, Any], field: str
) -> None:
    status, told = await head.ask("POST", f"funnels/{funnel.id}/stages", json=wrong)
    assert (status, list(told["details"])) == (422, [field])
    assert names(await head.get(f"funnels/{funnel.id}")) == [stage.name for stage in funnel.stages]


async def test_a_retired_stage_gives_its_cards_away_and_moves_keep_its_name(
    crm: Crm, head: Script, funnel: Funnel
) -> None:
    old, heir = funnel.stages[2], funnel.stages[1]
    deal_id = await crm.database.write(lambda tx: builders.deal(tx, funnel, crm.cast.anna, stage=2))
    wish = {"to_stage_id": heir.id, "reason": "Nobody needs it"}
    status, told = await head.ask("POST", f"stages/{old.id}/retire", json=wish)
    assert (status, old.name in names(told)) == (200, False)
    assert (await crm.database.read(deals.get, deal_id, EVERYTHING)).stage_id == heir.id
    moves = await crm.database.read(lambda tx: tx.execute(stage_moves.select()).all())
    assert (moves[-1].from_stage_id, moves[-1].reason) == (old.id, "Nobody needs it")
    status, told = await head.ask("POST", f"stages/{old.id}/restore")
    assert names(told) == [stage.name for stage in funnel.stages], "where it stood"


async def test_what_a_funnel_cannot_do_without_stays(head: Script, funnel: Funnel) -> None:
    unsorted, won = funnel.stages[0], funnel.stages[4]
    for stage, why in (
        (unsorted, "New calls land in Unsorted: it stays."),
        (won, "A funnel keeps at least one Won and one Lost."),
    ):
        status, told = await head.ask(
            "POST", f"stages/{stage.id}/retire", json={"to_stage_id": funnel.stages[1].id}
        )
        assert (status, told["message"]) == (409, why)
    heir = {"to_stage_id": won.id}
    status, told = await head.ask("POST", f"stages/{funnel.stages[1].id}/retire", json=heir)
    assert (status, list(told["details"])) == (422, ["to_stage_id"])


async def test_a_seller_reads_a_funnel_and_draws_none(crm: Crm, head: Script, funnel: Funnel) -> None:
    anna = await script(crm, crm.cast.anna)
    assert (await anna.get(f"funnels/{funnel.id}"))["name"] == funnel.name
    assert (await anna.ask("GET", "funnels/all"))[0] == 403
    assert (await anna.ask("PATCH", f"funnels/{funnel.id}", json={"name": "Mine"}))[0] == 403
    assert (await head.ask("GET", "funnels/999"))[0] == 404
