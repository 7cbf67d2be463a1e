"""Reports as files: CSV and XLSX, in neither of which anything runs."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

import xlsxwriter
from aiohttp import web

from pbx_crm.domain.report_table import Cell, ReportTable

LONGEST_CELL = 32_767
MOST_ROWS = 1_048_575
"""What Excel takes, below the row of names."""
NARROWEST, WIDEST = 8, 60
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Facts = Sequence[tuple[str, str]]


async def file_answer(
    request: web.Request, table: ReportTable, stem: str, now: datetime, facts: Facts = ()
) -> web.Response:
    """The table as the file that the address asks for by its ending; `stem` is the name without it.

    `facts` say which days and slices it is about; a workbook tells them on a sheet of their own. It is
    written in a thread: twenty thousand rows take a second, in which calls must be heard.
    """
    ending = "xlsx" if request.path.endswith(".xlsx") else "csv"
    headers = {"Content-Disposition": f'attachment; filename="{stem}.{ending}"'}
    if ending == "xlsx":
        body = await asyncio.to_thread(workbook, table, now, facts)
        return web.Response(body=body, content_type=XLSX, headers=headers)
    # Without the mark Excel reads UTF-8 in the code page of the machine.
    text = "\ufeff" + await asyncio.to_thread(table.csv)
    return web.Response(text=text, content_type="text/csv", charset="utf-8", headers=headers)


def workbook(table: ReportTable, now: datetime, facts: Facts = ()) -> bytes:
    """An XLSX workbook: the rows under names that stay in sight, numbers as numbers.

    Text is written as text, so that no cell becomes a formula or a link and none needs an apostrophe.
    When it was made, `now`, stands among the file's properties.
    """
    made = BytesIO()
    # A file of a report lives shorter than a request; nothing is left in the system's temporary folder.
    with xlsxwriter.Workbook(made, {"in_memory": True}) as book:
        book.set_properties({"created": now.replace(tzinfo=None)})
        _write_rows(book, table)
        if facts:
            _write_facts(book, facts)
    return made.getvalue()


def _write_rows(book: xlsxwriter.Workbook, table: ReportTable) -> None:
    sheet, bold = book.add_worksheet("report"), book.add_format({"bold": True})
    rows = table.rows[:MOST_ROWS]
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, bold)
        sheet.set_column(column, column, _width(name, [row[column] for row in rows[:200]]))
    for number, row in enumerate(rows, start=1):
        for column, cell in enumerate(row):
            _write_cell(sheet, number, column, cell)
    sheet.freeze_panes(1, 0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(table.columns) - 1)


def _write_facts(book: xlsxwriter.Workbook, facts: Facts) -> None:
    sheet = book.add_worksheet("about")
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 40)
    for number, (name, value) in enumerate(facts):
        sheet.write_string(number, 0, name)
        sheet.write_string(number, 1, value[:LONGEST_CELL])


def _write_cell(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, cell: Cell) -> None:
    if isinstance(cell, str):
        sheet.write_string(row, column, cell[:LONGEST_CELL])
    elif cell is not None:
        sheet.write_number(row, column, cell)


def _width(name: str, cells: Sequence[Cell]) -> int:
    longest = max(len(str(cell)) for cell in (name, *cells) if cell is not None)
    return min(max(longest + 2, NARROWEST), WIDEST)
