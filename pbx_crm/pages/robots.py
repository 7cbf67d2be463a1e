"""Settings: robots, what time does to a card."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from pbx_crm.domain.deal import Priority
from pbx_crm.domain.robot import Heir, Occasion, Robot
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind
from pbx_crm.pages.forms import Form
from pbx_crm.pages.outlook import CaseLine, Outlook, Sum
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of
from pbx_crm.pages.rule_pages import RulePages, chosen, id_chosen, words
from pbx_crm.pages.triggers import KINDS, PRIORITIES
from pbx_crm.services.robots import RobotsView

HERE = "/settings/robots"
OCCASIONS = {
    Occasion.ENTERED: N_("the card has been in the stage for n working hours"),
    Occasion.IDLE: N_("nothing has happened for n working hours"),
    Occasion.STEPLESS: N_("there has been no next step for n working hours"),
    Occasion.OVERDUE: N_("a task is n working hours late"),
    Occasion.CLOSE_DATE: N_("it is expected to close within n days"),
    Occasion.MEETING: N_("a meeting is n hours away"),
}
# The same as a sentence of the list, with the robot's own figure in it.
TOLD = {
    Occasion.ENTERED: N_("the card has been in the stage for %(count)s working hours"),
    Occasion.IDLE: N_("nothing has happened for %(count)s working hours"),
    Occasion.STEPLESS: N_("there has been no next step for %(count)s working hours"),
    Occasion.OVERDUE: N_("a task is %(count)s working hours late"),
    Occasion.CLOSE_DATE: N_("it is expected to close within %(count)s days"),
    Occasion.MEETING: N_("a meeting is %(count)s hours away"),
}
TOLD_WITHOUT_HOURS = {
    Occasion.ENTERED: N_("the card comes into the stage"),
    Occasion.IDLE: N_("nothing has happened for longer than its stage allows"),
}
HEIRS = {
    Heir.ROTA: N_("the sellers in turn"),
    Heir.FEWEST: N_("who has the fewest open deals"),
    Heir.RESPONSIBLE: N_("the client's own seller"),
    Heir.PERSON: N_("a certain person"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/robots: the robots of every funnel, and messages that could not be delivered."""
    automation = services_of(request).automation
    filled = {
        "here": HERE,
        "view": await automation.robots.view(),
        "told": TOLD,
        "told_without_hours": TOLD_WITHOUT_HOURS,
        "heirs": HEIRS,
        "kinds": KINDS,
        "priorities": PRIORITIES,
        "undelivered": await automation.webhooks.troubled(),
    }
    return await render(request, "robots.html", filled)


def _filled(form: Form, robot_id: int | None, funnel_id: int) -> Robot:
    heir = chosen(form, "heir", Heir)
    return Robot(
        robot_id,
        funnel_id,
        form.text("name"),
        form.choice("occasion", Occasion, Occasion.IDLE),
        form.whole("hours") if form.text("hours") else 0,
        stage_id=id_chosen(form, "stage_id"),
        task_kind=chosen(form, "task_kind", TaskKind),
        task_title=form.text("task_title"),
        task_minutes=form.whole("task_minutes", least=1) if form.text("task_minutes") else 60,
        advice=form.text("advice"),
        priority=chosen(form, "priority", Priority),
        heir=heir,
        owner_id=id_chosen(form, "owner_id") if heir is Heir.PERSON else None,
        tells_head=form.is_on("tells_head"),
        webhook_url=form.text("webhook_url"),
        voice_id=id_chosen(form, "voice_id"),
    )


def _choices(request: web.Request, view: RobotsView, robot: Robot) -> dict[str, Any]:
    funnel = view.funnel(robot.funnel_id)
    said = wording_of(request).gettext
    return {
        "secret": view.rule(robot.id).webhook_secret if robot.id is not None else "",
        "occasions": words(request, OCCASIONS),
        "stages": [
            ("", said(N_("any open stage"))),
            *((stage.id, stage.name) for stage in funnel.stages_in_use),
        ],
        "kinds": [("", said(N_("no task"))), *words(request, KINDS)],
        "priorities": [("", said(N_("stays as it is"))), *words(request, PRIORITIES)],
        "heirs": [("", said(N_("stays with the owner"))), *words(request, HEIRS)],
        "voices": [("", said(N_("no call"))), *((voice.id, voice.name) for voice in view.voices)],
        "sellers": [("", "—"), *((seller.id, seller.name) for seller in view.sellers)],
    }


async def _tried(request: web.Request, view: RobotsView, robot: Robot, days: int) -> Outlook:
    tried = await services_of(request).automation.dry_runs.of_robot(robot, days)
    run, said = tried.run, wording_of(request).gettext
    stages = {stage.id: stage.name for stage in view.funnel(robot.funnel_id).stages}
    names = {seller.id: seller.name for seller in view.sellers}
    figures = {
        N_("Cards looked at"): run.cards,
        N_("Times it would have acted"): len(run.own),
        N_("Cards upon which it would have acted"): run.deals,
        N_("Tasks it would have set"): run.tasks,
        N_("Cards it would have handed over"): run.handed_over,
        N_("Priorities it would have changed"): run.ranked,
        N_("Acts that people took back, or decided otherwise"): run.undone,
        N_("Cards upon which the robot in force does not act"): len(run.gained),
        N_("Cards upon which only the robot in force acts"): len(run.lost),
    }
    lines = [
        CaseLine(
            act.at,
            act.deal_id,
            (
                stages.get(act.stage_id, ""),
                names.get(act.owner_id, ""),
                names.get(act.new_owner_id or act.owner_id, ""),
            ),
            said(N_("decided otherwise")) if act.was_undone else "",
        )
        for act in run.own
    ]
    note = N_(
        "Nothing of this is saved. What people, calls and other rules did to the cards is taken as it was; "
        "what this robot really did is left out."
    )
    counted = [(said(label), count) for label, count in figures.items()]
    heads = (said(N_("Stage")), said(N_("Owner")), said(N_("Owner then")))
    told = Sum(moves=False, cards=run.deals, undone=run.undone, gained=run.gained, lost=run.lost)
    return Outlook(run.days, counted, heads, lines, tried.names, said(note), told)


PAGES = RulePages(
    HERE,
    "robot",
    keeper=lambda services: services.automation.robots,
    blank=lambda funnel_id: Robot(None, funnel_id, "", hours=9),
    filled=_filled,
    choices=_choices,
    tried=_tried,
)
