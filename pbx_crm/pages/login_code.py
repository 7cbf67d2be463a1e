"""The second step of logging in, for whoever has a second factor: the code."""

from __future__ import annotations

from aiohttp import web

from pbx_crm.domain.errors import NotLoggedIn, WrongLogin
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.login import ask_password, safe_next, welcome
from pbx_crm.pages.render import render
from pbx_crm.pages.request import STEP_COOKIE, origin_of, services_of


async def show(request: web.Request) -> web.StreamResponse:
    """GET /login/code: the form, for a browser that showed the right password; else that comes first."""
    came_for = safe_next(request.query.get("next", ""))
    if not request.cookies.get(STEP_COOKIE):
        return await ask_password(request, came_for)
    return await _page(request, came_for)


async def enter(request: web.Request) -> web.StreamResponse:
    """POST /login/code: a whole session, or the form again; too late, and it is the password's turn again."""
    form = await form_of(request)
    came_for = safe_next(form.text("next"))
    half = request.cookies.get(STEP_COOKIE, "")
    try:
        token = await services_of(request).entry.factors.enter(half, form.text("code"), origin_of(request))
    except NotLoggedIn:
        return await ask_password(request, came_for, is_late=True)
    except WrongLogin as refused:
        return await _page(request, came_for, refused)
    return await welcome(request, token, came_for)


async def _page(request: web.Request, came_for: str, refused: WrongLogin | None = None) -> web.Response:
    values = {"next": came_for, "refused": refused}
    return await render(request, "login_code.html", values, status=401 if refused else 200)
