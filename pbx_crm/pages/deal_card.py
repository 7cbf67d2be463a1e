"""A deal's card: a panel beside the board, or a page of its own, with the forms on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from aiohttp import web

from pbx_crm.domain.deal import Deal, MoveRequest, Priority
from pbx_crm.domain.deal_card import DealCard
from pbx_crm.domain.errors import BadInput, Conflict, NotFound, Refused
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import PutOff, Repeat, TaskKind
from pbx_crm.pages.answers import elsewhere, see_other
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.moves import new_key
from pbx_crm.pages.render import render, wording_of, zone_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of
from pbx_crm.services.deals import DealFields

PRIORITIES = (
    (Priority.LOW, N_("Low")),
    (Priority.NORMAL, N_("Normal")),
    (Priority.HIGH, N_("High")),
)
LONGEST_REASON = 1000
CHOSEN_KINDS = (
    *(TaskKind.CALL, TaskKind.OFFER, TaskKind.MEETING, TaskKind.PAYMENT, TaskKind.FEEDBACK),
    TaskKind.OTHER,
)
REPEATS = (
    (Repeat.DAY, N_("Every day")),
    (Repeat.WEEK, N_("Every week")),
    (Repeat.MONTH, N_("Every month")),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """A form that came back: what was typed into it, and what is wrong with that."""

    form: str = ""
    """Which of the card's forms; empty if none came back."""
    typed: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    sentence: str = ""


async def show(request: web.Request) -> web.StreamResponse:
    """GET /deals/17: the panel for htmx, the page for a browser."""
    return await _page(request, _id(request), Answered())


async def change(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/fields: the plain fields."""

    async def save(form: Form) -> None:
        fields = DealFields(
            version=form.whole("version"),
            client_name=form.text("client_name"),
            title=form.text("title"),
            source=form.text("source"),
            amount=form.amount("amount"),
            priority=form.choice("priority", Priority, Priority.NORMAL),
            expected_close=form.day("expected_close"),
        )
        form.require_good()
        await services_of(request).deals.change(viewer_of(request), _id(request), fields)

    return await _done_or_again(request, "fields", save)


async def hand_over(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/owner: another owner; a seller who gave the card away is led to the board."""
    form = await form_of(request)
    deals, viewer = services_of(request).deals, viewer_of(request)
    owner_id, version = form.whole("owner_id"), form.whole("version")
    form.require_good()
    await deals.hand_over(viewer, _id(request), owner_id, version)
    if not viewer.scope.covers_owner(owner_id):
        return elsewhere(request, "/board")
    return await _again(request)


async def change_funnel(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/funnel: into a stage of another funnel."""

    async def save(form: Form) -> None:
        wish = MoveRequest(
            form.whole("to_stage_id"),
            form.whole("version"),
            form.text("request_key")[:80] or new_key(),
            form.text("reason")[:LONGEST_REASON],
        )
        form.require_good()
        await services_of(request).moves.change_funnel(viewer_of(request), _id(request), wish)

    return await _done_or_again(request, "funnel", save)


async def add_note(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/notes: something written down."""

    async def save(form: Form) -> None:
        await services_of(request).deals.add_note(viewer_of(request), _id(request), form.text_block("text"))

    return await _done_or_again(request, "note", save)


async def add_task(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/tasks: the next step."""

    async def save(form: Form) -> None:
        kind = form.choice("kind", TaskKind, TaskKind.CALL)
        due_at = form.moment("due_at", zone_of(request))
        if due_at is None and "due_at" not in form.reasons:
            form.reasons["due_at"] = N_("Say when.")
        form.require_good()
        if due_at is not None:
            tasks = services_of(request).tasks
            title, repeat, remind = form.text("title"), _repeat(form), remind_in(form)
            form.require_good()
            await tasks.add_to_deal(viewer_of(request), _id(request), kind, due_at, title, repeat, remind)

    return await _done_or_again(request, "task", save)


async def take_back_act(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/acts/5/undo: takes back what a trigger did beside moving the card."""

    async def save(_form: Form) -> None:
        act_id = int(request.match_info["act"])
        await services_of(request).setup.triggers.take_back(viewer_of(request), _id(request), act_id)

    return await _done_or_again(request, "act", save)


def remind_in(form: Form) -> int | None:
    """How many minutes before its time somebody wants to be reminded; None for not at all."""
    return form.whole("remind") if form.text("remind") else None


def _repeat(form: Form) -> Repeat | None:
    return form.choice("repeat", Repeat, Repeat.DAY) if form.text("repeat") else None


async def finish_task(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/tasks/3/done."""
    await services_of(request).tasks.finish(
        viewer_of(request), int(request.match_info["task"]), zone_of(request)
    )
    return await _again(request)


async def put_off_task(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/tasks/3/later: an hour on, or tomorrow."""
    form = await form_of(request)
    by = form.choice("by", PutOff, PutOff.HOUR)
    form.require_good()
    task_id = int(request.match_info["task"])
    await services_of(request).tasks.put_off(viewer_of(request), task_id, by, zone_of(request))
    return await _again(request)


def _id(request: web.Request) -> int:
    return int(request.match_info["deal"])


async def _done_or_again(
    request: web.Request, name: str, save: Callable[[Form], Awaitable[None]]
) -> web.StreamResponse:
    """Saves; a form with wrong values comes back with the values and the reasons."""
    form = await form_of(request)
    try:
        await save(form)
    except NotFound:
        raise
    except (BadInput, Conflict) as refusal:
        return await _page(request, _id(request), _answered(request, name, form, refusal), status_of(refusal))
    return await _again(request)


def _answered(request: web.Request, name: str, form: Form, refusal: Refused) -> Answered:
    wording = wording_of(request)
    reasons = wording.reasons_of(refusal) if isinstance(refusal, BadInput) else {}
    sentence = "" if reasons else wording.sentence_of(refusal)
    return Answered(name, form.typed(), reasons, sentence)


def status_of(refusal: Refused) -> HTTPStatus:
    """How a form that comes back is answered."""
    return HTTPStatus.CONFLICT if isinstance(refusal, Conflict) else HTTPStatus.UNPROCESSABLE_ENTITY


async def _again(request: web.Request) -> web.StreamResponse:
    if not is_fragment(request):
        return see_other(f"/deals/{_id(request)}")
    return await _page(request, _id(request), Answered())


async def _page(
    request: web.Request, deal_id: int, answered: Answered, status: HTTPStatus = HTTPStatus.OK
) -> web.StreamResponse:
    card = await services_of(request).deal_cards.show(viewer_of(request), deal_id, zone_of(request))
    template = "parts/deal.html" if is_fragment(request) else "deal.html"
    values = {
        "card": card,
        "answered": answered,
        "fields": _fields(request, card, answered),
        "priorities": PRIORITIES,
        "task_kinds": CHOSEN_KINDS,
        "repeats": REPEATS,
        "due_at": usual_due(request),
        "key": new_key(),
    }
    return render(request, template, values, status=status)


def _fields(request: web.Request, card: DealCard, answered: Answered) -> Mapping[str, str]:
    stored = _stored(request, card, card.deal)
    return {**stored, **answered.typed} if answered.form == "fields" else stored


def _stored(request: web.Request, card: DealCard, deal: Deal) -> dict[str, str]:
    return {
        "version": str(deal.version),
        "client_name": card.client_name,
        "title": deal.title,
        "source": deal.source,
        "amount": wording_of(request).plain(deal.amount),
        "priority": deal.priority,
        "expected_close": deal.expected_close.isoformat() if deal.expected_close else "",
    }


def usual_due(request: web.Request) -> str:
    """Tomorrow at ten, as a date field wants it."""
    wording = wording_of(request)
    return wording.input_time(wording.tomorrow_at(hour=10))
