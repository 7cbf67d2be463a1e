"""Settings: lines and skip rules, what becomes of a call by where it enters."""

from __future__ import annotations

from collections.abc import Mapping

from aiohttp import web

from pbx_crm.domain.errors import BadInput
from pbx_crm.domain.line import CreateAt, Line, MatchKind, MissedStep, OwnerPolicy, SkipKind, SkipRule
from pbx_crm.domain.sentence import N_
from pbx_crm.pages.access import Access
from pbx_crm.pages.answers import see_other
from pbx_crm.pages.forms import Choice, Form, form_of
from pbx_crm.pages.outlook import Outlook
from pbx_crm.pages.people import id_in
from pbx_crm.pages.region_choice import region_choices
from pbx_crm.pages.render import render, wording_of
from pbx_crm.pages.request import services_of, viewer_of

HERE = "/settings/lines"
USUAL_DAYS = 30
"""How far back a line or a skip rule is tried unless somebody says otherwise."""
MOST_STEPS = len(MissedStep)

MATCHES = {
    MatchKind.DID: N_("the called number"),
    MatchKind.TRUNK: N_("the trunk"),
    MatchKind.QUEUE: N_("the queue"),
    MatchKind.ANY: N_("everything else"),
}
MOMENTS = {
    CreateAt.RING: N_("when it rings"),
    CreateAt.ANSWER: N_("when it is answered, or missed"),
    CreateAt.END: N_("when it is over"),
    CreateAt.NEVER: N_("never by itself"),
}
POLICIES = {
    OwnerPolicy.FIRST_ANSWERED: N_("who answered first"),
    OwnerPolicy.LAST_ANSWERED: N_("who talked last (a reception hands clients on)"),
}
STEPS = {
    MissedStep.RESPONSIBLE: N_("the client's own seller"),
    MissedStep.ROTA_RANG: N_("in turn, whose phone rang"),
    MissedStep.ROTA_LINE: N_("in turn, the sellers of this line"),
    MissedStep.HEAD: N_("the head"),
}
SKIPS = {
    SkipKind.NUMBER: N_("the number"),
    SkipKind.PREFIX: N_("numbers beginning with"),
    SkipKind.TRUNK: N_("the trunk"),
}


async def show(request: web.Request) -> web.StreamResponse:
    """GET /settings/lines: every line, every skip rule, and the forms for one more."""
    return await show_list(request)


async def show_one(request: web.Request) -> web.StreamResponse:
    """GET /settings/lines/{line}: one line's form."""
    view = await services_of(request).setup.lines.view()
    return await show_form(request, view.line(_line_id(request)))


async def show_new(request: web.Request) -> web.StreamResponse:
    """GET /settings/lines/new: the form of a line to be."""
    return await show_form(request, Line(None, "", match_kind=MatchKind.DID))


async def add(request: web.Request) -> web.StreamResponse:
    """POST /settings/lines: one more line, or the form again with the reasons."""
    return await _save(request, None)


async def change(request: web.Request) -> web.StreamResponse:
    """POST /settings/lines/{line}: the line as the form says, or the form again with the reasons."""
    view = await services_of(request).setup.lines.view()
    return await _save(request, view.line(_line_id(request)).id)


async def drop(request: web.Request) -> web.StreamResponse:
    """POST /settings/lines/{line}/drop: the line is gone."""
    await services_of(request).setup.lines.drop(viewer_of(request), _line_id(request))
    return see_other(HERE)


async def add_skip_rule(request: web.Request) -> web.StreamResponse:
    """POST /settings/skip-rules: one more rule, or the form again with the reasons."""
    form = await form_of(request)
    rule = skip_rule(form)
    try:
        form.require_good()
        await services_of(request).setup.lines.add_skip_rule(viewer_of(request), rule)
    except BadInput as refused:
        return await show_list(request, form.values, refused.reasons)
    return see_other(HERE)


def skip_rule(form: Form) -> SkipRule:
    """The rule as the form says; what is wrong is gathered in the form."""
    return SkipRule(
        form.text("rule_name"), form.choice("kind", SkipKind, SkipKind.NUMBER), form.text("value")
    )


async def drop_skip_rule(request: web.Request) -> web.StreamResponse:
    """POST /settings/skip-rules/{rule}/drop: the rule is gone."""
    services, rule_id = services_of(request), id_in(request.match_info["rule"])
    await services.setup.lines.drop_skip_rule(viewer_of(request), rule_id)
    return see_other(HERE)


def _line_id(request: web.Request) -> int:
    return id_in(request.match_info["line"])


async def _save(request: web.Request, line_id: int | None) -> web.StreamResponse:
    form = await form_of(request)
    line = filled(form, line_id)
    try:
        await require_known(request, form, line)
        await services_of(request).setup.lines.save(viewer_of(request), line)
    except BadInput as refused:
        return await show_form(request, line, refused.reasons)
    return see_other(HERE)


def filled(form: Form, line_id: int | None) -> Line:
    """The line as the form says; what is wrong is gathered in the form."""
    return Line(
        id=line_id,
        pbx=form.text("pbx"),
        name=form.text("name"),
        match_kind=form.choice("match_kind", MatchKind, MatchKind.DID),
        match_value=form.text("match_value"),
        source=form.text("source"),
        funnel_id=form.whole("funnel_id", least=1),
        create_at=form.choice("create_at", CreateAt, CreateAt.ANSWER),
        create_outgoing=form.is_on("create_outgoing"),
        owner_policy=form.choice("owner_policy", OwnerPolicy, OwnerPolicy.FIRST_ANSWERED),
        missed_policy=_steps(form),
        callback_minutes=form.whole("callback_minutes", least=1),
        recording_days=form.whole("recording_days", least=1) if form.text("recording_days") else None,
        calendar_id=form.whole("calendar_id", least=1) if form.text("calendar_id") else None,
        region_id=form.whole("region_id", least=1) if form.text("region_id") else None,
        seller_ids=tuple(sorted(set(form.wholes("sellers")))),
    )


def _steps(form: Form) -> tuple[MissedStep, ...]:
    """The steps in the order chosen, each once; the head stands at the end, for no card is ownerless."""
    chosen = [form.text(f"step_{place}") for place in range(MOST_STEPS)]
    steps = [MissedStep(step) for step in dict.fromkeys(chosen) if step in set(MissedStep)]
    return (*(step for step in steps if step is not MissedStep.HEAD), MissedStep.HEAD)


async def require_known(request: web.Request, form: Form, line: Line) -> None:
    """BadInput names every wrong value of the form, what is not there any more among them."""
    services = services_of(request)
    view = await services.setup.lines.view()
    form.reasons |= view.reasons_against(line, services.installation.pbxes)
    if line.region_id is not None and await services.clients.regions.named(line.region_id) is None:
        form.reasons["region_id"] = N_("There is no such region.")
    form.require_good()


def _choices(request: web.Request, words: Mapping[Choice, str]) -> list[tuple[str, str]]:
    reader = wording_of(request)
    return [(choice.value, reader.gettext(said)) for choice, said in words.items()]


async def show_list(
    request: web.Request,
    values: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
    outlook: Outlook | None = None,
) -> web.Response:
    """Lines and skip rules, with the form of one more rule as it was typed."""
    view = await services_of(request).setup.lines.view()
    filled = {
        "here": HERE,
        "lines": view.lines,
        "funnels": {funnel.id: funnel.name for funnel in view.funnels},
        "matches": dict(_choices(request, MATCHES)),
        "moments": dict(_choices(request, MOMENTS)),
        "policies": dict(_choices(request, POLICIES)),
        "skip_rules": view.skip_rules,
        "skips": _choices(request, SKIPS),
        "values": values or {},
        "reasons": reasons or {},
        **_trial(request, outlook),
    }
    return await render(request, "lines.html", filled, status=422 if reasons else 200)


async def show_form(
    request: web.Request,
    line: Line,
    reasons: Mapping[str, str] | None = None,
    outlook: Outlook | None = None,
) -> web.Response:
    """The form of this line, with what is wrong in it or what it would have done."""
    services = services_of(request)
    view = await services.setup.lines.view()
    steps = [step.value for step in line.missed_policy]
    by_number = wording_of(request).gettext(N_("what their number tells"))
    calendars = [(calendar.id, calendar.name) for calendar in view.calendars]
    filled = {
        "here": HERE,
        "line": line,
        "steps": [*steps, *[""] * (MOST_STEPS - len(steps))],
        "step_choices": [("", "—"), *_choices(request, STEPS)],
        "matches": _choices(request, MATCHES),
        "moments": _choices(request, MOMENTS),
        "policies": _choices(request, POLICIES),
        "pbxes": [(name, name) for name in services.installation.pbxes],
        "funnels": [(funnel.id, funnel.name) for funnel in view.funnels],
        "calendars": [("", wording_of(request).gettext(N_("when the house does"))), *calendars],
        "regions": [("", by_number), *await region_choices(request, line.region_id)],
        "sellers": view.sellers,
        "reasons": reasons or {},
        **_trial(request, outlook),
    }
    return await render(request, "line.html", filled, status=422 if reasons else 200)


def _trial(request: web.Request, outlook: Outlook | None) -> dict[str, object]:
    """What a form needs to try its rule; only a head may, for it tells of everybody's clients."""
    days = outlook.days if outlook else USUAL_DAYS
    return {"may_try": Access.HEAD.admits(viewer_of(request)), "outlook": outlook, "days": days}
