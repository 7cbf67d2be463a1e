"""Logging in and out, and choosing the language before that."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web
from yarl import URL

from pbx_crm.domain.errors import WrongLogin
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.i18n import LANGUAGES
from pbx_crm.pages.render import render
from pbx_crm.pages.request import (
    LANGUAGE_COOKIE,
    OPTIONS,
    SEE_AS_COOKIE,
    SESSION_COOKIE,
    STEP_COOKIE,
    origin_of,
    services_of,
    session_of,
)
from pbx_crm.services.accounts import STEP_LIFE

A_MONTH = 30 * 24 * 3600
A_YEAR = 365 * 24 * 3600


async def show(request: web.Request) -> web.StreamResponse:
    """GET /login: the form; `?language=ru` first remembers the language in a cookie."""
    language = request.query.get("language")
    if language in LANGUAGES:
        answer = see_other(str(URL("/login").with_query(next=request.query.get("next", "/"))))
        _keep(request, answer, LANGUAGE_COOKIE, language, A_YEAR)
        return answer
    return await ask_password(request, safe_next(request.query.get("next", "")))


async def log_in(request: web.Request) -> web.StreamResponse:
    """POST /login: a new session under a new name, the question for a code, or the form again.

    It has one sentence for every cause.
    """
    form = await form_of(request)
    came_for = safe_next(form.text("next"))
    accounts = services_of(request).accounts
    try:
        found = await accounts.log_in(form.text("login"), form.secret("password"), origin_of(request))
    except WrongLogin as refused:
        return await ask_password(request, came_for, login=form.text("login"), refused=refused)
    if not found.wants_code:
        return await welcome(request, found.token, came_for)
    answer = see_other(str(URL("/login/code").with_query(next=came_for)))
    _keep(request, answer, STEP_COOKIE, found.token, STEP_LIFE // timedelta(seconds=1))
    return answer


async def welcome(request: web.Request, token: str, came_for: str) -> web.Response:
    """Hands the new session to the browser and leads it to where it was going."""
    accounts = services_of(request).accounts
    before = session_of(request)
    if before:
        # Whoever was logged in here before, or whose session was planted here, is not any more.
        await accounts.log_out(before)
    answer = see_other(came_for)
    _keep(request, answer, SESSION_COOKIE, token, A_MONTH)
    answer.del_cookie(STEP_COOKIE, path="/")
    return answer


async def log_out(request: web.Request) -> web.StreamResponse:
    """POST /logout: ends this session on the server too."""
    here = session_of(request)
    if here:
        await services_of(request).accounts.log_out(here)
    answer = see_other("/login")
    answer.del_cookie(SESSION_COOKIE, path="/")
    answer.del_cookie(SEE_AS_COOKIE, path="/")
    return answer


def safe_next(target: str) -> str:
    """Where to go after logging in: an address of this site, or its home."""
    # Browsers read /\host and //host as another site.
    if target.startswith("/") and target[1:2] not in ("/", "\\"):
        return target
    return "/"


async def ask_password(
    request: web.Request,
    came_for: str,
    *,
    login: str = "",
    refused: WrongLogin | None = None,
    is_late: bool = False,
) -> web.Response:
    """The form for name and password; `is_late`: the code came after its time."""
    values = {"login": login, "next": came_for, "refused": refused, "is_late": is_late}
    status = 401 if refused or is_late else 200
    return await render(request, "login.html", values, status=status)


def _keep(request: web.Request, answer: web.StreamResponse, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name,
        value,
        path="/",
        max_age=seconds,
        httponly=True,
        samesite="Lax",
        secure=request.app[OPTIONS].is_encrypted,
    )
