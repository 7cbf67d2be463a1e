"""A call nobody answered: whose card it makes, and who is called back."""

from __future__ import annotations

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import (
    alerts,
    calls,
    deals,
    metadata,
    tasks,
)
from pbx_crm.domain import owner_rule
from pbx_crm.domain.call import EndedBy, Outcome
from pbx_crm.domain.line import MissedStep
from tests.company import Company, later, topics
from tests.services.callers import CLIENT, ring_all
from tests.stories import Story


@pytest.fixture
def company(sqlite: Database) -> Company:
    return Company(sqlite)


async def test_a_missed_call_makes_a_card_and_a_task_to_call_back(company: Company) -> None:
    line = await company.line(callback_minutes=10)
    anna = company.listen(company.anna)
    await company.play(ring_all().ends(after=28))

    deal, task = await company.one(deals), await company.one(tasks)
    assert deal["owner_id"] == company.anna.id
    assert deal["stage_id"] == company.funnel.unsorted.id
    assert (task["kind"], task["owner_id"], task["deal_id"]) == ("call", company.anna.id, deal["id"])
    assert task["due_at"] == later(seconds=30) + line.callback_within
    assert "tasks" in topics(anna)
    words = owner_rule.in_words((await company.one(calls))["owner_rule"])
    assert words == "nobody answered; taken in turn by those it rang: 101, 102, 103"


async def test_a_message_left_is_no_conversation(company: Company) -> None:
    await company.play(ring_all().ends(outcome=Outcome.VOICEMAIL))
    assert (await company.one(tasks))["kind"] == "call"


async def test_missed_cards_go_round_among_those_it_rang(company: Company) -> None:
    stories = [
        Story.incoming(f"+7916000000{number}", at=later(minutes=number)).rings("101", "102", "103").ends()
        for number in range(4)
    ]
    await company.play(*stories)
    people = [company.anna, company.boris, company.clara, company.anna]
    assert [row["owner_id"] for row in await company.rows(deals)] == [person.id for person in people]


async def test_the_clients_responsible_seller_comes_first(company: Company) -> None:
    client = await company.client("Ivan", CLIENT)
    await company.deal(company.clara, client, closed=True)
    await company.play(ring_all().ends())
    (_, new) = await company.rows(deals)
    assert new["owner_id"] == company.clara.id


async def test_where_nobody_rang_the_lines_sellers_take_turns(company: Company) -> None:
    await company.line(name="Ads", seller_ids=(company.boris.id, company.clara.id))
    stories = [Story.incoming(f"+7916000000{n}", at=later(minutes=n)).ends() for n in range(3)]
    await company.play(*stories)
    owners = [row["owner_id"] for row in await company.rows(deals)]
    assert owners == [company.boris.id, company.clara.id, company.boris.id]


async def test_the_head_takes_what_nobody_else_can(company: Company) -> None:
    await company.play(Story.incoming(CLIENT).ends())
    assert (await company.one(deals))["owner_id"] == company.olga.id
    words = owner_rule.in_words((await company.one(calls))["owner_rule"])
    assert words == "nobody answered; the head takes it"


async def test_a_card_is_never_ownerless_whatever_the_policy_leaves_out(company: Company) -> None:
    await company.line(missed_policy=(MissedStep.ROTA_LINE,))
    await company.play(ring_all().ends())
    assert (await company.one(deals))["owner_id"] == company.olga.id


async def test_who_has_left_gets_no_cards(company: Company) -> None:
    people = metadata.tables["people"]
    await company.database.write(
        lambda tx: tx.execute(people.update().where(people.c.id == company.anna.id).values(is_active=False))
    )
    await company.play(ring_all().ends())
    assert (await company.one(deals))["owner_id"] == company.boris.id


async def test_several_missed_calls_of_one_client_wish_for_one_call_back(company: Company) -> None:
    first, second = (Story.incoming(CLIENT, at=later(minutes=m)).rings("101").ends() for m in (0, 5))
    await company.play(first, second)
    assert len(await company.rows(tasks)) == 1
    assert len(await company.rows(deals)) == 1


async def test_the_next_conversation_fulfils_the_wish_to_call_back(company: Company) -> None:
    missed = Story.incoming(CLIENT).rings("101").ends()
    back = Story.outgoing("89161234567", "101", at=later(minutes=5)).answers("101").ends()
    await company.play(missed)
    assert (await company.one(tasks))["done_at"] is None
    await company.play(back)
    assert (await company.one(tasks))["done_at"] == later(minutes=5, seconds=7)


async def test_trying_to_call_back_is_not_enough(company: Company) -> None:
    await company.play(
        Story.incoming(CLIENT).rings("101").ends(), Story.outgoing(CLIENT, at=later(minutes=5)).ends()
    )
    assert (await company.one(tasks))["done_at"] is None


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_client_who_got_through_on_another_line_is_not_called_back(
    company: Company, at_once: bool
) -> None:
    in_vain = Story.incoming(CLIENT).rings("101").ends(after=60)
    through = Story.incoming(CLIENT, at=later(seconds=10)).rings("102").answers("102").ends()
    await (company.play_at_once if at_once else company.play)(in_vain, through)
    assert [row["kind"] for row in await company.rows(tasks)] == []


async def test_an_end_that_nobody_heard_still_loses_no_client(company: Company) -> None:
    await company.play(ring_all().ends(by=EndedBy.GAP))
    assert (await company.one(tasks))["kind"] == "call"
    words = owner_rule.in_words((await company.one(calls))["owner_rule"])
    assert words.startswith("the PBX was not heard when the call ended")


async def test_when_the_gap_is_filled_the_card_goes_to_who_talked(company: Company) -> None:
    story = ring_all()
    await company.play(story.ends(by=EndedBy.GAP))
    await company.play(story.answers("103").ends())
    assert (await company.one(deals))["owner_id"] == company.clara.id
    call = await company.one(calls)
    assert (call["outcome"], call["ended_by"]) == ("answered", "hangup")


async def test_a_phone_linked_to_nobody_raises_an_alert_and_the_card_has_an_owner(company: Company) -> None:
    await company.play(Story.incoming(CLIENT).rings("214").answers("214", after=4).ends())
    alert = await company.one(alerts)
    assert (alert["kind"], alert["key"]) == ("link_extension", "main/214")
    assert (await company.one(deals))["owner_id"] == company.olga.id
    words = owner_rule.in_words((await company.one(calls))["owner_rule"])
    assert words == "214 answered and is linked to nobody; the head takes it"


async def test_extensions_that_ring_are_remembered_for_the_settings(company: Company) -> None:
    await company.play(Story.incoming(CLIENT).rings("101", "214").ends())
    seen = await company.rows(metadata.tables["seen_extensions"])
    assert [row["number"] for row in seen] == ["101", "214"]
    assert [row["key"] for row in await company.rows(alerts)] == ["main/214"]
