"""A list of clients brought in, on both databases: counted, made, stopped, gone on with, taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bench.made_up_list import lines_of
from pbx_crm.db import contact_pages, listings, regions
from pbx_crm.db.engine import Database, Transaction
from pbx_crm.db.tables import contact_numbers, contacts, metadata
from pbx_crm.domain.contact import ContactFields
from pbx_crm.domain.contact_import import BadTable, Import, ImportField, ImportState, NotNow
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.installation import Installation
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.region import NumberRange, Place
from pbx_crm.outside.file_store import FileStore
from pbx_crm.outside.sheets import rows_of
from pbx_crm.services import import_work
from pbx_crm.services.clientele import Clientele
from pbx_crm.services.ground import Ground
from pbx_crm.services.live_feed import LiveFeed
from tests import builders
from tests.turned_clock import TurnedClock

INSTALLATION = Installation("RU", "en", "UTC", "EUR")
LIST = """Name,Phone,Company,City,Responsible
Sara,8 905 111-22-33,Vector,Kazan,Anna
Sara again,+79051112233,,Perm,
Boris,call me,,,
"Open,1,,,
Two who are known,84951234567; 84957654321,,,
Vector,84951234567,Vector,Kazan,
No number,,,,
,,Nobody,,
"""


@dataclass
class Office:
    """A head with a list, and two clients who are there already."""

    database: Database
    folder: Path
    anna: Person
    olga: Person
    clock: TurnedClock = field(default_factory=TurnedClock)

    def __post_init__(self) -> None:
        ground = Ground(self.database, LiveFeed(), self.clock, INSTALLATION, {})
        self.clients = Clientele.on(ground)
        self.imports = self.clients.imports
        self.imports.use(FileStore(self.folder, 10_000_000), rows_of)

    async def begin(self, text: str = LIST, name: str = "list.csv") -> Import:
        """The import of this list once it is counted."""

        async def content() -> AsyncIterator[bytes]:
            yield text.encode()

        import_id = await self.imports.begin(self.olga, name, content())
        return await self.ended(import_id)

    async def run(self, one: Import) -> Import:
        """The same after it was run."""
        await self.imports.run(self.olga, one.id)
        return await self.ended(one.id)

    async def ended(self, import_id: int) -> Import:
        """The import once nothing goes on any more."""
        await self.imports.finished(import_id)
        return await self.imports.get(import_id)

    async def everything(self) -> dict[str, list[str]]:
        """All clients with their numbers and companies."""

        def read(tx: Transaction) -> dict[str, list[str]]:
            kept = [metadata.tables[name] for name in ("contacts", "contact_numbers")]
            return {table.name: sorted(map(repr, tx.execute(table.select()).all())) for table in kept}

        return await self.database.read(read)

    async def count(self, table: str) -> int:
        """How many rows the table has."""
        return len((await self.everything())[table])


@pytest.fixture
async def office(database: Database, tmp_path: Path) -> Office:
    anna = await database.write(builders.person, "Anna")
    olga = await database.write(builders.person, "Olga", Role.HEAD)

    def known(tx: Transaction) -> None:
        builders.contact(tx, "", "+74951234567")
        builders.contact(tx, "Orbita", "+74957654321")

    await database.write(known)
    return Office(database, tmp_path / "imports", anna, olga)


async def test_a_list_is_counted_before_anything_is_written(office: Office) -> None:
    before = await office.everything()
    one = await office.begin()
    assert one.state is ImportState.COUNTED
    assert one.mapping == tuple(
        ImportField(name) for name in ("name", "number", "company", "city", "responsible")
    )
    assert one.counts == {"made": 2, "known": 2, "refused": 4}
    assert (one.rows_total, one.percent) == (8, 100)
    assert await office.everything() == before


async def test_what_cannot_be_used_is_told_before_anything_is_written(
    office: Office,
) -> None:
    one = await office.begin()
    before = [(row, reason) for _, row, _, reason in await office.imports.refusals(one.id, 0, 100)]
    assert [row for row, _ in before] == [4, 5, 6, 9]
    await office.imports.count(office.olga, one.id, one.mapping, None)
    await office.run(await office.ended(one.id))
    after = [(row, reason) for _, row, _, reason in await office.imports.refusals(one.id, 0, 100)]
    assert after == before, "counted twice and run, each is told once"


async def test_good_rows_become_clients_and_bad_ones_come_back_with_reasons(office: Office) -> None:
    one = await office.run(await office.begin())
    assert (one.state, one.counts) == (ImportState.DONE, {"made": 2, "filled": 1, "known": 1, "refused": 4})
    found = await office.clients.contacts.found(office.olga, "")
    shown = [(line.name, line.company, line.city, line.responsible, line.number) for line in found.lines]
    assert shown == [
        ("No number", "", "", "", None),
        ("Sara", "Vector", "Kazan", "Anna", "+79051112233"),
        ("Orbita", "", "", "", "+74957654321"),
        ("Vector", "Vector", "Kazan", "", "+74951234567"),
    ]
    rows = await office.imports.refusals(one.id, 0, 100)
    assert [(row, cells[0]) for _, row, cells, _ in rows] == [
        (4, "Boris"),
        (5, '"Open'),
        (6, "Two who are known"),
        (9, ""),
    ]
    assert "different clients" in rows[2][3]
    assert {count for _, count in (await office.imports.view(one.id)).reasons} == {1}


async def test_a_list_brought_in_twice_makes_nobody_twice(office: Office) -> None:
    text = "Name,Phone\nSara,89051112233\nAhmad,89052223344\n"
    await office.run(await office.begin(text))
    before = await office.everything()
    again = await office.run(await office.begin(text))
    assert again.counts == {"known": 2}
    assert await office.everything() == before


async def test_taking_back_leaves_everything_as_it_was(office: Office) -> None:
    before = await office.everything()
    one = await office.run(await office.begin())
    await office.imports.take_back(office.olga, one.id)
    one = await office.ended(one.id)
    assert (one.state, one.count("gone"), one.count("kept")) == (ImportState.TAKEN_BACK, 2, 0)
    assert await office.everything() == before


async def test_a_client_somebody_works_with_since_is_not_taken_back(office: Office) -> None:
    one = await office.run(
        await office.begin("Name,Phone,City\nSara,89051112233,Kazan\nAhmad,89052223344,\n")
    )

    def work(tx: Transaction) -> None:
        sara = tx.execute(contacts.select().where(contacts.c.name == "Sara")).one().id
        builders.deal(tx, builders.funnel(tx), office.anna, contact_id=sara)

    await office.database.write(work)
    await office.imports.take_back(office.olga, one.id)
    one = await office.ended(one.id)
    assert (one.count("gone"), one.count("kept")) == (1, 1)
    names = [line.name for line in (await office.clients.contacts.found(office.olga, "")).lines]
    assert names == ["Sara", "Orbita", ""]


async def test_a_client_somebody_has_changed_since_is_not_taken_back(office: Office) -> None:
    one = await office.run(await office.begin("Name,Phone\nSara,89051112233\nAhmad,89052223344\n"))
    found = (await office.clients.contacts.found(office.olga, "Sara")).lines
    named = ContactFields("Sara Ahmadi", "", "", do_not_call=False)
    await office.clients.contacts.change(office.olga, found[0].id, named, {"name": "Sara"})
    await office.imports.take_back(office.olga, one.id)
    one = await office.ended(one.id)
    assert (one.count("gone"), one.count("kept")) == (1, 1)
    names = [line.name for line in (await office.clients.contacts.found(office.olga, "")).lines]
    assert names == ["Sara Ahmadi", "Orbita", ""]


async def test_a_list_says_who_wants_no_calls_until_it_is_taken_back(office: Office) -> None:
    rows = "Name,Phone,Не звонить\nSara,89051112233,Да\nAhmad,89052223344,нет\nBoris,89053334455,?\n"
    one = await office.run(await office.begin(f"{rows}Vector,84951234567,x\n"))
    assert one.counts == {"made": 2, "filled": 1, "refused": 1}
    lines = (await office.clients.contacts.found(office.olga, "")).lines
    assert {line.name: line.do_not_call for line in lines if line.number != "+74957654321"} == {
        "Sara": True,
        "Ahmad": False,
        "Vector": True,
    }
    await office.imports.take_back(office.olga, one.id)
    await office.ended(one.id)
    lines = (await office.clients.contacts.found(office.olga, "")).lines
    assert not any(line.do_not_call for line in lines)


async def test_what_was_written_over_since_stays_when_the_list_goes(office: Office) -> None:
    one = await office.run(await office.begin("Name,Phone,City\nVector,84951234567,Kazan\n"))
    assert one.counts == {"filled": 1}
    named = ContactFields("Vector Ltd", "", "Kazan", do_not_call=False)
    await office.clients.contacts.change(office.olga, 1, named, {"name": "Vector", "city": "Kazan"})
    await office.imports.take_back(office.olga, one.id)
    await office.ended(one.id)
    card = await office.database.read(contact_pages.card, 1, office.olga.scope)
    assert (card.name, card.city) == ("Vector Ltd", "")


async def test_a_client_merged_since_is_not_taken_back_from_the_other(office: Office) -> None:
    one = await office.run(await office.begin("Name,Phone\nOrbita,89051112233\n"))
    fields = ContactFields("Orbita", "", "", do_not_call=False)
    await office.clients.contacts.merge(office.olga, 2, 3, fields)
    await office.imports.take_back(office.olga, one.id)
    assert (await office.ended(one.id)).state is ImportState.TAKEN_BACK
    card = await office.database.read(contact_pages.card, 2, office.olga.scope)
    assert [number.number for number in card.numbers] == ["+74957654321", "+79051112233"]


def long_list(rows: int) -> str:
    """So many clients, each tenth line broken."""
    lines = (f"Client {n},{'no number' if n % 10 == 0 else f'8905{n:07}'}" for n in range(rows))
    return "Name,Phone\n" + "\n".join(lines) + "\n"


async def test_a_stopped_list_keeps_what_it_made_and_can_be_taken_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "AT_ONCE", 5)
    one = await office.begin(long_list(400))
    await office.imports.run(office.olga, one.id)
    while (await office.imports.get(one.id)).rows_done < 10:
        pass
    await office.imports.cancel(office.olga, one.id)
    one = await office.ended(one.id)
    assert one.state is ImportState.CANCELLED
    assert 10 <= one.rows_done < 400
    assert one.count("made") + one.count("refused") == one.rows_done
    assert await office.count("contacts") == 2 + one.count("made")
    await office.imports.take_back(office.olga, one.id)
    await office.ended(one.id)
    assert await office.count("contacts") == 2


async def test_a_restart_goes_on_where_it_stopped_and_makes_nothing_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "AT_ONCE", 7)
    one = await office.begin(long_list(200))
    await office.imports.run(office.olga, one.id)
    while (await office.imports.get(one.id)).rows_done < 20:
        pass
    await office.imports.stop()
    stopped = await office.imports.get(one.id)
    assert stopped.state is ImportState.RUNNING
    restarted = Office(office.database, office.folder, office.anna, office.olga)
    await restarted.imports.resume()
    done = await restarted.ended(one.id)
    assert (done.state, done.counts) == (ImportState.DONE, {"made": 180, "refused": 20})
    assert await office.count("contacts") == 182
    assert len(await office.imports.refusals(one.id, 0, 1000)) == 20


async def test_a_long_list_comes_in_to_its_end_with_its_broken_lines_given_back(office: Office) -> None:
    before = await office.everything()
    one = await office.run(await office.begin("".join(lines_of(2_000))))
    assert (one.state, one.counts) == (ImportState.DONE, {"made": 1_960, "refused": 40})
    assert await office.count("contact_numbers") == 2 + 1_960
    refused = await office.imports.refusals(one.id, 0, 100)
    assert [row for _, row, _, _ in refused] == [2 + n for n in range(0, 2_000, 50)]
    assert {count for _, count in (await office.imports.view(one.id)).reasons} == {8}
    await office.imports.take_back(office.olga, one.id)
    assert (await office.ended(one.id)).count("gone") == 1_960
    assert await office.everything() == before


async def test_two_lists_of_the_same_people_at_once_make_nobody_twice(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(import_work, "AT_ONCE", 3)
    both = [await office.begin(long_list(60), f"{name}.csv") for name in ("one", "other")]
    for one in both:
        await office.imports.run(office.olga, one.id)
    done = [await office.ended(one.id) for one in both]
    assert [one.state for one in done] == [ImportState.DONE] * 2
    assert sum(one.count("made") for one in done) == 54
    assert await office.count("contact_numbers") == 2 + 54


@pytest.mark.parametrize("at_once", [1, 200])
async def test_a_client_whom_two_rows_of_a_list_tell_of_goes_with_the_list(
    office: Office, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(import_work, "AT_ONCE", at_once)
    before = await office.everything()
    rows = "Sara,89051112233,,\n,89051112233;89051112244,Kazan,\nSara,89051112244,Perm,Anna\n"
    one = await office.run(await office.begin(f"Name,Phone,City,Responsible\n{rows}"))
    assert one.counts == {"made": 1, "filled": 2}
    [sara, *_] = (await office.clients.contacts.found(office.olga, "Sara")).lines
    assert (sara.city, sara.responsible, sara.numbers) == ("Kazan", "Anna", 2)
    await office.imports.take_back(office.olga, one.id)
    assert (await office.ended(one.id)).count("gone") == 1
    assert await office.everything() == before


async def test_a_client_whom_another_list_has_filled_in_since_stays(office: Office) -> None:
    first = await office.run(await office.begin("Name,Phone\nSara,89051112233\n"))
    await office.run(await office.begin("Phone,City\n89051112233,Kazan\n", "other.csv"))
    await office.imports.take_back(office.olga, first.id)
    assert (await office.ended(first.id)).count("kept") == 1


async def test_two_workers_on_one_list_make_each_client_once(office: Office) -> None:
    one = await office.begin(long_list(300))
    other = Office(office.database, office.folder, office.anna, office.olga)
    await office.imports.run(office.olga, one.id)
    await other.imports.resume()
    await asyncio.gather(office.ended(one.id), other.ended(one.id))
    done = await office.imports.get(one.id)
    assert (done.state, done.counts) == (ImportState.DONE, {"made": 270, "refused": 30})
    assert await office.count("contact_numbers") == 272


async def test_steps_out_of_turn_are_refused(office: Office) -> None:
    one = await office.begin()
    for step in (office.imports.cancel, office.imports.take_back):
        with pytest.raises(NotNow):
            await step(office.olga, one.id)
    await office.run(one)
    with pytest.raises(NotNow):
        await office.imports.run(office.olga, one.id)
    with pytest.raises(NotNow):
        await office.imports.count(office.olga, one.id, one.mapping, None)


async def test_the_columns_may_mean_something_else_and_everybody_be_somebodys(office: Office) -> None:
    one = await office.begin("First,Second\nSara,89051112233\n")
    assert (one.mapping, one.rows_total) == ((ImportField.UNUSED, ImportField.UNUSED), 0)
    with pytest.raises(BadInput):
        await office.imports.count(office.olga, one.id, (ImportField.CITY, ImportField.UNUSED), None)
    mapping = (ImportField.NAME, ImportField.NUMBER)
    await office.imports.count(office.olga, one.id, mapping, office.anna.id)
    one = await office.run(await office.ended(one.id))
    assert one.counts == {"made": 1}
    [sara, *_] = (await office.clients.contacts.found(office.olga, "Sara")).lines
    assert (sara.responsible, sara.number) == ("Anna", "+79051112233")


@pytest.mark.parametrize(
    ("text", "name"), [("", "list.csv"), ("Name\n", "list.pdf"), ("Name\n", "list.xlsx")]
)
async def test_a_file_that_is_no_list_is_refused_at_once(office: Office, text: str, name: str) -> None:
    with pytest.raises(BadTable):
        await office.begin(text, name)
    assert await office.imports.latest() == []


async def test_a_list_whose_file_is_lost_is_said_to_have_failed(office: Office) -> None:
    one = await office.begin()
    for path in office.folder.rglob("*"):
        if path.is_file():
            path.unlink()
    assert (await office.run(one)).state is ImportState.FAILED


async def test_numbers_stay_each_with_one_client(office: Office) -> None:
    await office.run(await office.begin())

    def numbers(tx: Transaction) -> list[str]:
        return sorted(
            tx.execute(contact_numbers.select().with_only_columns(contact_numbers.c.number)).scalars()
        )

    found = await office.database.read(numbers)
    assert len(found) == len(set(found)) == 3


async def test_a_region_is_filled_in_where_none_is_set_and_taken_back(office: Office) -> None:
    omsk, kazan = Place("RU", "Omsk Oblast"), Place("RU", "Tatarstan")

    def write(tx: Transaction) -> None:
        regions.store(
            tx, [NumberRange.between("73812", "73812", omsk), NumberRange.between("7843", "7843", kazan)]
        )
        known = {region.place.name: region.id for region in regions.all_known(tx)}
        orbita = contacts.c.name == "Orbita"
        tx.execute(contacts.update().where(orbita), {"region_id": known["Tatarstan"]})

    await office.database.write(write)
    before = await office.everything()
    rows = "84951234567,Omsk Oblast\n84957654321,Omsk Oblast\n89051112233,RU: Tatarstan\n89051112244,Mars\n"
    one = await office.run(await office.begin(f"Phone,Region\n{rows}"))
    assert one.counts == {"filled": 1, "known": 1, "made": 1, "refused": 1}
    told = await office.database.read(listings.contact_page, None, builders.EVERYTHING, None, 10)
    assert {client.numbers[0]: client.region for client in told} == {
        "+74951234567": omsk,
        "+74957654321": kazan,
        "+79051112233": kazan,
    }
    await office.imports.take_back(office.olga, one.id)
    await office.ended(one.id)
    assert await office.everything() == before
