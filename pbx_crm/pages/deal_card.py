"""A deal's card: a panel beside the board, or a page of its own, with the forms on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from aiohttp import web

from pbx_crm.domain.deal import Priority
from pbx_crm.domain.deal_edit import FieldChange, FieldsClash
from pbx_crm.domain.errors import BadInput, Conflict, NotFound, Refused
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import PutOff, Repeat, TaskKind
from pbx_crm.pages.answers import elsewhere, see_other
from pbx_crm.pages.card_fields import fields_shown
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.moves import new_key
from pbx_crm.pages.render import render, wording_of, zone_of
from pbx_crm.pages.request import is_fragment, reader_of, services_of, viewer_of

PRIORITIES = (
    (Priority.LOW, N_("Low")),
    (Priority.NORMAL, N_("Normal")),
    (Priority.HIGH, N_("High")),
)
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
    changes: tuple[FieldChange, ...] = ()
    """What somebody else made of the fields in question meanwhile."""
    who: str = ""
    """Who that was, where it is known."""


async def show(request: web.Request) -> web.StreamResponse:
    """GET /deals/17: the panel for htmx, the page for a browser."""
    return await _page(request, deal_id_of(request), Answered())


async def hand_over(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/owner: another owner; a seller who gave the card away is led to the board."""
    form = await form_of(request)
    deals, viewer = services_of(request).deals, viewer_of(request)
    owner_id, version = form.whole("owner_id"), form.whole("version")
    form.require_good()
    await deals.hand_over(viewer, deal_id_of(request), owner_id, version)
    if not viewer.scope.covers_owner(owner_id):
        return elsewhere(request, "/board")
    return await again(request)


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
            await tasks.add_to_deal(
                viewer_of(request), deal_id_of(request), kind, due_at, title, repeat, remind
            )

    return await done_or_again(request, "task", save)


async def take_back_act(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/acts/5/undo: takes back what a trigger did beside moving the card."""

    async def save(_form: Form) -> None:
        act_id = int(request.match_info["act"])
        await services_of(request).setup.triggers.take_back(viewer_of(request), deal_id_of(request), act_id)

    return await done_or_again(request, "act", save)


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
    return await again(request)


async def put_off_task(request: web.Request) -> web.StreamResponse:
    """POST /deals/17/tasks/3/later: an hour on, or tomorrow."""
    form = await form_of(request)
    by = form.choice("by", PutOff, PutOff.HOUR)
    form.require_good()
    task_id = int(request.match_info["task"])
    await services_of(request).tasks.put_off(viewer_of(request), task_id, by, zone_of(request))
    return await again(request)


def deal_id_of(request: web.Request) -> int:
    """The deal in the address."""
    return int(request.match_info["deal"])


async def done_or_again(
    request: web.Request, name: str, save: Callable[[Form], Awaitable[None]]
) -> web.StreamResponse:
    """The card after saving; a form with wrong values comes back with the values and the reasons."""
    form = await form_of(request)
    try:
        await save(form)
    except NotFound:
        raise
    except (BadInput, Conflict) as refusal:
        answered = answered_with(request, name, form, refusal)
        return await _page(request, deal_id_of(request), answered, status_of(refusal))
    return await again(request)


async def again_with(
    request: web.Request, name: str, typed: Mapping[str, str], refusal: BadInput
) -> web.StreamResponse:
    """The card with what is wrong with one of its forms."""
    answered = Answered(name, typed, wording_of(request).reasons_of(refusal))
    return await _page(request, deal_id_of(request), answered, status_of(refusal))


def answered_with(request: web.Request, name: str, form: Form, refusal: Refused) -> Answered:
    """What the card shows of a form that was refused."""
    wording = wording_of(request)
    reasons = wording.reasons_of(refusal) if isinstance(refusal, BadInput) else {}
    sentence = "" if reasons else wording.sentence_of(refusal)
    if isinstance(refusal, FieldsClash):
        return Answered(name, form.typed(), reasons, sentence, refusal.changes, refusal.who)
    return Answered(name, form.typed(), reasons, sentence)


def status_of(refusal: Refused) -> HTTPStatus:
    """How a form that comes back is answered."""
    return HTTPStatus.CONFLICT if isinstance(refusal, Conflict) else HTTPStatus.UNPROCESSABLE_ENTITY


async def again(request: web.Request) -> web.StreamResponse:
    """The card as it is now."""
    if not is_fragment(request):
        return see_other(f"/deals/{deal_id_of(request)}")
    return await _page(request, deal_id_of(request), Answered())


async def _page(
    request: web.Request, deal_id: int, answered: Answered, status: HTTPStatus = HTTPStatus.OK
) -> web.StreamResponse:
    template = "parts/deal.html" if is_fragment(request) else "deal.html"
    return await render(request, template, await card_values(request, deal_id, answered), status=status)


async def card_values(request: web.Request, deal_id: int, answered: Answered) -> dict[str, Any]:
    """What the template of a card asks for."""
    card = await services_of(request).deal_cards.show(viewer_of(request), deal_id, zone_of(request))
    client = f"deal-{deal_id}" if card.deal.contact_id is None else f"contact-{card.deal.contact_id}"
    services_of(request).entry.watch.opened(reader_of(request), [client])
    typed = answered.typed if answered.form == "fields" else {}
    return {
        "card": card,
        "listens": services_of(request).office.recordings.is_offered,
        "answered": answered,
        "fields": fields_shown(card, typed, is_clash=bool(answered.changes)),
        "priorities": PRIORITIES,
        "task_kinds": CHOSEN_KINDS,
        "repeats": REPEATS,
        "due_at": usual_due(request),
        "advices": await services_of(request).automation.advices.of_deal(viewer_of(request), deal_id),
        "key": new_key(),
    }


def usual_due(request: web.Request) -> str:
    """Tomorrow at ten, as a date field wants it."""
    wording = wording_of(request)
    return wording.input_time(wording.tomorrow_at(hour=10))
