"""All clients as a file: everybody is in it, nothing of it runs, and it is known who took it."""

from __future__ import annotations

import csv
from io import StringIO

import pytest
from sqlalchemy import select

from pbx_crm.db.engine import Transaction
from pbx_crm.db.tables import audit
from pbx_crm.pages import contact_export
from tests import builders
from tests.pages.test_report_file import rows_of, xml_of
from tests.site import Browser, Crm

COLUMNS = ["id", "name", "company", "city", "numbers", "created_at"]


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
    assert rows[4][4] == "'+74951234567; +74957654321"


async def test_the_workbook_has_everybody_and_no_formula(olga: Browser) -> None:
    answer = await olga.get("/contacts.xlsx")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="contacts.xlsx"'
    file = await answer.read()
    rows = rows_of(file)
    assert rows[0] == COLUMNS
    assert [row[1] for row in rows[1:]] == ["Client 2", "Client 1", "Client 0", "=HYPERLINK(1)"]
    assert rows[4][4] == "+74951234567; +74957654321"
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
