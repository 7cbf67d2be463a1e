"""All clients as a file, for heads only: a list of clients is what a leaving seller takes along."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Sequence
from io import StringIO
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import xlsxwriter
from aiohttp import web

from pbx_crm.domain.listing import Contact
from pbx_crm.domain.report_table import harmless
from pbx_crm.pages.report_file import LONGEST_CELL, MOST_ROWS, XLSX
from pbx_crm.pages.request import services_of, viewer_of

COLUMNS = ("id", "name", "company", "city", "region", "numbers", "do_not_call", "created_at")
WIDTHS = (8, 30, 30, 20, 24, 30, 12, 26)
AT_ONCE = 1000
PART_BYTES = 256 * 1024
Rows = Sequence[Sequence[str]]


async def as_csv(request: web.Request) -> web.StreamResponse:
    """GET /contacts.csv: every client, in parts, so that the whole is never in the memory."""
    answer = _download("text/csv; charset=utf-8", "contacts.csv")
    await services_of(request).clients.contacts.note_export(viewer_of(request))
    await answer.prepare(request)
    await answer.write(_lines([COLUMNS]))
    async for rows in _pages(request):
        await answer.write(_lines(rows))
    await answer.write_eof()
    return answer


async def as_xlsx(request: web.Request) -> web.StreamResponse:
    """GET /contacts.xlsx: the same as a workbook, which grows on the disk and goes out from there."""
    answer = _download(XLSX, "contacts.xlsx")
    await services_of(request).clients.contacts.note_export(viewer_of(request))
    with TemporaryDirectory() as folder:
        path = Path(folder) / "contacts.xlsx"
        book = _Book(path)
        try:
            async for rows in _pages(request):
                await asyncio.to_thread(book.add, rows)
        finally:  # also where the browser has gone: what is open in the folder must be closed before it goes
            await asyncio.to_thread(book.close)
        await answer.prepare(request)
        with path.open("rb") as made:
            while part := await asyncio.to_thread(made.read, PART_BYTES):
                await answer.write(part)
    await answer.write_eof()
    return answer


class _Book:
    """A workbook that keeps one row in the memory; text is written as text, so that no cell is a formula."""

    def __init__(self, path: Path) -> None:
        options = {"constant_memory": True, "tmpdir": str(path.parent)}
        self._book = xlsxwriter.Workbook(str(path), options)
        self._bold = self._book.add_format({"bold": True})
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self._sheet, self._numbers = self._book.add_worksheet(), count(1)
        self._sheet.freeze_panes(1, 0)
        for column, (name, width) in enumerate(zip(COLUMNS, WIDTHS, strict=True)):
            self._sheet.set_column(column, column, width)
            self._sheet.write_string(0, column, name, self._bold)

    def add(self, rows: Rows) -> None:
        """These come next, on another sheet once this one is full."""
        for cells in rows:
            number = next(self._numbers)
            if number > MOST_ROWS:
                self._begin_sheet()
                number = next(self._numbers)
            for column, cell in enumerate(cells):
                self._sheet.write_string(number, column, cell[:LONGEST_CELL])

    def close(self) -> None:
        """The file is whole after this."""
        self._book.close()


async def _pages(request: web.Request) -> AsyncIterator[Rows]:
    """Every client's cells, so many at a time, the newest first."""
    viewer, listings = viewer_of(request), services_of(request).listings
    before = None
    while page := await listings.contacts(viewer, "", before, AT_ONCE):
        yield [_cells(one) for one in page]
        before = (page[-1].created_at, page[-1].id)


def _cells(one: Contact) -> tuple[str, ...]:
    numbers = "; ".join(one.numbers)
    made = one.created_at.isoformat(timespec="seconds")
    spared = "yes" if one.do_not_call else ""
    region = one.region.written if one.region is not None else ""
    return (str(one.id), one.name, one.company or "", one.city, region, numbers, spared, made)


def _lines(rows: Rows) -> bytes:
    text = StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _download(kind: str, name: str) -> web.StreamResponse:
    headers = {"Content-Type": kind, "Content-Disposition": f'attachment; filename="{name}"'}
    return web.StreamResponse(headers=headers)
