"""One's own settings: language, colours, time zone, password, sessions, tokens for scripts."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.errors import BadInput, SecondFactorWanted
from pbx_crm.domain.session import SessionKind
from pbx_crm.domain.time_zones import time_zones
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.browser_name import browser_name
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.frame import THEMES
from pbx_crm.pages.i18n import LANGUAGES
from pbx_crm.pages.login import safe_next
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import here_of, origin_of, services_of, viewer_of

HERE = "/me"
SWITCHES = ("letter_keys", "board_ltr")
YES_OR_NO = ("yes", "no")


async def show(request: web.Request) -> web.StreamResponse:
    """GET /me: everything of one's own account."""
    return await _page(request)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /me/settings: what the form names is changed, the rest stays; back to where one was."""
    form = await form_of(request)
    values: dict[str, str | bool | None] = {}
    if "language" in form.values:
        values["language"] = form.one_of("language", LANGUAGES)
    if "theme" in form.values:
        values["theme"] = form.one_of("theme", dict(THEMES))
    if "time_zone" in form.values:
        values["time_zone"] = form.text("time_zone") or None
    for name in SWITCHES:
        if name in form.values:
            values[name] = form.one_of(name, YES_OR_NO) == "yes"
    try:
        form.require_good()
        await services_of(request).accounts.change_own(viewer_of(request), values)
    except BadInput as refused:
        return await _page(request, form.values, refused.reasons, status=422)
    return see_other(_where_from(request))


async def change_password(request: web.Request) -> web.StreamResponse:
    """POST /me/password: a new password; the other browsers are logged out."""
    form = await form_of(request)
    here = here_of(request)
    try:
        await services_of(request).accounts.change_password(
            here.person,
            form.secret("old_password"),
            form.secret("password"),
            keep=here.session,
            origin=origin_of(request),
        )
    except BadInput as refused:
        return await _page(request, {}, refused.reasons, status=422)
    return see_other(HERE)


async def make_token(request: web.Request) -> web.StreamResponse:
    """POST /me/tokens: a token for a script, shown this once."""
    form = await form_of(request)
    if here_of(request).must_enrol:
        # A script with a token is asked for no code.
        raise SecondFactorWanted
    try:
        token = await services_of(request).accounts.make_token(viewer_of(request), form.text("label"))
    except BadInput as refused:
        return await _page(request, form.values, refused.reasons, status=422)
    return await _page(request, new_token=token)


async def end_session(request: web.Request) -> web.StreamResponse:
    """POST /me/sessions/{session}/end: logs another browser out, or takes a token back."""
    session_id = id_in(request.match_info["session"])
    await services_of(request).accounts.end_session(viewer_of(request), session_id)
    return see_other(HERE)


def _where_from(request: web.Request) -> str:
    """The page of ours whose menu the form was sent from; browsers name it on our own pages."""
    referer = request.headers.get("Referer", "")
    own = f"{request.scheme}://{request.host}/"
    return safe_next(f"/{referer.removeprefix(own)}") if referer.startswith(own) else HERE


async def _page(
    request: web.Request,
    values: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    *,
    new_token: str = "",
    status: int = 200,
) -> web.Response:
    here, reader = here_of(request), wording_of(request)
    accounts = services_of(request).accounts
    filled = {
        "here": here.session.id,
        "login": here.person.login,
        "browser_name": browser_name,
        "sessions": await accounts.sessions_of(here.person, SessionKind.WEB),
        "factor": await services_of(request).entry.factors.state(here.person),
        "tokens": await accounts.sessions_of(here.person, SessionKind.API),
        "languages": [(language.code, language.name) for language in LANGUAGES.values()],
        "themes": [(theme, reader.gettext(name)) for theme, name in THEMES],
        "zones": time_zones(),
        "values": {
            "time_zone": here.person.time_zone or "",
            "letter_keys": "yes" if here.person.letter_keys else "no",
            "board_ltr": "yes" if here.person.board_ltr else "no",
            **(values or {}),
        },
        "reasons": reasons or {},
        "new_token": new_token,
    }
    return await render(request, "me.html", filled, status=status)
