"""Settings: robots, what time does to a card."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from pbx_crm.domain.deal import Priority
from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.funnel import Funnel
from pbx_crm.domain.robot import Heir, Occasion, Robot
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import TaskKind
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.people import id_in
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of
from pbx_crm.pages.triggers import KINDS, PRIORITIES, chosen, id_chosen, words
from pbx_crm.services.robots import RobotsView

HERE = "/settings/robots"
OCCASIONS = {
    Occasion.ENTERED: N_("the card has been in the stage for n working hours"),
    Occasion.IDLE: N_("nothing has happened for n working hours"),
    Occasion.STEPLESS: N_("there has been no next step for n working hours"),
    Occasion.OVERDUE: N_("a task is n working hours late"),
    Occasion.CLOSE_DATE: N_("it is expected to close within n days"),
}
# The same as a sentence of the list, with the robot's own figure in it.
TOLD = {
    Occasion.ENTERED: N_("the card has been in the stage for %(count)s working hours"),
    Occasion.IDLE: N_("nothing has happened for %(count)s working hours"),
    Occasion.STEPLESS: N_("there has been no next step for %(count)s working hours"),
    Occasion.OVERDUE: N_("a task is %(count)s working hours late"),
    Occasion.CLOSE_DATE: N_("it is expected to close within %(count)s days"),
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
        "given_up": await automation.webhooks.given_up(),
    }
    return render(request, "robots.html", filled)


async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /settings/robots/new?funnel=2: the form of a robot to be, of the first funnel if none is named."""
    view = await services_of(request).automation.robots.view()
    named = number_in(request.query.get("funnel"))
    funnel = view.funnels[0] if named is None else view.funnel(named)
    return _page(request, view, Robot(None, funnel.id, "", hours=9))


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /settings/robots/{robot}: one robot's form."""
    view = await services_of(request).automation.robots.view()
    return _page(request, view, view.robot(_id(request)))


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/robots: one more robot, switched off, or the form again with the reasons."""
    form = await form_of(request)
    view = await services_of(request).automation.robots.view()
    funnel = view.funnel(number_in(form.text("funnel_id")) or 0)
    return await _save(request, view, form, None, funnel)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/robots/{robot}: the robot as the form says, or the form again with the reasons."""
    form = await form_of(request)
    view = await services_of(request).automation.robots.view()
    stored = view.robot(_id(request))
    return await _save(request, view, form, stored.id, view.funnel(stored.funnel_id))


async def switch(request: web.Request) -> web.StreamResponse:
    """POST /settings/robots/{robot}/switch: on or off."""
    form = await form_of(request)
    is_active = form.one_of("active", ("yes", "no")) == "yes"
    form.require_good()
    await services_of(request).automation.robots.switch(viewer_of(request), _id(request), is_active)
    return see_other(HERE)


async def drop(request: web.Request) -> web.StreamResponse:
    """POST /settings/robots/{robot}/drop: the robot is gone."""
    await services_of(request).automation.robots.drop(viewer_of(request), _id(request))
    return see_other(HERE)


def _id(request: web.Request) -> int:
    return id_in(request.match_info["robot"])


async def _save(
    request: web.Request, view: RobotsView, form: Form, robot_id: int | None, funnel: Funnel
) -> web.StreamResponse:
    robot = _filled(form, robot_id, funnel.id)
    try:
        form.require_good()
        await services_of(request).automation.robots.save(viewer_of(request), robot)
    except BadInput as refused:
        return _page(request, view, robot, refused.reasons)
    return see_other(HERE)


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
    )


def _page(
    request: web.Request, view: RobotsView, robot: Robot, reasons: Mapping[str, str] | None = None
) -> web.Response:
    funnel = view.funnel(robot.funnel_id)
    secret = view.robot(robot.id).webhook_secret if robot.id is not None else ""
    filled = {
        "here": HERE,
        "robot": robot,
        "secret": secret,
        "funnel": funnel,
        "reasons": reasons or {},
        **_choices(request, view, funnel),
    }
    return render(request, "robot.html", filled, status=422 if reasons else 200)


def _choices(request: web.Request, view: RobotsView, funnel: Funnel) -> dict[str, Any]:
    said = wording_of(request).gettext
    return {
        "occasions": words(request, OCCASIONS),
        "stages": [
            ("", said(N_("any open stage"))),
            *((stage.id, stage.name) for stage in funnel.stages_in_use),
        ],
        "kinds": [("", said(N_("no task"))), *words(request, KINDS)],
        "priorities": [("", said(N_("stays as it is"))), *words(request, PRIORITIES)],
        "heirs": [("", said(N_("stays with the owner"))), *words(request, HEIRS)],
        "sellers": [("", "—"), *((seller.id, seller.name) for seller in view.sellers)],
    }
