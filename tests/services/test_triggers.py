"""Triggers at work: real calls through the intake, what becomes of their cards, and taking it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update

from pbx_crm.db import lines, triggers
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import deal_events, deals, stage_moves, tasks
from pbx_crm.db.tables import triggers as trigger_rows
from pbx_crm.domain.call import Direction, EndedBy, Outcome
from pbx_crm.domain.deal import ActorKind, MoveRequest, NothingToUndo, Priority
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Count, NewOwner, Trigger
from pbx_crm.services.moves import Moves
from pbx_crm.services.triggers import Triggers
from tests.builders import NOW
from tests.company import Company, later, topics
from tests.stories import Story

CLIENT = "+79161234567"


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


def missed(minutes: float = 0) -> Story:
    return Story.incoming(CLIENT, at=later(minutes=minutes)).rings("101").ends(after=20)


def call_back(minutes: float, *, answered: bool = True, seconds: float = 60) -> Story:
    story = Story.outgoing(CLIENT, "101", at=later(minutes=minutes))
    return story.answers("101").ends(after=seconds) if answered else story.ends(after=25)


async def rule(company: Company, **settings: Any) -> Trigger:
    """One more rule of the company's funnel."""
    values = {"id": None, "funnel_id": company.funnel.id, "name": "rule", **settings}
    made = Trigger(**values)
    trigger_id = await company.database.write(triggers.add, made)
    return await company.database.read(triggers.get, trigger_id)


async def without_default(company: Company) -> None:
    await company.database.write(lambda tx: tx.execute(update(trigger_rows).values(is_active=False)))


def stage(company: Company, number: int) -> int:
    return company.funnel.stages[number].id


async def test_the_next_real_conversation_takes_the_card_out_of_unsorted(company: Company) -> None:
    await company.play(missed())
    assert (await company.one(deals))["stage_id"] == stage(company, 0)
    anna = company.listen(company.anna)
    await company.play(call_back(5))
    deal = await company.one(deals)
    assert deal["stage_id"] == stage(company, 1)
    move = (await company.rows(stage_moves))[-1]
    assert (move["actor_kind"], move["actor_id"]) == (ActorKind.TRIGGER, None)
    assert move["evidence"]["name"] == "A conversation sorts the card"
    assert move["at"] == later(minutes=5, seconds=67)
    assert {f"stage-{stage(company, 0)}", f"stage-{stage(company, 1)}"} <= topics(anna)


async def test_neither_the_first_call_nor_a_short_nor_a_vain_one_moves_it(company: Company) -> None:
    first = Story.incoming(CLIENT).rings("101").answers("101").ends(after=300)
    await company.play(first, call_back(10, answered=False), call_back(20, seconds=19))
    assert (await company.one(deals))["stage_id"] == stage(company, 0)


@pytest.mark.parametrize("at_once", [False, True])
async def test_calls_told_again_or_together_act_once(company: Company, at_once: bool) -> None:
    urgent = {"priority": Priority.HIGH, "task_kind": TaskKind.OFFER, "new_owner": NewOwner.PERSON}
    await rule(company, **urgent, owner_id=company.boris.id)
    stories = (missed(), call_back(5), call_back(10))
    await (company.play_at_once if at_once else company.play)(*stories)
    once = await company.everything()
    await company.play(*stories)
    await company.play_at_once(*stories)
    assert await company.everything() == once
    moves = await company.rows(stage_moves)
    assert [move["actor_kind"] for move in moves] == [ActorKind.INTAKE, ActorKind.TRIGGER]


async def test_a_third_try_in_vain_loses_the_deal_with_its_reason(company: Company) -> None:
    reason = company.funnel.loss_reasons[3].id
    lost = stage(company, -1)
    await rule(company, count=Count.TRY, nth=3, to_stage_id=lost, loss_reason_id=reason)
    await company.play(missed(), *(call_back(minute, answered=False) for minute in (10, 20)))
    assert (await company.one(deals))["closed_at"] is None
    await company.play(call_back(30, answered=False))
    deal = await company.one(deals)
    assert (deal["stage_id"], deal["loss_reason_id"]) == (lost, reason)
    assert deal["closed_at"] is not None


async def test_a_rule_sets_a_task_for_the_cards_owner_in_time(company: Company) -> None:
    await rule(company, count=Count.CONVERSATION, nth=1, task_kind=TaskKind.OFFER, task_minutes=90)
    await company.play(Story.incoming(CLIENT).rings("102").answers("102").ends())
    task = await company.one(tasks)
    assert (task["kind"], task["owner_id"]) == (TaskKind.OFFER, company.boris.id)
    assert task["due_at"] == later(seconds=38) + timedelta(minutes=90)


async def test_a_rule_of_a_line_leaves_other_lines_alone(company: Company) -> None:
    line = await company.line(name="Elsewhere", match_kind="did", match_value="74959999999")
    await rule(company, line_id=line.id, priority=Priority.HIGH)
    await company.play(Story.incoming(CLIENT).rings("101").answers("101").ends())
    assert (await company.one(deals))["priority"] == Priority.NORMAL


async def test_who_talked_gets_the_card_where_the_rule_says_so(company: Company) -> None:
    await rule(company, direction=Direction.IN, outcome=Outcome.ANSWERED, new_owner=NewOwner.TALKER)
    await company.play(missed())
    assert (await company.one(deals))["owner_id"] == company.anna.id
    anna, boris = company.listen(company.anna), company.listen(company.boris)
    await company.play(Story.incoming(CLIENT, at=later(minutes=5)).rings("102").answers("102").ends())
    deal = await company.one(deals)
    assert deal["owner_id"] == company.boris.id
    assert f"deal-{deal['id']}" in topics(boris)
    assert f"deal-{deal['id']}" in topics(anna), "whose card it was hears of it too"


async def test_a_person_who_was_faster_is_not_overruled(company: Company) -> None:
    await company.play(missed())
    deal = await company.one(deals)
    moves = Moves(company.database, company.live, lambda: NOW)
    story = call_back(5)
    await company.tell(story.facts[:-1])
    request = MoveRequest(stage(company, 2), deal["version"], "by-hand")
    await moves.move(company.anna, deal["id"], request)
    await company.tell(story.facts[-1:])
    assert (await company.one(deals))["stage_id"] == stage(company, 2)


async def test_how_a_call_ended_may_be_found_out_later_and_acts_then(company: Company) -> None:
    await company.play(missed())
    cut = Story.incoming(CLIENT, at=later(minutes=5)).rings("101")
    await company.play(cut.ends(by=EndedBy.GAP))
    assert (await company.one(deals))["stage_id"] == stage(company, 0)
    await company.play(cut.answers("101").ends(after=60))
    assert (await company.one(deals))["stage_id"] == stage(company, 1)


async def test_a_move_of_a_trigger_is_taken_back_as_any_other(company: Company) -> None:
    await company.play(missed(), call_back(5))
    deal = await company.one(deals)
    move = (await company.rows(stage_moves))[-1]
    moves = Moves(company.database, company.live, lambda: NOW)
    await moves.undo(company.anna, deal["id"], move["id"], "undo")
    assert (await company.one(deals))["stage_id"] == stage(company, 0)


async def test_priority_owner_and_task_are_taken_back_once(company: Company) -> None:
    await without_default(company)
    given = {"priority": Priority.HIGH, "task_kind": TaskKind.OFFER, "new_owner": NewOwner.PERSON}
    await rule(company, **given, owner_id=company.boris.id, outcome=Outcome.ANSWERED)
    await company.play(Story.incoming(CLIENT).rings("101").answers("101").ends())
    before = await company.one(deals)
    assert (before["priority"], before["owner_id"]) == (Priority.HIGH, company.boris.id)
    acts = Triggers(company.database, company.live, lambda: NOW)
    events = {row["details"]["id"]: row["id"] for row in await company.rows(deal_events)}
    assert set(events) == {"trigger_priority", "trigger_owner", "trigger_task"}
    for event_id in events.values():
        await acts.take_back(company.olga, before["id"], event_id)
    after = await company.one(deals)
    assert (after["priority"], after["owner_id"]) == (Priority.NORMAL, company.anna.id)
    assert await company.rows(tasks) == []
    for event_id in events.values():
        with pytest.raises(NothingToUndo):
            await acts.take_back(company.olga, before["id"], event_id)


async def test_what_a_person_changed_since_is_not_taken_back(company: Company) -> None:
    await rule(company, priority=Priority.HIGH)
    await company.play(missed())
    deal = await company.one(deals)
    await company.database.write(lambda tx: tx.execute(update(deals).values(priority=Priority.LOW)))
    acts = Triggers(company.database, company.live, lambda: NOW)
    event = await company.one(deal_events)
    with pytest.raises(NothingToUndo):
        await acts.take_back(company.anna, deal["id"], event["id"])
    with pytest.raises(NotFound):
        await acts.take_back(company.boris, deal["id"], event["id"])
    assert (await company.one(deals))["priority"] == Priority.LOW


async def test_a_rule_goes_with_its_line(company: Company) -> None:
    line = await company.line(name="Gone soon", match_kind="did", match_value="74959999999")
    await rule(company, line_id=line.id, priority=Priority.HIGH)
    await company.database.write(lines.drop, line.id or 0)
    kept = await company.database.read(triggers.everything)
    assert [one.name for one in kept] == ["A conversation sorts the card"], "it would mean every line now"
