"""Scripts keep the house's switches, costs and phone codes, and look for clients as the page does."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pbx_crm.db import companies, deals
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.funnel import Funnel
from tests import builders
from tests.builders import EVERYTHING, NOW
from tests.pages.test_api import Script, script
from tests.site import Crm


@dataclass
class House:
    """A funnel, a client of each seller, one of them twice, and everybody's scripts."""

    funnel: Funnel
    company: int
    anna: Script
    head: Script


@pytest.fixture
async def house(crm: Crm) -> House:
    def make(tx: Transaction) -> tuple[Funnel, int]:
        funnel = builders.funnel(tx)
        company_id = companies.named(tx, "Vector Ltd", NOW)
        names = (("Vera Orlova", crm.cast.anna), ("«Vera  Orlova»", crm.cast.anna), ("Oleg", crm.cast.boris))
        for number, (name, seller) in enumerate(names, 1):
            client = builders.contact(tx, name, f"+7495000000{number}")
            deal_id = builders.deal(tx, funnel, seller, contact_id=client, source="ad")
            deals.set_fields(tx, deals.get(tx, deal_id, EVERYTHING), {"company_id": company_id}, NOW)
        return funnel, company_id

    funnel, company_id = await crm.database.write(make)
    return House(funnel, company_id, await script(crm, crm.cast.anna), await script(crm, crm.cast.olga))


async def test_the_head_says_what_sellers_find_and_whether_files_are_kept(house: House) -> None:
    told = await house.head.get("house")
    assert (told["seller_places"], told["takes_files"]) == ([], False)
    status, told = await house.head.ask("PATCH", "house", json={"seller_places": ["contacts"]})
    assert (status, told["seller_places"], told["takes_files"]) == (200, ["contacts"], False)
    told = (await house.head.ask("PATCH", "house", json={"takes_files": True}))[1]
    assert (told["seller_places"], told["takes_files"]) == (["contacts"], True)
    assert (await house.head.ask("PATCH", "house", json={"seller_places": ["vault"]}))[0] == 422
    assert (await house.anna.ask("GET", "house"))[0] == 403


async def test_what_an_advertisement_cost_is_written_by_the_system_that_pays_it(house: House) -> None:
    cost = {"source": "ad", "amount": "1200.5"}
    status, told = await house.head.ask("PUT", "costs", json={"month": "2026-11", "costs": [cost]})
    assert (status, told["costs"], told["currency"]) == (200, [cost], "RUB")
    none = {"source": "ad", "amount": None}
    told = (await house.head.ask("PUT", "costs", json={"month": "2026-11", "costs": [none]}))[1]
    assert told["costs"] == [none]


@pytest.mark.parametrize(
    ("wish", "status"),
    [
        ({"month": "2026-13", "costs": []}, 422),
        ({"month": "2026-11", "costs": [{"source": "ad", "amount": "-1"}]}, 422),
        ({"month": "2026-11", "costs": [{"source": "ad", "amount": "1e30"}]}, 422),
        ({"month": "2026-11", "costs": [{"source": "nobody came", "amount": "1"}]}, 404),
    ],
)
async def test_costs_of_no_month_no_amount_and_no_source_are_refused(
    house: House, wish: dict[str, object], status: int
) -> None:
    assert (await house.head.ask("PUT", "costs", json=wish))[0] == status


async def test_a_digit_of_the_phone_is_given_another_meaning(house: House) -> None:
    here, stage = f"funnels/{house.funnel.id}/codes", f"stage-{house.funnel.stages[2].id}"
    status, told = await house.head.ask("PUT", here, json={"codes": {"1": stage, "7": "meeting"}})
    assert status == 200
    assert told == await house.head.get(here)
    assert {digit for digit, act in told["codes"].items() if act != "none"} == {"1", "7"}
    for wrong in ({"1": "stage-999"}, {"77": "meeting"}):
        assert (await house.head.ask("PUT", here, json={"codes": wrong}))[0] == 422


async def test_a_client_is_found_by_a_part_of_the_name_or_number_as_on_the_page(house: House) -> None:
    found = await house.head.get("contacts/found?text=orlov")
    assert [one["number"] for one in found["contacts"]] == ["+74950000002", "+74950000001"]
    assert [one["name"] for one in (await house.head.get("contacts/found?text=000-00-03"))["contacts"]] == [
        "Oleg"
    ]


async def test_of_a_foreign_number_a_seller_learns_whose_client_it_is_and_nothing_more(house: House) -> None:
    told = await house.anna.get("contacts/found?text=8%20495%20000-00-03")
    assert told == {"contacts": [], "next_before": None, "owner_name": "Boris"}


async def test_clients_whose_names_differ_in_spelling_are_proposed_for_merging(house: House) -> None:
    (group,) = (await house.anna.get("contacts/duplicates"))["groups"]
    assert {one["number"] for one in group["contacts"]} == {"+74950000001", "+74950000002"}


async def test_a_company_is_renamed(house: House) -> None:
    here = f"companies/{house.company}"
    status, told = await house.anna.ask("PATCH", here, json={"name": "Vector GmbH"})
    assert (status, told["name"]) == (200, "Vector GmbH")
    assert (await house.anna.ask("PATCH", here, json={"name": ""}))[0] == 422
