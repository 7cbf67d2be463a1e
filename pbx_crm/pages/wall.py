"""The wallboard itself: opened by a link on a screen where nobody logs in, live, and read only."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from aiohttp import WSCloseCode, web

from pbx_crm.domain.errors import NotFound
from pbx_crm.domain.pbx_link import LinkStatus
from pbx_crm.domain.person import Person, Role
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.wallboard import COUNTED, Doing, Tone, WallLink
from pbx_crm.pages.live import LOOK_AGAIN_SECONDS, MERGE_SECONDS, Postbox, keep
from pbx_crm.pages.render import render
from pbx_crm.pages.request import services_of

CONCERNS = frozenset({"calls", "pbx", "presence"})
"""Of all that its maker hears, what can change the board; won deals come with the next look."""
NEWS = frozenset({"wall"})
DOINGS = {
    Doing.TALKING: (N_("talking"), "phone-call"),
    Doing.DIALLING: (N_("dialling"), "phone-outgoing"),
    Doing.RINGING: (N_("ringing"), "phone-incoming"),
    Doing.FREE: (N_("free"), "circle-check"),
    Doing.PAUSED: (N_("paused"), "clock"),
    Doing.DND: (N_("do not disturb"), "moon"),
    Doing.UNREGISTERED: (N_("not registered"), "unplug"),
    Doing.NO_PHONE: (N_("no phone linked"), "phone-off"),
}
TONES = {Tone.CALM: "", Tone.WARN: "triangle-alert", Tone.ALARM: "alarm-clock"}


@dataclass(frozen=True, slots=True)
class PbxNow:
    """A PBX and whether it is heard."""

    name: str
    is_heard: bool


async def show(request: web.Request) -> web.StreamResponse:
    """GET /wall/{token}: the page that stays on the screen."""
    return await _board(request, "wall.html")


async def figures(request: web.Request) -> web.StreamResponse:
    """GET /wall/{token}/figures: what changes on it."""
    return await _board(request, "parts/wall.html")


async def connect(request: web.Request) -> web.StreamResponse:
    """GET /wall/{token}/live: a socket that says when to look again, until the link is taken back."""
    link = await services_of(request).analysis.walls.link(request.match_info["token"])
    return await keep(request, lambda socket: _send(request, socket, link))


async def _send(request: web.Request, socket: web.WebSocketResponse, link: WallLink) -> None:
    live, postbox = services_of(request).live, Postbox()

    def hear(topics: frozenset[str]) -> None:
        if topics & CONCERNS:
            postbox.put(NEWS)

    # The board hears what its maker would: calls of everybody, told by topic and never by client.
    maker = Person(link.maker_id, "", "", Role.HEAD)
    subscription = live.subscribe(maker, hear, postbox.doubt)
    try:
        while await _still_works(request, postbox):
            await socket.send_json({"topics": postbox.empty()})
            await asyncio.sleep(MERGE_SECONDS)
    except ConnectionError:
        return
    finally:
        live.unsubscribe(subscription)
    await socket.close(code=WSCloseCode.SERVICE_RESTART)


async def _still_works(request: web.Request, postbox: Postbox) -> bool:
    """Waits for news; False once the link works no more."""
    await postbox.wait(LOOK_AGAIN_SECONDS)
    if postbox.look_again:
        postbox.look_again = False
        try:
            await services_of(request).analysis.walls.link(request.match_info["token"])
        except NotFound:
            return False
    return True


async def _board(request: web.Request, template: str) -> web.Response:
    services, token = services_of(request), request.match_info["token"]
    wall = await services.analysis.walls.wall(token)
    states = sorted(services.pbx_link.states.items())
    values = {
        "wall": wall,
        "doings": DOINGS,
        "counted": [doing for doing in COUNTED if wall.count(doing)],
        "tones": TONES,
        "pbxes": [PbxNow(name, state.status is LinkStatus.UP) for name, state in states],
        "address": f"/wall/{token}",
    }
    return await render(request, template, values)
