"""Calls that are no client's call to us: outgoing, internal, skipped, and those that merge."""

from __future__ import annotations

import pytest

from pbx_crm.db.engine import Database
from pbx_crm.db.tables import (
    calls,
    contact_numbers,
    contacts,
    deals,
    legs,
    metadata,
)
from pbx_crm.domain import owner_rule
from pbx_crm.domain.line import CreateAt, SkipKind, SkipRule
from tests.builders import NOW
from tests.company import Company, later
from tests.services.callers import CLIENT, OTHER, ring_all
from tests.stories import Story


@pytest.fixture
def company(sqlite: Database) -> Company:
    return Company(sqlite)


async def test_an_outgoing_call_joins_the_clients_open_deal(company: Company) -> None:
    deal_id = await company.deal(company.anna, await company.client("Ivan", CLIENT))
    await company.play(Story.outgoing("89161234567", "101").answers("101").ends())
    assert (await company.one(calls))["deal_id"] == deal_id


async def test_an_outgoing_call_to_a_stranger_is_logged_only(company: Company) -> None:
    await company.play(Story.outgoing(CLIENT, "101").answers("101").ends())
    call = await company.one(calls)
    assert (call["direction"], call["deal_id"], call["seller_id"]) == ("out", None, company.anna.id)
    assert await company.rows(contacts) == []
    assert owner_rule.in_words(call["owner_rule"]) == "an outgoing call makes no card by itself"


async def test_a_line_may_make_cards_of_outgoing_calls_that_were_answered(company: Company) -> None:
    await company.line(create_outgoing=True)
    in_vain = Story.outgoing(OTHER, "102").ends()
    answered = Story.outgoing(CLIENT, "102", at=later(minutes=1)).answers("102").ends()
    await company.play(in_vain, answered)
    assert (await company.one(deals))["owner_id"] == company.boris.id
    assert (await company.one(contact_numbers))["number"] == CLIENT


async def test_a_call_between_colleagues_is_logged_and_nothing_else(company: Company) -> None:
    await company.line(create_at=CreateAt.RING, create_outgoing=True)
    await company.play(Story.internal("101", "102").rings("102").answers("102").ends())
    call = await company.one(calls)
    assert (call["direction"], call["deal_id"], call["contact_id"], call["line_id"]) == (
        "internal",
        None,
        None,
        None,
    )
    assert await company.rows(deals) == []


@pytest.mark.parametrize(
    "rule",
    [
        SkipRule("courier", SkipKind.NUMBER, "+7 916 123-45-67"),
        SkipRule("courier", SkipKind.PREFIX, "+7916"),
        SkipRule("courier", SkipKind.TRUNK, "trunk-main"),
    ],
)
async def test_skipped_calls_are_logged_with_the_rules_name(company: Company, rule: SkipRule) -> None:
    await company.skip(rule)
    await company.deal(company.anna, await company.client("Ivan", CLIENT))
    await company.play(Story.incoming("89161234567").rings("101").answers("101").ends())
    call = await company.one(calls)
    assert (call["skipped_by"], call["deal_id"]) == ("courier", None)
    assert owner_rule.in_words(call["owner_rule"]) == "skipped by the rule courier"


async def test_a_merge_moves_the_deal_and_never_doubles_it(company: Company) -> None:
    first = Story.incoming(CLIENT, linkedid="1795284613.1").rings("101").answers("101")
    older = Story.incoming(CLIENT, linkedid="1795284600.1", at=NOW)
    await company.play(first)
    merged = older.rings("101").answers("101").merges("1795284613.1")
    await company.tell(merged.facts[-1:])
    await company.play(first.ends())

    call, deal = await company.one(calls), await company.one(deals)
    assert (call["linkedid"], call["deal_id"]) == ("1795284600.1", deal["id"])
    assert deal["born_of"] == "main/1795284600.1"
    await company.tell([*merged.ends().facts])
    assert len(await company.rows(deals)) == 1


async def test_a_consultation_that_merges_leaves_one_call(company: Company) -> None:
    consultation = Story.internal("101", "102").rings("102")
    await company.play(consultation)
    client = Story.incoming(CLIENT).rings("101").answers("101").merges(consultation.call.linkedid)
    await company.play(client.goes_to("102").ends())
    assert (await company.one(calls))["direction"] == "in"
    assert len(await company.rows(legs)) == 2


async def test_without_a_single_person_the_call_is_kept_and_says_why_there_is_no_card(
    sqlite: Database,
) -> None:
    company = Company(sqlite)
    people = metadata.tables["people"]
    await sqlite.write(lambda tx: tx.execute(people.update().values(is_active=False)))
    await company.play(ring_all().ends())
    call = await company.one(calls)
    assert owner_rule.in_words(call["owner_rule"]) == "there is nobody who could own a card"
