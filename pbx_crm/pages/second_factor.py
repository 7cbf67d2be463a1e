"""One's own second factor: scanned and confirmed, recovery codes shown once, switched off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import segno
from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.second_factor import in_groups
from pbx_crm.pages.access import Access, Route
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import render
from pbx_crm.pages.request import here_of, origin_of, services_of, viewer_of
from pbx_crm.services.second_factors import Proof

HERE = "/me/second-factor"


async def show(request: web.Request) -> web.StreamResponse:
    """GET /me/second-factor: what to scan, or what can be changed once it is on."""
    return await _page(request)


async def begin(request: web.Request) -> web.StreamResponse:
    """POST /me/second-factor: something new to scan."""
    await services_of(request).entry.factors.begin(viewer_of(request))
    return see_other(HERE)


async def confirm(request: web.Request) -> web.StreamResponse:
    """POST /me/second-factor/confirm: on, if the first code is right; the recovery codes, this once."""
    here, proof = here_of(request), _proof(await form_of(request))
    factors = services_of(request).entry.factors
    try:
        codes = await factors.confirm(here.person, proof, keep=here.session, origin=origin_of(request))
    except BadInput as refused:
        return await _page(request, form="confirm", reasons=refused.reasons, status=422)
    return await _page(request, codes=codes)


async def renew_codes(request: web.Request) -> web.StreamResponse:
    """POST /me/second-factor/codes: new recovery codes, shown this once."""
    proof = _proof(await form_of(request))
    factors = services_of(request).entry.factors
    try:
        codes = await factors.renew_codes(viewer_of(request), proof, origin_of(request))
    except BadInput as refused:
        return await _page(request, form="codes", reasons=refused.reasons, status=422)
    return await _page(request, codes=codes)


async def switch_off(request: web.Request) -> web.StreamResponse:
    """POST /me/second-factor/off: the password alone is enough again."""
    proof = _proof(await form_of(request))
    try:
        await services_of(request).entry.factors.switch_off(viewer_of(request), proof, origin_of(request))
    except BadInput as refused:
        return await _page(request, form="off", reasons=refused.reasons, status=422)
    return see_other(HERE)


def _proof(form: Form) -> Proof:
    return Proof(form.secret("password"), form.text("code"))


async def _page(
    request: web.Request,
    *,
    form: str = "",
    reasons: Mapping[str, str] | None = None,
    codes: Sequence[str] = (),
    status: int = 200,
) -> web.Response:
    """`form` is the one that came back with these reasons."""
    viewer, factors = viewer_of(request), services_of(request).entry.factors
    enrolment = await factors.enrolment(viewer)
    filled = {
        "login": viewer.login,
        "state": await factors.state(viewer),
        "secret": in_groups(enrolment.secret) if enrolment else "",
        "picture": segno.make(enrolment.address, micro=False).svg_data_uri(border=4) if enrolment else "",
        "address": enrolment.address if enrolment else "",
        "codes": codes,
        "reasons": {form: reasons or {}},
    }
    return await render(request, "second_factor.html", filled, status=status)


SECOND_FACTOR_ROUTES = (
    Route("GET", HERE, show, Access.PERSON),
    Route("POST", HERE, begin, Access.PERSON),
    Route("POST", f"{HERE}/confirm", confirm, Access.PERSON),
    Route("POST", f"{HERE}/codes", renew_codes, Access.PERSON),
    Route("POST", f"{HERE}/off", switch_off, Access.PERSON),
)
