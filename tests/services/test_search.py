"""The search box on both databases: any script, any part, never past the scope."""

from __future__ import annotations

import pytest

from pbx_crm.db.engine import Database, Transaction
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person, Role
from pbx_crm.services.search import Found, Search
from tests import builders


@pytest.fixture
async def people(database: Database) -> tuple[Person, Person, Person]:
    """Anna with one deal, Boris with none, Olga the head."""

    def write(tx: Transaction) -> tuple[Person, Person, Person]:
        anna, boris = builders.person(tx, "Anna"), builders.person(tx, "Boris")
        client = builders.contact(tx, "ООО «ВЕКТОР»", "+74951234567")
        builders.deal(tx, builders.funnel(tx), anna, contact_id=client, title="100% Fibre")
        return anna, boris, builders.person(tx, "Olga", Role.HEAD)

    return await database.write(write)


@pytest.fixture
def search(database: Database) -> Search:
    return Search(database, Installation("RU", "en", "UTC", "EUR"))


@pytest.mark.parametrize(
    "text", ["вектор", "100% f", "123-45", "123-45-67", "8 (495) 123-45-67", "+74951234567"]
)
async def test_owner_and_head_find_what_they_remember(
    search: Search, people: tuple[Person, Person, Person], text: str
) -> None:
    anna, boris, olga = people
    found: list[Found] = [await search.by_text(who, text) for who in (anna, olga, boris)]
    assert [len(one.deals) for one in found] == [1, 1, 0]
    assert (found[0].owner_name, found[1].owner_name) == ("", "")


async def test_a_colleague_learns_whose_client_a_whole_number_is(
    search: Search, people: tuple[Person, Person, Person]
) -> None:
    _, boris, _ = people
    assert (await search.by_text(boris, "+7 495 123-45-67")).owner_name == "Anna"
    assert (await search.by_text(boris, "123-45-67")).owner_name == ""


@pytest.mark.parametrize("text", ["", " ", "_", "12", "nobody", "%%%", "x" * 5000])
async def test_what_fits_nothing_finds_nothing(
    search: Search, people: tuple[Person, Person, Person], text: str
) -> None:
    assert (await search.by_text(people[0], text)).deals == ()
