"""Recorded messages in the API: sent, listened to, tried, named, removed, and whether robots call at all."""

from __future__ import annotations

from aiohttp import web
from pydantic import Field

from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.voice_message import VoiceMessage
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.api.contract import Done, Given, Taken, api
from pbx_crm.pages.moves import new_key
from pbx_crm.pages.people import id_in
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.uploads import parts_of, sent_file
from pbx_crm.pages.voice import LONGEST_KEY, sound_of
from pbx_crm.services.voice_messages import MessageWish


class MessageBody(Taken):
    """How a message is called, and which keys it offers beside 1, which confirms."""

    name: str
    offers_talk: bool = Field(default=True, description="2: the client wants to be called by a person")
    offers_opt_out: bool = Field(default=True, description="9: the client is not to be called any more")


class CallsBody(Taken):
    """Whether robots call clients at all."""

    is_on: bool


class TrialBody(Taken):
    """One wish to hear a message on the own phone."""

    request_key: str | None = Field(
        default=None, max_length=LONGEST_KEY, description="the same key again rings no phone once more"
    )


class ApiVoiceMessage(Given):
    """A recorded message."""

    id: int
    name: str
    seconds: float = Field(description="how long it is")
    offers_talk: bool
    offers_opt_out: bool


class ApiVoiceMessages(Given):
    """Every recorded message, by name."""

    is_on: bool = Field(description="whether robots call clients at all")
    takes_files: bool = Field(description="whether the program has a folder for them")
    messages: tuple[ApiVoiceMessage, ...]


@api(ApiVoiceMessages)
async def list_messages(request: web.Request) -> ApiVoiceMessages:
    """GET /api/v1/voice-messages: every recorded message, and whether robots call clients at all."""
    return await _listed(request)


@api(ApiVoiceMessage, status=201, takes_file=True)
async def add_message(request: web.Request) -> ApiVoiceMessage:
    """POST /api/v1/voice-messages: the sent sound as a message, named after its file."""
    sent = await sent_file(request)
    add = services_of(request).voice.messages.add
    return await _stored(request, await add(viewer_of(request), sent.filename or "", parts_of(sent)))


@api(ApiVoiceMessage, body=MessageBody)
async def change_message(request: web.Request, body: MessageBody) -> ApiVoiceMessage:
    """PUT /api/v1/voice-messages/{message}: its name and keys from now on."""
    wish = MessageWish(body.name, body.offers_talk, body.offers_opt_out)
    await services_of(request).voice.messages.change(viewer_of(request), _id(request), wish)
    return await _stored(request, _id(request))


@api(Done)
async def drop_message(request: web.Request) -> Done:
    """DELETE /api/v1/voice-messages/{message}: it is gone, unless a robot calls with it."""
    await services_of(request).voice.messages.drop(viewer_of(request), _id(request))
    return Done()


@api(None)
async def get_sound(request: web.Request) -> web.StreamResponse:
    """GET /api/v1/voice-messages/{message}/sound: what clients hear, a WAV file."""
    return await sound_of(request, _id(request))


@api(ApiVoiceMessages, body=CallsBody)
async def switch_calls(request: web.Request, body: CallsBody) -> ApiVoiceMessages:
    """POST /api/v1/voice-messages/switch: robots call clients from now on, or no more."""
    await services_of(request).voice.messages.switch(viewer_of(request), body.is_on)
    return await _listed(request)


@api(Done, body=TrialBody)
async def try_message(request: web.Request, body: TrialBody) -> Done:
    """POST /api/v1/voice-messages/{message}/try: it is played on the own phone of the token's person."""
    key = body.request_key or new_key()
    await services_of(request).voice.calls.try_out(viewer_of(request), _id(request), key)
    return Done()


async def _listed(request: web.Request) -> ApiVoiceMessages:
    shelf = await services_of(request).voice.messages.shelf()
    return ApiVoiceMessages(
        is_on=shelf.is_on, takes_files=shelf.has_folder, messages=tuple(map(_shown, shelf.messages))
    )


async def _stored(request: web.Request, message_id: int) -> ApiVoiceMessage:
    for message in (await services_of(request).voice.messages.shelf()).messages:
        if message.id == message_id:
            return _shown(message)
    raise NotFound(message_id=message_id)


def _shown(message: VoiceMessage) -> ApiVoiceMessage:
    return ApiVoiceMessage(
        id=message.id,
        name=message.name,
        seconds=message.sound.seconds,
        offers_talk=message.offers_talk,
        offers_opt_out=message.offers_opt_out,
    )


def _id(request: web.Request) -> int:
    return id_in(request.match_info["message"])


HERE, ONE = "/api/v1/voice-messages", "/api/v1/voice-messages/{message}"
VOICE_MESSAGES: tuple[Route, ...] = (
    Route("GET", HERE, list_messages, Access.HEAD),
    Route("POST", HERE, add_message, Access.HEAD),
    Route("POST", f"{HERE}/switch", switch_calls, Access.HEAD),
    Route("PUT", ONE, change_message, Access.HEAD),
    Route("DELETE", ONE, drop_message, Access.HEAD),
    Route("GET", f"{ONE}/sound", get_sound, Access.HEAD),
    Route("POST", f"{ONE}/try", try_message, Access.HEAD),
)
