"""The form of the company's own site: its script, and where it sends what a visitor typed.

Everybody may ask here, and nobody is told anything: an answer says that the request was taken, or what
to type otherwise. No cookie is looked at, so that another site can lend none.
"""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.errors import BadInput, NotAllowed, Refused
from pbx_crm.domain.phone import NumberPlan
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.site_request import (
    LONGEST_MARK,
    LONGEST_NAME,
    LONGEST_QUESTION,
    MARKS,
    SiteForm,
    SiteRequest,
    TooManyRequests,
)
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import wording_of
from pbx_crm.pages.request import origin_of, services_of
from pbx_crm.pages.web_files import STATIC

HONEYPOT = "website"
"""A field that no person sees; what fills it in is a program."""
SCRIPT = STATIC / "site_form.js"
LONGEST_PAGE, LONGEST_KEY = 500, 64


async def script(request: web.Request) -> web.StreamResponse:
    """GET /site/{token}/form.js: the form as a script for any page."""
    await services_of(request).automation.site_forms.find(request.match_info["token"])
    headers = {"Cross-Origin-Resource-Policy": "cross-origin", "Cache-Control": "max-age=600"}
    return web.Response(body=SCRIPT.read_bytes(), content_type="text/javascript", headers=headers)


async def preflight(request: web.Request) -> web.StreamResponse:
    """OPTIONS /site/{token}: whether a page of that site may send the form."""
    form = await services_of(request).automation.site_forms.find(request.match_info["token"])
    headers = {"Access-Control-Allow-Methods": "POST", "Access-Control-Allow-Headers": "content-type"}
    return web.Response(status=HTTPStatus.NO_CONTENT, headers={**headers, **_allowed(request, form)})


async def take(request: web.Request) -> web.StreamResponse:
    """POST /site/{token}: name, number, question, page and marks; {"ok": true}, or why not."""
    forms, token = services_of(request).automation.site_forms, request.match_info["token"]
    site_form = await forms.find(token)
    allowed = _allowed(request, site_form)
    try:
        form = await form_of(request)
    except web.HTTPRequestEntityTooLarge:
        # As for every refusal the page's script is to read why, and the visitor to keep what they typed.
        said = wording_of(request).gettext(N_("This is too large."))
        return _answer(said, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, allowed)
    if form.text(HONEYPOT):
        # A program that is told of its mistake makes another one.
        return web.json_response({"ok": True}, headers=allowed)
    try:
        await forms.take(token, request.headers.get("Origin"), _read(request, form))
    except Refused as refused:
        return _refusal(request, refused, allowed)
    return web.json_response({"ok": True}, headers=allowed)


def _allowed(request: web.Request, form: SiteForm) -> dict[str, str]:
    origin = request.headers.get("Origin")
    if origin is None or not form.admits(origin):
        return {"Vary": "Origin"}
    return {"Vary": "Origin", "Access-Control-Allow-Origin": origin}


def _read(request: web.Request, form: Form) -> SiteRequest:
    plan = NumberPlan(services_of(request).installation.region)
    number = plan.e164(form.text("phone")[:40])
    question, key = form.text_block("question"), form.text("key")
    if number is None:
        form.reasons["phone"] = N_("Write a phone number that we can call.")
    if not 1 <= len(key) <= LONGEST_KEY:
        form.reasons["key"] = N_("1 to 64 characters.")
    form.require_good()
    marks = {mark: form.text(mark)[:LONGEST_MARK] for mark in MARKS if form.text(mark)}
    return SiteRequest(
        form.text("name")[:LONGEST_NAME],
        number or "",
        question[:LONGEST_QUESTION],
        form.text("page")[:LONGEST_PAGE],
        marks,
        key,
        origin_of(request).address or "",
    )


def _refusal(request: web.Request, refused: Refused, headers: dict[str, str]) -> web.Response:
    wording = wording_of(request)
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if isinstance(refused, TooManyRequests):
        status = HTTPStatus.TOO_MANY_REQUESTS
    elif isinstance(refused, NotAllowed):
        status = HTTPStatus.FORBIDDEN
    reasons = wording.reasons_of(refused) if isinstance(refused, BadInput) else {}
    said = next(iter(reasons.values()), wording.sentence_of(refused))
    return _answer(said, status, headers, reasons)


def _answer(
    said: str, status: HTTPStatus, headers: dict[str, str], reasons: dict[str, str] | None = None
) -> web.Response:
    told = {"ok": False, "error": said, "reasons": reasons or {}}
    return web.json_response(told, status=status, headers=headers)
