"""Settings: forms for the company's own site."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.errors import BadInput, NotFound
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.site_request import SiteForm, origin_in
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import OPTIONS, services_of, viewer_of
from pbx_crm.pages.rule_pages import id_chosen
from pbx_crm.services.site_forms import FormsView

HERE = "/settings/site-forms"
MOST_ORIGINS = 20


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/site-forms: every form with what to put on the site, and one more."""
    return await _page(request, await _view(request))


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/site-forms: one more form, or this one again with the reasons."""
    return await _save(request, None)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/site-forms/{form}: as the form says, or the form again with the reasons."""
    view, form_id = await _view(request), _id(request)
    stored = next((one for one in view.forms if one.id == form_id), None)
    if stored is None:
        raise NotFound(form_id=form_id)
    return await _save(request, stored)


async def drop(request: web.Request) -> web.StreamResponse:
    """POST /settings/site-forms/{form}/drop: nothing comes by it any more."""
    await services_of(request).automation.site_forms.drop(viewer_of(request), _id(request))
    return see_other(HERE)


def _id(request: web.Request) -> int:
    return id_in(request.match_info["form"])


async def _view(request: web.Request) -> FormsView:
    return await services_of(request).automation.site_forms.view()


async def _save(request: web.Request, stored: SiteForm | None) -> web.StreamResponse:
    form = await form_of(request)
    line_id, origins = id_chosen(form, "line_id"), _origins(form)
    is_active = form.is_on("is_active") if stored else True
    filled = SiteForm(
        stored.id if stored else None,
        form.text("name"),
        line_id=line_id,
        origins=origins,
        is_active=is_active,
    )
    try:
        form.require_good()
        await services_of(request).automation.site_forms.save(viewer_of(request), filled)
    except BadInput as refused:
        return await _page(request, await _view(request), form.values, refused.reasons, filled.id)
    return see_other(HERE)


def _origins(form: Form) -> tuple[str, ...]:
    try:
        found = tuple(dict.fromkeys(map(origin_in, form.text_block("origins").split())))
    except ValueError:
        form.reasons["origins"] = N_("Write sites as https://example.com, one a line.")
        return ()
    if len(found) > MOST_ORIGINS:
        form.reasons["origins"] = N_("At most 20 sites.")
    return found


async def _page(
    request: web.Request,
    view: FormsView,
    typed: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    wrong_id: int | None = None,
) -> web.Response:
    said = wording_of(request).gettext
    filled = {
        "here": HERE,
        "view": view,
        "lines": [
            ("", said(N_("no line: first funnel, the head"))),
            *((one.id, one.name) for one in view.lines),
        ],
        "base": request.app[OPTIONS].public_url or f"{request.scheme}://{request.host}",
        "example": "https://example.com",
        "typed": typed or {},
        "reasons": reasons or {},
        "wrong_id": wrong_id,
    }
    return await render(request, "site_forms.html", filled, status=422 if reasons else 200)
