"""Settings: links to the wallboard, made for a screen each and taken back one by one."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.wallboard import WallRules
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import render
from pbx_crm.pages.request import OPTIONS, services_of, viewer_of

HERE = "/settings/walls"
A_DAY_AT_MOST = 3600
USUAL = WallRules()


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/walls: the links that work, and the form for one more."""
    return await _page(request)


async def make(request: web.Request) -> web.StreamResponse:
    """POST /settings/walls: a new link, shown this once."""
    form = await form_of(request)
    walls = services_of(request).analysis.walls
    try:
        rules = _rules(form)
        form.require_good()
        token = await walls.make(viewer_of(request), form.text("name"), rules)
    except BadInput as refused:
        return await _page(request, form.values, refused.reasons, status=422)
    base = request.app[OPTIONS].public_url or str(request.url.origin())
    return await _page(request, new_url=f"{base.rstrip('/')}/wall/{token}")


async def revoke(request: web.Request) -> web.StreamResponse:
    """POST /settings/walls/{wall}/revoke: the link works no more."""
    await services_of(request).analysis.walls.revoke(viewer_of(request), id_in(request.match_info["wall"]))
    return see_other(HERE)


def _rules(form: Form) -> WallRules:
    return WallRules(
        form.whole("answer_within", least=1, most=A_DAY_AT_MOST),
        form.whole("service_target", least=1, most=100),
        form.whole("longest_wait", least=2, most=A_DAY_AT_MOST),
    )


async def _page(
    request: web.Request,
    values: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    *,
    new_url: str = "",
    status: int = 200,
) -> web.Response:
    usual = {
        "name": "",
        "answer_within": USUAL.answer_within,
        "service_target": USUAL.service_target,
        "longest_wait": USUAL.longest_wait,
    }
    filled = {
        "here": HERE,
        "links": await services_of(request).analysis.walls.links(viewer_of(request)),
        "values": {**usual, **(values or {})},
        "reasons": reasons or {},
        "new_url": new_url,
    }
    return await render(request, "walls.html", filled, status=status)
