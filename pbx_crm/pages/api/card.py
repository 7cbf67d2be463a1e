"""What is done with a card, in the API: its files, its tasks, how a talk went, the bin."""

from __future__ import annotations

from datetime import datetime

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.bin import BinKind
from pbx_crm.domain.task import PutOff, Repeat, TaskKind
from pbx_crm.domain.wrap_up import NextStep, Said
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.clients import ApiFile, ApiFiles
from pbx_crm.pages.api.contract import Done, Given, Id, Moment, Taken, api
from pbx_crm.pages.deal_files import download
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import zone_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.uploads import parts_of, sent_file


class TaskBody(Taken):
    """Something to be done with a deal, by whoever owns it."""

    kind: TaskKind
    due_at: Moment
    title: str = ""
    repeat: Repeat | None = None
    remind_minutes: int | None = Field(default=None, description="before it is due: 0, 15, 60 or 1440")


class DoneBody(Taken):
    """What came of a task."""

    result: str = ""


class PutOffBody(Taken):
    """How much later."""

    by: PutOff


class TaskUndoBody(Taken):
    """A task as it was before it was finished or put off."""

    version: int = Field(ge=1, description="the task's by now, as the list tells it")
    due_at: Moment = Field(description="when it was due before")


class WrapUpBody(Taken):
    """How a talk went; without an answer it is put away."""

    outcome_id: Id | None = None
    step: NextStep = NextStep.NONE
    note: str = ""


class DealVersion(Taken):
    """The deal as it was read."""

    version: int = Field(ge=1)


class ApiBinItem(Given):
    """Something that was deleted."""

    id: int
    kind: BinKind
    subject_id: str
    name: str
    by: str
    at: datetime


class ApiBin(Given):
    """What the token's person may put back, the latest first."""

    items: tuple[ApiBinItem, ...]


class ApiThrown(Given):
    """Where a deleted thing lies."""

    item_id: int


@api(ApiFiles, status=201, takes_file=True)
async def add_file(request: web.Request) -> ApiFiles:
    """POST /api/v1/deals/{deal}/files: puts a file on a deal, if the head lets files be put there."""
    files, deal_id = services_of(request).clients.files, _id(request, "deal")
    # Whose deal it is comes before what was sent: nobody's megabytes are read for a foreign one.
    await files.of_deal(viewer_of(request), deal_id)
    sent = await sent_file(request)
    await files.add(viewer_of(request), deal_id, sent.filename or "", parts_of(sent))
    found = await files.of_deal(viewer_of(request), deal_id)
    return ApiFiles(files=tuple(ApiFile.model_validate(file) for file in found))


@api(None)
async def get_file(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/deals/{deal}/files/{file}: the content of a file."""
    return await download(request, _id(request, "deal"), _id(request, "file"))


@api(ApiThrown)
async def delete_file(request: web.Request) -> ApiThrown:
    """DELETE /api/v1/deals/{deal}/files/{file}: a file into the bin."""
    files, deal_id = services_of(request).clients.files, _id(request, "deal")
    return ApiThrown(item_id=await files.delete(viewer_of(request), deal_id, _id(request, "file")))


@api(Done, body=TaskBody, status=201)
async def add_task(request: web.Request, body: TaskBody) -> Done:
    """POST /api/v1/deals/{deal}/tasks: something to be done with a deal."""
    add = services_of(request).tasks.add_to_deal
    wish = (body.kind, body.due_at, body.title, body.repeat, body.remind_minutes)
    await add(viewer_of(request), _id(request, "deal"), *wish)
    return Done()


@api(Done, body=DoneBody)
async def finish_task(request: web.Request, body: DoneBody) -> Done:
    """POST /api/v1/tasks/{task}/done: a task is done; a second time changes nothing."""
    tasks, viewer, task_id = services_of(request).tasks, viewer_of(request), _id(request, "task")
    await tasks.finish(viewer, task_id, zone_of(request))
    if body.result:
        await tasks.note_result(viewer, task_id, body.result)
    return Done()


@api(Done, body=PutOffBody)
async def put_off_task(request: web.Request, body: PutOffBody) -> Done:
    """POST /api/v1/tasks/{task}/put-off: a task is due later."""
    put_off = services_of(request).tasks.put_off
    await put_off(viewer_of(request), _id(request, "task"), body.by, zone_of(request))
    return Done()


@api(Done, body=TaskUndoBody)
async def undo_task(request: web.Request, body: TaskUndoBody) -> Done:
    """POST /api/v1/tasks/{task}/undo: open and due as before, unless somebody did more with it since."""
    take_back = services_of(request).tasks.take_back
    await take_back(viewer_of(request), _id(request, "task"), body.version, body.due_at)
    return Done()


@api(Done, body=WrapUpBody)
async def wrap_up(request: web.Request, body: WrapUpBody) -> Done:
    """POST /api/v1/calls/{call}/wrap-up: how the token's person's talk went, and the next step."""
    said = Said(body.outcome_id, body.step, body.note)
    finish = services_of(request).after_call.wrap_ups.finish
    await finish(viewer_of(request), _id(request, "call"), said, zone_of(request))
    return Done()


@api(Done)
async def take_back_wrap_up(request: web.Request) -> Done:
    """DELETE /api/v1/calls/{call}/wrap-up: the talk waits again, and the step it set is gone."""
    await services_of(request).after_call.wrap_ups.take_back(viewer_of(request), _id(request, "call"))
    return Done()


@api(ApiThrown, body=DealVersion)
async def delete_deal(request: web.Request, body: DealVersion) -> ApiThrown:
    """POST /api/v1/deals/{deal}/delete: a deal into the bin, with all that hangs on it."""
    throw = services_of(request).clients.bin.throw_deal
    return ApiThrown(item_id=await throw(viewer_of(request), _id(request, "deal"), body.version))


@api(ApiBin)
async def list_bin(request: web.Request) -> ApiBin:
    """GET /api/v1/bin: what was deleted in the last 30 days, the latest first."""
    found = await services_of(request).clients.bin.listed(viewer_of(request))
    return ApiBin(items=tuple(ApiBinItem.model_validate(item) for item in found))


@api(ApiBinItem)
async def put_back(request: web.Request) -> ApiBinItem:
    """POST /api/v1/bin/{item}/back: it is again as it was."""
    put = services_of(request).clients.bin.put_back
    return ApiBinItem.model_validate(await put(viewer_of(request), _id(request, "item")))


def _id(request: web.Request, name: str) -> int:
    return id_in(request.match_info[name])


FILE = "/api/v1/deals/{deal}/files/{file}"
CARD_ENDPOINTS: tuple[Route, ...] = (
    Route("POST", "/api/v1/deals/{deal}/files", add_file, Access.CLIENT_DATA),
    Route("GET", FILE, get_file, Access.CLIENT_DATA),
    Route("DELETE", FILE, delete_file, Access.CLIENT_DATA),
    Route("POST", "/api/v1/deals/{deal}/tasks", add_task, Access.CLIENT_DATA),
    Route("POST", "/api/v1/deals/{deal}/delete", delete_deal, Access.CLIENT_DATA),
    Route("POST", "/api/v1/tasks/{task}/done", finish_task, Access.CLIENT_DATA),
    Route("POST", "/api/v1/tasks/{task}/put-off", put_off_task, Access.CLIENT_DATA),
    Route("POST", "/api/v1/tasks/{task}/undo", undo_task, Access.CLIENT_DATA),
    Route("POST", "/api/v1/calls/{call}/wrap-up", wrap_up, Access.CLIENT_DATA),
    Route("DELETE", "/api/v1/calls/{call}/wrap-up", take_back_wrap_up, Access.CLIENT_DATA),
    Route("GET", "/api/v1/bin", list_bin, Access.CLIENT_DATA),
    Route("POST", "/api/v1/bin/{item}/back", put_back, Access.CLIENT_DATA),
)
