"""Moving a deal: one path for drag, menu, keys, phone screens and undo.

The answer carries both columns as the server has them, whether the move was made, refused or waits for
a word: a card that may not be there is put back by the answer itself.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from decimal import Decimal
from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.board import Card, Column
from pbx_crm.domain.deal import Deal, DealChanged, MoveQuestions, MoveRequest, NothingToUndo
from pbx_crm.domain.deal_card import DealCard
from pbx_crm.domain.errors import Refused
from pbx_crm.domain.funnel import Stage
from pbx_crm.domain.passage import LONGEST_REASON, GateClosed
from pbx_crm.domain.person import Role
from pbx_crm.pages.answers import see_other, telling
from pbx_crm.pages.board_place import number_in, place_from, query_of
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.move_gate import answer_in, answered, gate_values, still_closed
from pbx_crm.pages.render import render, wording_of, zone_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of
from pbx_crm.services.moves import Moved

KEY_BYTES = 12
NO_REASONS = {"reason": "", "amount": "", "loss_reason_id": ""}


def new_key() -> str:
    """A request key nobody used before."""
    return secrets.token_urlsafe(KEY_BYTES)


@dataclass(frozen=True, slots=True)
class MoveTold:
    """What the answer to a move says."""

    deal_id: int
    stage_name: str
    is_undo: bool
    undo_id: int | None
    """The move that the toast offers to take back."""
    undo_key: str


async def choose(request: web.Request) -> web.StreamResponse:
    """GET /deals/17/move: the list of stages, one click each."""
    deal_id = int(request.match_info["deal"])
    if not is_fragment(request):
        return see_other(f"/deals/{deal_id}")
    card = await services_of(request).deal_cards.show(viewer_of(request), deal_id, zone_of(request))
    return await render(request, "parts/move_choice.html", {"card": card, "key": new_key()})


async def move(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/move: the move, or what stands against it."""
    form, deal_id = await form_of(request), int(request.match_info["deal"])
    deal = await services_of(request).deals.get(viewer_of(request), deal_id)
    wish, answer = _wish(form), answer_in(form)
    try:
        wish = await answered(request, form, deal_id, wish, answer)
        moved = await services_of(request).moves.move(viewer_of(request), deal_id, wish)
    except MoveQuestions as questions:
        return await _ask(request, form, deal, wish, questions)
    except GateClosed as gate:
        return await _ask_at_gate(request, form, deal, wish, gate)
    except DealChanged as refusal:
        if (asks := await still_closed(request, deal_id, wish, answer)) is not None:
            # What was typed into the dialog is not lost because somebody else was faster.
            told = wording_of(request).sentence_of(refusal)
            return await _ask_at_gate(request, form, deal, wish, asks, told)
        return await _refuse(request, form, deal, wish.to_stage_id, refusal)
    return await _done(request, form, moved)


async def undo(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/undo: takes that move back, or says why not."""
    form, deal_id = await form_of(request), int(request.match_info["deal"])
    deal = await services_of(request).deals.get(viewer_of(request), deal_id)
    move_id, key = form.whole("move_id"), form.text("request_key") or new_key()
    form.require_good()
    try:
        moved = await services_of(request).moves.undo(viewer_of(request), deal_id, move_id, key)
    except NothingToUndo as refusal:
        return await _refuse(request, form, deal, deal.stage_id, refusal)
    return await _done(request, form, moved)


def _wish(form: Form) -> MoveRequest:
    loss_reason_id = form.whole("loss_reason_id") if form.text("loss_reason_id") else None
    to_stage_id, version = form.whole("to_stage_id"), form.whole("version")
    form.require_good()
    return MoveRequest(
        to_stage_id=to_stage_id,
        version=version,
        request_key=form.text("request_key")[:80] or new_key(),
        reason=form.text("reason"),
        # What is no amount is asked for once more, beside what was typed.
        amount=form.amount("amount") or None,
        loss_reason_id=loss_reason_id,
        skip_reason=form.text("skip_reason")[:LONGEST_REASON],
    )


async def _ask_at_gate(
    request: web.Request, form: Form, deal: Deal, wish: MoveRequest, gate: GateClosed, told: str = ""
) -> web.StreamResponse:
    card = await services_of(request).deal_cards.show(viewer_of(request), deal.id, zone_of(request))
    wish = replace(wish, version=card.deal.version) if told else wish
    values = {**gate_values(request, form, card, gate), "wish": wish, "told": told}
    if not is_fragment(request):
        return await render(request, "move_gate.html", values, status=HTTPStatus.CONFLICT)
    columns = await _columns(request, form, deal.stage_id, wish.to_stage_id)
    values |= columns.values()
    return await render(request, "parts/move_gate_asks.html", values, status=HTTPStatus.CONFLICT)


async def _ask(
    request: web.Request, form: Form, deal: Deal, wish: MoveRequest, questions: MoveQuestions
) -> web.StreamResponse:
    card = await services_of(request).deal_cards.show(viewer_of(request), deal.id, zone_of(request))
    wording = wording_of(request)
    reasons = wording.reasons_of(questions)
    reasons |= {name: wording.gettext(reason) for name, reason in form.reasons.items() if name in reasons}
    values = {
        "card": card,
        "wish": wish,
        "reasons": {**NO_REASONS, **reasons},
        "target": _stage(card, wish.to_stage_id),
        "amount": form.text("amount") or _plain(wish.amount or deal.amount),
        # Only a form that was already shown has been answered wrongly; the first time it just asks.
        "is_second": form.is_on("answered"),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    if not is_fragment(request):
        return await render(request, "move_questions.html", values, status=status)
    columns = await _columns(request, form, deal.stage_id, wish.to_stage_id)
    return await render(request, "parts/move_asks.html", {**values, **columns.values()}, status=status)


async def _refuse(
    request: web.Request, form: Form, deal: Deal, to_stage_id: int, refusal: Refused
) -> web.StreamResponse:
    if not is_fragment(request):
        raise refusal
    columns = await _columns(request, form, deal.stage_id, to_stage_id)
    sentence = wording_of(request).sentence_of(refusal)
    values = {"sentence": sentence, **columns.values()}
    answer = await render(request, "parts/move_refused.html", values, status=HTTPStatus.CONFLICT)
    return telling(answer, f"deal-{deal.id}")


async def _done(request: web.Request, form: Form, moved: Moved) -> web.StreamResponse:
    if not is_fragment(request):
        return see_other(f"/deals/{moved.deal.id}")
    columns = await _columns(request, form, moved.from_stage_id, moved.deal.stage_id)
    made = moved.move
    told = MoveTold(
        moved.deal.id,
        moved.stage.name,
        is_undo=made is not None and made.undoes_id is not None,
        undo_id=made.id if made is not None and made.undoes_id is None else None,
        undo_key=new_key(),
    )
    values = {"told": told, "card": columns.card_of(moved.deal.id), **columns.values()}
    return telling(await render(request, "parts/move_done.html", values), f"deal-{moved.deal.id}")


@dataclass(frozen=True, slots=True)
class _ColumnsAgain:
    """Columns as the server has them, and what their template asks for."""

    columns: list[Column]
    query: str
    shows_owner: bool

    def values(self) -> dict[str, object]:
        return {"columns": self.columns, "query": self.query, "shows_owner": self.shows_owner}

    def card_of(self, deal_id: int) -> Card | None:
        """The deal's card, if one of the columns shows it."""
        cards = (card for column in self.columns for card in column.cards if card.id == deal_id)
        return next(cards, None)


async def _columns(request: web.Request, form: Form, *stage_ids: int) -> _ColumnsAgain:
    """Both columns as the server has them, if the request comes from a board."""
    place = place_from(form.text("board"), form.text("shown"))
    if (left := number_in(form.text("from_stage_id"))) is not None:
        # Where the card was dragged from may be neither where it goes nor where it really lay.
        stage_ids = (*stage_ids, left)
    viewer = viewer_of(request)
    found: list[Column] = []
    if place is not None:
        boards = services_of(request).boards
        found = await boards.columns(viewer, place.columns(*stage_ids), place.view, zone_of(request))
    query = query_of(place.view) if place is not None else ""
    return _ColumnsAgain(found, query, viewer.role is Role.HEAD)


def _stage(card: DealCard, stage_id: int) -> Stage | None:
    return card.funnel.stage(stage_id)


def _plain(amount: Decimal) -> str:
    return f"{amount.normalize():f}" if amount else ""
