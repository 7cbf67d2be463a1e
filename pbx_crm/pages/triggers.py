"""Settings: triggers, what a call that is over does to its card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.dry_run import LONGEST_DAYS
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import Funnel, StageKind
from pbx_crm.domain.funnel_shape import Shift
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Count, NewOwner, Trigger
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.call_words import OUTCOMES
from pbx_crm.pages.forms import Choice, Form, form_of
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.services.dry_runs import Tried
from pbx_crm.services.triggers import TriggersView

HERE = "/settings/triggers"
USUAL_DAYS = 90
"""How far back a rule is tried unless somebody says otherwise."""
DIRECTIONS = {
    Direction.IN: N_("an incoming call"),
    Direction.OUT: N_("an outgoing call"),
}
COUNTS = {
    Count.EVERY: N_("every such call"),
    Count.CONVERSATION: N_("n-th conversation"),
    Count.TRY: N_("n-th unanswered try in a row"),
    Count.CALLBACK: N_("first call back after a missed call"),
}
NUMBERED = (Count.CONVERSATION, Count.TRY)
KINDS = {
    TaskKind.CALL: N_("Call back"),
    TaskKind.OFFER: N_("Send offer"),
    TaskKind.MEETING: N_("Meeting"),
    TaskKind.PAYMENT: N_("Remind of payment"),
    TaskKind.FEEDBACK: N_("Ask for feedback"),
    TaskKind.OTHER: N_("Task"),
}
PRIORITIES = {Priority.LOW: N_("Low"), Priority.NORMAL: N_("Normal"), Priority.HIGH: N_("High")}
OWNERS = {
    NewOwner.TALKER: N_("who talked with the client"),
    NewOwner.PERSON: N_("a certain person"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/triggers: the rules of every funnel in their order."""
    view = await services_of(request).setup.triggers.view()
    filled = {
        "here": HERE,
        "view": view,
        "lines": {line.id: line.name for line in view.lines},
        "sellers": {seller.id: seller.name for seller in view.sellers},
        "wrap_ups": {one.id: one.name for offered in view.outcomes.values() for one in offered},
        "directions": DIRECTIONS,
        "outcomes": OUTCOMES,
        "counts": COUNTS,
        "numbered": NUMBERED,
        "kinds": KINDS,
        "priorities": PRIORITIES,
        "owners": OWNERS,
    }
    return render(request, "triggers.html", filled)


async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /settings/triggers/new?funnel=1: the form of a rule to be, of the first funnel if none is named."""
    view = await services_of(request).setup.triggers.view()
    named = number_in(request.query.get("funnel"))
    funnel = view.funnels[0] if named is None else view.funnel(named)
    return _page(request, view, Trigger(None, funnel.id, ""))


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /settings/triggers/{trigger}: one rule's form."""
    view = await services_of(request).setup.triggers.view()
    return _page(request, view, view.trigger(_id(request)))


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/triggers: one more rule, or the form again with the reasons."""
    form = await form_of(request)
    view = await services_of(request).setup.triggers.view()
    funnel = view.funnel(number_in(form.text("funnel_id")) or 0)
    return await _save(request, view, form, None, funnel)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/triggers/{trigger}: the rule as the form says, or the form again with the reasons."""
    form = await form_of(request)
    view = await services_of(request).setup.triggers.view()
    stored = view.trigger(_id(request))
    return await _save(request, view, form, stored.id, view.funnel(stored.funnel_id))


async def switch(request: web.Request) -> web.StreamResponse:
    """POST /settings/triggers/{trigger}/switch: on or off."""
    form = await form_of(request)
    is_active = form.one_of("active", ("yes", "no")) == "yes"
    form.require_good()
    await services_of(request).setup.triggers.switch(viewer_of(request), _id(request), is_active)
    return see_other(HERE)


async def shift(request: web.Request) -> web.StreamResponse:
    """POST /settings/triggers/{trigger}/shift: asked one place sooner or later."""
    form = await form_of(request)
    way = form.choice("way", Shift, Shift.UP)
    form.require_good()
    await services_of(request).setup.triggers.shift(viewer_of(request), _id(request), way)
    return see_other(HERE)


async def drop(request: web.Request) -> web.StreamResponse:
    """POST /settings/triggers/{trigger}/drop: the rule is gone."""
    await services_of(request).setup.triggers.drop(viewer_of(request), _id(request))
    return see_other(HERE)


async def try_out(request: web.Request) -> web.StreamResponse:
    """POST /settings/triggers/dry-run: the form again, with what the rule would have done."""
    form = await form_of(request)
    view = await services_of(request).setup.triggers.view()
    stored = view.trigger(number_in(form.text("trigger_id")) or 0) if form.text("trigger_id") else None
    funnel = view.funnel(stored.funnel_id if stored else number_in(form.text("funnel_id")) or 0)
    rule = _filled(form, stored.id if stored else None, funnel.id)
    days = form.whole("days", least=1, most=LONGEST_DAYS)
    try:
        form.require_good()
        tried = await services_of(request).automation.dry_runs.of_trigger(rule, days)
    except BadInput as refused:
        return _page(request, view, rule, refused.reasons)
    return _page(request, view, rule, tried=tried)


def _id(request: web.Request) -> int:
    return id_in(request.match_info["trigger"])


async def _save(
    request: web.Request, view: TriggersView, form: Form, trigger_id: int | None, funnel: Funnel
) -> web.StreamResponse:
    rule = _filled(form, trigger_id, funnel.id)
    try:
        form.require_good()
        await services_of(request).setup.triggers.save(viewer_of(request), rule)
    except BadInput as refused:
        return _page(request, view, rule, refused.reasons)
    return see_other(HERE)


def _filled(form: Form, trigger_id: int | None, funnel_id: int) -> Trigger:
    count = form.choice("count", Count, Count.EVERY) if form.text("count") else Count.EVERY
    new_owner = chosen(form, "new_owner", NewOwner)
    return Trigger(
        trigger_id,
        funnel_id,
        form.text("name"),
        direction=chosen(form, "direction", Direction),
        outcome=chosen(form, "outcome", Outcome),
        least_talk_seconds=form.whole("least_talk_seconds") if form.text("least_talk_seconds") else 0,
        count=count,
        nth=form.whole("nth", least=1) if form.text("nth") and count in NUMBERED else 1,
        line_id=id_chosen(form, "line_id"),
        wrap_up_id=id_chosen(form, "wrap_up_id"),
        stage_id=id_chosen(form, "stage_id"),
        to_stage_id=id_chosen(form, "to_stage_id"),
        loss_reason_id=id_chosen(form, "loss_reason_id"),
        may_go_back=form.is_on("may_go_back"),
        task_kind=chosen(form, "task_kind", TaskKind),
        task_minutes=form.whole("task_minutes", least=1) if form.text("task_minutes") else 60,
        priority=chosen(form, "priority", Priority),
        new_owner=new_owner,
        owner_id=id_chosen(form, "owner_id") if new_owner is NewOwner.PERSON else None,
        stops=form.is_on("stops"),
    )


def chosen(form: Form, name: str, choices: type[Choice]) -> Choice | None:
    """One of a closed set, or nothing if the field is left empty; anything else is gathered as a reason."""
    return form.choice(name, choices, next(iter(choices))) if form.text(name) else None


def id_chosen(form: Form, name: str) -> int | None:
    """An id, or nothing if the field is left empty; anything else is gathered as a reason."""
    return form.whole(name, least=1) if form.text(name) else None


def _page(
    request: web.Request,
    view: TriggersView,
    rule: Trigger,
    reasons: Mapping[str, str] | None = None,
    tried: Tried | None = None,
) -> web.Response:
    funnel = view.funnel(rule.funnel_id)
    filled = {
        "here": HERE,
        "rule": rule,
        "funnel": funnel,
        "reasons": reasons or {},
        "numbered": NUMBERED,
        "tried": tried,
        "days": tried.run.days if tried else USUAL_DAYS,
        **_choices(request, view, funnel),
    }
    return render(request, "trigger.html", filled, status=422 if reasons else 200)


def _choices(request: web.Request, view: TriggersView, funnel: Funnel) -> dict[str, Any]:
    said = wording_of(request).gettext
    stages = [(stage.id, stage.name) for stage in funnel.stages if not stage.is_retired]
    targets = [
        (stage.id, stage.name)
        for stage in funnel.stages
        if not stage.is_retired and stage.kind is not StageKind.WON
    ]
    return {
        "directions": [("", said(N_("any call"))), *words(request, DIRECTIONS)],
        "outcomes": [("", said(N_("however it ended"))), *words(request, OUTCOMES)],
        "counts": words(request, COUNTS),
        "lines": [("", said(N_("any line"))), *((line.id, line.name) for line in view.lines)],
        "wrap_ups": [
            ("", said(N_("asked when the call ends"))),
            *((one.id, one.name) for one in view.outcomes_of(funnel.id)),
        ],
        "stages": [("", said(N_("any stage"))), *stages],
        "targets": [("", said(N_("stays where it is"))), *targets],
        "loss_reasons": [("", "—"), *((reason.id, reason.name) for reason in funnel.loss_reasons)],
        "kinds": [("", said(N_("no task"))), *words(request, KINDS)],
        "priorities": [("", said(N_("stays as it is"))), *words(request, PRIORITIES)],
        "owners": [("", said(N_("stays with the owner"))), *words(request, OWNERS)],
        "sellers": [("", "—"), *((seller.id, seller.name) for seller in view.sellers)],
    }


def words(request: web.Request, choices: Mapping[Choice, str]) -> list[tuple[str, str]]:
    """The choices of a select, in the reader's language."""
    reader = wording_of(request)
    return [(choice.value, reader.gettext(said)) for choice, said in choices.items()]
