"""Scripts tidy up clients as their sellers may: numbers, regions, and one written down twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from pbx_crm.db import regions
from pbx_crm.db.engine import Transaction
from pbx_crm.domain.region import NumberRange, Place
from tests import builders
from tests.pages.test_api import Script, script
from tests.site import Crm


@dataclass
class Clients:
    """Anna's client, written down twice, and one of Boris's; Anna's program and his."""

    anna: Script
    boris: Script
    vector: int
    again: int
    orbita: int
    region_ids: dict[str, int]

    async def numbers(self, contact_id: int) -> list[str]:
        """The client's numbers as Anna's program reads them."""
        found = await self.anna.get(f"contacts/{contact_id}/numbers")
        return [one["number"] for one in found["numbers"]]

    async def place(self) -> Any:
        """Where the client is from, as Anna's program reads it."""
        return await self.anna.get(f"contacts/{self.vector}/region")


@pytest.fixture
async def clients(crm: Crm) -> Clients:
    def make(tx: Transaction) -> tuple[dict[str, int], dict[str, int]]:
        kazan, moscow = Place("RU", "Kazan", "Казань", ("Europe/Moscow",)), Place("RU", "Moscow")
        plan = [NumberRange.between("7843", "7843", kazan), NumberRange.between("7495", "7495", moscow)]
        regions.store(tx, plan)
        funnel, ids = builders.funnel(tx), {}
        for key, seller, name, number in (
            ("vector", crm.cast.anna, "Vector", "+74950000001"),
            ("again", crm.cast.anna, "vector ltd", "+78430000002"),
            ("orbita", crm.cast.boris, "Orbita", "+74950000003"),
        ):
            ids[key] = builders.contact(tx, name, number)
            builders.deal(tx, funnel, seller, contact_id=ids[key])
        return ids, {region.place.name: region.id for region in regions.to_choose(tx, 9)}

    ids, region_ids = await crm.database.write(make)
    scripts = await script(crm, crm.cast.anna), await script(crm, crm.cast.boris)
    return Clients(*scripts, ids["vector"], ids["again"], ids["orbita"], region_ids)


async def test_two_clients_become_one_and_are_told_apart_again(clients: Clients) -> None:
    here, other = f"contacts/{clients.vector}", f"contacts/{clients.again}"
    wish = {"with": clients.again, "city": "Kazan"}
    status, thrown = await clients.anna.ask("POST", f"{here}/merge", json=wish)
    assert status == 200, thrown
    assert await clients.numbers(clients.vector) == ["+74950000001", "+78430000002"]
    kept = await clients.anna.get(here)
    assert (kept["name"], kept["city"]) == ("Vector", "Kazan"), "what was left out stays"
    assert (await clients.anna.ask("GET", other))[0] == 404
    assert (await clients.boris.ask("POST", f"bin/{thrown['item_id']}/back"))[0] == 404
    assert (await clients.anna.ask("POST", f"bin/{thrown['item_id']}/back"))[0] == 200
    assert await clients.numbers(clients.vector) == ["+74950000001"]
    assert (await clients.anna.get(other))["name"] == "vector ltd"
    assert (await clients.anna.get(here))["city"] == ""


async def test_nobody_is_merged_with_another_sellers_client(clients: Clients) -> None:
    for one, two in ((clients.vector, clients.orbita), (clients.orbita, clients.vector)):
        status, _ = await clients.anna.ask("POST", f"contacts/{one}/merge", json={"with": two})
        assert status == 404, one
    assert await clients.numbers(clients.vector) == ["+74950000001"]


@pytest.mark.parametrize(
    ("wrong", "field"), [({"name": "x" * 201}, "name"), ({"with": 0}, "with"), ({"region": 1}, "region")]
)
async def test_a_merge_that_cannot_be_says_why(clients: Clients, wrong: dict[str, Any], field: str) -> None:
    body = {"with": clients.again, **wrong}
    status, told = await clients.anna.ask("POST", f"contacts/{clients.vector}/merge", json=body)
    assert (status, list(told["details"])) == (422, [field])
    assert (await clients.anna.get(f"contacts/{clients.again}"))["name"] == "vector ltd"


async def test_a_client_is_not_merged_with_itself(clients: Clients) -> None:
    here = f"contacts/{clients.vector}"
    status, told = await clients.anna.ask("POST", f"{here}/merge", json={"with": clients.vector})
    assert (status, list(told["details"])) == (422, ["with"])


async def test_a_number_is_dropped_by_those_who_see_the_client(clients: Clients) -> None:
    here = f"contacts/{clients.vector}/numbers"
    status, _ = await clients.anna.ask("POST", here, json={"number": "8 843 000-00-09", "label": "old"})
    assert status == 201
    numbers = (await clients.anna.get(here))["numbers"]
    assert [(one["number"], one["label"]) for one in numbers][1] == ("+78430000009", "old")
    one = f"{here}/{numbers[1]['id']}"
    assert (await clients.boris.ask("DELETE", one))[0] == 404
    assert len(await clients.numbers(clients.vector)) == 2
    assert (await clients.anna.ask("DELETE", one)) == (200, {"done": True})
    assert await clients.numbers(clients.vector) == ["+74950000001"]


async def test_a_number_of_somebody_else_is_not_dropped_by_a_wrong_address(clients: Clients) -> None:
    (number,) = (await clients.anna.get(f"contacts/{clients.again}/numbers"))["numbers"]
    await clients.anna.ask("DELETE", f"contacts/{clients.vector}/numbers/{number['id']}")
    assert await clients.numbers(clients.again) == ["+78430000002"]


async def test_a_region_is_what_the_number_tells_until_somebody_knows_better(clients: Clients) -> None:
    told = await clients.place()
    assert (told["region_id"], told["place"]["name"]) == (None, "Moscow")
    listed = (await clients.anna.get("regions"))["regions"]
    kazan = next(one for one in listed if one["place"]["local_name"] == "Казань")
    assert kazan["id"] == clients.region_ids["Kazan"]
    here = f"contacts/{clients.vector}/region"
    status, told = await clients.anna.ask("PUT", here, json={"region_id": kazan["id"]})
    assert (status, told) == (200, {"region_id": kazan["id"], "place": kazan["place"]})
    assert (await clients.anna.get(f"contacts/{clients.vector}"))["name"] == "Vector", "nothing else changed"
    status, told = await clients.anna.ask("PUT", here, json={"region_id": None})
    assert (status, told["region_id"], told["place"]["name"]) == (200, None, "Moscow")


@pytest.mark.parametrize("body", [{"region_id": 999}, {"region_id": "there"}, {}])
async def test_a_region_there_is_not_is_named(clients: Clients, body: dict[str, Any]) -> None:
    status, told = await clients.anna.ask("PUT", f"contacts/{clients.vector}/region", json=body)
    assert (status, list(told["details"])) == (422, ["region_id"])


async def test_another_seller_neither_reads_nor_sets_a_region(clients: Clients) -> None:
    here = f"contacts/{clients.vector}/region"
    assert (await clients.boris.ask("GET", here))[0] == 404
    kazan = {"region_id": clients.region_ids["Kazan"]}
    assert (await clients.boris.ask("PUT", here, json=kazan))[0] == 404
    assert (await clients.place())["region_id"] is None
