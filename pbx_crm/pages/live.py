"""The WebSocket of a browser tab: signals go out, nothing comes in.

A signal names topics, never a client; the page fetches what it shows by its own requests. What a tab
has not taken yet is kept as a set of topics: however slow the browser, it costs a few names, and no
other tab waits for it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from aiohttp import WSCloseCode, WSMsgType, web

from pbx_crm.domain.person import Person
from pbx_crm.domain.session import SessionKind
from pbx_crm.pages.access import Handler
from pbx_crm.pages.request import SESSION_COOKIE, services_of, session_of, visitor_of

MERGE_SECONDS = 0.1
"""Signals within this time of the last one sent travel together; a lone one leaves at once."""
HEARTBEAT_SECONDS = 20.0
"""A browser that does not answer a ping within half of this is gone."""
LOOK_AGAIN_SECONDS = 45.0
"""How often a quiet tab's session is looked at; the tab is then told "nothing new", so that it can tell
a quiet hour from a link that died without a word."""
LARGEST_MESSAGE = 1024
SESSION_ENDED = 4401
"""Our own close code: the page shows the log-in instead of connecting again."""

MISSED_SOMETHING = frozenset({"call", "resync"})
"""The popup at once, everything else within the second over which pages spread their questions."""
SOCKETS = web.AppKey("live_sockets", set[web.WebSocketResponse])
MARK = web.RequestKey("live_mark", str)


@dataclass(slots=True)
class Postbox:
    """The topics waiting for one tab."""

    topics: set[str] = field(default_factory=set)
    look_again: bool = False
    """The session or the rights behind the tab may have changed."""
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, topics: frozenset[str]) -> None:
        """Adds topics; one that waits already is not said twice."""
        self.topics |= topics
        self._wake.set()

    def doubt(self) -> None:
        """Has the session looked at before anything more is sent."""
        self.look_again = True
        self._wake.set()

    async def wait(self, seconds: float) -> None:
        """Returns when something was put in, or the time is over: then the session is due for a look."""
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            self.look_again = True
        self._wake.clear()

    def empty(self) -> list[str]:
        """Takes everything out, in a steady order."""
        taken = sorted(self.topics)
        self.topics.clear()
        return taken


async def connect(request: web.Request) -> web.StreamResponse:
    """Keeps a tab's socket until either side leaves or the session ends."""
    found = session_of(request)
    if found is None:
        # A handshake answered with 401 reaches the page as "no connection"; a close code can be told apart.
        return await keep(request, lambda socket: socket.close(code=SESSION_ENDED))
    return await keep(request, lambda socket: _send(request, socket, found.person))


async def keep(
    request: web.Request, send: Callable[[web.WebSocketResponse], Coroutine[Any, Any, object]]
) -> web.WebSocketResponse:
    """A socket over which this is sent until either side leaves."""
    socket = web.WebSocketResponse(
        heartbeat=HEARTBEAT_SECONDS, max_msg_size=LARGEST_MESSAGE, compress=False, timeout=1.0
    )
    await socket.prepare(request)
    request.app[SOCKETS].add(socket)
    sending = asyncio.create_task(send(socket))
    try:
        await _listen(socket)
    finally:
        request.app[SOCKETS].discard(socket)
        sending.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await sending
    return socket


async def _listen(socket: web.WebSocketResponse) -> None:
    """Reads until the tab leaves. It has nothing to say; reading is what answers pings and closing."""
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            return


async def _send(request: web.Request, socket: web.WebSocketResponse, viewer: Person) -> None:
    live, postbox = services_of(request).live, Postbox()
    subscription = live.subscribe(viewer, postbox.put, postbox.doubt)
    if request.query.get("mark", "") not in ("", live.mark(viewer)):
        postbox.put(MISSED_SOMETHING)
    try:
        code = await _send_until_over(request, socket, viewer, postbox)
    except ConnectionError:
        # The tab went away while it was being told; the reading side sees that too.
        return
    finally:
        live.unsubscribe(subscription)
    await socket.close(code=code)


async def _send_until_over(
    request: web.Request, socket: web.WebSocketResponse, viewer: Person, postbox: Postbox
) -> int:
    """Passes signals on; the close code with which the socket is to end."""
    number = 0
    while True:
        await postbox.wait(LOOK_AGAIN_SECONDS)
        if postbox.look_again and (code := await _reason_to_end(request, viewer)):
            return code
        postbox.look_again = False
        number += 1
        await socket.send_json({"topics": postbox.empty(), "n": number})
        await asyncio.sleep(MERGE_SECONDS)


async def _reason_to_end(request: web.Request, viewer: Person) -> int | None:
    """A close code if the session is over, or now means other rights; None if all stands as it was."""
    token = request.cookies.get(SESSION_COOKIE, "")
    found = await services_of(request).accounts.who_is(token, SessionKind.WEB)
    if found is None:
        return SESSION_ENDED
    # Connecting again makes the tab hear what it may hear now, and read its regions anew.
    return None if found.person == viewer else WSCloseCode.SERVICE_RESTART


@web.middleware
async def note_mark(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Notes, before a page reads anything, what its viewer had been told so far."""
    viewer = visitor_of(request)
    if viewer is not None:
        request[MARK] = services_of(request).live.mark(viewer)
    return await handler(request)


def address_for(request: web.Request) -> str:
    """Where this page's tab is to listen; empty for a visitor."""
    mark = request.get(MARK, "")
    return f"/live?mark={quote(mark)}" if mark else ""


def prepare(app: web.Application) -> None:
    """Gives the site its list of sockets, and closes them when the server stops."""
    app[SOCKETS] = set()
    app.on_shutdown.append(_close_all)


async def _close_all(app: web.Application) -> None:
    # 1012, "service restart": the page comes back by itself; 1000 would mean that we are done with it.
    sockets = app[SOCKETS]
    closing = (socket.close(code=WSCloseCode.SERVICE_RESTART) for socket in tuple(sockets))
    await asyncio.gather(*closing, return_exceptions=True)
