"""A fresh installation is simple: three places for a seller, and what the head switches on."""

from __future__ import annotations

import re

from pbx_crm.domain.person import Person
from tests import builders
from tests.site import Crm

THREE = ["/board", "/today", "/calls"]
MENU = re.compile(r'<nav class="places".*?</nav>', re.S)


async def menu(crm: Crm, who: Person, url: str = "/today") -> list[str]:
    """Where the person's menu leads."""
    text = await (await (await crm.browser(who)).get(url)).text()
    found = MENU.search(text)
    assert found is not None
    return re.findall(r'<a href="(/[a-z]+)"', found.group())


async def test_a_fresh_installation_shows_a_seller_three_places_and_nothing_else(crm: Crm) -> None:
    await crm.database.write(builders.funnel)
    for url in THREE:
        assert await menu(crm, crm.cast.anna, url) == THREE, url
    shown = await (await (await crm.browser(crm.cast.anna)).get("/today")).text()
    for off in ("/settings", "/reports", "/contacts", "/wallboard"):
        assert f'href="{off}' not in shown, off


async def test_a_head_sees_every_place(crm: Crm) -> None:
    assert await menu(crm, crm.cast.olga) == [*THREE, "/contacts", "/reports", "/settings"]


async def test_what_the_head_switches_on_appears_at_the_sellers_next_page(crm: Crm) -> None:
    olga = await crm.browser(crm.cast.olga)
    await olga.post("/settings/house", data={"reports": "yes"})
    assert await menu(crm, crm.cast.anna) == [*THREE, "/reports"]
    page = await (await olga.get("/settings/house")).text()
    assert re.search(r'name="reports"[^>]*checked', page)
    assert not re.search(r'name="contacts"[^>]*checked', page)
    await olga.post("/settings/house", data={"contacts": "yes"})
    assert await menu(crm, crm.cast.anna) == [*THREE, "/contacts"]
    await olga.post("/settings/house", data={})
    assert await menu(crm, crm.cast.anna) == THREE


async def test_a_seller_switches_nothing(crm: Crm) -> None:
    anna = await crm.browser(crm.cast.anna)
    assert (await anna.post("/settings/house", data={"reports": "yes"})).status == 403
    assert (await anna.get("/settings/house")).status == 403
    assert await menu(crm, crm.cast.anna) == THREE


async def test_the_first_card_offers_nothing_that_is_switched_off(crm: Crm) -> None:
    deal_id = await crm.database.write(
        lambda tx: builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=builders.contact(tx, "V"))
    )
    shown = await (await (await crm.browser(crm.cast.anna)).get(f"/deals/{deal_id}")).text()
    assert 'type="file"' not in shown
