"""Somebody opens far more clients than usual: the heads hear of it, and nothing is blocked."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from pbx_crm.db import client_reads as client_reads_of
from pbx_crm.db import funnels
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import audit, client_reads
from pbx_crm.domain.entry_rules import EntryRules
from pbx_crm.domain.errors import StoreUnavailable
from pbx_crm.domain.person import Person
from pbx_crm.domain.session import SessionKind
from pbx_crm.services.read_watch import WINDOW
from tests import builders
from tests.site import Browser, Crm

MOST = 3
WARNED = "different clients within an hour"


@pytest.fixture
async def watched(crm: Crm) -> Crm:
    """The site, where opening more than three clients within an hour is told."""
    await crm.services.entry.settings.change(crm.cast.olga, EntryRules(clients_an_hour=MOST))
    await crm.database.write(builders.funnel)
    return crm


async def own_deals(crm: Crm, owner: Person, count: int) -> list[int]:
    """That many deals of this person, each of another client."""

    def make(tx: Transaction) -> list[int]:
        funnel = funnels.in_use(tx)[0]
        clients = [builders.contact(tx, f"Client {n}") for n in range(count)]
        return [builders.deal(tx, funnel, owner, contact_id=client) for client in clients]

    return await crm.database.write(make)


async def open_cards(crm: Crm, browser: Browser, deals: list[int]) -> None:
    """Opens these cards one after another, and lets the count be written down."""
    for deal_id in deals:
        assert (await browser.get(f"/deals/{deal_id}")).status == 200
    await crm.services.entry.watch.settle()


async def warnings(crm: Crm, who: Person) -> str:
    """What the corner of this person's pages shows."""
    return await (await (await crm.browser(who)).get("/reminders")).text()


async def noted(crm: Crm) -> list[tuple[int | None, dict[str, int]]]:
    """Whom the audit names, and with how many clients."""
    query = select(audit.c.person_id, audit.c.details).where(audit.c.act == "many clients opened")
    return await crm.database.read(lambda tx: [(row.person_id, row.details) for row in tx.execute(query)])


async def test_the_heads_hear_of_who_opened_more_clients_than_the_rule_says(watched: Crm) -> None:
    anna = await watched.browser(watched.cast.anna)
    deals = await own_deals(watched, watched.cast.anna, MOST + 1)
    await open_cards(watched, anna, deals[:MOST])
    assert WARNED not in await warnings(watched, watched.cast.olga)
    await open_cards(watched, anna, deals[MOST:])
    shown = await warnings(watched, watched.cast.olga)
    assert f"opened {MOST + 1} {WARNED}" in shown
    assert f'href="/settings/people/{watched.cast.anna.id}"' in shown
    assert await noted(watched) == [(watched.cast.anna.id, {"clients": MOST + 1})]
    assert (await anna.get(f"/deals/{deals[0]}")).status == 200, "nothing is blocked"


async def test_the_seller_is_not_told_of_the_warning(watched: Crm) -> None:
    anna = await watched.browser(watched.cast.anna)
    await open_cards(watched, anna, await own_deals(watched, watched.cast.anna, MOST + 1))
    assert WARNED not in await warnings(watched, watched.cast.anna)


async def test_one_card_opened_all_day_is_one_client(watched: Crm) -> None:
    anna = await watched.browser(watched.cast.anna)
    (deal,) = await own_deals(watched, watched.cast.anna, 1)
    await open_cards(watched, anna, [deal] * (MOST + 5))
    assert await noted(watched) == []


async def test_the_same_clients_an_hour_later_are_counted_anew(watched: Crm) -> None:
    anna = await watched.browser(watched.cast.anna)
    deals = await own_deals(watched, watched.cast.anna, 2 * MOST)
    await open_cards(watched, anna, deals[:MOST])
    watched.clock.go_on(WINDOW)
    await open_cards(watched, anna, deals[MOST:])
    assert await noted(watched) == []
    kept = await watched.database.read(lambda tx: len(tx.execute(client_reads.select()).all()))
    assert kept == MOST, "what nobody counts any more is not kept"


async def test_one_warning_a_day_and_person_is_enough(watched: Crm) -> None:
    anna, olga = await watched.browser(watched.cast.anna), await watched.browser(watched.cast.olga)
    deals = await own_deals(watched, watched.cast.anna, MOST + 2)
    await open_cards(watched, anna, deals[:-1])
    key = f"{watched.cast.anna.id}/{watched.clock().date()}"
    answer = await olga.post("/reminders/warnings/seen", data={"key": key}, headers={"HX-Request": "true"})
    assert WARNED not in await answer.text()
    await open_cards(watched, anna, deals)
    assert WARNED not in await warnings(watched, watched.cast.olga)
    watched.clock.go_on(timedelta(hours=13))
    await open_cards(watched, anna, deals)
    assert WARNED in await warnings(watched, watched.cast.olga)
    assert len(await noted(watched)) == 2


async def test_a_sellers_script_that_lists_clients_is_counted_and_a_heads_is_not(watched: Crm) -> None:
    await own_deals(watched, watched.cast.anna, MOST + 1)
    for who in (watched.cast.olga, watched.cast.anna):
        token = await watched.token(who, SessionKind.API)
        script = await watched.browser()
        answer = await script.get("/api/v1/contacts", headers={"Authorization": f"Bearer {token}"})
        assert len((await answer.json())["contacts"]) == MOST + 1
    await watched.services.entry.watch.settle()
    assert await noted(watched) == [(watched.cast.anna.id, {"clients": MOST + 1})]


async def test_a_clients_page_and_a_clients_card_are_one_client(watched: Crm) -> None:
    anna = await watched.browser(watched.cast.anna)
    deals = await own_deals(watched, watched.cast.anna, MOST)
    for contact_id in range(1, MOST + 1):
        assert (await anna.get(f"/contacts/{contact_id}")).status == 200
    await open_cards(watched, anna, deals)
    assert await noted(watched) == []


async def test_a_card_that_is_not_theirs_is_not_opened_and_not_counted(watched: Crm) -> None:
    anna = await watched.browser(watched.cast.anna)
    for deal_id in await own_deals(watched, watched.cast.boris, MOST + 1):
        assert (await anna.get(f"/deals/{deal_id}")).status == 404
    await watched.services.entry.watch.settle()
    assert await noted(watched) == []


async def test_zero_clients_an_hour_switches_the_warning_off(watched: Crm) -> None:
    await watched.services.entry.settings.change(watched.cast.olga, EntryRules(clients_an_hour=0))
    anna = await watched.browser(watched.cast.anna)
    await open_cards(watched, anna, await own_deals(watched, watched.cast.anna, MOST + 1))
    assert await noted(watched) == []


async def test_what_a_full_disk_did_not_take_is_counted_once_there_is_room(
    watched: Crm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_full(*_: object) -> None:
        raise StoreUnavailable

    anna = await watched.browser(watched.cast.anna)
    deals = await own_deals(watched, watched.cast.anna, MOST + 1)
    with monkeypatch.context() as full:
        full.setattr(client_reads_of, "note", is_full)
        with pytest.raises(StoreUnavailable):
            await open_cards(watched, anna, deals)
    await watched.services.entry.watch.settle()
    assert await noted(watched) == [(watched.cast.anna.id, {"clients": MOST + 1})]


async def test_only_a_head_puts_a_warning_away(watched: Crm) -> None:
    anna = await watched.browser(watched.cast.anna)
    await open_cards(watched, anna, await own_deals(watched, watched.cast.anna, MOST + 1))
    key = f"{watched.cast.anna.id}/{watched.clock().date()}"
    assert (await anna.post("/reminders/warnings/seen", data={"key": key})).status == 403
    assert WARNED in await warnings(watched, watched.cast.olga)
