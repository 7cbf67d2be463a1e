"""Where no card is made by itself a seller makes one with a click, and it is theirs."""

from __future__ import annotations

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import calls, contact_numbers, contacts, deals
from pbx_crm.domain import owner_rule
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.line import CreateAt, OwnerPolicy, SkipKind, SkipRule
from pbx_crm.services.deal_from_call import CallHasCard, NoCardOfThis
from tests.company import Company, topics
from tests.stories import Story

CLIENT = "+79161234567"


@pytest.fixture
def company(database: Database) -> Company:
    return Company(database)


async def call_id(company: Company) -> int:
    found: int = (await company.one(calls))["id"]
    return found


async def test_an_outgoing_call_becomes_a_card_with_number_and_client(company: Company) -> None:
    await company.play(Story.outgoing("89161234567", "102").answers("102"))
    boris = company.listen(company.boris)
    deal_id = await company.intake.new_deal_from_call(
        company.boris, await call_id(company), title="Windows", client_name="Ivan"
    )
    deal = await company.one(deals)
    assert (deal["id"], deal["owner_id"], deal["title"]) == (deal_id, company.boris.id, "Windows")
    assert deal["stage_id"] == company.funnel.unsorted.id
    assert (await company.one(contacts))["name"] == "Ivan"
    assert (await company.one(contact_numbers))["number"] == CLIENT
    assert f"stage-{deal['stage_id']}" in topics(boris)
    assert owner_rule.in_words((await company.one(calls))["owner_rule"]) == "made by hand from the call"


async def test_a_second_click_finds_the_card_of_the_first(company: Company) -> None:
    await company.play(Story.outgoing(CLIENT, "102").answers("102"))
    number = await call_id(company)
    first = await company.intake.new_deal_from_call(company.boris, number)
    assert await company.intake.new_deal_from_call(company.boris, number) == first
    assert len(await company.rows(deals)) == 1


async def test_what_follows_in_the_call_leaves_a_card_made_by_hand_alone(company: Company) -> None:
    await company.line(create_at=CreateAt.NEVER, owner_policy=OwnerPolicy.LAST_ANSWERED)
    story = Story.incoming(CLIENT).rings("101").answers("101")
    await company.play(story)
    await company.intake.new_deal_from_call(company.anna, await call_id(company))
    await company.play(story.goes_to("102").ends())
    deal, call = await company.one(deals), await company.one(calls)
    assert (deal["owner_id"], call["deal_id"]) == (company.anna.id, deal["id"])


async def test_a_skipped_call_may_still_become_a_card(company: Company) -> None:
    await company.skip(SkipRule("bank", SkipKind.NUMBER, CLIENT))
    await company.play(Story.incoming(CLIENT).rings("101").answers("101").ends())
    await company.intake.new_deal_from_call(company.anna, await call_id(company))
    assert len(await company.rows(deals)) == 1


async def test_a_withheld_caller_becomes_a_card_without_a_contact(company: Company) -> None:
    await company.line(create_at=CreateAt.NEVER)
    await company.play(Story.incoming(None).rings("101").answers("101").ends())
    await company.intake.new_deal_from_call(company.anna, await call_id(company))
    assert (await company.one(deals))["contact_id"] is None


async def test_a_client_of_old_keeps_the_link_to_their_last_deal(company: Company) -> None:
    client = await company.client("Ivan", CLIENT)
    last = await company.deal(company.anna, client, closed=True)
    await company.play(Story.outgoing(CLIENT, "101").answers("101").ends())
    await company.intake.new_deal_from_call(company.anna, await call_id(company))
    (_, new) = await company.rows(deals)
    assert (new["previous_id"], new["contact_id"]) == (last, client)


async def test_nobody_makes_a_card_of_a_call_that_is_none_of_their_business(company: Company) -> None:
    await company.play(Story.outgoing(CLIENT, "101").answers("101").ends())
    with pytest.raises(NotFound):
        await company.intake.new_deal_from_call(company.boris, await call_id(company))
    assert await company.rows(deals) == []


async def test_a_colleagues_card_is_not_shown_by_asking_for_another(company: Company) -> None:
    await company.deal(company.anna, await company.client("Ivan", CLIENT))
    await company.play(Story.incoming(CLIENT).rings("102").answers("102").ends())
    with pytest.raises(CallHasCard):
        await company.intake.new_deal_from_call(company.boris, await call_id(company))


async def test_a_call_between_colleagues_makes_no_card(company: Company) -> None:
    await company.play(Story.internal("101", "102").rings("102").answers("102").ends())
    with pytest.raises(NoCardOfThis):
        await company.intake.new_deal_from_call(company.anna, await call_id(company))
