"""All clients as a file, for heads only: a list of clients is what a leaving seller takes along."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import StringIO

from aiohttp import web

from pbx_crm.domain.listing import Contact
from pbx_crm.domain.report_table import harmless
from pbx_crm.pages.request import services_of, viewer_of

COLUMNS = ("id", "name", "company", "city", "numbers", "created_at")
AT_ONCE = 1000


async def as_csv(request: web.Request) -> web.StreamResponse:
    """GET /contacts.csv: every client, in parts, so that the whole is never in the memory."""
    headers = {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": 'attachment; filename="contacts.csv"',
    }
    viewer, listings = viewer_of(request), services_of(request).listings
    answer = web.StreamResponse(headers=headers)
    await services_of(request).clients.contacts.note_export(viewer)
    await answer.prepare(request)
    await answer.write(_lines([COLUMNS]))
    before = None
    while page := await listings.contacts(viewer, "", before, AT_ONCE):
        await answer.write(_lines([_cells(one) for one in page]))
        before = (page[-1].created_at, page[-1].id)
    await answer.write_eof()
    return answer


def _cells(one: Contact) -> tuple[str, ...]:
    numbers = "; ".join(one.numbers)
    made = one.created_at.isoformat(timespec="seconds")
    return (str(one.id), one.name, one.company or "", one.city, numbers, made)


def _lines(rows: Sequence[Sequence[str]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()
