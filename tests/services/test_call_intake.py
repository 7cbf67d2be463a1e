"""What becomes of a call: whose card, when, in which funnel, and who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pbx_crm.db import extensions
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import (
    alerts,
    call_people,
    calls,
    contact_numbers,
    contacts,
    deal_events,
    deals,
    legs,
    metadata,
    stage_moves,
    stage_totals,
    talks,
    tasks,
    transfers,
)
from pbx_crm.domain import owner_rule
from pbx_crm.domain.call import EndedBy, Fact, Outcome, Talk
from pbx_crm.domain.line import CreateAt, MatchKind, MissedStep, OwnerPolicy, SkipKind, SkipRule
from tests.builders import NOW
from tests.company import BRANCH, PBX, Company, later, topics
from tests.stories import Story

CLIENT = "+79161234567"
OTHER = "+79035550101"


@pytest.fixture
def company(sqlite: Database) -> Company:
    return Company(sqlite)


@pytest.fixture
def any_company(database: Database) -> Company:
    """The same on both databases."""
    return Company(database)


async def ivan_and_vera(company: Company) -> tuple[int, int]:
    """Two clients: it is Vera's number that calls."""
    return await company.client("Ivan", OTHER), await company.client("Vera", CLIENT)


def ring_all(number: str | None = CLIENT) -> Story:
    return Story.incoming(number, queue="600").rings("101", "102", "103", after=2)


# Answered


async def test_while_it_rings_there_is_a_popup_and_no_card(company: Company) -> None:
    anna, clara = company.listen(company.anna), company.listen(company.clara)
    await company.play(Story.incoming("89161234567").rings("101", "102"))

    assert await company.rows(deals) == []
    assert await company.rows(contacts) == []
    assert {row["person_id"] for row in await company.rows(call_people, rang=True)} == {
        company.anna.id,
        company.boris.id,
    }
    assert topics(anna) == {"call", "calls"}
    assert clara == []


async def test_the_card_lies_in_unsorted_and_belongs_to_who_answered(company: Company) -> None:
    await company.line(source="Site")
    boris, clara = company.listen(company.boris), company.listen(company.clara)
    await company.play(ring_all().answers("102", after=6))

    deal = await company.one(deals)
    assert deal["owner_id"] == company.boris.id
    assert deal["stage_id"] == company.funnel.unsorted.id
    assert deal["source"] == "Site"
    assert (await company.one(contact_numbers))["number"] == CLIENT
    assert {f"deal-{deal['id']}", f"stage-{deal['stage_id']}"} <= topics(boris)
    assert f"deal-{deal['id']}" not in topics(clara)


async def test_the_call_says_why_this_seller(company: Company) -> None:
    await company.play(ring_all().answers("102", after=6).ends())
    call = await company.one(calls)
    assert call["owner_rule"]["owner"] == company.boris.id
    assert owner_rule.in_words(call["owner_rule"]) == "rang 101, 102, 103; 102 answered after 8 s"


async def test_the_call_is_on_record_with_its_legs_and_talks(company: Company) -> None:
    await company.play(ring_all().answers("102").goes_to("103").ends(after=40))
    call = await company.one(calls)

    assert (call["direction"], call["outcome"], call["e164"]) == ("in", "answered", CLIENT)
    assert call["answered_id"] == company.boris.id
    assert call["final_id"] == company.clara.id
    assert call["queue"] == "600"
    assert [row["extension"] for row in await company.rows(legs)] == ["101", "102", "103", "103"]
    seconds = {row["person_id"]: row["talk_seconds"] for row in await company.rows(call_people)}
    assert seconds == {company.anna.id: 0, company.boris.id: 20, company.clara.id: 40}
    assert (await company.one(transfers))["completed"]
    assert len(await company.rows(talks)) == 2


async def test_the_head_hears_of_every_card(company: Company) -> None:
    olga = company.listen(company.olga)
    await company.play(ring_all().answers("102"))
    deal = await company.one(deals)
    assert {"calls", f"deal-{deal['id']}", f"stage-{deal['stage_id']}"} <= topics(olga)


async def test_a_phone_is_credited_to_who_had_it_when_the_call_was_answered(company: Company) -> None:
    handed_over_at = later(seconds=60)
    await company.database.write(extensions.link, PBX, "102", company.clara.id, handed_over_at)
    before = Story.incoming(CLIENT).rings("102").answers("102").ends()
    after = Story.incoming(OTHER, at=handed_over_at).rings("102").answers("102").ends()
    await company.play(before, after)
    assert [row["owner_id"] for row in await company.rows(deals)] == [company.boris.id, company.clara.id]


async def test_somebody_who_picks_up_a_colleagues_call_owns_the_card(company: Company) -> None:
    await company.play(Story.incoming(CLIENT).rings("101").answers("103", after=5).ends())
    call = await company.one(calls)
    assert (await company.one(deals))["owner_id"] == company.clara.id
    assert owner_rule.in_words(call["owner_rule"]) == "rang 101; 103 answered after 6 s"


async def test_the_callers_name_becomes_the_clients_unless_it_is_only_the_number(company: Company) -> None:
    named = Story.incoming(CLIENT, name="Иван Петров").rings("101").answers("101").ends()
    unnamed = Story.incoming(OTHER, name="89035550101").rings("101").answers("101").ends()
    await company.play(named, unnamed)
    assert [row["name"] for row in await company.rows(contacts)] == ["Иван Петров", ""]


# When the card is made


@pytest.mark.parametrize(
    ("create_at", "at_ring", "at_answer", "at_end"),
    [
        (CreateAt.RING, 1, 1, 1),
        (CreateAt.ANSWER, 0, 1, 1),
        (CreateAt.END, 0, 0, 1),
        (CreateAt.NEVER, 0, 0, 0),
    ],
)
async def test_the_line_says_when_the_card_is_made(
    company: Company, create_at: CreateAt, at_ring: int, at_answer: int, at_end: int
) -> None:
    await company.line(create_at=create_at)
    ringing = ring_all()
    answered = ringing.answers("102")
    counted = []
    for story in (ringing, answered, answered.ends()):
        await company.play(story)
        counted.append(len(await company.rows(deals)))
    assert counted == [at_ring, at_answer, at_end]


async def test_a_card_made_at_the_ring_goes_to_who_then_answers(company: Company) -> None:
    await company.line(create_at=CreateAt.RING)
    story = ring_all()
    await company.play(story)
    assert (await company.one(deals))["owner_id"] == company.anna.id
    anna = company.listen(company.anna)
    await company.play(story.answers("103").ends())

    assert (await company.one(deals))["owner_id"] == company.clara.id
    assert (await company.one(deal_events, kind="owner"))["details"]["by"] == "103"
    assert f"stage-{company.funnel.unsorted.id}" in topics(anna), "the card leaves her board"


async def test_a_card_that_a_person_gave_away_meanwhile_is_left_there(company: Company) -> None:
    await company.line(create_at=CreateAt.RING)
    story = ring_all()
    await company.play(story)
    deal = await company.one(deals)
    await company.database.write(
        lambda tx: tx.execute(deals.update().where(deals.c.id == deal["id"]).values(owner_id=company.olga.id))
    )
    await company.play(story.answers("103").ends())
    assert (await company.one(deals))["owner_id"] == company.olga.id


async def test_a_call_of_a_line_without_cards_says_so(company: Company) -> None:
    await company.line(create_at=CreateAt.NEVER)
    await company.play(ring_all().ends())
    call = await company.one(calls)
    assert owner_rule.in_words(call["owner_rule"]) == "calls of this line make no card by themselves"
    assert await company.rows(contacts) == []
    assert await company.rows(tasks) == []


# Lines


async def test_the_most_exact_line_decides_the_funnel(company: Company) -> None:
    b2b = await company.second_funnel()
    await company.line(name="Any")
    await company.line(name="Trunk", match_kind=MatchKind.TRUNK, match_value="PJSIP/trunk-main")
    by_did = await company.line(
        name="Ads", match_kind=MatchKind.DID, match_value="+7 495 123-00-01", funnel_id=b2b.id
    )
    await company.play(Story.incoming(CLIENT, did="74951230001").rings("101").answers("101").ends())
    assert (await company.one(deals))["stage_id"] == b2b.unsorted.id
    assert (await company.one(calls))["line_id"] == by_did.id


async def test_a_line_of_another_pbx_does_not_matter(company: Company) -> None:
    await company.line(create_at=CreateAt.NEVER)
    await company.play(ring_all().answers("101"), pbx=BRANCH)
    assert len(await company.rows(deals)) == 1


# Missed


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


async def test_a_client_who_got_through_on_another_line_is_not_called_back(
    company: Company,
) -> None:
    in_vain = Story.incoming(CLIENT).rings("101").ends(after=60)
    through = Story.incoming(CLIENT, at=later(seconds=10)).rings("102").answers("102").ends()
    await company.play(in_vain, through)
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


# Extensions linked to nobody


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


# A known client


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


async def test_a_short_number_is_never_a_contact(company: Company) -> None:
    await company.play(Story.incoming("214").rings("101").answers("101").ends())
    assert await company.rows(contacts) == []


# The last who answered


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


# Outgoing, internal, skipped


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


# Merges


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


# No funnel, nobody


async def test_without_a_single_person_the_call_is_kept_and_says_why_there_is_no_card(
    sqlite: Database,
) -> None:
    company = Company(sqlite)
    people = metadata.tables["people"]
    await sqlite.write(lambda tx: tx.execute(people.update().values(is_active=False)))
    await company.play(ring_all().ends())
    call = await company.one(calls)
    assert owner_rule.in_words(call["owner_rule"]) == "there is nobody who could own a card"


async def test_the_card_remembers_that_the_call_made_it(company: Company) -> None:
    await company.play(ring_all().answers("102"))
    move = await company.one(stage_moves)
    assert (move["actor_kind"], move["from_stage_id"]) == ("intake", None)


async def test_a_talk_whose_beginning_was_found_out_later_is_one_talk(company: Company) -> None:
    """After a reconnect a call is found talking; how long it has talked its CDR tells at the end."""
    story = Story.incoming(CLIENT).rings("101").answers("101")
    found = story.now + timedelta(seconds=25)
    guessed = replace(story.call, answered_at=found, talks=(Talk("101", found),))
    await company.tell([Fact(guessed, found)])
    await company.play(story.ends())
    (talk,) = await company.rows(talks)
    assert talk["started_at"] == story.call.answered_at
    assert talk["ended_at"] is not None
