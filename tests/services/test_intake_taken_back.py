"""An answer that crossed with the caller's hanging up: told as an answer first, taken back at the end."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import call_people, calls, deals, legs, talks, tasks
from pbx_crm.domain.call import CallEnded, EndedBy, MissedReason, Outcome
from tests.company import Company
from tests.stories import Story

CLIENT = "+79161234567"


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


def answered() -> Story:
    return Story.incoming(CLIENT).rings("101", "102").answers("101")


def unanswered_after_all(story: Story, *, after: float, ended_by: EndedBy = EndedBy.HANGUP) -> CallEnded:
    """What the tracker tells at the end: the same call, as if nobody had picked up."""
    end = story.now + timedelta(seconds=after)
    gone = tuple(replace(leg, answered_at=None, ended_at=end) for leg in story.call.legs)
    call = replace(
        story.call,
        answered_at=None,
        answered_by=None,
        final_agent=None,
        talks=(),
        legs=gone,
        outcome=Outcome.MISSED,
        reason=MissedReason.GAVE_UP,
        ended_at=end,
        ended_by=ended_by,
    )
    return CallEnded(call, end)


async def test_a_missed_call_names_nobody_who_answered(company: Company) -> None:
    story = answered()
    await company.tell(story.facts)
    assert (await company.one(calls))["answered_extension"] == "101"

    await company.tell([unanswered_after_all(story, after=0.02)])
    call = await company.one(calls)
    assert (call["outcome"], call["reason"]) == ("missed", "gave_up")
    told = ("answered_at", "answered_id", "answered_extension", "final_id", "final_extension")
    assert [call[name] for name in told] == [None] * 5
    assert await company.rows(talks) == []
    assert {row["talk_seconds"] for row in await company.rows(call_people)} == {0}
    assert [row["answered_at"] for row in await company.rows(legs)] == [None, None]


async def test_the_client_is_to_be_called_back_by_who_has_the_card(company: Company) -> None:
    story = answered()
    await company.tell(story.facts)
    await company.tell([unanswered_after_all(story, after=0.02)])
    deal, task = await company.one(deals), await company.one(tasks)
    assert (task["kind"], task["owner_id"]) == ("call", deal["owner_id"])
    assert deal["owner_id"] == company.anna.id


async def test_told_at_once_or_in_two_batches_and_twice_the_rows_are_the_same(company: Company) -> None:
    story = answered()
    end = unanswered_after_all(story, after=0.02)
    await company.tell(story.facts)
    await company.tell([end])
    once = await company.everything()
    await company.tell([*story.facts, end])
    assert await company.everything() == once


@pytest.mark.parametrize(
    ("after", "ended_by"), [(40.0, EndedBy.HANGUP), (0.5, EndedBy.PBX_RESTART), (0.5, EndedBy.GAP)]
)
async def test_a_program_that_missed_the_talk_does_not_wipe_it_out(
    company: Company, after: float, ended_by: EndedBy
) -> None:
    story = answered().goes_to("102")
    await company.tell(story.facts)
    await company.tell([unanswered_after_all(story, after=after, ended_by=ended_by)])
    assert (await company.one(calls))["answered_id"] == company.anna.id
    assert len(await company.rows(talks)) == 1
