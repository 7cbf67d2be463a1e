"""Requests from the site: in Unsorted like a missed call, one client a number, a call back for somebody."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pbx_crm.db import site_forms
from pbx_crm.db.engine import Database
from pbx_crm.db.tables import contacts, deal_events, deals, site_requests, tasks
from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.line import CreateAt, MissedStep
from pbx_crm.domain.owner_rule import in_words
from pbx_crm.domain.site_request import MOST_FROM_ONE, ForeignSite, SiteForm, SiteRequest, TooManyRequests
from pbx_crm.services.site_forms import SiteForms
from tests.company import Company, topics
from tests.stories import Story
from tests.turned_clock import TurnedClock

NUMBER = "+79161234567"
SITE = "https://example.com"


class Site:
    """A company with a form on its site."""

    def __init__(self, database: Database) -> None:
        self.company = Company(database)
        self.clock = TurnedClock()
        self.forms = SiteForms(database, self.company.live, self.clock)

    async def form(self, **settings: Any) -> SiteForm:
        new = SiteForm(None, **{"name": "Front page", "origins": (SITE,), **settings})
        await self.forms.save(self.company.olga, new)
        return (await self.forms.view()).forms[-1]

    async def ask(self, form: SiteForm, key: str = "one", *, origin: str | None = SITE, **more: Any) -> None:
        values = {"name": "Vera", "number": NUMBER, "question": "How much is fibre?", "page": f"{SITE}/fibre"}
        request = SiteRequest(**{**values, "marks": {}, "key": key, "address": "1.2.3.4", **more})
        await self.forms.take(form.token, origin, request)


@pytest.fixture
def site(database: Database) -> Site:
    return Site(database)


async def test_a_request_is_a_card_in_unsorted_with_its_source_and_a_call_back(site: Site) -> None:
    head = site.company.listen(site.company.olga)
    await site.ask(await site.form(), marks={"utm_source": "ads", "utm_campaign": "autumn"})
    deal = await site.company.one(deals)
    assert deal["stage_id"] == site.company.funnel.unsorted.id
    assert (deal["owner_id"], deal["source"], deal["title"]) == (
        site.company.olga.id,
        "ads",
        "How much is fibre?",
    )
    assert (await site.company.one(contacts))["name"] == "Vera"
    task = await site.company.one(tasks)
    assert (task["kind"], task["owner_id"], task["deal_id"]) == ("call", site.company.olga.id, deal["id"])
    (event,) = await site.company.rows(deal_events)
    words = in_words(event["details"])
    for told in ("Front page", "How much is fibre?", "utm_campaign=autumn", f"{SITE}/fibre"):
        assert told in words
    assert f"deal-{deal['id']}" in topics(head)


async def test_the_owner_is_who_the_lines_missed_policy_names(site: Site) -> None:
    sellers = (site.company.anna.id, site.company.boris.id)
    line = await site.company.line(
        source="Site", seller_ids=sellers, missed_policy=(MissedStep.ROTA_LINE, MissedStep.HEAD)
    )
    form = await site.form(line_id=line.id)
    for number in range(3):
        await site.ask(form, f"key {number}", number=f"+7916123456{number}")
    found = await site.company.rows(deals)
    assert [deal["owner_id"] for deal in found] == [*sellers, sellers[0]]
    assert {deal["source"] for deal in found} == {"Site"}
    assert {deal["line_id"] for deal in found} == {line.id}


async def test_a_client_with_an_open_deal_is_joined_to_it(site: Site) -> None:
    client = await site.company.client("Vector", NUMBER)
    deal_id = await site.company.deal(site.company.anna, client)
    await site.ask(await site.form())
    assert (await site.company.one(deals))["id"] == deal_id
    assert (await site.company.one(contacts))["name"] == "Vector"
    assert (await site.company.one(tasks))["owner_id"] == site.company.anna.id
    assert (await site.company.one(site_requests))["deal_id"] == deal_id


async def test_a_second_contact_of_a_deal_asks_about_that_deal(site: Site) -> None:
    first, second = await site.company.client("Ivan"), await site.company.client("Vera", NUMBER)
    deal_id = await site.company.deal(site.company.anna, first)
    await site.company.stands_on(deal_id, second)
    await site.ask(await site.form())
    assert (await site.company.one(deals))["id"] == deal_id
    assert (await site.company.one(tasks))["contact_id"] == second


async def test_a_client_with_closed_deals_gets_a_new_one_that_names_the_last(site: Site) -> None:
    client = await site.company.client("Vector", NUMBER)
    closed = await site.company.deal(site.company.anna, client, closed=True)
    await site.ask(await site.form())
    (new,) = await site.company.rows(deals, closed_at=None)
    assert (new["previous_id"], new["contact_id"]) == (closed, client)


async def test_sent_twice_it_is_one_request_and_asked_twice_one_call_back(site: Site) -> None:
    form = await site.form()
    await site.ask(form)
    await site.ask(form)
    assert len(await site.company.rows(site_requests)) == 1
    await site.ask(form, "another")
    assert len(await site.company.rows(site_requests)) == 2
    assert len(await site.company.rows(deals)) == len(await site.company.rows(tasks)) == 1


async def test_a_conversation_fulfils_the_request(site: Site) -> None:
    await site.ask(await site.form())
    await site.company.play(Story.outgoing(NUMBER, "101").answers("101").ends(after=60))
    assert (await site.company.one(tasks))["done_at"] is not None


async def test_a_line_whose_calls_make_no_cards_takes_requests_all_the_same(site: Site) -> None:
    line = await site.company.line(create_at=CreateAt.NEVER)
    await site.ask(await site.form(line_id=line.id))
    assert (await site.company.one(deals))["line_id"] == line.id


async def test_another_site_and_a_form_that_is_off_are_refused(site: Site) -> None:
    form = await site.form()
    with pytest.raises(ForeignSite):
        await site.ask(form, origin="https://evil.example")
    await site.forms.save(site.company.olga, replace(form, is_active=False))
    with pytest.raises(NotFound):
        await site.ask(form)
    with pytest.raises(NotFound):
        await site.ask(replace(form, token="guessed"))
    assert await site.company.rows(deals) == await site.company.rows(site_requests) == []


async def test_one_address_asks_so_often_and_no_more(site: Site) -> None:
    form = await site.form()
    for number in range(MOST_FROM_ONE):
        await site.ask(form, f"key {number}")
    with pytest.raises(TooManyRequests):
        await site.ask(form, "one more")
    await site.ask(form, "of another", address="5.6.7.8")
    assert len(await site.company.rows(site_requests)) == MOST_FROM_ONE + 1


async def test_a_form_may_go_and_its_cards_stay(site: Site) -> None:
    form = await site.form()
    await site.ask(form)
    await site.forms.drop(site.company.olga, form.id or 0)
    assert len(await site.company.rows(deals)) == 1
    with pytest.raises(NotFound):
        await site.company.database.read(site_forms.get, form.id or 0)
