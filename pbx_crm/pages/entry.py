"""Before any handler: whose session this is, and whether the request came from our own pages."""

from __future__ import annotations

from urllib.parse import urlsplit

from aiohttp import web

from pbx_crm.domain.errors import NotAllowed
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.session import SessionKind
from pbx_crm.pages.access import Handler
from pbx_crm.pages.request import (
    LOGGED_IN,
    OPTIONS,
    SEE_AS_COOKIE,
    SESSION_COOKIE,
    is_api,
    services_of,
    session_of,
    wants_websocket,
)
from pbx_crm.services.accounts import LoggedIn

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
WAYS_OUT = frozenset({"/see-as/end", "/logout", "/login", "/login/code"})
"""Here a head who looks through a seller's eyes is a head."""


@web.middleware
async def know_viewer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Puts who is logged in on the request; the API knows tokens only, the pages cookies only."""
    if is_api(request):
        kind, token = SessionKind.API, bearer_of(request)
    else:
        kind, token = SessionKind.WEB, request.cookies.get(SESSION_COOKIE, "")
    found = await services_of(request).accounts.who_is(token, kind) if token else None
    if found:
        request[LOGGED_IN] = await _through_whose_eyes(request, found)
    return await handler(request)


async def _through_whose_eyes(request: web.Request, found: LoggedIn) -> LoggedIn:
    wanted = request.cookies.get(SEE_AS_COOKIE, "")
    # A tab's socket stays the head's own: nobody else is online by it, and signals carry no client.
    stays = is_api(request) or wants_websocket(request) or request.path in WAYS_OUT
    if stays or not (wanted.isascii() and wanted.isdecimal()):
        return found
    return await services_of(request).entry.see_as.through(found, int(wanted[:18]))


@web.middleware
async def only_look(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses a head who looks through a seller's eyes all changes, and the seller's own account."""
    here = session_of(request)
    changes = request.method not in SAFE or f"{request.path}/".startswith("/me/")
    if here is not None and here.seen_by is not None and changes:
        raise NotAllowed(N_("You look through another’s eyes: nothing can be changed. Stop looking first."))
    return await handler(request)


def bearer_of(request: web.Request) -> str:
    """The token that a program shows; empty if it shows none."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


@web.middleware
async def refuse_foreign_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuses what another site's page makes a browser send with our cookie.

    A browser says so by Sec-Fetch-Site, or on plain HTTP by Origin; both cannot be set by a page. A
    request with neither is no browser's, so there is no cookie to abuse. The API takes no cookies, and
    neither do the forms of the company's own site, which stand on other sites by their nature.
    """
    changes = request.method not in SAFE or wants_websocket(request)
    if changes and not is_api(request) and not is_site_form(request) and not from_own_page(request):
        raise NotAllowed(N_("This request came from another site."))
    return await handler(request)


def is_site_form(request: web.Request) -> bool:
    """Whether this goes to a form of the company's site, whose handler judges the origin itself."""
    return request.path.startswith("/site/")


def from_own_page(request: web.Request) -> bool:
    """Whether the browser says that our own page sent this; True for what is no browser."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin")
    if origin is None:
        return True
    own = {request.host.lower(), urlsplit(request.app[OPTIONS].public_url).netloc.lower()}
    return urlsplit(origin).netloc.lower() in own - {""}
