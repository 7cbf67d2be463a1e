"""Lists of clients brought in by scripts of the head: sent, counted, begun, watched, stopped, taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.contact_import import ClientRow, Import, ImportField, ImportState, RefusedRow
from pbx_crm.domain.person import Person
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Given, Id, Taken, api
from pbx_crm.pages.imports import refused
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import wording_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.uploads import parts_of, sent_file

MOST_COLUMNS = 1000


class CountBody(Taken):
    """What the columns of a list mean."""

    mapping: tuple[ImportField, ...] = Field(
        max_length=MOST_COLUMNS, description="one for each column of `header`; empty: not used"
    )
    responsible_id: Id | None = Field(
        default=None, description="whose clients they are where a row names nobody"
    )


class ApiImport(Given):
    """A list of clients, and how far it is; read it again while `is_at_work`."""

    id: int
    name: str
    by_id: int | None
    at: datetime
    state: ImportState
    is_at_work: bool
    header: tuple[str, ...]
    mapping: tuple[ImportField, ...]
    responsible_id: int | None
    rows_total: int
    rows_done: int
    percent: int
    counts: dict[str, int] = Field(
        description="made, filled, known, refused; while it is `counted` what would come of it; "
        "after taking back also gone and kept"
    )


class ApiImports(Given):
    """The newest lists, newest first."""

    imports: tuple[ApiImport, ...]


class ApiImportRow(Given):
    """A row of a list as it will be; with a `refusal` it cannot be used."""

    row: int = Field(description="as a person counts them: the header is 1")
    name: str = ""
    numbers: tuple[str, ...] = ()
    company: str = ""
    city: str = ""
    responsible_id: int | None = None
    region_id: int | None = None
    do_not_call: bool = False
    refusal: str = ""


class ApiRefusal(Given):
    """Why rows cannot be used."""

    reason: str
    rows: int


class ApiPreview(Given):
    """The first rows of a list, and why rows of the whole are not used."""

    rows: tuple[ApiImportRow, ...]
    refusals: tuple[ApiRefusal, ...]


@api(ApiImports)
async def list_imports(request: web.Request) -> ApiImports:
    """GET /api/v1/imports: the newest lists that were brought in, newest first."""
    found = await services_of(request).clients.imports.latest()
    return ApiImports(imports=tuple(map(_shown, found)))


@api(ApiImport, status=201, takes_file=True)
async def send_list(request: web.Request) -> ApiImport:
    """POST /api/v1/imports: a list (CSV or a workbook); its columns are guessed and its rows counted."""
    sent = await sent_file(request)
    begin = services_of(request).clients.imports.begin
    return await _stored(request, await begin(viewer_of(request), sent.filename or "", parts_of(sent)))


@api(ApiImport)
async def get_import(request: web.Request) -> ApiImport:
    """GET /api/v1/imports/{import}: one list and how far it is."""
    return await _stored(request, _id(request))


@api(ApiPreview)
async def get_preview(request: web.Request) -> ApiPreview:
    """GET /api/v1/imports/{import}/preview: its first rows as they will be, and why rows are refused."""
    view = await services_of(request).clients.imports.view(_id(request))
    said = wording_of(request).gettext
    return ApiPreview(
        rows=tuple(_row(row, said) for row in view.preview),
        refusals=tuple(ApiRefusal(reason=said(reason), rows=rows) for reason, rows in view.reasons),
    )


@api(ApiImport, body=CountBody)
async def count_rows(request: web.Request, body: CountBody) -> ApiImport:
    """POST /api/v1/imports/{import}/count: its columns mean this; what would come of it is counted."""
    count = services_of(request).clients.imports.count
    await count(viewer_of(request), _id(request), body.mapping, body.responsible_id)
    return await _stored(request, _id(request))


@api(ApiImport)
async def run_import(request: web.Request) -> ApiImport:
    """POST /api/v1/imports/{import}/run: its clients are made; it must have been counted."""
    return await _turned(request, services_of(request).clients.imports.run)


@api(ApiImport)
async def cancel_import(request: web.Request) -> ApiImport:
    """POST /api/v1/imports/{import}/cancel: it stops here; what was made stays until it is taken back."""
    return await _turned(request, services_of(request).clients.imports.cancel)


@api(ApiImport)
async def take_back(request: web.Request) -> ApiImport:
    """POST /api/v1/imports/{import}/back: what it made is taken back; clients with deals or calls stay."""
    return await _turned(request, services_of(request).clients.imports.take_back)


@api(None)
async def get_refused(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/imports/{import}/refused.csv: the rows that were not used, each with the reason."""
    return await refused(request)


async def _turned(request: web.Request, turn: Callable[[Person, int], Awaitable[None]]) -> ApiImport:
    await turn(viewer_of(request), _id(request))
    return await _stored(request, _id(request))


async def _stored(request: web.Request, import_id: int) -> ApiImport:
    return _shown(await services_of(request).clients.imports.get(import_id))


def _shown(one: Import) -> ApiImport:
    values = {name: getattr(one, name) for name in ApiImport.model_fields if name != "is_at_work"}
    return ApiImport(**values, is_at_work=one.state.is_at_work)


def _row(row: ClientRow | RefusedRow, said: Callable[[str], str]) -> ApiImportRow:
    if isinstance(row, RefusedRow):
        return ApiImportRow(row=row.row.number, refusal=said(row.reason))
    names = ("name", "numbers", "company", "city", "responsible_id", "do_not_call")
    region_id = row.region.id if row.region is not None else None
    told = {name: getattr(row, name) for name in names}
    return ApiImportRow(row=row.row.number, region_id=region_id, **told)


def _id(request: web.Request) -> int:
    return id_in(request.match_info["import"])


HERE, ONE = "/api/v1/imports", "/api/v1/imports/{import}"
IMPORTS: tuple[Route, ...] = (
    Route("GET", HERE, list_imports, Access.HEAD),
    Route("POST", HERE, send_list, Access.HEAD),
    Route("GET", ONE, get_import, Access.HEAD),
    Route("GET", f"{ONE}/preview", get_preview, Access.HEAD),
    Route("POST", f"{ONE}/count", count_rows, Access.HEAD),
    Route("POST", f"{ONE}/run", run_import, Access.HEAD),
    Route("POST", f"{ONE}/cancel", cancel_import, Access.HEAD),
    Route("POST", f"{ONE}/back", take_back, Access.HEAD),
    Route("GET", f"{ONE}/refused.csv", get_refused, Access.HEAD),
)
