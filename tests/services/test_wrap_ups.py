"""Wrapping up real talks: the answer, the step, the rules it sets off, and taking it back."""

from __future__ import annotations

import asyncio
from datetime import UTC, timedelta
from typing import Any

import pytest

from pbx_crm.db import triggers, wrap_up_outcomes
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, deal_events, deal_notes, deals, stage_moves, tasks, wrap_ups
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.person import Person
from pbx_crm.domain.popup import Phase, Popup
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.today import Today
from pbx_crm.domain.trigger import NewOwner, Trigger
from pbx_crm.domain.wrap_up import WAITS, NextStep, Said, WrappedUp, WrapUpOutcome, WrapUpWentOn
from pbx_crm.services.popups import Popups
from pbx_crm.services.tasks import Tasks
from pbx_crm.services.wrap_ups import WrapUps
from tests.builders import NOW
from tests.company import Company, topics
from tests.stories import Story
from tests.turned_clock import TurnedClock

CLIENT = "+79161234567"


class Desk:
    """The company, and what its sellers do after their talks."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.clock = TurnedClock(NOW + timedelta(minutes=2))
        self.wrap_ups = WrapUps(database, self.company.live, self.clock)
        self.popups = Popups(database, self.company.live, self.clock)
        self.tasks = Tasks(database, self.company.live, self.clock)

    async def talk(self, extension: str = "101", at: Any = NOW) -> int:
        """An incoming conversation; the call's id."""
        story = Story.incoming(CLIENT, at=at).rings(extension).answers(extension).ends(after=60)
        await self.company.play(story)
        return int((await self.company.rows(calls))[-1]["id"])

    async def answers(self) -> dict[str, WrapUpOutcome]:
        """What the funnel offers, by name."""
        found = await self.company.database.read(wrap_up_outcomes.of_funnel, self.company.funnel.id)
        return {one.name: one for one in found}

    async def say(
        self,
        call_id: int,
        answer: str,
        step: NextStep = NextStep.NONE,
        *,
        who: Person | None = None,
        **more: Any,
    ) -> None:
        """The seller says how it went; Anna, if not said."""
        said = Said((await self.answers())[answer].id, step, **more)
        await self.wrap_ups.finish(who or self.company.anna, call_id, said, UTC)

    async def rule(self, answer: str, **settings: Any) -> Trigger:
        """A rule about this answer."""
        outcome = (await self.answers())[answer]
        values = {"id": None, "funnel_id": self.company.funnel.id, "name": "rule", **settings}
        trigger_id = await self.company.database.write(triggers.add, Trigger(**values, wrap_up_id=outcome.id))
        return await self.company.database.read(triggers.get, trigger_id)

    async def popup(self, who: Person | None = None) -> Popup | None:
        """The person's popup; Anna's, if not said."""
        return await self.popups.current(who or self.company.anna)

    async def day(self, who: Person, of_person: int | None = None) -> Today:
        """The person's day."""
        return await self.tasks.day(who, of_person or who.id, UTC)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


async def test_the_popup_asks_how_it_went_and_offers_the_next_stage(desk: Desk) -> None:
    call_id = await desk.talk()
    shown = await desk.popup()
    assert shown is not None
    assert shown.wrap_up is not None
    assert (shown.phase, shown.wrap_up.call_id) == (Phase.WRAP_UP, call_id)
    assert [one.name for one in shown.wrap_up.outcomes] == [
        "Agreed",
        "Call later",
        "Not interested",
        "Wrong number",
    ]
    assert shown.next_stage is not None
    assert shown.next_stage.name == "New"


async def test_two_clicks_write_the_answer_and_the_step_and_close_the_popup(desk: Desk) -> None:
    call_id = await desk.talk()
    told = desk.company.listen(desk.company.anna)
    await desk.say(call_id, "Agreed", NextStep.OFFER, note="wants a discount")
    assert await desk.popup() is None
    task = await desk.company.one(tasks)
    assert (task["kind"], task["due_at"], task["call_id"]) == (
        TaskKind.OFFER,
        desk.clock() + timedelta(hours=2),
        call_id,
    )
    assert (await desk.company.one(deal_notes))["text"] == "wants a discount"
    event = await desk.company.one(deal_events, kind="wrap_up")
    assert (event["details"]["outcome"], event["actor_id"]) == ("Agreed", desk.company.anna.id)
    assert {"call", "tasks", f"deal-{task['deal_id']}"} <= topics(told)


async def test_what_is_unfinished_waits_in_today_until_it_is_said(desk: Desk) -> None:
    call_id = await desk.talk()
    await desk.popups.close(desk.company.anna, call_id)
    desk.clock.go_on(timedelta(hours=5))
    (waiting,) = (await desk.day(desk.company.anna)).unfinished.rows
    assert (waiting.call_id, waiting.talk_seconds, waiting.subject.number) == (call_id, 60.0, CLIENT)
    assert waiting.outcomes[0].name == "Agreed"
    await desk.say(call_id, "Call later", NextStep.CALL_SOON)
    assert (await desk.day(desk.company.anna)).unfinished.total == 0


async def test_nothing_to_say_is_an_answer_too_and_leaves_no_trace_in_the_history(desk: Desk) -> None:
    call_id = await desk.talk()
    await desk.wrap_ups.finish(desk.company.anna, call_id, Said(None), UTC)
    assert (await desk.day(desk.company.anna)).unfinished.total == 0
    assert await desk.company.rows(tasks) == []
    assert await desk.company.rows(deal_events, kind="wrap_up") == []


async def test_after_a_week_nobody_is_asked_any_more(desk: Desk) -> None:
    call_id = await desk.talk()
    desk.clock.go_on(WAITS)
    assert (await desk.day(desk.company.anna)).unfinished.total == 0
    with pytest.raises(NotFound):
        await desk.say(call_id, "Agreed")


async def test_a_call_nobody_talked_in_asks_for_nothing(desk: Desk) -> None:
    await desk.company.play(Story.incoming(CLIENT).rings("101").ends(after=20))
    assert (await desk.day(desk.company.olga, None)).unfinished.total == 0


async def test_the_last_who_talked_is_asked_and_the_reception_is_not(desk: Desk) -> None:
    story = Story.incoming(CLIENT).rings("101").answers("101").goes_to("102").ends(after=90)
    await desk.company.line(owner_policy="last_answered")
    await desk.company.play(story)
    call_id = (await desk.company.one(calls))["id"]
    assert (await desk.day(desk.company.anna)).unfinished.total == 0
    assert (await desk.day(desk.company.boris)).unfinished.total == 1
    with pytest.raises(NotFound):
        await desk.say(call_id, "Agreed")
    await desk.say(call_id, "Agreed", who=desk.company.boris)


async def test_nobody_wraps_up_a_colleagues_talk_not_even_the_head(desk: Desk) -> None:
    call_id = await desk.talk()
    for stranger in (desk.company.boris, desk.company.olga):
        with pytest.raises(NotFound):
            await desk.say(call_id, "Agreed", who=stranger)
    assert (await desk.day(desk.company.olga, desk.company.anna.id)).unfinished.total == 1


async def test_two_clicks_at_once_count_once(desk: Desk) -> None:
    call_id = await desk.talk()
    clicks = [desk.say(call_id, "Agreed", NextStep.OFFER) for _ in range(2)]
    results = await asyncio.gather(*clicks, return_exceptions=True)
    assert sorted(map(type, results), key=str) == sorted([type(None), WrappedUp], key=str)
    assert len(await desk.company.rows(tasks)) == len(await desk.company.rows(wrap_ups)) == 1


async def test_taken_back_it_waits_again_and_its_step_is_gone(desk: Desk) -> None:
    call_id = await desk.talk()
    await desk.say(call_id, "Agreed", NextStep.OFFER)
    await desk.wrap_ups.take_back(desk.company.anna, call_id)
    assert await desk.company.rows(tasks) == []
    shown = await desk.popup()
    assert shown is not None
    assert shown.wrap_up is not None
    with pytest.raises(WrapUpWentOn):
        await desk.wrap_ups.take_back(desk.company.anna, call_id)
    await desk.say(call_id, "Call later", NextStep.CALL_SOON)
    assert (await desk.company.one(tasks))["kind"] == TaskKind.CALL
    told = [event["details"]["id"] for event in await desk.company.rows(deal_events, kind="wrap_up")]
    assert told == ["wrap_up", "wrap_up_undone", "wrap_up"]


async def test_an_answer_of_another_funnel_is_refused(desk: Desk) -> None:
    call_id, other = await desk.talk(), await desk.company.second_funnel()
    foreign = (await desk.company.database.read(wrap_up_outcomes.of_funnel, other.id))[0]
    with pytest.raises(BadInput) as refused:
        await desk.wrap_ups.finish(desk.company.anna, call_id, Said(foreign.id), UTC)
    assert "outcome" in refused.value.reasons
    assert await desk.company.rows(wrap_ups) == []


async def test_an_answer_moves_the_first_calls_card_with_the_rules_name(desk: Desk) -> None:
    call_id = await desk.talk()
    offer = desk.company.funnel.stages[3]
    rule = await desk.rule("Agreed", to_stage_id=offer.id, priority=Priority.HIGH, name="agreed: offer")
    await desk.say(call_id, "Agreed", NextStep.OFFER)
    deal = await desk.company.one(deals)
    assert (deal["stage_id"], deal["priority"]) == (offer.id, Priority.HIGH)
    move = (await desk.company.rows(stage_moves))[-1]
    assert move["evidence"]["name"] == "agreed: offer"
    assert move["request_key"].startswith(f"trigger:{rule.id}:")


async def test_another_answer_sets_nothing_off(desk: Desk) -> None:
    call_id = await desk.talk()
    await desk.rule("Agreed", to_stage_id=desk.company.funnel.stages[3].id)
    await desk.say(call_id, "Not interested")
    assert (await desk.company.one(deals))["stage_id"] == desk.company.funnel.unsorted.id


async def test_a_rule_acts_once_though_the_answer_is_given_twice(desk: Desk) -> None:
    call_id = await desk.talk()
    await desk.rule("Agreed", task_kind=TaskKind.MEETING)
    await desk.say(call_id, "Agreed")
    await desk.wrap_ups.take_back(desk.company.anna, call_id)
    await desk.say(call_id, "Agreed")
    assert [task["kind"] for task in await desk.company.rows(tasks)] == [TaskKind.MEETING]


async def test_a_rule_may_hand_the_card_to_a_colleague_and_both_are_told(desk: Desk) -> None:
    call_id, boris = await desk.talk(), desk.company.boris
    await desk.rule("Agreed", new_owner=NewOwner.PERSON, owner_id=boris.id)
    told = desk.company.listen(boris)
    await desk.say(call_id, "Agreed", NextStep.CALL_SOON)
    deal = await desk.company.one(deals)
    assert deal["owner_id"] == boris.id
    assert (await desk.company.one(tasks))["owner_id"] == boris.id
    assert f"deal-{deal['id']}" in topics(told)


async def test_the_call_told_again_does_not_ask_the_answers_rules(desk: Desk) -> None:
    await desk.rule("Agreed", priority=Priority.HIGH)
    call_id = await desk.talk()
    await desk.talk()
    assert (await desk.company.one(deals))["priority"] == Priority.NORMAL
    await desk.say(call_id, "Agreed")
    assert (await desk.company.one(deals))["priority"] == Priority.HIGH
