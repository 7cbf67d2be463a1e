"""Settings: triggers, what a call that is over does to its card."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from pbx_crm.domain.call import Direction, Outcome
from pbx_crm.domain.deal import Priority
from pbx_crm.domain.funnel import StageKind
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind
from pbx_crm.domain.trigger import Count, NewOwner, Trigger
from pbx_crm.domain.voice_call import VoiceResult
from pbx_crm.pages.call_words import OUTCOMES
from pbx_crm.pages.forms import Form
from pbx_crm.pages.outlook import CaseLine, Outlook, Sum
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of
from pbx_crm.pages.rule_pages import RulePages, chosen, id_chosen, words
from pbx_crm.pages.voice_words import RESULTS
from pbx_crm.services.triggers import TriggersView

HERE = "/settings/triggers"
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
        "voice_results": RESULTS,
        "counts": COUNTS,
        "numbered": NUMBERED,
        "kinds": KINDS,
        "priorities": PRIORITIES,
        "owners": OWNERS,
    }
    return await render(request, "triggers.html", filled)


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
        voice_result=chosen(form, "voice_result", VoiceResult),
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


def _choices(request: web.Request, view: TriggersView, rule: Trigger) -> dict[str, Any]:
    funnel = view.funnel(rule.funnel_id)
    said = wording_of(request).gettext
    stages = [(stage.id, stage.name) for stage in funnel.stages if not stage.is_retired]
    targets = [
        (stage.id, stage.name)
        for stage in funnel.stages
        if not stage.is_retired and stage.kind is not StageKind.WON
    ]
    return {
        "numbered": NUMBERED,
        "directions": [("", said(N_("any call"))), *words(request, DIRECTIONS)],
        "voice_results": [("", said(N_("no voice message"))), *words(request, RESULTS)],
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


async def _tried(request: web.Request, view: TriggersView, rule: Trigger, days: int) -> Outlook:
    tried = await services_of(request).automation.dry_runs.of_trigger(rule, days)
    run, said = tried.run, wording_of(request).gettext
    stages = {stage.id: stage.name for stage in view.funnel(rule.funnel_id).stages}
    figures = {
        N_("Calls looked at"): run.calls,
        N_("Moves it would have made"): len(run.moves),
        N_("Cards it would have moved"): run.deals_moved,
        N_("Moves that a gate would have stopped"): len(run.stopped),
        N_("Moves that a person then put back"): run.put_back,
        N_("Tasks it would have set"): run.tasks,
        N_("Cards moved that the rules in force leave alone"): len(run.gained),
        N_("Cards left alone that the rules in force move"): len(run.lost),
    }
    lines = [
        CaseLine(
            act.at,
            act.deal_id,
            (stages.get(act.from_stage_id, ""), stages.get(act.to_stage_id or 0, "")),
            said(N_("put back")) if act.was_put_back else "",
            act.missing,
        )
        for act in run.own
        if act.to_stage_id is not None
    ]
    note = N_(
        "Nothing of this is saved. What people did to the cards is taken as it was; "
        "what triggers really did is left out. Gates are asked as they stand now."
    )
    counted = [(said(label), count) for label, count in figures.items()]
    heads = (said(N_("From")), said(N_("To")))
    told = Sum(moves=True, cards=run.deals_moved, undone=run.put_back, gained=run.gained, lost=run.lost)
    return Outlook(run.days, counted, heads, lines, tried.names, said(note), told)


PAGES = RulePages(
    HERE,
    "trigger",
    keeper=lambda services: services.setup.triggers,
    blank=lambda funnel_id: Trigger(None, funnel_id, ""),
    filled=_filled,
    choices=_choices,
    tried=_tried,
)
