"""A deal goes to another funnel from its card; a gate there asks in the same dialog as within a funnel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.deal import DealChanged, MoveRequest
from pbx_crm.domain.errors import BadInput, Conflict, NotFound
from pbx_crm.domain.gate_answer import GateAnswer
from pbx_crm.domain.passage import LONGEST_REASON, GateClosed
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.deal_card import Answered, answered_with, card_values, deal_id_of, status_of
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.move_gate import answer_in, answered, gate_values, still_closed
from pbx_crm.pages.moves import new_key
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of

FORM = "funnel"


@dataclass(frozen=True, slots=True)
class _Try:
    """One wish for another funnel, with what was filled in at its gate."""

    request: web.Request
    form: Form
    wish: MoveRequest
    answer: GateAnswer


async def change_funnel(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/funnel: into a stage of another funnel, or what a gate there asks for."""
    form, deal_id = await form_of(request), deal_id_of(request)
    tried = _Try(request, form, _wish(form), answer_in(form))
    try:
        wish = await answered(request, form, deal_id, tried.wish, tried.answer)
        tried = replace(tried, wish=wish)
        await services_of(request).moves.change_funnel(viewer_of(request), deal_id, wish)
    except NotFound:
        raise
    except GateClosed as gate:
        return await _ask(tried, gate)
    except DealChanged as refusal:
        if (asks := await still_closed(request, deal_id, tried.wish, tried.answer)) is not None:
            # What was typed into the dialog is not lost because somebody else was faster.
            return await _ask(tried, asks, wording_of(request).sentence_of(refusal))
        return await _refuse(tried, refusal)
    except (BadInput, Conflict) as refusal:
        return await _refuse(tried, refusal)
    return await _done(request, deal_id)


def _wish(form: Form) -> MoveRequest:
    to_stage_id, version = form.whole("to_stage_id"), form.whole("version")
    form.require_good()
    return MoveRequest(
        to_stage_id,
        version,
        form.text("request_key")[:80] or new_key(),
        form.text("reason")[:LONGEST_REASON],
        skip_reason=form.text("skip_reason")[:LONGEST_REASON],
    )


async def _ask(tried: _Try, gate: GateClosed, told: str = "") -> web.StreamResponse:
    """The dialog over the card as it is, with the form for another funnel as it was filled in."""
    request = tried.request
    values = await card_values(request, deal_id_of(request), Answered(FORM, tried.form.typed()))
    card = values["card"]
    wish = replace(tried.wish, version=card.deal.version) if told else tried.wish
    values |= {**gate_values(request, tried.form, card, gate), "wish": wish, "told": told, "way": FORM}
    template = "parts/deal_at_gate.html" if is_fragment(request) else "move_gate.html"
    return await render(request, template, values, status=HTTPStatus.CONFLICT)


async def _refuse(tried: _Try, refusal: BadInput | Conflict) -> web.StreamResponse:
    request = tried.request
    told = answered_with(request, FORM, tried.form, refusal)
    values = await card_values(request, deal_id_of(request), told)
    template = "parts/deal_at_gate.html" if is_fragment(request) else "deal.html"
    return await render(request, template, values, status=status_of(refusal))


async def _done(request: web.Request, deal_id: int) -> web.StreamResponse:
    if not is_fragment(request):
        return see_other(f"/deals/{deal_id}")
    return await render(request, "parts/deal_at_gate.html", await card_values(request, deal_id, Answered()))
