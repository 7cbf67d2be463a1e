"""A head looks through a seller's eyes: all of what the seller sees, nothing else, and nothing changed."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import audit, client_reads
from pbx_crm.domain.entry_rules import EntryRules
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.person import Person
from pbx_crm.pages.request import SEE_AS_COOKIE
from tests import builders
from tests.site import Browser, Crm


@pytest.fixture
async def cards(crm: Crm) -> dict[str, int]:
    """A deal of Anna's and one of Boris's."""

    def write(tx: Transaction) -> dict[str, int]:
        funnel: Funnel = builders.funnel(tx)
        return {who.name: builders.deal(tx, funnel, who) for who in (crm.cast.anna, crm.cast.boris)}

    return await crm.database.write(write)


async def look(crm: Crm, whose: Person, who: Person | None = None) -> Browser:
    """A browser of the head's, or of whoever, who looks through these eyes."""
    browser = await crm.browser(who or crm.cast.olga)
    await browser.post(f"/settings/people/{whose.id}/see-as")
    return browser


async def test_the_head_sees_the_sellers_cards_and_no_others(crm: Crm, cards: dict[str, int]) -> None:
    browser = await look(crm, crm.cast.anna)

    assert (await browser.get(f"/deals/{cards['Anna']}")).status == 200
    assert (await browser.get(f"/deals/{cards['Boris']}")).status == 404
    board = await (await browser.get("/board")).text()
    assert f'id="card-{cards["Anna"]}"' in board
    assert f'id="card-{cards["Boris"]}"' not in board


async def test_every_page_says_whose_eyes_these_are(crm: Crm, cards: dict[str, int]) -> None:
    browser = await look(crm, crm.cast.anna)

    for url in ("/board", "/today", "/calls"):
        assert "You look through the eyes of Anna" in await (await browser.get(url)).text()


async def test_it_is_read_in_the_heads_own_language(crm: Crm, cards: dict[str, int]) -> None:
    await crm.services.accounts.change_own(crm.cast.anna, {"language": "fa"})
    browser = await look(crm, crm.cast.anna)

    assert '<html lang="en" dir="ltr"' in await (await browser.get("/board")).text()


async def test_nothing_can_be_changed_meanwhile(crm: Crm, cards: dict[str, int]) -> None:
    browser = await look(crm, crm.cast.anna)

    answer = await browser.post(f"/deals/{cards['Anna']}/priority", data={"priority": "high"})

    assert answer.status == 403
    assert "nothing can be changed" in await answer.text()
    deal = await crm.services.deals.get(crm.cast.anna, cards["Anna"])
    assert deal.priority == "normal"


@pytest.mark.parametrize("url", ["/me", "/me/second-factor", "/settings/people", "/settings"])
async def test_the_sellers_account_and_the_heads_settings_stay_closed(crm: Crm, url: str) -> None:
    browser = await look(crm, crm.cast.anna)

    assert (await browser.get(url)).status == 403


async def test_one_press_ends_it(crm: Crm, cards: dict[str, int]) -> None:
    browser = await look(crm, crm.cast.anna)

    await browser.post("/see-as/end")

    assert (await browser.get(f"/deals/{cards['Boris']}")).status == 200
    assert "You look through the eyes" not in await (await browser.get("/board")).text()


async def test_signing_out_ends_it_too_and_is_the_heads_doing(crm: Crm, cards: dict[str, int]) -> None:
    browser = await look(crm, crm.cast.anna)

    await browser.post("/logout")

    assert SEE_AS_COOKIE not in {cookie.key for cookie in browser.session.cookie_jar}
    actors = await crm.database.read(lambda tx: set(tx.execute(select(audit.c.person_id)).scalars()))
    assert actors == {crm.cast.olga.id}


async def test_the_audit_tells_who_looked_as_whom(crm: Crm) -> None:
    await look(crm, crm.cast.anna)

    query = select(audit.c.person_id, audit.c.target).where(audit.c.act == "looked as")
    rows = await crm.database.read(lambda tx: tx.execute(query).all())
    assert [tuple(row) for row in rows] == [(crm.cast.olga.id, f"person-{crm.cast.anna.id}")]


async def test_whose_clients_the_head_opens_counts_for_the_head(crm: Crm) -> None:
    await crm.services.entry.settings.change(crm.cast.olga, EntryRules(clients_an_hour=1))

    def write(tx: Transaction) -> list[int]:
        funnel = builders.funnel(tx)
        clients = [builders.contact(tx, f"Client {number}") for number in range(3)]
        return [builders.deal(tx, funnel, crm.cast.anna, contact_id=client) for client in clients]

    browser, deals = await look(crm, crm.cast.anna), await crm.database.write(write)
    for deal_id in deals:
        await browser.get(f"/deals/{deal_id}")
    await crm.services.entry.watch.settle()

    query = select(client_reads.c.person_id).distinct()
    assert await crm.database.read(lambda tx: tx.execute(query).scalars().all()) == [crm.cast.olga.id]


async def test_the_cookie_is_worth_nothing_to_a_seller(crm: Crm, cards: dict[str, int]) -> None:
    browser = await crm.browser(crm.cast.boris)
    cookies = {SEE_AS_COOKIE: str(crm.cast.anna.id)}
    browser.session.cookie_jar.update_cookies(cookies, crm.server.make_url("/"))

    assert (await browser.get(f"/deals/{cards['Anna']}")).status == 404
    assert (await browser.get(f"/deals/{cards['Boris']}")).status == 200


@pytest.mark.parametrize("cookie", ["0", "999999", "x", "1" * 40, "٣"])
async def test_a_cookie_that_names_nobody_changes_nothing(
    crm: Crm, cards: dict[str, int], cookie: str
) -> None:
    browser = await crm.browser(crm.cast.olga)
    browser.session.cookie_jar.update_cookies({SEE_AS_COOKIE: cookie}, crm.server.make_url("/"))

    assert (await browser.get(f"/deals/{cards['Boris']}")).status == 200


@pytest.mark.parametrize("name", ["olga", "peter"])
async def test_only_sellers_are_looked_through(crm: Crm, name: str) -> None:
    browser = await crm.browser(crm.cast.olga)
    whose: Person = getattr(crm.cast, name)

    assert (await browser.post(f"/settings/people/{whose.id}/see-as")).status == 404
    assert "See the pages as they do" not in await (await browser.get(f"/settings/people/{whose.id}")).text()


async def test_a_seller_who_is_shut_out_is_looked_through_no_more(crm: Crm, cards: dict[str, int]) -> None:
    browser = await look(crm, crm.cast.anna)
    await crm.services.staff.set_active(crm.cast.olga, crm.cast.anna.id, active=False)

    assert (await browser.get(f"/deals/{cards['Boris']}")).status == 200


async def test_an_admin_without_client_data_may_not(crm: Crm) -> None:
    browser = await crm.browser(crm.cast.peter)

    assert (await browser.post(f"/settings/people/{crm.cast.anna.id}/see-as")).status == 403
