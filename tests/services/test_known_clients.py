"""A client the company knows calls: which card the call joins, and whose it stays."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import (
    calls,
    contacts,
    deal_events,
    deals,
    stage_totals,
    tasks,
)
from pbx_crm.domain import owner_rule
from pbx_crm.domain.line import OwnerPolicy
from tests.builders import NOW
from tests.company import Company, later, topics
from tests.services.callers import CLIENT, OTHER, ivan_and_vera, ring_all
from tests.stories import Story


@pytest.fixture
def company(sqlite: Database) -> Company:
    return Company(sqlite)


@pytest.fixture
def any_company(database: Database) -> Company:
    """The same on both databases."""
    return Company(database)


async def test_the_call_joins_the_clients_open_deal_and_its_owner_stays(company: Company) -> None:
    client = await company.client("Ivan", CLIENT, "+79990001122")
    deal_id = await company.deal(company.anna, client)
    await company.play(Story.incoming("89990001122").rings("101").answers("101").ends())

    deal = await company.one(deals)
    assert (deal["id"], deal["owner_id"], deal["version"]) == (deal_id, company.anna.id, 1)
    assert deal["active_at"] == later(seconds=38)
    call = await company.one(calls)
    assert (call["deal_id"], call["contact_id"]) == (deal_id, client)
    assert await company.rows(tasks) == []


async def test_second_seller_does_not_take_an_owned_card(company: Company) -> None:
    deal_id = await company.deal(company.anna, await company.client("Ivan", CLIENT))
    anna, boris = company.listen(company.anna), company.listen(company.boris)
    await company.play(ring_all().answers("102"))

    assert (await company.one(deals))["owner_id"] == company.anna.id
    event = await company.one(deal_events, kind="answered_by_other")
    assert (event["deal_id"], event["details"]["person"]) == (deal_id, company.boris.id)
    assert f"deal-{deal_id}" in topics(anna)
    assert "call" in topics(boris)


async def test_the_owner_gets_a_review_task_when_somebody_else_talked_with_their_client(
    company: Company,
) -> None:
    deal_id = await company.deal(company.anna, await company.client("Ivan", CLIENT))
    await company.play(ring_all().answers("102").ends())
    task = await company.one(tasks)
    assert (task["kind"], task["owner_id"], task["deal_id"]) == ("review", company.anna.id, deal_id)


async def test_a_reception_that_hands_the_client_to_the_owner_leaves_nothing_to_review(
    company: Company,
) -> None:
    await company.deal(company.anna, await company.client("Ivan", CLIENT))
    await company.play(Story.incoming(CLIENT).rings("103").answers("103").goes_to("101").ends())
    assert await company.rows(tasks) == []


async def test_of_several_open_deals_the_one_of_the_lines_funnel_worked_on_last_is_meant(
    company: Company,
) -> None:
    b2b = await company.second_funnel()
    client = await company.client("Ivan", CLIENT)
    await company.deal(company.anna, client, at=NOW - timedelta(days=9))
    meant = await company.deal(company.anna, client, at=NOW - timedelta(days=5))
    await company.deal(company.boris, client, at=NOW - timedelta(days=1), funnel=b2b)
    await company.line()
    await company.play(ring_all().answers("101"))

    assert (await company.one(calls))["deal_id"] == meant
    event = await company.one(deal_events, kind="joined")
    assert (event["deal_id"], event["details"]["deals"]) == (meant, 3)


async def test_a_second_contact_of_a_deal_calls_about_that_deal(any_company: Company) -> None:
    first, second = await ivan_and_vera(any_company)
    deal_id = await any_company.deal(any_company.anna, first)
    await any_company.stands_on(deal_id, second)
    await any_company.play(ring_all().answers("101").ends())

    assert (await any_company.one(deals))["id"] == deal_id
    call = await any_company.one(calls)
    assert (call["deal_id"], call["contact_id"]) == (deal_id, second), "it stays the call of who called"


async def test_a_second_contact_who_rang_in_vain_is_called_back(any_company: Company) -> None:
    first, second = await ivan_and_vera(any_company)
    deal_id = await any_company.deal(any_company.anna, first)
    await any_company.stands_on(deal_id, second)
    await any_company.play(ring_all().ends())
    task = await any_company.one(tasks)
    assert (task["owner_id"], task["deal_id"], task["contact_id"]) == (any_company.anna.id, deal_id, second)
    await any_company.play(Story.outgoing(CLIENT, "101", at=later(minutes=5)).answers("101").ends(after=60))
    assert (await any_company.one(tasks))["done_at"] is not None


async def test_both_contacts_of_a_deal_calling_at_once_join_it(any_company: Company) -> None:
    first, second = await ivan_and_vera(any_company)
    deal_id = await any_company.deal(any_company.anna, first)
    await any_company.stands_on(deal_id, second)
    both = [
        Story.incoming(number).rings("101", "102").answers(phone).ends()
        for number, phone in ((OTHER, "101"), (CLIENT, "102"))
    ]
    await any_company.play_at_once(*both)
    told = {row["e164"]: (row["deal_id"], row["contact_id"]) for row in await any_company.rows(calls)}
    assert told == {OTHER: (deal_id, first), CLIENT: (deal_id, second)}


async def test_of_own_deals_and_those_beside_another_the_one_worked_on_last_is_meant(
    any_company: Company,
) -> None:
    first, second = await ivan_and_vera(any_company)
    await any_company.deal(any_company.boris, second, at=NOW - timedelta(days=5))
    meant = await any_company.deal(any_company.anna, first, at=NOW - timedelta(days=1))
    await any_company.stands_on(meant, second)
    await any_company.line()
    await any_company.play(ring_all().answers("101"))
    event = await any_company.one(deal_events, kind="joined")
    assert (event["deal_id"], event["details"]["deals"]) == (meant, 2)


async def test_a_closed_deal_of_another_is_nothing_to_go_on_with(any_company: Company) -> None:
    first, second = await ivan_and_vera(any_company)
    closed = await any_company.deal(any_company.boris, first, closed=True)
    await any_company.stands_on(closed, second)
    await any_company.play(ring_all().answers("101").ends())
    new = (await any_company.rows(deals))[-1]
    assert (new["contact_id"], new["owner_id"], new["previous_id"]) == (second, any_company.anna.id, None)


async def test_a_client_with_closed_deals_only_gets_a_new_one_linked_to_the_last(company: Company) -> None:
    client = await company.client("Ivan", CLIENT)
    await company.deal(company.anna, client, closed=True, at=NOW - timedelta(days=9))
    last = await company.deal(company.boris, client, closed=True, at=NOW - timedelta(days=2))
    await company.play(ring_all().answers("103"))
    new = (await company.rows(deals))[-1]
    assert (new["previous_id"], new["owner_id"], new["contact_id"]) == (last, company.clara.id, client)


async def test_withheld_callers_are_all_different_people(company: Company) -> None:
    first, second = (
        Story.incoming(None, at=later(minutes=m)).rings("101").answers("101").ends() for m in (0, 5)
    )
    await company.play(first, second)
    assert [row["contact_id"] for row in await company.rows(deals)] == [None, None]
    assert await company.rows(contacts) == []


async def test_a_withheld_caller_holds_up_nobody_who_calls_at_the_same_time(company: Company) -> None:
    await company.client("Vera", CLIENT)
    await company.play_at_once(ring_all(None).answers("101").ends(), ring_all().answers("102").ends())
    assert {row["contact_id"] is None for row in await company.rows(deals)} == {True, False}


async def test_a_withheld_caller_whom_the_seller_writes_down_is_the_client_of_the_call(
    company: Company,
) -> None:
    story = ring_all(None).answers("101").ends()
    await company.tell(story.facts[:-1])
    vera = await company.client("Vera", CLIENT)
    await company.database.write(lambda tx: tx.execute(update(deals).values(contact_id=vera)))
    await company.tell(story.facts[-1:])
    assert (await company.one(calls))["contact_id"] == vera


async def test_a_short_number_is_never_a_contact(company: Company) -> None:
    await company.play(Story.incoming("214").rings("101").answers("101").ends())
    assert await company.rows(contacts) == []


async def test_a_reception_hands_the_card_on_with_the_client(company: Company) -> None:
    await company.line(owner_policy=OwnerPolicy.LAST_ANSWERED)
    story = Story.incoming(CLIENT).rings("101").answers("101")
    await company.play(story)
    assert (await company.one(deals))["owner_id"] == company.anna.id
    await company.play(story.goes_to("102").ends())

    deal = await company.one(deals)
    assert deal["owner_id"] == company.boris.id
    words = owner_rule.in_words((await company.one(calls))["owner_rule"])
    assert words == "101 answered after 8 s; handed on to 102"
    totals = {row["owner_id"]: row["deals"] for row in await company.rows(stage_totals)}
    assert totals == {company.anna.id: 0, company.boris.id: 1}


async def test_by_default_a_transfer_changes_no_owner(company: Company) -> None:
    await company.play(Story.incoming(CLIENT).rings("101").answers("101").goes_to("102").ends())
    assert (await company.one(deals))["owner_id"] == company.anna.id
    assert await company.rows(tasks) == []


async def test_a_transfer_of_a_known_client_changes_no_owner_even_where_the_last_counts(
    company: Company,
) -> None:
    await company.line(owner_policy=OwnerPolicy.LAST_ANSWERED)
    await company.deal(company.anna, await company.client("Ivan", CLIENT))
    await company.play(Story.incoming(CLIENT).rings("101").answers("101").goes_to("102").ends())
    assert (await company.one(deals))["owner_id"] == company.anna.id
