"""All clients as a file: everybody is in it, nothing of it runs, and it is known who took it."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from aiohttp import FormData
from sqlalchemy import select

from pbx_crm.db import companies, regions
from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import audit, contacts
from pbx_crm.domain.region import NumberRange, Place
from pbx_crm.pages import contact_export
from tests import builders
from tests.builders import NOW
from tests.pages.test_report_file import rows_of, xml_of
from tests.site import Browser, Crm

COLUMNS = ["id", "name", "company", "city", "region", "numbers", "do_not_call", "created_at"]


@pytest.fixture
async def olga(crm: Crm) -> Browser:
    def write(tx: Transaction) -> None:
        builders.contact(tx, "=HYPERLINK(1)", "+74951234567", "+74957654321")
        for number in range(3):
            builders.contact(tx, f"Client {number}")

    await crm.database.write(write)
    return await crm.browser(crm.cast.olga)


async def test_the_table_has_everybody_and_runs_nothing(olga: Browser) -> None:
    rows = list(csv.reader(StringIO(await (await olga.get("/contacts.csv")).text())))
    assert rows[0] == COLUMNS
    assert len(rows) == 5
    assert rows[4][1] == "'=HYPERLINK(1)"
    assert rows[4][5] == "'+74951234567; +74957654321"


async def test_the_workbook_has_everybody_and_no_formula(olga: Browser) -> None:
    answer = await olga.get("/contacts.xlsx")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="contacts.xlsx"'
    file = await answer.read()
    rows = rows_of(file)
    assert rows[0] == COLUMNS
    assert [row[1] for row in rows[1:]] == ["Client 2", "Client 1", "Client 0", "=HYPERLINK(1)"]
    assert rows[4][5] == "+74951234567; +74957654321"
    assert "<f>" not in xml_of(file)


async def test_a_list_of_many_pages_is_whole_in_both_files(
    olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_export, "AT_ONCE", 2)
    table = list(csv.reader(StringIO(await (await olga.get("/contacts.csv")).text())))
    book = rows_of(await (await olga.get("/contacts.xlsx")).read())
    assert [row[0] for row in table] == [row[0] for row in book]
    assert len(book) == 5


async def test_more_clients_than_a_sheet_takes_go_on_on_the_next(
    olga: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_export, "MOST_ROWS", 3)
    file = await (await olga.get("/contacts.xlsx")).read()
    sheets = rows_of(file), rows_of(file, 1)
    assert [len(sheet) for sheet in sheets] == [4, 2]
    assert all(sheet[0] == COLUMNS for sheet in sheets)
    assert len({row[0] for sheet in sheets for row in sheet[1:]}) == 4


@pytest.mark.parametrize("path", ["/contacts.csv", "/contacts.xlsx"])
async def test_who_took_all_clients_along_is_written_down(crm: Crm, olga: Browser, path: str) -> None:
    await (await olga.get(path)).read()

    def read(tx: Transaction) -> list[int | None]:
        query = select(audit.c.person_id).where(audit.c.act == "contacts exported")
        return list(tx.execute(query).scalars())

    assert await crm.database.read(read) == [crm.cast.olga.id]


async def known(crm: Crm) -> list[tuple[object, ...]]:
    """Every client: name, company, city, region and numbers."""
    found = await crm.services.listings.contacts(crm.cast.olga, "", None, 100)
    return sorted((one.name, one.company, one.city, one.region, one.numbers) for one in found)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_a_list_that_went_out_comes_in_again_as_the_same_clients(crm: Crm, kind: str) -> None:
    omsk = Place("RU", "Omsk Oblast")

    def write(tx: Transaction) -> None:
        regions.store(tx, [NumberRange.between("73812", "73812", omsk)])
        (region,) = regions.all_known(tx)
        for name, number, region_id in (
            ("=Vector", "+74951234567", region.id),
            ("Orbita", "+73812123456", None),
        ):
            client = builders.contact(tx, name, number)
            values = {"company_id": companies.named(tx, f"{name} Ltd", NOW), "city": "Omsk"}
            tx.execute(contacts.update().where(contacts.c.id == client), {**values, "region_id": region_id})

    await crm.database.write(write)
    olga = await crm.browser(crm.cast.olga)
    before = await known(crm)
    sent = await (await olga.get(f"/contacts.{kind}")).read()
    await crm.database.write(lambda tx: tx.execute(contacts.delete()))
    assert await known(crm) == []
    form = FormData(quote_fields=False)
    form.add_field("file", sent, filename=f"contacts.{kind}")
    await olga.post("/settings/imports", data=form)
    await crm.services.clients.imports.finished(1)
    await olga.post("/settings/imports/1/run")
    await crm.services.clients.imports.finished(1)
    assert await known(crm) == before
    assert [one[3] for one in before] == [omsk, None], "what numbers tell is not written"
