"""A task to call is done by calling: whoever set it, and only if it was that call."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from pbx_crm.db import calendars, lines
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import tasks
from pbx_crm.domain.calendar import Calendar
from pbx_crm.domain.task import Repeat, TaskKind
from pbx_crm.domain.working_time import Hours
from pbx_crm.services.tasks import Tasks
from tests.builders import NOW
from tests.company import Company, later
from tests.stories import Story

CLIENT = "+79161234567"
HOURS = Hours(9 * 60, 18 * 60)


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


async def planned(company: Company, hours: float, kind: TaskKind = TaskKind.CALL, **more: Any) -> None:
    """Anna's deal with the client, and something to do about it so many hours from now."""
    client = await company.client("Vector", CLIENT)
    deal_id = await company.deal(company.anna, client)
    service = Tasks(company.database, company.live, lambda: NOW)
    await service.add_to_deal(company.anna, deal_id, kind, NOW + timedelta(hours=hours), **more)


def call(minutes: float, *, answered: bool = True) -> Story:
    story = Story.outgoing(CLIENT, "101", at=later(minutes=minutes))
    return story.answers("101").ends(after=60) if answered else story.ends(after=25)


async def test_the_call_promised_for_this_afternoon_is_done_by_calling(company: Company) -> None:
    await planned(company, 4)
    await company.play(call(30))
    task = await company.one(tasks)
    assert task["done_at"] is not None
    assert task["result"] == "Talked on the phone"


async def test_the_clients_own_call_does_as_well(company: Company) -> None:
    await planned(company, -2)
    await company.play(Story.incoming(CLIENT, at=later(minutes=5)).rings("101").answers("101").ends())
    assert (await company.one(tasks))["done_at"] is not None


@pytest.mark.parametrize(
    ("hours", "kind", "answered"),
    [(4, TaskKind.CALL, False), (4, TaskKind.OFFER, True), (13, TaskKind.CALL, True)],
    ids=["nobody answered", "not a call", "a call for tomorrow"],
)
async def test_what_that_call_was_not_about_stays_open(
    company: Company, hours: float, kind: TaskKind, answered: bool
) -> None:
    await planned(company, hours, kind)
    await company.play(call(30, answered=answered))
    assert (await company.one(tasks))["done_at"] is None


async def test_a_call_that_had_begun_before_the_promise_does_not_keep_it(company: Company) -> None:
    await planned(company, 4)
    await company.play(call(-30))
    assert (await company.one(tasks))["done_at"] is None


async def test_a_call_that_comes_every_week_is_done_once_and_comes_again(company: Company) -> None:
    await planned(company, 1, repeat=Repeat.WEEK)
    stories = (call(30), call(50))
    await company.play(*stories)
    await company.play_at_once(*stories)
    first, second = await company.rows(tasks)
    assert first["done_at"] is not None
    assert second["done_at"] is None
    assert second["due_at"] - first["due_at"] == timedelta(days=7)


async def test_a_call_missed_on_saturday_is_to_be_called_back_on_monday_morning(company: Company) -> None:
    week = ((HOURS,),) * 5 + ((),) * 2
    await company.database.write(calendars.add, Calendar(None, "House", "Europe/Moscow", None, week))
    await company.play(Story.incoming(CLIENT).rings("101").ends(after=20))
    task = await company.one(tasks)
    assert task["due_at"].isoformat() == "2026-11-23T06:15:00+00:00", "a quarter past nine in Moscow"


async def test_a_line_that_works_on_saturday_calls_back_on_saturday(company: Company) -> None:
    week = ((HOURS,),) * 5 + ((),) * 2
    for name, hours in (("House", week), ("Always", ((Hours(0, 1440),),) * 7)):
        calendar = Calendar(None, name, "Europe/Moscow", None, hours)
        calendar_id = await company.database.write(calendars.add, calendar)
    line = await company.line(calendar_id=calendar_id)
    assert (await company.database.read(lines.load))[0].calendar_id == line.calendar_id == calendar_id
    await company.play(Story.incoming(CLIENT).rings("101").ends(after=20))
    task = await company.one(tasks)
    assert task["due_at"] == task["created_at"] + timedelta(minutes=15)
