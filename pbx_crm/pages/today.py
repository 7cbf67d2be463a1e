"""Today: what the viewer should do now, row by row, each with its next move one click away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.person import Person, Reach, Role
from pbx_crm.domain.sentence import N_
from pbx_crm.domain.task import PutOff, TaskKind, TaskWentOn, put_off
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.board_place import number_in
from pbx_crm.pages.forms import Form, form_of
from pbx_crm.pages.render import render, wording_of, zone_of
from pbx_crm.pages.request import is_fragment, services_of, viewer_of
from pbx_crm.pages.wrap_up import STEPS
from pbx_crm.services.tasks import TaskStep

HERE = "/today"
EVERYBODY = "all"
FIRST_HOUR = 10
"""When a call set for tomorrow with one click is due."""


class Deed(StrEnum):
    """What was done to a task, for the toast."""

    DONE = "done"
    LATER = "later"
    UNDONE = "undone"
    NOTED = "noted"
    SET = "set"


@dataclass(frozen=True, slots=True)
class Told:
    """What the toast says and offers."""

    deed: Deed
    step: TaskStep | None = None
    due_at: datetime | None = None
    sentence: str = ""
    """Why it was not done."""
    typed: str = ""
    """A result that was refused, to be corrected."""
    task_id: int | None = None


async def show(request: web.Request) -> web.StreamResponse:
    """GET /today?who=all: the page, or for a live refresh the part that changes."""
    template = "parts/today.html" if is_fragment(request) else "today.html"
    return await render(request, template, await _values(request, request.query.get("who", "")))


async def finish(request: web.Request) -> web.StreamResponse:
    """POST /today/tasks/3/done: done; the toast takes it back, or takes down what came of it."""
    form = await form_of(request)
    step = await services_of(request).tasks.finish(viewer_of(request), _task_id(request), zone_of(request))
    return await _answer(request, form, Told(Deed.DONE, step, task_id=step.task.id))


async def later(request: web.Request) -> web.StreamResponse:
    """POST /today/tasks/3/later: an hour on, or tomorrow."""
    form, zone = await form_of(request), zone_of(request)
    by = form.choice("by", PutOff, PutOff.HOUR)
    form.require_good()
    services = services_of(request)
    step = await services.tasks.put_off(viewer_of(request), _task_id(request), by, zone)
    due_at = put_off(step.task.due_at, by, services.clock(), zone)
    return await _answer(request, form, Told(Deed.LATER, step, due_at))


async def take_back(request: web.Request) -> web.StreamResponse:
    """POST /today/tasks/3/undo: as it was before, unless the task went on since."""
    form = await form_of(request)
    version, due_at = form.whole("version"), form.moment("due_at", UTC)
    if due_at is None:
        form.reasons.setdefault("due_at", N_("Say when."))
    form.require_good()
    told = Told(Deed.UNDONE)
    try:
        await services_of(request).tasks.take_back(
            viewer_of(request), _task_id(request), version, due_at or datetime.max.replace(tzinfo=UTC)
        )
    except TaskWentOn as refusal:
        if not is_fragment(request):
            raise
        told = Told(Deed.UNDONE, sentence=wording_of(request).sentence_of(refusal))
    return await _answer(request, form, told)


async def note_result(request: web.Request) -> web.StreamResponse:
    """POST /today/tasks/3/result: what came of it."""
    form = await form_of(request)
    typed, told = form.text("result"), Told(Deed.NOTED)
    try:
        await services_of(request).tasks.note_result(viewer_of(request), _task_id(request), typed)
    except BadInput as refusal:
        if not is_fragment(request):
            raise
        reason = wording_of(request).reasons_of(refusal)["result"]
        told = Told(Deed.NOTED, sentence=reason, typed=typed, task_id=_task_id(request))
    return await _answer(request, form, told)


async def set_step(request: web.Request) -> web.StreamResponse:
    """POST /today/deals/17/step: a call in an hour, or tomorrow morning, for a deal without a next step."""
    form = await form_of(request)
    by = form.choice("by", PutOff, PutOff.TOMORROW)
    form.require_good()
    services, wording = services_of(request), wording_of(request)
    due_at = services.clock() + timedelta(hours=1)
    if by is PutOff.TOMORROW:
        due_at = wording.tomorrow_at(FIRST_HOUR).astimezone(UTC)
    deal_id = int(request.match_info["deal"])
    await services.tasks.add_to_deal(viewer_of(request), deal_id, TaskKind.CALL, due_at)
    return await _answer(request, form, Told(Deed.SET, due_at=due_at))


def _task_id(request: web.Request) -> int:
    return int(request.match_info["task"])


async def _answer(request: web.Request, form: Form, told: Told) -> web.StreamResponse:
    who = form.text("who")
    if not is_fragment(request):
        return see_other(f"{HERE}?who={EVERYBODY}" if who == EVERYBODY else HERE)
    status = HTTPStatus.CONFLICT if told.sentence else HTTPStatus.OK
    values = {**await _values(request, who), "told": told}
    return await render(request, "parts/today_done.html", values, status=status)


async def _values(request: web.Request, who: str) -> dict[str, Any]:
    services, viewer = services_of(request), viewer_of(request)
    is_head = viewer.scope.reach is Reach.ALL
    chosen = None if who == EVERYBODY else number_in(who) or viewer.id
    today = await services.tasks.day(viewer, chosen, zone_of(request))
    return {
        "today": today,
        "hints": await services.automation.advices.hints(viewer, today.of_person),
        "who": _who(today.of_person, viewer),
        "is_head": is_head,
        "viewer_id": viewer.id,
        "steps": STEPS,
        "wishes": await services.after_call.not_clients.wishes() if is_head else [],
        "sellers": await _sellers(request) if is_head else [],
    }


def _who(of_person: int | None, viewer: Person) -> str:
    """What the address calls the day shown."""
    if of_person is None:
        return EVERYBODY
    return "" if of_person == viewer.id else str(of_person)


async def _sellers(request: web.Request) -> list[Person]:
    people = await services_of(request).staff.everybody()
    me = viewer_of(request).id
    return [one for one in people if one.is_active and one.role is not Role.NONE and one.id != me]
