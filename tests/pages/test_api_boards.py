"""Scripts act on many cards at once and keep boards under a name, as their people do on the board."""

from __future__ import annotations

from typing import Any

import pytest

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.pages.test_api import Script, script
from tests.pages.test_board_bulk import cards
from tests.site import Crm


@pytest.fixture
async def anna(crm: Crm) -> Script:
    return await script(crm, crm.cast.anna)


def read(ids: list[int], version: int = 1) -> list[dict[str, int]]:
    """These deals as they were read."""
    return [{"id": deal_id, "version": version} for deal_id in ids]


async def stages(who: Script) -> dict[int, int]:
    """By deal id the stage it is in."""
    return {deal["id"]: deal["stage_id"] for deal in (await who.get("deals"))["deals"]}


async def test_many_cards_move_at_once_and_go_back(crm: Crm, anna: Script) -> None:
    funnel, ids = await cards(crm)
    first, second = funnel.stages[1].id, funnel.stages[2].id
    wish = {"deals": [*read(ids[:1]), *read(ids[1:], version=7)], "to_stage_id": second}
    status, told = await anna.ask("POST", "bulk-acts/move", json=wish)
    assert (status, told["done"]) == (200, 1)
    (stayed,) = told["stayed"]
    assert (stayed["deal_id"], stayed["why"]) == (ids[1], "Somebody else changed this deal a moment ago.")
    assert await stages(anna) == {ids[0]: second, ids[1]: first}
    (act,) = (await anna.get("bulk-acts"))["acts"]
    assert (act["id"], act["kind"], act["done"], act["taken_back_at"]) == (told["act_id"], "move", 1, None)
    status, back = await anna.ask("POST", f"bulk-acts/{act['id']}/undo")
    assert (status, back["done"], await stages(anna)) == (200, 1, dict.fromkeys(ids, first))
    assert (await anna.ask("POST", f"bulk-acts/{act['id']}/undo"))[0] == 409


async def test_cards_given_away_are_anothers_until_that_is_taken_back(crm: Crm, anna: Script) -> None:
    _, ids = await cards(crm)
    wish = {"deals": read(ids), "owner_id": crm.cast.boris.id}
    told = (await anna.ask("POST", "bulk-acts/assign", json=wish))[1]
    boris = await script(crm, crm.cast.boris)
    assert (told["done"], await stages(anna)) == (2, {})
    assert set(await stages(boris)) == set(ids)
    assert (await boris.ask("POST", f"bulk-acts/{told['act_id']}/undo"))[0] in (404, 409), "it was Anna's act"
    assert (await anna.ask("POST", f"bulk-acts/{told['act_id']}/undo"))[1]["done"] == 2
    assert set(await stages(anna)) == set(ids)


async def test_a_step_for_many_cards_is_a_task_of_each(crm: Crm, anna: Script) -> None:
    _, ids = await cards(crm)
    told = (await anna.ask("POST", "bulk-acts/task", json={"deals": read(ids), "step": "offer"}))[1]
    assert {task["deal_id"] for task in (await anna.get("tasks"))["tasks"]} == set(ids)
    await anna.ask("POST", f"bulk-acts/{told['act_id']}/undo")
    assert (await anna.get("tasks"))["tasks"] == []


async def test_another_sellers_card_stays_and_is_not_named(crm: Crm) -> None:
    def write(tx: Transaction) -> tuple[Funnel, int]:
        funnel, client = builders.funnel(tx), builders.contact(tx, "Vector")
        return funnel, builders.deal(tx, funnel, crm.cast.anna, stage=1, contact_id=client)

    funnel, deal_id = await crm.database.write(write)
    boris = await script(crm, crm.cast.boris)
    for act, more in (
        ("move", {"to_stage_id": funnel.stages[2].id}),
        ("assign", {"owner_id": crm.cast.boris.id}),
        ("task", {"step": "offer"}),
    ):
        told = [
            (await boris.ask("POST", f"bulk-acts/{act}", json={"deals": read([one]), **more}))[1]
            for one in (deal_id, 999)
        ]
        assert [(one["act_id"], one["done"]) for one in told] == [(None, 0)] * 2, act
        assert told[0]["stayed"][0]["name"] == ""
        assert told[0]["stayed"][0]["why"] == told[1]["stayed"][0]["why"], "as one that does not exist"


@pytest.mark.parametrize(
    ("act", "body", "field"),
    [
        ("move", {"deals": []}, "to_stage_id"),
        ("move", {"deals": [], "to_stage_id": 1}, "deals"),
        ("task", {"deals": read(list(range(1, 202))), "step": "offer"}, "deals"),
        ("task", {"deals": read([1]), "step": "dance"}, "step"),
        ("assign", {"deals": [{"id": 1}], "owner_id": 1}, "deals.0.version"),
    ],
)
async def test_what_is_wrong_with_an_act_is_named(
    anna: Script, act: str, body: dict[str, Any], field: str
) -> None:
    status, told = await anna.ask("POST", f"bulk-acts/{act}", json=body)
    assert (status, list(told["details"])) == (422, [field])


async def test_cards_are_not_given_to_somebody_without_clients(crm: Crm, anna: Script) -> None:
    _, ids = await cards(crm)
    wish = {"deals": read(ids), "owner_id": crm.cast.peter.id}
    status, told = await anna.ask("POST", "bulk-acts/assign", json=wish)
    assert (status, list(told["details"])) == (422, ["owner_id"])


async def test_a_board_is_kept_under_a_name_for_its_person_alone(crm: Crm, anna: Script) -> None:
    wish = {"name": "Late", "source": "Radio & TV", "step": "overdue", "period": "week", "order": "oldest"}
    status, told = await anna.ask("POST", "views", json=wish)
    assert (status, told["views"]) == (201, [{**wish, "funnel_id": None, "owner_id": None}])
    told = (await anna.ask("POST", "views", json={"name": "Late", "step": "none"}))[1]
    assert [(one["name"], one["step"], one["source"]) for one in told["views"]] == [("Late", "none", "")]
    assert (await (await script(crm, crm.cast.olga)).get("views"))["views"] == []
    assert (await anna.ask("POST", "views/drop", json={"name": "Late"}))[1] == {"views": []}


@pytest.mark.parametrize(("wrong", "field"), [({"name": " "}, "name"), ({"order": "best"}, "order")])
async def test_a_board_that_cannot_be_kept_says_why(anna: Script, wrong: dict[str, str], field: str) -> None:
    status, told = await anna.ask("POST", "views", json={"name": "Late", **wrong})
    assert (status, list(told["details"])) == (422, [field])
    assert (await anna.get("views"))["views"] == []
