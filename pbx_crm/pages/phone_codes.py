"""Settings: what each phone code does in a funnel; the page prints as a card for the desk."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.phone_code import DIGITS, CodeAct, PhoneCode, chosen, offers
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import form_of
from pbx_crm.pages.funnels import HERE
from pbx_crm.pages.people import id_in
from pbx_crm.pages.refusals import status_of
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of

WORDS = {
    CodeAct.NONE: N_("nothing"),
    CodeAct.STAGE: N_("to %(name)s"),
    CodeAct.MEETING: N_("meeting agreed: a task for tomorrow"),
    CodeAct.CALL_AGAIN: N_("call again tomorrow: a task"),
    CodeAct.JUNK: N_("lost: %(name)s"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/funnels/{funnel}/codes: ten digits, and what each does."""
    return await _page(request, None, None)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/funnels/{funnel}/codes: as the form says, or the form again with the reasons."""
    form, funnel_id = await form_of(request), _id(request)
    codes = services_of(request).telephony.codes
    choices = {digit: form.text(f"code-{digit}") or CodeAct.NONE.value for digit in DIGITS}
    funnel, _ = await codes.of_funnel(funnel_id)
    try:
        await codes.change(viewer_of(request), funnel_id, chosen(funnel, choices))
    except BadInput as refused:
        return await _page(request, choices, refused)
    return see_other(f"{HERE}/{funnel_id}/codes")


async def _page(
    request: web.Request, choices: Mapping[str, str] | None, refused: BadInput | None
) -> web.Response:
    reader = wording_of(request)
    funnel, known = await services_of(request).telephony.codes.of_funnel(_id(request))
    words = [
        (code.choice, reader.gettext(WORDS[code.act]) % {"name": _name(code, funnel)})
        for code in offers(funnel)
    ]
    filled = {
        "here": HERE,
        "funnel": funnel,
        "choices": words,
        "codes": choices or {code.digit: code.choice for code in known},
        "reasons": reader.reasons_of(refused) if refused else {},
    }
    return await render(request, "phone_codes.html", filled, status=status_of(refused) if refused else 200)


def _name(code: PhoneCode, funnel: Funnel) -> str:
    stage = funnel.stage(code.stage_id) if code.stage_id is not None else None
    reasons = [reason.name for reason in funnel.loss_reasons if reason.id == code.loss_reason_id]
    return stage.name if stage else "".join(reasons)


def _id(request: web.Request) -> int:
    return id_in(request.match_info["funnel"])
