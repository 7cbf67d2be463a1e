"""The bell: what others did for me while I looked elsewhere, what I have read, and nobody else's business."""

from __future__ import annotations

from datetime import timedelta

import pytest

from pbx_crm.db import deal_notes, deals, tasks
from pbx_crm.db.callbacks import CAUSE
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.deal import seller
from pbx_crm.domain.person import Person
from pbx_crm.domain.task import NewTask, TaskKind
from tests import builders
from tests.builders import NOW
from tests.site import Crm

FRAGMENT = {"HX-Request": "true"}
HOSTILE = '<script>alert("x")</script>'


async def bell(crm: Crm, who: Person) -> str:
    """What this person's bell says."""
    answer = await (await crm.browser(who)).get("/bell", headers=FRAGMENT)
    assert answer.status == 200
    return await answer.text()


async def deal_of(crm: Crm, owner: Person, name: str = "Vector") -> int:
    """A deal of this person's."""

    def make(tx: Transaction) -> int:
        return builders.deal(tx, builders.funnel(tx), owner, contact_id=builders.contact(tx, name))

    return await crm.database.write(make)


async def noted(crm: Crm, deal_id: int, author: Person, text: str) -> None:
    """This person writes on the deal."""
    await crm.database.write(deal_notes.add, deal_id, author.id, text, NOW)


async def test_a_deal_handed_to_me_is_news_and_opens(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.boris)
    version = (await crm.services.deals.get(crm.cast.olga, deal_id)).version
    await crm.services.deals.hand_over(crm.cast.olga, deal_id, crm.cast.anna.id, version)
    text = await bell(crm, crm.cast.anna)
    assert "Handed over to you" in text
    assert f'href="/deals/{deal_id}"' in text
    assert "Olga" in text
    assert "Vector" not in await bell(crm, crm.cast.boris), "it is none of his deals any more"
    assert "Handed" not in await bell(crm, crm.cast.olga), "she did it herself"


async def test_a_deal_that_went_on_to_another_is_no_news_of_mine(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.boris)
    for owner in (crm.cast.anna, crm.cast.boris):
        version = (await crm.services.deals.get(crm.cast.olga, deal_id)).version
        await crm.services.deals.hand_over(crm.cast.olga, deal_id, owner.id, version)
    assert "Handed" not in await bell(crm, crm.cast.anna)


async def test_a_client_who_rang_in_vain_is_news(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.anna)
    new = NewTask(TaskKind.CALL, crm.cast.anna.id, NOW, NOW, deal_id, cause=f"{CAUSE}7")
    await crm.database.write(tasks.add, new)
    assert "Missed: call back" in await bell(crm, crm.cast.anna)
    assert "Missed" not in await bell(crm, crm.cast.olga), "a head's own bell tells of their own work"


async def test_what_a_colleague_wrote_is_news_and_what_i_wrote_is_not(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.anna)
    await noted(crm, deal_id, crm.cast.olga, HOSTILE)
    await noted(crm, deal_id, crm.cast.anna, "my own words")
    text = await bell(crm, crm.cast.anna)
    assert "&lt;script&gt;" in text
    assert "<script" not in text
    assert "my own words" not in text


async def test_a_head_hears_of_a_note_that_names_them(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.anna)
    await noted(crm, deal_id, crm.cast.anna, "nothing for anybody")
    await noted(crm, deal_id, crm.cast.anna, "please look, @olga: he wants 30 %")
    text = await bell(crm, crm.cast.olga)
    assert "he wants 30 %" in text
    assert "nothing for anybody" not in text
    assert "30 %" not in await bell(crm, crm.cast.boris), "the deal is not his to see"


async def test_naming_a_seller_shows_them_no_deal_of_another(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.anna, "Secret")
    await noted(crm, deal_id, crm.cast.olga, "ask @Boris about Secret")
    assert "Secret" not in await bell(crm, crm.cast.boris)


async def test_what_was_read_counts_no_more_and_what_comes_after_does(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.anna)
    await noted(crm, deal_id, crm.cast.olga, "first")
    assert "News: 1 new" in await bell(crm, crm.cast.anna)
    crm.clock.now = NOW + timedelta(minutes=1)
    anna = await crm.browser(crm.cast.anna)
    answer = await anna.post("/bell/seen", headers=FRAGMENT)
    text = await answer.text()
    assert "News: 0 new" in text
    assert "first" in text, "it can still be found there"
    crm.clock.now = NOW + timedelta(minutes=2)
    await crm.database.write(deal_notes.add, deal_id, crm.cast.olga.id, "second", crm.clock.now)
    assert "News: 1 new" in await bell(crm, crm.cast.anna)


async def test_after_two_weeks_it_is_no_news(crm: Crm) -> None:
    await noted(crm, await deal_of(crm, crm.cast.anna), crm.cast.olga, "first")
    crm.clock.now = NOW + timedelta(days=15)
    assert "No news in the last two weeks." in await bell(crm, crm.cast.anna)


async def test_twenty_lines_are_enough(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.anna)
    for number in range(25):
        await crm.database.write(
            deal_notes.add, deal_id, crm.cast.olga.id, f"note {number}.", NOW + timedelta(seconds=number)
        )
    text = await bell(crm, crm.cast.anna)
    assert "note 24." in text
    assert "note 4." not in text


async def test_a_rule_hands_over_without_a_name(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.boris)

    def by_rule(tx: Transaction) -> None:
        deal = deals.lock(tx, deal_id, crm.cast.olga.scope)
        deals.set_owner(tx, deal, crm.cast.anna.id, NOW, seller(crm.cast.olga.id), {})

    await crm.database.write(by_rule)
    assert "Handed over to you" in await bell(crm, crm.cast.anna)


@pytest.mark.parametrize("name", ["anna", "olga"])
async def test_nobody_without_news_is_told_any(crm: Crm, name: str) -> None:
    assert "No news" in await bell(crm, getattr(crm.cast, name))


async def test_a_client_who_was_called_back_is_no_news(crm: Crm) -> None:
    deal_id = await deal_of(crm, crm.cast.anna)
    new = NewTask(TaskKind.CALL, crm.cast.anna.id, NOW, NOW, deal_id, cause=f"{CAUSE}7")
    task_id = await crm.database.write(tasks.add, new)
    anna = await crm.browser(crm.cast.anna)
    await anna.post(f"/today/tasks/{task_id}/done", headers=FRAGMENT)
    assert "Missed" not in await bell(crm, crm.cast.anna)
