"""Ticked cards of a board: one act on all of them, its undo, and what was done before; saved boards."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.bulk import BulkDone, BulkKind, BulkWish, NothingToTakeBack
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.wrap_up import NextStep
from pbx_crm.pages.answers import see_other, telling
from pbx_crm.pages.board_place import number_in, query_of, view_from
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import render, wording_of, zone_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of

KINDS = {
    BulkKind.MOVE: N_("Moved"),
    BulkKind.ASSIGN: N_("Handed over"),
    BulkKind.TASK: N_("Next step set"),
}


async def act(request: web.Request) -> web.StreamResponse:
    """POST /board/bulk: done to every ticked card that takes it; the toast says which did not, and why."""
    form = await form_of(request)
    try:
        done = await services_of(request).bulk_deals.act(viewer_of(request), _wish(form), zone_of(request))
    except BadInput as refused:
        if not is_fragment(request):
            raise
        words = " ".join(wording_of(request).reasons_of(refused).values())
        return await _told(request, None, words, HTTPStatus.UNPROCESSABLE_ENTITY)
    return await _told(request, done, "") if is_fragment(request) else see_other("/board/bulk")


async def take_back(request: web.Request) -> web.StreamResponse:
    """POST /board/bulk/3/undo: the cards as they were before."""
    try:
        done = await services_of(request).bulk_deals.take_back(
            viewer_of(request), int(request.match_info["act"])
        )
    except NothingToTakeBack as refusal:
        if not is_fragment(request):
            raise
        return await _told(request, None, wording_of(request).sentence_of(refusal), HTTPStatus.CONFLICT)
    return await _told(request, done, "") if is_fragment(request) else see_other("/board/bulk")


async def history(request: web.Request) -> web.StreamResponse:
    """GET /board/bulk: what the viewer did to many cards in the last 30 days."""
    acts = await services_of(request).bulk_deals.history(viewer_of(request))
    return await render(request, "board_bulk.html", {"acts": acts, "kinds": KINDS})


async def save_view(request: web.Request) -> web.StreamResponse:
    """POST /board/views: the board shown, under a name, or without one."""
    form = await form_of(request)
    boards, viewer = services_of(request).boards, viewer_of(request)
    query = query_of(view_from({name: value for name, value in form.values.items() if name != "name"}))
    if form.text("act") == "drop":
        await boards.drop_view(viewer, form.text("name"))
    else:
        await boards.save_view(viewer, form.text("name"), query)
    return see_other(f"/board?{query}" if query else "/board")


def _wish(form: Form) -> BulkWish:
    stage, _, loss_reason = form.text("to").partition(":")
    kind = form.choice("act", BulkKind, BulkKind.TASK)
    step = form.choice("step", NextStep, NextStep.NONE) if form.text("step") else NextStep.NONE
    form.require_good()
    return BulkWish(
        kind,
        dict(_ticked(form)),
        to_stage_id=number_in(stage),
        loss_reason_id=number_in(loss_reason),
        reason=form.text("reason")[:1000],
        owner_id=number_in(form.text("owner_id")),
        step=step,
    )


def _ticked(form: Form) -> list[tuple[int, int]]:
    """(deal, version) of every tick; what is none is left out."""
    pairs = (value.partition(":") for value in form.all("deal"))
    found = ((number_in(deal), number_in(version)) for deal, _, version in pairs)
    return [(deal, version) for deal, version in found if deal is not None and version is not None]


async def _told(
    request: web.Request, done: BulkDone | None, sentence: str, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    answer = await render(
        request, "parts/bulk_done.html", {"done": done, "sentence": sentence}, status=status
    )
    return telling(answer, "resync") if done is not None else answer
