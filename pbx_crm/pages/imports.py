"""Bringing in a list of clients: file, columns, what would come of it, the work, and the way back."""

from __future__ import annotations

import csv
from collections.abc import Callable, Coroutine
from http import HTTPStatus
from io import StringIO
from typing import Any

from aiohttp import web

from pbx_crm.domain.contact_import import FIELD_NAMES, Import, ImportField, ImportState, RefusedRow
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person
from pbx_crm.domain.report_table import harmless
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of
from pbx_crm.pages.uploads import parts_of, sent_file

STATES = {
    ImportState.COUNTING: N_("being counted"),
    ImportState.COUNTED: N_("counted, nothing written yet"),
    ImportState.RUNNING: N_("under way"),
    ImportState.DONE: N_("done"),
    ImportState.CANCELLED: N_("stopped"),
    ImportState.TAKING_BACK: N_("being taken back"),
    ImportState.TAKEN_BACK: N_("taken back"),
    ImportState.FAILED: N_("failed: the file could not be read to its end"),
}
COUNTS = {
    "made": N_("new clients"),
    "filled": N_("known clients with something filled in"),
    "known": N_("known clients"),
    "refused": N_("rows that cannot be used"),
    "gone": N_("clients taken back"),
    "kept": N_("clients kept, for something stands on them since"),
}
ROWS_AT_ONCE = 500
HERE = "/settings/imports"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/imports: what was brought in, and the form of a new list."""
    return await _list(request, {})


async def begin(request: web.Request) -> web.StreamResponse:
    """POST /settings/imports: the file, looked at."""
    try:
        sent = await sent_file(request)
        service = services_of(request).clients.imports
        import_id = await service.begin(viewer_of(request), sent.filename or "", parts_of(sent))
    except BadInput as refusal:
        reasons = wording_of(request).reasons_of(refusal)
        return await _list(request, reasons, HTTPStatus.UNPROCESSABLE_ENTITY)
    return see_other(f"{HERE}/{import_id}")


async def _list(
    request: web.Request, reasons: dict[str, str], status: HTTPStatus = HTTPStatus.OK
) -> web.StreamResponse:
    latest = await services_of(request).clients.imports.latest()
    values = {"imports": latest, "states": STATES, "reasons": reasons, "here": HERE}
    return await render(request, "imports.html", values, status=status)


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /settings/imports/5: the columns, the first rows, how far it is; the last alone for htmx."""
    if is_fragment(request):
        one = await services_of(request).clients.imports.get(_id(request))
        return await render(request, "parts/import_state.html", _state(one))
    return await _page(request, {})


async def count(request: web.Request) -> web.StreamResponse:
    """POST /settings/imports/5/count: the columns mean this; what would come of it is counted."""
    form = await form_of(request)
    one = await services_of(request).clients.imports.get(_id(request))
    columns = range(len(one.header))
    mapping = tuple(form.choice(f"column_{n}", ImportField, ImportField.UNUSED) for n in columns)
    responsible_id = form.whole("responsible_id") if form.text("responsible_id") else None
    try:
        form.require_good()
        service = services_of(request).clients.imports
        await service.count(viewer_of(request), one.id, mapping, responsible_id)
    except BadInput as refusal:
        return await _page(request, wording_of(request).reasons_of(refusal), HTTPStatus.UNPROCESSABLE_ENTITY)
    return see_other(f"{HERE}/{one.id}")


async def run(request: web.Request) -> web.StreamResponse:
    """POST /settings/imports/5/run: make the clients."""
    return await _turn(request, services_of(request).clients.imports.run)


async def cancel(request: web.Request) -> web.StreamResponse:
    """POST /settings/imports/5/cancel: stop here."""
    return await _turn(request, services_of(request).clients.imports.cancel)


async def take_back(request: web.Request) -> web.StreamResponse:
    """POST /settings/imports/5/back: as if it had not been."""
    return await _turn(request, services_of(request).clients.imports.take_back)


async def _turn(
    request: web.Request, turn: Callable[[Person, int], Coroutine[Any, Any, None]]
) -> web.StreamResponse:
    await turn(viewer_of(request), _id(request))
    return see_other(f"{HERE}/{_id(request)}")


async def refused(request: web.Request) -> web.StreamResponse:
    """GET /settings/imports/5/refused.csv: the rows that were not used, each with the reason."""
    service, wording = services_of(request).clients.imports, wording_of(request)
    one = await service.get(_id(request))
    answer = web.StreamResponse(headers=_download("refused.csv"))
    await answer.prepare(request)
    await answer.write(_lines([["row", "reason", *one.header]]))
    after = 0
    while rows := await service.refusals(one.id, after, ROWS_AT_ONCE):
        lines = [[str(row), wording.gettext(reason), *cells] for _, row, cells, reason in rows]
        await answer.write(_lines(lines))
        after = rows[-1][0]
    await answer.write_eof()
    return answer


def _lines(rows: list[list[str]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows([harmless(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _download(name: str) -> dict[str, str]:
    return {
        "Content-Type": "text/csv; charset=utf-8",
        "Content-Disposition": f'attachment; filename="{name}"',
    }


def _id(request: web.Request) -> int:
    return id_in(request.match_info["import"])


def _state(one: Import) -> dict[str, Any]:
    shown = [(words, one.count(name)) for name, words in COUNTS.items() if one.count(name)]
    return {"one": one, "state": STATES[one.state], "shown": shown, "url": f"{HERE}/{one.id}"}


async def _page(
    request: web.Request, reasons: dict[str, str], status: HTTPStatus = HTTPStatus.OK
) -> web.StreamResponse:
    view = await services_of(request).clients.imports.view(_id(request))
    values = {
        **_state(view.one),
        "preview": [(row, isinstance(row, RefusedRow)) for row in view.preview],
        "whose": dict(view.sellers),
        "why": view.reasons,
        "fields": FIELD_NAMES,
        "sellers": view.sellers,
        "reasons": reasons,
        "here": HERE,
    }
    return await render(request, "import.html", values, status=status)
