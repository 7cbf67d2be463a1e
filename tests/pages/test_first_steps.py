"""Whoever installs it sees what is left to do, and each step turns green by itself."""

from __future__ import annotations

from datetime import timedelta

from pbx_crm.db import extensions
from pbx_crm.domain.pbx_link import LinkState, LinkStatus
from pbx_crm.domain.person import Person
from pbx_crm.domain.sentence import N_, Sentence
from tests import builders
from tests.call_rows import CallRows
from tests.site import Crm

DONE, TO_DO = "<span>done</span>", "<span>to do</span>"
CONNECTED = N_("Connected to the PBX at %(place)s.")


async def page(crm: Crm, who: Person) -> str:
    """The first steps as this person sees them."""
    return await (await (await crm.browser(who)).get("/settings/first-steps")).text()


async def leads_to(crm: Crm, who: Person) -> str:
    """Where Settings begin for this person."""
    answer = await (await crm.browser(who)).get("/settings", allow_redirects=False)
    return answer.headers["Location"]


async def link_phone(crm: Crm, number: str, who: Person) -> None:
    """The extension is this person's."""
    since = crm.clock() - timedelta(days=1)
    await crm.database.write(extensions.link, "office", number, who.id, since)


def connect(crm: Crm, status: LinkStatus = LinkStatus.UP) -> None:
    """The link to the PBX stands like this."""
    crm.services.pbx_link.changed("office", LinkState(status, crm.clock(), Sentence.of(CONNECTED, place="x")))


async def finish(crm: Crm) -> None:
    """Does every step."""
    await crm.database.write(builders.funnel)
    connect(crm)
    await link_phone(crm, "101", crm.cast.anna)
    await crm.database.write(lambda tx: CallRows(tx).id)


async def test_settings_begin_with_the_first_steps_until_all_are_done(crm: Crm) -> None:
    assert await leads_to(crm, crm.cast.peter) == "/settings/first-steps"
    await finish(crm)
    assert await leads_to(crm, crm.cast.peter) == "/settings/people"
    shown = await page(crm, crm.cast.peter)
    assert (shown.count(DONE), shown.count(TO_DO)) == (5, 0)
    assert "every 5s" not in shown, "what is done is not asked for again and again"


async def test_a_fresh_installation_has_sellers_and_nothing_else(crm: Crm) -> None:
    shown = await page(crm, crm.cast.olga)
    assert (shown.count(DONE), shown.count(TO_DO)) == (1, 4)
    assert "Call one of your numbers from a mobile phone" in shown
    assert "every 5s" in shown


async def test_a_refused_link_says_why_and_leads_the_admin_to_the_doctor(crm: Crm) -> None:
    connect(crm, LinkStatus.REFUSED)
    assert 'href="/settings/doctor">Ask' in await page(crm, crm.cast.peter)
    shown = await page(crm, crm.cast.olga)
    assert 'href="/settings/doctor">Ask' not in shown, "a head who may not set up telephony"
    assert shown.count(TO_DO) == 4


async def test_a_phone_that_is_nobodys_is_named(crm: Crm) -> None:
    await finish(crm)
    await crm.database.write(extensions.note_all_seen, "office", {"214": crm.clock()})
    shown = await page(crm, crm.cast.olga)
    assert '<bdi class="chip">214</bdi>' in shown
    assert shown.count(TO_DO) == 1


async def test_an_admin_without_client_data_learns_of_no_client(crm: Crm) -> None:
    await finish(crm)
    assert "+7" not in await page(crm, crm.cast.peter)
