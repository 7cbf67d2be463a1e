"""Settings: recorded messages that robots call clients with."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.voice_call import WHY_NOT
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.uploads import parts_of, sent_file
from pbx_crm.pages.voice_words import RESULTS
from pbx_crm.services.voice_messages import MessageWish

HERE = "/settings/voice"
LONGEST_KEY = 64
MESSAGE = HERE + r"/{message:\d{1,18}}"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/voice: every message with its sound, and one more to be sent."""
    return await _page(request)


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/voice: the sent file as a message, or what is wrong with it."""
    try:
        sent = await sent_file(request)
        await services_of(request).voice.messages.add(viewer_of(request), sent.filename or "", parts_of(sent))
    except BadInput as refused:
        return await _page(request, refused=refused)
    return see_other(HERE)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/voice/{message}: its name and keys, or the form again with the reasons."""
    form = await form_of(request)
    wish = MessageWish(form.text("name"), form.is_on("offers_talk"), form.is_on("offers_opt_out"))
    try:
        await services_of(request).voice.messages.change(viewer_of(request), _id(request), wish)
    except BadInput as refused:
        return await _page(request, refused=refused, wrong_id=_id(request), typed=form.values)
    return see_other(HERE)


async def drop(request: web.Request) -> web.StreamResponse:
    """POST /settings/voice/{message}/drop: the message is gone."""
    await services_of(request).voice.messages.drop(viewer_of(request), _id(request))
    return see_other(HERE)


async def listen(request: web.Request) -> web.StreamResponse:
    """GET /settings/voice/{message}/sound: what clients hear, with seeking."""
    return await sound_of(request, _id(request))


async def sound_of(request: web.Request, message_id: int) -> web.StreamResponse:
    """The file of a message; NotFound."""
    path = await services_of(request).voice.messages.sound(message_id)
    headers = {"Content-Type": "audio/wav", "Content-Disposition": 'inline; filename="message.wav"'}
    return web.FileResponse(path, headers=headers)


async def try_out(request: web.Request) -> web.StreamResponse:
    """POST /settings/voice/{message}/try: the head's own phone rings, and the message is played there."""
    form = await form_of(request)
    key = form.text("request_key")[:LONGEST_KEY]
    await services_of(request).voice.calls.try_out(viewer_of(request), _id(request), key)
    return see_other(HERE)


async def switch(request: web.Request) -> web.StreamResponse:
    """POST /settings/voice/switch: whether robots call clients at all."""
    form = await form_of(request)
    is_on = form.one_of("on", ("yes", "no")) == "yes"
    form.require_good()
    await services_of(request).voice.messages.switch(viewer_of(request), is_on)
    return see_other(HERE)


def _id(request: web.Request) -> int:
    return int(request.match_info["message"])


async def _page(
    request: web.Request,
    refused: BadInput | None = None,
    wrong_id: int | None = None,
    typed: Mapping[str, str] | None = None,
) -> web.Response:
    voice = services_of(request).voice
    filled = {
        "here": HERE,
        "results": RESULTS,
        "why_not": WHY_NOT,
        "latest": await voice.calls.latest(),
        "is_offered": voice.calls.is_offered,
        "shelf": await voice.messages.shelf(),
        "reasons": wording_of(request).reasons_of(refused) if refused else {},
        "wrong_id": wrong_id,
        "typed": typed or {},
    }
    return await render(request, "voice.html", filled, status=422 if refused else 200)


VOICE_ROUTES = (
    Route("GET", HERE, show, Access.HEAD),
    Route("POST", HERE, add, Access.HEAD),
    Route("POST", HERE + "/switch", switch, Access.HEAD),
    Route("POST", MESSAGE, change, Access.HEAD),
    Route("POST", MESSAGE + "/drop", drop, Access.HEAD),
    Route("GET", MESSAGE + "/sound", listen, Access.HEAD),
    Route("POST", MESSAGE + "/try", try_out, Access.HEAD),
)
