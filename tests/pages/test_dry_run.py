"""The dry run on the form of a rule: figures and cards, the form as it was, and nothing saved."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from pbx_crm.db import deals, gates, robots, triggers
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.deal import TRIGGER, MoveRequest, NewMove
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.gate import gate_of
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Browser, Crm

HERE = "/settings/triggers/dry-run"


@pytest.fixture
async def talked(crm: Crm, funnel: Funnel) -> int:
    """Anna's card in Unsorted, and a talk with its client just now."""

    def make(tx: Transaction) -> int:
        client = builders.contact(tx, "Vector")
        deal_id = builders.deal(tx, funnel, crm.cast.anna, contact_id=client)
        call = CallRows(tx, NOW, contact_id=client, deal_id=deal_id).ring(crm.cast.anna)
        call.answer(crm.cast.anna).end(128, Outcome.ANSWERED, talk_seconds=120.0)
        return deal_id

    crm.clock.go_on(timedelta(minutes=5))
    return await crm.database.write(make)


def form(funnel: Funnel, **changes: str) -> dict[str, str]:
    """A rule that moves a card two stages on."""
    filled = {
        "funnel_id": str(funnel.id),
        "name": "Straight on",
        "outcome": "answered",
        "stage_id": str(funnel.stages[0].id),
        "to_stage_id": str(funnel.stages[2].id),
        "days": "30",
    }
    return {**filled, **changes}


async def test_a_new_rule_is_tried_behind_those_in_force(
    crm: Crm, head: Browser, funnel: Funnel, talked: int
) -> None:
    before = await crm.database.read(triggers.everything)
    page = await (await head.post(HERE, data=form(funnel))).text()
    assert "The last 30 days with this rule" in page
    assert 'value="Straight on"' in page, "the form stays as it was typed"
    assert f'href="/deals/{talked}"' not in page, "the rule in force has moved it already"
    assert await crm.database.read(triggers.everything) == before


async def test_a_changed_rule_shows_which_cards_it_would_move(
    crm: Crm, head: Browser, funnel: Funnel, talked: int
) -> None:
    (rule,) = await crm.database.read(triggers.everything)
    page = await (await head.post(HERE, data=form(funnel, trigger_id=str(rule.id)))).text()
    assert f'href="/deals/{talked}"' in page
    assert "Vector" in page
    assert f'action="/settings/triggers/{rule.id}"' in page, "saving saves the rule that was tried"
    assert (await crm.database.read(triggers.everything)) == [rule]


@pytest.mark.parametrize(
    ("binding", "told"),
    [
        (True, "would have been stopped by the gate of <bdi>Presentation</bdi>: missing Amount, a note"),
        (False, "would have passed the gate of <bdi>Presentation</bdi> unconfirmed: missing Amount, a note"),
    ],
)
async def test_a_gate_on_the_way_is_named_with_what_it_would_have_asked_for(
    crm: Crm, head: Browser, funnel: Funnel, talked: int, binding: bool, told: str
) -> None:
    await crm.database.write(
        gates.put, funnel.stages[2].id, gate_of(["field:amount", "call:60", "note"], is_binding=binding)
    )
    (rule,) = await crm.database.read(triggers.everything)
    page = await (await head.post(HERE, data=form(funnel, trigger_id=str(rule.id)))).text()
    assert f'href="/deals/{talked}"' in page
    assert told in " ".join(page.split())
    assert f"<dt>Moves that a gate would have stopped</dt><dd>{int(binding)}</dd>" in page


def said(page: str) -> str:
    """What the dry run says in sentences, without the tags."""
    told = page.split('<p class="told">')[1].split("<details")[0]
    return " ".join(re.sub(r"<[^>]+>", "", told).split())


async def test_a_rule_that_moves_the_same_cards_says_so(
    crm: Crm, head: Browser, funnel: Funnel, talked: int
) -> None:
    (rule,) = await crm.database.read(triggers.everything)
    page = await (await head.post(HERE, data=form(funnel, trigger_id=str(rule.id)))).text()
    assert said(page) == (
        "It would have moved 1 card. People undid nothing of it. "
        "By the rules as they are now it is the same cards."
    )


async def test_cards_that_a_changed_rule_leaves_alone_are_named(
    crm: Crm, head: Browser, funnel: Funnel, talked: int
) -> None:
    (rule,) = await crm.database.read(triggers.everything)
    stricter = form(funnel, trigger_id=str(rule.id), least_talk_seconds="600")
    page = await (await head.post(HERE, data=stricter)).text()
    assert said(page) == (
        "It would have moved 0 cards. 0 cards only with this rule. "
        "1 card only by the rules as they are now. Only by the rules as they are now: Vector"
    )
    assert f'href="/deals/{talked}"' in page


async def test_moves_that_people_undid_are_counted_in_a_sentence(
    crm: Crm, head: Browser, funnel: Funnel, talked: int
) -> None:
    (rule,) = await crm.database.read(triggers.everything)

    def moved(tx: Transaction) -> None:
        deal = deals.get(tx, talked, builders.EVERYTHING)
        deals.set_stage(tx, deal, NewMove(funnel.stages[2], NOW + timedelta(minutes=3), TRIGGER))

    await crm.database.write(moved)
    back = MoveRequest(funnel.stages[0].id, 2, "back", "not yet")
    await crm.services.moves.move(crm.cast.anna, talked, back)
    page = await (await head.post(HERE, data=form(funnel, trigger_id=str(rule.id)))).text()
    assert "People then undid that 1 time." in said(page)


@pytest.mark.parametrize(
    ("slip", "told"),
    [
        ({"days": "0"}, "This is not a number within its limits."),
        ({"days": "400"}, "This is not a number within its limits."),
        ({"to_stage_id": "999"}, "Choose a stage of this funnel."),
        ({"to_stage_id": ""}, "Say what is to happen"),
        ({"name": ""}, "A name is 1 to 100 characters."),
    ],
)
async def test_a_slip_is_told_before_anything_is_tried(
    head: Browser, funnel: Funnel, slip: dict[str, str], told: str
) -> None:
    answer = await head.post(HERE, data=form(funnel, **slip))
    assert answer.status == 422
    assert told in await answer.text()


async def test_a_rule_or_funnel_that_is_not_there_is_not_found(head: Browser, funnel: Funnel) -> None:
    for wrong in ({"trigger_id": "999"}, {"funnel_id": "999"}):
        assert (await head.post(HERE, data=form(funnel, **wrong))).status == 404


def robot_form(funnel: Funnel, **changes: str) -> dict[str, str]:
    """A robot that hands over what lies idle for an hour."""
    filled = {"funnel_id": str(funnel.id), "name": "Idle", "occasion": "idle", "hours": "1", "days": "30"}
    return {**filled, "heir": "person", **changes}


async def test_a_robot_shows_whose_cards_it_would_hand_to_whom(
    crm: Crm, head: Browser, funnel: Funnel, talked: int
) -> None:
    before = await crm.database.read(robots.everything)
    crm.clock.go_on(timedelta(hours=3))
    filled = robot_form(funnel, owner_id=str(crm.cast.boris.id))
    page = await (await head.post("/settings/robots/dry-run", data=filled)).text()
    assert "Cards it would have handed over" in page
    assert f'href="/deals/{talked}"' in page
    assert "Boris" in page.split('id="dry-run"')[1]
    assert 'value="Idle"' in page, "the form stays as it was typed"
    assert await crm.database.read(robots.everything) == before


async def test_a_changed_robot_is_tried_in_its_own_place(crm: Crm, head: Browser, funnel: Funnel) -> None:
    robot = (await crm.database.read(robots.everything))[0]
    filled = robot_form(funnel, robot_id=str(robot.id), heir="", priority="low")
    page = await (await head.post("/settings/robots/dry-run", data=filled)).text()
    assert f'action="/settings/robots/{robot.id}"' in page, "saving saves the robot that was tried"


async def test_a_card_of_a_client_without_a_name_is_called_by_the_number(
    crm: Crm, head: Browser, funnel: Funnel
) -> None:
    def make(tx: Transaction) -> int:
        client = builders.contact(tx, "", "+74951112233")
        return builders.deal(tx, funnel, crm.cast.anna, contact_id=client)

    await crm.database.write(make)
    crm.clock.go_on(timedelta(hours=3))
    filled = robot_form(funnel, heir="", priority="low")
    page = await (await head.post("/settings/robots/dry-run", data=filled)).text()
    assert "+74951112233" in page.split('id="dry-run"')[1]


@pytest.mark.parametrize("slip", [{"days": "0"}, {"hours": "-1"}, {"owner_id": "999"}, {"name": ""}])
async def test_a_slip_in_a_robot_is_told_before_it_is_tried(
    head: Browser, funnel: Funnel, slip: dict[str, str]
) -> None:
    answer = await head.post("/settings/robots/dry-run", data=robot_form(funnel, **slip))
    assert answer.status == 422
    assert 'id="dry-run"' not in await answer.text()
