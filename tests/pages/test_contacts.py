"""Clients and companies as pages: search, the client's forms, duplicates side by side, the way back."""

from __future__ import annotations

import re

import pytest

from pbx_crm.db import regions
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.region import NumberRange, Place
from tests import builders
from tests.site import Browser, Crm


@pytest.fixture
async def vector(crm: Crm) -> int:
    """A client with a deal of Anna's."""

    def write(tx: Transaction) -> int:
        client = builders.contact(tx, "Vector <Ltd>", "+74951234567")
        builders.deal(tx, builders.funnel(tx), crm.cast.anna, contact_id=client, title="Fibre", amount=500)
        return client

    return await crm.database.write(write)


@pytest.fixture
async def anna(crm: Crm) -> Browser:
    return await crm.browser(crm.cast.anna)


async def page(browser: Browser, url: str, status: int = 200) -> str:
    """The page at this address."""
    answer = await browser.get(url)
    assert answer.status == status
    return await answer.text()


async def post(browser: Browser, url: str, fields: dict[str, str], status: int = 200) -> str:
    """The page after sending a form."""
    answer = await browser.post(url, data=fields)
    assert answer.status == status
    return await answer.text()


async def test_the_list_finds_escapes_and_says_when_there_is_nobody(anna: Browser, vector: int) -> None:
    text = await page(anna, "/contacts?q=123-45")
    assert f'<a href="/contacts/{vector}"><bdi>Vector &lt;Ltd&gt;</bdi></a>' in text
    assert "No client with “&lt;b&gt;”." in await page(anna, "/contacts?q=<b>")
    assert (await anna.get("/contacts?before=x&q=" + "9" * 500)).status == 200


async def test_a_foreign_number_names_its_seller(crm: Crm, vector: int) -> None:
    boris = await crm.browser(crm.cast.boris)
    text = await page(boris, "/contacts?q=8 495 123-45-67")
    assert "This number is a client of Anna." in text
    assert "Vector" not in text
    await page(boris, f"/contacts/{vector}", 404)


async def test_a_clients_page_tells_numbers_deals_and_the_time_there(anna: Browser, vector: int) -> None:
    text = await page(anna, f"/contacts/{vector}")
    # Noon in UTC is three in the afternoon in Moscow.
    for shown in (
        "+7 495 123-45-67",
        "Russia",
        "15:00 there",
        "Fibre",
        "€500",
        "Unsorted",
    ):
        assert shown in text


@pytest.fixture
async def plan(crm: Crm) -> dict[str, int]:
    """Regions by name."""

    def write(tx: Transaction) -> dict[str, int]:
        sakha = Place("RU", "Sakha (Yakutia)", "Саха (Якутия)", ("Asia/Yakutsk", "Asia/Vladivostok"))
        moscow = Place("RU", "Moscow", "Москва", ("Europe/Moscow",))
        plan = [NumberRange.between("7411", "7411", sakha), NumberRange.between("7495", "7495", moscow)]
        regions.store(tx, plan)
        return {region.place.name: region.id for region in regions.to_choose(tx, 9)}

    return await crm.database.write(write)


async def test_a_region_is_chosen_and_says_when_it_has_several_zones(
    anna: Browser, vector: int, plan: dict[str, int]
) -> None:
    text = await page(anna, f"/contacts/{vector}")
    assert text.count("<bdi>Moscow</bdi> · <span>15:00 there</span>") == 2
    form = {"name": "Vector", "seen_region_id": "", "region_id": str(plan["Sakha (Yakutia)"])}
    text = await post(anna, f"/contacts/{vector}", form)
    assert "<bdi>Sakha (Yakutia)</bdi> · <span>21:00 to 22:00 there, several time zones</span>" in text
    assert "<bdi>Moscow</bdi>" in text, "beside the number stands what it tells by itself"


async def test_two_who_choose_regions_are_told_by_their_names(
    anna: Browser, vector: int, plan: dict[str, int]
) -> None:
    moscow, sakha = str(plan["Moscow"]), str(plan["Sakha (Yakutia)"])
    await post(anna, f"/contacts/{vector}", {"name": "Vector", "seen_region_id": "", "region_id": moscow})
    late = {"name": "Vector", "seen_region_id": "", "region_id": sakha}
    text = await post(anna, f"/contacts/{vector}", late, 409)
    assert "<b>Region</b>: <bdi>–</bdi>" in text
    assert "<bdi>Moscow</bdi></li>" in text


@pytest.mark.parametrize("wrong", ["x", "-1", "999999", "9" * 30])
async def test_a_region_there_is_not_comes_back_with_its_reason(
    anna: Browser, vector: int, wrong: str
) -> None:
    form = {"name": "Vector", "seen_region_id": "", "region_id": wrong}
    text = await post(anna, f"/contacts/{vector}", form, 422)
    assert 'name="region_id" aria-invalid="true"' in text


async def test_a_region_is_named_in_the_language_of_its_country(
    crm: Crm, vector: int, plan: dict[str, int]
) -> None:
    browser = await crm.browser(crm.cast.anna)
    headers = {"Accept-Language": "ru"}
    text = await (await browser.get(f"/contacts/{vector}", headers=headers)).text()
    assert "<bdi>Москва</bdi>" in text
    assert ">Саха (Якутия)</option>" in text


async def test_the_card_on_the_board_names_the_region(
    anna: Browser, vector: int, plan: dict[str, int]
) -> None:
    assert 'title="15:00 there">Moscow</bdi>' in await page(anna, "/board")


async def test_fields_and_numbers_are_saved_and_wrong_ones_come_back(anna: Browser, vector: int) -> None:
    form = {"name": "Vector", "company": "Vector Holding", "city": "Kazan", "do_not_call": "yes"}
    text = await post(anna, f"/contacts/{vector}", {**form, "seen_name": "Vector <Ltd>"})
    for shown in ('value="Vector Holding"', 'value="Kazan"', "do not call"):
        assert shown in text
    assert "row-call" not in text, "who does not want to be called has no button for it"
    assert 'href="tel:' not in text
    text = await post(anna, f"/contacts/{vector}/numbers", {"number": "8 812 123 45 67", "label": "office"})
    assert "+7 812 123-45-67" in text
    text = await post(anna, f"/contacts/{vector}/numbers", {"number": "<i>", "label": "x"}, 422)
    assert "This is not a telephone number." in text
    assert 'value="&lt;i&gt;"' in text
    drop = re.findall(rf'action="(/contacts/{vector}/numbers/\d+/drop)"', text)
    assert "+7 812" not in await post(anna, drop[1], {})


async def test_the_second_writer_of_a_client_is_told(crm: Crm, anna: Browser, vector: int) -> None:
    olga = await crm.browser(crm.cast.olga)
    seen = {"seen_name": "Vector <Ltd>", "seen_city": "", "seen_company": "", "seen_do_not_call": ""}
    await post(olga, f"/contacts/{vector}", {**seen, "name": "Vector <Ltd>", "city": "Kazan"})
    text = await post(anna, f"/contacts/{vector}", {**seen, "name": "Vector <Ltd>", "city": "Perm"}, 409)
    assert "What you typed is still here" in text
    assert 'value="Perm"' in text
    assert "<bdi>Kazan</bdi>" in text


async def test_duplicates_are_compared_merged_and_told_apart(crm: Crm, anna: Browser, vector: int) -> None:
    def write(tx: Transaction) -> int:
        again = builders.contact(tx, "vector ltd", "+79051112233")
        builders.deal(tx, builders.funnel(tx, 1), crm.cast.anna, contact_id=again)
        return again

    again = await crm.database.write(write)
    compare = f"/contacts/{vector}/merge?with={again}"
    assert f'href="{compare}"' in await page(anna, "/contacts/duplicates")
    assert "+7 905 111-22-33" in await page(anna, compare)
    await page(anna, f"/contacts/{vector}/merge?with=999999", 404)
    form = {"with": str(again), "name": "Vector", "company": "", "city": ""}
    text = await post(anna, f"/contacts/{vector}/merge", form)
    assert "+7 905 111-22-33" in text
    assert 'name="name" type="text" value="Vector"' in text
    await page(anna, f"/contacts/{again}", 404)
    back = re.search(r'action="(/bin/\d+/back)"', await page(anna, "/bin"))
    assert back is not None
    assert "Vector &lt;Ltd&gt;" in await post(anna, back[1], {})
    assert "vector ltd" in await page(anna, f"/contacts/{again}")


async def test_one_who_is_called_quite_differently_is_found_to_merge_with(
    crm: Crm, anna: Browser, vector: int
) -> None:
    def write(tx: Transaction) -> int:
        other = builders.contact(tx, "Sara <of Vector>", "+79051112233")
        builders.deal(tx, builders.funnel(tx, 1), crm.cast.anna, contact_id=other)
        return other

    other, search = await crm.database.write(write), f"/contacts/{vector}/merge"
    link = f'<a href="{search}?with={other}"><bdi>Sara &lt;of Vector&gt;</bdi></a>'
    assert f'hx-get="{search}"' in await page(anna, f"/contacts/{vector}")
    assert link in await page(anna, f"{search}?q=111-22"), "the form works without scripts"
    part = await (await anna.get(f"{search}?q=sara", headers={"HX-Request": "true"})).text()
    assert link in part
    assert "<html" not in part
    assert "No other client with “&lt;b&gt;”." in await page(anna, f"{search}?q=<b>")
    assert "?with=" not in await page(anna, search)


async def test_who_may_not_see_the_client_merges_nobody_with_them(crm: Crm, vector: int) -> None:
    boris = await crm.browser(crm.cast.boris)
    await page(boris, f"/contacts/{vector}/merge", 404)
    await page(boris, f"/contacts/{vector}/merge?q=Vector", 404)


async def test_a_company_shows_its_people_and_is_renamed_once(anna: Browser, vector: int) -> None:
    await post(
        anna, f"/contacts/{vector}", {"name": "Sara", "company": "Vector", "seen_name": "Vector <Ltd>"}
    )
    listed = re.search(r'href="(/companies/\d+)"><bdi>Vector</bdi>', await page(anna, "/companies?q=vec"))
    assert listed is not None
    assert "<bdi>Sara</bdi>" in await page(anna, listed[1])
    assert "A name is 1 to 200 characters." in await post(anna, listed[1], {"name": " "}, 422)
    assert "Vector Ltd" in await post(anna, listed[1], {"name": "Vector Ltd"})


async def test_a_client_who_asked_not_to_be_called_is_not_dialled(
    crm: Crm, anna: Browser, vector: int
) -> None:
    await post(anna, f"/contacts/{vector}", {"name": "Sara", "do_not_call": "yes"})
    text = await page(anna, "/deals/1")
    assert "do not call" in text
    task = {"kind": "call", "due_at": "2026-12-01T10:00"}
    assert "does not want to be called" in await post(anna, "/deals/1/tasks", task, 422)
