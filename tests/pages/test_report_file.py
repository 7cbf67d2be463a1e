"""Reports as workbooks: the rows of the page, numbers as numbers, and nothing in them that runs."""

from __future__ import annotations

import threading
from datetime import timedelta
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from pbx_crm.db.engine import Transaction
from pbx_crm.domain.call import Outcome
from pbx_crm.domain.report_table import Cell, ReportTable
from pbx_crm.pages import report_file
from pbx_crm.pages.report_file import LONGEST_CELL, workbook
from tests import builders
from tests.builders import NOW
from tests.call_rows import CallRows
from tests.site import Crm

# What XML may not hold at all is written by its number, and read back so by Excel alone.
PRINTED = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


def rows_of(file: bytes, sheet: int = 0) -> list[list[Any]]:
    """The cells of a sheet as another program reads them."""
    return CalamineWorkbook.from_filelike(BytesIO(file)).get_sheet_by_index(sheet).to_python()


def xml_of(file: bytes) -> str:
    """Everything that stands in the workbook."""
    with ZipFile(BytesIO(file)) as parts:
        return "".join(parts.read(name).decode() for name in parts.namelist() if name.endswith(".xml"))


@pytest.mark.parametrize("name", ["=1+1", "+7905", "-2", "@SUM(A1)", "{=1}", "https://example.org", "007"])
def test_a_name_stays_text_whatever_it_looks_like(name: str) -> None:
    file = workbook(ReportTable(("name",), ((name,),)), NOW)
    assert rows_of(file)[1] == [name]
    assert "<f>" not in xml_of(file)
    assert "hyperlink" not in xml_of(file)


@given(st.lists(PRINTED, min_size=1, max_size=6))
def test_every_name_comes_back_as_it_was(names: list[str]) -> None:
    table = ReportTable(("name", "calls"), tuple((name, number) for number, name in enumerate(names)))
    read = rows_of(workbook(table, NOW))
    assert [row[0] for row in read[1:]] == names
    assert [row[1] for row in read[1:]] == [float(number) for number in range(len(names))]


@pytest.mark.parametrize(("cell", "read"), [(3, 3.0), (2.5, 2.5), (-1, -1.0), (None, "")])
def test_a_number_is_a_number_and_what_is_not_told_an_empty_cell(cell: Cell, read: Any) -> None:
    assert rows_of(workbook(ReportTable(("a", "b"), ((cell, "x"),)), NOW))[1][0] == read


def test_a_report_without_rows_is_a_workbook_with_names_only() -> None:
    assert rows_of(workbook(ReportTable(("a", "b"), ()), NOW)) == [["a", "b"]]


def test_a_text_longer_than_a_cell_is_cut_not_lost() -> None:
    (read,) = rows_of(workbook(ReportTable(("a",), (("x" * (LONGEST_CELL + 9),),)), NOW))[1]
    assert len(read) == LONGEST_CELL


def test_a_second_sheet_says_what_the_report_is_about() -> None:
    file = workbook(ReportTable(("a",), ((1,),)), NOW, [("from", "2026-11-01"), ("slice", "=Anna")])
    assert rows_of(file, 1) == [["from", "2026-11-01"], ["slice", "=Anna"]]


REPORTS = ("calls", "missed", "funnel", "funnel/deals")


def some_rows(tx: Transaction, crm: Crm) -> None:
    """A call answered, one missed, and a deal."""
    CallRows(tx).ring(crm.cast.anna).answer(crm.cast.anna).end(60, Outcome.ANSWERED)
    CallRows(tx, NOW - timedelta(hours=1), e164="+79160000001").ring(crm.cast.anna).end(9, Outcome.MISSED)
    builders.deal(tx, builders.funnel(tx), crm.cast.anna, stage=1, amount=5, title="Fibre")


async def body(crm: Crm, address: str, name: str = "olga") -> bytes:
    """The file as this person gets it."""
    browser = await crm.browser(getattr(crm.cast, name))
    answer = await browser.get(address)
    assert answer.status == 200
    return await answer.read()


@pytest.mark.parametrize("report", REPORTS)
async def test_the_workbook_has_the_cells_of_the_csv(crm: Crm, report: str) -> None:
    await crm.database.write(some_rows, crm)
    told = (await body(crm, f"/reports/{report}.csv?period=today")).decode("utf-8-sig").splitlines()
    read = rows_of(await body(crm, f"/reports/{report}.xlsx?period=today"))
    assert len(read) == len(told) > 1
    assert ",".join(read[0]) == told[0]


async def test_the_file_is_named_after_the_report_and_its_days(crm: Crm) -> None:
    await crm.database.write(some_rows, crm)
    browser = await crm.browser(crm.cast.olga)
    answer = await browser.get("/reports/funnel/deals.xlsx?period=today")
    name = "funnel-deals-2026-11-21-2026-11-21.xlsx"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{name}"'
    assert answer.content_type.endswith("spreadsheetml.sheet")


async def test_a_sellers_workbook_holds_their_own_rows(crm: Crm) -> None:
    await crm.database.write(some_rows, crm)
    read = rows_of(await body(crm, "/reports/funnel/deals.xlsx?period=today", "boris"))
    assert len(read) == 1


async def test_while_a_workbook_is_written_calls_are_heard(crm: Crm, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def noted(*told: Any) -> bytes:
        threads.append(threading.current_thread())
        return workbook(*told)

    monkeypatch.setattr(report_file, "workbook", noted)
    olga = await crm.browser(crm.cast.olga)
    assert (await olga.get("/reports/calls.xlsx")).status == 200
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
