"""What a dialplan asks for during a call: a small form in, one short line out, no page and no session.

The token comes in the body, never in the address: addresses end up in the logs of proxies.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from http import HTTPStatus
from urllib.parse import parse_qs

from aiohttp import web

from pbx_crm.domain.errors import Broken
from pbx_crm.domain.pbx_door import PbxDoor
from pbx_crm.domain.wiring_checkup import NOT_READY, REFUSED
from pbx_crm.pages.access import Handler
from pbx_crm.pages.request import origin_of, services_of

LONGEST_FORM = 1024
Form = dict[str, str]
Answering = Callable[[web.Request, PbxDoor, Form], Awaitable[str]]


def asked_by_a_pbx(answer: Answering) -> Handler:
    """The handler of an address that dialplans ask: 403 for everybody else, 503 while nothing can be told."""

    @wraps(answer)
    async def handle(request: web.Request) -> web.StreamResponse:
        form = await _form_of(request)
        door = services_of(request).telephony.doors.of(form.get("token", ""), origin_of(request).address)
        if door is None:
            return web.Response(text=REFUSED, status=HTTPStatus.FORBIDDEN)
        try:
            return web.Response(text=await answer(request, door, form))
        except Broken:
            return web.Response(text=NOT_READY, status=HTTPStatus.SERVICE_UNAVAILABLE)

    return handle


async def _form_of(request: web.Request) -> Form:
    """The fields, the first of each name; none of a form longer than any of ours, or of unknown length."""
    size = request.content_length
    if size is None or size > LONGEST_FORM:
        return {}
    body = (await request.read()).decode("utf-8", "replace")
    return {name: values[0] for name, values in parse_qs(body).items()}


@asked_by_a_pbx
async def dial_code(request: web.Request, door: PbxDoor, form: Form) -> str:
    """POST /pbx/code: does what `code` means to the last call's card; `crm:done`, `crm:code`, `crm:card`.

    The phone is `extension` if the dialplan knows whose it is (FreePBX: AMPUSER), else that of `channel`.
    """
    extension = form.get("extension") or door.shape.classify(form.get("channel", "")).extension
    answer = await services_of(request).telephony.codes.dial(door.pbx, extension or "", form.get("code", ""))
    return answer.line()


@asked_by_a_pbx
async def who_calls(request: web.Request, door: PbxDoor, form: Form) -> str:
    """POST /pbx/lookup: whose client has `number`; `crm:201:12:Anna`, always a line of this shape."""
    answer = await services_of(request).telephony.lookup.answer(door, form.get("number", ""))
    return answer.line()


@asked_by_a_pbx
async def voice_said(request: web.Request, door: PbxDoor, form: Form) -> str:
    """POST /pbx/voice: what was `said` in the robot's `call`, a key or a DIALSTATUS; `crm:done`."""
    calls = services_of(request).voice.calls
    is_known = await calls.reported(door.pbx, form.get("call", ""), form.get("said", ""))
    return "crm:done" if is_known else "crm:card"


async def give_sound(request: web.Request) -> web.StreamResponse:
    """GET /pbx/voice/{digest}.wav: a recording, for the PBXes whose dialplan may ask.

    CURL writes files by GET alone, and a token in an address ends up in logs: the digest of the content,
    which only the program tells the PBX, stands in for it.
    """
    services = services_of(request)
    if not services.telephony.doors.knows(origin_of(request).address):
        return web.Response(text=REFUSED, status=HTTPStatus.FORBIDDEN)
    return web.FileResponse(services.voice.messages.file_of(request.match_info["digest"]))
