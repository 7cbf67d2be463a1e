"""What becomes of a call that is answered: whose card, when, in which funnel, and who is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from pbx_crm.db import extensions
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import (
    call_people,
    calls,
    contact_numbers,
    contacts,
    deal_events,
    deals,
    legs,
    stage_moves,
    talks,
    tasks,
    transfers,
)
from pbx_crm.domain import owner_rule
from pbx_crm.domain.call import Fact, Talk
from pbx_crm.domain.line import CreateAt, MatchKind
from tests.company import BRANCH, PBX, Company, later, topics
from tests.services.callers import CLIENT, OTHER, ring_all
from tests.stories import Story


@pytest.fixture
def company(sqlite: Database) -> Company:
    return Company(sqlite)


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
